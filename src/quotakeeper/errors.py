"""Every error this package raises on purpose, as one tree.

QuotakeeperError
├── InvalidInputError            (ValueError)  a value handed to us is not usable
├── ConfigError                  (ValueError)  a configuration file or setting is not usable
│   └── MissingExtraError        an optional library is not installed
├── LimitExceeded                a hard limit refused a call
│   └── ClockSuspectError        because the clock has jumped ahead
├── PausedError                  somebody has paused calls
├── UnpricedModelError           no price is known and the policy is to refuse
├── KeyConflictError             an event id was used before for something else
├── ReservationClosedError       a reservation has already ended
├── TokenizerError               the local tokenizer cannot be installed or read
├── ProviderError                a provider answered with an error (sandbox, pipeline)
└── LedgerError
    ├── LedgerUnavailableError   the store cannot do it now (locked, read-only, full)
    ├── LedgerCorruptError       the ledger file is damaged or is not a ledger
    ├── LedgerVersionError       the ledger was written by a newer quotakeeper
    └── OutcomeUnknownError      a write may or may not have happened; look it up by id

Facts are attributes, not text: a program reads `error.limit`, a person reads `str(error)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Protocol

from quotakeeper.refusal_protocols import DoubtedClock, PausingDecision, RefusalBasis, RefusingLimit


class RefusingVerdict(Protocol):
    """What an error needs of one limit's answer; `quotakeeper.Verdict` is one."""

    @property
    def limit(self) -> RefusingLimit:
        """The limit that answered."""

    @property
    def asked(self) -> int:
        """What the call asked for, in base units."""

    @property
    def used(self) -> int:
        """What was settled in the period, in base units."""

    @property
    def reserved(self) -> int:
        """What calls under way hold, in base units."""

    @property
    def remaining(self) -> int:
        """What is left, in base units."""

    @property
    def resets_at(self) -> int:
        """The end of the period, in microseconds since 1970 UTC."""

    @property
    def is_held(self) -> bool:
        """Whether it lacks room only because of calls under way."""

    @property
    def is_used_up(self) -> bool:
        """Whether settled use leaves no room for the call."""

    def explain(self, zone: tzinfo | None = None) -> str:
        """One line for people."""


class RefusingDecision(Protocol):
    """What an error needs of a decision; `quotakeeper.Decision` is one.

    A protocol, so that the ground floor imports nothing from above it.
    """

    @property
    def refusing(self) -> Sequence[RefusingVerdict]:
        """The answers of the hard limits that do not have room."""

    @property
    def blocking(self) -> RefusingVerdict:
        """The refusing answer that takes longest to reset."""

    @property
    def is_held(self) -> bool:
        """Whether the limits lack room only because of calls under way."""

    @property
    def basis(self) -> RefusalBasis | None:
        """What was to be reserved for the call, and why so much."""

    @property
    def doubt(self) -> DoubtedClock | None:
        """Set where the limits refuse because the clock has jumped ahead."""

    def explain(self) -> str:
        """One line for people."""


class QuotakeeperError(Exception):
    """Root of everything quotakeeper raises on purpose."""


class InvalidInputError(QuotakeeperError, ValueError):
    """A value is not usable: names the field, what is wrong, and the fix."""

    def __init__(self, field: str, problem: str, fix: str = "") -> None:
        self.field = field
        self.problem = problem
        self.fix = fix
        super().__init__(f"{field}: {problem}" + (f"; {fix}" if fix else ""))


class ConfigError(QuotakeeperError, ValueError):
    """A configuration is not usable: names where, the field, and the fix."""

    def __init__(self, where: str, problem: str, fix: str = "") -> None:
        self.where = where
        self.problem = problem
        self.fix = fix
        super().__init__(f"{where}: {problem}" + (f"; {fix}" if fix else ""))


class MissingExtraError(ConfigError):
    """An optional library is needed for a feature; the message has the line that installs it."""

    def __init__(self, extra: str, feature: str) -> None:
        self.extra = extra
        super().__init__(
            feature,
            f"needs the extra '{extra}'",
            f'install it with: pip install "quotakeeper[{extra}]"',
        )


class LimitExceeded(QuotakeeperError):  # noqa: N818 - the name is pinned by the public interface
    """A hard limit refused a call before it was sent; `decision` says which, and when it resets.

    Attributes: `limit` (the Limit), `asked` and `remaining` (integers in the limit's base unit),
    `resets_at` (microseconds since 1970 UTC, or None), `decision` (all limits that refused).
    """

    def __init__(self, decision: RefusingDecision, text: str = "") -> None:
        self.decision = decision
        verdict = decision.blocking
        self.limit = verdict.limit
        self.asked = verdict.asked
        self.remaining = verdict.remaining
        self.resets_at = verdict.resets_at
        super().__init__(text or decision.explain())


