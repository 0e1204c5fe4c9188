"""Pauses, limits per label and limits that are raised, on the command line."""

from __future__ import annotations

import asyncio
import json
import re

import pytest

from quotakeeper import Keeper, LimitExceeded, PausedError
from quotakeeper.cli import bare
from tests.cli.conftest import CommandLine

EACH = """\
timezone = "UTC"

[[limit]]
name = "each"
per = "user"
meter = "requests"
window = "day"
amount = 10
"""


@pytest.fixture
def keeper(cli: CommandLine) -> Keeper:
    """Opens the same ledger, so that there is one."""
    cli.write_config(EACH)
    keeper = cli.keeper(config=cli.folder / "quotakeeper.toml")
    keeper.reserve("gemini", scope={"user": "lan"}).settle()
    return keeper


def test_pause_and_resume(cli: CommandLine, keeper: Keeper) -> None:
    done = cli.run("pause", "--why", "a runaway loop")
    assert done.code == 0 and done.out == ""
    first, second = done.err.splitlines()
    assert first.startswith(
        "PAUSED: calls to all providers, since 2026-11-23 12:00:00, until resumed"
    )
    assert first.endswith(": a runaway loop") and second == "undo it with: quotakeeper resume"
    with pytest.raises(PausedError, match="a runaway loop"):
        keeper.reserve("gemini")
    assert "PAUSED: calls to all providers" in cli.run("status").out
    assert "PAUSED: calls to all providers" in cli.run("watch", "--once").out
    (pause,) = json.loads(cli.run("status", "--json").out)["pauses"]
    assert (pause["provider"], pause["until"], pause["why"]) == ("", None, "a runaway loop")
    done = cli.run("resume", "--why", "mended")
    assert (done.code, done.err) == (0, "calls to all providers are sent again\n")
    keeper.reserve("gemini").release()
    assert "PAUSED" not in cli.run("status").out
    done = cli.run("resume")
    assert (done.code, done.err) == (1, "nothing was paused\n")
    assert [(e.kind, e.notice.why) for e in keeper.entries() if e.notice] == [
        ("pause", "a runaway loop"), ("resume", "mended"),
    ]  # fmt: skip


def test_a_pause_of_one_provider_for_a_time(cli: CommandLine, keeper: Keeper) -> None:
    record = json.loads(
        cli.run("pause", "--provider", "gemini", "--for", "2h", "--why", "x", "--json").out
    )
    assert (record["provider"], record["since"], record["until"]) == (
        "gemini", "2026-11-23T12:00:00Z", "2026-11-23T14:00:00Z",
    )  # fmt: skip
    assert "until 14:00, in 2 h" in cli.run("status").out
    cli.run("pause", "--why", "y")
    done = cli.run("resume", "--provider", "gemini")
    assert done.err.splitlines() == [
        "calls to gemini are sent again", "still paused: calls to all providers",
    ]  # fmt: skip
    done = cli.run("resume", "--provider", "gemini")
    assert (done.code, done.err.splitlines()[0]) == (1, "there is no pause of calls to gemini")
    record = json.loads(cli.run("resume", "--json").out)
    assert [each["why"] for each in record["ended"]] == ["y"]


def test_in_vietnamese(cli: CommandLine, keeper: Keeper) -> None:
    done = cli.run("--lang", "vi", "pause", "--why", "vòng lặp", "--for", "90m")
    assert done.err.startswith(
        "TẠM DỪNG: lượt gọi tới mọi nhà cung cấp, từ 2026-11-23 12:00:00, tới 13:30"
    )
    assert (
        "tạm dừng" in cli.run("--lang", "vi", "resume").err or cli.run("--lang", "vi", "resume").err
    )


@pytest.mark.parametrize(
    ("given", "what"),
    [
        (("pause",), "--why: is missing"),
        (("pause", "--why", " "), "--why: is missing"),
        (("pause", "--why", "x", "--for", "soon"), "--for"),
        (
            ("limits", "raise", "each", "--to", "5", "--for", "1d", "--why", "x"),
            "not above 10",
        ),
        (("limits", "raise", "eech", "--to", "50", "--for", "1d", "--why", "x"), "no limit 'eech'"),
        (("limits", "set", "each", "--for", "1d"), "--for: can only be used with --amount"),
        (("limits", "set", "each", "--for", "1d", "--amount", "20"), "--why: is missing"),
        (("limits", "set", "each", "--thresholds", "0.5,2"), "--thresholds: 2 is not between"),
        (("limits", "set", "each", "--scope", "user"), "--scope: 'user' is not LABEL=VALUE"),
        (("limits", "set", "each", "--scope", "a=1", "--scope", "a=2"), "'a' is given twice"),
    ],
)
def test_what_is_given_wrongly(
    cli: CommandLine, keeper: Keeper, given: tuple[str, ...], what: str
) -> None:
    done = cli.run(*given)
    assert (done.code, done.out) == (2, "")
    assert what in done.err
    assert [entry for entry in keeper.entries() if entry.notice] == []


