"""Replaces a label value in everything that a ledger stores about it.

Calls keep their figures, so balances and sums do not change, and `verify` finds no difference.
"""

from __future__ import annotations

from quotakeeper.domain.limits import Account, key_part
from quotakeeper.value_classes import dataclass, replace


@dataclass(frozen=True, slots=True)
class LabelValue:
    """A scope label and its value, such as user=an."""

    name: str
    value: str

    @property
    def pair(self) -> tuple[str, str]:
        """The label as a pair of name and value, the form that scopes use."""
        return self.name, self.value


@dataclass(frozen=True, slots=True)
class ForgottenLabel:
    """What was changed, or would be changed.

    `calls` have ended, `open_calls` have not; `balances` are those of limits that name the value.
    `notes` are those of calls. `last_at` is the value's last use, in microseconds since 1970 UTC.
    `instead` is the new value; "" if nothing was changed.
    """

    calls: int
    open_calls: int
    balances: int
    notes: int
    last_at: int
    instead: str = ""


def scope_without(
    scope: tuple[tuple[str, str], ...], label: LabelValue, instead: str
) -> tuple[tuple[str, str], ...]:
    """A scope with another value for a label."""
    return tuple((label.name, instead) if pair == label.pair else pair for pair in scope)


def account_without(account: Account, label: LabelValue, instead: str) -> Account:
    """An account with another value for a label in its scope."""
    return replace(account, scope=scope_without(account.scope, label, instead))


def name_without(name: str, label: LabelValue, instead: str) -> str:
    """The name of a limit of one value ("each user [user=an]") with another value."""
    end = f"[{label.name}={label.value}]"
    return f"{name.removesuffix(end)}[{label.name}={instead}]" if name.endswith(end) else name


def key_without(key: str, label: LabelValue, instead: str) -> str:
    """The key of an account with another value for a label in its scope."""
    old, new = (f"{key_part(label.name)}={key_part(x)}" for x in (label.value, instead))
    parts = (part.split("&") for part in key.split("|"))
    return "|".join("&".join(new if pair == old else pair for pair in part) for part in parts)
