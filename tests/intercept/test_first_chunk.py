"""When the chunks of a stream are parsed: the first delays the first byte, and each takes time."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import pytest

from quotakeeper.metering.stream_budget import StreamBudget
from quotakeeper.providers.contract import Adapter, Call
from tests.providers.support import understood
from tests.providers.wires import WIRES

CHUNK = b"data: {}\n\n"


class Reading:
    """Counts how often the answer is parsed."""

    def __init__(self, call: Call) -> None:
        adapter, _ = understood(WIRES[0].request)
        self.found = call, adapter.reader(call, 200, {})
        self.parses = 0

    def read(self) -> Any:
        self.parses += 1
        return self.found


def watched(
    adapter: Adapter, call: Call, quantities: dict[str, int]
) -> tuple[Reading, StreamBudget]:
    """The budget of a stream with this reservation, and what counts the parses."""
    reservation: Any = SimpleNamespace(hold=SimpleNamespace(quantities=quantities), is_open=True)
    reading, meter = Reading(call), Any
    return reading, StreamBudget(meter, adapter, call, reservation, reading.read)  # type: ignore[arg-type]


@pytest.mark.parametrize(("held", "parses"), [("bound", 0), ("typical", 1)])
def test_the_first_chunk_is_parsed_only_if_less_than_the_worst_case_is_reserved(
    held: str, parses: int
) -> None:
    adapter, call = understood(WIRES[0].request)
    quantities = dict(getattr(call, held))
    if held == "typical":
        quantities["output_tokens"] = call.bound["output_tokens"] - 1
    reading, budget = watched(adapter, call, quantities)
    assert budget.after(CHUNK, splits=True) is None
    assert reading.parses == parses
    # As many bytes as tokens are reserved have passed: each token has a byte, so it may be over.
    budget.after(CHUNK * quantities["output_tokens"], splits=True)
    assert reading.parses == parses + 1


def test_a_stream_that_reports_its_total_in_each_event_is_seldom_parsed() -> None:
    adapter, call = understood(WIRES[0].request)
    most = call.bound["output_tokens"]
    reading, budget = watched(adapter, call, dict(call.bound))
    total = 0
    for total in range(0, most, most // 200):
        budget.after(event(total), splits=True)
    seen = 200 * len(event(total))
    # The first time, and then once for each 16 KiB.
    assert 1 <= reading.parses <= 2 + seen // (16 * 1024)


def test_a_reported_total_beyond_the_reservation_is_parsed_at_once() -> None:
    adapter, call = understood(WIRES[0].request)
    reading, budget = watched(adapter, call, {**call.bound, "output_tokens": 50})
    for total, parses in ((1, 1), (49, 1), (50, 1), (51, 2)):
        budget.after(event(total), splits=True)
        assert reading.parses == parses, total


def event(total: int) -> bytes:
    usage = {"promptTokenCount": 3, "candidatesTokenCount": total, "totalTokenCount": 3 + total}
    return b"data: " + json.dumps({"usageMetadata": usage}).encode() + b"\n\n"
