"""The estimate: accuracy on texts of this project, unusual inputs, and agreement of both implementations."""

from __future__ import annotations

import functools
import json
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotakeeper.errors import InvalidInputError
from quotakeeper.tokens import TokenEstimate, estimate_tokens
from quotakeeper.tokens import estimate as estimate_module
from quotakeeper.tokens.pair_sums import Counter, gap_tokens
from quotakeeper.tokens.pair_sums_numpy import VectorCounter
from quotakeeper.tokens.pair_table import MAGIC, PairTable, load_table, unpack
from quotakeeper.tokens.piece_facts import PieceFacts, load_facts
from quotakeeper.tokens.script_weights import count_by_script

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text("utf-8"))
PROSE = [row for row in GOLDEN if len(row["label"]) == 2 or row["label"].startswith(("zh", "vi"))]
# Letters, digits, spaces, a rare Han character, Tibetan, an emoji, a lone surrogate, NUL.
ODD_TEXT = st.text(st.sampled_from("aé7 \n\t\u00a0\u3000x.字𠀀བ🎉\ud800\0—"), max_size=60)

STEADY = settings(max_examples=150, deadline=None, derandomize=True)


def table() -> PairTable:
    loaded = load_table()
    assert loaded is not None
    return loaded


def facts() -> PieceFacts:
    loaded = load_facts()
    assert loaded is not None
    return loaded


@functools.cache
def counter() -> Counter:
    return Counter(table(), facts())


@functools.cache
def vector_counter() -> VectorCounter:
    return VectorCounter(table(), facts(), pytest.importorskip("numpy"))


@pytest.mark.parametrize("row", GOLDEN, ids=lambda row: str(row["label"]))
def test_the_true_count_is_within_the_upper_bound(row: dict[str, object]) -> None:
    estimate = estimate_tokens(str(row["text"]))
    assert estimate.provenance == "estimated"
    assert int(str(row["tokens"])) <= estimate.upper_bound


def test_prose_is_close_to_the_true_count() -> None:
    errors = [estimate_tokens(row["text"]).tokens / row["tokens"] - 1 for row in PROSE]
    assert sum(map(abs, errors)) / len(errors) < 0.11  # one sentence each; 0.27 for chars / 4
    together = sum(estimate_tokens(row["text"]).tokens for row in PROSE)
    assert together == pytest.approx(sum(row["tokens"] for row in PROSE), rel=0.08)


@pytest.mark.parametrize("label", ["srt", "json", "numbers", "python", "html"])
def test_structured_text_is_close_to_the_true_count(label: str) -> None:
    row = next(row for row in GOLDEN if row["label"] == label)
    assert estimate_tokens(row["text"]).tokens == pytest.approx(row["tokens"], rel=0.08)


@STEADY
@given(st.integers(min_value=0, max_value=10**60))
def test_every_digit_is_one_token(number: int) -> None:
    digits = str(number)
    assert estimate_tokens(digits).tokens == len(digits)
    assert estimate_tokens("\n" + digits).tokens == len(digits) + 1
    assert counter().count(" " + digits)[0] == len(digits) + 1  # the space is a token


@STEADY
@given(ODD_TEXT)
def test_any_text_has_a_bounded_count(text: str) -> None:
    found = estimate_tokens(text)
    size = len(text.encode("utf-8", "surrogatepass"))
    assert (found.tokens == 0) == (not text)
    assert min(size, 1) <= found.tokens <= found.likely_bound <= found.upper_bound <= size


def test_empty_text_is_zero_tokens() -> None:
    assert estimate_tokens("") == TokenEstimate(0, "und", 0)


@pytest.mark.parametrize("value", [b"bytes", None, 3])
def test_other_types_are_refused(value: object) -> None:
    with pytest.raises(InvalidInputError, match="text"):
        estimate_tokens(value)  # type: ignore[arg-type]


@given(st.text(max_size=200) | ODD_TEXT)
@STEADY
def test_numpy_and_plain_python_agree(text: str) -> None:
    plain, bound = counter().count(text, dense=True)
    found = vector_counter().count(text)
    assert found == (pytest.approx(plain, rel=1e-5, abs=1e-3), bound)


def test_numpy_is_used_only_when_already_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    text = GOLDEN[0]["text"] * 100
    monkeypatch.delitem(sys.modules, "numpy", raising=False)
    assert estimate_tokens(text).tokens > 0
    assert "numpy" not in sys.modules


def test_a_very_long_text_is_sampled_and_marked() -> None:
    sentence = next(row["text"] for row in GOLDEN if row["label"] == "vi") + "\n"
    thousand = estimate_tokens(sentence * 1000)
    long = estimate_tokens(sentence * 200_000)
    assert (thousand.sampled, long.sampled) == (False, True)
    assert long.tokens == pytest.approx(thousand.tokens * 200, rel=0.01)
    assert estimate_tokens("\0" * 3_000_000).tokens > 0


def test_counts_by_script_replace_a_missing_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(estimate_module, "_counter", lambda: None)
    monkeypatch.setattr(estimate_module, "_vector_counter", lambda numpy: None)
    for row in PROSE:
        found = estimate_tokens(row["text"])
        assert found.tokens == pytest.approx(row["tokens"], rel=0.45), row["label"]
        assert row["tokens"] <= found.upper_bound, row["label"]
    assert count_by_script("བོད") == 9  # three letters of a script without a weight


def test_a_damaged_table_is_not_used(tmp_path: Path) -> None:
    assert load_table(tmp_path / "absent") is None
    (tmp_path / "short").write_bytes(MAGIC)
    assert load_table(tmp_path / "short") is None
    good = Path(estimate_module.__file__).parent / "data" / "pairs.bin"
    data = good.read_bytes()
    assert len(data) < 36_000
    unpack(data)
    with pytest.raises(ValueError, match="header is wrong"):
        unpack(b"x" + data[1:])


@pytest.mark.parametrize(
    ("gap", "tokens"),
    [
        (" ", (0, True)),
        ("  ", (1, False)),
        ("\n", (1, False)),
        ("\n ", (1, True)),
        ("\n    ", (2, False)),
        ("\n" * 32, (2, False)),
        ("\u00a0", (2, False)),  # two bytes
        ("\u3000 ", (3, True)),
    ],
)
def test_gaps_have_these_counts(gap: str, tokens: tuple[int, bool]) -> None:
    assert gap_tokens(gap) == tokens


def test_a_lone_space_at_the_end_is_a_token() -> None:
    tokens, bound = counter().count("word")
    assert counter().count("word ") == (tokens + 1, bound + 1)
    assert counter().count("word  ") == (tokens + 1, bound + 1)  # two spaces are one token
