"""Formats provider quotas as lines: amount, reset time, source and age of the figures."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from quotakeeper.app.records.csv_text import visible
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import flowed
from quotakeeper.domain.quotas import CONCURRENCY, PRESET, ProviderQuota
from quotakeeper.domain.units import METERS
from quotakeeper.domain.windows import moment


def quota_lines(
    quotas: Sequence[ProviderQuota], now: int, zone: tzinfo, session: CommandContext, width: int
) -> list[str]:
    """Return a heading and lines for each quota; an empty list if there are no quotas."""
    if not quotas:
        return []
    lines = [session.words("The providers' own quotas (shown, not enforced):")]
    separator = f" {session.glyphs.dot} "
    for quota in quotas:
        pieces = _pieces(quota, now, zone, session)
        shown = flowed(pieces, width - 4, separator=separator)
        lines += [f"{'  ' if number == 0 else '    '}{line}" for number, line in enumerate(shown)]
    return lines


def quota_amount(amount: int, meter: str, session: CommandContext) -> str:
    """Format an amount of a quota with its unit."""
    if meter in METERS:
        return figures.with_unit(amount, METERS[meter], session.lang)
    number = figures.whole(amount, session.lang)
    return session.words("{n} calls at once", n=number) if meter == CONCURRENCY else number


def window_text(window: str, session: CommandContext) -> str:
    """Return the window of a quota in words, such as "per day"; "" if the window is unknown."""
    if not window:
        return ""
    texts = {"minute": "per minute", "hour": "per hour", "day": "per day", "week": "per week",
             "month": "per month"}  # fmt: skip
    if window in texts:
        return session.words(texts[window])
    return session.words("per {span}", span=window.removeprefix("rolling "))


def _pieces(
    quota: ProviderQuota, now: int, zone: tzinfo, session: CommandContext
) -> list[str]:  # fmt: skip
    words = session.words
    pieces = [f"{visible(f'{quota.provider} {quota.model}'.rstrip())}: {_what(quota, session)}"]
    if quota.remaining is not None:
        pieces.append(words("{n} left", n=quota_amount(quota.remaining, quota.meter, session)))
    if quota.resets_at is not None and quota.resets_at > now:
        at = figures.clock_text(quota.resets_at, now, zone)
        left = figures.duration(quota.resets_at - now, session.lang)
        pieces.append(words("resets {when}", when=words("{at}, in {left}", at=at, left=left)))
    return [*pieces, _source(quota, now, session)]


def _what(quota: ProviderQuota, session: CommandContext) -> str:
    name = quota.quota_id.partition(": ")[2] if quota.source == PRESET else quota.quota_id
    said = []
    if quota.amount is not None:
        amount = quota_amount(quota.amount, quota.meter, session)
        said.append(f"{amount} {window_text(quota.window, session)}".rstrip())
    if not said or not quota.meter or quota.meter == CONCURRENCY:
        said.append(session.words(visible(name)))
    return ", ".join(said)


def _source(quota: ProviderQuota, now: int, session: CommandContext) -> str:
    words = session.words
    if quota.source == PRESET:
        date = f"{moment(quota.seen_at):%Y-%m-%d}"
        return words("preset, {date} ({known})", date=date, known=words(quota.known))
    age = figures.age(now - quota.seen_at, session.lang)
    return words("{source}, {age}", source=words(quota.source), age=age)
