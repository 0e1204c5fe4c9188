"""Threads, coroutines, and forked and spawned processes use one ledger file at once."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.ledger.commands import Release
from quotakeeper.engine.worker.process_lifecycle import FairLock
from tests.engine.conftest import MakeKeeper
from tests.engine.support import config, gated, limit, python, said, until
from tests.proof.proving import problems
from tests.proof.recording import Recording

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="fork is of POSIX"),
    # Python 3.12 warns of every fork beside threads. These tests prove that such a fork works.
    pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning"),
]


def forked(act: Callable[[], object]) -> int:
    """Run a function in a forked child. Returns the child's process id."""
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            act()
            status = 0
        except BaseException as error:  # noqa: BLE001 - it must never return into pytest
            os.write(2, f"in the child: {error!r}\n".encode())
        finally:
            os._exit(status)
    return pid


def ended(pid: int) -> int:
    """Wait for a child. Returns its exit status."""
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


def in_child(act: Callable[[], object]) -> int:
    """Run a function in a forked child and wait. Returns its exit status."""
    return ended(forked(act))


def test_a_child_writes_after_its_parent_has_closed(path: Path) -> None:
    """Regression: SQLite's inherited locks once made the child's commits vanish."""
    keeper = Keeper(path, config(limit(100)), "process")
    keeper.record("gemini", event_id="before")
    ready, go = os.pipe(), os.pipe()

    def work() -> None:
        os.close(go[1])
        keeper.record("gemini", event_id="child-1")
        os.write(ready[1], b"x")
        os.read(go[0], 1)
        for number in range(5):
            keeper.record("gemini", event_id=f"late-{number}")
        assert len(list(keeper.events())) == 7
        keeper.close()

    pid = forked(work)
    os.close(ready[1])
    assert os.read(ready[0], 1) == b"x"
    keeper.close()
    os.close(go[1])
    assert ended(pid) == 0
    for fd in (ready[0], go[0]):
        os.close(fd)
    with Keeper(path, config(limit(100))) as again:
        assert len({event.id for event in again.events()}) == 7
        assert again.verify() == []


def test_forks_while_the_worker_is_busy_lose_nothing(path: Path) -> None:
    recording = Recording()
    keeper = recording.watch(Keeper(path, config(limit(10**6)), "process"))
    stop = threading.Event()

    def work() -> None:
        while not stop.is_set():
            keeper.record("gemini", input_tokens=1)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    statuses = [
        in_child(partial(keeper.record, "gemini", event_id=f"child-{number}"))
        for number in range(20)
    ]
    after = keeper.record("gemini", event_id="parent")
    stop.set()
    for thread in threads:
        thread.join()
    ids = {event.id for event in keeper.events()}
    assert statuses == [0] * 20
    assert {f"child-{number}" for number in range(20)} | {after.id} <= ids
    assert problems(keeper, recording.operations) == []
    keeper.close()


def test_a_fork_waits_for_the_running_batch(make: MakeKeeper) -> None:
    keeper = make(limit(100))
    store = gated(keeper)
    store.forget()
    store.before.clear()
    recording = threading.Thread(target=keeper.record, args=("gemini",))
    recording.start()
    assert store.entered.wait(10)
    opener = threading.Timer(0.05, store.before.set)
    opener.start()
    assert in_child(lambda: None) == 0
    assert store.applied.is_set()
    for thread in (recording, opener):
        thread.join()


def test_a_child_that_inherits_an_open_connection_is_refused(path: Path) -> None:
    keeper = Keeper(path, config(limit(100)), "process")
    keeper.record("gemini")
    store = gated(keeper)
    keeper._engine.worker.patience = 0.05
    store.forget()
    store.before.clear()
    keeper._engine.worker.post(Release("nothing"))
    assert store.entered.wait(10)

    def work() -> None:
        with pytest.raises(Exception, match="forked while its parent was using the ledger"):
            keeper.record("gemini")

    assert in_child(work) == 0
    store.before.set()
    keeper._engine.worker.patience = 15
    keeper.record("gemini")
    assert keeper.verify() == []
    keeper.close()


def test_a_child_leaves_its_parents_reservations_open(path: Path) -> None:
    with Keeper(path, config(limit(100)), "process") as keeper:
        call = keeper.reserve("gemini")

        def drop() -> None:
            nonlocal call
            with call:
                pass
            del call
            keeper.close()

        assert in_child(drop) == 0
        assert [hold.id for hold in keeper.reservations()] == [call.id]
        call.release()


def test_a_child_may_settle_its_parents_reservation(path: Path) -> None:
    with Keeper(path, config(limit(100)), "process") as keeper:
        call = keeper.reserve("gemini", event_id="shared")
        assert in_child(lambda: call.settle(requests=3)) == 0
        assert keeper.reservations() == []
        assert next(keeper.events()).quantities == {"requests": 3}
        assert keeper.verify() == []


