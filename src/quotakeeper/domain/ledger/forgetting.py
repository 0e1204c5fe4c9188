"""Replaces a label value everywhere in a ledger.

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
        """The label as a pair (name, value), as in a scope."""
        return self.name, self.value


@dataclass(frozen=True, slots=True)
class ForgottenLabel:
    """The effects of replacing a label value, or the effects that it would have.

    - `calls`: the number of ended calls with the value.
    - `open_calls`: the number of calls with the value that have not ended.
    - `balances`: the number of balances whose limit names the value.
    - `notes`: the number of calls whose note was cleared.
    - `last_at`: when the value was last used, in microseconds since 1970 UTC.
    - `instead`: the new value; "" if nothing was changed.
    - `keys`: the number of virtual keys with the value.
    - `usable_keys`: the names of those that are not revoked.
    """

    calls: int
    open_calls: int
    balances: int
    notes: int
    last_at: int
    instead: str = ""
    keys: int = 0
    usable_keys: tuple[str, ...] = ()


def scope_without(
    scope: tuple[tuple[str, str], ...], label: LabelValue, instead: str
) -> tuple[tuple[str, str], ...]:
    """Return a scope in which `instead` replaces the value of `label`."""
    return tuple((label.name, instead) if pair == label.pair else pair for pair in scope)


def account_without(account: Account, label: LabelValue, instead: str) -> Account:
    """Return an account in whose scope `instead` replaces the value of `label`."""
    return replace(account, scope=scope_without(account.scope, label, instead))


def name_without(name: str, label: LabelValue, instead: str) -> str:
    """Return a limit's name ("each user [user=an]") in which `instead` replaces the value of
    `label`.
    """
    end = f"[{label.name}={label.value}]"
    return f"{name.removesuffix(end)}[{label.name}={instead}]" if name.endswith(end) else name


def key_without(key: str, label: LabelValue, instead: str) -> str:
    """Return an account's key in which `instead` replaces the value of `label`."""
    old, new = (f"{key_part(label.name)}={key_part(x)}" for x in (label.value, instead))
    parts = (part.split("&") for part in key.split("|"))
    return "|".join("&".join(new if pair == old else pair for pair in part) for part in parts)
