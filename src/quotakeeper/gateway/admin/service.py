"""The admin API as a handler of requests: the token, the route, the operation, the answer."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType

from quotakeeper.app.virtual_keys.managing import KeyWasChangedError
from quotakeeper.clocks import SystemClock
from quotakeeper.domain.keys.key_text import has_secret
from quotakeeper.errors import InvalidInputError, LedgerError, QuotakeeperError
from quotakeeper.gateway.access_log import AccessLog
from quotakeeper.gateway.admin import key_operations, read_operations
from quotakeeper.gateway.admin.asked import AdminAnswer, Asked
from quotakeeper.gateway.admin.checking import found_route, read_body, read_query, read_version
from quotakeeper.gateway.admin.metrics_page import METRICS_PATH
from quotakeeper.gateway.admin.parts import AdminParts
from quotakeeper.gateway.admin.problems import AdminProblem, send, send_problem
from quotakeeper.gateway.admin.routes import AdminRoute
from quotakeeper.gateway.admin.tokens import AdminTokens, Scope
from quotakeeper.gateway.call_note import CallNote
from quotakeeper.http_server.heads import RequestHead
from quotakeeper.http_server.seam import Exchange
from quotakeeper.telemetry.exposition import CONTENT_TYPE

log = logging.getLogger("quotakeeper.gateway")
Operation = Callable[[AdminParts, Asked], AdminAnswer]
OPERATIONS: Mapping[str, Operation] = MappingProxyType({
    "getOpenApi": read_operations.get_open_api,
    "listKeys": key_operations.list_keys,
    "createKey": key_operations.create_key,
    "getKey": key_operations.get_key,
    "changeKey": key_operations.change_key,
    "rotateKey": key_operations.rotate_key,
    "revokeKey": key_operations.revoke_key,
    "disableKey": key_operations.disable_key,
    "enableKey": key_operations.enable_key,
    "createKeyLimit": key_operations.create_key_limit,
    "putKeyLimit": key_operations.put_key_limit,
    "deleteKeyLimit": key_operations.delete_key_limit,
    "listLimits": read_operations.list_limits,
    "getStatus": read_operations.get_status,
    "getUsage": read_operations.get_usage,
    "listEvents": read_operations.list_events,
    "listAudit": key_operations.list_audit,
    "getConfig": read_operations.get_config,
})  # fmt: skip
_MOST_ACTOR = 128


class AdminService:
    """Answers the requests of administrators."""

    def __init__(
        self, parts: AdminParts, tokens: AdminTokens, access_log: AccessLog | None = None
    ) -> None:  # fmt: skip
        self._parts = parts
        self._tokens = tokens
        self._log = access_log or AccessLog(None)
        self._clock = SystemClock()

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request."""
        note, at, began = CallNote(), self._clock.now(), self._clock.monotonic()
        try:
            scopes = self._scopes(exchange.head)
            if exchange.head.path == METRICS_PATH:
                note.operation = "admin.getMetrics"
                await self._send_metrics(exchange, scopes)
            else:
                route, answer = await self._answered(exchange, scopes)
                note.operation = f"admin.{route.name}"
                await send(exchange, route.status, answer.record, answer.headers)
        except AdminProblem as problem:
            note.outcome = problem.code
            await send_problem(exchange, problem)
        finally:
            self._log.log(exchange, note, at, self._clock.monotonic() - began)

    def _scopes(self, head: RequestHead) -> frozenset[Scope]:
        """Return what the token of a request may do. Raises AdminProblem (401, 400)."""
        scopes = self._tokens.scopes_of(_token(head))
        if not scopes:  # before anything else, so that a stranger learns nothing
            problem = AdminProblem(401, "token_invalid", "send Authorization: Bearer ADMIN_TOKEN")
            problem.headers = (("WWW-Authenticate", "Bearer"),)
            raise problem
        if head.is_websocket:
            raise AdminProblem(400, "not_http", "the admin API has no WebSockets")
        return scopes

    async def _send_metrics(self, exchange: Exchange, scopes: frozenset[Scope]) -> None:
        """Answer `/metrics`, for each token that may read. It is no JSON, so it has no table."""
        head = exchange.head
        if Scope.READ not in scopes:
            raise AdminProblem(403, "read_only_token", "this token may not read")
        if head.method != "GET" or head.has_body:
            raise AdminProblem(405, "wrong_method", "this address allows GET, without a body")
        text = await self._parts.metrics.text()
        headers = (
            ("Content-Type", CONTENT_TYPE), ("Cache-Control", "no-store"),
            ("X-Content-Type-Options", "nosniff"),
        )  # fmt: skip
        await exchange.reply(200, headers, text.encode())

    async def _answered(
        self, exchange: Exchange, scopes: frozenset[Scope]
    ) -> tuple[AdminRoute, AdminAnswer]:
        head = exchange.head
        route, names = found_route(head.method, head.path)
        if route.scope not in scopes:
            raise AdminProblem(403, "read_only_token", "this token may only read")
        query, version = read_query(route, head.target), read_version(route, head)
        actor = _actor(head, exchange.remote) if route.scope is Scope.WRITE else ""
        asked = Asked(names, query, await read_body(route, exchange), actor, version)
        if route.scope is Scope.WRITE:
            _check_no_token(_token(head), {**names, **asked.body, "X-Actor": actor})
        # A change must not end half done because its client has gone: the thread goes on.
        return route, await asyncio.to_thread(self._done, OPERATIONS[route.name], asked)

    def _done(self, operation: Operation, asked: Asked) -> AdminAnswer:
        try:
            return operation(self._parts, asked)
        except KeyWasChangedError as error:
            raise AdminProblem(412, "version_changed", str(error), "If-Match") from None
        except InvalidInputError as error:
            text = f"{error.problem}; {error.fix}" if error.fix else error.problem
            raise AdminProblem(422, "invalid_value", text, error.field) from None
        except LedgerError as error:
            log.warning("quotakeeper: the admin API cannot use the ledger: %s", error)
            text = f"the ledger cannot be used now ({type(error).__name__}); see the log"
            raise AdminProblem(503, "ledger_unavailable", text) from None
        except QuotakeeperError as error:
            log.warning("quotakeeper: the admin API failed: %s", error)
            raise AdminProblem(500, "failed", f"{type(error).__name__}; see the log") from None


def _token(head: RequestHead) -> str:
    values = head.values("authorization")
    scheme, _, token = (values[0] if len(values) == 1 else "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def _check_no_token(token: str, given: Mapping[str, object]) -> None:
    """Refuse the caller's own token in what would be stored. Raises AdminProblem (422)."""
    for field, value in given.items():
        if any(token in text for text in _texts(value)):
            text = "contains the admin token, which must not be stored; leave it out"
            raise AdminProblem(422, "invalid_value", text, field)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for name, each in value.items():
            yield from (str(name), *_texts(each))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


def _actor(head: RequestHead, remote: str) -> str:
    """Return who makes a change, for the audit. Raises AdminProblem (400)."""
    values = head.values("x-actor")
    if not values:
        return f"admin API, {remote}"
    name = values[0].strip()
    printable = name.isascii() and name.isprintable() and 0 < len(name) <= _MOST_ACTOR
    if len(values) > 1 or not printable or has_secret(name):
        text = f"give one name of up to {_MOST_ACTOR} printable ASCII characters"
        raise AdminProblem(400, "actor_form", text, "X-Actor")
    return f"{name} (admin API, {remote})"
