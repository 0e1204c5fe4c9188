"""A second ledger, written independently from the rules: it computes what the ledger should answer.

It uses no code of `quotakeeper.domain` that decides, only plain values. One dict has the calls, another
the sums. `recount` computes all sums again from the calls, and compares. A period is identified by its
local date, not by its first instant. Outcomes are tuples, so that two can be compared with `==`.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.limits import Account, Limit
from quotakeeper.domain.usage import CallLabels

MOST = 2**63 - 1
MOST_IN_ONE = 10**12
LONGEST_LIFE = 30 * 86_400_000_000
TOKENS = {"input_tokens", "cached_input_tokens", "output_tokens", "thought_tokens"}
COUNTED = {*TOKENS, "audio_milliseconds", "session_milliseconds", "characters", "requests",
           "searches", "images", "cache_token_hours"}  # fmt: skip
LEASE = "quotakeeper-lease:"  # prefix of the id of a lease's reservation
UNREAD = "the unused rest of a lease, assumed because its process's journal could not be read"
KINDS = {"", "text", "audio", "image", "video", "document"}

Outcome = tuple[Any, ...]


class Call:
    """One call: what it asked for, its state, and what it used."""

    __slots__ = ("at", "drawn", "expires", "held", "id", "labels", "number", "opening", "owner",
                 "sent", "state", "used")  # fmt: skip

    def __init__(
        self, number: int, id_: str, at: int, labels: CallLabels, opening: Figures
    ) -> None:
        self.number, self.id, self.at, self.labels, self.opening = number, id_, at, labels, opening
        self.state, self.owner, self.expires, self.sent = "held", "", 0, False
        self.held, self.drawn = opening, False
        self.used: Figures | None = None


class Sums:
    """The sums of one account: per period [used, reserved, overage]."""

    __slots__ = ("account", "kept_from", "matches", "meter", "parts", "stretches", "watched_at")

    def __init__(self, account: Account) -> None:
        self.account, self.meter = account, account.meter
        self.parts = TOKENS if account.meter == "tokens" else {account.meter}
        self.matches: dict[CallLabels, bool] = {}
        self.stretches: dict[Any, list[int]] = {}
        self.watched_at: int | None = None
        self.kept_from: Any = None

    def measure(self, figures: Figures) -> int:
        if self.meter == "cost":
            return figures.cost_pico or 0
        return sum(n for key, n in figures.quantities.items() if key.split("@")[0] in self.parts)

    def counts(self, labels: CallLabels) -> bool:
        found = self.matches.get(labels)
        if found is None:
            found = self.matches[labels] = matches(self.account, labels)
        return found

    def keeps(self, at: int, stretch: Any) -> bool:
        """Whether the account stores sums (and does not derive them) for the period of an instant."""
        if self.watched_at is None:
            return False
        if self.account.window.kind == "rolling":
            return bool(stretch >= self.kept_from)
        return at >= self.watched_at or stretch == self.kept_from


class EffectError(Exception):
    """The command would change something, but the caller only asked."""


class SecondLedger:
    """Everything that the ledger was told, and the results."""

    def __init__(self) -> None:
        self.written_at = self._now = 0
        self.entries = 0
        self._asking = False
        self.calls: dict[str, Call] = {}
        self.in_order: list[Call] = []
        self.open: dict[str, Call] = {}
        self.sums: dict[Account, Sums] = {}
        self._labelled: dict[CallLabels, list[Sums]] = {}
        self._dates: dict[tuple[str, int], tuple[int, datetime]] = {}
        self._levels: dict[Limit, list[int]] = {}
        # For each threshold level that was ever crossed: the period, how often, and whether it is
        # crossed now.
        self.crossed: dict[Account, dict[tuple[str, int, int], tuple[Any, int, bool]]] = {}

    # -- commands

    def apply(self, command: c.Command, now: int) -> Outcome:
        """Carry a command out. Time never goes back behind the newest entry."""
        self._now = now = max(self.written_at, now)
        name = type(command).__name__.lower()
        outcome: Outcome = getattr(self, f"_{name}")(command, now)
        return outcome

    def asked(self, command: c.Command, now: int) -> Outcome | None:
        """The answer to a command that changes nothing; None if it would change something."""
        self._asking = True
        try:
            return self.apply(command, now)
        except EffectError:
            return None
        finally:
            self._asking = False

    def expire(self, id_: str, now: int) -> None:
        """A sweep releases this reservation, which was not sent."""
        call = self.calls[id_]
        if call.state != "held" or call.sent:
            raise ValueError(f"{id_!r} was to expire, but it is {call.state}, sent: {call.sent}")
        self._now = max(self.written_at, now)
        self._end(call, "expired", None)

    def clock(self, now: int) -> Outcome:
        """A user accepted the clock: only ledger time changes."""
        self._now = max(self.written_at, now)
        self._written()
        return ("ordered",)

    def unread(self, id_: str, limits: Any, now: int) -> Outcome:
        """A sweep assumes this lease, because its journal was not read."""
        call = self.calls[id_]
        if call.state != "held" or not id_.startswith(LEASE):
            raise ValueError(f"{id_!r} was to be assumed unread, but it is {call.state}")
        self._now = now = max(self.written_at, now)
        self._end(call, "assumed", replace(_assumed(call), note=UNREAD))
        return ("booked", _event(call), False, self._crossed(call, limits, now))

    def _reserve(self, command: c.Reserve, now: int) -> Outcome:
        attempt, tries = command.id, 1
        found = self.calls.get(attempt)
        while found and found.state in ("released", "expired") and self._same(found, command):
            tries += 1
            attempt = f"{command.id}~{tries}"
            found = self.calls.get(attempt) if len(attempt) <= 256 else found
            if len(attempt) > 256:
                break
        if found:
            return self._again(found, command)
        if not (_name(command.id) and _labels(command.labels) and _name(command.owner, 0)):
            return ("failed", "input")
        if not self._fits_in_the_columns(command.labels, command.figures, now):
            return ("failed", "input")
        refusing, warnings = self.judge(command.labels, command.figures, command.limits, now)
        if refusing:
            return ("denied", refusing, warnings)
        call = Call(len(self.in_order), attempt, now, command.labels, command.figures)
        call.owner, call.expires = command.owner, now + min(command.ttl_us, LONGEST_LIFE)
        self._keep(call)
        self.open[attempt] = call
        self._count(call, command.figures, 1, 1)
        return ("reserved", attempt, False, warnings, None)

    def _same(self, call: Call, command: c.Reserve | c.Record) -> bool:
        recorded = isinstance(command, c.Record)
        opened = call.opening.quantities
        most = None if isinstance(command, c.Record) else command.up_to
        if (
            most is not None
            and set(opened) == set(most)
            and call.state != "recorded"
            and call.labels == command.labels
        ):
            # A clamped call is the same call at any amount up to the original one.
            within = all(opened[key] <= most[key] for key in most)
            return within or opened == command.figures.quantities
        return (call.state == "recorded") == recorded and (call.labels, call.opening.quantities) == (
            command.labels, command.figures.quantities)  # fmt: skip

    def _again(self, found: Call, command: c.Reserve) -> Outcome:
        if not self._same(found, command):
            return ("failed", "conflict")
        return self._once_more(found)

    def _once_more(self, found: Call) -> Outcome:
        if found.state == "held":
            return ("reserved", found.id, True, (), None)
        if found.used is not None:
            return ("reserved", found.id, True, (), _event(found))
        return ("failed", "closed")

    def _settle(self, command: c.Settle, now: int) -> Outcome:
        call = self.calls.get(command.id)
        if call is None:
            return ("failed", "input")
        if call.state in ("settled", "recorded"):
            same = call.used == command.figures
            return ("booked", _event(call), True, ()) if same else ("failed", "closed")
        if not self._fits_in_the_columns(call.labels, command.figures, call.at):
            return ("failed", "input")
        self._end(call, "settled", command.figures)
        return ("booked", _event(call), False, self._crossed(call, command.limits, now))

    def _record(self, command: c.Record, now: int) -> Outcome:
        call = self.calls.get(command.id)
        if call is not None:
            same = self._same(call, command)
            return ("booked", _event(call), True, ()) if same else ("failed", "conflict")
        if not (_name(command.id) and _labels(command.labels)):
            return ("failed", "input")
        at = now if command.at is None else max(0, min(command.at, now))
        if not self._fits_in_the_columns(command.labels, command.figures, at):
            return ("failed", "input")
        call = Call(len(self.in_order), command.id, at, command.labels, command.figures)
        call.state, call.used = "recorded", command.figures
        self._keep(call)
        for sums in self._counting(call.labels):
            amount = sums.measure(command.figures)
            self._use(sums, at, amount, 0, amount)
        return ("booked", _event(call), False, self._crossed(call, command.limits, now))

    def _correct(self, command: c.Correct, now: int) -> Outcome:
        call = self.calls.get(command.id)
        if call is None or call.used is None:
            return ("failed", "input")
        if call.used == command.figures:
            return ("booked", _event(call), True, ())
        if not self._fits_in_the_columns(call.labels, command.figures, call.at):
            return ("failed", "input")
        self._end(call, call.state, command.figures)
        return ("booked", _event(call), False, self._crossed(call, command.limits, now))

    def _grow(self, command: c.Grow, now: int) -> Outcome:
        call = self.calls.get(command.id)
        if call is None or call.state != "held":
            return ("failed", "input" if call is None else "closed")
        if not self._fits_in_the_columns(call.labels, command.figures, call.at):
            return ("failed", "input")
        if not _plausible(_changed(call.held, command.figures, 1)):
            return ("failed", "input")
        refusing, warnings = self.judge(call.labels, command.figures, command.limits, call.at)
        if refusing:
            return ("denied", refusing, warnings)
        self._written()
        self._hold(call, _changed(call.held, command.figures, 1))
        return ("reserved", call.id, False, warnings, None)

    def _draw(self, command: c.Draw, now: int) -> Outcome:
        lease = self.calls.get(command.lease)
        if lease is None or lease.state == "recorded" or lease.drawn:
            return ("failed", "input")
        found = self.calls.get(command.id)
        if found is not None:
            if found.labels != lease.labels or found.state == "recorded":
                return ("failed", "conflict")
            return self._once_more(found)
        if command.only_if_open and lease.state not in ("held", "assumed"):
            return ("failed", "closed")
        if not (_name(command.id) and _name(command.owner, 0)):
            return ("failed", "input")
        if not self._fits_in_the_columns(lease.labels, command.figures, lease.at):
            return ("failed", "input")
        at = self._in_the_periods_of(lease, now if command.at is None else command.at, now)
        call = Call(len(self.in_order), command.id, at, lease.labels, command.figures)
        call.owner, call.expires = command.owner, now + min(command.ttl_us, LONGEST_LIFE)
        call.sent = call.drawn = True
        self._keep(call)
        self.open[call.id] = call
        freed, rest = self._taken_out(lease, command.figures)
        for sums in self._counting(call.labels):
            amount = sums.measure(call.held)
            if amount:
                room = (
                    -freed.get(sums.account, 0) if self._reaches(sums.account, lease.at, at) else 0
                )
                self._add(sums, at, 0, amount, max(0, amount - room))
        if rest is not None and rest != lease.used:
            self._end(lease, "assumed", rest)
        return ("reserved", call.id, False, (), None)

    def _taken_out(self, lease: Call, part: Figures) -> tuple[dict[Account, int], Figures | None]:
        """The amounts that left a lease, by account, and the part of an assumed lease that
        is still assumed.
        """
        if lease.state == "held":
            return self._hold(lease, _changed(lease.held, part, -1)), None
        freed: dict[Account, int] = {}
        if lease.state != "assumed" or lease.used is None:
            return freed, None
        rest = _assumed_less(lease.used, part)
        for sums in self._counting(lease.labels):
            if sums.keeps(lease.at, self.stretch(sums.account, lease.at)):
                freed[sums.account] = sums.measure(rest) - sums.measure(lease.used)
        return freed, rest

    def _reaches(self, account: Account, lease_at: int, at: int) -> bool:
        """Whether a lease's reservation still counts at an instant."""
        if account.window.kind != "rolling":
            return bool(self.stretch(account, lease_at) == self.stretch(account, at))
        oldest = self.stretch(account, at - account.window.seconds * 1_000_000)
        return bool(self.stretch(account, lease_at) >= oldest)

    def _in_the_periods_of(self, lease: Call, at: int, now: int) -> int:
        """The instant, moved back until every calendar period of the lease is the current one."""
        latest = now
        for sums in self._counting(lease.labels):
            account = sums.account
            if account.window.kind == "rolling" or sums.watched_at is None:
                continue
            period = self.stretch(account, lease.at)
            if self.stretch(account, latest) != period:
                inside, outside = lease.at, latest
                while outside - inside > 1:  # a binary search to the microsecond
                    middle = (inside + outside) // 2
                    if self.stretch(account, middle) == period:
                        inside = middle
                    else:
                        outside = middle
                latest = inside
        return max(lease.at, min(at, latest))

    def _hold(self, call: Call, held: Figures) -> dict[Account, int]:
        """Change the reservation of an open call. Returns the changes by account with stored sums."""
        changes = {}
        for sums in self._counting(call.labels):
            change = sums.measure(held) - sums.measure(call.held)
            if change:
                self._add(sums, call.at, 0, change, 0)
                if sums.keeps(call.at, self.stretch(sums.account, call.at)):
                    changes[sums.account] = change
        call.held = held
        return changes

    def _marksent(self, command: c.MarkSent, now: int) -> Outcome:
        call = self.calls.get(command.id)
        if call is not None and call.state == "held" and call.sent:
            return ("done", call.id, "held")  # nothing new, so no entry is written
        return self._moved(command.id, lambda call: setattr(call, "sent", True))

    def _extend(self, command: c.Extend, now: int) -> Outcome:
        until = now + min(command.ttl_us, LONGEST_LIFE)
        return self._moved(command.id, lambda call: setattr(call, "expires", until))

    def _moved(self, id_: str, how: Any) -> Outcome:
        call = self.calls.get(id_)
        if call is None or call.state != "held":
            return ("failed", "input" if call is None else "closed")
        self._written()
        how(call)
        return ("done", id_, "held")

    def _release(self, command: c.Release, now: int) -> Outcome:
        call = self.calls.get(command.id)
        if call is not None and call.state == "assumed" and call.id.startswith(LEASE):
            assert call.used is not None
            if any(call.used.quantities.values()) or call.used.cost_pico:
                cost = None if call.used.cost_pico is None else 0
                self._end(call, "assumed", replace(call.used, quantities={}, cost_pico=cost))
            return ("done", call.id, "assumed")
        if call is None or call.state not in ("held", "released"):
            return ("failed", "input" if call is None else "closed")
        if call.state == "held":
            self._end(call, "released", None)
        return ("done", call.id, "released")

    def _assume(self, command: c.Assume, now: int) -> Outcome:
        call = self.calls.get(command.id)
        if call is None or call.state not in ("held", "assumed"):
            return ("failed", "input" if call is None else "closed")
        if call.state == "assumed":
            return ("booked", _event(call), True, ())
        self._end(call, "assumed", _assumed(call))
        return ("booked", _event(call), False, self._crossed(call, command.limits, now))

    def _sweep(self, command: c.Sweep, now: int) -> Outcome:
        due = [x for x in self.open.values() if x.expires <= now or x.owner in command.dead_owners]
        counts = {"expired": 0, "assumed": 0}
        crossed: Outcome = ()
        left: Outcome = ()
        for call in sorted(due, key=lambda call: call.number)[: command.at_most]:
            unread = call.id.startswith(LEASE) and call.id not in command.read
            if unread and call.id not in command.unread:
                left += (call.id,)
                continue
            figures = None
            if call.sent or unread:
                figures = replace(_assumed(call), note=UNREAD) if unread else _assumed(call)
            state = "expired" if figures is None else "assumed"
            self._end(call, state, figures)
            counts[state] += 1
            if figures is not None:
                crossed += self._crossed(call, command.limits, now)
        return ("swept", counts["expired"], counts["assumed"], crossed, left)

    def _watch(self, command: c.Watch, now: int) -> Outcome:
        for account in command.accounts:
            sums = self.sums_of(account)
            if sums.watched_at is not None:
                continue
            sums.watched_at = now
            length = account.window.seconds * 1_000_000
            sums.kept_from = self.stretch(account, now - length)
            for stretch, (used, _, _) in list(sums.stretches.items()):
                # The journal alone does not show what had been reserved for it.
                sums.stretches[stretch][2] = used
            for call in self.open.values():
                if call.drawn and sums.counts(call.labels):
                    self._add(sums, call.at, 0, 0, sums.measure(call.held))
        return ("watched",)

    # -- decisions

    def judge(self, labels: CallLabels, figures: Figures, limits: Any, now: int) -> tuple[Any, Any]:
        """The names of the hard limits without room, and of the limits that warn."""
        refusing, warnings = [], []
        for limit in limits:
            sums = self.sums_of(limit.account)
            if not sums.counts(labels):
                continue
            asked = sums.measure(figures)
            unpriced = sums.meter == "cost" and figures.cost_pico is None
            if asked == 0 and not unpriced:
                continue
            used, held, _ = self.total(sums, now)
            after = used + held + asked
            if limit.mode == "hard" and after > limit.amount - unpriced:
                refusing.append((limit.name, used, held))
            elif not unpriced and (after > limit.amount or after >= self._warns_from(limit)):
                warnings.append(limit.name)
        return tuple(refusing), tuple(warnings)

    def total(self, sums: Sums, now: int) -> tuple[int, int, int]:
        """Used, reserved and overage of everything that counts against an account at an instant."""
        account = sums.account
        if account.window.kind != "rolling":
            found = sums.stretches.get(self.stretch(account, now))
            return (found[0], found[1], found[2]) if found else (0, 0, 0)
        oldest = self.stretch(account, now - account.window.seconds * 1_000_000)
        used = held = over = 0
        for stretch, parts in sums.stretches.items():
            if stretch >= oldest:
                used += parts[0]
                held += parts[1]
                over += parts[2]
        return used, held, over

    def _warns_from(self, limit: Limit) -> int:
        return min(self._levels_of(limit), default=2**63)

    def _levels_of(self, limit: Limit) -> list[int]:
        found = self._levels.get(limit)
        if found is None:
            marks = {math.ceil(Fraction(mark) * limit.amount) for mark in limit.thresholds}
            found = self._levels[limit] = sorted({mark or 1 for mark in marks})
        return found

    def _crossed(self, call: Call, limits: Any, now: int) -> Outcome:
        """The levels of these limits that the latest booking crosses."""
        found = []
        for limit in limits:
            sums = self.sums_of(limit.account)
            rolling = limit.window.kind == "rolling"
            length = limit.window.seconds * 1_000_000 if rolling else 0
            if not sums.counts(call.labels) or not sums.keeps(
                now, self.stretch(limit.account, now - length)
            ):
                continue
            period = "any" if rolling else self.stretch(limit.account, now)
            used = self.total(sums, now)[0]
            known = self.crossed.setdefault(limit.account, {})
            for level in self._levels_of(limit):
                name = limit.name, limit.amount, level
                last, turn, above = known.get(name, (None, 0, False))
                if used < level or (last == period and above):
                    continue
                turn = turn + 1 if last == period else 1
                known[name] = period, turn, True
                self._written()
                found.append((limit.name, level, turn, used))
        return tuple(found)

    def _use(self, sums: Sums, at: int, used: int, held: int, over: int) -> None:
        """Count a change of use. A level that is above it now may be crossed again."""
        if used:
            self._fell(sums)
        self._add(sums, at, used, held, over)
        if used < 0:
            self._fell(sums)

    def _fell(self, sums: Sums) -> None:
        rolling = sums.account.window.kind == "rolling"
        for name, (period, turn, above) in self.crossed.get(sums.account, {}).items():
            if above and (rolling or period == self.stretch(sums.account, self._now)):
                still = self.total(sums, self._now)[0] >= name[2]
                self.crossed[sums.account][name] = period, turn, still

    def _fits_in_the_columns(self, labels: CallLabels, figures: Figures, at: int) -> bool:
        if not _plausible(figures):
            return False
        for sums in self._counting(labels):
            stretch = self.stretch(sums.account, at)
            if sums.keeps(at, stretch):
                used, held, over = sums.stretches.get(stretch, (0, 0, 0))
                if max(used + held, over) + sums.measure(figures) > MOST:
                    return False
        return True

    # -- sums

    def sums_of(self, account: Account) -> Sums:
        """The sums of an account. For a new account they are computed from all calls."""
        found = self.sums.get(account)
        if found is None:
            found = self.sums[account] = Sums(account)
            self._labelled.clear()
            self._fill(found)
        return found

    def recount(self) -> list[str]:
        """Compute all sums again from the calls. Returns each stored sum that differs."""
        wrong = []
        for sums in self.sums.values():
            before = {k: (s, r) for k, (s, r, _) in sums.stretches.items() if s or r}
            again = Sums(sums.account)
            self._fill(again)
            after = {k: (s, r) for k, (s, r, _) in again.stretches.items() if s or r}
            if before != after:
                wrong.append(f"{sums.account.key}: kept {before}, the calls say {after}")
        return wrong

    def balances(self) -> dict[tuple[str, int, int, int], int]:
        """How often each stored account has which sums, over all its periods."""
        found: Counter[tuple[str, int, int, int]] = Counter()
        for sums in self.sums.values():
            if sums.watched_at is None:
                continue
            later = {self.stretch(sums.account, call.at) for call in self.in_order
                     if call.at >= sums.watched_at and sums.counts(call.labels)}  # fmt: skip
            for stretch, parts in sums.stretches.items():
                rolling = sums.account.window.kind == "rolling"
                kept = stretch >= sums.kept_from if rolling else stretch == sums.kept_from
                if any(parts) and (kept or stretch in later):
                    found[sums.account.key, parts[0], parts[1], parts[2]] += 1
        return dict(found)

    def _fill(self, sums: Sums) -> None:
        relevant = sums.matches
        for call in self.in_order:
            counts = relevant.get(call.labels)
            if counts or (counts is None and sums.counts(call.labels)):
                if call.used is not None:
                    self._add(sums, call.at, sums.measure(call.used), 0, 0)
                elif call.state == "held":
                    self._add(sums, call.at, 0, sums.measure(call.held), 0)

    def _counting(self, labels: CallLabels) -> list[Sums]:
        found = self._labelled.get(labels)
        if found is None:
            found = [sums for sums in self.sums.values() if sums.counts(labels)]
            self._labelled[labels] = found
        return found

    def _keep(self, call: Call) -> None:
        self._written()
        self.calls[call.id] = call
        self.in_order.append(call)

    def _written(self) -> None:
        if self._asking:
            raise EffectError
        self.written_at = self._now
        self.entries += 1

    def _count(self, call: Call, figures: Figures, sign: int, held: int) -> None:
        for sums in self._counting(call.labels):
            amount = sign * sums.measure(figures)
            if amount:
                self._add(sums, call.at, 0 if held else amount, amount if held else 0, 0)

    def _end(self, call: Call, state: str, figures: Figures | None) -> None:
        self._written()
        was_held = call.state == "held"
        for sums in self._counting(call.labels):
            before = sums.measure(call.used) if call.used is not None else 0
            held = sums.measure(call.held) if was_held else 0
            now = sums.measure(figures) if figures is not None else 0
            if held or now != before:
                self._use(sums, call.at, now - before, -held, max(0, now - held - before))
        self.open.pop(call.id, None)
        call.state, call.used = state, figures

    def _add(self, sums: Sums, at: int, used: int, held: int, over: int) -> None:
        stretch = self.stretch(sums.account, at)
        parts = sums.stretches.get(stretch)
        if parts is None:
            parts = sums.stretches[stretch] = [0, 0, 0]
        parts[0] += used
        parts[1] += held
        parts[2] += over

    # -- time

    def stretch(self, account: Account, at: int) -> Any:
        """A name for the period that an instant counts in."""
        kind = account.window.kind
        if kind == "rolling":
            return at // (account.window.seconds * 1_000_000 // 96)
        minute = at // 60_000_000
        if kind == "minute":
            return minute
        key = (account.timezone, minute)
        found = self._dates.get(key)
        if found is None:
            local = datetime.fromtimestamp(minute * 60, ZoneInfo(account.timezone))
            offset = (local.utcoffset() or timedelta(0)) // timedelta(minutes=1)
            found = self._dates[key] = (offset, local)
        offset, local = found
        if kind == "hour":
            return (minute + offset) // 60, offset
        if kind == "month":
            return local.year, local.month
        return local.date() if kind == "day" else local.isocalendar()[:2]


