"""Presets of the providers' limits: what one would set, and setting it in a config file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotakeeper.domain.units import METERS, units_text
from quotakeeper.errors import InvalidInputError
from quotakeeper.wiring import known_names

if TYPE_CHECKING:
    from quotakeeper.app.limits_file import LimitsFile
    from quotakeeper.catalogue.quota_presets import PresetQuota, QuotaPreset


def changes_of(quota: PresetQuota) -> dict[str, object]:
    """The keys of the limit that counts a quota, as the config file has them."""
    given: dict[str, object] = {
        "provider": quota.provider,
        "model": quota.model,
        "meter": quota.meter,
        "window": quota.window,
        "amount": units_text(quota.amount, METERS[quota.meter]),
        "timezone": quota.timezone,
    }
    return {key: value for key, value in given.items() if value}


def write_preset(file: LimitsFile, preset: QuotaPreset) -> list[str]:
    """Make a limit of each quota that can be counted, and have all of them shown by `status`.

    Gives the names of the limits. Nothing is saved. Raises ConfigError, InvalidInputError.
    """
    names = []
    known = known_names(file.settings)
    for quota in preset.quotas:
        if not quota.is_enforceable:
            continue
        name = quota.limit_name(preset.name)
        file.set(name, changes_of(quota))
        try:
            known.check_limit(file.limit(name))
        except InvalidInputError as error:
            if error.field != "model":
                raise
            file.set(name, {"unlisted": True})  # the price list is older than the preset
        names.append(name)
    file.show_preset(preset.name)
    return names
