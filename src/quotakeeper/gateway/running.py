"""Runs a gateway until a signal stops it: listens, drains, settles."""

from __future__ import annotations

import asyncio
import logging
import signal
import sys
from collections.abc import Callable, Sequence

from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.gateway.access_log import AccessLog
from quotakeeper.gateway.aiohttp_upstream import AiohttpUpstream
from quotakeeper.gateway.attending import Attending, attended
from quotakeeper.gateway.certificates import Certificate
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.gateway.keys import KeyRing
from quotakeeper.gateway.public_urls import PublicUrl
from quotakeeper.gateway.service import Gateway
from quotakeeper.gateway.upstreams import Upstream
from quotakeeper.gateway.worker_link import WorkerLink
from quotakeeper.gateway_wiring import AddressMarks
from quotakeeper.http_server.aiohttp_server import GuardedServer
from quotakeeper.http_server.hosts import is_loopback_host
from quotakeeper.http_server.proxies import TrustedProxies
from quotakeeper.http_server.server_settings import HttpServerSettings
from quotakeeper.keeper import Keeper
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.value_classes import dataclass, field, replace

_ANY_ADDRESS = ("", "0.0.0.0", "::")
_END_SECONDS = 2.0
log = logging.getLogger("quotakeeper.gateway")


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a gateway listens. Port 0 chooses a free port.

    `hosts`: further host names by which clients may call it. On loopback, only its own names are
    served, so that no web page can use the gateway through a name of its own. `certificate`: serve
    TLS with it. `link`: this process is a worker, and serves on the sockets of its supervisor.
    `public`: where clients reach it through a server in front. `proxies`: the addresses of such servers.
    """

    host: str = "127.0.0.1"
    port: int = 8_787
    hosts: tuple[str, ...] = ()
    settings: GatewaySettings = field(default_factory=GatewaySettings)
    certificate: Certificate | None = None
    link: WorkerLink | None = None
    public: PublicUrl | None = None
    proxies: TrustedProxies = TrustedProxies()

    @property
    def scheme(self) -> str:
        """The scheme of the gateway's address."""
        return "http" if self.certificate is None else "https"

    def url(self, port: int) -> str:
        """Return the gateway's address at the port on which it listens."""
        return f"{self.scheme}://{_shown(self.host)}:{port}"

    @property
    def is_local(self) -> bool:
        """Whether only programs on this machine can connect."""
        return is_loopback_host(self.host)

    @property
    def server_settings(self) -> HttpServerSettings:
        """The limits of the server."""
        public = () if self.public is None else (self.public.host,)
        named = frozenset(each.lower() for each in (self.host, *self.hosts, *public))
        hosts = named | {"*"} if self.is_local else None
        return HttpServerSettings(
            hosts=hosts, ping_seconds=self.settings.ping_seconds,
            most_message_bytes=self.settings.most_message_bytes, proxies=self.proxies,
        )  # fmt: skip


def run_gateway(
    keeper: Keeper, keys: KeyRing, upstreams: Sequence[Upstream], listening: Listening, *,
    announce: Callable[[str], None], log: Callable[[str], None] | None,
    attending: Attending | None = None,
) -> None:  # fmt: skip
    """Serve until SIGTERM or SIGINT, then finish the calls under way and settle them.

    `announce` gets the gateway's URL once it listens. A second signal ends the calls at once; in a
    worker, only the supervisor's word does. `attending`: what runs beside it. Raises
    InvalidInputError if it cannot listen there.
    """
    asyncio.run(_run(keeper, keys, upstreams, listening, announce, AccessLog(log), attending))


async def _run(
    keeper: Keeper, keys: KeyRing, upstreams: Sequence[Upstream], listening: Listening,
    announce: Callable[[str], None], lines: AccessLog, attending: Attending | None,
) -> None:  # fmt: skip
    meter = CallMeter(keeper)
    link = listening.link
    settings = replace(
        listening.settings, scheme=listening.scheme,
        shared_folder=None if link is None else link.folder,
        public_url="" if listening.public is None else listening.public.text,
    )  # fmt: skip
    client = AiohttpUpstream(settings)
    gateway = Gateway(meter, client, upstreams, keys, settings=settings, log=lines)
    server = GuardedServer(gateway, listening.server_settings, lines.refused)
    try:
        listeners = await _listeners(server, listening)
        port = int(listeners[0].sockets[0].getsockname()[1])
        marks = AddressMarks(keeper.settings, _marked_addresses(listening, port))
        try:
            reload = _reloading(listening.certificate)
            async with attended(gateway, keeper, attending, lines, reload) as announce_more:
                announce(listening.url(port))
                announce_more()
                await _until_stopped(gateway, link)
        finally:
            marks.close()
            for each in listeners:
                each.close()
            await server.shutdown(_END_SECONDS)
    finally:
        await gateway.stop()
        if link is not None:
            link.leave()


async def _listeners(server: GuardedServer, listening: Listening) -> list[asyncio.Server]:
    tls = None if listening.certificate is None else listening.certificate.context
    if listening.link is not None:
        return await server.start_on(listening.link.listeners, tls=tls)
    try:
        return [await server.start(listening.host, listening.port, tls=tls)]
    except OSError as error:
        raise InvalidInputError(
            "--port", f"{listening.host}:{listening.port} cannot be used: {error.strerror or error}",
            "use another address or port, or port 0",
        ) from None  # fmt: skip


def _reloading(certificate: Certificate | None) -> Callable[[], None]:
    def reload() -> None:
        try:
            if certificate is not None:
                certificate.reload()
        except ConfigError as error:
            text = "quotakeeper: the certificate was not read again, and the old one stays: %s"
            log.warning(text, error)

    return reload


async def _until_stopped(gateway: Gateway, link: WorkerLink | None) -> None:
    """Wait for a signal, then drain. A second signal ends the calls at once.

    A worker may get one signal twice, from a terminal or a service manager and by its supervisor.
    """
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        if stopped.is_set() and link is None:
            gateway.end_calls()
        stopped.set()

    if link is not None:
        link.hear(stop, gateway.end_calls)
        link.say_ready()
    if sys.platform != "win32":  # there, Ctrl-C interrupts the loop
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
    await stopped.wait()
    await gateway.drain()


def _marked_addresses(listening: Listening, port: int) -> tuple[tuple[str, int], ...]:
    reaches_loopback = listening.is_local or listening.host in _ANY_ADDRESS
    own = () if reaches_loopback else (listening.host,)
    hosts = ("localhost",) * reaches_loopback + own + listening.hosts
    addresses = [(each, port) for each in hosts]
    if listening.public is not None:
        seen = listening.public.host
        addresses.append(("localhost" if is_loopback_host(seen) else seen, listening.public.port))
    return tuple(addresses)


def _shown(host: str) -> str:
    if host in _ANY_ADDRESS:
        return "localhost"
    return f"[{host}]" if ":" in host else host
