"""Lists every file that this package writes, for a user who wants to find, move or delete them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from quotakeeper.config import Settings, file_to_edit
from quotakeeper.errors import ConfigError
from quotakeeper.schemas import Schema
from quotakeeper.tokens.exact import default_path
from quotakeeper.value_classes import asdict, dataclass
from quotakeeper.wiring import host_files, is_on_server, ledger_path

# Files beside a ledger, by the suffix of their names. In a suffix, "*" is a process or a number.
_OF_A_HOST = (
    "-owners",
    ".lease-*",
    ".ended-*",
    ".spool-*",
    ".bad-*",
    ".seen",
)  # with a ledger on a server
_BESIDE = (
    ("", "the ledger: every call, every balance"),
    ("-wal", "the newest writes to the ledger; move this file together with the ledger"),
    ("-shm", "an index of the newest writes; created again if it is missing"),
    (".lock", "the lock file: one process at a time can write to the ledger"),
    ("-owners", "a folder with a file for each process that uses the ledger"),
    (".recall", "a request to all processes to release their unused leases"),
    (".lease-*", "calls that were admitted on a lease; kept until they are in the ledger"),
    (
        ".ended-*",
        ("calls that ended just before their process ended; kept until they are in the ledger"),
    ),
    (".spool-*", "calls made while the ledger did not answer; kept until they are in the ledger"),
    (".bad-*", "a .lease or .spool file whose calls could not be counted; kept for you to look at"),
    (".seen", "what this machine has last seen of the ledger on a server"),
    (".schema-*.bak", "a copy from before a schema change"),
    (".before-repair-*.bak", "a copy made before doctor --repair-clock changed the ledger"),
)


@dataclass(frozen=True, slots=True)
class WrittenFile:
    """A file or folder that this package writes: its path or pattern, and its purpose.

    `bytes` is the size in bytes, or None if the file does not exist now.
    """

    path: str
    bytes: int | None
    what: str


def written_files(settings: Settings, config: str | None) -> Iterator[WrittenFile]:
    """Yield the config file, the ledger, the files beside the ledger, and the files that commands
    write."""
    try:
        file = settings.config_file or file_to_edit(config)
        yield _found(file, "the config file; written by init and limits set")
    except ConfigError:  # no home folder
        pass
    on_server = is_on_server(settings)
    beside = host_files(settings) if on_server else ledger_path(settings)
    for ending, what in _BESIDE if beside is not None else ():
        if beside is not None and (not on_server or ending in _OF_A_HOST):
            yield from _beside(beside, ending, what)
    yield _found(default_path(), "the local tokenizer; written by tokens install")
    for where, what in (
        ("MEDIA.json, MEDIA.srt, MEDIA.txt", "written by translate, beside each media file"),
        ("FILE of --out, --json, --export", "written by export, backup, run and translate"),
    ):
        yield WrittenFile(where, None, what)


def paths_record(files: list[WrittenFile]) -> dict[str, object]:
    """Return the files as a JSON record."""
    return {"schema": Schema.PATHS, "files": [asdict(each) for each in files]}


def _beside(ledger: Path, ending: str, what: str) -> Iterator[WrittenFile]:
    if "*" not in ending:
        yield _found(ledger.with_name(ledger.name + ending), what)
        return
    first, last = ending.split("*")
    try:
        names = sorted(each.name for each in ledger.parent.iterdir())
    except OSError:
        names = []
    found = [n for n in names if n.startswith(ledger.name + first) and n.endswith(last)]
    for name in found:
        yield _found(ledger.with_name(name), what)
    if not found:
        yield WrittenFile(str(ledger.with_name(ledger.name + ending)), None, what)


def _found(path: Path, what: str) -> WrittenFile:
    try:
        return WrittenFile(str(path), path.stat().st_size, what)
    except OSError:
        return WrittenFile(str(path), None, what)
