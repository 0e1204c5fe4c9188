"""Passes the quotas of a provider from a reply to the keeper of the call."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from quotakeeper.clocks import zone_named
from quotakeeper.domain.quotas import HEADER, REPLY, ProviderQuota
from quotakeeper.domain.usage import is_storable
from quotakeeper.domain.windows import MAX_INSTANT, parse_window, period_at
from quotakeeper.errors import QuotakeeperError
from quotakeeper.keeper import Keeper, engine_of
from quotakeeper.providers.contract import QuotaReading, UsageReader
from quotakeeper.providers.reading.response_reader import quotas_of

if TYPE_CHECKING:
    from quotakeeper.metering.call_host import CallHost
    from quotakeeper.providers.contract import Call


def note_reply(meter: CallHost, call: Call, reader: UsageReader) -> None:
    """Store the quotas that a reply reports. Call this after the reply was read. Never waits or
    raises."""
    try:
        keeper = meter.keeper
        if isinstance(keeper, Keeper):  # else the keeper could not be made
            wanted = engine_of(keeper).quotas.wants_headers(call.provider, call.model)
            readings = quotas_of(reader) if wanted or reader.fault is not None else ()
            if readings:
                note_quotas(keeper, call.provider, call.model, readings)
    except Exception as error:  # noqa: BLE001 - the call itself is still counted
        meter.fault("the quotas in a provider's reply could not be stored", error)


def note_quotas(
    keeper: Keeper, provider: str, model: str, readings: Iterable[QuotaReading]
) -> None:
    """Store quotas in the ledger of a keeper, as seen now. Does not wait."""
    now = keeper.now()
    found = [_quota(each, provider, model, now) for each in readings]
    engine_of(keeper).quotas.note([each for each in found if each is not None])


def _quota(told: QuotaReading, provider: str, model: str, now: int) -> ProviderQuota | None:
    model = told.model or model
    if not (is_storable(provider) and is_storable(model, empty=True)):
        return None
    if not is_storable(told.quota_id):
        return None
    return ProviderQuota(
        provider, model, told.quota_id, told.meter, told.window, told.amount, told.remaining,
        _resets_at(told, now), HEADER if told.in_headers else REPLY, now,
    )  # fmt: skip


def _resets_at(told: QuotaReading, now: int) -> int | None:
    at = told.resets_at
    if told.resets_in_us is not None:
        at = now + told.resets_in_us
    elif at is None and told.timezone and told.window:
        with suppress(QuotakeeperError):  # this machine may not know the time zone
            at = period_at(parse_window(told.window), zone_named(told.timezone), now).end_at
    return at if at is None or 0 <= at < MAX_INSTANT else None
