"""A stream that exceeds its reservation reserves more while it flows, or ends with an error inside it."""

from __future__ import annotations

import asyncio
import json
import zlib
from collections.abc import Callable, Iterator
from queue import SimpleQueue
from typing import Any

import pytest

from quotakeeper import Keeper, Provenance
from quotakeeper.domain.usage import Outcome
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.metering import stream_budget
from quotakeeper.metering.stream_budget import StreamBudget
from tests.intercept.conftest import HEADERS, TLS, Watched, prompt
from tests.intercept.scripted import (
    STREAMED,
    Got,
    Line,
    ScriptedServer,
    chunk,
    event,
    head,
    snapshot,
    whole,
)
from tests.intercept.test_streams import AWAITED, BLOCKING

MODEL = "/v1beta/models/gemini-2.5-flash"
EVENTS = f"{MODEL}:streamGenerateContent?alt=sse"
ARRAY = f"{MODEL}:streamGenerateContent"
LOOPING = {f"{name} async": opened for name, opened in AWAITED.items()}
LIBRARIES = [*BLOCKING, *LOOPING]
PIECES, STEP = 12, 100  # of an answer that was expected to have 200 tokens
LIMIT = {"name": "little", "meter": "output_tokens", "window": "day", "amount": 500}
PATIENCE = 20

Piece = Callable[[int], bytes]


def as_event(number: int) -> bytes:
    return event(snapshot("từ " * 50, STEP * number, last=number == PIECES))


def as_item(number: int) -> bytes:
    said = json.dumps(snapshot("từ " * 50, STEP * number, last=number == PIECES)).encode()
    return (b"[" if number == 1 else b",\r\n") + said + (b"]" if number == PIECES else b"")


class Pouring(ScriptedServer):
    """Sends piece after piece, each after the program has read and counted the one before."""

    def __init__(self, watched: Watched, piece: Piece, *, encoding: str = "identity") -> None:
        super().__init__(self.pour)
        self.taken: SimpleQueue[bool] = SimpleQueue()
        self.held: list[int] = []
        self.poured = 0
        self._watched, self._piece = watched, piece
        kind = "Content-Type: text/event-stream"
        self._head = head(kind, "Transfer-Encoding: chunked", f"Content-Encoding: {encoding}")

    def pour(self, request: Got, line: Line) -> None:
        line.send(self._head)
        for number in range(1, PIECES + 1):
            line.send(chunk(self._piece(number)))
            self.poured = number
            if not self.taken.get(timeout=PATIENCE):
                return
            watching = self._watched.watching[-1]
            assert watching.flush(PATIENCE)
            holds = watching.keeper.reservations()
            self.held += [hold.quantities["output_tokens"] for hold in holds]
        line.send(b"0\r\n\r\n")

    def read(self, library: str, path: str) -> bytes:
        """Yield everything that a program gets, piece by piece."""
        got = b""
        try:
            if library in BLOCKING:
                with BLOCKING[library](self.url + path) as pieces:
                    for piece in pieces:
                        got += piece
                        self.taken.put(True)
            else:
                got = asyncio.run(self._aread(library, path))
        finally:
            self.taken.put(False)
        return got

    async def _aread(self, library: str, path: str) -> bytes:
        got = b""
        async with LOOPING[library](self.url + path) as pieces:
            async for piece in pieces:
                got += piece
                self.taken.put(True)
        return got


def last_of(body: bytes) -> Any:
    """The last document of an event stream."""
    return json.loads(body.replace(b"\r", b"").strip().rpartition(b"data: ")[2])


# Libraries that read lines or single bytes read many times per piece, so counts per piece do not
# apply.
WHOLE_PIECES = [name for name in LIBRARIES if name not in ("requests", "urllib lines")]


@pytest.mark.parametrize("library", WHOLE_PIECES)
def test_a_stream_reserves_more_while_it_flows(library: str, watched: Watched) -> None:
    watched({**LIMIT, "amount": 100_000})
    with Pouring(watched, as_event) as server:
        body = server.read(library, EVENTS)
    assert body == b"".join(map(as_event, range(1, PIECES + 1)))
    assert len(server.held) >= PIECES - 1
    assert all(held >= STEP * number for number, held in enumerate(server.held, 1))
    (made,) = watched.events()
    assert made.quantities["output_tokens"] == STEP * PIECES
    assert (made.provenance, made.outcome) == (Provenance.REPORTED, Outcome.OK)


@pytest.mark.parametrize("library", LIBRARIES)
def test_a_stream_that_may_not_grow_ends_with_the_providers_own_error(
    library: str, watched: Watched
) -> None:
    watched(LIMIT)
    with Pouring(watched, as_event) as server:
        body = server.read(library, EVENTS)
    error = last_of(body)["error"]
    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert "quotakeeper" in error["message"] and "little" in error["message"]
    whole_pieces = body.replace(b"\r", b"").split(b"\n\n") if library != "requests" else []
    assert all(each.startswith(b"data: {") for each in whole_pieces if each)
    (made,) = watched.events()
    # 600 exceeds the limit. A call that may not wait notices it one piece later.
    assert made.quantities["output_tokens"] in (600, 700)
    assert (made.provenance, made.outcome) == (Provenance.ESTIMATED, Outcome.UNKNOWN)
    assert "little" in made.note
    assert watched.watching[-1].keeper.reservations() == []


