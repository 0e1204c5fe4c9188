"""Finds calls to a quotakeeper gateway on the same ledger. The gateway counts them, so hooks do
not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quotakeeper.providers.addresses import host_and_port
from quotakeeper.wiring import gateway_marks


class Gateways:
    """The gateways that use the ledger of a keeper. `note` is called once for each gateway
    address."""

    def __init__(self, keeper: Any, note: Callable[[str, str], None]) -> None:
        # The keeper may be a substitute without settings, if the real one could not be created.
        settings = getattr(keeper, "settings", None)
        self._marks = None if settings is None else gateway_marks(settings)
        self._note = note
        self._noted: set[str] = set()

    def counts(self, url: str) -> bool:
        """Whether a gateway on this ledger counts calls to `url`. Never raises."""
        names = self._marks.names() if self._marks is not None else None
        if self._marks is None or not names:
            return False
        found = host_and_port(url)
        if found is None or not self._marks.has(names, *found):
            return False
        place = f"{found[0]}:{found[1]}"
        if place not in self._noted:
            self._noted.add(place)
            self._note("gateway", place)
        return True
