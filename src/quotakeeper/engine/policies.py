"""The policies of a keeper, in the form that the engine uses."""

from __future__ import annotations

from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, replace

ON_LIMIT_WORDS = ("raise", "wait", "clamp", "warn")


@dataclass(frozen=True, slots=True)
class Policies:
    """The policies of a keeper; Settings explains each."""

    on_limit: str = "raise"
    on_unpriced: str = "auto"
    on_store_failure: str = "deny"
    plan: str = "payg"
    on_busy: str = "wait"
    hold: str = "worst_case"
    busy_seconds: int = 30
    wait_seconds: int = 86_400
    clamp_least: int = 256

    def at_a_limit(self, on_limit: str) -> Policies:
        """Return the policies of a call that has its own `on_limit`; "" for that of the keeper.

        Raises InvalidInputError for an unknown word.
        """
        if on_limit in ("", self.on_limit):
            return self
        if on_limit not in ON_LIMIT_WORDS:
            problem = f"unknown {str(on_limit)[:40]!r}"
            raise InvalidInputError("on_limit", problem, "one of: " + ", ".join(ON_LIMIT_WORDS))
        return replace(self, on_limit=on_limit)
