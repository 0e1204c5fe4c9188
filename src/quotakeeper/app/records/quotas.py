"""Converts provider quotas and presets to JSON records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.domain.quotas import ProviderQuota
from quotakeeper.domain.units import METERS, units_text
from quotakeeper.domain.windows import SECOND, moment
from quotakeeper.schemas import Schema

if TYPE_CHECKING:
    from quotakeeper.catalogue.quota_presets import PresetQuota, QuotaPreset


def quota_record(quota: ProviderQuota, now: int) -> dict[str, object]:
    """Return one provider quota and the age of its figures. A figure is null if it is not known."""
    return {
        "provider": quota.provider,
        "model": quota.model,
        "quota": quota.quota_id,
        "meter": quota.meter or None,
        "unit": _unit(quota.meter),
        "window": quota.window or None,
        "amount": _amount(quota.amount, quota.meter),
        "remaining": _amount(quota.remaining, quota.meter),
        "resets_at": None if quota.resets_at is None else rfc3339(quota.resets_at),
        "source": quota.source,
        "known": quota.known,
        "seen_at": rfc3339(quota.seen_at),
        "age_seconds": max(0, now - quota.seen_at) // SECOND,
        "enforced": False,
    }


def quota_records(quotas: Iterable[ProviderQuota], now: int) -> list[dict[str, object]]:
    """Return one record for each provider quota."""
    return [quota_record(each, now) for each in quotas]


def presets_record(presets: Iterable[QuotaPreset], shown: Iterable[str]) -> dict[str, object]:
    """Return every preset. `shown` are the names of the presets that `status` shows."""
    chosen = set(shown)
    return {
        "schema": Schema.PRESETS,
        "presets": [
            {**_named(each), "shown": each.name in chosen, "quotas": len(each.quotas)}
            for each in presets
        ],
    }


def preset_record(preset: QuotaPreset, written_to: str | None) -> dict[str, object]:
    """Return one preset. `written_to` is the config file to which its limits were written, or None."""
    return {
        "schema": Schema.PRESET,
        **_named(preset),
        "written_to": written_to,
        "quotas": [_preset_quota(preset, each) for each in preset.quotas],
    }


def _named(preset: QuotaPreset) -> dict[str, object]:
    return {"name": preset.name, "about": preset.about}


def _preset_quota(preset: QuotaPreset, quota: PresetQuota) -> dict[str, object]:
    return {
        "quota": quota.quota_id,
        "limit": quota.limit_name(preset.name) if quota.is_enforceable else None,
        "provider": quota.provider,
        "model": quota.model,
        "meter": quota.meter,
        "unit": _unit(quota.meter),
        "window": quota.window or None,
        "timezone": quota.timezone or None,
        "amount": _amount(quota.amount, quota.meter),
        "date": f"{moment(quota.date_at):%Y-%m-%d}",
        "known": quota.known,
        "source": quota.source,
    }


def _unit(meter: str) -> str | None:
    if not meter:
        return None
    return METERS[meter].unit if meter in METERS else "calls at once"


def _amount(base: int | None, meter: str) -> str | None:
    if base is None:
        return None
    return units_text(base, METERS[meter]) if meter in METERS else str(base)
