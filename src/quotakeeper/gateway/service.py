"""The gateway as a handler of requests: keys, routes, calls, health, and the drain."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from contextlib import suppress

from quotakeeper.app.virtual_keys.presenting import PresentedKey
from quotakeeper.clocks import Clock, SystemClock
from quotakeeper.errors import LedgerError
from quotakeeper.gateway.access_log import AccessLog
from quotakeeper.gateway.answer_counts import AnswerCounts
from quotakeeper.gateway.answers import (
    GatewayAnswerError,
    cannot_count,
    error_refusal,
    send_json,
    send_refusal,
)
from quotakeeper.gateway.bodies import BodyStore
from quotakeeper.gateway.call_note import CallNote
from quotakeeper.gateway.credentials import Taken, take_credentials
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.gateway.key_usage import USAGE_PATH, key_usage
from quotakeeper.gateway.keys import KeyRing, again, known_key, looked_up, no_key
from quotakeeper.gateway.limit_book import LimitBook, limits_in_force
from quotakeeper.gateway.queries import check_query
from quotakeeper.gateway.relay import Relay
from quotakeeper.gateway.relayed_call import Sender
from quotakeeper.gateway.routes import Routed, Routes
from quotakeeper.gateway.running_calls import RunningCalls
from quotakeeper.gateway.shared_calls import SharedCalls
from quotakeeper.gateway.socket_relay import SocketRelay
from quotakeeper.gateway.upload_shelves import FolderShelf
from quotakeeper.gateway.uploads import PREFIX, Uploads
from quotakeeper.gateway.upstream_seam import UpstreamClient
from quotakeeper.gateway.upstreams import Upstream
from quotakeeper.http_server.seam import Exchange
from quotakeeper.keeper import Keeper, engine_of
from quotakeeper.metering.call_meter import CallMeter
from quotakeeper.telemetry.exposition import Family

log = logging.getLogger("quotakeeper.gateway")
LIVE_PATH, READY_PATH = "/livez", "/readyz"
_READY_SECONDS = 5.0
_CAUGHT_UP_SECONDS = 1.0


class Gateway:
    """Answers the requests of clients. Make it on the event loop; call `stop` at the end."""

    def __init__(
        self, meter: CallMeter, client: UpstreamClient, upstreams: Sequence[Upstream],
        keys: KeyRing, *, settings: GatewaySettings | None = None, log: AccessLog | None = None,
        clock: Clock | None = None,
    ) -> None:  # fmt: skip
        self.settings = settings or GatewaySettings()
        self._clock = clock or SystemClock()
        self._meter = meter
        self._client = client
        self._keys = keys
        self._routes = Routes(upstreams)
        shared = self.settings.shared_folder
        shelf = None if shared is None else FolderShelf(shared, upstreams)
        self._uploads = Uploads(
            self.settings.upload_seconds, self._clock.monotonic, shelf, self.settings.scheme,
            self.settings.public_url,
        )  # fmt: skip
        self._relay = Relay(
            meter, client, BodyStore(self.settings), self._uploads,
            total_seconds=self.settings.total_seconds, gone_seconds=self.settings.gone_seconds,
        )  # fmt: skip
        self._sockets = SocketRelay(meter, client)
        self._calls = RunningCalls(None if shared is None else SharedCalls(shared / "calls"))
        self.limits = LimitBook(meter.keeper)
        self.config_problem = ""  # why a changed config is not in force
        self._log = log or AccessLog(None)
        self._providers = tuple(each.name for each in upstreams)
        self._counts = AnswerCounts(shared, lambda: meter.faults)
        self._is_draining = False
        meter.settler.start()
        self._watch = asyncio.create_task(self._watch_keys())

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request."""
        note, at, began = CallNote(), self._clock.now(), self._clock.monotonic()
        try:
            await self._answer(exchange, note)
        except GatewayAnswerError as error:
            note.outcome = note.outcome or error.code
            await send_refusal(exchange, error_refusal(error.status, error.code, error.text))
        except LedgerError as error:
            self._meter.fault("a request could not be answered", error)
            if exchange.status:
                raise
            failed = cannot_count()
            note.outcome = failed.code
            await send_refusal(exchange, error_refusal(failed.status, failed.code, failed.text))
        finally:
            if note.outcome:
                self._counts.count(note.provider, note.outcome)
            self._log.log(exchange, note, at, self._clock.monotonic() - began)

    def families(self) -> tuple[Family, ...]:
        """Return what this gateway has counted, over all its workers."""
        return self._counts.families(self._providers)

    async def drain(self) -> None:
        """Refuse new calls, wait for those under way, then end the rest with an error."""
        self._is_draining = True
        if not await self._calls.wait(self.settings.drain_seconds):
            self.end_calls()
            await self._calls.wait(_READY_SECONDS)

    def end_calls(self) -> None:
        """End the calls under way, because the gateway stops."""
        self._calls.end_all("the gateway stops")

    async def stop(self) -> None:
        """Stop the gateway, and put every finished call in the ledger."""
        self._is_draining = True
        self._watch.cancel()
        with suppress(asyncio.CancelledError):
            await self._watch
        await self._client.close()
        await self._meter.caught_up()

    # -- inside

    async def _answer(self, exchange: Exchange, note: CallNote) -> None:
        path = exchange.head.path
        if path == LIVE_PATH:
            await send_json(exchange, 200, {"status": "ok"})
        elif path == READY_PATH:
            await self._tell_ready(exchange)
        elif path.startswith(PREFIX):
            await self._upload(exchange, note)
        else:
            taken = take_credentials(exchange.head)
            known = await known_key(self._keys, taken.secret, exchange.remote)
            await self._serve(exchange, taken, known, note)

    async def _serve(
        self, exchange: Exchange, taken: Taken, known: PresentedKey, note: CallNote
    ) -> None:
        key = known.key
        note.key, note.project = key.name, key.project
        head = exchange.head
        if taken.target == USAGE_PATH and head.method == "GET":
            with suppress(TimeoutError):  # a client that asks after its call sees it counted
                await asyncio.wait_for(self._meter.caught_up(), _CAUGHT_UP_SECONDS)
            await send_json(exchange, 200, await key_usage(self._meter.keeper, key))
            return
        self._check_is_serving()
        check_query(taken.target)
        if head.has_body and head.method in ("GET", "HEAD"):
            text = "a GET or HEAD request has no body"
            raise GatewayAnswerError(400, "body_not_served", text)
        routed = self._routes.find(head.method, taken.target, is_socket=head.is_websocket)
        note.provider = routed.upstream.name
        if not any(key.allows_call(note.provider, model) for model in ("", *key.models)):
            text = f"the key {key.name!r} may not call {note.provider}"
            raise GatewayAnswerError(403, "provider_not_allowed", text)
        await self._called(exchange, taken, routed, known, note)

    async def _upload(self, exchange: Exchange, note: CallNote) -> None:
        """Relay a part of an upload that a key has started. The request itself needs no key."""
        head = exchange.head
        upload = self._uploads.find(head.path)
        if upload is None or "?" in head.target:
            raise no_key()
        self._check_is_serving()
        known = await again(self._keys, upload.presented, exchange.remote)
        note.key, note.project = known.key.name, known.key.project
        note.provider = upload.routed.upstream.name
        taken = Taken("", upload.routed.target, head.headers, ())
        await self._called(exchange, taken, upload.routed, known, note)
        self._uploads.sent(head, exchange.status)

    def _check_is_serving(self) -> None:
        if self._is_draining:
            raise GatewayAnswerError(503, "stopping", "the gateway stops; try again later")

    async def _called(
        self, exchange: Exchange, taken: Taken, routed: Routed, known: PresentedKey, note: CallNote
    ) -> None:
        await limits_in_force(self.limits, known.key)
        sender = Sender(known.key, routed.upstream, note)
        with self._calls.entered(known) as call:
            try:
                if exchange.head.is_websocket:
                    await self._sockets.relay(exchange, routed, taken, sender, call)
                else:
                    await self._relay.relay(exchange, routed, taken.headers, sender, call)
            except asyncio.CancelledError:
                if not call.ended:  # the client has gone
                    raise
                asyncio.current_task().uncancel()  # type: ignore[union-attr]
                note.outcome = "ended"
                if exchange.status:
                    exchange.abort()
                else:
                    status, code = (401, "key_ended") if call.is_key_refused else (503, "ended")
                    raise GatewayAnswerError(status, code, call.ended) from None

    async def _tell_ready(self, exchange: Exchange) -> None:
        problem = "draining" if self._is_draining else self.config_problem
        problem = problem or await self._problem()
        if problem:
            await send_json(exchange, 503, {"status": "not ready", "problem": problem})
        else:
            await send_json(exchange, 200, {"status": "ready"})

    async def _problem(self) -> str:
        """Return why calls cannot be counted or keys cannot be read; "" if they can.

        The text has no address, because no key is needed to ask.
        """
        try:
            await asyncio.wait_for(self._meter.keeper.astatus(forecasts=False), _READY_SECONDS)
            await asyncio.wait_for(_write(self._meter.keeper), _READY_SECONDS)
        except TimeoutError:
            return "the ledger does not answer"
        except Exception as error:  # noqa: BLE001 - whatever fails, calls cannot be counted
            self._meter.fault("the ledger cannot be used", error)
            return f"the ledger cannot be used ({type(error).__name__})"
        try:
            await looked_up(self._keys.check)
        except Exception as error:  # noqa: BLE001 - as above
            self._meter.fault("no key can be looked up", error)
            return f"no key can be looked up ({type(error).__name__})"
        return ""

    async def _watch_keys(self) -> None:
        """Look the keys of open calls up again, so that a revoked key ends its calls."""
        while True:
            await asyncio.sleep(self.settings.key_seconds)
            try:
                await self._calls.end_refused(self._keys)
            except Exception:  # this task must live as long as the gateway
                log.exception("quotakeeper: the keys of open calls could not be looked up")


async def _write(keeper: Keeper) -> None:
    """Write to the ledger, without a change of its content. Raises LedgerError."""
    await engine_of(keeper).worker.aask(lambda store, _: store.put_quotas((), 0))
