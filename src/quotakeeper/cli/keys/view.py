"""Formats virtual keys: a table of all keys, and the lines about one key."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from quotakeeper.app.virtual_keys.key_documents import Limits, is_accepted, status_of
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.cli.views.limit_lines import used_text
from quotakeeper.cli.views.limit_rows import limit_rows
from quotakeeper.domain.keys.key_changes import KeyAudit
from quotakeeper.domain.keys.virtual_key import ANYTHING, VirtualKey

if TYPE_CHECKING:
    from quotakeeper.domain.forecasting.status import LimitStatus


def keys_lines(
    keys: Sequence[VirtualKey], limits: Limits, now: int, zone: tzinfo, session: CommandContext,
    width: int,
) -> list[str]:  # fmt: skip
    """Return a table with a row for each key and each of its limits."""
    words = session.words
    if not keys:
        return [words("There are no keys. See: quotakeeper keys create --help")]
    header = ["NAME", "SECRET", "STATE", "PROJECT", "EXPIRES", "LIMIT", "USED", "OF", "LEFT"]
    rows: list[list[str]] = []
    for key in keys:
        first = [
            key.name,
            _ending(key.newest_secret.last_four, session),
            words(status_of(key, now)),
            key.project or "-",
            words("never") if key.expires_at is None
            else figures.clock_text(key.expires_at, now, zone),
        ]  # fmt: skip
        figures_of = [_limit_cells(each, session) for each in limits[key.name]]
        for number, cells in enumerate(figures_of or [["-", "", "", ""]]):
            rows.append([*(first if number == 0 else [""] * len(first)), *cells])
    return table_lines(
        [words(text) for text in header], rows, right=frozenset({6, 7, 8}), width=width,
        ellipsis=session.glyphs.ellipsis,
    )  # fmt: skip


def _limit_cells(entry: LimitStatus, session: CommandContext) -> list[str]:
    meter, lang = entry.limit.meter_info, session.lang
    left = figures.with_unit(entry.remaining, meter, lang) if entry.is_told else "?"
    amount = figures.with_unit(entry.limit.amount, meter, lang)
    return [entry.limit.rule or entry.limit.name, used_text(entry, session), amount, left]


def key_lines(
    key: VirtualKey, limits: Sequence[LimitStatus], audit: Sequence[KeyAudit], now: int,
    zone: tzinfo, session: CommandContext, width: int,
) -> list[str]:  # fmt: skip
    """Return the lines about one key: its values, its secrets, its limits and its audit."""
    words = session.words
    facts = [
        ("state", words(status_of(key, now))),
        ("labels", " ".join(f"{name}={value}" for name, value in key.scope)),
        ("expires", _expiry(key, zone, session)),
        ("providers", _listed(key.providers, session)),
        ("models", _listed(key.models, session)),
        ("networks", _listed(key.networks, session)),
        ("calls at once", str(key.concurrency or words("any number"))),
        ("client gone", str(key.on_gone)),
        ("at a limit", key.on_limit or words("as in the config")),
    ]
    lines = [key.name, *(f"  {words(name)}: {value}" for name, value in facts)]
    lines += [words("secrets:"), *(f"  {each}" for each in _secret_lines(key, now, zone, session))]
    lines.append(words("limits:") if limits else words("limits: none selects this key"))
    for entry in limits:
        lines += [f"  {line}" for line in limit_rows(entry, now, zone, session, width - 2)]
    lines.append(words("changes:"))
    for row in audit:
        why = f": {row.why}" if row.why else ""
        at = figures.stamp(row.at, zone)
        act = words(str(row.act))
        lines.append(f"  {at} {words('{act} by {actor}', act=act, actor=row.actor)}{why}")
    return lines


def _secret_lines(key: VirtualKey, now: int, zone: tzinfo, session: CommandContext) -> list[str]:
    words, lines = session.words, []
    for each in key.secrets:
        text = "{secret}: valid" if is_accepted(key, each, now) else "{secret}: refused"
        at = ""
        if each.ends_at is not None and text == "{secret}: valid":
            text, at = "{secret}: valid until {at}", figures.stamp(each.ends_at, zone)
        elif each.ends_at is not None and not each.is_valid(now):
            text, at = "{secret}: refused since {at}", figures.stamp(each.ends_at, zone)
        lines.append(words(text, secret=_ending(each.last_four, session), at=at))
    return lines


def _ending(last_four: str, session: CommandContext) -> str:
    return f"qk_{session.glyphs.ellipsis}{last_four}"


def _expiry(key: VirtualKey, zone: tzinfo, session: CommandContext) -> str:
    return session.words("never") if key.expires_at is None else figures.stamp(key.expires_at, zone)


def _listed(values: tuple[str, ...], session: CommandContext) -> str:
    if values == ANYTHING:
        return session.words("all")
    return ", ".join(values) or session.words("none")
