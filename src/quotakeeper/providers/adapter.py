"""The base class of adapters: the code that all providers share.

A provider states its hosts, variables and closing messages as data, and implements `route`, `call`
and `reader`. See docs/en/reference/providers.md.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Generic, TypeVar

from quotakeeper.domain.decisions import OutputCap
from quotakeeper.providers.addresses import Address, locate
from quotakeeper.providers.contract import (
    NOTHING,
    Adapter,
    Call,
    CountText,
    LiveSession,
    Refusal,
    Request,
    UsageReader,
)
from quotakeeper.providers.facts import EnvironmentNames
from quotakeeper.providers.reading.redaction import own_message
from quotakeeper.providers.reading.refusals import refusal_with

RouteT = TypeVar("RouteT")


class ProviderAdapter(ABC, Generic[RouteT]):
    """Base class for the adapter of one provider.

    `RouteT` is the type that `route` returns, for example the name of an operation. An adapter
    keeps no state between calls, and threads may share it.
    """

    name: str
    """The provider's name in ledgers, limits and prices."""

    hosts: tuple[str, ...] = ()
    """The hosts that serve the provider. An entry that begins with "." or "-" is an ending of host
    names.
    """

    domains: tuple[str, ...] = ()
    """Endings of all of the provider's host names, if `hosts` lists only some of the hosts.

    A base URL with such an ending is never treated as another provider's gateway.
    """

    environment: EnvironmentNames = EnvironmentNames()
    """The environment variables of the provider's SDKs."""

    farewells: Mapping[str, str] = NOTHING
    """WebSocket operation -> the message that makes the provider report the usage and close."""

    precedence: int = 100
    """If several providers match a loopback URL, the provider with the lowest number is used."""

    @abstractmethod
    def route(self, method: str, place: Address) -> RouteT | None:
        """Return what the URL `place` is for; None if this provider does not serve it.

        `method` is in upper case. If `place.sure` is False, only the form of the path indicates
        this provider.
        """

    @abstractmethod
    def call(
        self, route: RouteT, request: Request, place: Address, count: CountText | None
    ) -> Call | None:
        """Return the call that a request makes: its model, and the most that it can use."""

    @abstractmethod
    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """Return a reader for the response to a call.

        `status` is NO_RESPONSE if no response will arrive.
        """

    def session(self, route: RouteT, place: Address, count: CountText | None) -> LiveSession | None:
        """Return the meter of a WebSocket at `route`; None if `route` is not a WebSocket."""
        return None

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """Return the answer for a refused call. `error.message` in its body states the reason.

        With `hard`, the program must not retry: the status is 402, which no SDK retries. Otherwise
        the status is 429.
        """
        body = {"error": {"message": own_message(message)}}
        return refusal_with(body, hard=hard, retry_after_seconds=retry_after_seconds)

    def interruption(self, call: Call, *, message: str) -> bytes:
        """Return the bytes of an error that ends an open stream; b"" if the provider has no such
        error.
        """
        return b""

    def output_cap(self, request: Request, call: Call) -> OutputCap | None:
        """Return the output cap that a request sets; None if this adapter does not read one.

        Called only if a limit refuses the call.
        """
        return None

    def with_output_cap(self, request: Request, call: Call, tokens: int) -> bytes | None:
        """Return the request's body with at most `tokens` output tokens per answer; None if
        impossible.

        Called only under `on_limit = "clamp"`.
        """
        return None

    # -- the methods of the contract, the same for every provider

    def recognise(
        self,
        request: Request,
        *,
        known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> Call | None:
        """Return the call that a request makes; None if the request is not for this provider."""
        place = locate(request.url, self.name, self.hosts, known_hosts)
        if place is None:
            return None
        route = self.route(request.method.upper(), place)
        return None if route is None else self.call(route, request, place, count)

    def live(
        self,
        request: Request,
        *,
        known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> LiveSession | None:
        """Return the meter for the WebSocket that a request opens; None if it opens none."""
        place = locate(request.url, self.name, self.hosts, known_hosts)
        if place is None:
            return None
        route = self.route(request.method.upper(), place)
        return None if route is None else self.session(route, place, count)


def farewell_of(adapter: Adapter, call: Call) -> str:
    """Return the message that makes the provider close the WebSocket; "" if the adapter states
    none.
    """
    if not isinstance(adapter, ProviderAdapter):  # a plug-in with only the contract's methods
        return ""
    return adapter.farewells.get(call.operation, "")


def output_cap_of(adapter: Adapter, request: Request, call: Call) -> OutputCap | None:
    """Return the output cap of a request; None if the adapter cannot read one."""
    if not isinstance(adapter, ProviderAdapter):
        return None
    return adapter.output_cap(request, call)


def body_with_output_cap(
    adapter: Adapter, request: Request, call: Call, tokens: int
) -> bytes | None:
    """Return the request's body with a lower output cap; None if the adapter cannot change the
    body.
    """
    if not isinstance(adapter, ProviderAdapter):
        return None
    return adapter.with_output_cap(request, call, tokens)
