"""Limits: each limit caps one meter per window, for the calls that match the limit."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from quotakeeper.domain.units import METERS, Meter, meter_named
from quotakeeper.domain.usage import CallLabels, check_label
from quotakeeper.domain.windows import Window
from quotakeeper.value_classes import dataclass, field, replace

Scope = tuple[tuple[str, str], ...]
_NEVER = 2**63  # larger than any balance
DEFAULT_THRESHOLDS = (Decimal("0.8"), Decimal("0.95"), Decimal(1))


class Mode(StrEnum):
    """What happens to a call over the limit: HARD refuses it, SOFT warns, SHADOW only notes it."""

    HARD = "hard"
    SOFT = "soft"
    SHADOW = "shadow"


@dataclass(frozen=True, slots=True)
class Account:
    """The key of a balance: which calls, which meter, which window, and which time zone.

    An account contains no amount, so the used quantities stay when a limit is raised. An empty
    string matches every call; a model that ends in "*" matches by prefix. `per` is the name of a
    scope label. An account with `per` has no balance itself; each value of that label has its own
    account.
    """

    meter: str
    window: Window
    timezone: str = "UTC"
    provider: str = ""
    model: str = ""
    operation: str = ""
    scope: tuple[tuple[str, str], ...] = ()
    per: str = ""
    # The stored identifier of the account: equal accounts have equal keys in every version. It is
    # computed once because the ledger reads it for every call.
    key: str = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        scope = "&".join(f"{key_part(name)}={key_part(value)}" for name, value in self.scope)
        names = (self.timezone, self.provider, self.model, self.operation)
        parts = [self.meter, str(self.window), *map(key_part, names), scope]
        if self.per:
            parts.append(f"per={key_part(self.per)}")
        object.__setattr__(self, "key", "|".join(parts))

    def matches(self, labels: CallLabels) -> bool:
        """Return whether calls with these labels count in this account."""
        return (
            (not self.provider or self.provider == labels.provider)
            and _model_matches(self.model, labels.model)
            and (not self.operation or self.operation == labels.operation)
            and (not self.scope or set(self.scope) <= set(labels.scope))
            and (not self.per or value_of(labels, self.per) is not None)
        )

    def of(self, labels: CallLabels) -> Account:
        """Return the account in which a matching call counts.

        With `per`, this is the account of the call's value of that label.
        """
        value = value_of(labels, self.per) if self.per else None
        return self if value is None else self.of_value(value)

    def of_value(self, value: str) -> Account:
        """Return the account for one value of the label `per`."""
        return replace(self, scope=_with(self.scope, self.per, value), per="")

    def is_of(self, family: Account) -> bool:
        """Return whether this is the account of one label value of `family`, an account with `per`."""
        more = set(self.scope) - set(family.scope)
        return (
            len(more) == 1 == len(self.scope) - len(family.scope)
            and next(iter(more))[0] == family.per != ""
            and not self.per
            and (self.meter, self.window, self.timezone, self.provider, self.model, self.operation)
            == (family.meter, family.window, family.timezone, family.provider, family.model,
                family.operation)
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Limit:
    """A named cap of `amount` base units (pico-USD for cost, milliseconds for audio).

    `per` is the name of a scope label. A limit with `per` is a rule: each value of that label has
    its own limit of this amount. Calls without the label are not limited. `of` returns the limit
    for the value of a call. In that limit, `rule` is the rule's name and `scope` contains the
    value.

    If `unlisted` is True, `model` may be a model that no price list contains.
    """

    name: str
    meter: str
    window: Window
    amount: int
    provider: str = ""
    model: str = ""
    operation: str = ""
    scope: tuple[tuple[str, str], ...] = ()
    mode: Mode = Mode.HARD
    timezone: str = "UTC"
    thresholds: tuple[Decimal, ...] = DEFAULT_THRESHOLDS
    per: str = ""
    rule: str = ""
    unlisted: bool = False
    # The account whose balance this limit caps, and the account's meter. Computed once because
    # every call reads them.
    account: Account = field(init=False, compare=False, repr=False)
    account_meter: Meter = field(init=False, compare=False, repr=False)
    # The thresholds in base units, rounded up, without duplicates, in ascending order; and the
    # lowest.
    levels: tuple[int, ...] = field(init=False, compare=False, repr=False)
    warns_from: int = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        parts = self.meter_info.parts
        meter = parts[0] if len(parts) == 1 else self.meter
        account = Account(meter, self.window, self.timezone, self.provider, self.model,
                          self.operation, self.scope, self.per if self.is_rule else "")  # fmt: skip
        object.__setattr__(self, "account", account)
        object.__setattr__(self, "account_meter", METERS[meter])
        levels = tuple(sorted({_level(share, self.amount) for share in self.thresholds}))
        object.__setattr__(self, "levels", levels)
        object.__setattr__(self, "warns_from", levels[0] if levels else _NEVER)

    @property
    def is_rule(self) -> bool:
        """Whether this is a rule: each value of the label `per` has its own limit."""
        return bool(self.per) and not self.rule

    def of(self, labels: CallLabels) -> Limit:
        """Return the limit that applies to a matching call.

        For a rule, this is the limit for the call's value of the label `per`.
        """
        value = value_of(labels, self.per) if self.is_rule else None
        return self if value is None else self.of_value(value)

    def of_value(self, value: str) -> Limit:
        """Return the limit for one value of the label `per`."""
        return _of_value(self, value)

    @property
    def meter_info(self) -> Meter:
        """The meter of this limit, with the unit in which the limit was written."""
        return meter_named(self.meter, f"limit {self.name!r}: meter")

    def matches(self, labels: CallLabels) -> bool:
        """Return whether this limit applies to a call with these labels."""
        return self.account.matches(labels)

    def share_of(self, level: int) -> Decimal:
        """Return the threshold whose level is `level` base units, as a part of the amount, such as
        0.8.

        If several thresholds have this level, returns the highest.
        """
        return max(share for share in self.thresholds if _level(share, self.amount) == level)


@lru_cache(maxsize=4_096)
def _of_value(rule: Limit, value: str) -> Limit:
    scope = _with(rule.scope, rule.per, value)
    name = check_label(f"{rule.name} [{rule.per}={value}]", "name")
    return replace(rule, name=name, scope=scope, rule=rule.name)


def value_of(labels: CallLabels, name: str) -> str | None:
    """Return the call's value of the scope label `name`; None if the call does not have this label."""
    for label, value in labels.scope:
        if label == name:
            return value
    return None


