"""The stored codes of kinds, provenances, outcomes and quantities.

Stored codes can never change. Add new codes at the end only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.domain.units import Quantities, check_quantities
from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.stores.sql.damage import UNREADABLE, DamagedRowError

KINDS = (Kind.RESERVE, Kind.SENT, Kind.EXTEND, Kind.SETTLE, Kind.RELEASE, Kind.EXPIRE,
         Kind.ASSUME, Kind.RECORD, Kind.CORRECT, Kind.GROW, Kind.DRAW, Kind.RESERVE,
         Kind.CROSS, Kind.PAUSE, Kind.RESUME, Kind.RAISE, Kind.TOPUP, Kind.LAPSE,
         Kind.CLOCK)  # fmt: skip
PROVENANCES = tuple(Provenance)
OUTCOMES = tuple(Outcome)
KIND_CODE = {kind: KINDS.index(kind) + 1 for kind in Kind}
SENT_RESERVE = 12  # a RESERVE with `sent`; it saves the SENT row of nearly every call
PROVENANCE_CODE = {value: code for code, value in enumerate(PROVENANCES, 1)}
OUTCOME_CODE = {value: code for code, value in enumerate(OUTCOMES, 1)}

METER_CODES = {
    "input_tokens": "i",
    "cached_input_tokens": "c",
    "output_tokens": "o",
    "thought_tokens": "t",
    "audio_milliseconds": "a",
    "session_milliseconds": "s",
    "characters": "h",
    "requests": "r",
    "searches": "q",
    "images": "g",
    "cache_token_hours": "k",
}
MODALITY_CODES = {"": "", "text": "x", "audio": "a", "image": "i", "video": "v", "document": "d"}
COST_CODE = "z"  # only in sums; an entry has a column for its cost

_CODE = {
    f"{meter}@{modality}" if modality else meter: first + second
    for meter, first in METER_CODES.items()
    for modality, second in MODALITY_CODES.items()
}
_KEY = {code: key for key, code in _CODE.items()}
_PART = re.compile(r"([a-z]+)([0-9]+)")


def quantities_text(quantities: Quantities) -> str:
    """Return the stored text of quantities: "i3211o1234r1". It takes a third of the space of JSON."""
    text = ""
    for key, amount in quantities.items():  # a plain loop is faster; every call runs it
        text += f"{_CODE[key]}{amount}"
    return text


def quantities_from(text: str) -> dict[str, int]:
    """Return the quantities in a stored text, or in the JSON of schema 1.

    Raises DamagedRowError for any other text.
    """
    try:
        if text.startswith("{"):
            return check_quantities(json.loads(text))
        parts = _PART.split(text)  # the texts between matches must be empty
        found = {_KEY[key]: int(n) for key, n in zip(parts[1::3], parts[2::3], strict=True)}
    except UNREADABLE as error:
        raise DamagedRowError(f"its quantities are {text!a:.80}") from error
    if any(parts[::3]) or 3 * len(found) + 1 != len(parts):
        raise DamagedRowError(f"its quantities are {text!a:.80}")
    return found


def totals_text(quantities: Mapping[str, int], cost_pico: int) -> str:
    """Return the stored text of summed quantities and costs."""
    return f"{quantities_text(quantities)}{COST_CODE}{cost_pico}"


def totals_from(text: str) -> tuple[dict[str, int], int]:
    """Return the summed quantities and the cost in a stored text. Raises DamagedRowError."""
    try:
        quantities, _, cost = text.rpartition(COST_CODE)
        return quantities_from(quantities), int(cost)
    except UNREADABLE as error:
        raise DamagedRowError(f"its totals are {text!a:.80}") from error
