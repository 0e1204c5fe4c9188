"""gevent and eventlet in every order of patching: the program behaves as alone, every call counts."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from quotakeeper import native_threads
from quotakeeper.engine import callers
from quotakeeper.engine.resumable_thread import ResumableThread
from quotakeeper.sandbox import Sandbox
from tests.engine.support import SECONDS, until
from tests.launch.conftest import Runner, posix
from tests.launch.test_calls import sums
from tests.matrix.environments import UnavailableError, prepare

CALLS = """
import json, sys

def call(number):
    body = {"contents": [{"parts": [{"text": "hi %d" % number}]}]}
    url = sys.argv[1] + "/v1beta/models/gemini-2.5-flash:generateContent"
    return requests.post(url, json=body, timeout=30, headers={"x-goog-api-key": "any"}).status_code
"""
GEVENT = "import gevent; from gevent import monkey; monkey.patch_all({options})\n"
IN_GREENLETS = (
    CALLS
    + """
jobs = [gevent.spawn(call, number) for number in range(4)]
gevent.joinall(jobs)
print([job.value for job in jobs])
"""
)
EVENTLET = "import eventlet; eventlet.monkey_patch()\n"
IN_A_POOL = CALLS + "print(list(eventlet.GreenPool().imap(call, range(4))))\n"
IMPORT = "import requests\n"
CALLED_FIRST = CALLS + "assert call(9) == 200\n"
PROGRAMS = {
    "gevent first": GEVENT.format(options="") + IMPORT + IN_GREENLETS,
    "gevent after the library": IMPORT + GEVENT.format(options="") + IN_GREENLETS,
    "gevent after a call": IMPORT + CALLED_FIRST + GEVENT.format(options="") + IN_GREENLETS,
    "gevent without threads": GEVENT.format(options="thread=False, select=False")
    + IMPORT + CALLS + "print([call(number) for number in range(4)])\n",
    "gevent without threads, late": IMPORT + GEVENT.format(options="thread=False") + IN_GREENLETS,
    "eventlet first": EVENTLET + IMPORT + IN_A_POOL,
    "eventlet after the library": IMPORT + EVENTLET + IN_A_POOL,
    "eventlet after a call": IMPORT + CALLED_FIRST + EVENTLET + IN_A_POOL,
}  # fmt: skip


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture(scope="module")
def green() -> Path:
    """A Python with gevent, eventlet and gunicorn."""
    try:
        return prepare("green")
    except UnavailableError as error:
        pytest.skip(f"no environment with gevent and eventlet: {error}")


@pytest.mark.slow
@pytest.mark.parametrize("order", list(PROGRAMS))
def test_every_order_of_patching(order: str, green: Path, runner: Runner, sandbox: Sandbox) -> None:
    runner.write("prog.py", PROGRAMS[order])
    with Sandbox() as other:
        bare = subprocess.run(
            [str(green), "prog.py", other.base_url], cwd=runner.folder, env=runner.environment(),
            capture_output=True, encoding="utf-8", timeout=60, check=False,
        )  # fmt: skip
    assert bare.stdout == "[200, 200, 200, 200]\n", bare.stderr
    ran = runner("--summary", "off", "--", str(green), "prog.py", sandbox.base_url)
    assert (ran.returncode, ran.stdout) == (bare.returncode, bare.stdout), ran.stderr
    events = runner.events()
    assert sums([dict(event.quantities) for event in events]) == sandbox.bill.totals()["gemini"]
    assert {event.provenance.value for event in events} == {"reported"}


WSGI = (
    IMPORT
    + """
import os

def app(environ, start):
    body = {"contents": [{"parts": [{"text": "hi"}]}]}
    url = os.environ["BASE"] + "/v1beta/models/gemini-2.5-flash:generateContent"
    code = requests.post(url, json=body, timeout=30, headers={"x-goog-api-key": "any"}).status_code
    start("200 OK", [("content-type", "text/plain")])
    return [str(code).encode()]