class ClockSuspectError(LimitExceeded):
    """A hard limit refused a call because the clock of the machine has jumped ahead.

    The limit may have room; a new period is not begun by a clock that nothing confirms. Attributes
    beside those of LimitExceeded, in microseconds: `ahead` (by how much it jumped), `shown_at` (what
    it showed then) and `trusted_at` (the newest time that was trusted), both since 1970 UTC.
    """

    def __init__(self, decision: RefusingDecision, text: str = "") -> None:
        super().__init__(decision, text)
        doubt = decision.doubt
        self.ahead = doubt.ahead if doubt is not None else 0
        self.shown_at = doubt.shown_at if doubt is not None else 0
        self.trusted_at = doubt.trusted_at if doubt is not None else 0


class PausedError(QuotakeeperError):
    """Somebody has paused calls, to this provider or to all; the call was not sent.

    Attributes: `decision`, and of its pause `provider` ("" for all), `until` (microseconds since
    1970 UTC; None: until somebody resumes), `why`, `by`.
    """

    def __init__(self, decision: PausingDecision, text: str = "") -> None:
        self.decision = decision
        pause = decision.pause
        self.provider = pause.provider if pause is not None else ""
        self.until = pause.until if pause is not None else None
        self.why = pause.why if pause is not None else ""
        self.by = pause.by if pause is not None else ""
        super().__init__(text or decision.explain())


class UnpricedModelError(QuotakeeperError):
    """No price is known for a call, so it was refused, and nothing was counted.

    `on_unpriced` is "refuse"; or it is "auto" and a hard limit on cost applies, whose name is
    `limit` ("" where none does). `meters` are the quantities that have no price.
    """

    def __init__(
        self, provider: str, model: str, meters: tuple[str, ...] = (), limit: str = ""
    ) -> None:
        self.provider = provider
        self.model = model
        self.meters = meters
        self.limit = limit
        missing = [meter for meter in meters if meter not in ("model", "provider")]
        of = f" ({', '.join(missing)})" if missing else ""
        why = f", so the hard limit {limit!r} cannot count its cost" if limit else ""
        super().__init__(
            f"no price is known for {provider}/{model or '(no model named)'}{of}{why}; "
            "write a [[price]] for it in a file that price_files names, or set on_unpriced to "
            "price_as_highest (the dearest price of the provider counts) or count_only (its cost "
            "stays unknown)"
        )


class KeyConflictError(QuotakeeperError):
    """An event id was used before for something else; nothing was counted this time."""

    def __init__(self, event_id: str) -> None:
        self.event_id = event_id
        super().__init__(
            f"event id {event_id!r} was already used for a different call; "
            "an id counts once for ever: make a new one for a new call"
        )


class ReservationClosedError(QuotakeeperError):
    """A reservation has already ended another way; nothing was changed."""

    def __init__(self, reservation_id: str, state: str, wanted: str) -> None:
        self.reservation_id = reservation_id
        self.state = state
        super().__init__(f"cannot {wanted} reservation {reservation_id!r}: it is {state}")


class TokenizerError(QuotakeeperError):
    """The local tokenizer cannot be installed, verified or read."""

    def __init__(self, problem: str, fix: str = "") -> None:
        self.problem = problem
        self.fix = fix
        super().__init__(problem + (f"; {fix}" if fix else ""))


class ProviderError(QuotakeeperError):
    """A provider answered with an error status, or did not answer."""

    def __init__(self, provider: str, status: int, message: str) -> None:
        self.provider = provider
        self.status = status
        super().__init__(f"{provider} answered {status}: {message}" if status else message)


class LedgerError(QuotakeeperError):
    """The ledger cannot be used as asked; names the ledger and the fix."""

    def __init__(self, ledger: str, problem: str, fix: str = "") -> None:
        self.ledger = ledger
        self.problem = problem
        self.fix = fix
        super().__init__(f"ledger {ledger}: {problem}" + (f"; {fix}" if fix else ""))


class LedgerUnavailableError(LedgerError):
    """The store cannot do it now: locked, read-only, full, gone. Nothing was written."""


class LedgerCorruptError(LedgerError):
    """The file is damaged or is not a quotakeeper ledger. It is left as it is.

    `seq` and `entry_id` name the entry of the journal that cannot be read, where it is known (else
    None and ""); `what` is what is wrong with it.
    """

    def __init__(
        self, ledger: str, problem: str, fix: str = "", *, what: str = "",
        seq: int | None = None, entry_id: str = "",
    ) -> None:  # fmt: skip
        self.what = what
        self.seq = seq
        self.entry_id = entry_id
        super().__init__(ledger, problem, fix)


class LedgerVersionError(LedgerError):
    """The ledger was written by a newer quotakeeper than this one."""


class OutcomeUnknownError(LedgerError):
    """A write failed at its commit: it may or may not have happened. Ask again by the same id."""
