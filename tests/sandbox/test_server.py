"""The sandbox over real sockets on loopback."""

from __future__ import annotations

import http.client
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.errors import InvalidInputError
from quotakeeper.sandbox import Sandbox, run_sandbox
from quotakeeper.testing import FakeClock

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
GENERATE = "/v1beta/models/gemini-2.5-flash:generateContent"
BODY = json.dumps({"contents": [{"parts": [{"text": "xin chào"}]}]})
GEMINI = {"x-goog-api-key": "canary-gemini-7f3a"}
DEEPGRAM = {"Authorization": "Token canary-deepgram-91bc", "Content-Type": "audio/wav"}


@pytest.fixture
def sandbox() -> Iterator[Sandbox]:
    with Sandbox(clock=FakeClock()) as running:
        yield running


def connect(sandbox: Sandbox) -> http.client.HTTPConnection:
    host, _, port = sandbox.base_url.removeprefix("http://").partition(":")
    return http.client.HTTPConnection(host, int(port), timeout=10)


def exchange(
    sandbox: Sandbox, path: str, body: Any = BODY, headers: dict[str, str] = GEMINI,
    method: str = "POST", *, chunked: bool = False,
) -> tuple[int, dict[str, str], bytes]:  # fmt: skip
    connection = connect(sandbox)
    try:
        connection.request(method, path, body, headers, encode_chunked=chunked)
        reply = connection.getresponse()
        return reply.status, {k.lower(): v for k, v in reply.getheaders()}, reply.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "headers", "status", "part"),
    [
        ("/v1/auth/token", DEEPGRAM, 200, b"api_key_id"),
        ("/v1/auth/token", {}, 401, b"INVALID_AUTH"),
        ("/v1beta/models/gemini-2.5-flash", GEMINI, 200, b"models/gemini-2.5-flash"),
        ("/v1beta/models/gemini-2.5-flash", {}, 400, b"API_KEY_INVALID"),
    ],
)
def test_questions_about_a_key_and_a_model_cost_nothing_and_take_no_number(
    path: str, headers: dict[str, str], status: int, part: bytes
) -> None:
    with Sandbox(faults=["503@1"], clock=FakeClock()) as sandbox:
        answered, _, body = exchange(sandbox, path, None, headers, "GET")
        assert answered == status and part in body
        assert sandbox.bill.charges == ()
        assert exchange(sandbox, GENERATE)[0] == 503  # the first call is still the first
    assert "canary" not in repr(vars(sandbox))


def test_both_providers_run_together_and_the_bill_adds_up(sandbox: Sandbox) -> None:
    audio = (SAMPLES / "xin-chao.wav").read_bytes()
    status, _, answer = exchange(sandbox, GENERATE)
    usage = json.loads(answer)["usageMetadata"]
    assert status == 200
    assert exchange(sandbox, "/v1/listen?language=zh", audio, DEEPGRAM)[0] == 200
    _, _, bill = exchange(sandbox, "/__sandbox__/bill", None, {}, "GET")
    assert json.loads(bill) == sandbox.bill.as_json()
    assert next(iter(json.loads(bill).items())) == ("schema", 1)
    assert sandbox.bill.totals() == {
        "gemini": {
            "requests": 1,
            "input_tokens": usage["promptTokenCount"],
            "output_tokens": usage["candidatesTokenCount"],
            "thought_tokens": usage["thoughtsTokenCount"],
        },
        "deepgram": {"requests": 1, "audio_milliseconds": 16_067},
    }


def test_a_chunked_body_is_read_completely(sandbox: Sandbox) -> None:
    audio = (SAMPLES / "cho-dem.flac").read_bytes()
    parts = iter([audio[:1_000], audio[1_000:]])
    status, _, answer = exchange(sandbox, "/v1/listen", parts, DEEPGRAM, chunked=True)
    assert (status, json.loads(answer)["metadata"]["duration"]) == (200, 11.181)


