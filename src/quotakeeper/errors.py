"""Every error this package raises on purpose, as one tree.

    QuotakeeperError
    ├── InvalidInputError            (ValueError)  a value from the caller is not usable
    ├── ConfigError                  (ValueError)  a configuration file or setting is not usable
    │   └── MissingExtraError        an optional library is not installed
    ├── LimitExceeded                a hard limit refused a call
    │   ├── ClockSuspectError        because a clock cannot be trusted
    │   ├── LedgerWentBackError      because the ledger lacks commits that this machine has seen
    │   └── FailoverUnsafeError      because a failover of the server could lose calls
    ├── PausedError                  a pause refused a call
    ├── UnpricedModelError           a call was refused because no price is known for it
    ├── KeyConflictError             an event id was used before for a different call
    ├── ReservationClosedError       a reservation has already ended
    ├── TokenizerError               the local tokenizer cannot be installed or read
    ├── ProviderError                a provider answered with an error (sandbox, pipeline)
    └── LedgerError
        ├── LedgerUnavailableError   the ledger cannot be used now (locked, read-only, full)
        ├── LedgerCorruptError       the ledger file is damaged or is not a ledger
        ├── LedgerVersionError       the ledger is for another version of quotakeeper
        └── OutcomeUnknownError      a write may or may not have happened; repeat it with the same id

Errors have attributes for programs, such as `error.limit`. The text `str(error)` is for people.
"""

from __future__ import annotations

import copyreg

from quotakeeper.refusal_protocols import PausingDecision
from quotakeeper.refusal_protocols import RefusingDecision as RefusingDecision
from quotakeeper.refusal_protocols import RefusingVerdict as RefusingVerdict


class QuotakeeperError(Exception):
    """The base class of all errors that quotakeeper raises on purpose."""

    def __reduce__(self) -> tuple[object, ...]:
        # Copied without the constructor, which takes other arguments than `args`.
        return copyreg.__newobj__, (type(self), *self.args), vars(self)  # type: ignore[attr-defined]


class InvalidInputError(QuotakeeperError, ValueError):
    """A value from the caller is not usable. The message names the field, the problem, and the
    fix."""

    def __init__(self, field: str, problem: str, fix: str = "") -> None:
        self.field = field
        self.problem = problem
        self.fix = fix
        super().__init__(f"{field}: {problem}" + (f"; {fix}" if fix else ""))


class ConfigError(QuotakeeperError, ValueError):
    """A configuration is not usable. The message names the place, the problem, and the fix."""

    def __init__(self, where: str, problem: str, fix: str = "") -> None:
        self.where = where
        self.problem = problem
        self.fix = fix
        super().__init__(f"{where}: {problem}" + (f"; {fix}" if fix else ""))


class MissingExtraError(ConfigError):
    """A feature needs an optional library. The message contains the command that installs it."""

    def __init__(self, extra: str, feature: str) -> None:
        self.extra = extra
        super().__init__(
            feature,
            f"needs the extra '{extra}'",
            f'install it in the clone of quotakeeper: pip install ".[{extra}]"',
        )


class LimitExceeded(QuotakeeperError):  # noqa: N818 - the name is pinned by the public interface
    """A hard limit refused a call before it was sent.

    Attributes: `limit` (the Limit that resets last), `asked` and `remaining` (in the limit's base
    unit), `resets_at` (microseconds since 1970 UTC), `decision` (all limits that refused).
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
    """A hard limit refused a call because the clock of this machine jumped ahead, or the clock of the
    ledger's server is ahead of it.

    The limit may have capacity left, but no new period begins until the clock is confirmed. Further
    attributes: `ahead` (microseconds), `shown_at` (the time that the clock showed) and `trusted_at`
    (the newest trusted time), both in microseconds since 1970 UTC.
    """

    def __init__(self, decision: RefusingDecision, text: str = "") -> None:
        super().__init__(decision, text)
        doubt = decision.doubt
        self.ahead: int = getattr(doubt, "ahead", 0)
        self.shown_at: int = getattr(doubt, "shown_at", 0)
        self.trusted_at: int = getattr(doubt, "trusted_at", 0)


class LedgerWentBackError(LimitExceeded):
    """A hard limit refused a call because the ledger lacks commits that this machine has seen.

    Somebody restored a backup, or a standby without the last commits took over. Further attributes:
    `seen` and `found`, the number of commits that this machine has seen, and that the ledger has.
    """

    def __init__(self, decision: RefusingDecision, text: str = "") -> None:
        super().__init__(decision, text)
        self.seen: int = getattr(decision.doubt, "seen", 0)
        self.found: int = getattr(decision.doubt, "found", 0)


class FailoverUnsafeError(LimitExceeded):
    """A hard limit refused a call because a failover of the ledger's server could lose calls.

    The setting `asynchronous_replication` decides whether hard limits refuse then.
    """


class PausedError(QuotakeeperError):
    """A pause refused the call: calls to this provider, or to all providers, are paused.

    The call was not sent. Attributes: `decision`, and the pause's `provider` ("" for all), `why`,
    `by` and `until` (microseconds since 1970 UTC, or None if the pause has no end time).
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
    """A call was refused because no price is known for it. Nothing was counted.

    This happens if `on_unpriced` is "refuse", or if it is "auto" and a hard limit on cost applies.
    `limit` is the name of the limit on cost, or "". `meters` are the quantities without a price.
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
            "price_as_highest (the highest price of the provider counts) or count_only (its cost "
            "stays unknown)"
        )


class KeyConflictError(QuotakeeperError):
    """The event id was used before for a different call. Nothing was counted this time."""

    def __init__(self, event_id: str) -> None:
        self.event_id = event_id
        super().__init__(
            f"event id {event_id!r} was already used for a different call; "
            "an id counts only once: use a new id for a new call"
        )


class ReservationClosedError(QuotakeeperError):
    """The reservation has already ended; `state` says how. Nothing was changed."""

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
    """A provider answered with an error, or did not answer.

    `status` is the HTTP status of the answer; 0 if there was none.
    """

    def __init__(self, provider: str, status: int, message: str) -> None:
        self.provider = provider
        self.status = status
        super().__init__(f"{provider} answered {status}: {message}" if status else message)


class LedgerError(QuotakeeperError):
    """A ledger operation failed. The message names the ledger, the problem, and the fix."""

    def __init__(self, ledger: str, problem: str, fix: str = "") -> None:
        self.ledger = ledger
        self.problem = problem
        self.fix = fix
        super().__init__(f"ledger {ledger}: {problem}" + (f"; {fix}" if fix else ""))


class LedgerUnavailableError(LedgerError):
    """The ledger cannot be used now: locked, read-only, full, or missing. Nothing was written."""


class LedgerCorruptError(LedgerError):
    """The file is damaged or is not a quotakeeper ledger. The file was not changed.

    `what` describes the fault. `seq` and `entry_id` identify the unreadable journal entry; None and
    "" if it is not known.
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
    """The ledger is for a newer quotakeeper, or a ledger on a server is not upgraded for this one."""


class OutcomeUnknownError(LedgerError):
    """A commit failed, so the write may or may not have happened. Repeat the write with the same
    id."""
