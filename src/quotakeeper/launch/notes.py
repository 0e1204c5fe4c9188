"""What the Pythons of a run noted of themselves, line by line, and what that comes to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ENVIRONMENT = "environment"  # why a child is not metered: else a flag of Python's


@dataclass(frozen=True, slots=True)
class Unseen:
    """Connections to a provider's host that no hook saw; `library` is "" where none could be told."""

    host: str
    library: str
    connections: int


@dataclass(frozen=True, slots=True)
class UnmeteredChild:
    """Pythons that a program started without the meter: by a flag, or by a clean environment."""

    program: str
    reason: str
    processes: int


@dataclass(frozen=True, slots=True)
class Notes:
    """What the Pythons of a run said of themselves. `shut`: why calls were refused altogether;
    `paused`: how many were refused because somebody had paused them; `blind`: why connections
    were not watched; `loaded`: libraries that connect where nobody can watch; `gateways`: addresses
    where a gateway counts on the same ledger."""

    metered: int = 0
    too_old: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()
    refused: int = 0
    shut: tuple[str, ...] = ()
    paused: int = 0
    unseen: tuple[Unseen, ...] = ()
    children: tuple[UnmeteredChild, ...] = ()
    blind: tuple[str, ...] = ()
    loaded: tuple[str, ...] = ()
    gateways: tuple[str, ...] = ()

    @property
    def has_gaps(self) -> bool:
        """Whether calls may have left uncounted: what `--strict` makes an error."""
        known = self.unseen or self.children or self.blind or self.too_old or self.failed
        return bool(known) or not self.metered


def read_notes(file: Path) -> Notes:
    """What stands in a run's notes; an absent file says that no Python of it loaded the hooks."""
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
        _unseen(said),
        _children(said.get("child", ())),
        every("blind"),
        every("loaded"),
        every("gateway"),
    )


def _unseen(said: Mapping[str, Sequence[str]]) -> tuple[Unseen, ...]:
    # A connection that no library could be told for is unseen unless a hook had a call for it.
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