def test_a_ledger_that_is_not_there_is_not_paused(cli: CommandLine) -> None:
    for command in (("pause", "--why", "x"), ("resume",)):
        done = cli.run("--ledger", str(cli.folder / "mistyped.db"), *command)
        assert done.code == 69 and "does not exist" in done.err
    assert not (cli.folder / "mistyped.db").exists()


def test_a_bare_python_pauses_too(cli: CommandLine, keeper: Keeper) -> None:
    assert bare.main(["--ledger", str(cli.ledger), "pause", "--why", "x"]) == 0
    with pytest.raises(PausedError):
        keeper.reserve("gemini")
    assert bare.main(["--ledger", str(cli.ledger), "resume"]) == 0
    keeper.reserve("gemini").release()


# -- limits per label


def test_status_lists_each_value_the_most_used_first(cli: CommandLine, keeper: Keeper) -> None:
    for user, calls in (("minh", 3), ("an", 2)):
        for _ in range(calls):
            keeper.reserve("gemini", scope={"user": user}).settle()
    record = json.loads(cli.run("status", "--json").out)
    assert [(x["name"], x["used"], x["per"], x["rule"], x["scope"]) for x in record["limits"]] == [
        ("each [user=minh]", "3", "user", "each", {"user": "minh"}),
        ("each [user=an]", "2", "user", "each", {"user": "an"}),
        ("each [user=lan]", "1", "user", "each", {"user": "lan"}),
    ]
    out = cli.run("status").out
    assert re.findall(r"each \[user=(\w+)\]", out) == ["minh", "an", "lan"]
    for number in range(30):
        keeper.record("gemini", scope={"user": f"u{number}"}, requests=1)
    out = cli.run("status").out
    assert "and 13 more values with less use" in out and out.count("[user=") == 20
    assert "và 13 giá trị nữa" in cli.run("--lang", "vi", "status").out
    assert "and 13 more" in cli.run("watch", "--once").out
    assert cli.run("status", "--check").code == 0
    for _ in range(7):
        keeper.reserve("gemini", scope={"user": "minh"}).settle()
    assert cli.run("status", "--check").code == 3


def test_limits_set_writes_scope_per_and_thresholds(cli: CommandLine) -> None:
    path = cli.write_config(EACH)
    done = cli.run("limits", "set", "each", "--thresholds", "0.8, 0.5", "--scope", "team=sub",
                   "--scope", "project=phim-01", "--per", "owner", "--mode", "soft",
                   "--window", "rolling 24h")  # fmt: skip
    assert done.code == 0, done.err
    text = path.read_text(encoding="utf-8")
    assert "thresholds = [0.5, 0.8]" in text and 'per = "owner"' in text
    (found,) = json.loads(cli.run("limits", "list", "--json").out)["limits"]
    assert (found["scope"], found["per"], found["thresholds"], found["mode"], found["window"]) == (
        {"project": "phim-01", "team": "sub"}, "owner", ["0.5", "0.8"], "soft", "rolling 24h",
    )  # fmt: skip
    assert "project=phim-01 team=sub each owner" in cli.run("limits", "list").out
    assert cli.run("limits", "set", "each", "--scope", "", "--per", "").code == 0
    (found,) = json.loads(cli.run("limits", "list", "--json").out)["limits"]
    assert (found["scope"], found["per"]) == ({}, "")
    new = ("--meter", "cost", "--window", "month", "--amount", "5", "--per", "user")
    assert cli.run("limits", "set", "money", *new).code == 0
    assert 'per = "user"' in path.read_text(encoding="utf-8")
    done = cli.run("limits", "set", "money", "--scope", "user=lan")
    assert done.code == 78 and "'user' already has a fixed value in scope" in done.err


