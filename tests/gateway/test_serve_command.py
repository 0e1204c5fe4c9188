"""`quotakeeper serve` as a process: its keys, its messages, its end, and programs on its ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import urllib.error
import urllib.request
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.cli.serve.command import ServeOptions, _upstreams
from quotakeeper.config.upstream_keys import upstream_keys
from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.sandbox.server import Sandbox
from tests.gateway.harness import GENERATE, prompt
from tests.gateway.serve_process import environment, served

CANARY = "AIza-canary-that-nobody-may-see-000000001"
POSIX = pytest.mark.skipif(os.name == "nt", reason="Windows has no file modes")


def _post(url: str, key: str, body: Any) -> tuple[int, bytes]:
    named = {"content-type": "application/json", "x-goog-api-key": key}
    request = urllib.request.Request(url, json.dumps(body).encode(), named, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=30) as got:
            return got.status, got.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


def _events(ledger: Path) -> list[Any]:
    with Keeper(ledger, {"default_limits": False}) as keeper:
        assert keeper.verify() == [] and keeper.reservations() == []
        return list(keeper.events())


@POSIX
def test_keys_from_a_file_serve_and_are_shown_nowhere(tmp_path: Path) -> None:
    """SIGTERM ends the process with 0 and everything settled. No secret is in any output or file."""
    keys = tmp_path / "providers.toml"
    keys.write_text(f'gemini = "{CANARY}"\n', encoding="utf-8")
    keys.chmod(0o600)
    with Sandbox() as sandbox:
        with served(tmp_path, {"gemini": sandbox.base_url}, "--key-file", str(keys)) as gateway:
            assert _post(gateway.url + GENERATE, gateway.key, prompt())[0] == 200
            assert (
                _post(f"{gateway.url}{GENERATE}?key={gateway.key}", gateway.key, prompt())[0] == 200
            )
            assert _post(f"{gateway.url}{GENERATE}?key={CANARY}", "", prompt())[0] == 401
            code, log, told = gateway.stop()
        assert (code, len(log.splitlines())) == (0, 3)
        assert f"{gateway.url}/gemini" in told
    assert len(_events(gateway.ledger)) == 2
    keys.unlink()
    for path in tmp_path.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert CANARY.encode() not in data, path
            assert gateway.key.encode() not in data, path


@POSIX
def test_a_call_under_way_ends_before_the_process_does(tmp_path: Path) -> None:
    """SIGTERM while the provider thinks: the client gets its whole answer, and it is settled."""
    with Sandbox(faults=["slow:1"]) as sandbox:
        with served(tmp_path, {"gemini": sandbox.base_url}) as gateway:
            answers: list[tuple[int, bytes]] = []
            call = threading.Thread(
                target=lambda: answers.append(_post(gateway.url + GENERATE, gateway.key, prompt()))
            )
            call.start()
            assert sandbox.bill.wait_for(1)  # the request has arrived, the answer has not left
            code, _, _ = gateway.stop()
            call.join()
        assert (code, [status for status, _ in answers]) == (0, [200])
        bill = [dict(charge.quantities) for charge in sandbox.bill.charges]
    assert [dict(event.quantities) for event in _events(gateway.ledger)] == bill


@POSIX
def test_a_program_under_run_whose_base_url_is_the_gateway_is_counted_once(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import json, sys, urllib.request\n"
        "url, key, body = sys.argv[1:]\n"
        "named = {'content-type': 'application/json', 'x-goog-api-key': key}\n"
        "request = urllib.request.Request(url, body.encode(), named, method='POST')\n"
        "print(urllib.request.urlopen(request).status)\n",
        encoding="utf-8",
    )
    with Sandbox() as sandbox, served(tmp_path, {"gemini": sandbox.base_url}) as gateway:
        command = [sys.executable, "-m", "quotakeeper", "run", "--", sys.executable, str(program)]
        ran = subprocess.run(
            [*command, gateway.url + GENERATE, gateway.key, json.dumps(prompt())], cwd=tmp_path,
            env=environment(tmp_path, gateway.ledger), capture_output=True, text=True, timeout=60,
            check=False,
        )  # fmt: skip
        assert (ran.returncode, ran.stdout) == (0, "200\n"), ran.stderr
        assert gateway.stop()[0] == 0
        assert len(sandbox.bill.charges) == 1
    (event,) = _events(gateway.ledger)
    assert dict(event.labels.scope) == {"key": "an", "project": "film"}


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ([], "no provider has a key or an address"),
        (["--upstream", "gemini"], "has no ="),
        (["--upstream", "gemny=http://localhost:1"], "unknown provider 'gemny'"),
        (["--upstream", "gemini=localhost:1"], "is not a URL"),
        (["--upstream", "gemini=http://localhost:1"], "there is no key for gemini"),
        (["--key-file", "nobody.toml"], "does not exist"),
        (["--upstream", "gemini=http://localhost:1", "--host", "192.0.2.1"], "cannot be used"),
    ],
)
def test_what_cannot_be_served_is_told(tmp_path: Path, arguments: list[str], problem: str) -> None:
    (tmp_path / "quotakeeper.toml").write_text("default_limits = false\n", encoding="utf-8")
    environ = environment(tmp_path, tmp_path / "ledger.db")
    if "--host" in arguments:
        environ["GOOGLE_API_KEY"] = "any"
    for lang in ("en", "vi"):
        ran = subprocess.run(
            [sys.executable, "-m", "quotakeeper", "--lang", lang, "serve", "--port", "0", *arguments],
            cwd=tmp_path, env=environ, capture_output=True, text=True, encoding="utf-8",
            timeout=60, check=False,
        )  # fmt: skip
        assert ran.returncode in (2, 78), ran.stderr
        assert (problem in ran.stderr) is (lang == "en"), ran.stderr
        assert ran.stderr.count("\n") == 3


@pytest.mark.parametrize(
    ("environ", "own", "key"),
    [
        ({"GOOGLE_API_KEY": "one", "GEMINI_API_KEY": "two"}, {}, "one"),
        ({"GOOGLE_API_KEY": " ", "GEMINI_API_KEY": "two"}, {}, "two"),
        ({"GOOGLE_API_KEY": "one", "MY_KEY": "own"}, {"gemini": "MY_KEY"}, "own"),
        ({"GOOGLE_API_KEY": "one"}, {"gemini": "MY_KEY"}, ""),
    ],
)
def test_keys_are_read_where_the_other_commands_read_them(
    environ: dict[str, str], own: dict[str, str], key: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """GOOGLE_API_KEY goes before GEMINI_API_KEY, as in the SDK, and [keys] before both."""
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "DEEPGRAM_API_KEY", "OPENAI_API_KEY",
                 "ANTHROPIC_API_KEY"):  # fmt: skip
        monkeypatch.delenv(name, raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    session: Any = SimpleNamespace(settings=lambda: SimpleNamespace(key_names=own))
    if not key:
        with pytest.raises(InvalidInputError, match="no provider"):
            _upstreams(session, ServeOptions())
        return
    assert [(each.name, each.key) for each in _upstreams(session, ServeOptions())] == [
        ("gemini", key)
    ]


def test_a_damaged_ledger_is_told_before_anything_is_served(tmp_path: Path) -> None:
    (tmp_path / "quotakeeper.toml").write_text("default_limits = false\n", encoding="utf-8")
    ledger = tmp_path / "ledger.db"
    ledger.write_bytes(b"no ledger" * 1_000)
    ran = subprocess.run(
        [sys.executable, "-m", "quotakeeper", "serve", "--port", "0"], cwd=tmp_path,
        env={**environment(tmp_path, ledger), "GEMINI_API_KEY": "any"}, capture_output=True,
        text=True, timeout=60, check=False,
    )  # fmt: skip
    assert ran.returncode not in (0, None) and "gateway on" not in ran.stderr, ran.stderr
    assert "ledger.db" in ran.stderr and "Traceback" not in ran.stderr
    assert ledger.read_bytes() == b"no ledger" * 1_000


@POSIX
def test_a_file_of_keys_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "providers.toml"
    file.write_text(f'gemini = "{CANARY}"\n', encoding="utf-8")
    file.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600") as refused:
        upstream_keys({}, str(file), {})
    assert CANARY not in str(refused.value)
    file.chmod(0o600)
    variables = {"gemini": ("GEMINI_API_KEY",), "openai": ("OPENAI_API_KEY",)}
    environ = {"GEMINI_API_KEY": "other", "OPENAI_API_KEY": " sk-1 "}
    assert upstream_keys(variables, str(file), environ) == {"gemini": CANARY, "openai": "sk-1"}
    for text in ("gemini = 1\n", f'gemini = "{CANARY} x"\n', f'gemini = "{CANARY}\\n"\n'):
        file.write_text(text, encoding="utf-8")
        if text.endswith('\\n"\n'):
            assert upstream_keys({}, str(file), {}) == {"gemini": CANARY}
            continue
        with pytest.raises(ConfigError) as refused:
            upstream_keys({}, str(file), {})
        assert CANARY not in str(refused.value)
