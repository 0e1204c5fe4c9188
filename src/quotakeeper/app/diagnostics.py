"""Diagnostics: checks the whole installation and reports each problem as a `Finding`."""

from __future__ import annotations

import platform
import shutil
import sqlite3
import stat
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from quotakeeper import __version__
from quotakeeper.app.key_trials import TryKey, key_finding, trial_findings
from quotakeeper.app.lease_holders import lease_report, lost_host_findings
from quotakeeper.app.ledger_presence import check_is_there
from quotakeeper.app.records.instants import duration_text
from quotakeeper.app.records.settings import redacted
from quotakeeper.app.server_checks import ledger_finding
from quotakeeper.app.server_doubts import doubt_findings, missing_findings, server_doubts
from quotakeeper.app.setup_checks import (
    Finding,
    day_finding,
    extra_findings,
    ffmpeg_finding,
    finding_record,
    sqlite_finding,
    unused_findings,
)
from quotakeeper.clocks import Clock, SystemClock
from quotakeeper.config import Settings
from quotakeeper.domain.clock_readings import ClockDoubt
from quotakeeper.domain.windows import SECOND
from quotakeeper.errors import ConfigError, InvalidInputError, QuotakeeperError
from quotakeeper.keeper import engine_of
from quotakeeper.schemas import Schema
from quotakeeper.server_store import seen_commits
from quotakeeper.value_classes import dataclass
from quotakeeper.wiring import check_limits, host_files, is_on_server, ledger_path, open_server

if TYPE_CHECKING:
    from quotakeeper import Keeper


class ClockChecks(Protocol):
    """The properties of the ledger's clock that the checks read. Class LedgerClock in
    engine/ledger_clock.py has them."""

    @property
    def can_tell(self) -> bool:
        """Whether the machine has a boot clock to compare the wall clock with."""

    @property
    def outlives_process(self) -> bool:
        """Whether a clock jump between two runs of a program is detected."""


