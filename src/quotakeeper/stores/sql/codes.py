"""How small closed sets are stored: kinds, provenances, outcomes, and what was counted.

Codes are stored for ever: append only.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping

from quotakeeper.domain.ledger.entries import Kind
from quotakeeper.domain.units import Quantities
from quotakeeper.domain.usage import Outcome, Provenance

KINDS = (Kind.RESERVE, Kind.SENT, Kind.EXTEND, Kind.SETTLE, Kind.RELEASE, Kind.EXPIRE,
         Kind.ASSUME, Kind.RECORD, Kind.CORRECT, Kind.GROW, Kind.DRAW, Kind.RESERVE,
         Kind.CROSS, Kind.PAUSE, Kind.RESUME, Kind.RAISE, Kind.TOPUP, Kind.LAPSE)  # fmt: skip
PROVENANCES = tuple(Provenance)
OUTCOMES = tuple(Outcome)
KIND_CODE = {kind: KINDS.index(kind) + 1 for kind in Kind}
SENT_RESERVE = 12  # a RESERVE that is sent: a row less for nearly every call
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
COST_CODE = "z"  # in sums alone: an entry has a column for its cost

_CODE = {
    f"{meter}@{modality}" if modality else meter: first + second
    for meter, first in METER_CODES.items()
    for modality, second in MODALITY_CODES.items()
}
_KEY = {code: key for key, code in _CODE.items()}
_PART = re.compile(r"([a-z]+)(\d+)")


def quantities_text(quantities: Quantities) -> str:
    """Quantities as stored: "i3211o1234r1". A third of what JSON takes, in every row there is."""
    return "".join([f"{_CODE[key]}{amount}" for key, amount in quantities.items()])


def quantities_from(text: str) -> dict[str, int]:
    """Quantities from their stored form, or from the JSON that schema 1 wrote."""
    if text.startswith("{"):
        found: dict[str, int] = json.loads(text)
        return found
    return {_KEY[code]: int(amount) for code, amount in _PART.findall(text)}


def totals_text(quantities: Mapping[str, int], cost_pico: int) -> str:
    """Sums of quantities and of costs as stored."""
    return f"{quantities_text(quantities)}{COST_CODE}{cost_pico}"


def totals_from(text: str) -> tuple[dict[str, int], int]:
    """Sums of quantities and of costs from their stored form."""
    quantities, _, cost = text.rpartition(COST_CODE)
    return quantities_from(quantities), int(cost)
