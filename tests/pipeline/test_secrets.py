"""Keys go into two headers and nowhere else."""

from __future__ import annotations

import json
import pickle
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING

import pytest

from quotakeeper.pipeline.api_keys import ApiKey, key_from
from quotakeeper.pipeline.errors import SetupError
from quotakeeper.pipeline.http_transport import HttpReply, HttpRequest, check_base_url, send
from quotakeeper.pipeline.options import read_options

if TYPE_CHECKING:
    from tests.pipeline.conftest import Bench, BenchWith

CANARY = re.compile(rb"canary-[a-z]+-[0-9a-f]{6}")


def no_canary(bench: Bench, *texts: str) -> None:
    """No file under the bench and no text holds a key."""
    for path in bench.folder.rglob("*"):
        if path.is_file():
            assert not CANARY.search(path.read_bytes()), path
    for text in texts:
        assert not CANARY.search(text.encode())


def test_no_key_is_written_anywhere_when_all_goes_well(
    bench: Bench, repository: object, capfd: pytest.CaptureFixture[str]
) -> None:
    run = bench.run("--export", str(bench.folder / "usage.json"), inputs=[f"{repository}/samples"])
    output = capfd.readouterr()
    assert run.exit_code == 0
    no_canary(bench, run.text, output.out, output.err)


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500])
def test_no_key_is_shown_when_the_provider_echoes_it(bench: Bench, status: int) -> None:
    bench.wav("a.wav", 5_000)

    def echo(request: HttpRequest) -> HttpReply:
        seen = dict(request.headers)
        message = f"bad request with {seen} for {request.url}"
        return HttpReply(status, {}, json.dumps({"err_msg": message}).encode())

    bench.transport = echo
    run = bench.run()
    assert run.exit_code == 1 and "[key]" in run.text
    no_canary(bench, run.text)


@pytest.mark.parametrize("kind", ["cut", "malformed", "402", "503"])
def test_no_key_is_shown_when_it_goes_wrong(bench_with: BenchWith, kind: str) -> None:
    bench = bench_with(kind)
    bench.wav("a.wav", 5_000)
    run = bench.run()
    before, _, summary = run.text.partition("TOKEN USAGE")
    failures = before + summary.rpartition("=" * 70)[2]  # they stand before or after the summary
    assert run.exit_code == 1 and "deepgram" in failures
    no_canary(bench, run.text)


def test_the_keys_travel_in_headers_alone(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    seen: list[HttpRequest] = []

    def watch(request: HttpRequest) -> HttpReply:
        seen.append(request)
        return send(request)

    bench.transport = watch
    bench.run()
    environ = bench.environ()
    for request in seen:
        assert "canary" not in request.url
        assert "canary" not in repr(request)
        holding = {name for name, value in request.headers.items() if "canary" in value}
        to_deepgram = "/v1/listen" in request.url or "/v1/auth/token" in request.url
        expected = "Authorization" if to_deepgram else "x-goog-api-key"
        assert holding == {expected}
        other = "GEMINI_API_KEY" if expected == "Authorization" else "DEEPGRAM_API_KEY"
        assert environ[other] not in "".join(request.headers.values())


def test_a_key_shows_itself_to_nobody() -> None:
    key = ApiKey("canary-secret-000001")
    assert "canary" not in f"{key} {key!r} {[key]}"
    with pytest.raises(TypeError):
        pickle.dumps(key)


@pytest.mark.parametrize("value", ["canary-secret-000001\nX: y", "canary secret", "canary-\u00e9"])
def test_a_key_that_would_break_the_request_is_refused_without_quoting_it(value: str) -> None:
    with pytest.raises(SetupError) as caught:
        key_from({"GEMINI_API_KEY": value}, "GEMINI_API_KEY")
    assert "canary" not in str(caught.value)
    assert caught.value.exit_code == 2


def test_the_first_variable_that_is_set_is_taken_and_none_is_explained() -> None:
    environ = {"GOOGLE_API_KEY": " one ", "GEMINI_API_KEY": "two"}
    assert key_from(environ, "GOOGLE_API_KEY", "GEMINI_API_KEY").reveal() == "one"
    with pytest.raises(SetupError, match="set GOOGLE_API_KEY or GEMINI_API_KEY") as caught:
        key_from({}, "GOOGLE_API_KEY", "GEMINI_API_KEY")
    assert caught.value.exit_code == 2


@pytest.mark.parametrize(
    "url",
    ["http://example.org", "ftp://127.0.0.1", "https://user:pw@example.org", "https://h/?a=b", "h"],
)
def test_an_address_that_would_leak_the_key_is_refused(url: str) -> None:
    with pytest.raises(SetupError) as caught:
        check_base_url(url, "DEEPGRAM_BASE_URL", plain_http=False)
    assert "pw" not in str(caught.value)


def test_plain_http_is_for_this_machine_unless_allowed() -> None:
    assert check_base_url("http://127.0.0.1:8/", "X", plain_http=False) == "http://127.0.0.1:8"
    assert check_base_url("http://gw.example/a/", "X", plain_http=True) == "http://gw.example/a"


@contextmanager
def serving(status: int, location: str) -> Iterator[tuple[str, list[str]]]:
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.append(self.path)
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(status)
            self.send_header("Location", location)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST

        def log_message(self, format: str, *args: object) -> None:
            """Silent."""

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with (
        serving(200, "") as (run_in_thread, visited),
        serving(status, f"{run_in_thread}/take") as (here, _),
    ):
        reply = send(HttpRequest(f"{here}/v1/listen", {"Authorization": "Token x"}, b"audio", 5))
        assert reply.status == status
        assert visited == []


def test_a_proxy_is_not_asked_for_this_machine(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    bench.wav("a.wav", 5_000)
    assert bench.run().exit_code == 0


def test_without_keys_it_says_which_and_ends_as_a_usage_error() -> None:
    with pytest.raises(SetupError) as caught:
        read_options(["x.wav", "--ffmpeg", "off"], {})
    assert caught.value.exit_code == 2
    assert "DEEPGRAM_API_KEY" in str(caught.value) and "sandbox" in str(caught.value)


@pytest.mark.parametrize(
    ("key", "text", "shown"),
    [
        ("any", "Too many requests", "Too many requests"),
        ("any", "key any was refused", "key [key] was refused"),
        ("d", "deepgram answered 429", "deepgram answered 429"),
        ("k", "[key]", "[key]"),
        ("real-key-0123", "x-api: real-key-0123!", "x-api: [key]!"),
        ("real-key-0123", "prefixreal-key-0123", "prefix[key]"),
    ],
)
def test_a_stand_in_for_a_key_tears_no_word_apart(key: str, text: str, shown: str) -> None:
    assert ApiKey(key).redact(text) == shown
    assert ApiKey("k").redact(ApiKey(key).redact(text)) == shown
