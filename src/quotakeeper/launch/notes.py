"""Reads the file of notes that the Python processes of a run wrote, and adds the notes up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from quotakeeper.value_classes import dataclass

# The reason of a child that was started with a clean environment. Any other reason is a flag.
ENVIRONMENT = "environment"


@dataclass(frozen=True, slots=True)
class Unseen:
    """Connections to a provider's host that no hook metered. `library` is "" if it is not known."""

    host: str
    library: str
    connections: int


@dataclass(frozen=True, slots=True)
class UnmeteredChild:
    """Python processes that a program started without the meter, because of a flag or a changed
    environment."""

    program: str
    reason: str
    processes: int


@dataclass(frozen=True, slots=True)
class Notes:
    """The sum of the notes that the Python processes of a run wrote.

    - `metered`: the number of processes with hooks.
    - `too_old`: Python versions that are too old.
    - `failed`: errors while hooks were installed.
    - `refused`: the number of calls that limits refused. `paused`: the number that pauses refused.
    - `unsent`: the number of calls that were not sent, for example without a connection.
    - `shut`: why all calls were refused.
    - `unseen`: connections that no hook metered.
    - `blind`: why connections were not watched.
    - `loaded`: loaded libraries whose connections cannot be watched.
    - `children`: processes that were started without the meter.
    - `gateways`: addresses of gateways that count on the same ledger.
    """

    metered: int = 0
    too_old: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    refused: int = 0
    shut: tuple[str, ...] = ()
    paused: int = 0
    unsent: int = 0
    unseen: tuple[Unseen, ...] = ()
    children: tuple[UnmeteredChild, ...] = ()
    blind: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()

    @property
    def has_gaps(self) -> bool:
        """Whether some calls may not have been counted. With `--strict`, this is an error."""
        known = self.unseen or self.children or self.blind or self.too_old or self.failed
        return bool(known) or not self.metered


def read_notes(file: Path) -> Notes:
    """Read and sum up a run's notes. Without the file, no Python process of the run loaded the
    hooks."""
    try:
        lines = file.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return Notes()
    said: dict[str, list[str]] = {}
    for line in lines:
        word, _, rest = line.partition(" ")
        said.setdefault(word, []).append(rest)

    def every(word: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(said.get(word, ())))

    return Notes(
        len(said.get("started", ())),
        every("old"),
        every("failed"),
        len(said.get("refused", ())),
        every("shut"),
        len(said.get("paused", ())),
        len(said.get("unsent", ())),
        _unseen(said),
        _children(said.get("child", ())),
        every("blind"),
        every("loaded"),
        every("gateway"),
    )


def _unseen(said: Mapping[str, Sequence[str]]) -> tuple[Unseen, ...]:
    # A connection of an unknown library counts as unseen, unless a hook metered a call to its host.
    counts = Counter(tuple(text.partition(" ")[::2]) for text in said.get("unseen", ()))
    unclaimed = Counter(said.get("opened", ()))
    unclaimed.subtract(said.get("asked", ()))
    counts.update({(host, ""): n for host, n in unclaimed.items() if n > 0})
    return tuple(Unseen(host, library, n) for (host, library), n in _by_number(counts))


def _children(said: Iterable[str]) -> tuple[UnmeteredChild, ...]:
    counts = Counter(tuple(text.partition(" ")[::2]) for text in said)
    return tuple(UnmeteredChild(name, reason, n) for (reason, name), n in _by_number(counts))


def _by_number(counts: Counter[tuple[str, ...]]) -> list[tuple[tuple[str, ...], int]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