def test_a_stream_is_sent_in_chunks_and_the_connection_stays_open(sandbox: Sandbox) -> None:
    connection = connect(sandbox)
    for _ in range(2):
        path = GENERATE.replace("generate", "streamGenerate") + "?alt=sse"
        connection.request("POST", path, BODY, GEMINI)
        reply = connection.getresponse()
        assert reply.headers["Content-Type"] == "text/event-stream"
        assert reply.headers["Transfer-Encoding"] == "chunked"
        assert reply.read().count(b"data: ") > 1
    connection.close()


def test_a_cut_reply_is_billed_but_never_arrives_completely() -> None:
    with Sandbox(faults=["cut"], clock=FakeClock()) as sandbox:
        for path in (GENERATE, GENERATE.replace("generate", "streamGenerate") + "?alt=sse"):
            with pytest.raises((http.client.IncompleteRead, ConnectionError)):
                exchange(sandbox, path)
        assert sandbox.bill.totals()["gemini"]["requests"] == 2
        assert sandbox.bill.totals()["gemini"]["output_tokens"] > 0


def test_a_slow_reply_ends_when_the_sandbox_stops() -> None:
    sandbox = Sandbox(faults=["slow:600"], clock=FakeClock()).start()
    statuses: list[int] = []
    waiting = threading.Thread(target=lambda: statuses.append(exchange(sandbox, GENERATE)[0]))
    waiting.start()
    while not sandbox.bill.charges:
        pass
    waiting.join(timeout=0.3)
    assert waiting.is_alive()
    sandbox.close()
    waiting.join(timeout=10)
    assert statuses == [200]


def test_an_unknown_fault_is_refused_with_an_explanation(sandbox: Sandbox) -> None:
    status, _, answer = exchange(sandbox, GENERATE, headers={**GEMINI, "x-sandbox-fault": "418"})
    assert status == 400 and b"no-usage" in answer
    with pytest.raises(InvalidInputError):
        Sandbox(faults=["418"])


def test_unknown_paths_and_methods_get_an_error_reply(sandbox: Sandbox) -> None:
    assert exchange(sandbox, "/v9/nothing")[0] == 404
    assert exchange(sandbox, "/__sandbox__/health", None, {}, "GET")[0] == 200
    assert exchange(sandbox, "/v1/listen", None, DEEPGRAM, "GET")[0] == 405
    assert exchange(sandbox, GENERATE, None, {**GEMINI, "Content-Length": "x"})[0] == 400


def test_no_key_reaches_the_log_the_bill_or_the_announcement(
    capfd: pytest.CaptureFixture[str],
) -> None:
    lines: list[str] = []

    def drive(sandbox: Sandbox) -> None:
        def act() -> None:
            exchange(sandbox, f"{GENERATE}?key=canary-query-55d0", headers={})
            exchange(sandbox, "/v1/listen", b"junk", DEEPGRAM)
            sandbox._server.shutdown()

        threading.Thread(target=act).start()

    run_sandbox(0, ["503@1"], lines.append, ready=drive)
    output = capfd.readouterr()
    everything = "\n".join(lines) + output.out + output.err
    assert "-> 503 (503)" in everything and "-> 400" in everything
    assert "canary" not in everything
    assert any("GOOGLE_GEMINI_BASE_URL=http://127.0.0.1:" in line for line in lines)


def test_a_port_in_use_is_an_error(sandbox: Sandbox) -> None:
    port = int(sandbox.base_url.rsplit(":", 1)[1])
    with pytest.raises(OSError, match=r".+"):
        run_sandbox(port, [], lambda line: None)


def test_many_concurrent_calls_are_all_on_the_bill(sandbox: Sandbox) -> None:
    threads = [threading.Thread(target=exchange, args=(sandbox, GENERATE)) for _ in range(24)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sandbox.bill.totals()["gemini"]["requests"] == 24
