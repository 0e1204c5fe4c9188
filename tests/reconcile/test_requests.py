"""Comparison by request: certain matches are made, and uncertain ones are reported."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from quotakeeper.app.reconcile import Compared, Difference, RequestWindow, compare_requests
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance, UsageEvent
from quotakeeper.domain.windows import SECOND
from quotakeeper.providers.account_records import AccountRequest

NOON = 1_795_003_200 * SECOND
ALWAYS = RequestWindow()
COST = 1_000_000_000


def request(
    identity: str, seconds: float = 60, *, at: float = 0, failed: bool = False,
    operation: str = "listen", model: str = "nova-3", cost: int | None = COST,
) -> AccountRequest:  # fmt: skip
    quantities = {"requests": 1}
    if not failed:
        quantities["audio_milliseconds"] = round(seconds * 1000)
    return AccountRequest(identity, NOON + round(at * SECOND), operation, model, failed,
                          quantities, 0 if failed else cost)  # fmt: skip


def event(
    identity: str, seconds: float = 60, *, at: float = 0, note: str = "", known: str = "reported",
    operation: str = "listen", model: str = "nova-3", cost: int | None = COST,
    took: int | None = None,
) -> UsageEvent:  # fmt: skip
    quantities = {"requests": 1, "audio_milliseconds": round(seconds * 1000)}
    return UsageEvent(
        identity, NOON + round(at * SECOND), CallLabels("deepgram", model, operation),
        quantities, cost, "", Provenance(known),
        Outcome.UNKNOWN if known == "assumed" else Outcome.OK, "", took, note,
    )  # fmt: skip


def compared(
    requests: Iterable[AccountRequest], events: Iterable[UsageEvent], window: RequestWindow = ALWAYS
) -> tuple[list[Difference], Compared]:
    sums = Compared()
    same = lambda one, other: one == other  # noqa: E731
    found = list(compare_requests("deepgram", requests, events, window, same, sums))
    return found, sums


def named(found: Iterable[Difference]) -> set[tuple[str, str, str]]:
    return {
        (str(d.kind), d.request.id if d.request else "", d.event.id if d.event else "")
        for d in found
    }  # fmt: skip


def test_calls_are_matched_by_the_providers_id() -> None:
    events = [event("a", note="request r1"), event("b", note="cut short; request r2")]
    found, sums = compared([request("r2", at=9), request("r1", at=-9)], events)
    assert (found, sums.alike) == ([], 2)
    assert sums.here == sums.there
    assert (sums.here.calls, sums.here.cost_pico) == (2, 2 * COST)


@pytest.mark.parametrize(
    ("there", "here", "kind"),
    [
        (request("r", 60), event("e", 60, note="request r"), None),
        (request("r", 61), event("e", 60, note="request r"), "quantity"),
        (request("r", cost=COST + 10**6), event("e", note="request r"), "price"),
        (request("r"), event("e", note="request r", cost=COST + 10**6 - 1), None),
        (request("r", cost=COST + 1), event("e", note="request r"), "price"),
        (request("r", cost=None), event("e", note="request r"), None),
        (request("r"), event("e", cost=None, note="request r"), "price"),
        (request("r"), event("e", note="request r", known="estimated"), "now_known"),
        (request("r"), event("e", note="request r", known="assumed"), "now_known"),
        (request("r"), event("e", note="request r", known="tokenizer"), None),
        (request("r", failed=True), event("e", note="request r"), "quantity"),
        (request("r", 61), event("e", 60, note="request r", known="assumed"), "now_known"),
    ],
)
def test_differences_of_one_call_are_reported(
    there: AccountRequest, here: UsageEvent, kind: str | None
) -> None:
    found, _ = compared([there], [here])
    assert [str(each.kind) for each in found] == ([kind] if kind else [])
    for each in found:
        assert each.better is not None
        # After these corrections the ledger has the account's figures, so nothing differs.
        better = each.better
        corrected = replace(
            here,
            quantities=here.quantities if better.quantities is None else better.quantities,
            cost_pico=here.cost_pico if better.cost_pico is None else better.cost_pico,
            provenance=better.provenance, outcome=better.outcome, note=better.note,
        )  # fmt: skip
        assert compared([there], [corrected])[0] == []


def test_figures_that_the_account_never_has_are_kept() -> None:
    here = replace(
        event("e", 60, note="request r", known="estimated"),
        quantities={"requests": 1, "audio_milliseconds": 60_000, "input_tokens": 50},
    )
    (found,) = compared([request("r", 30)], [here])[0]
    assert found.better is not None
    assert found.better.quantities == {
        "requests": 1, "audio_milliseconds": 30_000, "input_tokens": 50,
    }  # fmt: skip
    # The account has no more figures for tokens.
    assert found.better.provenance is Provenance.ESTIMATED


def test_a_call_without_an_id_is_matched_by_time_model_operation_and_length() -> None:
    assumed = event("e", 60, known="assumed")
    for one in (
        request("r", 60, at=30),
        request("r", 31, at=600),
        request("r", 60, at=-59),
        request("r", failed=True),
    ):
        assert named(compared([one], [assumed])[0]) == {("now_known", "r", "e")}
    for other in (
        request("r", at=16 * 60),
        request("r", at=-61),
        request("r", model="nova-2"),
        request("r", operation="listen_live"),
        request("r", operation="speak"),
    ):
        assert named(compared([other], [assumed])[0]) == {
            ("missing_here", "r", ""), ("missing_there", "", "e"),
        }  # fmt: skip


def test_a_programs_own_figures_must_be_close_to_match() -> None:
    mine = event("e", 60, operation="speech_to_text")
    assert named(compared([request("r", 61)], [mine])[0]) == {("quantity", "r", "e")}
    assert named(compared([request("r", 62)], [mine])[0]) == {
        ("missing_here", "r", ""), ("missing_there", "", "e"),
    }  # fmt: skip


def test_length_and_duration_distinguish_calls() -> None:
    events = [
        event("long", 100, known="assumed"),
        event("short", 10, known="assumed"),
        event("first", 20, at=0, known="estimated", took=5_000),
        event("second", 20, at=60, known="estimated", took=5_000),
    ]
    requests = [
        request("r-second", 20, at=62, cost=5),
        request("r-short", 10, at=1),
        request("r-first", 20, at=3, cost=6),
        request("r-long", 100, at=2),
    ]
    found, _ = compared(requests, events)
    assert named(found) == {
        ("now_known", f"r-{name}", name) for name in ("long", "short", "first", "second")
    }


def test_an_ambiguous_match_is_not_made() -> None:
    events = [event("a", 60, known="assumed"), event("b", 60, at=1, known="assumed")]
    requests = [request("r1", 60, cost=5), request("r2", 60, at=2, cost=6)]
    found, sums = compared(requests, events)
    assert named(found) == {("ambiguous", "r1", ""), ("ambiguous", "r2", ""),
                            ("ambiguous", "", "a"), ("ambiguous", "", "b")}  # fmt: skip
    assert all(each.better is None for each in found)
    assert (sums.here.calls, sums.there.calls) == (2, 2)
    # One of the two never reached the provider, and the data does not show which.
    found, _ = compared(requests[:1], events)
    assert {kind for kind, _, _ in named(found)} == {"ambiguous"}


def test_interchangeable_calls_are_matched_in_order() -> None:
    events = [event(f"e{n}", 60, at=n, known="assumed") for n in range(5)]
    requests = [request(f"r{n}", 60, at=n) for n in reversed(range(5))]
    assert named(compared(requests, events)[0]) == {
        ("now_known", f"r{n}", f"e{n}") for n in range(5)
    }


def test_calls_in_the_margin_are_compared_and_not_reported() -> None:
    window = RequestWindow(NOON, NOON + 3600 * SECOND)
    events = [
        event("before", at=-30, note="request r1"),
        event("begun before", at=-20, note="request r2"),
        event("in it", at=3599, note="request r3"),
        event("lost before", at=-40, known="assumed"),
        event("after", at=3600, note="request r4"),
    ]
    requests = [request("r1", at=-29), request("r2", at=1), request("r3", at=3601),
                request("r5", at=-1, model="nova-2"), request("r6", at=3600, model="nova-2")]  # fmt: skip
    found, sums = compared(requests, events, window)
    assert (named(found), sums.alike) == (set(), 2)
    found, _ = compared([], events, window)
    assert named(found) == {("missing_there", "", "in it")}


def test_overlapping_pages_count_once() -> None:
    requests = [request("r1"), request("r2"), request("r1"), request("r2"), request("r2")]
    found, sums = compared(requests, [event("a", note="request r1")])
    assert named(found) == {("missing_here", "r2", "")}
    assert (sums.alike, sums.there.calls) == (1, 2)


def test_two_events_with_one_request_id_are_two_calls() -> None:
    events = [event("a", note="request r"), event("b", at=1, note="request r")]
    found, _ = compared([request("r")], events)
    assert named(found) == {("missing_there", "", "b")}


def test_a_call_without_use_is_no_difference() -> None:
    nothing: Any = replace(event("e", note="request r"), quantities={"requests": 1}, cost_pico=0)
    assert compared([], [nothing])[0] == []


def test_reported_records_are_not_kept_in_memory() -> None:
    """The records come as a stream, and a record that was reported is not kept."""

    def many() -> Iterable[AccountRequest]:
        for number in range(1_000):
            yield request(f"r{number}", at=number)

    seen = compare_requests("deepgram", many(), [], ALWAYS, lambda a, b: a == b, Compared())
    first = next(iter(seen))
    assert first.request is not None and first.request.id == "r0"


def test_any_sequence_of_calls_is_reconciled_in_one_step() -> None:
    seed = random.SystemRandom().randrange(10**9)
    print(f"REPRO: seed {seed}")
    chance = random.Random(seed)
    for _ in range(60):
        requests, events = [], []
        for number in range(chance.randrange(1, 40)):
            at, length = number * chance.choice((1, 20, 2_000)), chance.choice((5, 5, 60, 61, 300))
            there = request(
                f"r{number}", length, at=at, cost=length * 7, failed=chance.random() < 0.1
            )
            requests.append(there)
            knows, known = chance.random(), chance.choice(("reported", "estimated", "assumed"))
            if knows < 0.7:
                events.append(event(f"e{number}", length, at=at - 1, known=known, cost=length * 7,
                                    note=f"request r{number}"))  # fmt: skip
            elif knows < 0.9:
                events.append(event(f"e{number}", length, at=at - 1, known="assumed", cost=9))
        chance.shuffle(requests)
        found, sums = compared(requests, events)
        told = [each.request.id for each in found if each.request is not None]
        assert len(told) == len(set(told))
        assert sums.there.calls == len(requests) and sums.here.calls == len(events)
        assert sums.there.cost_pico == sum(each.cost_pico or 0 for each in requests)
        seen = [each.event.id for each in found if each.event is not None]
        assert len(seen) == len(set(seen))
        assert sums.alike + len({*seen}) == len(events)
