"""Addresses where a gateway counts calls on a ledger, so that the program that makes them does not.

A gateway holds one mark for each of its addresses: a locked file in `<ledger>-gateways`. The operating
system lets go of the lock however the gateway ends; from then on the programs count by themselves.
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
    """Says, until it is closed or its process ends, that calls to this address are counted there.

    `host` is as programs write it; every name of this machine's loopback is `localhost`.
    """

    def __init__(self, ledger: Path, host: str, port: int, owner: str) -> None:
        super().__init__(_folder(ledger), f"{_place(host, port)}~{owner}", ledger)


class GatewayMarks:
    """The marks beside one ledger."""

    def __init__(self, ledger: Path) -> None:
        self._folder = _folder(ledger)

    def names(self) -> list[str]:
        """The marks that are there, whether their gateways live or not. Asked before every call."""
        try:
            return os.listdir(self._folder)
        except OSError:  # as a rule: there never was one
            return []

    def has(self, names: Iterable[str], host: str, port: int) -> bool:
        """Whether one of these is of a gateway that lives and counts the calls to this address."""
        mine = [name for name in names if name.startswith(f"{_place(host, port)}~")]
        return any(lives(self._folder, name) for name in mine)


def _folder(ledger: Path) -> Path:
    return ledger.with_name(f"{ledger.name}{_ENDING}")


def _place(host: str, port: int) -> str:
    return f"{_OTHERS.sub('_', host.lower())}_{port}"
