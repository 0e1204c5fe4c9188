"""Recognises calls, and adds their providers to the keeper's known providers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from quotakeeper.keeper import Keeper, engine_of
from quotakeeper.metering.call_origin import CallOrigin
from quotakeeper.providers.contract import Adapter, Call, Request, TextCount
from quotakeeper.providers.registry import recognise

Recognised = tuple[Adapter, Call]


class Recogniser(Protocol):
    """The parts of the meter that recognise a call."""

    known_hosts: dict[str, str]

    def count(self, text: str) -> TextCount:
        """Estimate the tokens of a text."""


def find_call(
    meter: Recogniser, request: Request, origin: CallOrigin | None = None, *, counts: bool = True
) -> Recognised | None:
    """Return the adapter and the call of a request; None if it is not a provider's call.

    `counts`: count the tokens of its text.
    """
    known: Mapping[str, str] = meter.known_hosts if origin is None else origin.known_hosts
    count = meter.count if counts else None
    among = None if origin is None else origin.among
    return recognise(request, known_hosts=known, count=count, among=among)


def welcome_provider(keeper: Keeper, provider: str) -> None:
    """Add a provider to the keeper's known providers, so that its calls are not refused as
    unknown."""
    if isinstance(keeper, Keeper):  # else the keeper could not be made
        engine_of(keeper).calls.names.welcome(provider)
