"""Names that were mistyped on the command line or in the config: ledgers, providers, models, labels."""

from __future__ import annotations

import csv
import io
import json
import os
from pathlib import Path

import pytest

from quotakeeper import Keeper
from tests.cli.conftest import CommandLine

READING = (
    "status", "status --json", "watch --once", "report", "events", "export", "verify", "compact",
    "plan a.wav", "reconcile gemini --file a.csv", "reconcile deepgram --file a.json",
)  # fmt: skip
NEW = ["--meter", "requests", "--window", "day", "--amount", "5"]


@pytest.mark.parametrize("command", READING)
def test_a_mistyped_ledger_is_an_error_that_names_the_nearest(
    cli: CommandLine, command: str
) -> None:
    Keeper("team-ledger.db").status()
    (cli.folder / "a.wav").write_bytes(b"RIFF")
    (cli.folder / "notes.db").write_bytes(b"no ledger")
    result = cli.run(*command.split(), "--ledger", "taem-ledger.db")
    assert (result.code, result.out) == (2, "")
    assert f"there is no file {cli.folder / 'taem-ledger.db'}" in result.err
    assert f"did you mean '{cli.folder / 'team-ledger.db'}'" in result.err
    assert not (cli.folder / "taem-ledger.db").exists()


def test_without_a_near_one_the_ledgers_there_are_named(cli: CommandLine) -> None:
    result = cli.run("status", "--ledger", "q.db")
    assert "the first call of a program creates one" in result.err
    Keeper("zzzzzzzz").status()
    assert "ledgers in that folder: zzzzzzzz" in cli.run("status", "--ledger", "q.db").err
    assert cli.run("status", "--ledger", "absent/q.db").code == 2


def test_doctor_fails_on_it(cli: CommandLine) -> None:
    Keeper("team.db").status()
    result = cli.run("doctor", "--json", "--ledger", "taem.db")
    (finding,) = [each for each in json.loads(result.out)["findings"] if each["name"] == "ledger"]
    assert (result.code, finding["state"]) == (1, "fail")
    assert "team.db" in finding["fix"]


def test_what_makes_a_ledger_still_does(cli: CommandLine) -> None:
    assert cli.run("status").code == 0  # the ledger of the environment: its first call may come
    assert cli.run("status", "--ledger", "memory:").code == 0
    with Keeper("new.db") as keeper:
        keeper.record("gemini", requests=1)
    assert cli.run("status", "--ledger", "new.db").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (
            ["--provider", "gemni"],
            "--provider: unknown provider 'gemni'\n  try: did you mean 'gemini'",
        ),
        (["--provider", "gemini", "--model", "gemini-2.5-flsh"], "did you mean 'gemini-2.5-flash'"),
        (["--provider", "gemini", "--model", "gemini-9-*"], "matches no known model of gemini"),
    ],
)
def test_limits_set_refuses_what_matches_nothing(
    cli: CommandLine, arguments: list[str], said: str
) -> None:
    result = cli.run("limits", "set", "mine", *NEW, *arguments, "--config", "q.toml")
    assert result.code == 2
    assert said in result.err
    assert not (cli.folder / "q.toml").exists()


def test_limits_set_takes_a_model_that_is_said_to_be_new(cli: CommandLine) -> None:
    arguments = ["--provider", "gemini", "--model", "gemini-9-*", "--unlisted"]
    result = cli.run("limits", "set", "mine", *NEW, *arguments, "--config", "q.toml")
    assert result.code == 0, result.err
    assert "unlisted = true" in Path("q.toml").read_text(encoding="utf-8")
    assert cli.run("status", "--config", "q.toml").code == 0


