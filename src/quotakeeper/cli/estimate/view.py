"""Formats an estimate as tables."""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.app.planning.model_costs import CostEstimate
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.domain.units import METERS


def estimate_lines(estimate: CostEstimate, session: CommandContext, width: int) -> Iterator[str]:
    """Yield the lines of three tables: texts, audio files, and costs."""
    words, lang, texts, audio = session.words, session.lang, estimate.texts, estimate.audio

    def table(header: list[str], rows: list[list[str]], right: set[int]) -> Iterator[str]:
        yield from table_lines(
            header, rows, right=frozenset(right), width=width, ellipsis=session.glyphs.ellipsis
        )
        yield ""

    if texts:
        header = [words(each) for each in ("TEXT", "LANGUAGE", "TOKENS", "AT MOST", "KNOWN FROM")]
        rows = [[x.name, x.language, figures.whole(x.tokens, lang),
                 figures.whole(x.upper_bound, lang), words(x.provenance)] for x in texts]  # fmt: skip
        if len(texts) > 1:
            total, bound = sum(x.tokens for x in texts), sum(x.upper_bound for x in texts)
            rows.append(
                [words("total"), "", figures.whole(total, lang), figures.whole(bound, lang), ""]
            )
        yield from table(header, rows, {2, 3})
    if audio:
        header = [words(each) for each in ("SOUND", "MINUTES", "KNOWN FROM")]
        minutes = METERS["audio_minutes"]
        rows = [[x.name, figures.quantity(x.milliseconds, minutes, lang),
                 x.form if x.exact else words("file size (upper bound)")] for x in audio]  # fmt: skip
        if len(audio) > 1:
            total = sum(x.milliseconds for x in audio)
            rows.append([words("total"), figures.quantity(total, minutes, lang), ""])
        yield from table(header, rows, {1})
    for skipped in estimate.skipped:
        why = words(skipped.reason)
        yield words("{name} is not included ({why})", name=str(skipped.path), why=why)
    header = [words("MODEL"), words("COST")]
    yield from table(header, [[n, figures.money(c, lang)] for n, c in estimate.costs], {1})
    if texts:
        yield words("Text is priced as input; the model's output is not included.")
