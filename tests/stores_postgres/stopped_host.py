"""One process of a test with hosts: `python -m tests.stores_postgres.stopped_host ROLE URL FOLDER ...`.

- `hold URL FOLDER STEP NUMBER`: makes calls on a lease, and stops itself (SIGSTOP) when it reaches
  STEP for the NUMBER-th time. Then it goes on to the end of the limit.
- `use_up URL FOLDER`: uses all that is left.

Each process prints `+id` for a call that was admitted, and `-id` before it releases the call.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
from contextlib import nullcontext
from typing import Any

from quotakeeper import Keeper
from quotakeeper.engine.leases import lease_table
from quotakeeper.engine.leases.lease import LeaseTerm
from tests.proof.stopped_holders import AMOUNT, _call, _use_lease, _watch
from tests.stores_postgres.lease_limits import config

TERM = LeaseTerm(0.6, 0.3, 0.1)


def hold(url: str, folder: str, step: str, number: str) -> None:
    """Hold a lease, and stop at a step."""
    lease_table._IDLE_SECONDS = 0.15
    seen: dict[str, int] = {}
    again = threading.Condition()

    def here(reached: str) -> None:
        with again:
            seen[reached] = seen.get(reached, 0) + 1
            stops = (reached, seen[reached]) == (step, int(number))
            again.notify_all()
        if stops:
            worker = keeper._engine.worker
            with nullcontext() if worker._thread.is_current else worker._turn:
                signal.pthread_kill(threading.get_ident(), signal.SIGSTOP)

    def until(reached: str, times: int) -> None:
        with again:
            while leases._leases and seen.get(reached, 0) < times:
                again.wait(0.05)  # a lease may be ended by another process, without a step

    keeper = Keeper(url, config(AMOUNT, folder, "40", on_busy="refuse"), on_warning=lambda _: None)
    leases: Any = keeper._engine.leases
    leases._block_sizing.term = TERM
    _watch(keeper, here)
    waiting = _use_lease(keeper, here, until)
    until("after Release", seen.get("after Release", 0) + 1)  # idle, so the lease is given back
    for call in waiting:
        call.settle(requests=1)
    while (call := _call(keeper, here)) is not None:
        call.settle(requests=1)
    keeper.close()


def use_up(url: str, folder: str) -> None:
    """Use all that is left, without leases."""
    with Keeper(
        url, config(AMOUNT, folder, "off", on_busy="refuse"), on_warning=lambda _: None
    ) as me:
        while (call := _call(me)) is not None:
            call.settle(requests=1)


if __name__ == "__main__":
    os.environ.pop("QUOTAKEEPER_LEDGER", None)
    {"hold": hold, "use_up": use_up}[sys.argv[1]](*sys.argv[2:])
