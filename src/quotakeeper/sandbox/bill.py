"""The bill: what the providers would charge for the requests that the sandbox answered."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from quotakeeper.sandbox.messages import Charge
from quotakeeper.schemas import Schema


class Bill:
    """A growing list of charges. Several threads may read and write it."""

    def __init__(self) -> None:
        self._lock = threading.Condition()
        self._charges: list[Charge] = []

    def add(self, charge: Charge) -> None:
        """Add one charge."""
        with self._lock:
            self._charges.append(charge)
            self._lock.notify_all()

    def wait_for(self, count: int, seconds: float = 10.0) -> bool:
        """Wait until the bill has `count` charges; return False if this takes more than `seconds`.

        A WebSocket is billed only after it closes, so a test has to wait.
        """
        with self._lock:
            return self._lock.wait_for(lambda: len(self._charges) >= count, seconds)

    @property
    def charges(self) -> tuple[Charge, ...]:
        """All charges so far, oldest first."""
        with self._lock:
            return tuple(self._charges)

    def totals(self) -> dict[str, dict[str, int]]:
        """Return provider -> meter -> sum of the charges."""
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
