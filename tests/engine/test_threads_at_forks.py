"""The threads of a keeper end before a fork, lose nothing, and start again on the next use."""

from __future__ import annotations

import _thread
import os
import sys
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.commands import Release, Reserve, Reserved
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.usage import CallLabels
from quotakeeper.engine import resumable_thread
from quotakeeper.engine.resumable_thread import ResumableThread, StopRequest
from tests.engine.support import SECONDS, config, gated, limit, python, until
from tests.engine.test_forks import in_child

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is of POSIX"),
    # The test runner has its own threads. Child processes have none, so they are checked for
    # warnings.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


_before: set[threading.Thread] = set()  # an earlier test's keeper may still have its thread


@pytest.fixture(autouse=True)
def only_threads_of_this_test() -> None:
    _before.clear()
    _before.update(threading.enumerate())


@pytest.fixture
def keeper(path: Path) -> Iterator[Keeper]:
    with Keeper(path, config(limit(100)), "process") as keeper:
        yield keeper


def test_a_finalizer_starts_no_thread_where_daemon_threads_are_not_allowed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """This is an isolated sub-interpreter. A thread that outlives it would end the whole process."""
    started = list[object]()
    monkeypatch.setattr(resumable_thread, "start_native", lambda *given: started.append(given))
    thread = ResumableThread("quotakeeper-tried")
    thread.start_later(lambda: True)
    assert len(started) == 1
    monkeypatch.setattr(_thread, "daemon_threads_allowed", lambda: False, raising=False)
    thread.start_later(lambda: True)
    assert len(started) == 1 and not thread.running


def names() -> list[str]:
    since = set(threading.enumerate()) - _before
    return [thread.name for thread in since if "quotakeeper" in thread.name]


# `before` hooks run last to first: this hook was registered first, so it sees what Python counts.
_COUNTING = """
import os, sys, threading
seen = []
os.register_at_fork(before=lambda: seen.append([t.name for t in threading.enumerate()]))
from quotakeeper import Keeper
limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day", "amount": 100}

def forked(name):
    pid = os.fork()
    if pid == 0:
        keeper.record("gemini", event_id=name)
        keeper.close()
        os._exit(0)
    assert os.waitpid(pid, 0)[1] == 0, name

with Keeper(sys.argv[1], {"timezone": "UTC", "limit": [limit]}, "process") as keeper:
    for number in range(20):
        keeper.record("gemini", event_id=f"parent-{number}")
        forked(f"child-{number}")
    forked("at rest")
    keeper.close()
    pid = os.fork()  # and once it is closed
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
assert seen == [["MainThread"]] * 22, seen
"""


def test_python_counts_no_thread_of_a_keeper_at_a_fork(path: Path) -> None:
    child = python(_COUNTING, path)
    _, err = child.communicate(timeout=2 * SECONDS)
    assert (child.returncode, err) == (0, "")
    with Keeper(path, config(limit(100))) as keeper:
        assert len(list(keeper.events())) == 41


@pytest.mark.skipif(sys.version_info < (3, 12), reason="3.12 begins to warn")
def test_python_does_not_warn_of_a_keeper_at_a_fork(path: Path) -> None:
    # Not "error": until 3.15, Python drops the exception that this warning raises.
    child = python(f"import warnings; warnings.simplefilter('always')\n{_COUNTING}", path)
    _, err = child.communicate(timeout=2 * SECONDS)
    assert (child.returncode, err) == (0, "")


