"""Contract: periods follow local time in their time zone, and ledger time never goes back."""

from __future__ import annotations

from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.windows import SECOND, instant, moment
from quotakeeper.testing.clock import FakeClock
from quotakeeper.testing.ledger_case import HOUR, LABELS, MINUTE, LedgerCase, cap, tokens

PACIFIC = "America/Los_Angeles"


def at(text: str) -> int:
    """Convert RFC 3339 text to microseconds since 1970 UTC."""
    return FakeClock(text).now()


class WindowRules(LedgerCase):
    """Tests of the period that a call counts in, and of the time at which capacity is available
    again."""

    def test_a_new_day_is_a_new_balance(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.clock.set("2026-11-23T23:59:59.999999Z")
        self.reserve("a", tokens(10), limit)
        denied = self.refused("b", tokens(1), limit)
        assert denied.decision.blocking.resets_at == at("2026-11-24T00:00:00Z")
        self.clock.set("2026-11-24T00:00:00Z")
        self.reserve("b", tokens(10), limit)
        self.refused("c", tokens(1), limit)
        # The first call is settled after midnight, but belongs to the day of its admission.
        self.settle("a", tokens(9))
        assert self.sums(limit) == (0, 10)
        event = self.events()[0]
        assert event.at == at("2026-11-23T23:59:59.999999Z")

    def test_weeks_months_hours_and_minutes_turn_where_they_should(self) -> None:
        turns = {
            "minute": "2026-11-30T23:59:00Z", "hour": "2026-11-30T23:00:00Z",
            "day": "2026-11-30T00:00:00Z", "week": "2026-11-30T00:00:00Z",
            "month": "2026-11-01T00:00:00Z",
        }  # fmt: skip
        limits = {name: cap(10, name, window=name) for name in turns}
        self.clock.set("2026-10-15T00:00:00Z")
        self.watch(*limits.values())
        for number, start in enumerate(sorted(set(turns.values()))):
            self.clock.set(start)
            self.record(f"after {number}", tokens(1))
            self.clock.set(moment(at(start) + 1))
            self.record(f"soon after {number}", tokens(1))
        self.clock.set("2026-11-30T23:59:59.999999Z")
        assert {name: self.sums(limit)[0] for name, limit in limits.items()} == {
            "minute": 2, "hour": 4, "day": 6, "week": 6, "month": 8,
        }  # fmt: skip
        self.clock.set("2026-12-01T00:00:00Z")
        assert {name: self.sums(limit)[0] for name, limit in limits.items()} == {
            "minute": 0, "hour": 0, "day": 0, "week": 6, "month": 0,
        }  # fmt: skip

    def test_a_day_of_23_hours_and_a_day_of_25(self) -> None:
        days = (
            ("2027-03-13T08:00:00Z", 24), ("2027-03-14T08:00:00Z", 23), ("2027-03-15T07:00:00Z", 24),
            ("2027-11-06T07:00:00Z", 24), ("2027-11-07T07:00:00Z", 25), ("2027-11-08T08:00:00Z", 24),
        )  # fmt: skip
        limit = cap(24 * 60, window="day", timezone=PACIFIC)
        self.watch(limit)
        for start, hours in days:
            self.clock.set(start)
            for hour in range(hours):
                self.record(f"{start} {hour}", tokens(1))
                assert self.sums(limit) == (hour + 1, 0)
                self.clock.advance(minutes=30)
                verdict = self.stands(limit)
                assert verdict.resets_at == at(start) + hours * HOUR
                assert verdict.period.start_at == at(start)
                self.clock.advance(minutes=30)
            assert self.sums(limit) == (0, 0)

    def test_the_hour_that_comes_twice_is_two_hours(self) -> None:
        limit = cap(10, window="hour", timezone=PACIFIC)
        self.watch(limit)
        self.clock.set("2027-11-07T08:30:00Z")  # 01:30 daylight saving time
        self.reserve("a", tokens(10), limit)
        self.refused("b", tokens(1), limit)
        self.clock.advance(hours=1)  # 01:30 standard time
        self.reserve("b", tokens(10), limit)

    def test_zones_have_days_of_their_own(self) -> None:
        names = ("UTC", "Asia/Ho_Chi_Minh", PACIFIC, "Pacific/Kiritimati", "Asia/Kathmandu")
        limits = {name: cap(100, timezone=name) for name in names}
        self.watch(*limits.values())
        for hour in range(24):
            self.record(str(hour), tokens(1))
            self.clock.advance(hours=1)
        used = {name: self.sums(limit)[0] for name, limit in limits.items()}
        # From noon to noon UTC: the hours since midnight of each time zone.
        assert used == {
            "UTC": 12, "Asia/Ho_Chi_Minh": 19, PACIFIC: 4, "Pacific/Kiritimati": 2,
            "Asia/Kathmandu": 17,
        }  # fmt: skip

    # -- a clock that goes back

    def test_a_clock_set_back_keeps_the_newest_period(self) -> None:
        limit = cap(10)
        self.watch(limit)
        self.clock.set("2026-11-23T23:30:00Z")
        self.reserve("old", tokens(10), limit)
        self.clock.set("2026-11-24T00:10:00Z")
        self.reserve("new", tokens(4), limit)
        self.clock.advance(hours=-1)
        assert self.sums(limit) == (0, 4)
        self.reopen()
        assert self.sums(limit) == (0, 4)
        for amount in (6, 7):
            says = self.store.check(LABELS, tokens(amount), (limit,), self.clock.now())
            assert says.allowed is (amount == 6)
        held = self.reserve("back", tokens(6), limit)
        assert held.hold.at == at("2026-11-24T00:10:00Z")
        self.refused("more", tokens(1), limit)
        self.settle("old", tokens(10))
        self.settle("new", tokens(4))
        self.settle("back", tokens(6))
        assert self.sums(limit) == (10, 0)
        times = [entry.at for entry in self.journal()]
        assert times == sorted(times)
        self.clock.set("2026-11-24T12:00:00Z")
        assert self.sums(limit) == (10, 0)

    def test_a_clock_set_back_revives_no_reservation_and_ends_none_early(self) -> None:
        self.reserve("a", tokens(1))
        self.clock.advance(hours=-1)
        assert self.do(c.Sweep(), c.Swept) == c.Swept()
        self.clock.advance(hours=2)
        assert self.do(c.Sweep(), c.Swept) == c.Swept(expired=1)
        self.clock.advance(hours=-1)
        assert self.store.holds() == []

    def test_a_limit_first_watched_by_a_clock_that_was_ahead_still_holds(self) -> None:
        limit, rolling = cap(10), cap(10, "rolling", window="rolling 1h")
        self.clock.set("2026-11-24T00:10:00Z")
        self.watch(limit, rolling)
        self.clock.set("2026-11-23T20:00:00Z")
        self.reserve("a", tokens(10), limit, rolling)
        assert self.sums(limit) == self.sums(rolling) == (0, 10)
        self.refused("b", tokens(1), limit)
        self.refused("b", tokens(1), rolling)

    # -- rolling windows

    def test_rolling_windows_never_forget_early_and_by_a_96th_late(self) -> None:
        for number, (text, length) in enumerate(
            (
                ("rolling 24h", 24 * HOUR),
                ("rolling 250s", 250 * SECOND),
                ("rolling 10s", 10 * SECOND),
            )
        ):
            self.clock.advance(days=3, seconds=0.123457)
            limit = cap(10, text, window=text)
            self.watch(limit)
            start = self.clock.now()
            self.record(str(number), tokens(10), limit)
            for passed, used in (
                (0, 10), (length // 2, 10), (length - 1, 10), (length, 10),
                (length + length // 96 + 1, 0),
            ):  # fmt: skip
                self.clock.set(moment(start + passed))
                assert self.sums(limit)[0] == used or passed == length, (text, passed)
            self.clock.set(moment(start + 2 * length))

    def test_rolling_room_comes_back_when_it_is_said_to(self) -> None:
        limit = cap(10, window="rolling 90m")
        self.watch(limit)
        self.reserve("a", tokens(6), limit)
        self.clock.advance(minutes=30)
        self.record("b", tokens(4), limit)
        denied = self.refused("c", tokens(6), limit)
        resets_at = denied.decision.blocking.resets_at
        assert 0 < resets_at - self.clock.now() - 60 * MINUTE <= 90 * MINUTE // 96
        self.clock.set(moment(resets_at - 1))
        self.refused("c", tokens(1), limit)
        self.clock.set(moment(resets_at))
        # The open reservation is older than the window. Settling it does not count it in the window
        # again.
        self.reserve("c", tokens(6), limit)
        self.refused("d", tokens(1), limit)
        self.settle("a", tokens(6))
        assert self.sums(limit) == (4, 6)

    def test_a_rolling_limit_that_comes_later_counts_all_that_is_in_its_window(self) -> None:
        for step in range(0, 96, 7):
            self.record(f"{step}", tokens(1))
            self.clock.advance(minutes=7)
        texts = ("rolling 1h", "rolling 90m", "rolling 97s", "rolling 1d")
        limits = [cap(1_000, text, window=text) for text in texts]
        unwatched = [self.stands(limit) for limit in limits]
        self.watch(*limits)
        watched = [self.stands(limit) for limit in limits]
        assert watched == unwatched
        # An event just inside the window, at the edge of a slot, still counts.
        for number, text in enumerate(texts):
            length = limits[number].window.seconds * SECOND
            # Another time zone makes another account, so each round has a new one.
            edge = (self.clock.now() // length + 2) * length
            self.clock.set(moment(edge + 1))
            self.record(f"edge {number}", tokens(1))
            self.clock.set(moment(edge + length))
            late = cap(10, "late", window=text, timezone="Asia/Ho_Chi_Minh")
            assert self.sums(late) == (1, 0), text
            self.watch(late)
            assert self.sums(late) == (1, 0), text

    def test_rolling_sums_are_those_of_a_plain_count(self) -> None:
        length = 60 * MINUTE
        limit = cap(10**9, window="rolling 1h")
        self.watch(limit)
        booked: list[tuple[int, int]] = []
        for step in range(120):
            amount = step * 37 % 101 + 1
            self.record(f"{step}", tokens(amount))
            booked.append((self.clock.now(), amount))
            self.clock.advance(seconds=step * 53 % 97)
            now = self.clock.now()
            used = self.sums(limit)[0]
            least = sum(much for when, much in booked if when > now - length)
            most = sum(much for when, much in booked if when > now - length - length // 96 - 1)
            assert least <= used <= most

    def test_periods_are_those_of_the_instant_asked_for(self) -> None:
        limit = cap(10, window="hour")
        self.watch(limit)
        now = self.clock.now()
        self.apply(c.Record("a", LABELS, tokens(3)))
        (later,) = self.store.verdicts((limit,), now + HOUR)
        assert (later.used, later.period.start_at) == (0, now + HOUR)
        (present,) = self.store.verdicts((limit,), now)
        assert (present.used, present.period.start_at) == (3, now)
        assert instant(moment(now)) == now
