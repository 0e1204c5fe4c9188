"""Free ports, for servers whose address must be known before they start."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port of loopback that is free now."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return int(bound.getsockname()[1])
