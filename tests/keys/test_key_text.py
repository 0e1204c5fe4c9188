"""The text of a key: its form, its checksum, and what is refused before any query."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.domain.keys.key_text import LENGTH, digest_of, key_text, last_four
from tests.keys.fake_keys import text_of

LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
HOSTILE = (
    "", " ", "qk_", "QK_" + text_of(1)[3:], text_of(1).upper(), text_of(1) + " ", " " + text_of(1),
    text_of(1) + "\n", text_of(1) + "\0", text_of(1)[:-1] + "\0", "'; DROP TABLE entry; --",
    'qk_" OR ""="', "qk_" + "0" * 65_536, "x" * 65_536, "khóa-của-lan-" * 3, "qk_" + "é" * 38,
    "qk_" + "\u0660" * 38, "qk_" + "\ud800" * 38, "qk_" + "o" * 38, "qk_" + "i" * 38,
    text_of(1).replace("0", "O"), None, 41, b"qk_" + b"0" * 38, ["qk_"], True,
)  # fmt: skip


def test_the_form_is_a_prefix_160_bits_and_a_checksum() -> None:
    text = key_text(bytes(range(20)))
    assert text.startswith("qk_") and len(text) == LENGTH == 41
    assert set(text[3:]) <= set(LETTERS)
    number = 0
    for letter in text[3:35]:
        number = 32 * number + LETTERS.index(letter)
    assert number.to_bytes(20, "big") == bytes(range(20))
    assert last_four(text) == text[37:]


def test_a_known_text_stays_valid_in_every_version() -> None:
    assert key_text(bytes(20)) == "qk_" + "0" * 32 + "f0fkkj"
    assert key_text(b"\xff" * 20) == "qk_" + "z" * 32 + "hdzs1m"


def test_the_digest_is_the_sha256_of_the_whole_text() -> None:
    assert digest_of(text_of(7)) == hashlib.sha256(text_of(7).encode()).digest()


@pytest.mark.parametrize("text", HOSTILE, ids=lambda each: ascii(each)[:24])
def test_a_hostile_text_has_no_digest(text: object) -> None:
    assert digest_of(text) is None


def test_each_single_mistake_is_found() -> None:
    text = text_of(2**150 + 12_345)
    for place in range(3, LENGTH):
        for letter in LETTERS:
            if letter != text[place]:
                assert digest_of(text[:place] + letter + text[place + 1 :]) is None, (place, letter)


def test_two_letters_in_the_wrong_order_are_found() -> None:
    text = text_of(2**159 + 987_654_321)
    for place in range(3, LENGTH - 1):
        swapped = text[:place] + text[place + 1] + text[place] + text[place + 2 :]
        assert swapped == text or digest_of(swapped) is None, place


@given(st.binary(min_size=20, max_size=20))
def test_each_random_value_has_its_own_text(random: bytes) -> None:
    assert digest_of(key_text(random)) is not None


@pytest.mark.parametrize("count", [0, 19, 21])
def test_another_number_of_random_bytes_is_refused(count: int) -> None:
    with pytest.raises(ValueError, match="20 random bytes"):
        key_text(bytes(count))
