"""Failed calls, and our own faults: the program sees what it would see without metering."""

from __future__ import annotations

import io
import logging
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.intercept import import_hook
from quotakeeper.intercept.hooks import aiohttp_client, http_client, httpx_client, unframing
from quotakeeper.intercept.http_gate import switch
from quotakeeper.metering import call_meter as meters
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.metering.http_attempt import HttpAttempt
from quotakeeper.metering.process_meter import current_meter, use_meter
from quotakeeper.providers.gemini.replies import ContentReader
from quotakeeper.sandbox.server import Sandbox
from tests.intercept.conftest import (
    HEADERS,
    SECRET,
    Answer,
    Post,
    Watched,
    billed,
    booked,
    by_aiohttp,
    by_requests,
    by_urllib,
    generate,
    prompt,
    stream,
)
from tests.intercept.scripted import ANSWER, JSON, Got, Line, ScriptedServer, whole
from tests.providers.sounds import wav

PATH = "/v1beta/models/gemini-2.5-flash:generateContent"


def _error(post: Post, url: str, timeout: float = 20) -> type[BaseException]:
    with pytest.raises(Exception) as caught:
        post(url, prompt(), HEADERS, timeout)
    return caught.type


def test_a_call_that_was_never_sent_is_released(post: Post, watched: Watched) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    url = f"http://127.0.0.1:{port}{PATH}"
    bare = _error(post, url)
    keeper = watched({"name": "one", "meter": "requests", "window": "day", "amount": 1})
    assert _error(post, url) is bare
    assert _error(post, url) is bare  # the limit's only call is still free
    assert watched.events() == []
    assert keeper.status().open_reservations == 0


def test_a_call_without_an_answer_is_assumed(post: Post, watched: Watched) -> None:
    def script(request: Got, line: Line) -> None:
        line.hang_up()

    with ScriptedServer(script) as server:
        bare = _error(post, server.url + PATH)
        watched()
        assert _error(post, server.url + PATH) is bare
    (event,) = watched.events()
    assert (event.provenance, event.outcome) == (Provenance.ASSUMED, Outcome.UNKNOWN)
    assert event.quantities["input_tokens"] > 0


def test_a_call_whose_connection_breaks_during_sending_is_assumed(
    post: Post, watched: Watched
) -> None:
    sound = wav(500)  # 8 MB: more than all buffers on the way hold
    body = io.BytesIO(sound) if post is by_aiohttp else sound  # the type that this library wants
    headers = {"authorization": f"Token {SECRET}", "content-type": "audio/wav"}
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def break_off() -> None:
            line, _ = listener.accept()
            assert line.recv(100)  # the first bytes have arrived
            line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            line.close()

        server = threading.Thread(target=break_off, daemon=True)
        server.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/v1/listen?model=nova-3"
        keeper = watched()
        with pytest.raises(Exception):  # noqa: B017 - each library has its own
            post(url, body, headers)
        server.join(20)
    (event,) = watched.events()
    assert (event.provenance, event.outcome) == (Provenance.ASSUMED, Outcome.UNKNOWN)
    assert event.quantities["audio_milliseconds"] == 500_000
    assert keeper.reservations() == []


def test_a_call_that_times_out_is_assumed(post: Post, watched: Watched) -> None:
    let_go = threading.Event()

    def script(request: Got, line: Line) -> None:
        let_go.wait(20)

    with ScriptedServer(script) as server:
        bare = _error(post, server.url + PATH, 1.0)
        watched()
        assert _error(post, server.url + PATH, 1.0) is bare
        let_go.set()
    (event,) = watched.events()
    assert (event.provenance, event.outcome) == (Provenance.ASSUMED, Outcome.UNKNOWN)


@pytest.mark.parametrize("fault", ["malformed", "no-usage"])
def test_an_answer_without_figures_is_estimated(
    post: Post, fault: str, sandbox: Sandbox, watched: Watched
) -> None:
    watched()
    headers = {**HEADERS, "x-sandbox-fault": fault}
    assert post(generate(sandbox.base_url), prompt(), headers).status == 200
    (event,) = watched.events()
    assert event.provenance is Provenance.ESTIMATED
    assert event.quantities["input_tokens"] > 0


# -- our own faults


class OurFaultError(Exception):
    """An unexpected error in our own code."""


def _raises(*_: Any, **__: Any) -> Any:
    raise OurFaultError