@pytest.mark.parametrize("library", WHOLE_PIECES)
def test_a_json_array_ends_with_the_error_as_its_last_item(library: str, watched: Watched) -> None:
    watched(LIMIT)
    with Pouring(watched, as_item) as server:
        *items, error = json.loads(server.read(library, ARRAY))
    assert error["error"]["code"] == 429
    assert len(items) in (6, 7)
    (made,) = watched.events()
    assert made.quantities["output_tokens"] == len(items) * STEP


def apart(lag: int) -> Piece:
    """Pieces that each end in the middle of an event."""
    poured = b"".join(map(as_event, range(1, PIECES + 1)))
    size = len(as_event(2))

    def part(number: int) -> bytes:
        start = (number - 1) * size + lag if number > 1 else 0
        return poured[start : None if number == PIECES else number * size + lag]

    return part


SPLITTING = [
    name for name in LIBRARIES if (name in BLOCKING and "httpx" in name) or name in LOOPING
]


@pytest.mark.parametrize("library", SPLITTING)
@pytest.mark.parametrize("lag", [1, 9])
def test_a_stream_is_cut_at_the_end_of_an_event_for_any_pieces(
    library: str, lag: int, watched: Watched
) -> None:
    watched(LIMIT)
    with Pouring(watched, apart(lag)) as server:
        body = server.read(library, EVENTS)
    *events, error = [
        json.loads(each.removeprefix(b"data: "))
        for each in body.replace(b"\r", b"").split(b"\n\n")
        if each
    ]
    assert error["error"]["code"] == 429
    assert 6 <= len(events) <= 8


