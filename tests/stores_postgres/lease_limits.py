"""Settings of keepers that share a limit of requests, each with journals in a folder of its own."""

from __future__ import annotations

from quotakeeper.config import Settings, load_settings


def config(amount: int, folder: str, lease: str = "", **more: object) -> Settings:
    """Settings with a hard limit of `amount` requests a day. `lease` "" is the default."""
    table: dict[str, object] = {
        "limit": [{"name": "cap", "meter": "requests", "window": "day", "amount": amount}],
        "default_limits": False,
        **({"lease": lease} if lease else {}),
        **more,
    }
    return load_settings("postgresql://localhost/none", table, {"XDG_DATA_HOME": folder})
