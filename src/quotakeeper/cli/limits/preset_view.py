"""Formats presets of the providers' limits as tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from quotakeeper.catalogue.quota_presets import QuotaPreset
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.cli.views.quota_lines import quota_amount, window_text
from quotakeeper.domain.windows import moment


def presets_lines(
    presets: Mapping[str, QuotaPreset], shown: Sequence[str], session: CommandContext, width: int
) -> list[str]:
    """Return a table with one row for each preset."""
    words = session.words
    rows = [
        [
            each.name,
            figures.whole(len(each.quotas), session.lang),
            _date(max(quota.date_at for quota in each.quotas)),
            words("yes") if each.name in shown else "",
            words(each.about),
        ]
        for each in presets.values()
    ]
    header = [words(x) for x in ("PRESET", "QUOTAS", "AS OF", "SHOWN", "WHAT")]
    ellipsis = session.glyphs.ellipsis
    lines = table_lines(header, rows, right=frozenset({1}), width=width, ellipsis=ellipsis)
    return [
        *lines,
        words("all figures of one preset: {command}", command="quotakeeper limits preset NAME"),
    ]


def preset_lines(preset: QuotaPreset, session: CommandContext, width: int) -> list[str]:
    """Return the description of a preset, a table with its quotas, and the sources of the figures."""
    words = session.words
    rows = [
        [
            each.model or "-",
            words(each.quota_id),
            f"{quota_amount(each.amount, each.meter, session)} "
            f"{window_text(each.window, session)}".rstrip(),
            each.timezone or "-",
            _date(each.date_at),
            words(each.known),
        ]
        for each in preset.quotas
    ]
    header = [words(x) for x in ("MODEL", "QUOTA", "AMOUNT", "TIME ZONE", "AS OF", "KNOWN BY")]
    lines = [f"{preset.name}: {words(preset.about)}"]
    ellipsis = session.glyphs.ellipsis
    lines += table_lines(header, rows, right=frozenset({2}), width=width, ellipsis=ellipsis)
    for source in dict.fromkeys(each.source for each in preset.quotas):
        lines.append(words("from: {origin}", origin=words(source)))
    if not all(each.is_enforceable for each in preset.quotas):
        text = (
            "quotas of concurrent calls are only shown: quotakeeper cannot limit concurrent calls"
        )
        lines.append(words(text))
    return lines


def _date(at: int) -> str:
    return f"{moment(at):%Y-%m-%d}"
