"""Usage: the labels of a call, usage events, and how their figures are known."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache

from quotakeeper.domain.money import usd_from_pico
from quotakeeper.domain.numbers import utc_time
from quotakeeper.domain.units import Quantities
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, field

MAX_LABEL = 256
MAX_SCOPE_LABELS = 16
# The labels for the job that a call belongs to, and for the length of its media in seconds.
JOB_LABEL, MEDIA_LABEL = "job", "media_seconds"


class Provenance(StrEnum):
    """How a figure is known, most reliable first."""

    REPORTED = "reported"
    TOKENIZER = "tokenizer"
    ESTIMATED = "estimated"
    ASSUMED = "assumed"


class Outcome(StrEnum):
    """How the call ended, as far as the program knows."""

    OK = "ok"
    ERROR = "error"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class CallLabels:
    """The provider, model, operation and scope labels of a call. `model` is "" if the call has no
    model.
    """

    provider: str
    model: str = ""
    operation: str = "call"
    scope: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class UsageEvent:
    """One call that was counted. An event never changes, and each `id` counts once for ever.

    `at` is the instant at which the event counts, in microseconds since 1970 UTC. For a reserved
    call, this is the instant of the reservation. So the event counts in the period that admitted
    the call. `cost_pico` is None if no price was known; that is not the same as 0.
    """

    id: str
    at: int
    labels: CallLabels
    quantities: Quantities = field(default_factory=dict)
    cost_pico: int | None = None
    price_id: str = ""
    provenance: Provenance = Provenance.REPORTED
    outcome: Outcome = Outcome.OK
    model_served: str = ""
    duration_ms: int | None = None
    note: str = ""

    @property
    def priced(self) -> bool:
        """Whether every quantity in this event had a known price."""
        return self.cost_pico is not None

    @property
    def cost_usd(self) -> Decimal | None:
        """`cost_pico` in US dollars, exact; None if no price was known."""
        return None if self.cost_pico is None else usd_from_pico(self.cost_pico)

    @property
    def time(self) -> datetime:
        """`at` as a datetime in UTC."""
        return utc_time(self.at)


def check_label(value: object, name: str, *, empty: bool = False) -> str:
    """Return a text that is safe to store: normalised (NFC), printable, at most 256 characters.

    A longer text is cut, and a hash of the whole text is added, so that two long names stay
    different. Control characters and lone surrogates become escapes. Raises InvalidInputError if
    `value` is not a string, or if it is empty and `empty` is False.
    """
    if not isinstance(value, str):
        raise InvalidInputError(name, f"{type(value).__name__} is not text", "give a string")
    if (
        value.isascii() and value.isprintable() and 0 < len(value) <= MAX_LABEL
        and value[0] != " " and value[-1] != " "
    ):  # fmt: skip
        return value
    text = unicodedata.normalize("NFC", value).strip()
    if not text.isprintable():
        text = "".join(
            c if c.isprintable() else c.encode("unicode_escape", "backslashreplace").decode("ascii")
            for c in text
        )
    if len(text) > MAX_LABEL:
        from hashlib import sha256  # noqa: PLC0415 - only for long names; saves 3 ms of start-up

        digest = sha256(text.encode("utf-8")).hexdigest()[:12]
        text = f"{text[: MAX_LABEL - 13]}~{digest}"
    if not text and not empty:
        raise InvalidInputError(name, "is empty", "give a name")
    return text


def is_storable(text: str, *, empty: bool = False) -> bool:
    """Return whether a text has the form that `check_label` returns."""
    return (bool(text) or empty) and len(text) <= MAX_LABEL and text.isprintable()


@lru_cache(maxsize=4096)
def labels_are_storable(labels: CallLabels) -> bool:
    """Return whether all names of a call have the form that `check_label` and `check_scope` return."""
    return (
        is_storable(labels.provider)
        and is_storable(labels.model, empty=True)
        and is_storable(labels.operation)
        and len(dict(labels.scope)) == len(labels.scope) <= MAX_SCOPE_LABELS
        and all(is_storable(k) and is_storable(v, empty=True) for k, v in labels.scope)
    )


def check_scope(scope: Mapping[str, str] | None) -> tuple[tuple[str, str], ...]:
    """Return scope labels as pairs (name, value), sorted by name.

    Raises InvalidInputError for more than 16 labels, or for a label that cannot be stored.
    """
    if not scope:
        return ()
    if not isinstance(scope, Mapping):
        raise InvalidInputError("scope", "is not a mapping", 'give {"project": "phim-01"}')
    if len(scope) > MAX_SCOPE_LABELS:
        raise InvalidInputError(
            "scope", f"has {len(scope)} labels", f"the most is {MAX_SCOPE_LABELS}"
        )
    checked: dict[str, str] = {}
    for key, value in scope.items():
        name = check_label(key, "scope label")
        if name in checked:
            raise InvalidInputError(f"scope.{name}", "is given twice", "give it one value")
        checked[name] = check_label(value, f"scope.{name}", empty=True)
    return tuple(sorted(checked.items()))
