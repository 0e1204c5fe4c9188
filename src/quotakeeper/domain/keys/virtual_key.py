"""A virtual key: who has it, what it may do, and which of its secrets are valid."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from enum import StrEnum

from quotakeeper.domain.keys.key_limit import KeyLimit, checked_limits
from quotakeeper.domain.keys.key_text import has_secret
from quotakeeper.domain.limits import DEFAULT_THRESHOLDS, Limit, Scope
from quotakeeper.domain.usage import MAX_SCOPE_LABELS, check_label, check_scope
from quotakeeper.domain.windows import MAX_INSTANT
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, replace

# The label of each call that a key pays for: its value is the name of the key.
KEY_LABEL, PROJECT_LABEL = "key", "project"
ANYTHING = ("*",)
ON_LIMIT = ("", "raise", "wait", "clamp", "warn")
MOST_ENTRIES = 64  # in one list of a key
MOST_CONCURRENT = 100_000


class KeyState(StrEnum):
    """Whether a key may be used. DISABLED can be undone; REVOKED is final."""

    ACTIVE = "active"
    DISABLED = "disabled"
    REVOKED = "revoked"


class OnGone(StrEnum):
    """What happens to a call whose client has gone.

    CANCEL ends the call at the provider. DRAIN reads the answer for a short time, for the true use.
    """

    CANCEL = "cancel"
    DRAIN = "drain"


@dataclass(frozen=True, slots=True)
class KeySecret:
    """One secret of a key: its SHA-256 and its last four characters, never its text.

    `ends_at` is the instant from which the secret is refused, in microseconds since 1970 UTC; None
    if the secret was not replaced.
    """

    digest: bytes
    last_four: str
    made_at: int
    ends_at: int | None = None

    def is_valid(self, now: int) -> bool:
        """Return whether the secret is not replaced, or its grace period has not ended at `now`."""
        return self.ends_at is None or now < self.ends_at


@dataclass(frozen=True, slots=True)
class VirtualKey:
    """A key that a gateway accepts in place of a provider's key.

    - `id`: never changes and is never used again. `name` is unique as well.
    - `providers`, `models`, `networks`: what the key may use, and from where. "*" stands for
      everything; an empty list denies everything. A model that ends in "*" matches by prefix.
    - `concurrency`: the most calls at the same time; None for any number.
    - `on_limit`: as in the settings; "" for the value of the settings.
    - `limits`: limits that belong to this key alone. The config can limit its calls as well.
    - `version`: grows by one with each change.
    - `secrets`: all secrets of the key, the newest last.
    """

    id: str
    name: str
    project: str = ""
    labels: Scope = ()
    state: KeyState = KeyState.ACTIVE
    expires_at: int | None = None
    providers: tuple[str, ...] = ANYTHING
    models: tuple[str, ...] = ANYTHING
    networks: tuple[str, ...] = ANYTHING
    concurrency: int | None = None
    on_gone: OnGone = OnGone.CANCEL
    on_limit: str = ""
    made_at: int = 0
    version: int = 1
    secrets: tuple[KeySecret, ...] = ()
    limits: tuple[KeyLimit, ...] = ()

    @property
    def scope(self) -> Scope:
        """The labels of each call with this key: its own labels, its project, and `key`."""
        named = {**dict(self.labels), KEY_LABEL: self.name}
        if self.project:
            named[PROJECT_LABEL] = self.project
        return tuple(sorted(named.items()))

    @property
    def newest_secret(self) -> KeySecret:
        """The secret that was made last."""
        return self.secrets[-1]

    @property
    def is_revoked(self) -> bool:
        """Whether the key is refused for ever."""
        return self.state is KeyState.REVOKED

    def is_expired(self, now: int) -> bool:
        """Return whether the key has expired at the instant `now`."""
        return self.expires_at is not None and now >= self.expires_at

    def allows_call(self, provider: str, model: str) -> bool:
        """Return whether the key may call this model. `model` is "" if the call names none."""
        return _listed(self.providers, provider.lower()) and _listed(self.models, model)

    def allows_address(self, address: str) -> bool:
        """Return whether the key may be used from this IP address. Other text is refused."""
        if "*" in self.networks:
            return True
        from ipaddress import IPv6Address, ip_address, ip_network  # noqa: PLC0415 - few keys need it

        try:
            place = ip_address(address)
        except ValueError:
            return False
        if isinstance(place, IPv6Address) and place.ipv4_mapped is not None:
            place = place.ipv4_mapped
        return any(place in ip_network(each) for each in self.networks)


def _listed(patterns: Iterable[str], name: str) -> bool:
    return any(
        name.startswith(each[:-1]) if each.endswith("*") else name == each for each in patterns
    )


def limits_of(key: VirtualKey, limits: Iterable[Limit]) -> tuple[Limit, ...]:
    """Return the limits that a label of this key selects. Limits for all calls are left out.

    For a rule, this is the limit for the value of this key.
    """
    labels = dict(key.scope)
    found: list[Limit] = []
    for limit in limits:
        has_label = bool(limit.scope or limit.is_rule)
        if not has_label or not set(limit.scope) <= set(key.scope):
            continue
        if limit.is_rule and limit.per not in labels:
            continue
        found.append(limit.of_value(labels[limit.per]) if limit.is_rule else limit)
    return tuple(found)


def own_limits(
    key: VirtualKey, timezone: str, thresholds: tuple[Decimal, ...] = DEFAULT_THRESHOLDS
) -> tuple[Limit, ...]:
    """Return the limits that belong to this key, for its calls alone."""
    scope = ((KEY_LABEL, key.name),)
    return tuple(each.of_key(key.name, scope, timezone, thresholds) for each in key.limits)


def check_no_secret(field: str, *texts: str) -> None:
    """Raise InvalidInputError if a text contains the secret of a key. The message does not show it."""
    if any(map(has_secret, texts)):
        raise InvalidInputError(
            field, "contains the secret of a key",
            "give a name; if others can see the secret, run: quotakeeper keys rotate NAME",
        )  # fmt: skip


def checked(key: VirtualKey) -> VirtualKey:
    """Return a key whose values are valid and normalised. Raises InvalidInputError."""
    check_no_secret("NAME", key.name)
    check_no_secret("project", key.project)
    check_no_secret("labels", *(part for pair in key.labels for part in pair))
    labels = check_scope(dict(key.labels))
    for name, instead in ((KEY_LABEL, "NAME"), (PROJECT_LABEL, "--project")):
        if name in dict(labels):
            raise InvalidInputError(
                "labels", f"the label {name!r} cannot be given here", f"give it as {instead}"
            )
    if len(labels) > MAX_SCOPE_LABELS - 2:
        raise InvalidInputError(
            "labels", f"has {len(labels)} labels", f"the most is {MAX_SCOPE_LABELS - 2}"
        )
    if key.on_limit not in ON_LIMIT:
        raise InvalidInputError(
            "on_limit", f"{key.on_limit[:60]!r} is not a valid value",
            f"one of: {', '.join(ON_LIMIT[1:])}",
        )  # fmt: skip
    if key.concurrency is not None and not 1 <= key.concurrency <= MOST_CONCURRENT:
        raise InvalidInputError(
            "concurrency", f"{key.concurrency} is out of range", f"give 1 to {MOST_CONCURRENT}"
        )
    if key.expires_at is not None and key.expires_at >= MAX_INSTANT:  # no store could read it again
        raise InvalidInputError(
            "expires", "is after the year 9999 in UTC", "give an earlier time, or none for never"
        )
    return replace(
        key,
        name=check_label(key.name, "NAME"),
        project=check_label(key.project, "project", empty=True),
        labels=labels,
        providers=tuple(each.lower() for each in _names(key.providers, "providers")),
        models=_names(key.models, "models"),
        networks=tuple(map(_network, _names(key.networks, "networks"))),
        limits=checked_limits(key.limits),
    )


def _names(given: tuple[str, ...], field: str) -> tuple[str, ...]:
    if len(given) > MOST_ENTRIES:
        raise InvalidInputError(field, f"has {len(given)} entries", f"the most is {MOST_ENTRIES}")
    names = tuple(dict.fromkeys(check_label(each, field) for each in given))
    for name in names:
        if "*" in name[:-1]:
            raise InvalidInputError(
                field, f"{name[:60]!r} has a * that is not at the end",
                'write a prefix like "gemini-2.5-*"',
            )  # fmt: skip
    return names


def _network(text: str) -> str:
    if text == "*":
        return text
    from ipaddress import ip_network  # noqa: PLC0415 - few keys need it

    try:
        return str(ip_network(text))
    except ValueError:
        raise InvalidInputError(
            "networks", f"{text[:60]!r} is not an IP address or network",
            'write it like "10.0.0.0/8" or "2001:db8::/32"',
        ) from None  # fmt: skip
