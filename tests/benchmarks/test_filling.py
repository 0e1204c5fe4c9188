"""The ledger that `growth` measures is a real one: its journal bears out every balance."""

from __future__ import annotations

from pathlib import Path

from benchmarks import filling
from quotakeeper import Keeper

_UNTIL = 1_790_000_000_000_000


def test_what_is_filled_is_a_ledger_of_400_days(tmp_path: Path) -> None:
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


def test_a_large_one_has_records_and_releases_among_its_calls(tmp_path: Path) -> None:
    config, path = tmp_path / "quotakeeper.toml", tmp_path / "full.ledger"
    config.write_text(filling.CONFIG, encoding="utf-8")
    calls = filling.palette(config)
    opening, ending = filling._commands(calls[:1] * 200, "owner", _UNTIL)
    kinds = [type(command).__name__ for command in opening + ending]
    assert {kind: kinds.count(kind) for kind in set(kinds)} == {
        "Reserve": 180, "Record": 20, "Settle": 178, "Release": 2,
    }  # fmt: skip
    assert not path.exists()
