"""The contenders of the admission benchmark: quotakeeper, the raw operations below it, and other
libraries.

A worker process may import this file in another library's environment (see admitting.py). So this file
imports only the standard library, and each contender imports its own library when it is made.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable
from typing import Any, NamedTuple

CALL: dict[str, Any] = {"model": "gemini-2.0-flash", "operation": "translate"}
ASKED: dict[str, Any] = {"input_tokens": 1200, "output_tokens": 800}
USED: dict[str, Any] = {"input_tokens": 1180, "output_tokens": 640}
_clock = time.perf_counter


class Contender(NamedTuple):
    """A library or a method that decides on calls.

    `ask` makes one attempt and returns whether it was admitted. If `ask` also settles the call, `first`
    has the seconds that each decision took without settling.
    """

    ask: Callable[[], bool]
    close: Callable[[], object]
    first: list[float]
    keeper: Any = None


# -- quotakeeper, and the operations below it


def _keeper(told: dict[str, Any]) -> Contender:
    from quotakeeper import Keeper

    limit = {"name": "calls", "provider": "gemini", "meter": "requests", "window": "day"}
    config = {"timezone": "UTC", "limit": [{**limit, "amount": told["limit"]}]}
    name = told["contender"]
    place = "memory:" if name == "memory" else os.path.join(told["place"], "calls.ledger")
    durability = "power" if name == "power" else "process"
    leased: dict[str, Any] = {"lease": "auto"} if name == "lease" else {}
    return metered(Keeper(place, config, durability, on_warning=lambda verdict: None, **leased))


def metered(keeper: Any) -> Contender:
    """A contender that reserves and settles each call with a Keeper."""
    from quotakeeper import LimitExceeded

    first: list[float] = []

    def ask() -> bool:
        start = _clock()
        try:
            call = keeper.reserve("gemini", **CALL, **ASKED)
        except LimitExceeded:
            return False
        first.append(_clock() - start)
        call.settle(**USED)
        return True

    keeper.status()  # opens the ledger
    return Contender(ask, keeper.close, first, keeper)


def _bare(told: dict[str, Any]) -> Contender:
    """A conditional UPDATE in one transaction, as a program would write it by hand."""
    path = os.path.join(told["place"], "calls.sqlite")
    own = threading.local()

    def connection() -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(own, "connection", None)
        if found is None:
            found = own.connection = sqlite3.connect(path, timeout=60, isolation_level=None)
            found.execute("PRAGMA journal_mode = WAL")
            found.execute("PRAGMA synchronous = FULL")
            found.execute(
                "CREATE TABLE IF NOT EXISTS counter (name TEXT PRIMARY KEY, used INTEGER)"
            )
            found.execute("INSERT OR IGNORE INTO counter VALUES ('calls', 0)")
        return found

    def ask() -> bool:
        execute = connection().execute
        execute("BEGIN IMMEDIATE")
        changed = execute(
            "UPDATE counter SET used = used + 1 WHERE name = 'calls' AND used < ?",
            (told["limit"],),
        ).rowcount
        execute("COMMIT")
        return changed == 1

    return Contender(ask, lambda: None, [])


def _synced(told: dict[str, Any]) -> Contender:
    """No decision: append 4 KiB and wait for the disk."""
    path = os.path.join(told["place"], f"{os.getpid()}")
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    sync = getattr(os, "fdatasync", os.fsync)

    def ask() -> bool:
        os.write(fd, b"x" * 4096)
        sync(fd)
        return True

    return Contender(ask, lambda: os.close(fd), [])


# -- other libraries


def _limits(told: dict[str, Any]) -> Contender:
    from limits import RateLimitItemPerDay, storage, strategies

    home: Any
    if told["contender"] == "limits-redis":
        home = storage.storage_from_string("redis+unix://" + told["redis"])
    else:
        home = storage.MemoryStorage()
    limiter = strategies.FixedWindowRateLimiter(home)
    item, key = RateLimitItemPerDay(told["limit"]), os.path.basename(told["place"])
    return Contender(lambda: limiter.hit(item, key), lambda: None, [])


def _pyrate(told: dict[str, Any]) -> Contender:
    import pyrate_limiter as pyrate

    rates = [pyrate.Rate(told["limit"], pyrate.Duration.DAY)]
    name = told["contender"]
    bucket: Any
    if name == "pyrate-redis":
        import redis

        server = redis.Redis(unix_socket_path=told["redis"])
        bucket = pyrate.RedisBucket.init(rates, server, os.path.basename(told["place"]))
    elif name == "pyrate-sqlite":
        path = os.path.join(told["place"], "bucket.sqlite")
        # pyrate's file lock is its way to share a file between processes.
        bucket = pyrate.SQLiteBucket.init_from_file(rates, db_path=path, use_file_lock=True)
    else:
        bucket = pyrate.InMemoryBucket(rates)
    limiter = pyrate.Limiter(bucket)
    # pyrate's file lock does not accept `blocking=False`. Without a wait, contention counts as a
    # refusal.
    waits = {"timeout": 0.02} if name == "pyrate-sqlite" else {"blocking": False}
    return Contender(lambda: bool(limiter.try_acquire("calls", **waits)), limiter.close, [])


def _budget_manager(told: dict[str, Any]) -> Contender:
    """The use that litellm's own page shows: read the cost, compare, call, update the cost."""
    import litellm

    os.chdir(told["place"])  # litellm writes its file to the current folder
    usage = litellm.Usage(prompt_tokens=1180, completion_tokens=640, total_tokens=1820)
    reply = litellm.ModelResponse(model="gpt-4o-mini", usage=usage)
    budget = _opened(lambda: litellm.BudgetManager(project_name="bench"))
    each = litellm.completion_cost(completion_response=reply)
    budget.create_budget(total_budget=(told["limit"] - 0.5) * each, user="bench")

    def ask() -> bool:
        if budget.get_current_cost("bench") > budget.get_total_budget("bench"):
            return False
        budget.update_cost(user="bench", completion_obj=reply)
        return True

    return Contender(ask, lambda: os.chdir("/"), [])


def _opened(make: Callable[[], Any]) -> Any:
    """Retry while another process writes: litellm writes its file in the background, so it may be
    incomplete.
    """
    for _ in range(50):
        try:
            return make()
        except ValueError:
            time.sleep(0.01)
    return make()


def _max_budget(told: dict[str, Any]) -> Contender:
    """`litellm.max_budget` with litellm's own mocked call. The mocked call takes most of the time."""
    import litellm

    asked: dict[str, Any] = {
        "model": "gpt-4o-mini",
        "messages": [{"role": "user", "content": "Hello"}],
        "mock_response": "Good day to you.",
    }
    reply = litellm.completion(**asked)
    each = litellm.completion_cost(completion_response=reply)
    litellm._current_cost = 0
    litellm.max_budget = (told["limit"] - 0.5) * each

    def ask() -> bool:
        try:
            litellm.completion(**asked)
        except litellm.BudgetExceededError:
            return False
        return True

    def close() -> None:
        litellm.max_budget = 0

    return Contender(ask, close, [])


MADE: dict[str, Callable[[dict[str, Any]], Contender]] = {
    "power": _keeper,
    "process": _keeper,
    "lease": _keeper,
    "memory": _keeper,
    "bare": _bare,
    "fdatasync": _synced,
    "limits-memory": _limits,
    "limits-redis": _limits,
    "pyrate-memory": _pyrate,
    "pyrate-sqlite": _pyrate,
    "pyrate-redis": _pyrate,
    "budget-manager": _budget_manager,
    "max-budget": _max_budget,
}
