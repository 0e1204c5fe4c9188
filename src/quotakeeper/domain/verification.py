"""What a check of a ledger against its journal finds."""

from __future__ import annotations

from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One difference that `verify` found. `what` describes it."""

    what: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What `verify_new` found, and which entries it read.

    - `problems`: every difference; empty if there is none.
    - `after`: entries up to this number were not read again, because an earlier run verified them;
      0 if the run read the whole journal.
    - `newest`: the number of the newest entry that is verified now; 0 with problems.
    - `why_whole`: why the whole journal was read although only new entries were to be; "" otherwise.
    """

    problems: tuple[Problem, ...]
    after: int
    newest: int
    why_whole: str = ""
