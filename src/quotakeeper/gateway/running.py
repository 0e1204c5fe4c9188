"""Runs a gateway until a signal stops it: listens, drains, settles."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import Callable, Sequence

from quotakeeper.errors import InvalidInputError
from quotakeeper.gateway.access_log import AccessLog
from quotakeeper.gateway.aiohttp_upstream import AiohttpUpstream
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.gateway.keys import KeyRing
from quotakeeper.gateway.service import Gateway
from quotakeeper.gateway.upstreams import Upstream
from quotakeeper.gateway_wiring import AddressMarks
from quotakeeper.http_server.aiohttp_server import GuardedServer
from quotakeeper.http_server.hosts import is_loopback_host
from quotakeeper.http_server.server_settings import HttpServerSettings
from quotakeeper.keeper import Keeper
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.value_classes import dataclass, field

_ANY_ADDRESS = ("", "0.0.0.0", "::")
_END_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Listening:
    """Where a gateway listens. Port 0 chooses a free port.

    `hosts`: further host names by which clients may call it. On loopback, only its own names are
    served, so that no web page can use the gateway through a name of its own.
    """

    host: str = "127.0.0.1"
    port: int = 8_787
    hosts: tuple[str, ...] = ()
    settings: GatewaySettings = field(default_factory=GatewaySettings)

    @property
    def is_local(self) -> bool:
        """Whether only programs on this machine can connect."""
        return is_loopback_host(self.host)

    @property
    def server_settings(self) -> HttpServerSettings:
        """The limits of the server."""
        named = frozenset(each.lower() for each in (self.host, *self.hosts))
        hosts = named | {"*"} if self.is_local else None
        return HttpServerSettings(
            hosts=hosts, ping_seconds=self.settings.ping_seconds,
            most_message_bytes=self.settings.most_message_bytes,
        )  # fmt: skip


def run_gateway(
    keeper: Keeper, keys: KeyRing, upstreams: Sequence[Upstream], listening: Listening, *,
    announce: Callable[[str], None], log: Callable[[str], None] | None,
) -> None:  # fmt: skip
    """Serve until SIGTERM or SIGINT, then finish the calls under way and settle them.

    `announce` gets the gateway's URL once it listens. A second signal ends the calls at once.
    Raises InvalidInputError if it cannot listen there.
    """
    asyncio.run(_run(keeper, keys, upstreams, listening, announce, AccessLog(log)))


async def _run(
    keeper: Keeper, keys: KeyRing, upstreams: Sequence[Upstream], listening: Listening,
    announce: Callable[[str], None], log: AccessLog,
) -> None:  # fmt: skip
    meter = CallMeter(keeper)
    client = AiohttpUpstream(listening.settings)
    gateway = Gateway(meter, client, upstreams, keys, settings=listening.settings, log=log)
    server = GuardedServer(gateway, listening.server_settings, log.refused)
    try:
        listener = await _listener(server, listening)
        port = int(listener.sockets[0].getsockname()[1])
        marks = AddressMarks(keeper.settings, _marked_hosts(listening), port)
        try:
            announce(f"http://{_shown(listening.host)}:{port}")
            await _until_stopped(gateway)
        finally:
            marks.close()
            listener.close()
            await server.shutdown(_END_SECONDS)
    finally:
        await gateway.stop()


async def _listener(server: GuardedServer, listening: Listening) -> asyncio.Server:
    try:
        return await server.start(listening.host, listening.port)
    except OSError as error:
        raise InvalidInputError(
            "--port", f"{listening.host}:{listening.port} cannot be used: {error.strerror or error}",
            "use another address or port, or port 0",
        ) from None  # fmt: skip


async def _until_stopped(gateway: Gateway) -> None:
    """Wait for a signal, then drain. A second signal ends the calls at once."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()

    def stop() -> None:
        if stopped.is_set():
            gateway.end_calls()
        stopped.set()

    if sys.platform != "win32":  # there, Ctrl-C interrupts the loop
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, stop)
    await stopped.wait()
    await gateway.drain()


def _marked_hosts(listening: Listening) -> tuple[str, ...]:
    reaches_loopback = listening.is_local or listening.host in _ANY_ADDRESS
    own = () if reaches_loopback else (listening.host,)
    return ("localhost",) * reaches_loopback + own + listening.hosts


def _shown(host: str) -> str:
    if host in _ANY_ADDRESS:
        return "localhost"
    return f"[{host}]" if ":" in host else host
