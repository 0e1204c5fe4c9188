"""Plans: no limit is exceeded, the order of files stays, no file is later than it must be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotakeeper.clocks import zone_named
from quotakeeper.domain.forecasting.scheduling import Ask, LimitRoom, Schedule, Task, plan, standing
from quotakeeper.domain.forecasting.time_buckets import BUCKET, bucket_start, use_by_bucket
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.domain.limits import Limit, Mode, applicable
from quotakeeper.domain.units import measure
from quotakeeper.domain.usage import CallLabels
from quotakeeper.domain.windows import SECOND, parse_window
from quotakeeper.stores.memory import MemoryStore
from quotakeeper.testing import FakeClock

HOUR = 3_600 * SECOND
DAY = 24 * HOUR
NOW = FakeClock("2026-11-23T15:20:00Z").now()
FOREVER = NOW + 4_000 * DAY
SPEECH = CallLabels("deepgram", "nova-3", "speech_to_text")
TRANSLATE = CallLabels("gemini", "gemini-2.5-flash", "translate")


def limit(amount: int, window: str = "day", **more: object) -> Limit:
    given = {"name": f"{amount} a {window}", "meter": "requests", **more}
    return Limit(window=parse_window(window), amount=amount, **given)  # type: ignore[arg-type]


def calls(name: str, count: int = 1, labels: CallLabels = SPEECH) -> Task:
    return Task(name, tuple(Ask(labels, {"requests": 1}, 0) for _ in range(count)))


def planned(
    tasks: Sequence[Task], *limits: Limit, now: int = NOW, until: int = FOREVER, counted: int = 0
) -> Schedule:
    each = [standing(x, zone_named(x.timezone), counted, now) for x in limits]
    return plan(tasks, each, now, until)


def hours(schedule: Schedule) -> list[float]:
    return [(each.ends_at - NOW) / HOUR for each in schedule.planned]


def test_without_limits_everything_runs_now() -> None:
    found = planned([calls("a", 3), calls("b")])
    assert hours(found) == [0, 0]
    assert [each.waited_for for each in found.planned] == ["", ""]


def test_work_that_does_not_fit_today_runs_after_the_reset() -> None:
    cap = limit(2)
    found = planned([calls("a"), calls("b"), calls("c"), calls("d"), calls("e")], cap, counted=1)
    assert hours(found) == pytest.approx([0, 8 + 2 / 3, 8 + 2 / 3, 32 + 2 / 3, 32 + 2 / 3])
    assert [each.waited_for for each in found.planned] == ["", cap.name, "", cap.name, ""]


def test_a_small_file_does_not_overtake_a_large_one() -> None:
    found = planned([calls("large", 3), calls("small")], limit(3), counted=1)
    assert [each.name for each in found.planned] == ["large", "small"]
    assert found.planned[0].starts_at == NOW
    assert found.planned[1].ends_at == found.planned[0].ends_at > NOW


def test_a_file_larger_than_a_limit_is_named_and_the_others_continue() -> None:
    minutes = limit(60_000, meter="audio_minutes", name="minutes")
    long = Task("long", (Ask(SPEECH, {"audio_milliseconds": 60_001}, 0),))
    short = Task("short", (Ask(SPEECH, {"audio_milliseconds": 60_000}, 0),))
    found = planned([long, short], minutes)
    assert [(each.name, each.limit.name, each.asked) for each in found.impossible] == [
        ("long", "minutes", 60_001)
    ]
    assert [each.name for each in found.planned] == ["short"]
    nothing = limit(0, meter="cost", name="no money")
    free = Task("unpriced", (Ask(SPEECH, {"requests": 1}, None),))
    assert planned([free], nothing).impossible[0].limit.name == "no money"


def test_a_large_file_of_small_calls_is_spread_over_the_minutes_it_needs() -> None:
    found = planned([calls("a", 5)], limit(2, "minute"))
    assert [each - NOW for each in found.planned[0].times] == [
        0, 0, 60 * SECOND, 60 * SECOND, 120 * SECOND,
    ]  # fmt: skip


def test_each_limit_resets_at_its_own_midnight() -> None:
    saigon = limit(1, timezone="Asia/Ho_Chi_Minh", provider="deepgram")
    pacific = limit(1, timezone="America/Los_Angeles", provider="gemini")
    both = [Task(str(n), calls("", 1).asks + calls("", 1, TRANSLATE).asks) for n in range(2)]
    found = planned(both, saigon, pacific)
    assert [(at - NOW) / HOUR for at in found.planned[1].times] == pytest.approx(
        [1 + 2 / 3, 16 + 2 / 3]
    )
    assert found.planned[1].waited_for == pacific.name


def test_a_rolling_window_has_room_again_as_use_leaves_it() -> None:
    cap = limit(2, "rolling 24h")
    profile = {NOW - 20 * HOUR: 1, NOW - 10 * HOUR: 1}
    each = standing(cap, UTC, 2, NOW, profile)
    found = plan([calls("a"), calls("b"), calls("c")], [each], NOW, FOREVER)
    first, second, third = hours(found)
    slack = 0.25 + 1 / 12  # a slice of the window, and a slot
    assert 4 <= first <= 4 + slack
    assert 14 <= second <= 14 + slack
    assert 28 <= third <= 28 + 2 * slack
    unknown = standing(cap, UTC, 2, NOW)
    assert 24 <= hours(plan([calls("a")], [unknown], NOW, FOREVER))[0] <= 24.25


def test_a_limit_that_is_already_exceeded_makes_everything_wait() -> None:
    assert hours(planned([calls("a")], limit(3), counted=7)) == pytest.approx([8 + 2 / 3])


def test_work_after_the_horizon_is_left_out() -> None:
    found = planned([calls(str(n)) for n in range(5)], limit(1), until=NOW + 2 * DAY)
    assert [each.name for each in found.planned] == ["0", "1", "2"]
    assert found.beyond == ("3", "4")


def test_a_soft_limit_that_is_exceeded_is_shown_and_a_shadow_limit_is_not() -> None:
    soft = limit(2, mode=Mode.SOFT, name="soft")
    shadow = limit(1, mode=Mode.SHADOW, name="shadow")
    found = planned([calls(str(n)) for n in range(4)], soft, shadow)
    assert hours(found) == [0, 0, 0, 0]
    assert [(each.limit.name, each.name, each.at) for each in found.passed] == [("soft", "2", NOW)]


def test_a_call_of_unknown_cost_waits_until_a_money_limit_has_room() -> None:
    money = limit(10, meter="cost")
    unpriced = Task("u", (Ask(SPEECH, {"requests": 1}, None),))
    assert hours(planned([unpriced], money, counted=9)) == [0]
    assert hours(planned([unpriced], money, counted=10)) == pytest.approx([8 + 2 / 3])


# -- random limits

ZONES = ("UTC", "Asia/Ho_Chi_Minh", "America/Los_Angeles", "Asia/Kathmandu")
WINDOWS = ("minute", "hour", "day", "week", "month", "rolling 1h", "rolling 24h", "rolling 7d")


@st.composite
def limits(draw: st.DrawFn) -> list[Limit]:
    found = []
    for number in range(draw(st.integers(1, 4))):
        found.append(
            Limit(
                f"limit {number}", draw(st.sampled_from(["requests", "tokens", "cost"])),
                parse_window(draw(st.sampled_from(WINDOWS))), draw(st.integers(8, 60)),
                draw(st.sampled_from(["", "deepgram", "gemini"])),
                timezone=draw(st.sampled_from(ZONES)),
            )
        )  # fmt: skip
    return found


asks = st.builds(
    lambda labels, tokens, cost: Ask(labels, {"input_tokens": tokens, "requests": 1}, cost),
    st.sampled_from([SPEECH, TRANSLATE]), st.integers(0, 8), st.none() | st.integers(0, 8),
)  # fmt: skip
tasks = st.lists(st.lists(asks, max_size=4), min_size=1, max_size=8).map(
    lambda many: [Task(str(number), tuple(each)) for number, each in enumerate(many)]
)
earlier = st.lists(st.tuples(st.integers(0, 30 * 24 * 60), asks), max_size=6)


class Ledger:
    """A real ledger in memory, with a clock that follows the plan."""

    def __init__(self, caps: Sequence[Limit]) -> None:
        self.caps = caps
        self.store = MemoryStore(zone_named)
        self.number = 0
        first = NOW - 31 * DAY
        self.store.apply([c.Watch(tuple(cap.account for cap in caps))], first)

    def figures(self, ask: Ask) -> Figures:
        return Figures(ask.quantities, ask.cost_pico)

    def record(self, ask: Ask, at: int) -> None:
        self.number += 1
        self.store.apply([c.Record(str(self.number), ask.labels, self.figures(ask))], at)

    def reserved(self, ask: Ask, at: int) -> bool:
        self.number += 1
        caps = applicable(self.caps, ask.labels)
        command = c.Reserve(str(self.number), ask.labels, self.figures(ask), caps, "me", HOUR)
        (outcome,) = self.store.apply([command], at)
        return isinstance(outcome, c.Reserved)

    def would_admit(self, ask: Ask, at: int) -> bool:
        caps = applicable(self.caps, ask.labels)
        return self.store.check(ask.labels, self.figures(ask), caps, at).allowed

    def settle(self, ask: Ask, at: int) -> None:
        self.store.apply([c.Settle(str(self.number), self.figures(ask))], at)

    def standings(self) -> list[LimitRoom]:
        profiles = use_by_bucket([cap.account for cap in self.caps], self.store.slots())
        found = []
        for verdict, profile in zip(self.store.verdicts(self.caps, NOW), profiles, strict=True):
            cap = verdict.limit
            counted = verdict.used + verdict.reserved
            found.append(standing(cap, zone_named(cap.timezone), counted, NOW, profile))
        return found


@settings(max_examples=150, deadline=None)
@given(caps=limits(), work=tasks, before=earlier, open_one=st.none() | asks)
def test_the_ledger_admits_every_planned_call_at_its_planned_time(
    caps: list[Limit], work: list[Task], before: list[tuple[int, Ask]], open_one: Ask | None
) -> None:
    ledger = Ledger(caps)
    for minutes, ask in sorted(before, key=lambda each: -each[0]):
        ledger.record(ask, NOW - minutes * 60 * SECOND)
    if open_one is not None:
        ledger.reserved(open_one, NOW)
    found = plan(work, ledger.standings(), NOW, FOREVER)
    assert not found.beyond
    by_name = {task.name: task for task in work}
    times = [at for each in found.planned for at in each.times]
    assert times == sorted(times), "the order is kept"
    assert all(at >= NOW for at in times)
    rolls_on = before and any(cap.window.kind == "rolling" for cap in caps)
    last = NOW
    for each in found.planned:
        for ask, at in zip(by_name[each.name].asks, each.times, strict=True):
            if at > last and not rolls_on:
                assert not ledger.would_admit(ask, at - 1), "it waits no longer than it must"
            assert ledger.reserved(ask, at), (each, ask)
            ledger.settle(ask, at)
            last = at
    for obstacle in found.impossible:
        biggest = max(
            measure(obstacle.limit.account_meter, ask.quantities, ask.cost_pico)
            for ask in by_name[obstacle.name].asks
        )
        assert biggest > obstacle.limit.amount
    done = [each.name for each in found.planned]
    assert done == [t.name for t in work if t.name in done], "in the order they were given"
    assert len(done) + len(found.impossible) == len(work)


def test_use_at_the_end_of_a_slot_leaves_a_rolling_window_at_its_own_time() -> None:
    cap = limit(1, "rolling 1h")
    ledger, task = Ledger([cap]), calls("a")
    ledger.record(task.asks[0], bucket_start(NOW - HOUR // 2) + BUCKET - 1)
    (found,) = plan([task], ledger.standings(), NOW, FOREVER).planned
    assert ledger.reserved(task.asks[0], found.ends_at)


@settings(max_examples=100, deadline=None)
@given(caps=limits(), work=tasks, which=st.integers(0, 3), more=st.integers(1, 40))
def test_a_higher_limit_makes_nothing_later(
    caps: list[Limit], work: list[Task], which: int, more: int
) -> None:
    index = which % len(caps)
    wider = [replace(cap, amount=cap.amount + more * (n == index)) for n, cap in enumerate(caps)]
    narrow, wide = planned(work, *caps), planned(work, *wider)
    assert not narrow.impossible, "each call is smaller than any of these limits"
    for before, after in zip(narrow.planned, wide.planned, strict=True):
        assert after.ends_at <= before.ends_at
        assert all(a <= b for a, b in zip(after.times, before.times, strict=True))


@settings(max_examples=100, deadline=None)
@given(caps=limits(), work=tasks)
def test_a_plan_is_deterministic_and_a_shorter_plan_is_its_beginning(
    caps: list[Limit], work: list[Task]
) -> None:
    whole = planned(work, *caps)
    assert planned(work, *caps) == whole
    short = planned(work, *caps, until=NOW + 2 * DAY)
    assert short.planned == whole.planned[: len(short.planned)]
    assert len(short.planned) + len(short.beyond) == len(work)


def test_a_day_of_23_hours_is_planned_with_23_hours() -> None:
    start = FakeClock("2027-03-14T08:30:00Z").now()
    cap = limit(1, timezone="America/Los_Angeles")
    each = LimitRoom(cap, ZoneInfo("America/Los_Angeles"))
    found = plan([calls("a"), calls("b")], [each], start, FOREVER)
    assert found.planned[1].ends_at == FakeClock("2027-03-15T07:00:00Z").now()
