"""Connections and children that no hook sees: counted, named, and an error under --strict."""

from __future__ import annotations

import json
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.launch.inject import quotakeeper_unseen as unseen
from quotakeeper.sandbox import Sandbox
from tests.launch.conftest import Runner, posix

PATH = "/v1beta/models/gemini-2.5-flash:generateContent?key=any"
BODY = json.dumps({"contents": [{"parts": [{"text": "hi"}]}]})
HEAD = "import asyncio, os, socket, subprocess, sys\nHOST, PORT, URL = sys.argv[1:4]\n"
RAW = f"""
REQUEST = (b"POST {PATH} HTTP/1.1\\r\\nhost: x\\r\\ncontent-type: application/json\\r\\n"
           b"connection: close\\r\\ncontent-length: {len(BODY)}\\r\\n\\r\\n" + b'{BODY}')
"""
BY_SOCKET = (
    HEAD
    + RAW
    + """
with socket.create_connection((HOST, int(PORT))) as connection:
    connection.sendall(REQUEST)
    while connection.recv(65536): pass
sys.exit(int(sys.argv[4]))
"""
)
BY_STREAMS = (
    HEAD
    + RAW
    + """
async def main():
    reader, writer = await asyncio.open_connection(HOST, int(PORT))
    writer.write(REQUEST)
    await reader.read()
    writer.close()
asyncio.run(main())
"""
)
SEEN = {
    "urllib": """
from urllib.request import Request, urlopen
urlopen(Request(URL, BODY.encode(), {"content-type": "application/json"})).read()
""",
    "requests": "import requests; requests.post(URL, data=BODY)",
    "httpx": "import httpx; httpx.post(URL, content=BODY)",
    "httpx async": """
import httpx
async def main():
    async with httpx.AsyncClient() as client:
        await client.post(URL, content=BODY)
asyncio.run(main())
""",
    "aiohttp": """
import aiohttp
async def main():
    async with aiohttp.ClientSession() as session, session.post(URL, data=BODY) as answer:
        await answer.read()
asyncio.run(main())
""",
}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox() as running:
        yield running


@pytest.fixture
def listed(runner: Runner, sandbox: Sandbox) -> Any:
    """Run a program with the sandbox listed as a provider, by a name or by an address."""
    port = sandbox.base_url.rpartition(":")[2]

    def run(
        code: str, *words: str, host: str = "localhost", options: tuple[str, ...] = (),
        provider: str = "gemini",
    ) -> Any:  # fmt: skip
        program = runner.write("program.py", code)
        listing = {"QUOTAKEEPER_BASE_URLS": f"{provider}=http://{host}:{port}"}
        arguments = (*options, "--json", "used.json", "--", sys.executable, program, host, port,
                     f"http://{host}:{port}{PATH}", *words)  # fmt: skip
        ran = runner(*arguments, environ=listing)
        return ran, json.loads((runner.folder / "used.json").read_text())

    return run


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize(
    ("options", "own", "code"), [((), 0, 0), (("--strict",), 0, 6), (("--strict",), 3, 3)]
)
def test_a_connection_past_the_meter_is_said_and_strict_makes_it_an_error(
    listed: Any, host: str, options: tuple[str, ...], own: int, code: int
) -> None:
    ran, used = listed(BY_SOCKET, str(own), host=host, options=options)
    assert ran.returncode == code
    assert used["unseen_connections"] == [{"host": host, "library": "__main__", "connections": 1}]
    assert (
        f"connections to {host} by the program itself that the meter did not see: 1;" in ran.stderr
    )
    assert "no call" not in ran.stderr
    assert ("--strict" in ran.stderr) is (code == 6)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
def test_a_connection_of_an_event_loop_is_seen_too(listed: Any, host: str) -> None:
    _, used = listed(BY_STREAMS, host=host)
    ((found),) = used["unseen_connections"]
    assert (found["host"], found["connections"]) == (host, 1)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1"])
@pytest.mark.parametrize("library", SEEN)
def test_what_a_hook_sees_is_not_said_to_be_unseen(listed: Any, library: str, host: str) -> None:
    code = f"{HEAD}BODY = {BODY!r}\nfor _ in range(2):\n" + "".join(
        f"    {line}\n" for line in SEEN[library].splitlines()
    )
    ran, used = listed(code, host=host, options=("--strict",))
    assert used["totals"]["calls"] == 2, ran.stderr
    assert (used["unseen_connections"], ran.returncode) == ([], 0)


