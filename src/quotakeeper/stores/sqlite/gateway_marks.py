"""Marks the addresses where a gateway counts calls, so that the calling program does not count
them.

A gateway holds one mark for each of its addresses: a locked file in `<ledger>-gateways`. The
operating system releases the lock when the gateway ends, even by a crash. After that, programs
count these calls themselves.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from pathlib import Path

from quotakeeper.stores.sqlite.locks import OwnerMark, lives

_ENDING = "-gateways"
_OTHERS = re.compile(r"[^a-z0-9.-]")


class GatewayMark(OwnerMark):
    """A locked file. It shows that a gateway counts the calls to `host` and `port` on this ledger.

    The file is locked until `close`, or until the gateway's process ends. `host` is the host
    in the URLs that programs call. For each loopback address of this machine, such as 127.0.0.1,
    pass `localhost`.
    """

    def __init__(self, ledger: Path, host: str, port: int, owner: str) -> None:
        # The gateway may start before there is a ledger.
        ledger.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        super().__init__(_folder(ledger), f"{_place(host, port)}~{owner}", ledger)


class GatewayMarks:
    """The marks beside one ledger."""

    def __init__(self, ledger: Path) -> None:
        self._folder = _folder(ledger)

    def names(self) -> list[str]:
        """Return the names of all marks, also of gateways that have ended. Every call reads them."""
        try:
            return os.listdir(self._folder)
        except OSError:  # usually there is no folder, because no gateway has run
            return []

    def has(self, names: Iterable[str], host: str, port: int) -> bool:
        """Return whether a running gateway counts the calls to this address. `names` are names of
        marks.
        """
        mine = [name for name in names if name.startswith(f"{_place(host, port)}~")]
        return any(lives(self._folder, name) for name in mine)


def _folder(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}{_ENDING}")


def _place(host: str, port: int) -> str:
    return f"{_OTHERS.sub('_', host.lower())}_{port}"
