"""Usage events in the forms that other programs read."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.app.records.atomic_file import write_file
from quotakeeper.app.records.csv_text import inert
from quotakeeper.app.records.events import FORMATS, event_record, write_events
from quotakeeper.app.records.instants import rfc3339
from quotakeeper.domain.units import MODALITIES, STORED_METERS
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance, UsageEvent
from quotakeeper.errors import InvalidInputError

AT = 1_795_435_200_000_000  # 2026-11-23T12:00:00Z
PLAIN = UsageEvent(
    id="my-id-1",
    at=AT,
    labels=CallLabels("gemini", "gemini-2.5-flash", "translate", (("project", "phim-01"),)),
    quantities={
        "input_tokens": 900,
        "input_tokens@audio": 300,
        "output_tokens": 640,
        "requests": 1,
    },
    cost_pico=2_000_000,
    price_id="gemini/x",
    provenance=Provenance.REPORTED,
    outcome=Outcome.OK,
    model_served="gemini-2.5-flash-001",
    duration_ms=812,
)

keys = st.sampled_from(
    [*STORED_METERS, *(f"{m}@{x}" for m in ("input_tokens", "output_tokens") for x in MODALITIES)]
)
hostile = st.text(max_size=20) | st.sampled_from(
    ["=1+1", "\u202eabc", '"', "\r\n", "＝A1", "\ud800"]
)
events = st.builds(
    UsageEvent,
    id=hostile,
    at=st.integers(0, 4_102_444_800_000_000),
    labels=st.builds(
        CallLabels,
        hostile,
        hostile,
        hostile,
        st.lists(st.tuples(hostile, hostile), max_size=2).map(tuple),
    ),
    quantities=st.dictionaries(keys, st.integers(1, 2**62)),
    cost_pico=st.none() | st.integers(0, 2**63 - 1),
    price_id=hostile,
    provenance=st.sampled_from(Provenance),
    outcome=st.sampled_from(Outcome),
    model_served=hostile,
    duration_ms=st.none() | st.integers(0, 10**9),
    note=hostile,
)


def written(form: str, *found: UsageEvent) -> str:
    stream = io.StringIO()
    assert write_events(iter(found), stream, form, generated_at=AT) == len(found)
    return stream.getvalue()


def test_the_pinned_line() -> None:
    line = written("ndjson", PLAIN)
    assert line.endswith("\n")
    record = json.loads(line)
    assert list(record)[:11] == [
        "schema", "id", "at", "provider", "model", "operation", "scope", "quantities", "cost_usd",
        "provenance", "outcome",
    ]  # fmt: skip
    assert record == {
        "schema": 1,
        "id": "my-id-1",
        "at": "2026-11-23T12:00:00.000000Z",
        "provider": "gemini",
        "model": "gemini-2.5-flash",
        "operation": "translate",
        "scope": {"project": "phim-01"},
        "quantities": {"input_tokens": 1200, "output_tokens": 640, "requests": 1},
        "cost_usd": "0.000002",
        "provenance": "reported",
        "outcome": "ok",
        "model_served": "gemini-2.5-flash-001",
        "price_id": "gemini/x",
        "duration_ms": 812,
        "modalities": {"input_tokens": {"audio": 300}},
        "note": "",
    }


def test_unpriced_is_null_and_free_is_zero() -> None:
    free = UsageEvent("a", AT, CallLabels("x"), cost_pico=0)
    unpriced = UsageEvent("b", AT, CallLabels("x"))
    assert event_record(free)["cost_usd"] == "0.00"
    assert event_record(unpriced)["cost_usd"] is None
    rows = list(csv.DictReader(io.StringIO(written("csv", free, unpriced), newline="")))
    assert [row["cost_usd"] for row in rows] == ["0.00", ""]


def test_an_export_of_nothing_is_still_well_formed() -> None:
    assert written("ndjson") == ""
    assert json.loads(written("json")) == {
        "schema": 1, "generated_at": "2026-11-23T12:00:00Z", "events": [],
    }  # fmt: skip
    (header,) = csv.reader(io.StringIO(written("csv"), newline=""))
    assert header[:6] == ["id", "at", "provider", "model", "operation", "scope"]


@given(st.lists(events, max_size=4))
def test_every_form_holds_every_event(found: list[UsageEvent]) -> None:
    lines = written("ndjson", *found)
    assert lines.isascii()
    records = [json.loads(line) for line in lines.splitlines()]
    assert {record.pop("schema") for record in records} <= {1}
    assert records == json.loads(written("json", *found))["events"]
    assert [record["id"] for record in records] == [event.id for event in found]
    assert [record["operation"] for record in records] == [e.labels.operation for e in found]
    rows = list(csv.DictReader(io.StringIO(written("csv", *found), newline=""), strict=True))
    assert len(rows) == len(found)
    for row, record in zip(rows, records, strict=True):
        assert row["operation"] == inert(record["operation"])
        assert row["cost_usd"] == (record["cost_usd"] or "")
        for meter in STORED_METERS:
            assert row[meter] == str(record["quantities"].get(meter, ""))


def test_events_are_written_one_by_one() -> None:
    written_so_far: list[int] = []
    stream = io.StringIO()

    def source() -> Iterator[UsageEvent]:
        for _ in range(3):
            written_so_far.append(stream.getvalue().count("\n"))
            yield PLAIN

    write_events(source(), stream, "ndjson", generated_at=AT)
    assert written_so_far == [0, 1, 2]


def test_an_unknown_format_names_the_known_ones() -> None:
    with pytest.raises(InvalidInputError, match="one of: ndjson, json, csv"):
        write_events([], io.StringIO(), "xlsx", generated_at=AT)


def test_instants() -> None:
    assert rfc3339(AT) == "2026-11-23T12:00:00Z"
    assert rfc3339(AT + 1) == "2026-11-23T12:00:00.000001Z"
    assert rfc3339(0) == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize("form", FORMATS)
def test_a_file_is_whole_or_as_it_was(tmp_path: Path, form: str) -> None:
    target = tmp_path / "báo cáo.txt"
    target.write_text("before", encoding="utf-8")

    def failing() -> Iterator[UsageEvent]:
        yield PLAIN
        raise RuntimeError("the ledger went away")

    with pytest.raises(RuntimeError):
        write_file(target, lambda s: write_events(failing(), s, form, generated_at=AT))
    assert target.read_text(encoding="utf-8") == "before"
    assert write_file(target, lambda s: write_events([PLAIN], s, form, generated_at=AT)) == 1
    assert target.read_bytes().decode("utf-8") == written(form, PLAIN)
    assert [path.name for path in tmp_path.iterdir()] == [target.name]


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="is a folder"):
        write_file(tmp_path, lambda s: 0)
    with pytest.raises(InvalidInputError, match=r"absent.* cannot be written"):
        write_file(tmp_path / "absent" / "x.csv", lambda s: 0)


def test_a_byte_order_mark_is_there_when_asked_for(tmp_path: Path) -> None:
    write_file(tmp_path / "x.csv", lambda s: s.write("đ"), mark=True)
    assert (tmp_path / "x.csv").read_bytes() == b"\xef\xbb\xbf\xc4\x91"
