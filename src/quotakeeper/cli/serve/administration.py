"""The admin API of `quotakeeper serve`: its address, its token, and what is printed about it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from quotakeeper.cli import console, context
from quotakeeper.config.admin_tokens import admin_tokens
from quotakeeper.errors import InvalidInputError

if TYPE_CHECKING:
    from quotakeeper.domain.keys.key_store import KeyStore
    from quotakeeper.gateway.attending import Attending

_MOST_PORT = 65_535


def admin_address(text: str) -> tuple[str, int]:
    """Return the host and the port of `--admin`. Raises InvalidInputError."""
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not host or not (port.isascii() and port.isdigit() and int(port[:6]) <= _MOST_PORT):
        raise InvalidInputError(
            "--admin", f"{text[:60]!r} is not an address with a port",
            "write --admin 127.0.0.1:8788",
        )  # fmt: skip
    return host, int(port)


def attending(
    session: context.CommandContext, address: tuple[str, int] | None, token_file: str | None,
    hosts: tuple[str, ...], store: KeyStore, forget_keys: Callable[[], None],
) -> Attending:  # fmt: skip
    """Return what runs beside the gateway. Prints a new admin token. Raises ConfigError."""
    from quotakeeper.gateway.admin.listening import AdminListening
    from quotakeeper.gateway.admin.tokens import new_token, tokens_of
    from quotakeeper.gateway.attending import Attending

    def announce(url: str) -> None:
        console.tell(session.words("admin API on {url}", url=url))
        if admin is not None and not admin.is_local:
            text = (
                "administrators on other machines send the token unencrypted: put a server with "
                "TLS in front"
            )
            console.tell(session.words(text))

    def reloaded(problem: str) -> None:
        if problem:
            text = "the config was not reloaded, and the old one stays in force: {problem}"
            console.tell(session.words(text, problem=problem))
        else:
            console.tell(session.words("the config was reloaded"))

    admin = None
    if address is not None:
        writer, reader = admin_tokens(token_file)
        if not writer:
            writer = new_token()
            text = "admin token, which is not shown again: {token}"
            console.tell(session.words(text, token=writer))
        tokens = tokens_of(writer, reader)
        admin = AdminListening(*address, tokens, store, hosts)
    return Attending(session.settings, reloaded, forget_keys, admin, announce)
