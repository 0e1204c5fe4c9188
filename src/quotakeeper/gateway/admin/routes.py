"""The route table of the admin API. The OpenAPI document and the checks are made from it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from quotakeeper.domain.keys.key_limit import LIMIT_NAME
from quotakeeper.gateway.admin import tables
from quotakeeper.gateway.admin.shapes import (
    Field,
    Instant,
    JsonObject,
    JsonShape,
    OneOf,
    Open,
    Text,
    Whole,
)
from quotakeeper.gateway.admin.tokens import Scope
from quotakeeper.value_classes import dataclass, field

PREFIX = "/admin/v1"
_NO_FIELDS: Mapping[str, Field] = MappingProxyType({})
FREE = "It makes no provider's call, so there is nothing to meter."
_FORMS = {"id": r"[0-9A-Za-z]{1,64}", "limit": LIMIT_NAME}
_AFTER = Field(Whole(), "The cursor: entries after this number.")
_PAGE = Field(Whole(1, 1_000), "The most entries of a page; default: 100.")
_SPAN = {
    "since": Field(Instant(), "From this instant on."),
    "until": Field(Instant(), "Before this instant."),
}


@dataclass(frozen=True, slots=True)
class AdminRoute:
    """One operation.

    - `scope`: what the token must be allowed to do.
    - `unmetered`: why the operation is not metered.
    - `is_change`: whether `If-Match` must name the version that is changed.
    """

    method: str
    path: str
    name: str
    scope: Scope
    about: str
    answer: JsonShape
    body: JsonObject | None = None
    query: Mapping[str, Field] = field(default_factory=lambda: _NO_FIELDS)
    status: int = 200
    is_change: bool = False
    has_etag: bool = False
    unmetered: str = FREE

    @property
    def parameters(self) -> tuple[str, ...]:
        """The names in the path."""
        return tuple(re.findall(r"{(\w+)}", self.path))

    def parameter(self, name: str) -> JsonShape:
        """Return the shape of a name in the path."""
        return Text(1, 64, _FORMS[name])


def _change(method: str, path: str, name: str, about: str, body: JsonObject | None) -> AdminRoute:
    secret = name == "rotateKey"
    answer = tables.KEY_WITH_SECRET if secret else tables.ONE_KEY
    return AdminRoute(
        method, path, name, Scope.WRITE, about, answer, body, is_change=True, has_etag=True
    )


_KEY = f"{PREFIX}/keys/{{id}}"
_LIMIT = f"{_KEY}/limits/{{limit}}"
ROUTES: tuple[AdminRoute, ...] = (
    AdminRoute("GET", f"{PREFIX}/openapi.json", "getOpenApi", Scope.READ, "This description.",
          Open("An OpenAPI 3.1 document.")),
    AdminRoute("GET", f"{PREFIX}/keys", "listKeys", Scope.READ, "List keys.", tables.KEYS,
          query={"state": Field(OneOf(("active", "disabled", "revoked")), "Only keys in this state."),
                 "name": Field(Text(1), "Only the key with this name."),
                 "after": Field(Text(1, 64, _FORMS["id"]), "The cursor of the page before."),
                 "limit": _PAGE}),
    AdminRoute("POST", f"{PREFIX}/keys", "createKey", Scope.WRITE, "Create a key.",
          tables.KEY_WITH_SECRET, tables.NEW_KEY, status=201, has_etag=True),
    AdminRoute("GET", _KEY, "getKey", Scope.READ, "Read one key.", tables.ONE_KEY, has_etag=True),
    _change("PATCH", _KEY, "changeKey", "Change fields of a key.", tables.KEY_CHANGE),
    _change("POST", f"{_KEY}/rotate", "rotateKey", "Give a key a new secret.", tables.ROTATION),
    _change("POST", f"{_KEY}/revoke", "revokeKey", "Refuse a key for ever.", tables.ACT),
    _change("POST", f"{_KEY}/disable", "disableKey", "Refuse a key until it is enabled.", tables.ACT),
    _change("POST", f"{_KEY}/enable", "enableKey", "Accept a disabled key again.", tables.ACT),
    _change("POST", f"{_KEY}/limits", "createKeyLimit", "Add a limit to a key.", tables.NEW_LIMIT),
    _change("PUT", _LIMIT, "putKeyLimit", "Replace a limit of a key.", tables.LIMIT_CHANGE),
    _change("DELETE", _LIMIT, "deleteKeyLimit", "Remove a limit from a key.", None),
    AdminRoute("GET", f"{PREFIX}/limits", "listLimits", Scope.READ,
          "List all limits with their use. Those of the config file are read-only here.",
          tables.LIMITS),
    AdminRoute("GET", f"{PREFIX}/status", "getStatus", Scope.READ,
          "The state and forecast of every limit that the gateway has in force.", tables.STATUS),
    AdminRoute("GET", f"{PREFIX}/usage", "getUsage", Scope.READ, "Usage, added up.", tables.REPORT,
          query={"by": Field(Text(1, 512), 'Dimensions, such as "provider,model,scope.key".'), **_SPAN}),
    AdminRoute("GET", f"{PREFIX}/events", "listEvents", Scope.READ,
          "The ledger's entries about calls, by cursor.", tables.EVENTS,
          query={"after": _AFTER, "limit": _PAGE}),
    AdminRoute("GET", f"{PREFIX}/audit", "listAudit", Scope.READ, "Who changed which key, and how.",
          tables.AUDIT, query={"after": _AFTER, "limit": _PAGE,
                               "key": Field(Text(1, 64, _FORMS["id"]), "Only this key.")}),
    AdminRoute("GET", f"{PREFIX}/config", "getConfig", Scope.READ, "The state of the config file.",
          tables.CONFIG_STATE),
)  # fmt: skip


def path_pattern(route: AdminRoute) -> re.Pattern[str]:
    """Return the pattern of the paths of a route. Its groups are the names in the path."""
    parts = re.split(r"{(\w+)}", route.path)
    made = [
        f"(?P<{part}>{_FORMS[part]})" if number % 2 else re.escape(part)
        for number, part in enumerate(parts)
    ]
    return re.compile("".join(made))