@pytest.mark.parametrize("library", ["urllib", "urllib3"])
def test_a_stream_without_an_event_end_is_broken_off(
    library: str, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    # http.client reads a chunk at its stated length, so nothing can be inserted inside one.
    monkeypatch.setattr(stream_budget, "_MOST_PENDING", 1_500)
    watched(LIMIT)
    with Pouring(watched, apart(9)) as server, pytest.raises(Exception) as caught:
        server.read(library, EVENTS)
    assert "little" in "".join(_texts(caught.value))
    assert server.poured < PIECES
    (made,) = watched.events()
    assert made.provenance is Provenance.ESTIMATED


@pytest.mark.parametrize("library", WHOLE_PIECES)
def test_a_compressed_stream_is_broken_off(library: str, watched: Watched) -> None:
    watched(LIMIT)
    packer = zlib.compressobj(wbits=31)

    def packed(number: int) -> bytes:
        return packer.compress(as_event(number)) + packer.flush(zlib.Z_SYNC_FLUSH)

    with Pouring(watched, packed, encoding="gzip") as server:
        if library == "aiohttp async":  # aiohttp unpacks before we see the bytes
            body = server.read(library, EVENTS)
            assert last_of(body)["error"]["code"] == 429
        else:
            with pytest.raises(Exception) as caught:
                server.read(library, EVENTS)
            assert "little" in "".join(_texts(caught.value))
        assert server.poured < PIECES
    (made,) = watched.events()
    assert made.provenance is Provenance.ESTIMATED
    assert made.quantities["output_tokens"] >= 600


def _texts(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield str(error)
        error = error.__cause__ or error.__context__


def test_an_answer_with_a_stated_length_is_broken_off(watched: Watched) -> None:
    watched(LIMIT)
    poured = b"".join(event(snapshot("từ " * 50, STEP * number)) for number in range(1, 100))
    with Pouring(watched, as_event) as server:
        server._script = lambda request, line: line.send(whole(poured))
        with pytest.raises(ConnectionResetError, match="little"):
            server.read("urllib", EVENTS)


def test_on_limit_warn_lets_the_stream_continue(watched: Watched) -> None:
    watched(LIMIT, settings={"on_limit": "warn"})
    with Pouring(watched, as_event) as server:
        body = server.read("httpx", EVENTS)
    assert body == b"".join(map(as_event, range(1, PIECES + 1)))


@pytest.mark.parametrize("library", ["urllib", "httpx", "httpx async", "aiohttp async"])
@pytest.mark.parametrize(("policy", "is_cut"), [("deny", True), ("allow", False)])
def test_on_store_failure_decides_when_the_ledger_fails_during_a_stream(
    library: str, policy: str, is_cut: bool, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    from quotakeeper.domain.ledger.commands import Grow

    keeper = watched(LIMIT, settings={"on_store_failure": policy})
    worker = keeper._engine.worker
    carry_out, acarry_out = worker.carry_out, worker.acarry_out

    def fails(command: Any) -> Any:
        if isinstance(command, Grow):
            raise LedgerUnavailableError("ledger.db", "is locked")
        return carry_out(command)

    async def afails(command: Any) -> Any:
        if isinstance(command, Grow):
            raise LedgerUnavailableError("ledger.db", "is locked")
        return await acarry_out(command)

    monkeypatch.setattr(worker, "carry_out", fails)
    monkeypatch.setattr(worker, "acarry_out", afails)
    with Pouring(watched, as_event) as server:
        body = server.read(library, EVENTS)
    last = last_of(body)
    assert ("error" in last) is is_cut
    if is_cut:
        assert "is locked" in last["error"]["message"]


def test_a_fault_of_ours_lets_the_stream_continue(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: Any) -> Any:
        raise RuntimeError

    for verb in ("_lacking", "_cut", "_plan"):
        watched(LIMIT)
        with monkeypatch.context() as patch, Pouring(watched, as_event) as server:
            patch.setattr(StreamBudget, verb, breaks)
            body = server.read("httpx", EVENTS)
        assert body == b"".join(map(as_event, range(1, PIECES + 1))), verb
        (made,) = watched.events()
        assert made.quantities["output_tokens"] == STEP * PIECES


def test_a_stream_within_its_reservation_is_rarely_checked(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[int] = []
    read = StreamBudget._read
    monkeypatch.setattr(StreamBudget, "_read", lambda self: looks.append(1) or read(self))  # type: ignore[func-returns-value]
    watched()
    documents = [event(snapshot("một hai ba", n, last=n == 60)) for n in range(1, 61)]

    def script(request: Got, line: Line) -> None:
        line.send(STREAMED + b"".join(map(chunk, documents)) + b"0\r\n\r\n")

    with ScriptedServer(script) as server:
        import httpx

        with httpx.Client(trust_env=False, verify=TLS) as client:
            body = prompt(maxOutputTokens=8_000)
            got = client.post(server.url + EVENTS, content=body, headers=HEADERS)
    assert got.content == b"".join(documents)
    assert len(looks) <= 2 + len(got.content) // 7_000
    (made,) = watched.events()
    assert made.provenance is Provenance.REPORTED


# -- the other providers' errors

OPENAI = {"model": "gpt-4o-mini", "stream": True, "max_tokens": 50, "messages": [
    {"role": "user", "content": "xin chào"}]}  # fmt: skip
ANTHROPIC = {**OPENAI, "model": "claude-haiku-4-5"}


def _openai(number: int) -> bytes:
    delta = {"index": 0, "delta": {"content": "word " * 100}, "finish_reason": None}
    return event({"id": "c", "object": "chat.completion.chunk", "choices": [delta]})


def _anthropic(number: int) -> bytes:
    usage = {"input_tokens": 7, "output_tokens": 1}
    message = {"id": "m", "type": "message", "model": "claude-haiku-4-5", "usage": usage}
    if number == 1:
        return event({"type": "message_start", "message": message})
    delta = {"type": "text_delta", "text": "word " * 100}
    return event({"type": "content_block_delta", "index": 0, "delta": delta})


@pytest.mark.parametrize(
    ("path", "said", "piece", "kind"),
    [
        ("/v1/chat/completions", OPENAI, _openai, "rate_limit_exceeded"),
        ("/v1/messages", ANTHROPIC, _anthropic, "rate_limit_error"),
    ],
)
def test_an_answer_longer_than_its_cap_is_cut_by_its_text(
    path: str, said: dict[str, Any], piece: Piece, kind: str, watched: Watched
) -> None:
    import requests

    watched({**LIMIT, "amount": 100})
    with Pouring(watched, piece) as server:
        try:
            with requests.post(server.url + path, json=said, stream=True, timeout=PATIENCE) as got:
                body = b""
                for part in got.iter_content(None):
                    body += part
                    server.taken.put(True)
        finally:
            server.taken.put(False)
    error = last_of(body)["error"]
    assert error["type"] == kind and "little" in error["message"]
    assert server.poured < PIECES
    (made,) = watched.events()
    assert made.provenance is Provenance.ESTIMATED


# -- the connection after a cut


def test_a_connection_whose_answer_was_cut_is_not_used_again(watched: Watched) -> None:
    import http.client
    from urllib.parse import urlsplit

    def script(request: Got, line: Line) -> None:
        if request.target == "/other":
            line.send(whole(b"other"))
            return
        poured = b"".join(chunk(as_event(number)) for number in range(1, PIECES + 1))
        line.send(STREAMED + poured + b"0\r\n\r\n")

    keeper: Keeper = watched(LIMIT)
    with ScriptedServer(script) as server:
        connection = http.client.HTTPConnection(urlsplit(server.url).netloc, timeout=PATIENCE)
        connection.request("POST", EVENTS, prompt(), HEADERS)
        assert "error" in last_of(connection.getresponse().read())
        connection.request("GET", "/other")
        assert connection.getresponse().read() == b"other"
        connection.close()
        assert server.connections == 2
        assert watched.events()
        assert keeper.reservations() == []
