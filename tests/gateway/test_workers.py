"""`quotakeeper serve --workers`: one port, one ledger and one access log for several processes."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.app.virtual_keys.presenting import PresentedKey
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.errors import InvalidInputError
from quotakeeper.gateway import supervising
from quotakeeper.gateway.routes import Routed
from quotakeeper.gateway.shared_calls import SharedCalls
from quotakeeper.gateway.shared_sockets import listening_sockets
from quotakeeper.gateway.supervising import WorkerEnd, check_can_supervise
from quotakeeper.gateway.upload_shelves import (
    FolderShelf,
    MemoryShelf,
    OpenUpload,
    UploadShelf,
    tag_of,
)
from quotakeeper.gateway.upstreams import make_upstreams
from quotakeeper.sandbox.server import Sandbox
from quotakeeper.testing import FakeClock
from tests.gateway.harness import GENERATE, prompt
from tests.gateway.serve_process import ROOT, Served, environment, served, until
from tests.gateway.test_serve_command import _events, _post

pytestmark = pytest.mark.skipif(
    not Path("/proc/self/stat").exists(), reason="no /proc here: Windows or macOS"
)
SECONDS = 30.0


def _workers(gateway: Served) -> set[int]:
    """The living children of the supervisor."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        state = _state(int(folder.name))
        if state and state[0] != "Z" and int(state[1]) == gateway.process.pid:
            found.add(int(folder.name))
    return found


