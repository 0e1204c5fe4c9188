"""A limit that belongs to one virtual key. It is stored with the key, not in a config file."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from quotakeeper.domain.limits import DEFAULT_THRESHOLDS, Limit, Mode, Scope
from quotakeeper.domain.units import meter_named
from quotakeeper.domain.usage import check_label
from quotakeeper.domain.windows import parse_window
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass

MOST_LIMITS = 16  # of one key
LIMIT_NAME = r"[a-z0-9][a-z0-9._-]{0,63}"  # a name in an address needs no escapes
_NAME = re.compile(LIMIT_NAME)
_LONGEST_AMOUNT = 2**63 - 1


@dataclass(frozen=True, slots=True)
class KeyLimit:
    """A cap of `amount` base units of a meter in each window, for the calls of one key.

    `window` is text as in the config, such as "day". `name` is unique within the key. The other
    values mean the same as those of `Limit`.
    """

    name: str
    meter: str
    window: str
    amount: int
    provider: str = ""
    model: str = ""
    operation: str = ""
    mode: Mode = Mode.HARD

    def of_key(
        self, key: str, scope: Scope, timezone: str,
        thresholds: tuple[Decimal, ...] = DEFAULT_THRESHOLDS,
    ) -> Limit:  # fmt: skip
        """Return the limit for the calls of the key with this name. `scope` selects its calls."""
        return Limit(
            check_label(f"{key}: {self.name}", "name"), self.meter, parse_window(self.window), self.amount,
            self.provider, self.model, self.operation, scope, self.mode, timezone, thresholds,
            unlisted=True,
        )  # fmt: skip

    def fields(self) -> dict[str, Any]:
        """Return the values for storing. `amount` is in base units."""
        return {
            "name": self.name, "meter": self.meter, "window": self.window, "amount": self.amount,
            "provider": self.provider, "model": self.model, "operation": self.operation,
            "mode": str(self.mode),
        }  # fmt: skip


def key_limit_from(fields: Mapping[str, Any]) -> KeyLimit:
    """Return a limit from its stored values. Raises ValueError, TypeError or KeyError."""
    made = KeyLimit(**{**fields, "mode": Mode(fields["mode"])})
    if type(made.amount) is not int:
        raise TypeError("the amount of a limit is not a whole number")
    return checked_limit(made)


def checked_limit(limit: KeyLimit) -> KeyLimit:
    """Return a limit whose values are valid. Raises InvalidInputError."""
    if not _NAME.fullmatch(limit.name):
        raise InvalidInputError(
            "limits", f"{limit.name[:60]!r} is not a valid name of a limit of a key",
            "use up to 64 letters a-z, digits, dots, underscores and hyphens",
        )  # fmt: skip
    if not 0 <= limit.amount <= _LONGEST_AMOUNT:
        raise InvalidInputError("limits", f"{limit.amount} is out of range", "give a lower amount")
    meter_named(limit.meter, "limits")
    parse_window(limit.window)
    for text in (limit.provider, limit.model, limit.operation):
        check_label(text, "limits", empty=True)
    return limit


def checked_limits(limits: tuple[KeyLimit, ...]) -> tuple[KeyLimit, ...]:
    """Return limits that are valid together. Raises InvalidInputError."""
    if len(limits) > MOST_LIMITS:
        raise InvalidInputError("limits", f"has {len(limits)} limits", f"the most is {MOST_LIMITS}")
    names = [each.name for each in limits]
    for name in names:
        if names.count(name) > 1:
            raise InvalidInputError("limits", f"{name!r} is given twice", "give it once")
    return tuple(map(checked_limit, limits))
