"""Calls of unchanged programs under `run`: in the ledger as on the sandbox's bill, and stopped."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from quotakeeper.sandbox import Sandbox
from tests.launch.conftest import Runner

PROGRAM = """
import json, sys, urllib.error, urllib.request

def ask(text):
    body = json.dumps({"contents": [{"parts": [{"text": text}]}]}).encode()
    url = sys.argv[1] + "/v1beta/models/gemini-2.5-flash:generateContent"
    headers = {"x-goog-api-key": "any", "content-type": "application/json"}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as got:
            return json.load(got)["usageMetadata"]["totalTokenCount"]
    except urllib.error.HTTPError as error:
        return f"{error.code} {json.load(error)['error']['status']}"

if __name__ == "__main__":
    for number in range(3):
        print(ask("xin chào " * number + "bạn"))
"""


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


def sums(rows: list[dict[str, int]]) -> dict[str, int]:
    totals: dict[str, int] = {}
    for row in rows:
        for name, amount in row.items():
            totals[name] = totals.get(name, 0) + amount
    return totals


def test_the_ledger_equals_the_bill(runner: Runner, sandbox: Sandbox) -> None:
    runner.write("prog.py", PROGRAM)
    ran = runner(
        "--project", "phim-01", "--tag", "team=phụ đề", "--json", "out.json",
        "--", sys.executable, "prog.py", sandbox.base_url,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    events = runner.events()
    assert sums([dict(event.quantities) for event in events]) == sandbox.bill.totals()["gemini"]
    labels = [dict(event.labels.scope) for event in events]
    assert {(each["project"], each["team"]) for each in labels} == {("phim-01", "phụ đề")}
    lines = ran.stderr.splitlines()
    assert lines[0].startswith("quotakeeper: 3 calls, $") and lines[0].endswith("(phim-01)")
    assert lines[1].startswith("  gemini gemini-2.5-flash: 3 calls, ")
    assert len(lines) <= 6
    record = json.loads((runner.folder / "out.json").read_text(encoding="utf-8"))
    assert record["totals"]["quantities"] == sandbox.bill.totals()["gemini"]
    assert next(iter(record.items())) == ("schema", 1)
    assert (record["exit_code"], record["refused_calls"]) == (0, 0)
    assert record["labels"]["run"] == labels[0]["run"]


def test_other_runs_on_the_same_ledger_stay_out_of_the_summary(
    runner: Runner, sandbox: Sandbox
) -> None:
    runner.write("prog.py", PROGRAM)
    for _ in range(2):
        ran = runner("--", sys.executable, "prog.py", sandbox.base_url)
        assert ran.stderr.startswith("quotakeeper: 3 calls, ")
    assert len(runner.events()) == 6
    assert len({dict(event.labels.scope)["run"] for event in runner.events()}) == 2


def test_a_hard_limit_stops_a_call_with_the_providers_own_error(
    runner: Runner, sandbox: Sandbox
) -> None:
    runner.write("prog.py", PROGRAM)
    runner.limit(name="two calls", provider="gemini", meter="requests", window="day", amount=2)
    ran = runner("--", sys.executable, "prog.py", sandbox.base_url)
    first, second, third = ran.stdout.splitlines()
    assert first.isdigit() and second.isdigit()
    assert third in ("402 RESOURCE_EXHAUSTED", "429 RESOURCE_EXHAUSTED")
    assert sandbox.bill.totals()["gemini"]["requests"] == 2
    assert "refused by a limit: 1" in ran.stderr
    assert "two calls: 100.0% OVER" in ran.stderr


UNSENT = """
import asyncio, sys, urllib.error, urllib.request
import httpx

url = "http://127.0.0.1:1/v1beta/models/gemini-2.5-flash:generateContent"
body = b'{"contents": [{"parts": [{"text": "hi"}]}]}'
try:
    urllib.request.urlopen(urllib.request.Request(url, body, {"content-type": "application/json"}))
except urllib.error.URLError:
    print("refused")


async def post():
    async with httpx.AsyncClient() as client:
        try:
            await client.post(url, content=body)
        except httpx.ConnectError:
            print("refused")


