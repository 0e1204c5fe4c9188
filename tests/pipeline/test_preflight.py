"""What is tried before the first paid call, and what stops a run before it pays for nothing."""

from __future__ import annotations

import errno
import json
import stat
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from quotakeeper.pipeline import checkpoint, preflight
from quotakeeper.pipeline.atomic_files import write_json
from quotakeeper.pipeline.errors import MediaFileError, SetupError
from quotakeeper.pipeline.http_transport import (
    HttpReply,
    HttpRequest,
    NoConnectionError,
    ReplyLostError,
    send,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tests.pipeline.conftest import Bench


def two_files(bench: Bench) -> None:
    for name in ("a.wav", "b.wav"):
        bench.wav(name, 5_000)


def no_space(*_: object) -> None:
    raise OSError(errno.ENOSPC, "No space left on device")


def answering(status: int, body: object, *, to: str) -> Callable[[HttpRequest], HttpReply]:
    """A transport that answers requests whose URL holds `to` itself and passes the others on."""

    def answer(request: HttpRequest) -> HttpReply:
        if to in request.url:
            return HttpReply(status, {}, json.dumps(body).encode())
        return send(request)

    return answer


def test_a_full_disk_is_found_before_anything_is_paid(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_files(bench)
    monkeypatch.setattr(preflight, "os", SimpleNamespace(fsync=no_space))
    run = bench.run()
    assert run.exit_code == 1
    assert bench.sandbox.bill.charges == ()
    last = run.text.splitlines()[-1]
    assert last.startswith(
        f"error: the outputs cannot be written to {bench.out}: No space left on device"
    )
    assert "--out" in last
    assert list(bench.out.iterdir()) == []  # the file it tried with is gone


def test_a_disk_that_fills_on_the_way_stops_the_run_after_one_call(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    two_files(bench)
    saved = 0

    def filling(path: Path, value: object) -> None:
        nonlocal saved
        saved += 1
        if saved > 1:
            no_space()
        write_json(path, value)

    monkeypatch.setattr(checkpoint, "write_json", filling)
    run = bench.run()
    assert run.exit_code == 1
    assert [charge.operation for charge in bench.sandbox.bill.charges] == ["listen"]
    assert "a.json cannot be written: No space left on device" in run.text.splitlines()[-1]


@pytest.mark.parametrize(
    ("code", "is_shared", "raised"),
    [
        (errno.EACCES, False, MediaFileError),
        (errno.EACCES, True, SetupError),
        (errno.ENOSPC, False, SetupError),
    ],
)
def test_a_folder_that_only_some_outputs_go_to_fails_those_files_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int, is_shared: bool,
    raised: type[Exception],
) -> None:  # fmt: skip
    def refuse(*_: object) -> None:
        raise OSError(code, "refused")

    monkeypatch.setattr(preflight, "os", SimpleNamespace(fsync=refuse))
    with pytest.raises(raised, match="outputs cannot be written to"):
        preflight.check_room(tmp_path, is_shared=is_shared)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="a script cannot stand for a program there")
def test_an_ffmpeg_that_does_not_run_is_found_before_anything_is_paid(bench: Bench) -> None:
    two_files(bench)
    fake = bench.folder / "fake-ffmpeg"
    fake.write_text("#!/bin/sh\nexit 127\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    run = bench.run(ffmpeg=str(fake))
    assert run.exit_code == 1
    assert bench.sandbox.bill.charges == ()
    assert f"error: {fake} does not run: it ended with code 127" in run.text.splitlines()[-1]
    with pytest.raises(SetupError, match="does not run"):
        preflight.check_ffmpeg(str(bench.folder))


@pytest.mark.parametrize(
    ("status", "body", "to", "variable"),
    [
        (401, {"err_msg": "Invalid credentials."}, "/v1/auth/token", "DEEPGRAM_API_KEY"),
        (400, {"error": {"message": "API key not valid.", "details": [{"reason": "API_KEY_INVALID"}]}},
         "/v1beta/models/gemini-3.5-flash-lite", "GEMINI_API_KEY"),
        (403, {"error": {"message": "blocked"}}, "/v1beta/models/", "GEMINI_API_KEY"),
    ],
)  # fmt: skip
def test_a_refused_key_is_found_before_anything_is_paid(
    bench: Bench, status: int, body: object, to: str, variable: str
) -> None:
    two_files(bench)
    bench.transport = answering(status, body, to=to)
    run = bench.run()
    assert run.exit_code == 1
    assert bench.sandbox.bill.charges == ()
    assert bench.events() == []
    last = run.text.splitlines()[-1]
    assert f"refuses the key in {variable}: it answered {status}" in last
    assert "nothing was paid; check the key" in last


@pytest.mark.parametrize("status", [403, 404, 405, 500])
def test_a_gateway_that_does_not_play_these_questions_is_no_reason_to_stop(
    bench: Bench, status: int
) -> None:
    bench.wav("a.wav", 5_000)
    bench.transport = answering(status, {"error": "no"}, to="/v1/auth/token")
    assert bench.run().exit_code == 0
    assert bench.totals() == bench.sandbox.bill.totals()


@pytest.mark.parametrize("error", [NoConnectionError, ReplyLostError])
def test_no_network_is_said_once_and_nothing_is_tried_again(
    bench: Bench, error: type[Exception]
) -> None:
    two_files(bench)
    asked: list[str] = []

    def nobody(request: HttpRequest) -> HttpReply:
        asked.append(request.url)
        raise error("no connection: Name or service not known")

    bench.transport = nobody
    run = bench.run()
    assert run.exit_code == 1
    assert len(asked) == 1 and bench.clock.slept == []
    errors = [line for line in run.text.splitlines() if "Name or service not known" in line]
    assert errors == run.text.splitlines()[-1:]
    assert errors[0].startswith("error: deepgram: 127.0.0.1:")
    assert bench.events() == bench.problems() == []


def test_a_network_that_goes_on_the_way_ends_the_run_and_not_only_the_file(bench: Bench) -> None:
    two_files(bench)

    def lost(request: HttpRequest) -> HttpReply:
        if ":generateContent" in request.url:
            raise NoConnectionError("no connection: Network is unreachable")
        return send(request)

    bench.transport = lost
    run = bench.run("--attempts", "2")
    assert run.exit_code == 1
    assert [charge.operation for charge in bench.sandbox.bill.charges] == ["listen"]
    last = run.text.splitlines()[-1]
    assert last.startswith("error: gemini: no connection: Network is unreachable (2 attempts)")


def test_what_is_done_already_needs_no_network(bench: Bench) -> None:
    two_files(bench)
    assert bench.run().exit_code == 0

    def nobody(request: HttpRequest) -> HttpReply:
        raise NoConnectionError("no connection")

    bench.transport = nobody
    assert bench.run().exit_code == 0


def test_a_run_asks_about_each_key_once(bench: Bench) -> None:
    two_files(bench)
    asked: list[str] = []

    def watch(request: HttpRequest) -> HttpReply:
        if request.method == "GET":
            asked.append(request.url.removeprefix(bench.sandbox.base_url))
        return send(request)

    bench.transport = watch
    assert bench.run().exit_code == 0
    assert asked == ["/v1/auth/token", "/v1beta/models/gemini-3.5-flash-lite"]
    assert bench.totals() == bench.sandbox.bill.totals()


def test_a_429_that_asks_for_more_than_two_minutes_stops_the_run_until_then(bench: Bench) -> None:
    two_files(bench)
    at = "Mon, 23 Nov 2026 03:10:00 GMT"  # ten minutes from now, as a date

    def busy(request: HttpRequest) -> HttpReply:
        if ":generateContent" in request.url:
            return HttpReply(429, {"retry-after": at}, b'{"error": {"message": "slow down"}}')
        return send(request)

    bench.transport = busy
    run = bench.run()
    assert run.exit_code == 3 and bench.clock.slept == []
    assert "calls fit again at 2026-11-23 03:10:00 UTC" in run.text
    bench.transport = send
    assert bench.run("--wait").exit_code == 0
