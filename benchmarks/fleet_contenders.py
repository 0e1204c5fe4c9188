"""The contenders of the fleet benchmark: ledgers and limiters in a database server.

A worker process may import this file in another library's environment; see contenders.py.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable
from typing import Any

from contenders import Contender, metered
from round_trips import delay

_clock = time.perf_counter
_HOUR = 3_600 * 1_000_000


def _host(told: dict[str, Any]) -> Contender:
    """A process that plays a host: its journals are in a folder of its own."""
    from quotakeeper import Keeper
    from quotakeeper.config import load_settings

    delay(told["ms"] / 1_000)
    limit = {"name": "calls", "provider": "gemini", "meter": "requests", "window": "day"}
    table = {
        "timezone": "UTC",
        "lease": told["lease"],
        "limit": [{**limit, "amount": told["limit"]}],
    }
    folder = os.path.join(told["place"], str(os.getpid()))
    url = told["postgres"] + _name(told)
    settings = load_settings(url, table, {"XDG_DATA_HOME": folder})
    return metered(Keeper(url, settings, on_warning=lambda verdict: None))


def _batches(told: dict[str, Any]) -> Contender:
    """Reserve and settle a batch of calls, by the store alone. Three limits count each call."""
    from quotakeeper.clocks import zone_named
    from quotakeeper.domain.ledger import commands as c
    from quotakeeper.stores.postgres.dsn import parse_dsn
    from quotakeeper.stores.postgres.store import PostgresStore
    from quotakeeper.testing.ledger_case import LABELS, cap, tokens

    delay(told["ms"] / 1_000)
    windows = {"an hour": "hour", "a day": "day", "a month": "month"}
    limits = tuple(cap(told["limit"], name, window=window) for name, window in windows.items())
    owner, used, numbers = f"bench-{os.getpid()}", tokens(1), itertools.count()
    store = PostgresStore(parse_dsn(told["postgres"] + _name(told)), zone_named, owner=owner)
    store.is_conditional = told["contender"] == "conditional"
    watch = c.Watch(tuple(limit.account for limit in limits))  # a keeper does this when it opens
    store.apply([watch], time.time_ns() // 1_000)
    first: list[float] = []

    def ask() -> bool:
        now, number = time.time_ns() // 1_000, next(numbers)
        ids = [f"{owner} {number} {each}" for each in range(told["batch"])]
        asked = [c.Reserve(each, LABELS, used, limits, owner, _HOUR, True) for each in ids]
        start = _clock()
        outcomes = store.apply(asked, now)
        first.append(_clock() - start)
        if not all(isinstance(each, c.Reserved) for each in outcomes):
            return False
        store.apply([c.Settle(each, used, limits) for each in ids], now)
        return True

    return Contender(ask, store.close, first)


def _bare(told: dict[str, Any]) -> Contender:
    """What the server itself needs: a round trip, and with `local-commit` a durable UPDATE of a row."""
    import psycopg

    connection: Any = psycopg.connect(host=told["socket"], user="postgres", autocommit=True)
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(1)")
        connection.execute(
            "CREATE TABLE IF NOT EXISTS counter (name text PRIMARY KEY, used bigint)"
        )
        connection.execute("INSERT INTO counter VALUES ('calls', 0) ON CONFLICT DO NOTHING")
    change = "UPDATE counter SET used = used + 1 WHERE name = 'calls'"
    text = change if told["contender"] == "local-commit" else "SELECT used FROM counter"

    def ask() -> bool:
        if told["ms"]:
            time.sleep(told["ms"] / 1_000)
        connection.execute(text)
        return True

    return Contender(ask, connection.close, [])


def _pyrate_postgres(told: dict[str, Any]) -> Contender:
    import psycopg_pool
    import pyrate_limiter as pyrate

    where = f"host={told['socket']} user=postgres dbname=postgres"
    pool = psycopg_pool.ConnectionPool(where, min_size=1, max_size=told["threads"], open=True)
    rates = [pyrate.Rate(told["limit"], pyrate.Duration.DAY)]
    limiter = pyrate.Limiter(pyrate.PostgresBucket(pool, _name(told), rates))

    def close() -> None:
        limiter.close()
        pool.close()

    return Contender(lambda: bool(limiter.try_acquire("calls", blocking=False)), close, [])


def _name(told: dict[str, Any]) -> str:
    """A name for this run in the server, the same in all its processes."""
    return "r_" + os.path.basename(told["place"]).replace("-", "_")


ON_SERVERS: dict[str, Callable[[dict[str, Any]], Contender]] = {
    "host": _host,
    "conditional": _batches,
    "locked": _batches,
    "round-trip": _bare,
    "local-commit": _bare,
    "pyrate-postgres": _pyrate_postgres,
}
