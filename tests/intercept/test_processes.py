"""Forks, spawned children, threads, exits and kills: every call is in the ledger once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

import quotakeeper
from quotakeeper import Keeper
from quotakeeper.domain.usage import Provenance
from quotakeeper.sandbox.server import Sandbox
from tests.intercept.conftest import (
    HEADERS,
    Watched,
    billed,
    booked,
    by_requests,
    by_urllib,
    generate,
    prompt,
)
from tests.intercept.scripted import FIRST, STREAMED, Got, Line, ScriptedServer, chunk

STREAM_PATH = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
BEGINNING = """
import sys, urllib.request, quotakeeper
from quotakeeper import Keeper
url, body, headers = sys.argv[1], {body!r}, {headers!r}

def post(url=url):
    request = urllib.request.Request(url, body, headers)
    return urllib.request.urlopen(request, timeout=20)
"""
WATCH = "quotakeeper.watch()\n"


def _program(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "program.py"
    file.write_text(BEGINNING.format(body=prompt(), headers=HEADERS) + text, encoding="utf-8")
    return file


def _environment(tmp_path: Path) -> dict[str, str]:
    source = str(Path(quotakeeper.__file__).resolve().parents[1])  # may be a copy
    return {
        **os.environ,
        "PYTHONPATH": source,
        "QUOTAKEEPER_LEDGER": str(tmp_path / "ledger.db"),
        "QUOTAKEEPER_DURABILITY": "process",
        "XDG_CONFIG_HOME": str(tmp_path),
    }


def _run(tmp_path: Path, text: str, url: str) -> None:
    command = [sys.executable, str(_program(tmp_path, text)), url]
    ran = subprocess.run(
        command, env=_environment(tmp_path), cwd=tmp_path, capture_output=True, encoding="utf-8",
        timeout=60, check=False,
    )  # fmt: skip
    assert (ran.returncode, ran.stderr) == (0, "")


def _ledger(tmp_path: Path) -> Keeper:
    return Keeper(tmp_path / "ledger.db", {}, durability="process")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_parent_and_its_forked_child_are_both_counted(sandbox: Sandbox, tmp_path: Path) -> None:
    _run(
        tmp_path,
        WATCH
        + """
import os
post().read()
child = os.fork()
for _ in range(3):
    post().read()
if child:
    assert os.waitpid(child, 0)[1] == 0
""",
        generate(sandbox.base_url),
    )
    with _ledger(tmp_path) as keeper:
        assert len(sandbox.bill.charges) == 7
        assert booked(list(keeper.events())) == billed(sandbox)
        assert keeper.verify() == []


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_childs_copy_of_an_answer_does_not_end_its_parents_call(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    _run(
        tmp_path,
        WATCH
        + """
import os
got = post()
child = os.fork()
if not child:
    del got              # closed, dropped, at its end: none of it is the child's to settle
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
assert got.read()
""",
        generate(sandbox.base_url),
    )
    with _ledger(tmp_path) as keeper:
        assert booked(list(keeper.events())) == billed(sandbox)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_child_that_closes_its_copy_ends_only_its_own_call(
    sandbox: Sandbox, tmp_path: Path
) -> None:
    _run(
        tmp_path,
        WATCH
        + """
import os
got = post()
child = os.fork()
if not child:
    got.close()          # nothing of it was read here
    assert post().read()
    sys.exit()
assert os.waitpid(child, 0)[1] == 0
assert got.read()
""",
        generate(sandbox.base_url),
    )
    with _ledger(tmp_path) as keeper:
        assert len(sandbox.bill.charges) == 2
        assert booked(list(keeper.events())) == billed(sandbox)
        assert [event.provenance for event in keeper.events()] == [Provenance.REPORTED] * 2
        assert keeper.verify() == []


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_calls_of_multiprocessing_children_are_counted(
    method: str, sandbox: Sandbox, tmp_path: Path
) -> None:
    import multiprocessing

    if method not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no {method} here")
    _run(
        tmp_path,
        WATCH
        + f"""
import multiprocessing

def work(_):
    return len(post().read())

if __name__ == "__main__":
    with multiprocessing.get_context({method!r}).Pool(3) as pool:
        assert all(pool.map(work, range(9)))
        pool.close()
        pool.join()
""",
        generate(sandbox.base_url),
    )
    with _ledger(tmp_path) as keeper:
        assert len(sandbox.bill.charges) == 9
        assert booked(list(keeper.events())) == billed(sandbox)


def test_a_program_that_exits_during_an_answer_settles_what_it_read(tmp_path: Path) -> None:
    let_go = threading.Event()

    def script(request: Got, line: Line) -> None:
        line.send(STREAMED + chunk(FIRST))
        let_go.wait(20)

    with ScriptedServer(script) as server:
        _run(tmp_path, WATCH + "got = post()\ngot.readline()\n", server.url + STREAM_PATH)
        let_go.set()
    with _ledger(tmp_path) as keeper:
        (event,) = keeper.events()
        assert event.quantities["input_tokens"] == 7
        assert event.provenance is Provenance.ESTIMATED
        assert keeper.status().open_reservations == 0


@pytest.mark.skipif(sys.platform == "win32", reason="no such signal")
def test_a_call_of_a_program_killed_during_an_answer_is_assumed(tmp_path: Path) -> None:
    arrived, let_go = threading.Event(), threading.Event()

    def script(request: Got, line: Line) -> None:
        arrived.set()
        let_go.wait(20)

    with ScriptedServer(script) as server:
        file = _program(tmp_path, WATCH + "post()\n")
        command = [sys.executable, str(file), server.url + STREAM_PATH]
        with subprocess.Popen(command, env=_environment(tmp_path), cwd=tmp_path) as program:
            assert arrived.wait(20)
            program.send_signal(signal.SIGKILL)
        let_go.set()
    with _ledger(tmp_path) as keeper:
        (event,) = keeper.events()
        assert event.provenance is Provenance.ASSUMED
        assert event.quantities["input_tokens"] > 0
        assert keeper.status().open_reservations == 0


def test_threads_share_one_meter(sandbox: Sandbox, watched: Watched) -> None:
    watched()
    url = generate(sandbox.base_url)
    posts = (by_urllib, by_requests) * 8
    threads = [
        threading.Thread(target=post, args=(url, prompt(number + 1), HEADERS))
        for number, post in enumerate(posts)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert len(sandbox.bill.charges) == len(posts)
    assert booked(watched.events()) == billed(sandbox)
