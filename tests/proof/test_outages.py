"""Outages in every test run, and a check that a lost spool or a wrong price is noticed."""

from __future__ import annotations

from typing import Any

import pytest

from quotakeeper.engine.command_builder import CommandBuilder
from quotakeeper.engine.journals.spool import Spool
from tests.proof import outages


def endure(runs: int) -> Any:
    return outages.endure(1, lambda done, _: done >= runs, lambda _: None)


@pytest.mark.slow
def test_calls_that_were_sent_count_once_at_their_price() -> None:
    part = endure(60)
    assert part.found == []
    assert part.cases >= 60 * outages.CALLS


def test_a_spool_that_loses_calls_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Spool, "add", lambda *_, **__: None)
    assert any(each.startswith("I14") and "counted 0 times" in each for each in endure(20).found)


def test_a_price_of_another_hour_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    real = CommandBuilder.figures

    def late(self: Any, call: Any, given: Any, at: int, otherwise: Any = None) -> Any:
        return real(self, call, given, at + outages.HOUR, otherwise)

    monkeypatch.setattr(CommandBuilder, "figures", late)
    assert any(each.startswith("I11") for each in endure(20).found)


def test_one_seed_gives_one_run() -> None:
    worlds = []
    for _ in range(2):
        counts: Any = outages.Counter()
        assert outages.one(11, counts) == []
        worlds.append(counts)
    assert worlds[0] == worlds[1]
