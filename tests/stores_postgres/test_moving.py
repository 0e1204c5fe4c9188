"""A ledger file is moved to a server: the copy is the same to the last unit, or is not kept."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.clocks import zone_named
from quotakeeper.stores.postgres import moving
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing import FakeClock

LIMITS = {
    "timezone": "Asia/Ho_Chi_Minh",
    "default_limits": False,
    "limit": [
        {"name": "tokens", "meter": "input_tokens", "window": "day", "amount": 20_000},
        {"name": "hour", "meter": "requests", "window": "rolling 1h", "amount": 50},
        {"name": "each", "meter": "cost", "window": "month", "amount": 3, "per": "user"},
    ],
}
_numbers = count(1)


@pytest.fixture
def url(server: str) -> str:
    return f"{server}moved_{os.getpid()}_{next(_numbers)}"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A ledger with a bit of everything: crossed thresholds, orders, compacted calls."""
    path, clock = tmp_path / "ledger.db", FakeClock("2026-09-01T12:00:00+00:00")
    with Keeper(path, LIMITS, clock=clock, on_warning=lambda verdict: None) as keeper:
        for number in range(40):
            clock.advance(hours=37)
            keeper.record(
                "gemini", model=("gemini-2.5-flash", "no-such-model")[number % 7 == 0],
                operation="dịch", scope={"user": ("an", "lan")[number % 2]},
                input_tokens=19_000 if number % 5 == 0 else 11, output_tokens=number,
                event_id=f"e{number}", outcome="error" if number % 11 == 0 else "ok",
            )  # fmt: skip
            held = keeper.reserve("deepgram", model="nova-3", audio_seconds=61)
            held.settle(audio_seconds=60) if number % 3 else held.release()
        keeper.pause("gemini", why="the bill")
        keeper.resume("gemini")
        keeper.raise_limit("tokens", to=30_000, for_seconds=3_600, why="a demo")
        assert keeper.compact(35).calls > 0
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=1, event_id="last")
    return path


def cli(capsys: pytest.CaptureFixture[str], *words: object) -> tuple[int, str, str]:
    code = main([str(each) for each in words])
    said = capsys.readouterr()
    return code, said.out, said.err


def told(keeper: Keeper) -> Iterator[object]:
    """Everything that a keeper says of a ledger."""
    yield list(keeper.events())
    yield list(keeper.entries())
    yield list(keeper.slots())
    yield [(each.limit.name, each.used, each.reserved) for each in keeper.status().limits]
    yield keeper.verify()


def test_a_moved_ledger_says_the_same_and_goes_on(
    url: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = file.read_bytes()
    code, out, err = cli(capsys, "--ledger", url, "ledger", "move", "--from", file)
    assert (code, err) == (0, "")
    assert "a comparison found no difference" in out
    assert file.read_bytes() == before
    with Keeper(file, LIMITS) as one, Keeper(url, LIMITS) as other:
        for here, there in zip(told(one), told(other), strict=True):
            assert there == here
        for keeper in (one, other):  # numbers of labels and words go on behind those copied
            keeper.record("openai", model="gpt-new", operation="mới", input_tokens=5, event_id="n")
        assert other.verify() == []
        assert (
            next(reversed(list(other.events()))).labels == next(reversed(list(one.events()))).labels
        )
    code, _, err = cli(capsys, "--ledger", url, "ledger", "move", "--from", file)
    assert code == 2
    assert "is not empty" in err


def test_a_copy_that_differs_is_not_kept(
    url: str, file: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    real = moving._insert

    def falsified(raw: object, table: object, rows: Iterator[tuple[object, ...]]) -> None:
        name = getattr(table, "name", "")
        changed = ((*row[:2], row[2] + 1, *row[3:]) if name == "balance" else row for row in rows)  # type: ignore[operator]
        real(raw, table, changed)  # type: ignore[arg-type]

    monkeypatch.setattr(moving, "_insert", falsified)
    code, _, err = cli(capsys, "--ledger", url, "ledger", "move", "--from", file)
    assert code != 0
    assert "a row of table balance differs" in err
    with closing(PostgresStore(parse_dsn(url), zone_named, owner="judge")) as store:
        assert list(store.entries()) == []
    monkeypatch.undo()
    assert cli(capsys, "--ledger", url, "ledger", "move", "--from", file)[0] == 0


def test_a_ledger_in_use_is_not_moved(
    url: str, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    words = ("--ledger", url, "ledger", "move", "--from", file)
    with Keeper(file, LIMITS) as keeper:
        keeper.status()
        code, _, err = cli(capsys, *words)
        assert (code, "is in use by 1 other program" in err) == (2, True)
        held = keeper.reserve("deepgram", model="nova-3", audio_seconds=1)
        code, _, err = cli(capsys, *words)
        assert (code, "has 1 open reservation" in err) == (2, True)
        held.release()
    assert cli(capsys, *words)[0] == 0


def test_what_cannot_be_moved_is_named(
    url: str, tmp_path: Path, file: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = cli(capsys, "--ledger", url, "ledger", "move", "--from", tmp_path / "no.db")
    assert (code, "there is no ledger" in err) == (2, True)
    code, _, err = cli(capsys, "--ledger", file, "ledger", "move", "--from", file)
    assert (code, "already exists" in err) == (2, True)
    code, _, err = cli(capsys, "--ledger", "memory:", "ledger", "move", "--from", file)
    assert (code, "is in memory" in err) == (2, True)
    file.with_name(f"{file.name}.spool-x").write_text("{}\n", encoding="utf-8")
    code, _, err = cli(capsys, "--ledger", url, "ledger", "move", "--from", file)
    assert (code, "does not yet contain all calls" in err) == (2, True)
