"""Finds the provider for a request: by the first segment of its path, or by the path's form."""

from __future__ import annotations

from collections.abc import Sequence

from quotakeeper.gateway.answers import GatewayAnswerError
from quotakeeper.gateway.upstreams import Upstream
from quotakeeper.providers.contract import Request
from quotakeeper.providers.registry import live_session, recognise
from quotakeeper.value_classes import dataclass

# A path of this form at loopback is recognised by its form alone; see providers/addresses.py.
_ANY = "localhost"


@dataclass(frozen=True, slots=True)
class Routed:
    """The provider for a request, and the target that is recognised and sent."""

    upstream: Upstream
    target: str


class Routes:
    """The routes of a gateway: `/NAME/...` for each provider, and the providers' own paths."""

    def __init__(self, upstreams: Sequence[Upstream]) -> None:
        self._by_name = {each.name: each for each in upstreams}
        self._adapters = tuple(each.adapter for each in upstreams)

    def find(self, method: str, target: str, *, is_socket: bool = False) -> Routed:
        """Return the route of a request. Raises GatewayAnswerError (404) if there is none."""
        first, _, rest = target[1:].partition("/")
        if first in self._by_name and rest:
            return Routed(self._by_name[first], f"/{rest}")
        name = self._by_form(method, target, is_socket)
        if name is None:
            names = ", ".join(f"/{each}/" for each in self._by_name)
            text = f"no provider is served at this path; put one of these before it: {names}"
            raise GatewayAnswerError(404, "no_route", text)
        return Routed(self._by_name[name], target)

    def _by_form(self, method: str, target: str, is_socket: bool) -> str | None:
        """Return the provider whose path this is clearly; None if it may be that of several."""
        if is_socket:
            socket = live_session(Request("GET", f"ws://{_ANY}{target}"), among=self._adapters)
            return None if socket is None else socket[0].name
        request = Request(method, f"http://{_ANY}{target}")
        found = recognise(request, among=self._adapters)
        return None if found is None else found[0].name
