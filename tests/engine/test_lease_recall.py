"""A refusal is final only if it was made after the last lease was given back."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from quotakeeper.engine.leases.recall import LeaseRecall, Recall
from quotakeeper.testing import FakeClock

LEASE = object()


class Ledger:
    """Answers each look for leases with the next of the given answers."""

    def __init__(self, *answers: list[object]) -> None:
        self._answers = iter(answers)

    def leases_in(self, _: object) -> list[object]:
        return next(self._answers)


def rounds(*answers: list[object]) -> list[float | None]:
    """What each round says: how long to wait before the call is asked again, None for never."""
    sign: Any = SimpleNamespace(is_there=True, give=lambda _: None)
    recall = LeaseRecall(FakeClock("2026-11-23T12:00:00Z"), sign, None, lambda *_: None)
    denied = SimpleNamespace(decision=SimpleNamespace(refusing=[SimpleNamespace(limit="cap")]))
    one, ledger = Recall(recall, cast(Any, denied)), cast(Any, Ledger(*answers))
    return [one.round(ledger, 0) for _ in answers]


@pytest.mark.parametrize("before", [0, 1, 2, 5])
def test_the_call_is_asked_again_after_the_last_lease_is_given_back(before: int) -> None:
    said = rounds(*[[LEASE]] * before, [], [])
    assert None not in said[:-1]
    assert said[-2:] == [0.0, None]


def test_a_refusal_without_leases_is_asked_again_once() -> None:
    assert rounds([], []) == [0.0, None]
