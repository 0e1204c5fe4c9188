"""A signal handler makes a call while the first metered call of the program loads the meter."""

from __future__ import annotations

import os
import sys

import pytest

from quotakeeper.sandbox import Sandbox
from tests.launch.conftest import Runner, posix

# At every instruction of the files on the way (each one once), a forked child gets the signal there
# and goes on to its end; then the parent goes on to the next.
_PROGRAM = """
import json, os, signal, sys, urllib.request

address, every, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
FILES = ("intercept/hooks/http_client.py", "intercept/http_gate.py", "intercept/held_signals.py",
         "metering/process_meter.py", "metering/watch_settings.py", "providers/registry.py",
         "providers/directory.py", "providers/plugins.py", "config/child_environment.py",
         "wiring.py", "keeper.py", "engine/assembly.py")

def ask():
    body = json.dumps({"contents": [{"parts": [{"text": "chào"}]}]}).encode()
    url = address + "/v1beta/models/gemini-2.5-flash:generateContent"
    headers = {"x-goog-api-key": "any", "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as got:
        assert got.status == 200
        got.read()

seen, children, bad = set(), 0, []

def interrupted(place):
    global children
    children += 1
    child = os.fork()
    if child == 0:
        sys.settrace(None)
        signal.alarm(30)  # which ends it, if it hangs
        signal.raise_signal(signal.SIGUSR1)
        return
    _, status = os.waitpid(child, 0)
    if status:
        bad.append((place, status))

def trace(frame, event, _):
    code = frame.f_code
    if not code.co_filename.endswith(FILES):
        return None
    frame.f_trace_opcodes = True
    gate = sys.modules["quotakeeper.intercept.http_gate"]
    if event == "opcode" and gate._loading.current is None:  # a call under way is the parent's alone
        place = (code.co_filename, code.co_name, frame.f_lasti)
        if place not in seen:
            seen.add(place)
            if len(seen) % every == first:
                interrupted(place)
    return trace

parent = os.getpid()
signal.signal(signal.SIGUSR1, lambda *_: ask())
sys._getframe().f_trace_opcodes = True  # or 3.12 tells of no instruction of the first frame
sys.settrace(trace)
ask()
sys.settrace(None)
if os.getpid() == parent:
    print(len(seen), children, bad)
"""


# `QUOTAKEEPER_EVERY_INSTRUCTION=1` takes each of them, in four parts; by default it is one in 127.
PARTS = range(4) if os.environ.get("QUOTAKEEPER_EVERY_INSTRUCTION") else (0,)


@posix
@pytest.mark.slow
@pytest.mark.parametrize("part", PARTS)
def test_every_call_is_counted_and_none_hangs(runner: Runner, part: int) -> None:
    every = len(PARTS) if len(PARTS) > 1 else 127
    runner.write("prog.py", _PROGRAM)
    with Sandbox() as sandbox:
        ran = runner(
            "--", sys.executable, "prog.py", sandbox.base_url, every, part,
            timeout=60 * 60,
        )  # fmt: skip
        calls = sandbox.bill.totals()["gemini"]["requests"]
    print(ran.stdout)
    assert ran.returncode == 0, ran.stderr
    places, children, bad = ran.stdout.split(" ", 2)
    assert bad.strip() == "[]", ran.stderr
    assert int(places) > 500 and int(children) == len(range(part or every, int(places) + 1, every))
    assert len(runner.events()) == calls == 2 * int(children) + 1
    assert "uncounted" not in ran.stderr