def matches(account: Account, labels: CallLabels) -> bool:
    """Whether a call with these labels counts in an account."""
    model = account.model
    return (
        account.provider in ("", labels.provider)
        and (
            model in ("", labels.model)
            or (model[-1] == "*" and labels.model[: len(model) - 1] == model[:-1])
        )
        and account.operation in ("", labels.operation)
        and all(pair in labels.scope for pair in account.scope)
    )


def _assumed(call: Call) -> Figures:
    f, held = call.opening, call.held
    return Figures(held.quantities, held.cost_pico, f.price_id, "assumed", "unknown",  # type: ignore[arg-type]
                   f.model_served, f.duration_ms, f.note)  # fmt: skip


def _changed(held: Figures, by: Figures, sign: int) -> Figures:
    """The reserved amounts plus (1) or minus (-1) others. Minus adds no name and stops at zero."""
    quantities = dict(held.quantities)
    for key, amount in by.quantities.items():
        if sign > 0 or key in quantities:
            quantities[key] = max(0, quantities.get(key, 0) + sign * amount)
    cost = held.cost_pico
    if sign > 0 and by.cost_pico is None:
        cost = None
    if cost is not None and by.cost_pico is not None:
        cost = max(0, cost + sign * by.cost_pico)
    return Figures(quantities, cost)


