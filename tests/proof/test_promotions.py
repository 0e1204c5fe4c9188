"""The short form of the part with promotions, and a check that it finds a host that notices nothing."""

from __future__ import annotations

import os
import sys
from collections import Counter

import pytest

pytest.importorskip("psycopg")

from quotakeeper.stores.postgres.last_seen import LastSeen
from tests.proof import promotions
from tests.stores_postgres.cluster import wheels

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("QUOTAKEEPER_TEST_SEED") or 0)


def test_a_promotion_loses_nothing_that_a_standby_confirmed() -> None:
    wheels()  # skips where no server can be started
    sys.stdout.write(f"REPRO: QUOTAKEEPER_TEST_SEED={SEED}\n")
    part = promotions.run(0, SEED, print)
    print(*part.rows, *part.notes, sep="\n")
    assert part.found == []
    rows = {
        name: dict(zip(promotions.COLUMNS, figures, strict=True)) for name, *figures in part.rows
    }
    for name, row in rows.items():
        assert (row["runs"], row["noticed"]) == (1, row["hosts that lost"]), name
        assert row["acknowledged"] > promotions.SIZES[0], name
        if name.startswith("synchronous"):
            assert (row["lost"], row["over"]) == (0, 0), name
    alone = rows["behind, lives on"]
    assert alone["over"] > 0 and alone["lost"] > 0  # which is why it is refused unless waived
    assert part.notes[0].startswith("3 hosts without a waiver were refused")


def test_a_host_that_notices_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promotions, "LAG_SECONDS", 0.5)  # so that calls are lost for certain
    monkeypatch.setattr(LastSeen, "look", lambda *_, **__: None)
    case = next(case for case in promotions.CASES if case.name == "behind, killed")
    sums = Counter[str]()
    found = list(promotions.Promotion(case, 300, wheels(), sums).run())
    assert sums["lost"] > 0 and sums["noticed"] == 0
    assert any("lost calls and were not refused" in each for each in found), found
