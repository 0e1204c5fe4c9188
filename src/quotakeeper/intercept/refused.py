"""A call that is not let out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from quotakeeper.providers.exchange import Call, Refusal


@dataclass(frozen=True, slots=True)
class Refused:
    """A call that stays here; the hook answers it with `refusal` in its library's own form."""

    refusal: Refusal
    call: Call
