"""What a person has to set up around the ledger: the day's end, ffmpeg, limits that match nothing."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from quotakeeper.app.limit_checks import unused_names
from quotakeeper.app.records.instants import duration_text
from quotakeeper.clocks import zone_named
from quotakeeper.config import Settings
from quotakeeper.domain.windows import Window, moment, period_at
from quotakeeper.errors import QuotakeeperError

if TYPE_CHECKING:
    from quotakeeper import Keeper


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: state is "ok", "note", "warn" or "fail"."""

    name: str
    state: str
    text: str
    fix: str = ""


def day_finding(settings: Settings, now: int) -> Finding:
    """When the day of the settings ends, so that a wrong zone is seen at once."""
    zone = zone_named(settings.timezone)
    end_at = period_at(Window("day"), zone, now).end_at
    text = (
        f"it is {moment(now, zone):%H:%M} there; daily limits reset at {moment(end_at, zone):%H:%M}, "
        f"in {duration_text(end_at - now)}"
    )
    return Finding("day", "ok", text)


def ffmpeg_finding(find: Callable[[str], str | None] = shutil.which) -> Finding:
    """Whether ffmpeg and ffprobe are there for `translate` and `plan`."""
    missing = [name for name in ("ffmpeg", "ffprobe") if not find(name)]
    if not missing:
        return Finding("ffmpeg", "ok", f"{find('ffmpeg')}, {find('ffprobe')}")
    text = (
        f"{' and '.join(missing)} not found: translate sends films whole, and plan cannot tell the "
        "length of some files"
    )
    return Finding("ffmpeg", "note", text, "install ffmpeg")


def unused_findings(settings: Settings, open_keeper: Callable[[], Keeper]) -> Iterator[Finding]:
    """A finding for each limit with an operation or label that no call has had yet."""
    try:
        found = unused_names(settings, settings.limits, open_keeper)
    except QuotakeeperError:  # the ledger's own finding says what is wrong with it
        return
    for each in found:
        text = f"limit {each.limit!r} matches nothing: no call has the {each.kind} {each.name!r}"
        fix = f"did you mean {each.near!r}?" if each.near else ""
        yield Finding("limit", "warn" if each.near else "note", text, fix)
