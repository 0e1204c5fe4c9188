"""The base class of adapters: what they share is written once, and has defaults where it can.

A provider states its hosts, its variables and its farewells as data, and says by `route`, `call`
and `reader` what only it can know. See docs/en/providers.md.
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
from quotakeeper.providers.reading.redaction import own_message
from quotakeeper.providers.reading.refusals import refusal_with
from quotakeeper.value_classes import dataclass

RouteT = TypeVar("RouteT")


@dataclass(frozen=True, slots=True)
class EnvironmentNames:
    """Names of the environment variables that a provider's SDKs read.

    Each of `base_urls` may hold an address to call in place of the provider's own. `key` holds the
    API key, `project` the id of a project; "" where the provider has none, or nothing reads it.
    """

    base_urls: tuple[str, ...] = ()
    key: str = ""
    project: str = ""


class ProviderAdapter(ABC, Generic[RouteT]):
    """One provider. `RouteT` is what `route` makes of an address: an operation's name will do.

    Adapters keep no state between calls, and many threads use the same one.
    """

    name: str
    """The provider's name in ledgers, limits and prices."""

    hosts: tuple[str, ...] = ()
    """Hosts that answer for the provider; one that begins with "." or "-" is an ending."""

    domains: tuple[str, ...] = ()
    """Endings of all of the provider's host names, where `hosts` are only some of them.

    A base URL below one of them is never taken for another provider's gateway.
    """

    environment: EnvironmentNames = EnvironmentNames()
    """The variables of the provider's SDKs."""

    farewells: Mapping[str, str] = NOTHING
    """For an operation on a WebSocket, the message that makes the provider end it and state its usage."""

    precedence: int = 100
    """On loopback the path alone tells providers apart; of two that claim it, the lower number gets it."""

    @abstractmethod
    def route(self, method: str, place: Address) -> RouteT | None:
        """What an address is for; None when it is not this provider's. `method` is upper case.

        Where `place.sure` is False, only the shape of the path speaks for this provider.
        """

    @abstractmethod
    def call(
        self, route: RouteT, request: Request, place: Address, count: CountText | None
    ) -> Call | None:
        """The call that a request is: its model, and what it can cost at most."""

    @abstractmethod
    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """A reader for the response to a call; `status` NO_RESPONSE when none will come."""

    def session(self, route: RouteT, place: Address, count: CountText | None) -> LiveSession | None:
        """A meter for a WebSocket at this route, or None when it is none."""
        return None

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """The answer to a call over a limit: 402 hard, 429 short; `error.message` says why."""
        body = {"error": {"message": own_message(message)}}
        return refusal_with(body, hard=hard, retry_after_seconds=retry_after_seconds)

    def interruption(self, call: Call, *, message: str) -> bytes:
        """The bytes of an error that ends an open stream; b"" where the provider has none."""
        return b""

    def output_cap(self, request: Request, call: Call) -> OutputCap | None:
        """The cap that a request sets on its own output; None where it has no such cap.

        Asked only where a limit refuses the call.
        """
        return None

    def with_output_cap(self, request: Request, call: Call, tokens: int) -> bytes | None:
        """The body of a request with this many output tokens at most for each answer; None where it
        cannot be changed. Asked only under `on_limit = "clamp"`."""
        return None

    # -- the contract's verbs, the same for every provider

    def recognise(
        self,
        request: Request,
        *,
        known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> Call | None:
        """Understand a request, or None when it is not this provider's."""
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
        """A meter for the WebSocket that a request opens, or None when it opens none."""
        place = locate(request.url, self.name, self.hosts, known_hosts)
        if place is None:
            return None
        route = self.route(request.method.upper(), place)
        return None if route is None else self.session(route, place, count)


def farewell_of(adapter: Adapter, call: Call) -> str:
    """The message that ends a WebSocket properly, or "" where an adapter states none."""
    if not isinstance(adapter, ProviderAdapter):  # a plug-in that only has the contract's verbs
        return ""
    return adapter.farewells.get(call.operation, "")


def output_cap_of(adapter: Adapter, request: Request, call: Call) -> OutputCap | None:
    """The output cap of a request, or None where an adapter states none."""
    if not isinstance(adapter, ProviderAdapter):
        return None
    return adapter.output_cap(request, call)


def body_with_output_cap(
    adapter: Adapter, request: Request, call: Call, tokens: int
) -> bytes | None:
    """The body of a request with a lower output cap, or None where an adapter makes none."""
    if not isinstance(adapter, ProviderAdapter):
        return None
    return adapter.with_output_cap(request, call, tokens)
