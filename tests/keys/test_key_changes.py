"""Rotate, disable, enable and revoke: three words, three codes, and a row of the audit for each."""

from __future__ import annotations

import json

import pytest

from quotakeeper.domain.keys import key_changes
from quotakeeper.domain.keys.key_changes import LONGEST_GRACE, KeyOrder
from quotakeeper.domain.keys.key_records import differs, key_json, without_label
from quotakeeper.domain.keys.key_refusals import REFUSAL_TEXT, KeyRefusalCode, refusal_of
from quotakeeper.domain.keys.virtual_key import KeyState, VirtualKey
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import replace
from tests.keys.fake_keys import HOUR, NOW, ORDER, secret_of

KEY = key_changes.created(VirtualKey("k1", "lan"), secret_of(1), ORDER).after


def code(key: VirtualKey, number: int, now: int) -> str | None:
    refusal = refusal_of(key, key.secrets[number], now)
    assert refusal is None or refusal.text == REFUSAL_TEXT
    return None if refusal is None else str(refusal.code)


def test_both_secrets_work_until_the_instant_at_which_the_grace_period_ends() -> None:
    key = key_changes.rotated(KEY, secret_of(2), HOUR, ORDER).after
    for now in (NOW, NOW + 1, NOW + HOUR - 1):
        assert code(key, 0, now) is None and code(key, 1, now) is None
    for now in (NOW + HOUR, NOW + HOUR + 1, NOW + 1_000 * HOUR):
        assert code(key, 0, now) == "key_rotated"
        assert code(key, 1, now) is None


def test_without_grace_the_older_secret_ends_at_once() -> None:
    key = key_changes.rotated(KEY, secret_of(2), 0, ORDER).after
    assert code(key, 0, NOW) == "key_rotated"


def test_a_second_rotation_never_prolongs_an_older_secret() -> None:
    once = key_changes.rotated(KEY, secret_of(2), HOUR, ORDER).after
    later = KeyOrder("an@host", NOW + HOUR // 2)
    twice = key_changes.rotated(once, secret_of(3), HOUR, later).after
    assert [each.ends_at for each in twice.secrets] == [NOW + HOUR, NOW + HOUR * 3 // 2, None]
    sooner = key_changes.rotated(once, secret_of(3), 0, later).after
    assert [each.ends_at for each in sooner.secrets] == [later.at, later.at, None]


def test_three_words_have_three_codes() -> None:
    disabled = key_changes.disabled(KEY, ORDER).after
    assert code(disabled, 0, NOW) == "key_disabled"
    assert code(key_changes.enabled(disabled, ORDER).after, 0, NOW) is None
    revoked = key_changes.revoked(disabled, ORDER).after
    assert code(revoked, 0, NOW) == "key_revoked"
    expiring = replace(KEY, expires_at=NOW + HOUR)
    assert code(expiring, 0, NOW + HOUR - 1) is None
    assert code(expiring, 0, NOW + HOUR) == "key_expired"
    assert len({str(each) for each in KeyRefusalCode}) == 5


def test_a_revoked_key_is_never_changed_again() -> None:
    key = key_changes.revoked(KEY, ORDER).after
    for change in (key_changes.revoked, key_changes.disabled, key_changes.enabled):
        with pytest.raises(InvalidInputError, match="revoked for ever"):
            change(key, ORDER)
    with pytest.raises(InvalidInputError, match="revoked for ever"):
        key_changes.rotated(key, secret_of(2), 0, ORDER)


def test_what_is_already_so_is_no_change() -> None:
    with pytest.raises(InvalidInputError, match="is already active"):
        key_changes.enabled(KEY, ORDER)
    with pytest.raises(InvalidInputError, match="is already disabled"):
        key_changes.disabled(replace(KEY, state=KeyState.DISABLED), ORDER)


@pytest.mark.parametrize("grace", [-1, LONGEST_GRACE + 1])
def test_a_grace_period_has_bounds(grace: int) -> None:
    with pytest.raises(InvalidInputError, match="longer than 90 days"):
        key_changes.rotated(KEY, secret_of(2), grace, ORDER)


def test_a_key_that_expires_at_once_is_not_made() -> None:
    with pytest.raises(InvalidInputError, match="not in the future"):
        key_changes.created(VirtualKey("k", "lan", expires_at=NOW), secret_of(1), ORDER)


def test_each_change_raises_the_version_by_one() -> None:
    disabled = key_changes.disabled(KEY, ORDER).after
    assert (KEY.version, disabled.version) == (1, 2)
    assert key_changes.rotated(disabled, secret_of(2), 0, ORDER).after.version == 3


def test_the_json_for_the_audit_has_no_digest() -> None:
    text = key_json(KEY)
    assert KEY.secrets[0].digest.hex() not in text
    assert json.loads(text)["secrets"] == [
        {"last_four": KEY.secrets[0].last_four, "made_at": NOW, "ends_at": None}
    ]
    assert not differs(KEY, text) and differs(replace(KEY, project="x"), text)
    older = json.loads(text)
    del older["on_gone"]
    assert not differs(KEY, json.dumps({**older, "of_a_later_version": 1}))


def test_a_label_value_is_replaced_in_the_json_of_the_audit() -> None:
    key = replace(KEY, project="lan", labels=(("user", "lan"), ("team", "an")))
    fields = json.loads(without_label(key_json(key), "key", "lan", "x"))
    assert (fields["name"], fields["project"], fields["labels"]) == (
        "x", "lan", {"user": "lan", "team": "an"},
    )  # fmt: skip
    fields = json.loads(without_label(key_json(key), "user", "lan", "x"))
    assert (fields["name"], fields["labels"]["user"]) == ("lan", "x")
    assert json.loads(without_label(key_json(key), "project", "lan", "x"))["project"] == "x"
    assert without_label("", "key", "lan", "x") == ""
