"""Writes metrics in the text format of Prometheus, version 0.0.4.

The numbers are exact decimal texts. A library would make floats of them, and a cost of many calls
would lose its last digits.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from hashlib import sha256

from quotakeeper.value_classes import dataclass

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
COUNTER, GAUGE = "counter", "gauge"
OTHER = "other"
_MOST_VALUE = 100
_DIGEST = 8

# The labels of one sample, as pairs of name and value, in a fixed order.
Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Family:
    """One metric: its name, its kind, its help text, and its samples.

    `samples` are exact numbers by labels. `per_unit` is how many of them are one unit of the metric,
    such as 1,000 milliseconds in a second.
    """

    name: str
    kind: str
    about: str
    samples: Mapping[Labels, int]
    per_unit: int = 1


def exposition(families: Iterable[Family]) -> str:
    """Return families as text. A family without samples is left out."""
    lines: list[str] = []
    for family in families:
        if not family.samples:
            continue
        lines.append(f"# HELP {family.name} {_help_text(family.about)}")
        lines.append(f"# TYPE {family.name} {family.kind}")
        lines += [
            f"{family.name}{_labels_text(labels)} {decimal_text(number, family.per_unit)}"
            for labels, number in family.samples.items()
        ]
    return "\n".join((*lines, ""))


def decimal_text(number: int, per_unit: int) -> str:
    """Return `number / per_unit` as an exact decimal text. `per_unit` is a power of ten."""
    whole, rest = divmod(abs(number), per_unit)
    digits = len(str(per_unit)) - 1
    text = f"{whole}.{rest:0{digits}d}".rstrip("0").rstrip(".") if rest else str(whole)
    return f"-{text}" if number < 0 else text


def label_value(text: str) -> str:
    """Return a text that may be the value of a label: printable, 100 characters at most.

    A longer text is cut, and a digest of the whole text is added, so that two long texts differ.
    """
    shown = "".join(each if each.isprintable() else "?" for each in text)
    if len(shown) <= _MOST_VALUE and shown == text:
        return shown
    digest = sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:_DIGEST]
    return f"{shown[: _MOST_VALUE - _DIGEST - 1]}~{digest}"


def _labels_text(labels: Labels) -> str:
    if not labels:
        return ""
    pairs = ",".join(f'{name}="{_escaped(value)}"' for name, value in labels)
    return f"{{{pairs}}}"


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _help_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\n", "\\n")