OpenKeeper = Callable[[], "Keeper"]
_NETWORK = frozenset(("nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "fuse.sshfs", "ceph"))
_LEAST_FREE_BYTES = 64 * 1024 * 1024
_PROMISES = {
    "power": "an acknowledged write survives a power cut; each write waits for the disk",
    "process": "an acknowledged write survives kill -9; a power cut may lose the last writes",
    "replicated": "an acknowledged write survives the loss of the server; it waits for a standby",
}


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """The result of all checks. `bad_config` is True if the config file cannot be read or a limit
    is invalid."""

    findings: tuple[Finding, ...]
    bad_config: bool

    @property
    def failed(self) -> bool:
        """Whether at least one check failed."""
        return any(each.state == "fail" for each in self.findings)


def diagnose(
    load: Callable[[], Settings], open_keeper: OpenKeeper, try_key: TryKey | None = None,
    clock: Clock | None = None,
) -> Diagnosis:  # fmt: skip
    """Check the machine, the settings, the ledger and the optional libraries.

    Each problem is returned as a finding; no QuotakeeperError is raised. With `try_key`, each API
    key that is set is tested with one free request.
    """
    findings = [*_machine()]
    bad_config = False
    try:
        settings = load()
    except ConfigError as error:
        bad_config = True
        findings.append(Finding("config", "fail", f"{error.where}: {error.problem}", error.fix))
    else:
        now = (clock or SystemClock()).now()
        findings += [*_settings(settings), day_finding(settings, now)]
        absent = _absent(settings)
        findings += absent or _ledger(settings, open_keeper)
        findings += unused_findings(settings, None if absent else open_keeper)
        own = settings.key_names
        findings += [key_finding(own)] if try_key is None else trial_findings(own, try_key)
        bad_config = any(each.name == "limits" and each.state == "fail" for each in findings)
    findings += [ffmpeg_finding(), *extra_findings()]
    return Diagnosis(tuple(findings), bad_config)


def diagnosis_record(found: Diagnosis) -> dict[str, object]:
    """Return the diagnosis as a JSON record."""
    return {
        "schema": Schema.DOCTOR,
        "ok": not found.failed,
        "findings": [finding_record(each) for each in found.findings],
    }


def _machine() -> Iterator[Finding]:
    text = f"{platform.python_implementation()} {platform.python_version()} on {sys.platform}"
    yield Finding("quotakeeper", "ok", __version__)
    yield Finding("python", "ok", text)
    yield sqlite_finding(sqlite3.sqlite_version_info)


def _settings(settings: Settings) -> Iterator[Finding]:
    origins = settings.origins
    place = (
        "none; the defaults apply" if settings.config_file is None else str(settings.config_file)
    )
    yield Finding("config", "ok", place)
    yield Finding("timezone", "ok", f"{settings.timezone} ({origins.get('timezone', 'default')})")
    count = len(settings.limits)
    try:
        check_limits(settings)
    except ConfigError as error:
        yield Finding("limits", "fail", f"{error.where}: {error.problem}", error.fix)
    else:
        yield Finding(
            "limits", "ok" if count else "note", f"{count} ({origins.get('limits', 'default')})"
        )
    promise = _PROMISES[settings.durability]
    yield Finding("durability", "ok", f"{settings.durability}: {promise}")


def _ledger(settings: Settings, open_keeper: OpenKeeper) -> Iterator[Finding]:
    shown = f"{redacted(settings.ledger)} ({settings.origins.get('ledger', 'default')})"
    try:
        path = ledger_path(settings)
    except ConfigError as error:
        yield Finding("ledger", "fail", f"{shown}: {error.problem}", error.fix)
        return
    if is_on_server(settings):
        yield from _server(settings, shown, open_keeper)
        return
    if path is None:
        yield Finding("ledger", "note", f"{shown}: in memory; it is lost when the program ends")
        return
    yield from _disk(path)
    try:
        check_is_there(settings)
    except InvalidInputError as error:
        yield Finding("ledger", "fail", f"{shown}: {error.problem}", error.fix)
        return
    if not path.exists():
        yield Finding("ledger", "note", f"{shown}: does not exist yet; the first call creates it")
        return
    try:
        yield from _permissions(path, settings.ledger_group)
        size = sum(p.stat().st_size for p in (path, Path(f"{path}-wal")) if p.exists())
        yield Finding("ledger", "ok", f"{shown}, {size:,} bytes")
        yield from _contents(open_keeper)
    except (QuotakeeperError, OSError) as error:
        fix = getattr(error, "fix", "") or "quotakeeper verify"
        yield Finding("ledger", "fail", str(error), fix)


def _absent(settings: Settings) -> list[Finding]:
    """Return the findings about a ledger that its server does not have; [] if it is there.

    Opening the ledger would create it.
    """
    try:
        if not is_on_server(settings):
            return []
        server = open_server(settings)
        facts = server.facts(SystemClock().now)
    except QuotakeeperError:  # another finding reports it
        return []
    if facts.reads is not None or facts.in_recovery or facts.is_read_only:
        return []
    return [ledger_finding(server.name, facts), *missing_findings(seen_commits(settings))]


def _server(settings: Settings, shown: str, open_keeper: OpenKeeper) -> Iterator[Finding]:
    try:
        yield from _contents(open_keeper)
        yield from doubt_findings(server_doubts(settings))
        with open_keeper() as keeper:
            yield from lost_host_findings(lease_report(keeper), host_files(settings))
    except QuotakeeperError as error:
        yield Finding("ledger", "fail", str(error), getattr(error, "fix", ""))
    else:
        yield Finding("ledger", "ok", f"{shown}, on a server")


def _disk(path: Path) -> Iterator[Finding]:
    folder = path.parent
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    kind = file_system(folder)
    if kind in _NETWORK:
        text = f"{folder} is on {kind}: locks and the write-ahead log are not safe over a network"
        yield Finding("file system", "warn", text, "put the ledger on a local disk of this machine")
    free = shutil.disk_usage(folder).free
    if free < _LEAST_FREE_BYTES:
        yield Finding("disk", "warn", f"{free:,} bytes free in {folder}", "free some space")


def file_system(folder: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """Return the type of the file system that holds a folder, or "" if the type is unknown."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return ""
    best, kind = -1, ""
    wanted = folder.resolve()
    for line in lines:
        fields = line.split()
        if len(fields) < 3:
            continue
        place = Path(fields[1].replace("\\040", " "))
        if (place == wanted or place in wanted.parents) and len(place.parts) > best:
            best, kind = len(place.parts), fields[2]
    return kind


def _permissions(path: Path, group: str) -> Iterator[Finding]:
    found = path.stat()
    mode = stat.S_IMODE(found.st_mode)
    if sys.platform == "win32" or not mode & 0o077:
        return
    from quotakeeper.file_sharing import group_name  # noqa: PLC0415 - few ledgers are shared

    if group and not mode & 0o007 and group_name(found.st_gid) == group:
        yield Finding("permissions", "ok", f"shared with group {group} (mode {mode:04o})")
        return
    text = f"{path} can be read or written by other users (mode {mode:04o})"
    yield Finding("permissions", "warn", text, f"chmod {'660' if group else '600'} {path}")


def _contents(open_keeper: OpenKeeper) -> Iterator[Finding]:
    with open_keeper() as keeper:
        now = keeper.now()
        newest = next(iter(keeper.events(limit=1, newest_first=True)), None)
        holds = keeper.reservations()
        assumed = sum(
            event.provenance == "assumed" for event in keeper.events(since=now - 86_400 * SECOND)
        )
        clock = engine_of(keeper).parts.ledger_clock
        doubt = clock.doubt
    yield _clock(doubt, newest.at if newest is not None else 0, now, clock)
    sent = sum(hold.sent for hold in holds)
    text = f"{len(holds)} open; of these, {sent} belong to calls that were already sent"
    yield Finding("reservations", "ok", text)
    text = f"calls of the last 24 hours whose result is unknown: {assumed}"
    yield Finding("assumed", "note" if assumed else "ok", text)


def _clock(doubt: ClockDoubt | None, newest_at: int, now: int, clock: ClockChecks) -> Finding:
    if doubt is not None:
        return Finding("clock", "fail", doubt.explain(), doubt.fix)
    if newest_at > now + SECOND:
        behind = duration_text(newest_at - now)
        text = (
            f"the clock is {behind} behind the newest event in the ledger, so no new period begins"
        )
        fix = "correct the clock if it is wrong; if it is right: quotakeeper doctor --repair-clock"
        return Finding("clock", "warn", text, fix)
    if not clock.can_tell:
        text = "not behind the ledger; this system cannot detect when the clock jumps ahead"
        return Finding("clock", "note", text)
    span = "until the next restart" if clock.outlives_process else "within one process"
    text = f"not behind the ledger; quotakeeper detects when the clock jumps ahead ({span})"
    return Finding("clock", "ok", text)
