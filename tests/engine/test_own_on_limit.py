"""`reserve(on_limit=...)`: one call has another policy at a limit than its keeper."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quotakeeper import InvalidInputError, Keeper, LimitExceeded
from quotakeeper.engine.policies import ON_LIMIT_WORDS
from quotakeeper.testing import FakeClock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import config, limit

HUNDRED = limit(100, meter="output_tokens")
CALL: dict[str, Any] = {"model": "gemini-2.5-flash", "output_tokens": 150}


@pytest.mark.parametrize("of_keeper", ON_LIMIT_WORDS)
@pytest.mark.parametrize("word", ON_LIMIT_WORDS)
def test_the_word_of_the_call_decides(make: MakeKeeper, of_keeper: str, word: str) -> None:
    """150 tokens never fit in 100: the call is refused, lowered or only warned about."""
    keeper = make(HUNDRED, on_limit=of_keeper, clamp_least=1)
    if word in ("raise", "wait"):
        with pytest.raises(LimitExceeded) as refused:
            keeper.reserve("gemini", **CALL, on_limit=word)
        assert 'set on_limit = "clamp"' in str(refused.value)
        return
    with keeper.reserve("gemini", **CALL, on_limit=word) as call:
        assert call.hold.quantities["output_tokens"] == (100 if word == "clamp" else 150)
        if word == "clamp":
            with pytest.raises(LimitExceeded):
                call.grow(output_tokens=1)
        else:
            call.grow(output_tokens=1)


def test_a_call_waits_for_the_next_period_by_its_own_word(
    make: MakeKeeper, clock: FakeClock
) -> None:
    keeper = make(limit(2, window="minute"), on_limit="raise", on_busy="refuse")
    for _ in range(2):
        keeper.record("gemini")
    with pytest.raises(LimitExceeded):
        keeper.reserve("gemini")
    keeper.reserve("gemini", on_limit="wait").release()
    assert clock.monotonic() > 1


def test_an_unknown_word_is_refused_with_the_words_that_exist(make: MakeKeeper) -> None:
    keeper = make(HUNDRED)
    with pytest.raises(InvalidInputError, match="one of: raise, wait, clamp, warn"):
        keeper.reserve("gemini", on_limit="later")
    keeper.reserve("gemini", on_limit="").release()
    keeper.reserve("gemini", on_limit=None).release()


@pytest.mark.parametrize("of_keeper", ["raise", "warn"])
def test_a_call_that_is_refused_uses_no_room_of_calls_that_only_warn(
    of_keeper: str, tmp_path: Path
) -> None:
    """The same call passes the limit with the word "warn", and is refused with "raise"."""
    settings = config(limit(3), lease=200, on_limit=of_keeper)
    with Keeper(tmp_path / "l.db", settings) as keeper:

        def call(word: str = "") -> None:
            keeper.reserve("gemini", model="gemini-2.5-flash", on_limit=word).settle()

        call()
        # A hard limit of 3 is too small for a lease; a soft one has room for 200 calls.
        leases = [True] if of_keeper == "warn" else []
        assert [each.is_lease for each in keeper.reservations()] == leases
        for _ in range(4):
            call("warn")
        with pytest.raises(LimitExceeded):
            call("raise")
        if of_keeper == "warn":
            call()
        else:
            with pytest.raises(LimitExceeded):
                call()
        call("warn")
        assert sum(each.quantities["requests"] for each in keeper.events()) >= 6
