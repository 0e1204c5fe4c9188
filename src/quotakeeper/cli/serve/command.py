"""Runs `quotakeeper serve`: reads the providers' keys, opens the ledger, and serves the gateway."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.serve.administration import Administration, administration, attending
from quotakeeper.cli.serve.workers import supervised
from quotakeeper.clocks import SystemClock
from quotakeeper.config.key_names import USUAL_NAMES, names_for
from quotakeeper.config.upstream_keys import upstream_keys
from quotakeeper.errors import InvalidInputError, LedgerUnavailableError, MissingExtraError
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.keys.key_store import KeyStore
    from quotakeeper.gateway.certificates import Certificate
    from quotakeeper.gateway.public_urls import PublicUrl
    from quotakeeper.gateway.running import Listening
    from quotakeeper.gateway.upstreams import Upstream
    from quotakeeper.http_server.proxies import TrustedProxies


@dataclass(frozen=True, slots=True)
class ServeOptions:
    """The options of `serve`. `upstreams` have the form PROVIDER=URL, `admin` HOST:PORT."""

    host: str = "127.0.0.1"
    port: int = 8_787
    upstreams: tuple[str, ...] = ()
    key_file: str | None = None
    hosts: tuple[str, ...] = ()
    quiet: bool = False
    admin: str | None = None
    admin_token_file: str | None = None
    dashboard: int | None = None
    tls_cert: str | None = None
    tls_key: str | None = None
    workers: int = 1
    public_url: str | None = None
    proxies: tuple[str, ...] = ()


def run_serve(session: context.CommandContext, options: ServeOptions) -> int:
    """Serve until a signal stops the gateway. Returns the exit code."""
    _check_library()
    from quotakeeper.gateway.running import Listening

    upstreams = _upstreams(session, options)
    admin = administration(session, options.admin, options.admin_token_file, options.hosts)
    certificate = _certificate(options.tls_cert, options.tls_key)
    listening = Listening(
        options.host, options.port, options.hosts, certificate=certificate,
        public=_public(options.public_url), proxies=_proxies(options.proxies),
    )  # fmt: skip
    if options.workers > 1:
        found = supervised(
            session, listening, options.workers,
            lambda url: _announce(session, url, upstreams, listening),
        )  # fmt: skip
        if isinstance(found, int):
            return found
        listening = found
    _serve(session, options, upstreams, listening, admin)
    if listening.link is None:
        console.tell(session.words("the gateway has stopped"))
    return exit_codes.OK


def _serve(
    session: context.CommandContext, options: ServeOptions, upstreams: Sequence[Upstream],
    listening: Listening, admin: Administration | None,
) -> None:  # fmt: skip
    """Serve until a signal or the supervisor stops this process."""
    from quotakeeper.app.virtual_keys.presenting import KeyPresenter
    from quotakeeper.gateway.running import run_gateway
    from quotakeeper.key_wiring import open_keys

    clock, link = SystemClock(), listening.link
    is_first = link is None or link.number == 0  # the other workers say nothing twice
    write = console.say if link is None else console.say_at_once
    with context.open_keeper(session) as keeper:
        store = open_keys(keeper.settings)
        try:
            _check_ledger(session, keeper, store, tells=is_first)
            keys = KeyPresenter(store, clock.now, clock.monotonic)
            run_gateway(
                keeper, keys, upstreams, listening,
                announce=lambda url: None if link else _announce(session, url, upstreams, listening),
                log=None if options.quiet else write,
                attending=attending(
                    session, admin if is_first else None, store, keys.forget,
                    options.dashboard if is_first else None, tells=is_first,
                ),
            )  # fmt: skip
        finally:
            store.close()


def _certificate(file: str | None, key_file: str | None) -> Certificate | None:
    if file is None and key_file is None:
        return None
    if file is None or key_file is None:
        given, missing = (
            ("--tls-key", "--tls-cert") if file is None else ("--tls-cert", "--tls-key")
        )
        raise InvalidInputError(given, f"needs {missing}", f"name both files: add {missing} FILE")
    from quotakeeper.gateway.certificates import Certificate

    return Certificate(file, key_file)


def _public(text: str | None) -> PublicUrl | None:
    from quotakeeper.gateway.public_urls import public_url

    return None if text is None else public_url(text)


def _proxies(texts: tuple[str, ...]) -> TrustedProxies:
    from quotakeeper.http_server.proxies import trusted_proxies

    try:
        return trusted_proxies(texts)
    except ValueError:
        raise InvalidInputError(
            "--trusted-proxy", f"{' '.join(texts)[:80]!r} is not an IP address or network",
            "write --trusted-proxy 127.0.0.1, or a network like 10.0.0.0/8",
        ) from None  # fmt: skip


def _check_library() -> None:
    try:
        import aiohttp  # noqa: F401 - only whether it is there
    except ImportError:
        raise MissingExtraError("gateway", "quotakeeper serve") from None


def _check_ledger(
    session: context.CommandContext, keeper: Keeper, store: KeyStore, *, tells: bool
) -> None:
    """Read the ledger and its keys once. Raises LedgerError for damage or a newer version.

    A ledger that cannot be reached now may be there later: `/readyz` then tells it.
    """
    try:
        keeper.status(forecasts=False)
        store.all_keys()
    except LedgerUnavailableError:
        if not tells:
            return
        text = "the ledger cannot be used now, so calls are refused until it can; see: quotakeeper doctor"
        console.tell(session.words(text))


def _upstreams(session: context.CommandContext, options: ServeOptions) -> tuple[Upstream, ...]:
    from quotakeeper.gateway.upstreams import make_upstreams
    from quotakeeper.providers.directory import key_variables

    addresses = {}
    for text in options.upstreams:
        name, separator, address = text.partition("=")
        if not separator:
            raise InvalidInputError(
                "--upstream", "has no =", "write --upstream gemini=http://127.0.0.1:8765"
            )
        addresses[name.strip().lower()] = address.strip()
    own = session.settings().key_names
    variables = {
        name: names_for(name, own) if name in USUAL_NAMES else (variable,)
        for name, variable in key_variables().items()
    }
    made = make_upstreams(upstream_keys(variables, options.key_file), addresses)
    if not made:
        raise InvalidInputError(
            "--upstream", "no provider has a key or an address",
            f"set one of {', '.join(key_variables().values())}, or give --key-file or --upstream",
        )  # fmt: skip
    for each in made:
        if not each.key:
            named = variables.get(each.name, ("",))[-1]
            raise InvalidInputError(
                "--upstream", f"there is no key for {each.name}",
                f"set {named}, or name the key in --key-file; a server that needs none gets any text",
            )  # fmt: skip
    return made


def _announce(
    session: context.CommandContext, url: str, upstreams: Sequence[Upstream], listening: Listening
) -> None:
    words, public = session.words, listening.public
    console.tell(words("gateway on {url} (Ctrl-C stops it)", url=url))
    seen = url if public is None else public.text
    for upstream in upstreams:
        console.tell(f"  {seen}/{upstream.name}  ->  {upstream.base_url}")
    console.tell(words("make a key for each client with: quotakeeper keys create NAME"))
    is_encrypted = listening.certificate is not None or (public is not None and public.is_encrypted)
    if not listening.is_local and not is_encrypted:
        text = (
            "clients of other machines send their keys unencrypted: put a server with TLS in front"
        )
        console.tell(words(text))
