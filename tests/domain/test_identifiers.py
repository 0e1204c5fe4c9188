"""Identifiers sort by time and never repeat."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.domain.usage import is_storable
from quotakeeper.identifiers import new_id, new_owner

ALPHABET = set("0123456789ABCDEFGHJKMNPQRSTVWXYZ")
NOW = 1_795_435_200_000_000


def test_ids_are_all_different():
    assert len({new_id(NOW) for _ in range(20_000)}) == 20_000
    assert len({new_owner() for _ in range(2_000)}) == 2_000


@given(st.integers(0, 2**57), st.integers(1_000, 2**50))
def test_later_ids_sort_after_earlier_ones(at, later):
    first, second = new_id(at), new_id(at + later)
    assert first < second
    assert len(first) == 26 and set(first) <= ALPHABET and is_storable(first)


def test_an_id_starts_with_its_time_in_milliseconds():
    number = 0
    for digit in new_id(NOW)[:10]:
        number = number * 32 + sorted(ALPHABET).index(digit)
    assert number == NOW // 1_000


def test_an_owner_id_can_be_a_file_name():
    owner = new_owner()
    assert is_storable(owner) and not set(owner) & set("/\\:. \x00")