BROKEN: dict[str, tuple[Any, str]] = {
    "recognising": (meters, "find_call"),
    "beginning": (CallMeter, "begin"),
    "beginning on a loop": (CallMeter, "abegin"),
    "asking": (CallMeter, "_asked"),
    "linking": (meters.Retries, "link"),
    "the background settler": (meters.BackgroundSettler, "start"),
    "an attempt": (meters, "HttpAttempt"),
    "a reader": (ContentReader, "__init__"),
    "feeding": (ContentReader, "feed"),
    "finishing": (ContentReader, "finish"),
    "settling": (HttpAttempt, "_figures"),
    "failing": (meters.Retries, "failed"),
    "serving": (meters.Retries, "served"),
    "http.client's request": (http_client, "request_of"),
    "http.client's answer": (http_client, "_read_along"),
    "http.client's body": (http_client, "seen_body"),
    "http.client's framing": (unframing.Unframing, "feed"),
    "httpx's request": (httpx_client, "_request"),
    "httpx's body": (httpx_client, "seen_body"),
    "aiohttp's request": (aiohttp_client, "_request"),
    "aiohttp's answer": (aiohttp_client, "_read_along"),
}


@pytest.mark.parametrize("place", BROKEN)
def test_a_fault_of_ours_changes_nothing_for_the_program(
    post: Post, place: str, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    results: list[list[tuple[int, str, bytes]]] = []
    for watching in (False, True):
        with Sandbox() as sandbox:
            if watching:
                watched(settings={"on_store_failure": "allow"})  # see test_every_fault for "deny"
                monkeypatch.setattr(*BROKEN[place], _raises)
            got: list[Answer] = [
                post(generate(sandbox.base_url), prompt(), HEADERS),
                post(stream(sandbox.base_url), prompt(), HEADERS),
                post(generate(sandbox.base_url), prompt(), {**HEADERS, "x-sandbox-fault": "500"}),
            ]
            results.append([(one.status, one.reason, one.body) for one in got])
    assert results[0] == results[1]
    watched.watching[-1].flush(20)
    assert watched.watching[-1].keeper.status().open_reservations == 0


def test_a_call_that_cannot_be_followed_counts_at_its_bound_and_is_logged_once(
    sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    watched(settings={"on_store_failure": "allow"})
    monkeypatch.setattr(switch, "said", False)
    monkeypatch.setattr(meters, "find_call", _raises)
    with caplog.at_level(logging.WARNING, "quotakeeper"):
        for _ in range(3):
            assert by_requests(generate(sandbox.base_url), prompt(), HEADERS).status == 200
        assert by_requests(f"{sandbox.base_url}/nobodys/path", prompt(), HEADERS).status == 404
    assert [record.getMessage() for record in caplog.records] == [
        "quotakeeper: a call was sent unmetered; it is counted at its upper bound: OurFaultError: ",
        "quotakeeper: a call was sent and not counted",  # its provider is unknown
    ]
    events = watched.events()
    assert [str(event.provenance) for event in events] == ["assumed"] * 3
    for event, charge in zip(events, sandbox.bill.charges, strict=True):
        assert "quotakeeper itself failed before the call was sent (OurFaultError)" in event.note
        assert sum(event.quantities.values()) >= sum(charge.quantities.values())


def _no_ledger(*_: Any, **__: Any) -> Any:
    raise LedgerUnavailableError("ledger.db", "is locked")


@pytest.mark.parametrize(("policy", "status"), [("deny", 402), ("allow", 200)])
def test_on_store_failure_decides_when_the_ledger_cannot_count(
    post: Post, policy: str, status: int, sandbox: Sandbox, watched: Watched,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    keeper = watched(settings={"on_store_failure": policy})
    with monkeypatch.context() as patch:
        patch.setattr(keeper._engine.worker, "carry_out", _no_ledger)
        patch.setattr(keeper._engine.worker, "acarry_out", _no_ledger)
        answer = post(generate(sandbox.base_url), prompt(), HEADERS)
    assert answer.status == status
    assert len(sandbox.bill.charges) == (status == 200)
    if status == 402:
        assert "is locked" in answer.json["error"]["message"]
    # Calls that were allowed are counted as soon as the ledger answers.
    assert booked(watched.events()) == billed(sandbox)
    assert watched.watching[-1].keeper.verify() == []


@pytest.fixture
def unprepared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The hooks of `quotakeeper run` before the meter is loaded. Returns the path of the ledger to use."""
    ledger = tmp_path / "ledger.db"
    monkeypatch.setenv("QUOTAKEEPER_LEDGER", str(ledger))
    monkeypatch.setenv("QUOTAKEEPER_DURABILITY", "process")
    before = use_meter(None)
    import_hook.install()
    try:
        yield ledger
    finally:
        import_hook.uninstall()
        made = use_meter(before)
        if made is not None and isinstance(made.keeper, Keeper):
            made.keeper.close()


def _broken_config(folder: Path, monkeypatch: pytest.MonkeyPatch, policy: str) -> str:
    file = folder / "quotakeeper.toml"
    file.write_text(f'on_store_failure = "{policy}"\nnonsense\n', encoding="utf-8")
    monkeypatch.setenv("QUOTAKEEPER_CONFIG", str(file))
    return "line 2"


def _broken_prices(folder: Path, monkeypatch: pytest.MonkeyPatch, policy: str) -> str:
    (folder / "prices.toml").write_text("price = 3\n", encoding="utf-8")
    file = folder / "quotakeeper.toml"
    file.write_text(
        f'on_store_failure = "{policy}"\nprice_files = ["prices.toml"]\n', encoding="utf-8"
    )
    monkeypatch.setenv("QUOTAKEEPER_CONFIG", str(file))
    return "prices.toml"


Breaking = Callable[[Path, pytest.MonkeyPatch, str], str]


@pytest.mark.parametrize("broken", [_broken_config, _broken_prices])
def test_without_readable_settings_calls_to_providers_are_refused(
    post: Post, broken: Breaking, unprepared: Path, sandbox: Sandbox, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    # An unreadable config counts as absent, including any "allow" in it.
    policy = "allow" if broken is _broken_config else "deny"
    where = broken(tmp_path, monkeypatch, policy)
    for _ in range(2):
        answer = post(generate(sandbox.base_url), prompt(), HEADERS)
        assert answer.status == 402
        assert where in answer.json["error"]["message"]
        assert answer.json["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert sandbox.bill.charges == ()
    # Requests to no provider pass as before.
    assert post(f"{sandbox.base_url}/__sandbox__/health", b"", {}).status == 200
    (said,) = [record.message for record in caplog.records]
    assert said.startswith("quotakeeper: calls to providers are refused: ") and where in said
    assert not unprepared.exists()


@pytest.mark.parametrize(("broken", "by"), [(_broken_config, "variable"), (_broken_prices, "file")])
def test_without_readable_settings_calls_pass_if_the_environment_allows_it(
    post: Post, broken: Breaking, by: str, unprepared: Path, sandbox: Sandbox, tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    if by == "variable":
        monkeypatch.setenv("QUOTAKEEPER_ON_STORE_FAILURE", "allow")
    where = broken(tmp_path, monkeypatch, "allow")
    for _ in range(2):
        assert post(generate(sandbox.base_url), prompt(), HEADERS).status == 200
    (said,) = [record.message for record in caplog.records]
    assert (
        said.startswith("quotakeeper: calls are counted, but not with all settings: ")
        and where in said
    )
    meter = current_meter()
    assert meter is not None and meter.flush(20)
    events = list(meter.keeper.events())
    assert booked(events) == billed(sandbox)
    assert all(event.cost_pico for event in events)


def test_without_a_ledger_allowed_calls_pass_uncounted(
    sandbox: Sandbox, tmp_path: Path, unprepared: Path, monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:  # fmt: skip
    # The file may name another ledger than the default, so the default ledger must not change.
    monkeypatch.setenv("QUOTAKEEPER_ON_STORE_FAILURE", "allow")
    monkeypatch.delenv("QUOTAKEEPER_LEDGER")
    _broken_config(tmp_path, monkeypatch, "allow")
    for _ in range(2):
        assert by_urllib(generate(sandbox.base_url), prompt(), HEADERS).status == 200
    (said,) = [record.message for record in caplog.records]
    assert said.startswith("quotakeeper: calls are not counted: ")


Read = Callable[[Any], bytes]


@pytest.mark.parametrize(
    "read",
    [
        lambda got: got.read(),
        lambda got: b"".join(iter(lambda: got.read(7), b"")),
        lambda got: b"".join(iter(lambda: got.read1(7), b"")),
        lambda got: b"".join(got),
        lambda got: b"".join(iter(lambda: _into(got), b"")),
        lambda got: got.peek() and got.read(),
    ],
    ids=["read", "read n", "read1", "lines", "readinto", "peek"],
)
@pytest.mark.parametrize("chunked", [False, True])
def test_every_way_of_reading_an_answer_is_metered(
    read: Read, chunked: bool, watched: Watched
) -> None:
    import urllib.request

    from tests.intercept.scripted import chunk, head

    def script(request: Got, line: Line) -> None:
        if chunked:
            line.send(head(JSON, "Transfer-Encoding: chunked"))
            line.send(chunk(ANSWER[:9]) + chunk(ANSWER[9:]) + b"0\r\nTrailer: x\r\n\r\n")
        else:
            line.send(whole(ANSWER, JSON))

    watched()
    with ScriptedServer(script) as server:
        request = urllib.request.Request(server.url + PATH, prompt(), HEADERS)
        with urllib.request.urlopen(request, timeout=20) as got:
            assert read(got) == ANSWER
    (event,) = watched.events()
    assert (event.outcome, booked([event])) == (
        Outcome.OK,
        [(("input_tokens", 7), ("output_tokens", 5), ("requests", 1))],
    )


def _into(got: Any) -> bytes:
    buffer = bytearray(7)
    return bytes(buffer[: got.readinto(buffer)])
