"""The conditions ("guards") under which a decision from cached data is right.

The server checks them at the commit. If they hold, the rules would have decided the same there.
"""

from __future__ import annotations

from quotakeeper.domain.ledger.places import Level, Mark
from quotakeeper.domain.ledger.reservations import Balance
from quotakeeper.domain.limits import Limit
from quotakeeper.value_classes import dataclass, field

ANY = 2**62  # more than any balance

Slice = tuple[str, int]  # key of an account, start


class NotConditionalError(Exception):
    """Guards cannot express the effect of a batch, so the batch is decided under the lock."""


@dataclass(slots=True)
class Guards:
    """The conditions under which a decision is right. Instants are in microseconds since 1970 UTC.

    - The commit must be in `[since, until)`.
    - `balances`: the keys are an account key and the start of a slice. `windows`: the account key
      of a rolling window, and the instant after which its slices start. Each value has three
      numbers: the most for settled and reserved use together, and the most and the least for
      settled use.
    - `calls`: the first entries of calls that nobody may have written about in the meantime.
    - `marks`: thresholds by account key and level, and what must be stored about each; None:
      nothing.
    - `is_exact`: no other commit may have been made since the data was read.
    """

    since: int = 0
    until: int = ANY
    balances: dict[Slice, list[int]] = field(default_factory=dict)
    windows: dict[Slice, list[int]] = field(default_factory=dict)
    calls: set[int] = field(default_factory=set)
    marks: dict[tuple[str, Level], Mark | None] = field(default_factory=dict)
    is_exact: bool = False

    def lasts(self, since: int, until: int) -> None:
        """Require that the commit is in `[since, until)`, in addition to earlier requirements."""
        self.since, self.until = max(self.since, since), min(self.until, until)

    def settled(self, of: list[int], least: int, most: int) -> None:
        """Require that settled use is from `least` to `most`. `of` is a value of `balances` or
        `windows`.
        """
        of[1], of[2] = min(of[1], most), max(of[2], least)


def any_use() -> list[int]:
    """Return a value of `Guards.balances` that requires nothing."""
    return [ANY, ANY, 0]


@dataclass(frozen=True, slots=True)
class GuardedLimit:
    """A limit, its guard, and the lowest threshold `level` that is not crossed.

    `pairs` has the limit's balance in this state and in the cached state. For a rolling window,
    `pairs` is empty, and `after` is the instant after which its slices start.
    """

    limit: Limit
    guard: list[int]
    after: int
    pairs: list[tuple[Balance, Balance]]
    level: int | None
