"""Turns presets of provider limits into limits in a config file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from quotakeeper.domain.units import METERS, units_text
from quotakeeper.errors import InvalidInputError
from quotakeeper.wiring import known_names

if TYPE_CHECKING:
    from quotakeeper.app.limits_file import LimitsFile
    from quotakeeper.catalogue.quota_presets import PresetQuota, QuotaPreset


def changes_of(quota: PresetQuota) -> dict[str, object]:
    """Return the config keys and values of a limit that enforces this quota."""
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
    """Add a limit for each quota that a limit can enforce, and make `status` show all quotas of the
    preset.

    Returns the names of the limits. Does not save the file. Raises ConfigError and
    InvalidInputError.
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
            file.set(name, {"unlisted": True})  # its model may be newer than the price list
        names.append(name)
    file.show_preset(preset.name)
    return names
