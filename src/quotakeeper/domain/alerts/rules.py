"""Makes alerts from entries of the journal, and from refusals."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import tzinfo
from decimal import Decimal

from quotakeeper.domain.alerts.alert import Alert, AlertRule, alert_id
from quotakeeper.domain.decisions import Verdict
from quotakeeper.domain.ledger.entries import Crossing, Entry, Kind, Notice
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import SECOND, Window, parse_window, period_at
from quotakeeper.value_classes import dataclass

DAY = 86_400 * SECOND
OLDEST = DAY  # what happened earlier than this is not told any more
_COUNTS_USE = frozenset((Kind.SETTLE, Kind.RECORD, Kind.ASSUME))
_DISPLAYED = {"audio_milliseconds": "audio_minutes", "session_milliseconds": "session_minutes"}

ZoneNamed = Callable[[str], tzinfo]
LabelsOf = Callable[[int], CallLabels | None]


@dataclass(frozen=True, slots=True)
class AlertRules:
    """The rules of one ledger.

    - `ledger`: the identity of the ledger's alerts; see `alert_id`.
    - `rules`: the names of the rules in force.
    - `thresholds`: the parts of a limit to tell about; empty: all thresholds of each limit.
    - `limits`: the limits of the config. A limit that is not in it is told by its account.
    - `zone`: the time zone of the days of unpriced calls. `zones` returns a zone by name.
    """

    ledger: str
    rules: tuple[str, ...]
    thresholds: tuple[Decimal, ...]
    limits: tuple[Limit, ...]
    zone: tzinfo
    zones: ZoneNamed

    def alerts(self, entries: Sequence[Entry], labels_of: LabelsOf, now: int) -> Iterator[Alert]:
        """Yield the alerts of consecutive entries, in their order.

        `labels_of` returns the labels of the call whose first entry has a number. Of the thresholds
        that one booking reached, only the highest is told. Nothing is told about entries that are
        older than a day.
        """
        for entry, is_last in _with_last(entries):
            if entry.at <= now - OLDEST:
                continue
            if entry.crossing is not None:
                if is_last and "threshold" in self.rules:
                    yield from self._crossed(entry.crossing, entry.at)
            elif entry.kind in _COUNTS_USE:
                if "unpriced" in self.rules:
                    yield from self._unpriced(entry, labels_of)
            elif entry.notice is not None and "paused" in self.rules:
                yield from self._paused(entry, entry.notice)

    def refusals(self, verdicts: Iterable[Verdict], now: int) -> Iterator[Alert]:
        """Yield an alert for each limit that refused a call at `now`."""
        if "refused" not in self.rules:
            return
        for verdict in verdicts:
            limit = verdict.limit
            start_at = verdict.period.start_at
            if limit.window.is_rolling or limit.window.is_endless:
                # Such a limit has no next period: it is told once a day.
                start_at = period_at(Window("day"), self.zone, now).start_at
            resets_at = None if limit.window.is_endless else verdict.resets_at
            identity = alert_id(
                self.ledger, AlertRule.REFUSED, limit.account.key, limit.name, limit.amount, start_at,
                "held" if verdict.is_held else "used up",
            )  # fmt: skip
            yield Alert(
                identity, AlertRule.REFUSED, now, limit.name, limit.meter, str(limit.window),
                limit.amount, 0, verdict.used, verdict.reserved, verdict.asked, resets_at,
                limit.mode, limit.scope,
            )  # fmt: skip

    def _crossed(self, said: Crossing, at: int) -> Iterator[Alert]:
        limit = limit_of(said, self.limits)
        if limit is not None and limit.mode is Mode.SHADOW:
            return
        meter, window_text, timezone, *_ = said.account.split("|")
        scope = () if limit is None else limit.scope
        if self.thresholds and said.level not in (
            _level(share, said.amount) for share in self.thresholds
        ):
            return
        window = parse_window(window_text)
        resets_at = None
        if not window.is_rolling and not window.is_endless:
            resets_at = period_at(window, self.zones(timezone), at).end_at
        yield Alert(
            alert_id(self.ledger, AlertRule.THRESHOLD, said.account, said.limit, said.amount,
                     said.level, said.start_at, said.turn),
            AlertRule.THRESHOLD, at, said.limit,
            _DISPLAYED.get(meter, meter) if limit is None else limit.meter,
            window_text, said.amount, said.level, said.used, 0, 0, resets_at,
            Mode.HARD if limit is None else limit.mode, scope,
        )  # fmt: skip

    def _unpriced(self, entry: Entry, labels_of: LabelsOf) -> Iterator[Alert]:
        figures = entry.figures
        if figures is None or figures.cost_pico is not None or not any(figures.quantities.values()):
            return
        labels = entry.labels
        if labels is None and entry.ref is not None:
            labels = labels_of(entry.ref)
        if labels is None:  # the first entry was deleted by a compaction
            return
        day = period_at(Window("day"), self.zone, entry.at).start_at
        identity = alert_id(self.ledger, AlertRule.UNPRICED, labels.provider, labels.model, day)
        yield Alert(
            identity, AlertRule.UNPRICED, entry.at, provider=labels.provider, model=labels.model
        )

    def _paused(self, entry: Entry, notice: Notice) -> Iterator[Alert]:
        rule = {Kind.PAUSE: AlertRule.PAUSED, Kind.RESUME: AlertRule.RESUMED}.get(entry.kind)
        if rule is None:
            return
        identity = alert_id(self.ledger, rule, entry.seq, entry.at, notice.subject)
        yield Alert(
            identity, rule, entry.at, provider=notice.subject, why=notice.why, by=notice.by,
            until=notice.until,
        )  # fmt: skip


def limit_of(said: Crossing, limits: Iterable[Limit]) -> Limit | None:
    """Return the limit of a crossing; None if `limits` does not have it."""
    for limit in limits:
        found = limit
        if limit.is_rule:
            before = f"{limit.name} [{limit.per}="
            if not (said.limit.startswith(before) and said.limit.endswith("]")):
                continue
            found = limit.of_value(said.limit[len(before) : -1])
        if (found.account.key, found.name, found.amount) == (
            said.account, said.limit, said.amount,
        ):  # fmt: skip
            return found
    return None


def _with_last(entries: Sequence[Entry]) -> Iterator[tuple[Entry, bool]]:
    """Yield each entry, and whether no higher threshold of the same booking follows it."""
    for number, entry in enumerate(entries, 1):
        following = entries[number] if number < len(entries) else None
        here, after = entry.crossing, None if following is None else following.crossing
        follows = (
            here is not None and after is not None
            and (here.account, here.limit, here.amount) == (after.account, after.limit, after.amount)
        )  # fmt: skip
        yield entry, not follows


def _level(share: Decimal, amount: int) -> int:
    # As `Limit.levels`: rounded up, with integers, because a program's decimal context may round.
    part, whole = share.as_integer_ratio()
    return max(1, -(-part * amount // whole))
