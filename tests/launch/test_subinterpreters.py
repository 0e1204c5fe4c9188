"""A call from a sub-interpreter, which has no threads: metered, or passed and named."""

from __future__ import annotations

import sys

import pytest

from quotakeeper.sandbox import Sandbox
from tests.launch.conftest import Runner
from tests.launch.test_calls import sums

_PROGRAM = """
import sys
try:
    import _interpreters as made
except ImportError:
    import _xxsubinterpreters as made

CODE = '''
import json, urllib.error, urllib.request
body = json.dumps({"contents": [{"parts": [{"text": "chào"}]}]}).encode()
url = "ADDRESS/v1beta/models/gemini-2.5-flash:generateContent"
headers = {"x-goog-api-key": "any", "content-type": "application/json"}
for _ in range(2):
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as got:
            got.read()
            print(got.status, flush=True)
    except urllib.error.HTTPError as error:
        print(error.code, flush=True)
'''.replace("ADDRESS", sys.argv[1])
if "--before" in sys.argv:
    exec(CODE)
print(made.run_string(made.create(), CODE) or "", end="")
if "--after" in sys.argv:
    exec(CODE)
"""


@pytest.mark.parametrize("more", [(), ("--before",), ("--after",)], ids=str)
def test_it_is_metered_or_named(runner: Runner, more: tuple[str, ...]) -> None:
    runner.write("prog.py", _PROGRAM)
    with Sandbox() as sandbox:
        ran = runner("--", sys.executable, "prog.py", sandbox.base_url, *more)
        billed = sandbox.bill.totals()["gemini"]
    if sys.version_info[:2] == (3, 12):  # which may crash there without us, too
        assert "3.13 can" in ran.stderr
        return
    calls = 2 + 2 * len(more)
    assert (ran.returncode, ran.stdout) == (0, "200\n" * calls), ran.stderr
    assert billed["requests"] == calls
    assert sums([dict(event.quantities) for event in runner.events()]) == billed
    assert {str(event.provenance) for event in runner.events()} == {"reported"}


def test_a_hard_limit_holds_in_it(runner: Runner) -> None:
    runner.write("prog.py", _PROGRAM)
    runner.limit(
        name="cap", provider="gemini", meter="requests", window="none", amount=1, mode="hard"
    )
    with Sandbox() as sandbox:
        ran = runner("--", sys.executable, "prog.py", sandbox.base_url)
        if sys.version_info[:2] == (3, 12):
            assert "3.13 can" in ran.stderr
            return
        assert (ran.returncode, ran.stdout) == (0, "200\n402\n"), ran.stderr
        assert sandbox.bill.totals()["gemini"]["requests"] == len(runner.events()) == 1
