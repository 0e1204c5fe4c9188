"""Keepers that share a limit of requests, each with journals in a folder of its own, as a host has."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.config import Settings, load_settings
from quotakeeper.domain.ledger.reservations import is_lease_id

CALL: dict[str, Any] = {"model": "gemini-2.0-flash", "requests": 1}
MakeHost = Callable[..., Keeper]


def config(amount: int, folder: str, lease: str = "", **more: object) -> Settings:
    """Settings with a hard limit of `amount` requests a day. `lease` "" is the default."""
    table: dict[str, object] = {
        "limit": [{"name": "cap", "meter": "requests", "window": "day", "amount": amount}],
        "default_limits": False,
        **({"lease": lease} if lease else {}),
        **more,
    }
    return load_settings("postgresql://localhost/none", table, {"XDG_DATA_HOME": folder})


def call(keeper: Keeper, times: int = 1) -> None:
    for _ in range(times):
        keeper.reserve("gemini", **CALL).settle()


def use_up(keeper: Keeper) -> int:
    """Make calls until the limit refuses. Returns how many were admitted."""
    for number in range(1_000):
        try:
            call(keeper)
        except LimitExceeded:
            return number
    raise AssertionError("no limit refuses")


def sweep(keeper: Keeper) -> None:
    maintenance = keeper._engine.worker.maintenance
    keeper._engine.worker.ask(maintenance.sweep)


def tend(keeper: Keeper) -> None:
    """The tick of the leases."""
    leases: Any = keeper._engine.leases
    keeper._engine.worker.ask(lambda store, now: leases.tend(store, now, at_once=True))


def sums(keeper: Keeper) -> tuple[int, int]:
    (cap,) = keeper.status().limits
    return cap.used, cap.reserved


def assumed(keeper: Keeper) -> list[int]:
    """How much each assumed lease counts as used."""
    return [e.quantities.get("requests", 0) for e in keeper.events() if is_lease_id(e.id)]


def kill(keeper: Keeper) -> None:
    """End a host's process without a word."""
    worker: Any = keeper._engine.worker
    store = worker.store
    with worker._turn:
        store._disconnect()
        store._local.close(leaves_something=True)
        for part, verb in (
            (worker._batches, "serve"), (worker._batches, "leave"), (worker._batches, "close"),
            (worker.maintenance, "keep"),
        ):  # fmt: skip
            assert callable(getattr(part, verb))
            setattr(part, verb, lambda *_: None)
