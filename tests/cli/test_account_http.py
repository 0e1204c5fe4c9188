"""Asking Deepgram's account: what the answers can be, and that the key goes nowhere else."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from quotakeeper.cli.reconcile.account_http import DeepgramAccount
from quotakeeper.config.provider_accounts import AccountSettings, load_account_settings
from quotakeeper.errors import InvalidInputError, ProviderError
from quotakeeper.providers.deepgram.facts import FACTS
from quotakeeper.testing import FakeClock
from tests.cli.conftest import CommandLine

KEY = "canary-key-5f0e9d1c7b2a44"
Answer = tuple[int, bytes]


class Account:
    """A server that answers as it is told, and notes what it was asked."""

    def __init__(self) -> None:
        self.answers: Callable[[str], Answer] = lambda path: (200, b"{}")
        self.asked: list[str] = []
        self.keys: set[str | None] = set()
        account = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                account.asked.append(self.path)
                account.keys.add(self.headers.get("Authorization"))
                status, body = account.answers(self.path)
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", f"http://localhost:{account.port}/elsewhere")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"


@pytest.fixture
def account() -> Iterator[Account]:
    found = Account()
    thread = threading.Thread(target=found.server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join(10)


def opened(account: Account, project: str = "p", clock: FakeClock | None = None) -> DeepgramAccount:
    return DeepgramAccount(AccountSettings(KEY, project, account.url), clock or FakeClock())


def test_settings_never_show_the_key() -> None:
    environ = {
        "DEEPGRAM_API_KEY": f" {KEY}\n", "DEEPGRAM_PROJECT_ID": "p", "DEEPGRAM_BASE_URL": "u",
    }  # fmt: skip
    names = FACTS.environment
    settings = load_account_settings(names.key, names.project, names.base_urls[0], environ)
    assert settings == AccountSettings(KEY, "p", "u")
    assert KEY not in repr(settings)


@pytest.mark.parametrize(
    ("status", "body", "words"),
    [
        (401, {"err_code": "INVALID_AUTH", "err_msg": f"bad key {KEY}"}, "DEEPGRAM_API_KEY is not"),
        (403, {"category": "INSUFFICIENT_PERMISSIONS", "message": "no"}, "usage:read"),
        (404, {"err_code": "PROJECT_NOT_FOUND", "err_msg": "Project not found."}, "no project 'p'"),
        (400, {"err_msg": "limit"}, "answered 400: limit"),
        (302, {}, "redirects elsewhere"),
        (500, {"message": "again later"}, "answered 500: again later"),
    ],
)
def test_refusals_say_what_to_do(
    account: Account, status: int, body: dict[str, str], words: str
) -> None:
    account.answers = lambda path: (status, json.dumps(body).encode())
    with pytest.raises(ProviderError, match=words) as raised:
        list(opened(account).requests(None, None))
    assert KEY not in str(raised.value)
    assert "/elsewhere" not in account.asked
    assert account.keys == {f"Token {KEY}"}


def test_what_passes_is_asked_again(account: Account) -> None:
    answers = iter([(503, b"busy"), (429, b"slow"), (200, b'{"requests": []}')])
    account.answers = lambda path: next(answers)
    clock = FakeClock()
    assert list(opened(account, clock=clock).requests(None, None)) == []
    assert clock.slept == [2, 4]


@pytest.mark.parametrize("body", [b"<html>login</html>", b"[1]", b"", b'{"requests": '])
def test_what_is_no_answer(account: Account, body: bytes) -> None:
    account.answers = lambda path: (200, body)
    with pytest.raises(ProviderError, match="not JSON"):
        opened(account).balances()


def test_nobody_there(account: Account) -> None:
    settings = AccountSettings(KEY, "p", "http://127.0.0.1:1")
    with pytest.raises(ProviderError, match="cannot be reached"):
        DeepgramAccount(settings, FakeClock()).balances()


@pytest.mark.parametrize(
    "url",
    ["http://api.deepgram.com", "ftp://127.0.0.1", "http://", "https://user@host", "http://[::1",
     "https://api.deepgram.com?token=x", "https://api.deepgram.com:port"],
)  # fmt: skip
def test_a_key_is_not_sent_just_anywhere(url: str) -> None:
    with pytest.raises(InvalidInputError, match="--base-url"):
        DeepgramAccount(AccountSettings(KEY, "p", url))


def test_keys_that_are_none() -> None:
    for key in ("", "tiếng", "two\nlines"):
        with pytest.raises(InvalidInputError, match="DEEPGRAM_API_KEY"):
            DeepgramAccount(AccountSettings(key, "p", "http://127.0.0.1:1"))


@pytest.mark.parametrize(
    ("projects", "words"), [([], r"0 projects \(none\)"), (["a", "b"], r"2 projects \(a, b\)")]
)
def test_a_project_is_only_guessed_where_there_is_one(
    account: Account, projects: list[str], words: str
) -> None:
    listed = {"projects": [{"project_id": name, "name": "x"} for name in projects]}
    account.answers = lambda path: (200, json.dumps(listed).encode())
    with pytest.raises(InvalidInputError, match=words):
        opened(account, "")
    listed["projects"] = [{"project_id": "only", "name": "x"}]
    assert opened(account, "").project == "only"


@pytest.mark.parametrize("first", [0, 1])
def test_pages_end_whichever_way_they_are_counted(account: Account, first: int) -> None:
    pages = {first: ["a", "b"], first + 1: ["b", "c"]}

    def answer(path: str) -> Answer:
        number = max(first, int(path.partition("page=")[2].partition("&")[0]))
        found = [{"request_id": name} for name in pages.get(number, [])]
        return 200, json.dumps({"requests": found}).encode()

    account.answers = answer
    found = [each["request_id"] for each in opened(account).requests(0, 10**15)]
    assert found == ["a", "b", "c"]
    assert "start=1970-01-01T00%3A00%3A00%2B00%3A00&end=" in account.asked[0]


def test_an_account_that_ignores_pages_ends_too(account: Account) -> None:
    account.answers = lambda path: (200, b'{"requests": [{"request_id": "a"}]}')
    assert len(list(opened(account).requests(None, None))) == 1


def test_the_command_line_says_it_in_three_lines(cli: CommandLine, account: Account) -> None:
    cli.environment.setenv("DEEPGRAM_API_KEY", KEY)
    account.answers = lambda path: (401, json.dumps({"err_msg": f"no {KEY}"}).encode())
    for lang in ("en", "vi"):
        ran = cli.run("reconcile", "deepgram", "--base-url", account.url, "--lang", lang)
        assert (ran.code, ran.out, ran.err.count("\n")) == (69, "", 3)
        assert KEY not in ran.err and "401" in ran.err
    account.answers = lambda path: (200, b'{"requests": [], "balances": []}')
    ran = cli.run("reconcile", "deepgram", "--base-url", account.url + "/v1", "--project", "p/../x")
    assert ran.code == 0, ran.err
    assert all("/p%2F..%2Fx/" in path for path in account.asked[2:])
