"""A limit of a virtual key: which values are refused, and how it is stored."""

from __future__ import annotations

from typing import Any

import pytest

from quotakeeper.domain.keys.key_changes import changed, created
from quotakeeper.domain.keys.key_limit import (
    MOST_LIMITS,
    KeyLimit,
    checked_limit,
    checked_limits,
    key_limit_from,
)
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import replace
from tests.keys.fake_keys import NOW, ORDER, secret_of

LIMIT = KeyLimit("day", "requests", "day", 5)


def test_a_stored_limit_is_the_same_again() -> None:
    assert key_limit_from(LIMIT.fields()) == LIMIT


def test_a_stored_amount_that_is_no_whole_number_is_refused() -> None:
    with pytest.raises(TypeError, match="not a whole number"):
        key_limit_from({**LIMIT.fields(), "amount": 1.5})


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"name": "Day!"}, "'Day!' is not a valid name"),
        ({"name": ""}, "is not a valid name"),
        ({"amount": -1}, "-1 is out of range"),
        ({"amount": 2**63}, "is out of range"),
        ({"meter": "minuts"}, "limits"),
        ({"window": "dya"}, "dya"),
    ],
)
def test_a_limit_with_a_wrong_value_is_refused(change: dict[str, Any], why: str) -> None:
    with pytest.raises(InvalidInputError, match=why):
        checked_limit(replace(LIMIT, **change))


def test_a_key_has_a_most_number_of_limits_and_each_name_once() -> None:
    many = tuple(replace(LIMIT, name=f"n{number}") for number in range(MOST_LIMITS + 1))
    assert checked_limits(many[:-1]) == many[:-1]
    with pytest.raises(InvalidInputError, match=f"has {MOST_LIMITS + 1} limits"):
        checked_limits(many)
    with pytest.raises(InvalidInputError, match="'day' is given twice"):
        checked_limits((LIMIT, LIMIT))


def test_a_change_of_the_expiry_to_the_past_is_refused() -> None:
    key = created(VirtualKey("k1", "lan"), secret_of(1), ORDER).after
    with pytest.raises(InvalidInputError, match="is not in the future"):
        changed(key, replace(key, expires_at=NOW - 1), ORDER)
    assert changed(key, replace(key, expires_at=NOW + 1), ORDER).after.expires_at == NOW + 1
