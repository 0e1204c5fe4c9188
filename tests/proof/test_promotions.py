"""The short form of the part with promotions, and a check that it finds a host that notices nothing."""

from __future__ import annotations

import os
import sys
from collections import Counter
from typing import Any

import pytest

pytest.importorskip("psycopg")

from quotakeeper.stores.postgres.last_seen import LastSeen
from tests.proof import promotions
from tests.proof.lagging_link import LaggingLink
from tests.proof.promotion_hosts import Host
from tests.stores_postgres.cluster import debians, wheels
from tools.postgres_server import Cluster, version_of

pytestmark = pytest.mark.slow
SEED = int(os.environ.get("QUOTAKEEPER_TEST_SEED") or 0)


def test_a_promotion_loses_nothing_that_a_standby_confirmed() -> None:
    programs = debians()  # skips where no server can be started
    sys.stdout.write(f"REPRO: QUOTAKEEPER_TEST_SEED={SEED}\n")
    part = promotions.run(0, SEED, print)
    print(*part.rows, *part.notes, sep="\n")
    assert part.found == []
    rows: dict[str, dict[str, Any]] = {
        str(name): dict(zip(promotions.COLUMNS, figures, strict=True))
        for name, *figures in part.rows
    }
    assert list(rows) == [case.name for case in promotions.CASES]
    for case in promotions.CASES:
        row = rows[case.name]
        assert (row["runs"], row["noticed"]) == (1, row["hosts that lost"]), case
        assert row["acknowledged"] > promotions.SIZES[0], case
        if case.synchronous:
            assert (row["lost"], row["by the old server"], row["over"]) == (0, 0, 0), case
    alone = rows["behind, lives on"]  # which is why it is refused unless waived
    assert alone["lost"] > 0 < alone["by the old server"]
    assert (alone["over"] > 0, alone["hosts that lost"]) == (True, promotions.HOSTS)
    assert part.notes[0].startswith(f"PostgreSQL {version_of(programs)}; ")
    assert part.notes[1].startswith("3 hosts without a waiver were refused")


def test_a_host_that_notices_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promotions, "LAG_SECONDS", 0.5)  # so that calls are lost for certain
    monkeypatch.setattr(LastSeen, "look", lambda *_, **__: None)
    case = next(case for case in promotions.CASES if case.name == "behind, killed")
    sums = Counter[str]()
    found = list(promotions.Promotion(case, 300, wheels(), sums).run())
    assert sums["lost"] > 0 and sums["noticed"] == 0
    assert any("lost calls and was not refused" in each for each in found), found


def test_a_standby_that_is_not_waited_for_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    """The case that promises no loss, with a standby that does not confirm commits."""
    monkeypatch.setattr(promotions, "LAG_SECONDS", 0.5)
    case = promotions.Case("behind, but told as synchronous", False, lags=True, lives_on=False)
    run = promotions.Promotion(case, 300, wheels(), Counter())
    follow = run._follow

    def claims(primary: Cluster, standby: Cluster) -> LaggingLink | None:
        link = follow(primary, standby)
        run.case = case._replace(synchronous=True)
        return link

    monkeypatch.setattr(run, "_follow", claims)
    monkeypatch.setattr(run, "_host", lambda *values: _waived(run, case, *values))
    found = list(run.run())
    assert any("acknowledged calls lost" in each for each in found), found


def _waived(run: promotions.Promotion, case: promotions.Case, *values: Any) -> Host:
    claimed, run.case = run.case, case
    host = promotions.Promotion._host(run, *values)
    run.case = claimed
    return host
