"""`@keeper.metered(...)`: a function that makes one call is reserved, sent and settled."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from quotakeeper import InvalidInputError, LimitExceeded, Provenance
from tests.engine.conftest import MakeKeeper
from tests.engine.support import limit


def usage(reply: dict[str, Any]) -> dict[str, Any] | None:
    return reply.get("usage")


def test_a_call_is_reserved_before_and_settled_by_what_the_reply_says(make: MakeKeeper) -> None:
    keeper = make(limit(100))
    open_meanwhile: list[dict[str, int]] = []

    @keeper.metered("gemini", bound=lambda text, n: {"requests": n}, usage=usage)
    def translate(text: str, n: int) -> dict[str, Any]:
        """Translates."""
        (hold,) = keeper.reservations()
        assert hold.sent
        open_meanwhile.append(dict(hold.quantities))
        return {"text": text.upper(), "usage": {"requests": 2, "model_served": "x"}}

    assert translate("xin chào", n=9)["text"] == "XIN CHÀO"
    assert open_meanwhile == [{"requests": 9}]
    (event,) = keeper.events()
    assert (event.labels.operation, event.quantities) == ("translate", {"requests": 2})
    assert (event.provenance, event.model_served) == (Provenance.REPORTED, "x")
    assert translate.__doc__ == "Translates."
    assert keeper.reservations() == []


def test_without_usage_it_is_settled_at_what_was_reserved_as_an_estimate(make: MakeKeeper) -> None:
    keeper = make(limit(100))

    @keeper.metered("gemini", operation="hỏi", scope={"user": "an"}, requests=3, usage=usage)
    def ask() -> dict[str, Any]:
        return {}

    ask()
    (event,) = keeper.events()
    assert event.quantities == {"requests": 3}
    assert event.provenance is Provenance.ESTIMATED
    assert (event.labels.operation, event.labels.scope) == ("hỏi", (("user", "an"),))


def test_an_exception_leaves_the_call_assumed_and_is_raised(make: MakeKeeper) -> None:
    keeper = make(limit(100))

    @keeper.metered("gemini", requests=3)
    def fail() -> None:
        raise TimeoutError("no answer")

    with pytest.raises(TimeoutError):
        fail()
    assert [event.provenance for event in keeper.events()] == [Provenance.ASSUMED]


def test_where_a_limit_refuses_the_function_does_not_run(make: MakeKeeper) -> None:
    keeper = make(limit(2))
    ran: list[int] = []

    @keeper.metered("gemini", requests=3)
    def ask() -> None:
        ran.append(1)

    with pytest.raises(LimitExceeded):
        ask()
    assert ran == [] and list(keeper.events()) == []


def test_an_async_function_is_awaited(make: MakeKeeper) -> None:
    keeper = make(limit(100))

    @keeper.metered("gemini", requests=5, usage=usage)
    async def ask(user: str) -> dict[str, Any]:
        await asyncio.sleep(0)
        if user == "chi":
            raise TimeoutError
        return {"usage": {"requests": 1}} if user == "an" else {}

    async def all_of_them() -> list[Any]:
        async def one(user: str) -> Any:
            with keeper.tag(user=user):
                return await ask(user)

        return await asyncio.gather(*map(one, ("an", "bình", "chi")), return_exceptions=True)

    found = asyncio.run(all_of_them())
    assert found[:2] == [{"usage": {"requests": 1}}, {}]
    assert isinstance(found[2], TimeoutError)
    known = {dict(e.labels.scope)["user"]: (e.quantities["requests"], e.provenance)
             for e in keeper.events()}  # fmt: skip
    assert known == {
        "an": (1, Provenance.REPORTED),
        "bình": (5, Provenance.ESTIMATED),
        "chi": (5, Provenance.ASSUMED),
    }


def test_a_generator_is_refused_when_it_is_decorated(make: MakeKeeper) -> None:
    keeper = make(limit(100))

    def pieces() -> Iterator[str]:
        yield "a"

    with pytest.raises(InvalidInputError, match="generator is not one call"):
        keeper.metered("gemini", requests=1)(pieces)