def test_calls_of_a_library_without_a_hook_are_named_beside_those_that_are_seen(
    listed: Any, runner: Runner
) -> None:
    code = BY_SOCKET.replace("import asyncio", "import strange\nimport asyncio").replace(
        "socket.create_connection(", "strange.connect("
    )
    runner.write(
        "strange.py", "import socket\ndef connect(a): return socket.create_connection(a)\n"
    )
    seen = f"BODY = {BODY!r}\n{SEEN['httpx']}\n"
    ran, used = listed(code.replace("sys.exit", f"{seen}sys.exit"), "0", options=("--strict",))
    assert used["unseen_connections"] == [
        {"host": "localhost", "library": "strange", "connections": 1}
    ]
    assert used["totals"]["calls"] == 1
    assert ran.returncode == 6


BY_HTTPX = """
import httpx
KEYS = {"authorization": "Token x", "connection": "upgrade", "upgrade": "websocket",
        "sec-websocket-version": "13", "sec-websocket-key": "MDEyMzQ1Njc4OWFiY2RlZg=="}
def connect(url):
    with httpx.Client() as client, client.stream("GET", url, headers=KEYS) as answer:
        return answer.status_code
async def aconnect(url):
    async with httpx.AsyncClient() as client, client.stream("GET", url, headers=KEYS) as answer:
        return answer.status_code
"""


@pytest.mark.parametrize("call", ["strange.connect(LIVE)", "asyncio.run(strange.aconnect(LIVE))"])
def test_a_socket_that_a_library_opens_over_httpx_is_named(
    listed: Any, runner: Runner, call: str
) -> None:
    runner.write("strange.py", BY_HTTPX)
    live = "LIVE = f'http://{HOST}:{PORT}/v1/listen?model=nova-3'\n"
    ran, used = listed(f"{HEAD}import strange\n{live}assert {call} == 101\n", options=("--strict",),
                       provider="deepgram")  # fmt: skip
    assert used["unseen_connections"] == [
        {"host": "localhost", "library": "strange", "connections": 1}
    ]
    assert "connections to localhost by strange that the meter did not see: 1;" in ran.stderr
    assert (ran.returncode, used["totals"]["calls"]) == (6, 0)


def test_sessions_of_httpx_ws_are_seen(listed: Any) -> None:
    code = f"""{HEAD}import httpx_ws
with httpx_ws.connect_ws(f"ws://{{HOST}}:{{PORT}}/v1/listen?model=nova-3",
                         headers={{"authorization": "Token x"}}) as live:
    live.send_json({{"type": "CloseStream"}})
    print(live.receive_json()["type"])
"""
    ran, used = listed(code, options=("--strict",), provider="deepgram")
    assert (ran.returncode, ran.stdout) == (0, "Metadata\n"), ran.stderr
    assert (used["unseen_connections"], used["totals"]["calls"]) == ([], 1)


def test_a_name_that_leads_nowhere_is_no_connection(runner: Runner) -> None:
    code = "import socket\ntry: socket.create_connection(('x.invalid', 80))\nexcept OSError: pass\n"
    program = runner.write("program.py", code)
    listing = {"QUOTAKEEPER_BASE_URLS": "gemini=http://x.invalid"}
    ran = runner("--strict", "--", sys.executable, program, environ=listing)
    assert (ran.returncode, ran.stderr) == (
        0, "quotakeeper: no call to a known provider was seen\n",
    )  # fmt: skip


@posix
def test_children_that_cannot_be_metered_are_named(runner: Runner) -> None:
    child = runner.write("child.py", "")
    program = runner.write("program.py", f"""
import os, subprocess, sys
clean = {{"PATH": os.environ["PATH"]}}
subprocess.run([sys.executable, {str(child)!r}])
subprocess.run([sys.executable, {str(child)!r}], env=dict(os.environ))
subprocess.run([sys.executable, {str(child)!r}], env=clean)
subprocess.run(sys.executable + " " + {str(child)!r}, env=clean, shell=True)
subprocess.run([sys.executable, "-W", "ignore", "-BI", {str(child)!r}])
subprocess.run(["true"], env=clean)
try: subprocess.run(["curl", "-s", "https://api.deepgram.com/v1/listen?model=nova-3"], env={{}})
except OSError: pass
os.execve(sys.executable, [sys.executable, {str(child)!r}], clean)
""")  # fmt: skip
    ran = runner("--strict", "--json", "used.json", "--", sys.executable, program)
    used = json.loads((runner.folder / "used.json").read_text())
    name = Path(sys.executable).name
    assert used["unmetered_processes"] == [
        {"program": name, "reason": "environment", "processes": 3},
        {"program": name, "reason": "-I", "processes": 1},
    ]
    assert used["unseen_connections"] == [
        {"host": "api.deepgram.com", "library": "curl", "connections": 1}
    ]
    assert used["metered_processes"] == 3
    assert ran.returncode == 6