def test_a_bad_limit_can_be_changed_and_removed(cli: CommandLine) -> None:
    path = cli.write_config(
        '[[limit]]\nname = "a"\nprovider = "gemni"\nmeter = "tokens"\nwindow = "day"\namount = 1\n'
        '[[limit]]\nname = "b"\nprovider = "deepgam"\nmeter = "cost"\nwindow = "day"\namount = 1\n'
    )
    for command in ("status", "limits list", "run -- true"):
        result = cli.run(*command.split())
        assert result.code == 78
        assert "quotakeeper.toml: limit 'a', provider: unknown provider 'gemni'" in result.err
    doctor = json.loads(cli.run("doctor", "--json").out)
    (finding,) = [each for each in doctor["findings"] if each["name"] == "limits"]
    assert finding["state"] == "fail" and "gemini" in finding["fix"]
    assert cli.run("limits", "set", "a", "--provider", "gemini").code == 0
    assert cli.run("limits", "remove", "b").code == 0
    assert cli.run("status").code == 0
    assert "gemni" not in path.read_text(encoding="utf-8")


LABELLED = """
[[limit]]
name = "team"
provider = "gemini"
operation = "transalte"
scope = { porject = "phim" }
meter = "tokens"
window = "day"
amount = 9
"""


@pytest.mark.parametrize(
    ("lang", "said"),
    [
        ("en", ["no call has had the operation 'transalte' yet; did you mean 'translate'?",
                "no call has had the label 'porject' yet; did you mean 'project'?"]),
        ("vi", ["chưa có lượt gọi nào mang thao tác 'transalte'; có phải ý bạn là 'translate'?"]),
    ],
)  # fmt: skip
def test_a_label_or_operation_that_nobody_has_used_is_a_warning(
    cli: CommandLine, lang: str, said: list[str]
) -> None:
    cli.write_config(LABELLED)
    for command in ("limits list", "limits set team --amount 8"):
        result = cli.run(*command.split(), "--lang", lang)
        assert result.code == 0
        assert all(text in result.err for text in said)
    with cli.keeper() as keeper:
        keeper.record("gemini", operation="transalte", scope={"porject": "x"}, requests=1)
    assert cli.run("limits", "list", "--lang", lang).err == ""


def test_usual_names_open_no_ledger(cli: CommandLine) -> None:
    cli.write_config(LABELLED.replace("transalte", "translate").replace("porject", "project"))
    cli.ledger.write_bytes(b"not a ledger, and nobody looks")
    result = cli.run("limits", "list")
    assert (result.code, result.err) == (0, "")


def test_unpriced_calls_are_never_shown_as_free(cli: CommandLine) -> None:
    with cli.keeper() as keeper:
        keeper.record("gemini", model="gemini-9-argon", input_tokens=1_000)
        keeper.record("gemini", model="gemini-9-argon", input_tokens=1_000)
    for command in ("status", "watch --once", "report"):
        out = cli.run(*command.split()).out
        assert "unpriced: 2 calls, cost unknown" in out
        assert "0.0%  OK    " not in next(x for x in out.splitlines() if "gemini daily cost" in x
                                          or "gemini-9" in x)  # fmt: skip
        assert "$0.00 " not in next(x for x in out.splitlines() if "gemini daily cost" in x
                                    or "gemini-9" in x)  # fmt: skip
    for command in ("status", "watch --once"):
        limits = json.loads(cli.run(*command.split(), "--json").out)["limits"]
        cost = next(each for each in limits if each["name"] == "gemini daily cost")
        told = ("used", "remaining", "percent", "state", "unpriced_calls")
        assert [cost[key] for key in told] == [None, None, None, "unknown", 2]
    assert cli.run("status", "--check").code == 4
    totals = json.loads(cli.run("report", "--json").out)
    assert totals["totals"]["cost_usd"] is None and totals["totals"]["unpriced_calls"] == 2
    (row,) = csv.DictReader(io.StringIO(cli.run("report", "--csv").out))
    assert (row["cost_usd"], row["unpriced_calls"]) == ("", "2")


def test_an_unknown_tz_is_bad_config(cli: CommandLine) -> None:
    cli.environment.delenv("QUOTAKEEPER_TIMEZONE")
    cli.environment.setenv("TZ", "UTC-7")
    result = cli.run("status")
    assert result.code == 78
    assert "Asia/Ho_Chi_Minh" in result.err
    assert os.environ["TZ"] == "UTC-7"
