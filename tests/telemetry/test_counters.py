"""Counters never fall: what goes up is added, what goes down is taken back, and nothing is lost."""

from __future__ import annotations

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.telemetry.counter_file import CounterFile
from quotakeeper.telemetry.counters import MOST_KEYS, Counters, counter_families, counters_from
from quotakeeper.telemetry.usage_sums import Series

KEY: Series = ("key_calls", (("key", "canary"),))
COST: Series = ("cost_usd", (("provider", "gemini"), ("model", "a")))
OTHER: Series = ("cost_usd", (("provider", "gemini"), ("model", "b")))


@given(st.lists(st.dictionaries(st.sampled_from([COST, OTHER]), st.integers(0, 10**20))))
def test_both_numbers_only_grow_and_their_difference_is_the_sum(
    seen: list[dict[Series, int]],
) -> None:
    counters = Counters()
    last: dict[Series, tuple[int, int]] = {}
    for sums in seen:
        found = counters.advance(sums)
        counters = counters_from(counters.text())  # as a restart does
        for series, (added, taken) in found.items():
            before = last.get(series, (0, 0))
            assert added >= before[0] and taken >= before[1]
            assert added - taken == sums.get(series, 0)
        assert last.keys() <= found.keys()
        last.update(found)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "null", '{"form": 2, "series": {}}', '{"form": 1}', '{"form": 1, "series": [1]}',
     '{"form": 1, "series": {"a": ["x", "1", null]}}', '{"form": 1, "series": {"a": ["1"]}}',
     '{"form": 1, "series": {"a": ["-5", "0", null]}}', "[" * 100_000,
     '{"form": 1, "series": {"a": ["5", "0", ["cost_usd", [["provider", "x"], ["model", "y"]]]]}}'],
)  # fmt: skip
def test_a_damaged_file_begins_anew(text: str) -> None:
    assert counters_from(text).numbers == {}


def test_models_and_keys_that_are_not_named_are_added_up() -> None:
    """The sum of the family stays the same, so nothing is counted twice or lost."""
    keys = [f"key {number}" for number in range(MOST_KEYS + 3)]
    both: dict[Series, tuple[int, int]] = {
        ("key_calls", (("key", name),)): (number + 1, 1) for number, name in enumerate(keys)
    }
    both |= {COST: (5, 2), OTHER: (7, 0)}
    families = {each.name: each for each in counter_families(both, lambda *_: ("x", "other"), keys)}
    assert families["quotakeeper_cost_usd_total"].samples == {
        (("provider", "x"), ("model", "other")): 12
    }
    assert families["quotakeeper_corrected_cost_usd_total"].samples == {
        (("provider", "x"), ("model", "other")): 2
    }
    calls = families["quotakeeper_key_calls_total"].samples
    assert len(calls) == MOST_KEYS + 1
    assert sum(calls.values()) == sum(range(MOST_KEYS + 4))
    assert calls[(("key", "other"),)] == sum(range(MOST_KEYS + 1, MOST_KEYS + 4))


def test_a_restart_goes_on_where_the_file_is(tmp_path: Path) -> None:
    path = tmp_path / "in" / "counters.json"
    for now, expected in ((10, (10, 0)), (7, (10, 3)), (9, (12, 3)), (0, (12, 12))):
        file = CounterFile(path)
        with file.counters() as counters:
            assert counters.advance({COST: now})[COST] == expected
        assert file.is_kept
    with CounterFile(path).counters() as counters:
        counters.advance({KEY: 1})
    assert "gemini" in path.read_text(encoding="utf-8")
    assert "canary" not in path.read_text(encoding="utf-8")
    with CounterFile(path).counters() as counters:  # a series that has no calls any more stays
        assert counters.advance({}) == {COST: (12, 12)}


def test_many_processes_share_the_file(tmp_path: Path) -> None:
    """Each reads and writes under the lock, so none adds what another has added already."""
    path = tmp_path / "counters.json"
    sums = [10 * number - 15 * (number % 2) for number in range(1, 81)]
    one_by_one = Counters()
    expected = [one_by_one.advance({COST: each})[COST][0] for each in sums]
    now = iter(sums)

    def read(_: int) -> int:
        with CounterFile(path).counters() as counters:
            return counters.advance({COST: next(now)})[COST][0]

    with ThreadPoolExecutor(8) as pool:
        found = sorted(pool.map(read, range(80)))
    assert found == expected
    assert [each.name for each in tmp_path.iterdir() if each.name.endswith(".part")] == []
    ((added, taken, _),) = json.loads(path.read_text(encoding="utf-8"))["series"].values()
    assert int(added) == expected[-1] and int(added) - int(taken) == sums[-1]


def test_without_a_usable_file_the_counters_of_the_process_go_on(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    for path in (None, tmp_path / "file" / "counters.json"):
        file = CounterFile(path)
        for now, expected in ((10, (10, 0)), (7, (10, 3))):
            with file.counters() as counters:
                assert counters.advance({COST: now})[COST] == expected
            assert not file.is_kept


def test_a_failed_read_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "counters.json"
    with CounterFile(path).counters() as counters:
        counters.advance({COST: 3})
    before = path.read_bytes()
    with pytest.raises(RuntimeError), CounterFile(path).counters() as counters:
        counters.advance({COST: 9})
        raise RuntimeError
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
@pytest.mark.parametrize("kind", ["folder", "link"])
def test_a_file_of_another_kind_is_not_used_and_stops_no_reading(tmp_path: Path, kind: str) -> None:
    path, other = tmp_path / "counters.json", tmp_path / "other"
    other.write_text("mine")
    path.mkdir() if kind == "folder" else path.symlink_to(other)
    file = CounterFile(path)
    before = len(os.listdir("/proc/self/fd")) if Path("/proc/self/fd").is_dir() else 0
    found = []
    for now in (5, 3):
        with file.counters() as counters:
            found.append(counters.advance({COST: now})[COST])
        assert not file.is_kept
    assert found == [(5, 0), (5, 2)]
    after = len(os.listdir("/proc/self/fd")) if before else 0
    assert after == before
    assert other.read_text() == "mine" and path.is_dir() == (kind == "folder")
