"""`quotakeeper forget`: a label's value goes out of the ledger, and every total stays."""

from __future__ import annotations

import io
import json

import pytest

from tests.cli.conftest import CommandLine

CANARY = "nguyễn-văn-an|x=1"
CONFIG = """
default_limits = true

[[limit]]
name = "each user"
per = "user"
meter = "requests"
window = "day"
amount = 10
thresholds = [0.1, 0.5]

[[limit]]
name = "an alone"
scope = { user = "nguyễn-văn-an|x=1" }
meter = "requests"
window = "rolling 24h"
amount = 100
"""


@pytest.fixture
def shared(cli: CommandLine) -> CommandLine:
    """Calls of two people, a limit each, thresholds crossed, a raise, a note and an open call."""
    cli.write_config(CONFIG)
    with cli.keeper(on_warning=lambda verdict: None) as keeper:
        for number in range(6):
            keeper.record("gemini", model="gemini-2.5-flash", event_id=f"a{number}",
                          scope={"user": CANARY, "project": "phim"}, input_tokens=1_000,
                          note=f"asked by {CANARY}")  # fmt: skip
        keeper.correct("a0", input_tokens=2_000, note=f"again {CANARY}")
        keeper.record("gemini", event_id="b", scope={"user": "binh"}, input_tokens=5)
        keeper.raise_limit(f"each user [user={CANARY}]", to=20, for_seconds=3_600, why="a demo")
    cli.write_config(CONFIG.partition('[[limit]]\nname = "an alone"')[0])
    return cli


def forgotten(cli: CommandLine, *arguments: str) -> dict[str, object]:
    result = cli.run("forget", "--label", f"user={CANARY}", "--json", *arguments)
    assert (result.code, result.err) == (0, "")
    record: dict[str, object] = json.loads(result.out)
    return record


def test_no_file_of_the_ledger_has_the_value_and_every_total_stays(shared: CommandLine) -> None:
    before = json.loads(shared.run("report", "--json", "--by", "day,model").out)
    record = forgotten(shared, "--yes")
    assert record["done"] is True
    assert (record["calls"], record["open_calls"], record["balances"]) == (6, 0, 2)
    assert record["notes_cleared"] == 7
    instead = str(record["instead"])
    assert instead.startswith("forgotten-")
    assert shared.run("verify").out == f"{shared.ledger}: no problems\n"
    after = json.loads(shared.run("report", "--json", "--by", "day,model").out)
    assert after["rows"] == before["rows"]
    for path in shared.folder.rglob("*"):
        if path.is_file() and path.name != "quotakeeper.toml":
            assert CANARY.encode() not in path.read_bytes(), path
            assert "nguyễn".encode() not in path.read_bytes(), path
    rows = json.loads(shared.run("report", "--json", "--by", "scope.user").out)["rows"]
    assert [(row["scope.user"], row["calls"]) for row in rows] == [("binh", 1), (instead, 6)]


def test_new_calls_start_from_nothing_and_are_counted_apart(shared: CommandLine) -> None:
    instead = str(forgotten(shared, "--yes")["instead"])
    with shared.keeper(on_warning=lambda verdict: None) as keeper:
        assert keeper.event("a1") is not None
        keeper.record("gemini", event_id="a1", model="gemini-2.5-flash", input_tokens=1_000,
                      scope={"user": instead, "project": "phim"})  # fmt: skip
        keeper.record("gemini", event_id="new", scope={"user": CANARY}, input_tokens=1)
        used = {entry.limit.name: entry.used for entry in keeper.status().limits}
    assert used[f"each user [user={CANARY}]"] == 1
    assert used[f"each user [user={instead}]"] == 6, "the id is still known: nothing counts twice"
    assert shared.run("verify").code == 0


def test_compacted_calls_are_forgotten_too(shared: CommandLine) -> None:
    shared.clock.advance(days=90)
    shared.run("compact", "--keep", "40d")
    assert forgotten(shared, "--yes")["calls"] == 6
    assert shared.run("verify").code == 0
    assert CANARY.encode() not in shared.ledger.read_bytes()


def test_without_yes_it_only_says_what_would_change(shared: CommandLine) -> None:
    shared.run("backup")
    result = shared.run("forget", "--label", f"user={CANARY}")
    assert (result.code, result.out) == (0, "")
    assert "6 calls, last used 2026-11-23 12:00:00" in result.err
    assert "kept: times, models, amounts" in result.err
    assert "this backup still has the value: " in result.err and ".backup.db" in result.err
    assert result.err.endswith("nothing was changed; --yes makes these changes\n")
    assert CANARY in shared.run("report", "--by", "scope.user").out
    assert "giữ nguyên" in shared.run("forget", "--label", f"user={CANARY}", "--lang", "vi").err


@pytest.mark.parametrize(("answer", "is_done"), [("y\n", True), ("n\n", False), ("", False)])
def test_at_a_terminal_it_asks(shared: CommandLine, answer: str, is_done: bool) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    shared.environment.setattr("sys.stdin", Terminal(answer))
    result = shared.run("forget", "--label", f"user={CANARY}")
    assert result.code == 0
    assert ("forgotten: 6 calls" in result.err) is is_done
    assert (CANARY in shared.run("report", "--by", "scope.user").out) is not is_done


def test_while_another_program_uses_the_ledger_it_refuses(shared: CommandLine) -> None:
    with shared.keeper(on_warning=lambda verdict: None) as keeper:
        keeper.record("gemini", scope={"user": CANARY}, input_tokens=1)
        result = shared.run("forget", "--label", f"user={CANARY}", "--yes")
        assert result.code == 2
        assert "in use by 1 other program" in result.err
        keeper.record("gemini", scope={"user": CANARY}, input_tokens=1)
    assert forgotten(shared, "--yes")["calls"] == 8
    assert shared.run("verify").code == 0


def test_calls_that_are_not_in_the_ledger_yet_are_waited_for(shared: CommandLine) -> None:
    left = shared.folder / "ledger.db.bad-spool-1"
    left.write_text("x", encoding="utf-8")
    result = shared.run("forget", "--label", f"user={CANARY}", "--yes")
    assert result.code == 2
    assert left.name in result.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "--label"),
        (("--label", "user"), "NAME=VALUE"),
        (("--label", "=an"), "NAME=VALUE"),
        (("--label", "user=bin"), "did you mean user=binh?"),
        (("--label", "usr=binh"), "labels in use: project, user"),
        (("--label", "user=zzzzzzz"), "report --by scope.user"),
    ],
)
def test_what_cannot_be_forgotten_is_named(
    shared: CommandLine, arguments: tuple[str, ...], said: str
) -> None:
    result = shared.run("forget", "--yes", *arguments)
    assert result.code == 2
    assert said in result.err


def test_a_limit_that_names_the_value_has_to_go_first(shared: CommandLine) -> None:
    shared.write_config(CONFIG)
    result = shared.run("forget", "--label", f"user={CANARY}", "--yes")
    assert result.code == 2
    assert "limit 'an alone' in" in result.err
    assert shared.run("limits", "remove", "an alone").code == 0
    assert forgotten(shared, "--yes")["done"] is True


def test_there_must_be_a_ledger(cli: CommandLine) -> None:
    assert cli.run("forget", "--label", "user=an").code == 69
    assert not cli.ledger.exists()
