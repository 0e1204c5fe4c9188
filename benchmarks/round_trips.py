"""Makes each round trip to a database server take longer, as on a network.

A worker process may import this file alone, so it imports quotakeeper only when it is used.
"""

from __future__ import annotations

import time
from typing import Any

_TRIPS = ("_together", "end", "commit", "post")  # each is one round trip


def delay(seconds: float) -> None:
    """Delay each round trip of this process's ledgers in PostgreSQL by `seconds`; 0: not at all."""
    from quotakeeper.stores.postgres.connection import PostgresConnection

    for name in _TRIPS:
        trip = getattr(PostgresConnection, name)
        trip = getattr(trip, "without_delay", trip)

        def slow(*given: Any, trip: Any = trip) -> Any:
            time.sleep(seconds)
            return trip(*given)

        slow.without_delay = trip  # type: ignore[attr-defined]
        setattr(PostgresConnection, name, slow if seconds else trip)
