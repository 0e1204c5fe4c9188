"""The ledger that the `growth` benchmark measures is valid: its balances follow from its journal."""

from __future__ import annotations

from pathlib import Path

from benchmarks import filling
from quotakeeper import Keeper

_UNTIL = 1_790_000_000_000_000


def test_a_filled_ledger_covers_400_days(tmp_path: Path) -> None:
    config, path = tmp_path / "quotakeeper.toml", tmp_path / "full.ledger"
    config.write_text(filling.CONFIG, encoding="utf-8")
    filling.fill(path, config, filling.palette(config), 1_200, _UNTIL)
    with Keeper(path, config) as keeper:
        assert keeper.verify() == []
        assert keeper.reservations() == []
        events = list(keeper.events())
        days = keeper.usage(by=("day",))
        limits = {each.limit.name for each in keeper.status().limits}
    assert len(events) == 1_200
    assert len(days) >= filling.DAYS
    assert limits == {
        "gemini tokens",
        "money of a day",
        "money of a month",
        "minutes",
    }
    assert all(event.cost_pico is not None for event in events)
    assert len({event.labels for event in events}) > 100


def test_a_large_ledger_has_records_and_releases_too(tmp_path: Path) -> None:
    config, path = tmp_path / "quotakeeper.toml", tmp_path / "full.ledger"
    config.write_text(filling.CONFIG, encoding="utf-8")
    calls = filling.palette(config)
    opening, ending = filling._commands(calls[:1] * 200, "owner", _UNTIL)
    kinds = [type(command).__name__ for command in opening + ending]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "Reserve": 180, "Record": 20, "Settle": 178, "Release": 2,
    }  # fmt: skip
    assert not path.exists()