def test_limits_raise(cli: CommandLine, keeper: Keeper) -> None:
    before = (cli.folder / "quotakeeper.toml").read_bytes()
    done = cli.run("limits", "raise", "each", "--to", "12", "--for", "1d", "--why", "a big order")
    assert done.code == 0
    assert done.err == ("limit 'each' is raised to 12 requests until 12:00, in 1 d: a big order\n")
    assert json.loads(cli.run("status", "--json").out)["limits"][0]["amount"] == "12"
    for _ in range(11):
        keeper.reserve("gemini", scope={"user": "lan"}).settle()
    done = cli.run(
        "limits", "set", "each [user=lan]", "--amount", "15", "--for", "2h", "--why", "x"
    )
    assert done.code == 0
    keeper.reserve("gemini", scope={"user": "lan"}).settle()
    cli.clock.advance(hours=24)
    assert json.loads(cli.run("status", "--json").out)["limits"][0]["amount"] == "10"
    assert (cli.folder / "quotakeeper.toml").read_bytes() == before
    record = json.loads(
        cli.run("limits", "raise", "each", "--to", "20", "--for", "1h", "--why", "y", "--json").out
    )
    assert (record["name"], record["amount"], record["why"]) == ("each", "20", "y")


# -- prepaid credit

CREDIT = """\
timezone = "UTC"

[[limit]]
name = "credit"
meter = "requests"
window = "none"
amount = 0

[[limit]]
name = "each"
per = "user"
meter = "requests"
window = "none"
amount = 1
"""


def test_prepaid_credit(cli: CommandLine) -> None:
    keeper = cli.keeper(config=cli.write_config(CREDIT))
    with pytest.raises(
        LimitExceeded,
        match=r"prepaid has too little left: .*add credit: quotakeeper limits topup 'credit'",
    ):
        keeper.reserve("gemini")
    done = cli.run("limits", "topup", "credit", "5")
    assert (done.code, done.err) == (
        0, "limit 'credit': 5 requests added; the balance is 5 requests\n",
    )  # fmt: skip
    done = cli.run(
        "limits", "topup", "Credit", "3", "--expires", "2026-11-24", "--why", "invoice 7"
    )
    assert done.err == (
        "limit 'Credit': 3 requests added, until 2026-11-25 00:00:00; the balance is 8 requests\n"
    )
    keeper.reserve("gemini", scope={"user": "lan"}).settle()
    (credit, each) = json.loads(cli.run("status", "--json").out)["limits"]
    assert (credit["amount"], credit["used"], credit["remaining"]) == ("8", "1", "7")
    assert (credit["resets_at"], credit["forecast"], credit["window"]) == (None, None, "none")
    assert (each["name"], each["remaining"]) == ("each [user=lan]", "0")
    assert "never; 7 requests left" in cli.run("status").out
    assert "never; 7 requests left" in cli.run("watch", "--once").out
    assert "không bao giờ; còn 7 yêu cầu" in cli.run("--lang", "vi", "status").out
    (budget, _) = json.loads(cli.run("report", "--json").out)["budgets"]
    assert (budget["amount"], budget["used"], budget["remaining"], budget["since"]) == (
        "8", "1", "7", None,
    )  # fmt: skip
    assert "credit" in cli.run("report", "--last", "7d").out
    cli.clock.advance(hours=48)
    record = json.loads(cli.run("limits", "topup", "each [user=lan]", "2", "--json").out)
    assert (record["amount"], record["expires_at"], record["balance"]) == ("2", None, "2")
    # Of the three, the one that was used first; two have lapsed.
    assert json.loads(cli.run("status", "--json").out)["limits"][0]["remaining"] == "5"
    assert [str(e.kind) for e in keeper.entries() if e.notice] == [
        "topup",
        "topup",
        "lapse",
        "topup",
    ]
    assert cli.run("verify").code == 0
    for given, what in (
        (("each", "2"), "has a balance for each user"), (("credit", "0"), "is not above 0"),
        (("credit", "1", "--expires", "yesterday"), "not in the future"),
        (("nothing", "1"), "no limit 'nothing'"),
    ):  # fmt: skip
        done = cli.run("limits", "topup", *given)
        assert done.code == 2 and what in done.err


def test_only_a_prepaid_limit_is_topped_up(cli: CommandLine, keeper: Keeper) -> None:
    done = cli.run("limits", "topup", "each [user=lan]", "5")
    assert done.code == 2 and "is not prepaid" in done.err


def test_a_prepaid_limit_warns_and_plans(
    cli: CommandLine, caplog: pytest.LogCaptureFixture
) -> None:
    keeper = cli.keeper(config=cli.write_config(CREDIT))
    keeper.top_up("credit", 10)
    keeper.record("gemini", requests=8)
    assert "prepaid used, 0 reserved; 2 left" in caplog.text
    assert asyncio.run(keeper.atop_up("credit", 1)) == 3
    (cli.folder / "media").mkdir()
    assert cli.run("plan", str(cli.folder / "media")).code in (0, 2)
