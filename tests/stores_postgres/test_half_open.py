"""A connection on which nothing arrives any more and which does not end, as in a network that drops packets.

Callers wait for a limited time, other hosts go on, and once the connection ends, each call counts once.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from quotakeeper import Keeper
from quotakeeper.errors import LedgerUnavailableError, OutcomeUnknownError
from quotakeeper.testing import FakeClock
from tests.stores_postgres.lease_limits import CALL, MakeHost, call, config, sums
from tests.stores_postgres.proxy import REPLY, REQUEST, Proxy

pytestmark = pytest.mark.parametrize("direction", [REQUEST, REPLY])


@pytest.fixture(params=["guards", "lock"])
def cut_off(
    request: pytest.FixtureRequest, server: str, ledger_url: str, clock: FakeClock, tmp_path: Path
) -> Iterator[tuple[Keeper, Proxy]]:
    """A host whose connection goes through a proxy, and the proxy."""
    folder = parse_qs(urlsplit(server).query).get("host", [""])[0]
    if not folder.startswith("/"):
        pytest.skip("the server of QUOTAKEEPER_TEST_POSTGRES has no socket here")
    with closing(Proxy(Path(folder) / ".s.PGSQL.5432")) as proxy:
        url = ledger_url.replace(f"host={folder}", f"host={proxy.folder}")
        settings = config(100, str(tmp_path / "cut-off"), "off", on_busy="refuse")
        with Keeper(url, settings, clock=clock, on_warning=lambda _: None) as keeper:
            worker: Any = keeper._engine.worker
            worker.maintenance.keep = lambda _: None
            worker.store.is_conditional = request.param == "guards"
            call(keeper, 3)
            yield keeper, proxy
            proxy.end_held()


def patience(keeper: Keeper, seconds: float) -> None:
    keeper._engine.worker.patience = seconds


def test_a_call_that_gets_no_answer_is_refused_and_leaves_nothing(
    cut_off: tuple[Keeper, Proxy], host: MakeHost, direction: str
) -> None:
    keeper, proxy = cut_off
    other = host("other")
    before = patience_of(keeper)
    proxy.hold(direction)
    patience(keeper, 0.3)
    with pytest.raises(LedgerUnavailableError, match="did not answer within"):
        keeper.reserve("gemini", **CALL)
    assert proxy.is_held()
    call(other, 2)  # the silent host holds up nobody
    proxy.end_held()
    patience(keeper, before)
    call(keeper)
    assert sums(other) == sums(keeper) == (6, 0), "the refused call is not reserved any more"
    assert other.verify() == []


def test_a_settlement_that_gets_no_answer_counts_once(
    cut_off: tuple[Keeper, Proxy], host: MakeHost, direction: str
) -> None:
    keeper, proxy = cut_off
    other = host("other")
    before = patience_of(keeper)
    held = keeper.reserve("gemini", **CALL)
    proxy.hold(direction)
    patience(keeper, 0.3)
    with pytest.raises(OutcomeUnknownError, match="repeat it with the same id"):
        held.settle(requests=1)
    assert proxy.is_held()
    call(other, 2)
    proxy.end_held()
    patience(keeper, before)
    held.settle(requests=1)
    assert sums(other) == sums(keeper) == (6, 0)
    ids = [event.id for event in other.events()]
    assert len(ids) == len(set(ids)) == 6
    assert other.verify() == []


def patience_of(keeper: Keeper) -> float:
    found: float = keeper._engine.worker.patience
    return found