def _state(process: int) -> list[str]:
    """The state of a process and the id of its parent; [] if it has ended."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text(encoding="utf-8")
    except OSError:
        return []
    return stat.rpartition(")")[2].split()[:2]


def _is_alive(process: int) -> bool:
    return _state(process)[:1] not in ([], ["Z"])


def _shared_folder(worker: int) -> Path:
    """The folder that the workers share: a worker has a file in it open."""
    opened = [os.readlink(each) for each in Path(f"/proc/{worker}/fd").iterdir()]
    return next(Path(each).parent for each in opened if "quotakeeper-workers-" in each)


@contextmanager
def _serving(folder: Path, sandbox: Sandbox, count: int = 2, *more: str) -> Iterator[Served]:
    arguments = ("--workers", str(count), *more)
    with served(folder, {"gemini": sandbox.base_url}, *arguments) as gateway:
        until(lambda: f"{count} workers serve" in gateway.told)
        yield gateway


def test_a_killed_worker_is_replaced_and_every_call_is_counted_once(tmp_path: Path) -> None:
    with Sandbox() as sandbox, _serving(tmp_path, sandbox, 3) as gateway:
        before = _workers(gateway)
        assert len(before) == 3
        statuses = [_post(gateway.url + GENERATE, gateway.key, prompt())[0] for _ in range(6)]
        with Keeper(gateway.ledger, {"default_limits": False}) as keeper:
            until(lambda: len(list(keeper.events())) == 6)  # a kill before that loses the usage
        until(lambda: (tmp_path / "log.txt").read_text(encoding="utf-8").count("\n") == 6)
        killed = min(before)
        os.kill(killed, signal.SIGKILL)
        until(lambda: len(_workers(gateway) - before) == 1)
        statuses += [_post(gateway.url + GENERATE, gateway.key, prompt())[0] for _ in range(6)]
        code, log, told = gateway.stop()
        assert (code, statuses) == (0, [200] * 12)
        assert f"(process {killed}) ended: signal SIGKILL; it starts again in 0.25 s" in told
        lines = [json.loads(line) for line in log.splitlines()]
        assert [line["status"] for line in lines] == [200] * 12
        assert told.count("gateway on") == told.count("the gateway has stopped") == 1
        bill = [dict(charge.quantities) for charge in sandbox.bill.charges]
    assert [dict(event.quantities) for event in _events(gateway.ledger)] == bill


@pytest.mark.parametrize("to_all", [False, True], ids=["supervisor", "every process"])
def test_a_call_under_way_ends_before_the_workers_do(tmp_path: Path, to_all: bool) -> None:
    """A service manager or a terminal sends the signal to the workers too: this is no second one."""
    with Sandbox(faults=["slow:1"]) as sandbox, _serving(tmp_path, sandbox) as gateway:
        answers: list[tuple[int, bytes]] = []
        call = threading.Thread(
            target=lambda: answers.append(_post(gateway.url + GENERATE, gateway.key, prompt()))
        )
        call.start()
        assert sandbox.bill.wait_for(1)
        for each in _workers(gateway) if to_all else ():
            os.kill(each, signal.SIGTERM)
        code, _, _ = gateway.stop()
        call.join()
        assert (code, [status for status, _ in answers]) == (0, [200])
    assert len(_events(gateway.ledger)) == 1


def test_a_second_signal_ends_the_calls_at_once(tmp_path: Path) -> None:
    with Sandbox(faults=["slow:30"]) as sandbox, _serving(tmp_path, sandbox) as gateway:
        answers: list[tuple[int, bytes]] = []
        call = threading.Thread(
            target=lambda: answers.append(_post(gateway.url + GENERATE, gateway.key, prompt()))
        )
        call.start()
        assert sandbox.bill.wait_for(1)
        began = time.monotonic()
        gateway.process.send_signal(signal.SIGTERM)
        until(lambda: len(_workers(gateway)) == 1)  # the other one has no call, so it has ended
        gateway.process.send_signal(signal.SIGTERM)
        assert gateway.process.wait(SECONDS) == 0
        call.join()
        assert time.monotonic() - began < 20
        assert [status for status, _ in answers] == [503]
    assert len(_events(gateway.ledger)) == 1  # sent, so it is assumed


def test_the_workers_of_a_killed_supervisor_stop(tmp_path: Path) -> None:
    with Sandbox() as sandbox, _serving(tmp_path, sandbox) as gateway:
        workers = _workers(gateway)
        folder = _shared_folder(min(workers))
        assert folder.is_dir()
        assert _post(gateway.url + GENERATE, gateway.key, prompt())[0] == 200
        gateway.process.kill()
        until(lambda: not any(map(_is_alive, workers)))
        assert not folder.exists()
    assert len(_events(gateway.ledger)) == 1


def test_a_revoked_key_is_refused_by_every_worker_within_five_seconds(tmp_path: Path) -> None:
    with Sandbox() as sandbox, _serving(tmp_path, sandbox) as gateway:
        for _ in range(8):
            assert _post(gateway.url + GENERATE, gateway.key, prompt())[0] == 200
        subprocess.run(
            [sys.executable, "-m", "quotakeeper", "keys", "revoke", "an"], check=True,
            env=environment(tmp_path, gateway.ledger), capture_output=True, timeout=60,
        )  # fmt: skip
        revoked = time.monotonic()
        refused = 0
        while refused < 16:  # every request is a new connection, which any worker may accept
            status, _ = _post(gateway.url + GENERATE, gateway.key, prompt())
            assert status in (200, 401)
            refused = refused + 1 if status == 401 else 0
            assert refused or time.monotonic() - revoked < 5
        assert gateway.stop()[0] == 0


def test_what_keeps_the_first_worker_from_serving_is_told_once(tmp_path: Path) -> None:
    (tmp_path / "quotakeeper.toml").write_text("default_limits = false\n", encoding="utf-8")
    (tmp_path / "ledger.db").write_bytes(b"no ledger" * 1_000)
    ran = subprocess.run(
        [sys.executable, "-m", "quotakeeper", "serve", "--port", "0", "--workers", "3"],
        env={**environment(tmp_path, tmp_path / "ledger.db"), "GEMINI_API_KEY": "any"}, cwd=tmp_path,
        capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode not in (0, None) and ran.returncode > 0
    assert ran.stderr.count("ledger.db") >= 1 and ran.stderr.count("error") <= 2, ran.stderr
    assert "gateway on" not in ran.stderr and "Traceback" not in ran.stderr


def test_a_worker_that_ends_again_and_again_waits_longer() -> None:
    told: list[WorkerEnd] = []
    clock = FakeClock("2026-11-23T12:00:00+00:00")
    supervisor = supervising._Supervisor(1, (), (lambda: None, told.append), clock)
    try:
        (worker,) = supervisor._workers
        for lived in [1.0] * 9 + [supervising.LONG_LIFE]:
            worker.started_at = clock.monotonic()
            clock.advance(seconds=lived)
            supervisor._plan_restart(worker, 7, -9)
        assert worker.due_at == clock.monotonic() + 0.25
    finally:
        supervisor._selector.close()
        for each in (supervisor._woken, supervisor._waker):
            each.close()
        os.rmdir(supervisor._folder)
    assert [each.pause for each in told] == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30, 0.25]


def test_without_fork_more_than_one_worker_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    check_can_supervise()
    monkeypatch.delattr(os, "fork")
    with pytest.raises(InvalidInputError, match="Unix only"):
        check_can_supervise()


def test_a_port_in_use_is_told_and_leaves_no_socket() -> None:
    (first,) = listening_sockets("127.0.0.1", 0)
    with first:
        port = first.getsockname()[1]
        assert port > 0
        with pytest.raises(InvalidInputError, match="cannot be used"):
            listening_sockets("127.0.0.1", port)


_TAKER = """
import sys
from pathlib import Path
from quotakeeper.gateway.shared_calls import SharedCalls
shared = SharedCalls(Path(sys.argv[1]))
print(shared.take("id", 2), shared.take("id", 2), shared.take("other", 1), flush=True)
sys.stdin.read()
"""


def test_the_calls_of_a_key_are_counted_over_all_processes(tmp_path: Path) -> None:
    """A process that is killed gives its places back."""
    shared = SharedCalls(tmp_path / "calls")
    try:
        assert shared.take("id", 2) == 0
        with subprocess.Popen(
            [sys.executable, "-c", _TAKER, str(tmp_path / "calls")], text=True,
            env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        ) as other:  # fmt: skip
            assert other.stdout is not None
            assert other.stdout.readline() == "1 None 0\n"
            assert (shared.take("id", 2), shared.take("other", 1)) == (None, None)
            shared.give_back("id", 0)
            assert shared.take("id", 2) == 0
            other.kill()
        assert (shared.take("id", 2), shared.take("id", 2)) == (1, None)
        assert shared.take("other", 1) == 0
    finally:
        shared.close()


def _shelves(folder: Path) -> list[tuple[str, UploadShelf, UploadShelf]]:
    memory = MemoryShelf()
    upstreams = make_upstreams({"gemini": "any"}, {})
    return [
        ("memory", memory, memory),
        ("folder", FolderShelf(folder, upstreams), FolderShelf(folder, upstreams)),
    ]


@pytest.mark.parametrize("which", [0, 1], ids=["one process", "workers"])
def test_every_worker_finds_an_upload_until_it_ends(
    tmp_path: Path, which: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quotakeeper.gateway.upload_shelves.MOST_OF_A_KEY", 2)
    _, one, other = _shelves(tmp_path)[which]
    (upstream,) = make_upstreams({"gemini": "any"}, {})
    presented: Any = PresentedKey(VirtualKey(id="id-1", name="an"), b"\x01" * 32)
    routed = Routed(upstream, "/upload/v1beta/files?upload_id=x")
    name = tag_of("id-1") + "abc"
    one.put(name, OpenUpload(presented, routed, 10.0))
    found = other.get(name, 9.0)
    assert found is not None and found.routed == routed
    assert (found.presented.key.id, found.presented.digest) == ("id-1", b"\x01" * 32)
    assert other.get("../secret", 9.0) is None and other.get("none", 9.0) is None
    for number in range(2):
        os.utime(tmp_path, None)
        one.put(f"{tag_of('id-1')}{number}", OpenUpload(presented, routed, 20.0))
    left = [each for each in (name, f"{tag_of('id-1')}0", f"{tag_of('id-1')}1")
            if other.get(each, 9.0) is not None]  # fmt: skip
    assert len(left) == 2
    other.drop(left[-1])
    assert one.get(left[-1], 9.0) is None
    assert one.get(left[0], 30.0) is None
    assert not other.has_file("id-1", "files/abc")
    one.note_file("id-1", "files/abc")
    assert other.has_file("id-1", "files/abc") and not other.has_file("id-2", "files/abc")


def test_a_ledger_of_workers_admits_no_call_past_the_last(tmp_path: Path) -> None:
    """24 clients ask two workers for the last five calls: five are sent."""
    config = (
        'default_limits = false\n[[limit]]\nname = "five"\nprovider = "gemini"\n'
        'meter = "requests"\nwindow = "none"\namount = 5\n'
    )
    with Sandbox() as sandbox, served(
        tmp_path, {"gemini": sandbox.base_url}, "--workers", "2", config=config
    ) as gateway:  # fmt: skip
        statuses: list[int] = []

        def ask() -> None:
            statuses.append(_post(gateway.url + GENERATE, gateway.key, prompt())[0])

        asking = [threading.Thread(target=ask) for _ in range(24)]
        for each in asking:
            each.start()
        for each in asking:
            each.join()
        assert gateway.stop()[0] == 0
        assert statuses.count(200) == len(sandbox.bill.charges) == 5
        assert set(statuses) <= {200, 402, 429}
    with Keeper(gateway.ledger, {"default_limits": False}) as keeper:
        assert len(list(keeper.events())) == 5 and keeper.verify() == []
