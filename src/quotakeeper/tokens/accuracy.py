"""Compares the estimated with the exact token counts of the text files in a folder."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Final

from quotakeeper.errors import InvalidInputError
from quotakeeper.tokens import exact
from quotakeeper.tokens.estimate import estimate_tokens
from quotakeeper.value_classes import dataclass

_SUFFIXES: Final = frozenset((".txt", ".srt", ".vtt", ".md", ".json", ".csv", ".py", ".html"))
_SMALLEST_CHARS: Final = 1  # characters; an empty piece says nothing about accuracy


@dataclass(frozen=True, slots=True)
class AccuracyRow:
    """The accuracy of the estimate for one language. `tokens` is the exact total; errors are in
    percent.

    - `bias_pct`: the mean error with its sign. It is positive if the estimate is too high.
    - `p95_abs_error_pct`: 95 % of the texts have at most this error.
    - `upper_bound_coverage_pct`: the share of texts that have no more tokens than `upper_bound`.
    """

    language: str
    texts: int
    tokens: int
    mean_abs_error_pct: float
    bias_pct: float
    p95_abs_error_pct: float
    upper_bound_coverage_pct: float


def measure(folder: Path | str, tokenizer: Path | None = None) -> list[AccuracyRow]:
    """Return one row for each language found in a folder, sorted by label, and a last row "all".

    Every paragraph (text between blank lines) of a text file is one text. Raises InvalidInputError
    if there is no text, and the errors of `exact.count`.
    """
    root = Path(folder)
    if not root.is_dir():
        raise InvalidInputError(
            "folder", f"{root} is not a folder", "give a folder that contains text files"
        )
    pairs: dict[str, list[tuple[int, int, int]]] = defaultdict(list)
    for text in _paragraphs(root):
        estimate = estimate_tokens(text)
        true = exact.count(text, tokenizer)
        pairs[estimate.language].append((estimate.tokens, true, estimate.upper_bound))
    if not pairs:
        kinds = " ".join(sorted(_SUFFIXES))
        raise InvalidInputError("folder", f"{root} has no text", f"put files in it: {kinds}")
    rows = [_row(language, pairs[language]) for language in sorted(pairs)]
    return [*rows, _row("all", [pair for found in pairs.values() for pair in found])]


def _paragraphs(root: Path) -> list[str]:
    texts = []
    for file in sorted(root.rglob("*")):
        if file.suffix.lower() in _SUFFIXES and file.is_file():
            content = file.read_text("utf-8", "replace").replace("\r\n", "\n")
            texts += [
                part for part in content.split("\n\n") if len(part.strip()) >= _SMALLEST_CHARS
            ]
    return texts


def _row(language: str, pairs: list[tuple[int, int, int]]) -> AccuracyRow:
    errors = [100.0 * (estimated - true) / true for estimated, true, _ in pairs]
    sizes = sorted(abs(error) for error in errors)
    covered = sum(true <= upper for _, true, upper in pairs)
    return AccuracyRow(
        language=language,
        texts=len(pairs),
        tokens=sum(true for _, true, _ in pairs),
        mean_abs_error_pct=sum(sizes) / len(sizes),
        bias_pct=sum(errors) / len(errors),
        p95_abs_error_pct=sizes[min(len(sizes) - 1, int(0.95 * len(sizes)))],
        upper_bound_coverage_pct=100.0 * covered / len(pairs),
    )
