"""`quotakeeper doctor`: keys, the day, ffmpeg, limits that match nothing, and every file."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from quotakeeper.app import setup_checks
from quotakeeper.app.key_trials import TRIALS
from tests.cli.conftest import CommandLine

KEY = "canary-key-7d3b5f0e9d1c"
NAMES = ("GOOGLE_API_KEY", "GEMINI_API_KEY", "DEEPGRAM_API_KEY", "OPENAI_API_KEY",
         "ANTHROPIC_API_KEY")  # fmt: skip


class Provider:
    """A server in a provider's place: it answers with a status and notes what it was asked."""

    def __init__(self) -> None:
        self.status = 200
        self.asked: list[tuple[str, dict[str, str]]] = []
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                provider.asked.append((self.path, {k.lower(): v for k, v in self.headers.items()}))
                self.send_response(provider.status)
                if 300 <= provider.status < 400:
                    self.send_header("Location", f"{provider.url}/elsewhere")
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"


@pytest.fixture
def provider(cli: CommandLine) -> Iterator[Provider]:
    found = Provider()
    for name in NAMES:
        cli.environment.delenv(name, raising=False)
    for trial in TRIALS:
        cli.environment.setenv(trial.url_names[0], found.url)
    thread = threading.Thread(target=found.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join(10)


def findings(cli: CommandLine, *arguments: str) -> dict[str, dict[str, str]]:
    result = cli.run("doctor", "--json", *arguments)
    assert KEY not in result.out + result.err
    return {each["name"]: each for each in json.loads(result.out)["findings"]}


def test_without_being_asked_nothing_is_sent(cli: CommandLine, provider: Provider) -> None:
    assert findings(cli)["keys"]["state"] == "note"
    cli.environment.setenv("GEMINI_API_KEY", KEY)
    found = findings(cli)["keys"]
    assert (found["state"], provider.asked) == ("ok", [])
    assert "GEMINI_API_KEY" in found["text"]
    assert "--keys" in found["text"]


@pytest.mark.parametrize(
    ("name", "header", "value", "path"),
    [
        ("GEMINI_API_KEY", "x-goog-api-key", KEY, "/v1beta/models?pageSize=1"),
        ("DEEPGRAM_API_KEY", "authorization", f"Token {KEY}", "/v1/projects"),
        ("OPENAI_API_KEY", "authorization", f"Bearer {KEY}", "/v1/models"),
        ("ANTHROPIC_API_KEY", "x-api-key", KEY, "/v1/models?limit=1"),
    ],
)
def test_a_key_is_tried_with_one_free_request(
    cli: CommandLine, provider: Provider, name: str, header: str, value: str, path: str
) -> None:
    cli.environment.setenv(name, KEY)
    found = findings(cli, "--keys")
    ((asked, headers),) = provider.asked
    assert (asked, headers[header]) == (path, value)
    ((what, finding),) = [(k, v) for k, v in found.items() if k.endswith(" key")]
    assert finding["state"] == "ok"
    assert name in finding["text"]
    assert what.split()[0] in finding["text"]


@pytest.mark.parametrize(
    ("status", "state"),
    [(400, "fail"), (401, "fail"), (403, "fail"), (302, "warn"), (429, "warn"), (503, "warn")],
)
def test_what_a_refusal_means(
    cli: CommandLine, provider: Provider, status: int, state: str
) -> None:
    cli.environment.setenv("DEEPGRAM_API_KEY", KEY)
    provider.status = status
    found = findings(cli, "--keys")["deepgram key"]
    assert found["state"] == state
    assert str(status) in found["text"]
    assert len(provider.asked) == 1, "a redirect is not followed"
    assert cli.run("doctor", "--keys").code == (1 if state == "fail" else 0)


def test_no_network_is_no_verdict(cli: CommandLine, provider: Provider) -> None:
    cli.environment.setenv("DEEPGRAM_API_KEY", KEY)
    cli.environment.setenv("DEEPGRAM_BASE_URL", "http://127.0.0.1:9")
    found = findings(cli, "--keys")["deepgram key"]
    assert found["state"] == "warn"
    assert "cannot be reached" in found["text"]


def test_a_key_is_sent_to_no_address_in_the_clear(cli: CommandLine, provider: Provider) -> None:
    cli.environment.setenv("DEEPGRAM_API_KEY", KEY)
    cli.environment.setenv("DEEPGRAM_BASE_URL", "http://deepgram.example")
    found = findings(cli, "--keys")["deepgram key"]
    assert "unencrypted" in found["text"]
    cli.environment.setenv("DEEPGRAM_BASE_URL", provider.url)
    cli.environment.setenv("DEEPGRAM_API_KEY", f"{KEY}é")
    assert "is not a key" in findings(cli, "--keys")["deepgram key"]["text"]
    assert provider.asked == []


def test_the_config_says_where_a_key_is(cli: CommandLine, provider: Provider) -> None:
    cli.write_config('[keys]\ngemini = "TEAM_KEY"\n')
    cli.environment.setenv("GEMINI_API_KEY", "another")
    found = findings(cli, "--keys")["gemini key"]
    assert (found["state"], found["text"]) == ("fail", "TEAM_KEY is not set")
    cli.environment.setenv("TEAM_KEY", KEY)
    assert findings(cli, "--keys")["gemini key"]["state"] == "ok"
    assert provider.asked[0][1]["x-goog-api-key"] == KEY


def test_the_day_of_the_settings_is_told(cli: CommandLine) -> None:
    cli.environment.setenv("QUOTAKEEPER_TIMEZONE", "Asia/Ho_Chi_Minh")
    text = findings(cli)["day"]["text"]
    assert "daily limits reset at 00:00, in " in text


def test_what_is_found_about_the_set_up_is_said_in_vietnamese(
    cli: CommandLine, provider: Provider
) -> None:
    out = cli.run("doctor", "--lang", "vi").out
    assert re.search(r"còn \d+ (giờ|phút|giây)", out) and not re.search(r"\d (h|min)\b", out)
    assert "hạn mức ngày làm mới lúc 00:00" in out
    assert "chưa đặt khóa nào" in out
    cli.environment.setenv("DEEPGRAM_API_KEY", KEY)
    provider.status = 401
    out = cli.run("doctor", "--keys", "--lang", "vi").out
    assert "DEEPGRAM_API_KEY không dùng được: deepgram từ chối khóa (HTTP 401)" in out
    assert "cách sửa: hãy chép lại khóa vào DEEPGRAM_API_KEY" in out


def test_ffmpeg_is_looked_for() -> None:
    there = setup_checks.ffmpeg_finding(lambda name: f"/usr/bin/{name}")
    assert (there.state, there.text) == ("ok", "/usr/bin/ffmpeg, /usr/bin/ffprobe")
    half = setup_checks.ffmpeg_finding(lambda name: name if name == "ffmpeg" else None)
    assert half.state == "note"
    assert half.said(setup_checks.in_english)[0].startswith("not found: ffprobe;")
    found = shutil.which("ffmpeg") and shutil.which("ffprobe")
    assert setup_checks.ffmpeg_finding().state == ("ok" if found else "note")


def test_a_limit_that_matches_nothing_is_named(busy: CommandLine) -> None:
    busy.write_config(
        '[[limit]]\nname = "team"\nprovider = "gemini"\noperation = "transalte"\n'
        'meter = "tokens"\nwindow = "day"\namount = 9\n'
    )
    found = findings(busy)["limit"]
    assert found["state"] == "warn"
    assert "'team' has matched no call" in found["text"]
    assert "'translate'" in found["fix"]
    assert "limit" not in findings(busy, "--config", str(_fitting(busy)))


def _fitting(cli: CommandLine) -> object:
    path = cli.folder / "other.toml"
    path.write_text(
        '[[limit]]\nname = "team"\noperation = "dịch lại"\nmeter = "tokens"\nwindow = "day"\n'
        "amount = 9\n",
        encoding="utf-8",
    )
    return path


def test_every_file_that_is_there_is_listed(busy: CommandLine) -> None:
    busy.write_config("warn_at = 0.5\n")
    busy.run("backup")
    with busy.keeper() as keeper:
        keeper.status()
        files = json.loads(busy.run("doctor", "--paths", "--json").out)["files"]
    listed = {each["path"] for each in files if each["bytes"] is not None}
    there = {str(path) for path in busy.folder.iterdir() if not path.name.endswith(".backup.db")}
    assert there <= listed
    out = busy.run("doctor", "--paths").out
    assert all(path in out for path in there)
    assert "config file" in out
    assert "tệp cấu hình" in busy.run("doctor", "--paths", "--lang", "vi").out


@pytest.mark.parametrize(
    "arguments", [("--keys", "--paths"), ("--accept-clock", "--keys"), ("--yes", "--keys")]
)
def test_tasks_of_their_own_do_not_mix(cli: CommandLine, arguments: tuple[str, ...]) -> None:
    assert cli.run("doctor", *arguments).code == 2