@pytest.mark.parametrize("end", [Keeper.close, lambda keeper: in_child(lambda: None)])
def test_close_and_fork_wait_until_the_thread_has_left_the_process(
    keeper: Keeper, end: Callable[[Keeper], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper.record("gemini", event_id="first")
    answers = [True, True, False]  # Python 3.12 counts it no longer, the system still does
    monkeypatch.setattr(resumable_thread, "_is_in_process", lambda native_id: answers.pop(0))
    end(keeper)
    assert answers == []


def test_a_command_handed_over_during_a_fork_is_carried_out(keeper: Keeper) -> None:
    keeper.record("gemini", event_id="before")
    call = keeper.reserve("gemini")
    keeper._engine.worker.before_fork()
    assert names() == []
    recording = threading.Thread(target=keeper.record, args=("gemini",), name="host")
    recording.start()
    keeper._engine.worker.post(Release(call.id))  # as a finalizer does
    keeper._engine.worker.after_fork_in_parent()
    recording.join(SECONDS)
    assert not recording.is_alive() and len(list(keeper.events())) == 2
    assert keeper.reservations() == [] and len(names()) == 1


def test_a_command_after_the_stop_request_is_carried_out_after_the_fork(
    keeper: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    call = keeper.reserve("gemini")
    stop = keeper._engine.worker._thread.stop

    def and_then(ask: Callable[[StopRequest], None], seconds: float) -> bool:
        def both(request: StopRequest) -> None:
            ask(request)
            keeper._engine.worker.post(Release(call.id))  # the thread is still there

        return stop(both, seconds)

    monkeypatch.setattr(keeper._engine.worker._thread, "stop", and_then)
    assert in_child(lambda: None) == 0
    until(keeper._engine.worker._queue.empty)
    assert keeper.reservations() == []


def test_a_call_that_a_finalizer_ends_after_a_fork_waits_for_nobody(keeper: Keeper) -> None:
    call = keeper.reserve("gemini")
    assert in_child(lambda: None) == 0
    assert names() == []
    keeper._engine.worker.post(Release(call.id))
    until(lambda: keeper._engine.worker._queue.empty() and names() == ["quotakeeper"])
    assert keeper.reservations() == []


@pytest.mark.parametrize("can_start", [True, False])
def test_a_keeper_that_rests_after_a_fork_still_closes_at_exit(
    path: Path, can_start: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.12 starts no thread at its exit."""
    keeper = Keeper(path, config(limit(100)), "process")
    first, second = keeper.reserve("gemini", sent=True), keeper.reserve("gemini")
    assert in_child(lambda: None) == 0
    if not can_start:
        monkeypatch.setattr(threading.Thread, "start", _refused)
    first.settle(requests=3)
    keeper.close()
    monkeypatch.undo()
    with Keeper(path, config(limit(100)), "process") as other:
        assert other.reservations() == []
        assert {event.id: event.quantities["requests"] for event in other.events()} == {first.id: 3}
    assert second.id


def _refused(thread: threading.Thread) -> None:
    raise RuntimeError("can't create new thread at interpreter shutdown")


def test_a_fork_in_the_workers_own_thread_does_not_wait_for_it(keeper: Keeper) -> None:
    keeper._engine.worker.patience = 600  # a wait for itself would last 600 s

    def fork(*_: object) -> int:
        return in_child(lambda: None)

    assert keeper._engine.worker.ask(fork) == 0
    keeper.record("gemini")
    assert len(list(keeper.events())) == 1


@pytest.mark.parametrize("when", ["before the start", "after the start"])
@pytest.mark.parametrize("first", [True, False])
def test_a_signal_handler_may_fork_while_a_command_is_handed_over(
    keeper: Keeper, first: bool, when: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    worker = keeper._engine.worker
    handlers: dict[str, Callable[[], int]] = {}

    def interrupted(act: Callable[..., None]) -> Callable[..., None]:
        def acts(*given: Any) -> None:
            assert handlers.pop("before the start", lambda: 0)() == 0
            act(*given)
            assert handlers.pop("after the start", lambda: 0)() == 0

        return acts

    if first:
        monkeypatch.setattr(ResumableThread, "start", interrupted(ResumableThread.start))
    else:  # the thread runs already, so the handler runs before or after the command is queued
        queue = worker._queue
        told = SimpleNamespace(get=queue.get, get_nowait=queue.get_nowait, empty=queue.empty)
        told.put = interrupted(queue.put)
        monkeypatch.setattr(worker, "_queue", told)
        keeper.record("gemini", event_id="before")
    handlers[when] = partial(in_child, lambda: None)
    worker.patience = 600
    keeper.record("gemini", event_id="interrupted")
    assert "interrupted" in {event.id for event in keeper.events()}
    assert handlers == {} and len(names()) == 1


def test_a_worker_that_cannot_end_in_time_continues(path: Path) -> None:
    keeper = Keeper(path, config(limit(100)), "process")
    store = gated(keeper)
    keeper._engine.worker.patience = 0.05
    store.forget()
    store.before.clear()
    keeper._engine.worker.post(Release("nothing"))
    assert store.entered.wait(SECONDS)
    (thread,) = (t for t in set(threading.enumerate()) - _before if t.name == "quotakeeper")
    assert in_child(lambda: None) == 0
    keeper._engine.worker.patience = 15
    store.before.set()
    keeper.record("gemini", event_id="afterwards")
    assert thread.is_alive() and len(names()) == 1  # it ignored the request
    assert {event.id for event in keeper.events()} == {"afterwards"}
    keeper.close()


def test_an_interrupted_start_leaves_one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C arrives when the thread exists and `start` has not returned."""
    served: list[str] = []
    go = threading.Event()
    thread = ResumableThread("quotakeeper-test")
    start = threading.Thread.start

    def work() -> bool:
        assert go.wait(SECONDS)
        served.append("once")
        return False

    def interrupted(self: threading.Thread) -> None:
        start(self)
        raise KeyboardInterrupt

    monkeypatch.setattr(threading.Thread, "start", interrupted)
    with pytest.raises(KeyboardInterrupt):
        thread.start(work)
    monkeypatch.undo()
    thread.start(work)
    go.set()
    until(lambda: names() == [])
    assert served == ["once"]


def test_a_stop_lasts_until_the_operating_system_has_removed_the_thread(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Python 3.12 counts the operating system's threads. A thread that was just joined may still be there."""
    queue: SimpleQueue[StopRequest] = SimpleQueue()
    thread, there, exists = ResumableThread("quotakeeper-test"), [True, True, False], os.path.exists

    def asked(path: Any) -> bool:
        return there.pop(0) if str(path).startswith("/proc/self/task/") else exists(path)

    thread.start(lambda: queue.get().claim())
    monkeypatch.setattr(os.path, "exists", asked)
    assert thread.stop(queue.put, SECONDS)
    assert there == [] and not thread.running


def test_a_stop_request_reaches_its_thread_or_none() -> None:
    request = StopRequest()
    assert request.claim() and not request.claim()


def test_a_command_built_before_the_process_got_another_owner_name_is_under_the_new_one(
    tmp_path: Path,
) -> None:
    """Another thread reopens a keeper at exit while this one has built a reservation already."""
    path = tmp_path / "ledger.db"
    keeper = Keeper(path, {"default_limits": False, "timezone": "UTC"})
    keeper.status()
    worker = keeper._engine.worker
    former = worker.owner
    worker.leave_process(5.0)
    asked = Reserve(
        "a",
        CallLabels("gemini", "gemini-2.0-flash"),
        Figures({"input_tokens": 1}),
        (),
        former,
        10**9,
    )
    assert isinstance(worker.carry_out(asked), Reserved)
    assert worker.owner != former
    assert [hold.owner for hold in keeper.reservations()] == [worker.owner]
    keeper.close()