@posix
@pytest.mark.parametrize("start", ["os.execl", "subprocess"])
def test_a_starter_with_a_sitecustomize_of_its_own_does_not_keep_the_meter_out(
    runner: Runner, sandbox: Sandbox, start: str
) -> None:
    (runner.folder / "starters").mkdir()
    runner.write("starters/sitecustomize.py", "print('started')\n")
    begin = {
        "os.execl": "os.execl(sys.executable, sys.executable, *sys.argv[1:])",
        "subprocess": "subprocess.run([sys.executable, *sys.argv[1:]])",
    }
    starter = runner.write("starter.py", f"""
import os, subprocess, sys
before = os.environ.get("PYTHONPATH", "")
os.environ["PYTHONPATH"] = {str(runner.folder / "starters")!r} + os.pathsep + before
{begin[start]}
""")  # fmt: skip
    program = runner.write("program.py", f"{HEAD}BODY = {BODY!r}\n{SEEN['urllib']}")
    ran = runner("--strict", "--", sys.executable, starter, program, "x", "0",
                 sandbox.base_url + PATH)  # fmt: skip
    assert ran.stdout == "started\n"
    assert ran.stderr.startswith("quotakeeper: 1 call,")
    assert ran.returncode == 0


def watched(hosts: str = "a.example,.b.example,-c.example,127.0.0.1:8080") -> Any:
    notes: list[str] = []
    return unseen.UnseenWatch(
        lambda word, text: notes.append(f"{word} {text}"), hosts, "/inject"
    ), notes


@pytest.mark.parametrize(
    ("host", "port", "listed"),
    [
        ("a.example", 443, True), ("x.a.example", 443, False), ("b.example", 443, True),
        ("x.b.example", 443, True), ("xb.example", 443, False), ("eu-c.example", 1, True),
        ("127.0.0.1", 8080, True), ("127.0.0.1", 8081, False), ("", 443, False),
    ],
)  # fmt: skip
def test_which_hosts_are_watched(host: str, port: int, listed: bool) -> None:
    watch, _ = watched()
    assert watch._is_listed(host, port) is listed


def test_a_hook_speaks_for_a_connection_before_it_or_after_it() -> None:
    watch, notes = watched()
    watch.asked("https://a.example/v1?x=//b.example")
    watch.asked("https://user:secret@elsewhere.example")
    watch._opened("a.example", "")
    assert notes == []
    watch._opened("a.example", "")
    assert notes == ["opened a.example"]
    watch.asked("https://A.example:443/v1")
    assert notes == ["opened a.example", "asked a.example"]


def test_what_can_connect_unwatched_is_noted_and_faults_are_not_the_programs() -> None:
    watch, notes = watched()
    watch.audit("import", ("pycurl", None))
    watch.audit("import", ("json", None))
    watch.audit("socket.connect", ())
    watch.audit("subprocess.Popen", (object(), object(), None, object()))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
        watch.audit("socket.connect", (datagrams, ("127.0.0.1", 8080)))
    assert notes == ["loaded pycurl"]
    for _ in range(2_000):
        watch.audit("import", ("grpc", None))
    assert len(notes) == 1_000


@pytest.mark.parametrize(
    ("name", "is_python"),
    [
        ("python", True), ("python3", True), ("python3.13t", True), ("pypy3", True), ("", False),
        ("python.exe", True), ("python-config", False), ("t", False), ("true", False), ("3", False),
    ],
)  # fmt: skip
def test_which_programs_are_pythons(name: str, is_python: bool) -> None:
    assert unseen._is_python(name) is is_python


def test_the_summary_says_which_libraries_cannot_be_watched(runner: Runner) -> None:
    runner.write("pycurl.py", "")
    program = runner.write("program.py", "import pycurl\n")
    ran = runner("--", sys.executable, program)
    assert ran.stderr == (
        "quotakeeper: no call to a known provider was seen; calls through pycurl cannot be seen\n"
    )
