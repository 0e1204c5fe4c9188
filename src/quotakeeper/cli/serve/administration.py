"""What runs beside the gateway of `quotakeeper serve`: the admin API and the dashboard."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from quotakeeper.cli import console, context
from quotakeeper.config.admin_tokens import admin_tokens
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, field

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.keys.key_store import KeyStore
    from quotakeeper.gateway.attending import Attending, PageBeside

_MOST_PORT = 65_535


@dataclass(frozen=True, slots=True)
class Administration:
    """Where the admin API listens, and its tokens. `reader` is "" if there is none."""

    host: str
    port: int
    writer: str = field(repr=False)
    reader: str = field(repr=False)
    hosts: tuple[str, ...] = ()


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


def administration(
    session: context.CommandContext, address: str | None, token_file: str | None,
    hosts: tuple[str, ...],
) -> Administration | None:  # fmt: skip
    """Return where the admin API listens, and its tokens; None without one.

    Prints a new admin token if none is given. Raises InvalidInputError, ConfigError.
    """
    if address is None:
        return None
    host, port = admin_address(address)
    writer, reader = admin_tokens(token_file)
    if not writer:
        from quotakeeper.gateway.admin.tokens import new_token

        writer = new_token()
        text = "admin token, which is not shown again: {token}"
        console.tell(session.words(text, token=writer))
    return Administration(host, port, writer, reader, hosts)


def attending(
    session: context.CommandContext, given: Administration | None, store: KeyStore,
    forget_keys: Callable[[], None], dashboard: int | None = None, *, tells: bool = True,
) -> Attending:  # fmt: skip
    """Return what runs beside the gateway.

    `dashboard`: the port of the dashboard; None without one. `tells`: print whether a changed config
    was read.
    """
    from quotakeeper.gateway.admin.listening import AdminListening
    from quotakeeper.gateway.admin.tokens import tokens_of
    from quotakeeper.gateway.attending import Attending

    def announce(url: str) -> None:
        console.tell(session.words("admin API on {url}", url=url))
        if admin is not None and not admin.is_local:
            text = (
                "administrators on other machines send the token unencrypted: put a server with "
                "TLS in front"
            )
            console.tell(session.words(text))

    def announce_dashboard(url: str) -> None:
        console.tell(session.words("dashboard on {url}", url=url))
        console.tell(session.words("the address contains the token: open it on this machine only"))

    def reloaded(problem: str) -> None:
        if not tells:
            return
        if problem:
            text = "the config was not reloaded, and the old one stays in force: {problem}"
            console.tell(session.words(text, problem=problem))
        else:
            console.tell(session.words("the config was reloaded"))

    admin = None
    if given is not None:
        tokens = tokens_of(given.writer, given.reader)
        admin = AdminListening(given.host, given.port, tokens, store, given.hosts)
    page = None if dashboard is None else _dashboard(dashboard, store)
    return Attending(
        session.settings, reloaded, forget_keys, admin, announce, page,
        announce_dashboard,
    )  # fmt: skip


def _dashboard(port: int, store: KeyStore) -> Callable[[Keeper], Awaitable[PageBeside]]:
    from quotakeeper.dashboard.running import start_dashboard

    return lambda keeper: start_dashboard(keeper, store.all_keys, port=port, option="--dashboard")
