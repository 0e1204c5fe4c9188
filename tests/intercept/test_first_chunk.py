"""When the first chunk of a stream is parsed: it delays the first byte that the program gets."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from quotakeeper.metering.stream_budget import StreamBudget
from quotakeeper.providers.contract import Call
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


@pytest.mark.parametrize(("held", "parses"), [("bound", 0), ("typical", 1)])
def test_the_first_chunk_is_parsed_only_if_less_than_the_worst_case_is_reserved(
    held: str, parses: int
) -> None:
    adapter, call = understood(WIRES[0].request)
    quantities = dict(getattr(call, held))
    if held == "typical":
        quantities["output_tokens"] = call.bound["output_tokens"] - 1
    reservation: Any = SimpleNamespace(hold=SimpleNamespace(quantities=quantities), is_open=True)
    reading, meter = Reading(call), Any
    budget = StreamBudget(meter, adapter, call, reservation, reading.read)  # type: ignore[arg-type]
    assert budget.after(CHUNK, splits=True) is None
    assert reading.parses == parses
    # As many bytes as tokens are reserved have passed: each token has a byte, so it may be over.
    budget.after(CHUNK * quantities["output_tokens"], splits=True)
    assert reading.parses == parses + 1