def _assumed_less(assumed: Figures, part: Figures) -> Figures:
    """What is still assumed of a lease once one of its calls is known."""
    rest = _changed(assumed, part, -1)
    return replace(assumed, quantities=rest.quantities, cost_pico=rest.cost_pico)


def _event(call: Call) -> Outcome:
    assert call.used is not None
    return call.id, call.at, call.labels, call.used


def _name(text: str, least: int = 1) -> bool:
    return least <= len(text) <= 256 and text.isprintable()


def _labels(labels: CallLabels) -> bool:
    names = [name for name, _ in labels.scope]
    return (
        _name(labels.provider) and _name(labels.model, 0) and _name(labels.operation)
        and len(set(names)) == len(names) <= 16
        and all(_name(name) and _name(value, 0) for name, value in labels.scope)
    )  # fmt: skip


def _plausible(figures: Figures) -> bool:
    if figures.cost_pico is not None and not 0 <= figures.cost_pico <= MOST:
        return False
    if figures.duration_ms is not None and not 0 <= figures.duration_ms <= MOST_IN_ONE:
        return False
    for key, amount in figures.quantities.items():
        meter, _, kind = key.partition("@")
        if meter not in COUNTED or kind not in KINDS or not 0 <= amount <= MOST_IN_ONE:
            return False
    texts = (figures.price_id, figures.model_served, figures.note)
    return all(len(text) <= 4_096 and text.isprintable() for text in texts)
