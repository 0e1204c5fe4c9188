"""`quotakeeper serve --admin` as a process: its token, its changes, and SIGHUP."""

from __future__ import annotations

import json
import os
import re
import signal
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.config.admin_tokens import READER_VARIABLE, WRITER_VARIABLE, admin_tokens
from quotakeeper.errors import ConfigError
from quotakeeper.sandbox.server import Sandbox
from tests.gateway.harness import GENERATE, prompt
from tests.gateway.serve_process import Served, served, until

POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes and no SIGHUP")
CANARY = "canary-of-an-admin-token-0123456789abcdef"
LIMIT = '[[limit]]\nname = "all"\nmeter = "requests"\nwindow = "none"\namount = {}\n'
BASE = "default_limits = false\n"
SECONDS = 30.0


def _ask(
    method: str, url: str, body: Any = None, **headers: str
) -> tuple[int, dict[str, Any], dict[str, str]]:  # fmt: skip
    named = {"content-type": "application/json", **headers}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, named, method=method)
    try:
        with urllib.request.urlopen(request, timeout=SECONDS) as got:
            return got.status, json.loads(got.read()), dict(got.headers)
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read()), dict(error.headers)


def _admin_url(gateway: Served) -> str:
    until(lambda: "/admin/v1" in gateway.told)
    found = re.search(r"http://[\d.]+:\d+/admin/v1", gateway.told)
    assert found is not None
    return found[0]


@POSIX
def test_a_key_made_over_the_api_is_limited_and_revoked_in_the_running_gateway(
    tmp_path: Path,
) -> None:
    """No secret is in any output or file. A changed config is in force after SIGHUP, or refused."""
    token = tmp_path / "token"
    token.write_text(CANARY + "\n", encoding="utf-8")
    token.chmod(0o600)
    options = ("--admin", "127.0.0.1:0", "--admin-token-file", str(token))
    with (
        Sandbox() as sandbox,
        served(
            tmp_path, {"gemini": sandbox.base_url}, *options, config=BASE + LIMIT.format(3)
        ) as gateway,
    ):
        admin, headers = _admin_url(gateway), {"Authorization": f"Bearer {CANARY}"}
        limit = {"name": "two", "meter": "requests", "window": "none", "amount": 2}
        status, made, _ = _ask(
            "POST", f"{admin}/keys", {"name": "lan", "limits": [limit]}, **headers
        )
        assert status == 201
        secret, key = made["secret"], made["key"]

        def call(secret: str) -> int:
            return _ask("POST", gateway.url + GENERATE, prompt(), **{"x-goog-api-key": secret})[0]

        assert [call(secret) for _ in range(3)] == [200, 200, 402]
        assert [call(gateway.key) for _ in range(2)] == [200, 402]
        ready = f"{gateway.url}/readyz"
        config = tmp_path / "quotakeeper.toml"
        config.write_text(BASE + LIMIT.format(-987654), encoding="utf-8")
        gateway.process.send_signal(signal.SIGHUP)
        until(lambda: _ask("GET", ready)[0] == 503)
        problem = _ask("GET", ready)[1]["problem"]
        assert problem.endswith(" quotakeeper.toml: limit[1].amount")
        assert "-987654" not in problem  # what stands in the file is in the log alone
        assert "-987654" in _ask("GET", f"{admin}/config", **headers)[1]["problem"]
        config.write_text(BASE + LIMIT.format(4), encoding="utf-8")  # seen without a signal
        until(lambda: _ask("GET", ready)[0] == 200)
        assert [call(gateway.key) for _ in range(2)] == [200, 402]
        place = f"{admin}/keys/{key['id']}"
        assert _ask("POST", f"{place}/revoke", {}, **headers, **{"If-Match": '"1"'})[0] == 200
        assert call(secret) == 401
        code, log, told = gateway.stop()
    assert code == 0
    assert "the config was not reloaded" in told
    lines = [json.loads(line) for line in log.splitlines()]
    assert [line["status"] for line in lines if line.get("operation") == "admin.createKey"] == [201]
    assert CANARY not in log + told
    token.unlink()
    for path in filter(Path.is_file, tmp_path.rglob("*")):
        data = path.read_bytes()
        for each in (CANARY, secret):
            assert each.encode() not in data, path


@POSIX
def test_without_a_token_a_new_one_is_printed_once(tmp_path: Path) -> None:
    with (
        Sandbox() as sandbox,
        served(tmp_path, {"gemini": sandbox.base_url}, "--admin", "127.0.0.1:0") as gateway,
    ):
        admin = _admin_url(gateway)
        (token,) = re.findall(r"qa_[0-9a-f]{64}", gateway.told)
        assert _ask("GET", f"{admin}/keys", Authorization=f"Bearer {token}")[0] == 200
        assert _ask("GET", f"{admin}/keys")[0] == 401
        gateway_side = _ask("GET", f"{gateway.url}/admin/v1/keys", Authorization=f"Bearer {token}")
        assert gateway_side[0] == 401  # the clients' listener does not have the admin API
        assert gateway.stop()[0] == 0


@POSIX
def test_a_token_that_others_can_read_or_guess_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(CANARY, encoding="utf-8")
    for mode in (0o640, 0o604, 0o622, 0o660):
        file.chmod(mode)
        with pytest.raises(ConfigError, match="chmod 600") as caught:
            admin_tokens(str(file), {})
        assert CANARY not in str(caught.value)
    file.chmod(0o600)
    assert admin_tokens(str(file), {WRITER_VARIABLE: "y" * 40}) == (CANARY, "")
    assert admin_tokens(None, {WRITER_VARIABLE: CANARY, READER_VARIABLE: "y" * 40}) == (
        CANARY, "y" * 40,
    )  # fmt: skip
    assert admin_tokens(None, {}) == ("", "")
    wrong = [
        {WRITER_VARIABLE: "short"}, {WRITER_VARIABLE: "x" * 31}, {WRITER_VARIABLE: "x " * 20},
        {WRITER_VARIABLE: CANARY, READER_VARIABLE: CANARY}, {WRITER_VARIABLE: "ậ" * 40},
    ]  # fmt: skip
    for environ in wrong:
        with pytest.raises(ConfigError) as caught:
            admin_tokens(None, environ)
        assert environ[WRITER_VARIABLE] not in str(caught.value)
    file.write_text("", encoding="utf-8")
    with pytest.raises(ConfigError, match="is not a token"):
        admin_tokens(str(file), {})
    with pytest.raises(ConfigError, match="cannot be read"):
        admin_tokens(str(tmp_path / "none"), {})


@POSIX
def test_the_first_key_of_a_new_ledger_is_made_over_the_api(tmp_path: Path) -> None:
    with (
        Sandbox() as sandbox,
        served(
            tmp_path, {"gemini": sandbox.base_url}, "--admin", "127.0.0.1:0", makes_key=False,
            variables={WRITER_VARIABLE: CANARY},
        ) as gateway,
    ):  # fmt: skip
        admin, headers = _admin_url(gateway), {"Authorization": f"Bearer {CANARY}"}
        assert _ask("GET", f"{admin}/keys", **headers)[1]["keys"] == []
        assert _ask("POST", f"{admin}/keys", {"name": "lan"}, **headers)[0] == 201
        gateway.ledger.unlink()
        assert _ask("GET", f"{admin}/keys", **headers)[0] == 503
        assert "the admin API cannot use the ledger" in gateway.told
