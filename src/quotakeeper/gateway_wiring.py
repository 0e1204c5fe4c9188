"""Marks the address of a gateway beside its ledger, so that calling programs do not count again."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

from quotakeeper.config import Settings
from quotakeeper.identifiers import new_owner
from quotakeeper.wiring import ledger_path

if TYPE_CHECKING:
    from quotakeeper.stores.sqlite.gateway_marks import GatewayMark


class AddressMarks:
    """The marks of one gateway, for its hosts and ports. They hold until `close`, or until the process ends.

    A ledger in memory or on a server has no marks. Without them, a program under `quotakeeper run`
    whose calls go to the gateway counts its calls too.
    """

    def __init__(self, settings: Settings, addresses: tuple[tuple[str, int], ...]) -> None:
        self._marks: list[GatewayMark] = []
        path = ledger_path(settings)
        if path is None:
            return
        from quotakeeper.stores.sqlite.gateway_marks import GatewayMark  # noqa: PLC0415 - as wiring

        for host, port in dict.fromkeys(addresses):
            self._marks.append(GatewayMark(path, host, port, new_owner()))

    def close(self) -> None:
        """Remove the marks."""
        marks, self._marks = self._marks, []
        for mark in marks:
            with suppress(OSError):
                mark.close()
