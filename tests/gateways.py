"""A gateway's mark: what a server writes that counts the calls sent to it on a ledger."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from quotakeeper.identifiers import new_owner
from quotakeeper.stores.sqlite.gateway_marks import GatewayMark


@contextmanager
def gateway(ledger: Path, url: str) -> Iterator[GatewayMark]:
    """A mark that a server at this address counts on this ledger, as a gateway writes it."""
    port = urlsplit(url).port
    assert port is not None
    mark = GatewayMark(ledger, "localhost", port, new_owner())
    try:
        yield mark
    finally:
        mark.close()