def test_the_parents_owner_mark_survives_the_fork(path: Path) -> None:
    """Without the mark, the parent's reservations would look as if their process had ended."""
    with Keeper(path, config(limit(100)), "process") as keeper:
        call = keeper.reserve("gemini")
        owners = path.with_name(path.name + "-owners")
        before = sorted(os.listdir(owners))
        assert in_child(lambda: None) == 0
        assert sorted(os.listdir(owners)) == before
        with Keeper(path, config(limit(100)), "process") as other:
            other.status()
            assert [hold.id for hold in other.reservations()] == [call.id]
        call.release()


def test_a_fork_while_a_reader_is_between_two_pages_works(path: Path) -> None:
    with Keeper(path, config(limit(10**6)), "process") as keeper:
        for _ in range(3):
            keeper.record("gemini")
        reader = keeper.events()
        next(reader)
        assert in_child(lambda: keeper.record("gemini", event_id="child")) == 0
        assert len(list(reader)) == 2
        assert keeper.verify() == []


def test_a_keeper_that_cannot_rest_does_not_stop_others_from_resting(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    broken = [Keeper("memory:", config(limit(1))) for _ in range(3)]
    with Keeper(path, config(limit(100)), "process") as keeper:
        keeper.record("gemini")
        more = [Keeper("memory:", config(limit(1))) for _ in range(3)]
        for each in (*broken, *more):  # hooks run in no fixed order, so some are on both sides
            gated(each).before_fork = _cannot  # type: ignore[attr-defined]
        assert in_child(lambda: keeper.record("gemini", event_id="child")) == 0
        assert len(list(keeper.events())) == 2
    for each in (*broken, *more):
        each.close()
    assert "failed during a fork" in caplog.text


def _cannot() -> None:
    raise ZeroDivisionError


def test_a_waiting_thread_gets_the_turn_before_a_busy_worker_takes_it_again() -> None:
    turn = FairLock()
    assert turn.wait()  # the worker's turn
    fork = threading.Thread(target=turn.wait)
    fork.start()
    until(turn.turnstile.locked)  # the thread waits
    turn.end()
    assert not turn.wait(0.05)  # the worker asks again at once and is too late
    fork.join()
    turn.end()
    assert turn.wait(1)


_SPAWNED = """
import sys
from pathlib import Path
from quotakeeper import Keeper
from tests.proof.recording import Recording
recording = Recording()
limit = {"name": "cap", "provider": "gemini", "meter": "requests", "window": "day",
         "amount": 1000000}
with Keeper(sys.argv[1], {"timezone": "UTC", "limit": [limit]}, "process") as keeper:
    recording.watch(keeper)
    for _ in range(50):
        with keeper.reserve("gemini") as call:
            call.settle(requests=1)
recording.save(Path(sys.argv[2]))
"""


def _work(keeper: Keeper) -> None:
    for _ in range(50):
        with keeper.reserve("gemini") as call:
            call.settle(requests=1)


def _forked(keeper: Keeper, recording: Recording, noted: Path) -> None:
    recording.operations.clear()  # these are the parent's
    _work(keeper)
    recording.save(noted)


def test_threads_coroutines_forked_and_spawned_processes_share_one_file(path: Path) -> None:
    recording = Recording()
    keeper = recording.watch(Keeper(path, config(limit(10**6)), "process"))
    keeper.status()
    noted = [path.with_name(f"noted-{number}") for number in range(4)]
    spawned = [python(_SPAWNED, path, each) for each in noted[:2]]
    context = multiprocessing.get_context("fork")
    threads = [threading.Thread(target=_work, args=(keeper,)) for _ in range(4)]
    for thread in threads:
        thread.start()

    async def tasks() -> None:
        async def one() -> None:
            for _ in range(10):
                async with keeper.areserve("gemini") as call:
                    await call.asettle(requests=1)

        await asyncio.gather(*(one() for _ in range(10)))

    forked = [context.Process(target=_forked, args=(keeper, recording, each)) for each in noted[2:]]
    for process in forked:
        process.start()
    asyncio.run(tasks())
    for thread in threads:
        thread.join()
    for process in forked:
        process.join(30)
        assert process.exitcode == 0
    for child in spawned:
        said(child)
    (standing,) = keeper.status().limits
    assert (standing.used, standing.reserved) == (2 * 50 + 4 * 50 + 100 + 2 * 50, 0)
    for each in noted:
        recording.load(each)
    assert len(recording.operations) >= 2 * 500
    assert problems(keeper, recording.operations) == []
    keeper.close()
