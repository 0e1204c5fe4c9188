"""A failure in every function of the hooks and of an open call: none reaches the program."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any, TypeVar

import pytest

from quotakeeper import Keeper
from quotakeeper.intercept import http_gate
from quotakeeper.intercept.hooks import (
    aiohttp_client,
    bodies,
    http_client,
    http_request_state,
    httpx_client,
    sockets,
    unframing,
)
from quotakeeper.metering import call_meter, http_attempt, stream_budget
from quotakeeper.metering.background_settler import BackgroundSettler
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.guards import guarded
from quotakeeper.metering.retries import Retries
from quotakeeper.native_threads import get_ident
from quotakeeper.sandbox.server import Sandbox
from tests.intercept.conftest import HEADERS, WAYS, Watched, generate, prompt, stream

Place = tuple[Any, str]
Played = TypeVar("Played")
EVERY = (http_gate, bodies, http_attempt.HttpAttempt, stream_budget.StreamBudget, CallMeter)
HTTP_CLIENT = (http_client, http_request_state, sockets, unframing)
BY_WAY: dict[str, tuple[Any, ...]] = {
    "urllib": (*EVERY, *HTTP_CLIENT),
    "requests": (*EVERY, *HTTP_CLIENT),
    "httpx": (*EVERY, httpx_client),
    "httpx async": (*EVERY, httpx_client),
    "aiohttp": (*EVERY, aiohttp_client),
}
# Functions that a call uses and that are not made to fail, by reason.
LEFT_OUT = {
    "the guards themselves": {"tried", "note_fault", "start", "astart", "__enter__", "__exit__",
                              "starts_after_body", "astarts_after_body", "fault", "note"},
    "installed before the failure": {"install", "install_urllib3", "uninstall", "sync_hook",
                                     "async_hook", "metered_stream", "async_metered_stream"},
    "stand in for the library's own verbs": {"read", "read1", "readline", "readinto", "readinto1",
                                             "close", "__iter__", "__aiter__", "aclose",
                                             "__getattr__", "makefile", "settimeout", "write",
                                             "writelines"},
    "the program's own connecting and waiting": {"_connect_first", "_handling",
                                                 "_sending_body_first", "sleep"},
    "make a refusal, and none is made here": {"_withhold", "_read_refusal", "_answer",
                                              "_refuse_locally", "written_out"},
    "called by the process, not by a call": {"before_fork", "after_fork", "after_fork_in_parent",
                                             "end_open_calls", "flush", "__init__", "__del__",
                                             "__repr__", "monotonic"},
}  # fmt: skip
NAMES_LEFT_OUT = frozenset().union(*LEFT_OUT.values())


class InjectedError(Exception):
    """An injected error, which must not reach the program."""


def _fails(*_: Any, **__: Any) -> Any:
    raise InjectedError


async def _afails(*_: Any, **__: Any) -> Any:
    raise InjectedError


def _places(parts: tuple[Any, ...]) -> Iterator[Place]:
    for part in parts:
        for name, found in sorted(vars(part).items()):
            if not inspect.isfunction(found) or name in NAMES_LEFT_OUT:
                continue
            if isinstance(part, ModuleType):
                is_factory = next(iter(inspect.signature(found).parameters), "") == "original"
                if found.__module__ != part.__name__ or is_factory:
                    continue
            yield part, name


def _broken(part: Any, name: str) -> Any:
    found = vars(part)[name]
    failing = _afails if inspect.iscoroutinefunction(found) else _fails
    # A guarded function fails inside its guard, as a real failure would.
    return guarded(failing) if hasattr(found, "__wrapped__") else failing


def _played_with_each_broken(
    places: list[Place], play: Callable[[], Played], monkeypatch: pytest.MonkeyPatch,
    wrong: list[str],
) -> Iterator[tuple[str, Played]]:  # fmt: skip
    """The results with each place made to fail; errors that reach the program go into `wrong`."""
    for part, name in places:
        where = f"{part.__name__}.{name}"
        with monkeypatch.context() as patch:
            patch.setattr(part, name, _broken(part, name))
            try:
                got = play()
            except Exception as error:  # noqa: BLE001 - that is what is looked for
                wrong.append(f"{where}: {type(error).__name__}: {error}")
                continue
        yield where, got


@pytest.mark.parametrize("way", BY_WAY)
@pytest.mark.parametrize("policy", ["allow", "deny"])
def test_no_failure_of_ours_reaches_the_program(
    way: str, policy: str, sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    post = WAYS[way]
    sent = [(generate(sandbox.base_url), prompt()), (stream(sandbox.base_url), prompt())]

    def play() -> list[tuple[int, bytes]]:
        got = [post(url, body, HEADERS) for url, body in sent]
        return [(one.status, re.sub(rb'("responseId": )"[^"]*"', rb"\1", one.body)) for one in got]

    bare = play()
    watched(settings={"on_store_failure": policy})
    assert play() == bare
    wrong, refused = list[str](), 0
    places = list(_places(BY_WAY[way]))
    for where, got in _played_with_each_broken(places, play, monkeypatch, wrong):
        for one, as_alone in zip(got, bare, strict=True):
            if policy == "deny" and one[0] == 402:
                assert b"quotakeeper itself failed" in one[1]
                refused += 1
            elif one != as_alone:
                wrong.append(f"{where}: {one[0]} {one[1][:100]!r}")
    print(f"{way}, {policy}: {len(places)} functions failed, {refused} calls refused, "
          f"{len(wrong)} failures reached the program")  # fmt: skip
    assert wrong == []
    assert len(places) > 50
    assert (refused > 0) == (policy == "deny")
    # A call that a failure left open ends with the keeper, at its upper bound.
    path = watched.folder / "ledger0.db"
    watched.close()
    watched.watching.clear()
    with Keeper(path, {"default_limits": False}) as other:
        assert other.status().open_reservations == 0
        assert other.verify() == []


def test_a_signal_handlers_call_while_the_meter_loads_passes_and_is_named(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Another thread took the signal, which the thread that loads the meter would hold back."""
    monkeypatch.setattr(http_gate.switch, "on", True)
    monkeypatch.setattr(http_gate.switch, "said", False)
    monkeypatch.setattr(http_gate._loading, "current", None, raising=False)
    monkeypatch.setattr(http_gate._loading, "by", get_ident(), raising=False)
    made = list[int]()
    assert http_gate.start(lambda: made.append(1)) is None  # type: ignore[arg-type,return-value]
    assert made == []
    assert "a signal handler made the call while quotakeeper was loading" in caplog.text


DENIED = [(call_meter, "HttpAttempt"), (CallMeter, "_pending"), (CallMeter, "_asked"),
          (Retries, "link"), (BackgroundSettler, "start"),
          (CallMeter, "keep")]  # fmt: skip


@pytest.mark.parametrize("way", BY_WAY)
@pytest.mark.parametrize(("policy", "status"), [("deny", 402), ("allow", 200)])
def test_the_policy_decides_for_a_call_that_cannot_be_counted(
    way: str, policy: str, status: int, sandbox: Sandbox, watched: Watched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    watched(settings={"on_store_failure": policy})
    for part, name in DENIED:
        with monkeypatch.context() as patch:
            patch.setattr(part, name, _fails)
            got = WAYS[way](generate(sandbox.base_url), prompt(), HEADERS)
            assert (name, got.status) == (name, status)
            other = WAYS[way](f"{sandbox.base_url}/nobodys/path", prompt(), HEADERS)
            assert other.status == 404  # a call to no provider passes
    assert len(sandbox.bill.charges) == (len(DENIED) if status == 200 else 0)
    if policy == "allow":  # each is counted, once
        assert [str(each.provenance) for each in watched.events()] == ["assumed"] * len(DENIED)