def _with(scope: Scope, name: str, value: str) -> Scope:
    return tuple(sorted((*scope, (name, value))))


def _level(share: Decimal, amount: int) -> int:
    # Integer arithmetic, because the program's decimal context may round. The least level is 1, so
    # that a use of 0 never reaches a threshold.
    part, whole = share.as_integer_ratio()
    return max(1, -(-part * amount // whole))


def key_part(name: str) -> str:
    """Return a name in the form that account keys contain."""
    # A name may contain a separator of the key. It is escaped so that two accounts never share a
    # key.
    return name.translate(_MARKS)


_MARKS = {ord(mark): f"\\{mark}" for mark in "\\|&="}


def _model_matches(wanted: str, model: str) -> bool:
    if not wanted:
        return True
    if wanted.endswith("*"):
        return model.startswith(wanted[:-1])
    return wanted == model


def applicable(limits: Iterable[Limit], labels: CallLabels) -> tuple[Limit, ...]:
    """Return the limits that apply to a call, sorted by name."""
    matching = (limit.of(labels) for limit in limits if limit.matches(labels))
    return tuple(sorted(matching, key=lambda limit: limit.name))


def softened(limit: Limit) -> Limit:
    """Return a limit that only warns, in place of one that refuses."""
    return replace(limit, mode=Mode.SOFT) if limit.mode is Mode.HARD else limit
