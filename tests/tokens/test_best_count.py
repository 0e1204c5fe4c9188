"""The best available count: from the tokenizer if it works, else the estimate, and never an error."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from quotakeeper.errors import InvalidInputError, TokenizerError
from quotakeeper.tokens import best_count, count_tokens, estimate_tokens, exact
from quotakeeper.tokens.estimate import TokenEstimate


@pytest.fixture(autouse=True)
def asked_anew() -> Iterator[None]:
    best_count._tokenizer_works.cache_clear()
    yield
    best_count._tokenizer_works.cache_clear()


def counted(text: str) -> TokenEstimate:
    return TokenEstimate(len(text), "vi", len(text), "tokenizer")


def test_an_installed_tokenizer_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "is_installed", lambda: True)
    monkeypatch.setattr(exact, "count", len)
    monkeypatch.setattr(exact, "count_tokens", counted)
    found = count_tokens("xin chào")
    assert (found.tokens, found.upper_bound, found.provenance) == (8, 8, "tokenizer")


def test_without_a_tokenizer_the_estimate_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "is_installed", lambda: False)
    assert count_tokens("xin chào") == estimate_tokens("xin chào")


def test_a_tokenizer_that_does_not_work_is_logged_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(text: str) -> int:
        raise TokenizerError("the file is damaged", "install it again")

    monkeypatch.setattr(exact, "is_installed", lambda: True)
    monkeypatch.setattr(exact, "count", broken)
    for _ in range(3):
        assert count_tokens("xin chào").provenance == "estimated"
    assert len([r for r in caplog.records if "damaged" in r.getMessage()]) == 1


def test_a_huge_text_does_not_delay_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exact, "is_installed", lambda: True)
    monkeypatch.setattr(exact, "count", len)
    monkeypatch.setattr(exact, "count_tokens", counted)
    assert count_tokens("a " * 1_500_000).provenance == "estimated"


def test_a_value_that_is_not_text_is_refused() -> None:
    with pytest.raises(InvalidInputError):
        count_tokens(7)  # type: ignore[arg-type]
