"""Facts: plain values that nobody changes once they are made."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def fast_dataclass(cls: type[T]) -> type[T]:
    """A dataclass that type checkers hold to be frozen.

    At run time it is not: a frozen one takes four times as long to make, and a call that goes
    through the ledger makes ten of them. For values that stay inside or are read only.
    """
    return dataclass(slots=True)(cls)