asyncio.run(post())
"""


def test_calls_without_a_connection_are_not_counted_and_the_summary_says_so(runner: Runner) -> None:
    runner.write("prog.py", UNSENT)
    listed = {"QUOTAKEEPER_BASE_URLS": "gemini=http://127.0.0.1:1"}
    ran = runner("--", sys.executable, "prog.py", environ=listed)
    assert (ran.returncode, ran.stdout) == (0, "refused\nrefused\n"), ran.stderr
    first, second = ran.stderr.splitlines()
    assert first.startswith("quotakeeper: 0 calls, $0.00, in ")
    assert second == "  not sent: 2"
    assert runner.events() == []


def test_to_warn_lets_it_pass(runner: Runner, sandbox: Sandbox) -> None:
    runner.write("prog.py", PROGRAM)
    runner.limit(name="two calls", provider="gemini", meter="requests", window="day", amount=2)
    ran = runner("--on-limit", "warn", "--", sys.executable, "prog.py", sandbox.base_url)
    assert all(line.isdigit() for line in ran.stdout.splitlines())
    assert sandbox.bill.totals()["gemini"]["requests"] == 3


@pytest.mark.parametrize("method", ["spawn", "fork"])
def test_processes_of_multiprocessing_are_metered(
    runner: Runner, sandbox: Sandbox, method: str
) -> None:
    if sys.platform == "win32" and method == "fork":
        pytest.skip("there is no fork")
    runner.write("prog.py", PROGRAM)
    runner.write(
        "many.py",
        "import multiprocessing, prog\n"
        "if __name__ == '__main__':\n"
        f"    with multiprocessing.get_context({method!r}).Pool(2) as pool:\n"
        "        print(len(pool.map(prog.ask, ['một', 'hai', 'ba', 'bốn'])))\n"
        "        pool.close(); pool.join()\n",
    )
    ran = runner("--", sys.executable, "-W", "ignore", "many.py", sandbox.base_url)
    assert ran.stdout == "4\n", ran.stderr
    quantities = sums([dict(event.quantities) for event in runner.events()])
    assert quantities == sandbox.bill.totals()["gemini"]
    assert ran.stderr.startswith("quotakeeper: 4 calls")


def test_a_virtual_environment_without_quotakeeper(runner: Runner, sandbox: Sandbox) -> None:
    subprocess.run(
        [sys.executable, "-m", "venv", "--without-pip", "venv"], check=True, cwd=runner.folder
    )
    folder = "Scripts" if sys.platform == "win32" else "bin"
    other = runner.folder / "venv" / folder / "python"
    runner.write("prog.py", PROGRAM)
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); "
        "from quotakeeper.__main__ import main; sys.exit(main(sys.argv[1:]))"
    )
    environ = {k: v for k, v in runner.environment().items() if k != "PYTHONPATH"}
    ran = subprocess.run(
        [sys.executable, "-c", code, str(runner.repository / "src"), "run", "--", str(other),
         "prog.py", sandbox.base_url],
        capture_output=True, check=False, text=True, cwd=runner.folder, env=environ,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.startswith("quotakeeper: 3 calls")
    assert len(runner.events()) == 3


def test_with_no_third_party_package(runner: Runner, sandbox: Sandbox) -> None:
    runner.write("prog.py", PROGRAM)
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); "
        "from quotakeeper.__main__ import main; code = main(sys.argv[1:]); "
        "third = {'click', 'rich', 'tomlkit', 'platformdirs'} & set(sys.modules); "
        "assert not third, third; sys.exit(code)"
    )
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", code, str(runner.repository / "src"),
         "run", "--project", "p", "--tag", "a=b", "--json", "out.json",
         "--", sys.executable, "prog.py", sandbox.base_url],
        capture_output=True, check=False, text=True, cwd=runner.folder, env=runner.environment(),
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert ran.stderr.startswith("quotakeeper: 3 calls")
    assert json.loads((runner.folder / "out.json").read_text())["labels"]["a"] == "b"


CHANGED = """
import prog, sys, urllib.request
with open("quotakeeper.toml", "w") as file:
    file.write("[[limit\\n")
print(prog.ask("một"))
print(prog.ask("hai"))
with urllib.request.urlopen(sys.argv[1] + "/__sandbox__/health") as got:
    print(got.status)
"""


def test_a_config_that_breaks_under_way_refuses_calls_and_nothing_else(
    runner: Runner, sandbox: Sandbox
) -> None:
    runner.write("prog.py", PROGRAM)
    runner.write("changed.py", CHANGED)
    runner.limit(name="many calls", provider="gemini", meter="requests", window="day", amount=9)
    ran = runner("--", sys.executable, "changed.py", sandbox.base_url)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.splitlines() == ["402 RESOURCE_EXHAUSTED"] * 2 + ["200"]
    assert sandbox.bill.charges == ()
    said = [line for line in ran.stderr.splitlines() if "calls to providers are refused" in line]
    assert len(said) == 1 and "quotakeeper.toml" in said[0]
    assert "calls to providers were refused: " in ran.stderr.splitlines()[-1]


AT_EXIT = """
import atexit

def late():
    from quotakeeper.engine.worker.process_lifecycle import lifecycle
    print([member._closed for member in lifecycle._members])
    print(ask("at exit") > 0)

atexit.register(late)
"""


def test_our_exit_handlers_come_after_the_programs(runner: Runner, sandbox: Sandbox) -> None:
    runner.write("prog.py", AT_EXIT + PROGRAM)
    ran = runner("--", sys.executable, "prog.py", sandbox.base_url)
    assert ran.returncode == 0
    assert ran.stdout.splitlines()[3:] == ["[False]", "True"]
    assert ran.stderr.startswith("quotakeeper: 4 calls, ")
    assert len(sandbox.bill.charges) == 4
