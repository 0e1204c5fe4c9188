"""The bill: what the providers would charge for each request that the sandbox answered."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from quotakeeper.sandbox.messages import Charge
from quotakeeper.schemas import Schema


class Bill:
    """A list of charges that grows; several threads may read and write it."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._charges: list[Charge] = []

    def add(self, charge: Charge) -> None:
        """Add one request to the bill."""
        with self._lock:
            self._charges.append(charge)
            self._lock.notify_all()

    def wait_for(self, count: int, seconds: float = 10.0) -> bool:
        """Wait until the bill has `count` charges, because a socket is billed after it closes.

        Returns False if that takes more than `seconds`.
        """
        with self._lock:
            return self._lock.wait_for(lambda: len(self._charges) >= count, seconds)

    @property
    def charges(self) -> tuple[Charge, ...]:
        """All charges so far, oldest first."""
        with self._lock:
            return tuple(self._charges)

    def totals(self) -> dict[str, dict[str, int]]:
        """Return the sums by provider and meter."""
        sums: dict[str, dict[str, int]] = {}
        for charge in self.charges:
            meters = sums.setdefault(charge.provider, {})
            for meter, amount in charge.quantities.items():
                meters[meter] = meters.get(meter, 0) + amount
        return sums

    def as_json(self) -> Mapping[str, object]:
        """Return the answer to `GET /__sandbox__/bill`."""
        return {
            "schema": Schema.SANDBOX_BILL,
            "charges": [
                {
                    "provider": charge.provider,
                    "operation": charge.operation,
                    "model": charge.model,
                    "tier": charge.tier,
                    "status": charge.status,
                    "quantities": dict(charge.quantities),
                }
                for charge in self.charges
            ],
            "totals": self.totals(),
        }