"""
)


@posix
@pytest.mark.slow
def test_gunicorn_with_gevent(green: Path, runner: Runner, sandbox: Sandbox) -> None:
    runner.write("wsgi.py", WSGI)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{found.getsockname()[1]}"
    line = [str(green), "-m", "gunicorn", "-k", "gevent", "-w", "1", "-b", address, "wsgi:app"]
    environment = runner.environment(BASE=sandbox.base_url)
    with subprocess.Popen(
        runner.line("--summary", "off", "--", *line), cwd=runner.folder, env=environment,
        stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        try:
            assert server.stderr is not None
            until_booted = iter(server.stderr.readline, "")
            assert any("Booting worker" in text for text in until_booted)
            for _ in range(3):
                with urllib.request.urlopen(f"http://{address}/", timeout=30) as got:
                    assert got.read() == b"200"
        finally:
            server.send_signal(signal.SIGTERM)
            server.stderr.read()  # type: ignore[union-attr]
    events = runner.events()
    assert len(events) == len(sandbox.bill.charges) == 3
    assert sums([dict(event.quantities) for event in events]) == sandbox.bill.totals()["gemini"]


# -- without these libraries: stand-ins for what they tell of themselves


@pytest.fixture
def green_now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkey: Any = SimpleNamespace(
        is_module_patched=lambda name: name == "threading",
        is_object_patched=lambda module, name: False,
    )
    monkeypatch.setitem(sys.modules, "gevent.monkey", monkey)


def test_a_native_thread_starts_where_threads_are_green(
    green_now: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("threading.Thread.start", lambda thread: pytest.fail("a green thread"))
    queue = native_threads.SimpleQueue[Any]()
    thread = ResumableThread("ours")
    thread.start(lambda: bool(queue.get().claim()))
    assert thread.running
    assert thread.stop(queue.put, SECONDS)
    assert not thread.running


def test_a_native_thread_starts_while_another_is_being_started(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A signal handler comes while `Thread.start` has its lock."""
    import threading

    lock = native_threads.Lock()
    lock.acquire()
    monkeypatch.setattr(threading, "_active_limbo_lock", lock)
    queue, ended = native_threads.SimpleQueue[Any](), list[int]()

    def work() -> bool:
        claimed: bool = queue.get().claim()
        ended.append(1)
        return claimed

    thread = ResumableThread("ours")
    thread.start(work)
    assert thread.stop(queue.put, SECONDS)
    until(lambda: ended == [1])


def test_names_are_taken_as_they_were_before_they_were_patched(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    before = object()
    monkey: Any = SimpleNamespace(
        is_object_patched=lambda module, name: (module, name) == ("_thread", "allocate_lock"),
        get_original=lambda module, name: before,
    )
    monkeypatch.setitem(sys.modules, "gevent.monkey", monkey)
    assert native_threads._native("allocate_lock") is before
    monkeypatch.delitem(sys.modules, "gevent.monkey")
    patcher: Any = SimpleNamespace(
        is_monkey_patched=lambda what: what == "thread",
        original=lambda module: SimpleNamespace(allocate_lock=before),
    )
    monkeypatch.setitem(sys.modules, "eventlet.patcher", patcher)
    assert native_threads._native("allocate_lock") is before
    assert native_threads.are_green()


def test_a_hub_in_this_thread_is_an_event_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not callers.on_event_loop()
    local: Any = SimpleNamespace(get_hub_if_exists=lambda: None)
    monkeypatch.setitem(sys.modules, "gevent._hub_local", local)
    assert not callers.on_event_loop()
    local.get_hub_if_exists = object
    assert callers.on_event_loop()
    monkeypatch.delitem(sys.modules, "gevent._hub_local")
    hubs: Any = SimpleNamespace(_threadlocal=SimpleNamespace(hub=object()))
    monkeypatch.setitem(sys.modules, "eventlet.hubs", hubs)
    assert callers.on_event_loop()
