"""`quotakeeper dashboard` as a process: its address, its errors, and its end."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from pathlib import Path
from urllib.request import urlopen

import pytest

from quotakeeper import Keeper
from tests.cli.conftest import CommandLine
from tests.gateway.serve_process import SECONDS, environment


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGTERM for a process")
def test_it_prints_its_address_serves_and_ends_at_a_signal(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    (tmp_path / "quotakeeper.toml").write_text("default_limits = false\n", encoding="utf-8")
    with Keeper(ledger, {"default_limits": False}) as keeper:
        keeper.record("deepgram", model="nova-3", operation="listen", audio_seconds=60)
        before = list(keeper.entries())
    command = [sys.executable, "-m", "quotakeeper", "--lang", "en", "dashboard", "--port", "0"]
    told = tmp_path / "told.txt"
    with told.open("w", encoding="utf-8") as stream:
        process = subprocess.Popen(command, env=environment(tmp_path, ledger), stderr=stream,
                                   stdout=subprocess.PIPE, text=True)  # fmt: skip
    try:
        while not (
            found := re.search(r"(http://127\.0\.0\.1:\d+)/#(\S{32}) ", told.read_text("utf-8"))
        ):
            assert process.poll() is None, told.read_text("utf-8")
        with urlopen(f"{found[1]}/", timeout=SECONDS) as page:
            assert page.status == 200 and found[2].encode() not in page.read()
    finally:
        process.send_signal(signal.SIGTERM)
        out, _ = process.communicate(timeout=SECONDS)
    assert (process.returncode, out) == (0, "")
    assert "the dashboard has stopped" in told.read_text("utf-8")
    with Keeper(ledger, {"default_limits": False}) as keeper:
        assert list(keeper.entries()) == before


def test_a_port_in_use_is_an_error_in_both_languages(cli: CommandLine) -> None:
    with cli.keeper() as keeper:
        keeper.record("deepgram", model="nova-3", operation="listen", audio_seconds=60)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        for lang, fix in (
            ("en", "use another port, or port 0"),
            ("vi", "hãy dùng cổng khác, hoặc cổng 0"),
        ):
            result = cli.run("--lang", lang, "dashboard", "--port", port)
            assert result.code == 2 and f"127.0.0.1:{port}" in result.err and fix in result.err
