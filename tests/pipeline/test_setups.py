"""What stops a run before it begins, and what the transport makes of bad servers."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.pipeline import http_transport
from quotakeeper.pipeline.accounting import LedgerAccounting
from quotakeeper.pipeline.errors import SetupError
from quotakeeper.pipeline.http_transport import (
    HttpReply,
    HttpRequest,
    ReplyLostError,
    RequestNotSentError,
    send,
)
from quotakeeper.pipeline.options import DEEPGRAM_URL, GEMINI_URL, read_options
from quotakeeper.testing import FakeClock

if TYPE_CHECKING:
    from tests.pipeline.conftest import Bench, BenchWith

KEYS = {"DEEPGRAM_API_KEY": "d", "GEMINI_API_KEY": "g"}


def script(bench: Bench, repository: Path, **environ: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-S", str(repository / "run" / "all_in_one_backup.py")]
    command += [str(bench.media), "--out", str(bench.out), "--ffmpeg", "off"]
    whole = {**os.environ, **bench.environ(), "PYTHONUTF8": "1", **environ}
    return subprocess.run(command, env=whole, capture_output=True, encoding="utf-8", check=False)


def test_a_broken_config_ends_with_78_and_names_the_place(bench: Bench, repository: Path) -> None:
    bench.wav("a.wav", 5_000)
    config = bench.folder / "quotakeeper.toml"
    config.write_text(
        '[[limit]]\nname = "x"\nmeter = "bananas"\nwindow = "day"\namount = 1\n', encoding="utf-8"
    )
    ledger = str(bench.folder / "l.db")
    done = script(bench, repository, QUOTAKEEPER_CONFIG=str(config), QUOTAKEEPER_LEDGER=ledger)
    assert done.returncode == 78, done.stdout + done.stderr
    assert "bananas" in done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    assert bench.sandbox.bill.charges == ()


def test_a_ledger_that_is_none_stops_the_run_before_anything_is_paid(
    bench: Bench, repository: Path
) -> None:
    bench.wav("a.wav", 5_000)
    ledger = bench.folder / "l.db"
    ledger.write_bytes(b"this is no ledger, it is my thesis" * 100)
    done = script(bench, repository, QUOTAKEEPER_LEDGER=str(ledger))
    assert done.returncode == 1, done.stdout + done.stderr
    assert "the quota ledger cannot be used" in done.stdout
    assert "Traceback" not in done.stdout + done.stderr
    assert ledger.read_bytes().startswith(b"this is no ledger")
    assert bench.sandbox.bill.charges == ()


def test_a_ledger_that_breaks_on_the_way_stops_the_run_with_what_was_done_kept(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.wav("a.wav", 5_000)
    real = LedgerAccounting.attempt

    def breaking(self: LedgerAccounting, plan: object) -> object:
        if plan.provider == "gemini":  # type: ignore[attr-defined]

            def gone(*args: object, **kwargs: object) -> object:
                raise LedgerUnavailableError("ledger.db", "the disk is gone")

            monkeypatch.setattr(self._keeper, "reserve", gone)
        return real(self, plan)  # type: ignore[arg-type]

    monkeypatch.setattr(LedgerAccounting, "attempt", breaking)
    run = bench.run()
    assert run.exit_code == 1
    assert "error: the quota ledger cannot be used" in run.text
    assert (bench.out / "a.json").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["x.wav", "--attempts", "0"],
        ["x.wav", "--timeout", "0"],
        ["x.wav", "--timeout", "nan"],
        ["x.wav", "--thinking-budget", "-2"],
        ["x.wav", "--out", __file__],
        ["x.wav", "--no-such-option"],
    ],
)
def test_usage_errors_end_with_2(arguments: list[str]) -> None:
    with pytest.raises((SystemExit, SetupError)) as caught:
        read_options([*arguments, "--ffmpeg", "off"], KEYS)
    assert getattr(caught.value, "exit_code", getattr(caught.value, "code", None)) == 2


def test_a_scope_that_is_no_pair_is_explained() -> None:
    with pytest.raises(SetupError, match="LABEL=VALUE") as caught:
        read_options(["x.wav", "--scope", "phim", "--ffmpeg", "off"], KEYS)
    assert caught.value.exit_code == 2


def test_flags_come_before_the_environment_and_that_before_the_real_endpoints() -> None:
    plain = read_options(["x.wav", "--ffmpeg", "off"], KEYS).job
    assert (plain.gemini.base_url, plain.deepgram.base_url) == (GEMINI_URL, DEEPGRAM_URL)
    environ = {**KEYS, "GOOGLE_GEMINI_BASE_URL": "https://a/g/", "DEEPGRAM_BASE_URL": "https://a/d"}
    named = read_options(["x.wav", "--ffmpeg", "off"], environ).job
    assert (named.gemini.base_url, named.deepgram.base_url) == ("https://a/g", "https://a/d")
    flagged = read_options(["x.wav", "--ffmpeg", "off", "--gemini-url", "https://b"], environ).job
    assert flagged.gemini.base_url == "https://b"


@contextmanager
def server_that_says(answer: bytes, *, reset: bool = False) -> Iterator[str]:
    """Reads a request and answers with these bytes, then closes (or resets) the connection."""
    listening = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        connection, _ = listening.accept()
        with connection:
            connection.recv(65_536)
            connection.sendall(answer)
            if reset:
                linger = b"\x01\0\0\0\0\0\0\0"
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/x"
    finally:
        thread.join()
        listening.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n{}",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{",
        b"not http at all\r\n\r\n",
        b"",
    ],
)
def test_a_reply_that_is_not_whole_is_lost_not_short(answer: bytes) -> None:
    with server_that_says(answer) as url, pytest.raises(ReplyLostError):
        send(HttpRequest(url, {}, b"{}", 5))


def test_a_connection_that_is_reset_is_a_reply_lost() -> None:
    with server_that_says(b"", reset=True) as url, pytest.raises(ReplyLostError):
        send(HttpRequest(url, {}, b"{}", 5))


def test_a_reply_without_end_is_not_read_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_transport, "_MOST_REPLY_BYTES", 100)
    answer = b"HTTP/1.1 200 OK\r\nContent-Length: 200\r\n\r\n" + b"x" * 200
    with server_that_says(answer) as url, pytest.raises(ReplyLostError, match="too large"):
        send(HttpRequest(url, {}, b"{}", 5))


def test_a_file_that_is_gone_was_not_sent(tmp_path: Path) -> None:
    with pytest.raises(RequestNotSentError):
        send(HttpRequest("http://127.0.0.1:9/x", {}, tmp_path / "gone.wav", 5))


def test_a_whole_reply_is_whole() -> None:
    with server_that_says(b"HTTP/1.1 418 T\r\nX-A: b\r\nContent-Length: 2\r\n\r\n{}") as url:
        assert send(HttpRequest(url, {}, b"{}", 5)) == HttpReply(
            418, {"x-a": "b", "content-length": "2"}, b"{}"
        )


def test_guesses_in_both_languages_leave_the_better_guess(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)

    def unsure(request: HttpRequest) -> HttpReply:
        if "/v1/listen" not in request.url:
            return send(request)
        sure = "0.3" if "language=zh" in request.url else "0.1"
        text = "你好" if "language=zh" in request.url else "xin chào"
        body = (
            f'{{"metadata": {{"duration": 5.0}}, "results": {{"channels": [{{"alternatives": '
            f'[{{"transcript": "{text}", "confidence": {sure}}}]}}]}}}}'
        )
        return HttpReply(200, {}, body.encode())

    bench.transport = unsure
    assert bench.run().exit_code == 0
    assert "你好" in bench.output("a.txt")
    assert bench.totals()["deepgram"] == {"requests": 2, "audio_milliseconds": 10_000}


@pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX")
@pytest.mark.parametrize("kill", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_killed_in_a_call_leaves_it_assumed_and_can_go_on(
    bench_with: BenchWith, repository: Path, kill: signal.Signals
) -> None:
    bench = bench_with("slow:600@1=generateContent")
    bench.wav("a.wav", 5_000)
    command = [sys.executable, "-S", str(repository / "run" / "all_in_one_backup.py")]
    command += [str(bench.media), "--out", str(bench.out), "--ffmpeg", "off"]
    ledger = {"QUOTAKEEPER_LEDGER": str(bench.folder / "ledger.db"), "PYTHONUTF8": "1"}
    whole = {**os.environ, **bench.environ(), **ledger}
    with subprocess.Popen(
        command, env=whole, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    ) as running:
        while len(bench.sandbox.bill.charges) < 2:
            assert running.poll() is None
        running.send_signal(kill)
        running.wait(30)
        assert running.stderr is not None
        assert b"Traceback" not in running.stderr.read()
    assert running.returncode == (-kill if kill is signal.SIGKILL else 130)
    bench.clock = FakeClock(datetime.now(UTC))  # the script went by the real one
    bench.limits.clear()
    assert [event.provenance for event in bench.events()] == ["reported", "assumed"]
    assert bench.problems() == []
    assert bench.run().exit_code == 0
    assert [c.operation for c in bench.sandbox.bill.charges].count("listen") == 1
