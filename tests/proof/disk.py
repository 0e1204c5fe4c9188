"""The states of a disk that a power cut can leave, computed from a trace of a process's writes.

Synced data is there. Of other data any part may be there, in any combination. Each write is there as a
whole, not at all, or as some of its 512-byte sectors. Each change of a folder is there or not. POSIX
allows all of this; a journalling file system does less.
"""

from __future__ import annotations

import os
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from tests.proof.tracer import Call

SECTOR = 512
_CREATE, _TRUNCATE = os.O_CREAT, os.O_TRUNC
_SHARED_MEMORY = "-shm"  # a mapped file, whose writes the trace does not contain


@dataclass
class File:
    """Durable bytes, and the changes since: (offset, bytes), or (size, None) for a truncation."""

    durable: bytearray = field(default_factory=bytearray)
    pending: list[tuple[int, bytes | None]] = field(default_factory=list)

    def sync(self) -> None:
        """Make all changes durable."""
        for change in self.pending:
            _apply(self.durable, change)
        self.pending.clear()

    def left(self, chance: random.Random) -> bytes:
        """Contents that a power cut may leave, chosen at random."""
        how = chance.choice(("nothing", "everything", "some", "torn", "torn"))
        content = bytearray(self.durable)
        for change in self.pending:
            if how == "everything" or (how == "some" and chance.random() < 0.5):
                _apply(content, change)
            elif how == "torn":
                _tear(content, change, chance)
        return bytes(content)


# A change of a folder: the names, and what each stands for afterwards (None: deleted).
Change = dict[str, "Node | None"]


@dataclass
class Folder:
    """Durable names, and the changes since."""

    durable: Change = field(default_factory=dict)
    pending: list[Change] = field(default_factory=list)
    now: Change = field(default_factory=dict)

    def change(self, change: Change) -> None:
        """Change these names in one step."""
        self.now.update(change)
        self.pending.append(change)

    def sync(self) -> None:
        """Make all changes durable."""
        self.durable = dict(self.now)
        self.pending.clear()

    def left(self, chance: random.Random) -> Change:
        """The names that a power cut may leave, chosen at random."""
        how = chance.choice(("nothing", "everything", "some", "first"))
        names = dict(self.durable)
        first = chance.randrange(len(self.pending) + 1)
        for number, change in enumerate(self.pending):
            if (
                how == "everything"
                or (how == "some" and chance.random() < 0.5)
                or (how == "first" and number < first)
            ):
                names.update(change)
        return names


Node = File | Folder


def _apply(content: bytearray, change: tuple[int, bytes | None]) -> None:
    at, data = change
    if data is None:
        del content[at:]
        content.extend(bytes(at - len(content)))
        return
    content.extend(bytes(max(0, at - len(content))))
    content[at : at + len(data)] = data


def _tear(content: bytearray, change: tuple[int, bytes | None], chance: random.Random) -> None:
    at, data = change
    if data is None:
        if chance.random() < 0.5:
            _apply(content, change)
        return
    # Sectors of the file, not of the write, because a write may begin in the middle of a sector.
    end = at + len(data)
    while at < end:
        until = min(end, (at // SECTOR + 1) * SECTOR)
        piece = data[len(data) - (end - at) : len(data) - (end - until)]
        if chance.random() < 0.5:
            _apply(content, (at, piece))
        elif until > len(content) and chance.random() < 0.5:
            _apply(content, (at, chance.randbytes(len(piece))))  # may contain anything
        at = until


class Disk:
    """Follows a trace. `left` gives a state that a power cut at this moment may leave."""

    def __init__(self, root: str) -> None:
        self._root = root
        self._folder = Folder()
        self._open: dict[int, Node] = {}
        self._verbs: dict[str, Callable[[Call], bool]] = {
            "openat": self._opened, "close": self._closed, "pwrite64": self._written,
            "write": self._written, "ftruncate": self._cut, "fsync": self._synced,
            "fdatasync": self._synced, "unlink": self._removed, "rename": self._renamed,
            "mkdir": self._made,
        }  # fmt: skip

    def follow(self, call: Call) -> bool:
        """Apply one system call. Returns whether it changed the states that may be left."""
        verb = self._verbs.get(call.name)
        return verb is not None and call.worked and verb(call)

    def left(self, chance: random.Random) -> dict[str, bytes | None]:
        """Paths below the root with their contents; None means a folder."""
        found: dict[str, bytes | None] = {}
        _leave(self._folder, "", found, chance)
        return found

    def _place(self, path: str) -> tuple[Folder, str] | None:
        if not path.startswith(self._root + "/"):
            return None
        folder = self._folder
        *above, name = path[len(self._root) + 1 :].split("/")
        for part in above:
            below = folder.now.get(part)
            if not isinstance(below, Folder):
                return None
            folder = below
        return folder, name

    def _opened(self, call: Call) -> bool:
        if call.text == self._root:
            self._open[call.result] = self._folder
            return False
        place = self._place(call.text)
        if place is None:
            return False
        folder, name = place
        node, flags = folder.now.get(name), call.arguments[2]
        made = node is None and bool(flags & _CREATE)
        if made:
            node = File()
            folder.change({name: node})
        if isinstance(node, File) and flags & _TRUNCATE:
            node.pending.append((0, None))
        if node is not None:
            self._open[call.result] = node
        return made

    def _closed(self, call: Call) -> bool:
        self._open.pop(call.arguments[0], None)
        return False

    def _written(self, call: Call) -> bool:
        node = self._open.get(call.arguments[0])
        if not isinstance(node, File):
            return False
        at = call.arguments[3] if call.name == "pwrite64" else _size(node)  # the spool appends
        node.pending.append((at, call.data))
        return True

    def _cut(self, call: Call) -> bool:
        node = self._open.get(call.arguments[0])
        if isinstance(node, File):
            node.pending.append((call.arguments[1], None))
        return isinstance(node, File)

    def _synced(self, call: Call) -> bool:
        node = self._open.get(call.arguments[0])
        if node is not None:
            node.sync()
        return node is not None

    def _removed(self, call: Call) -> bool:
        place = self._place(call.text)
        if place is not None:
            place[0].change({place[1]: None})
        return place is not None

    def _renamed(self, call: Call) -> bool:
        old, new = self._place(call.text), self._place(call.other)
        if old is None or new is None:
            return False
        assert old[0] is new[0], "nothing here is moved to another folder"
        old[0].change({old[1]: None, new[1]: old[0].now[old[1]]})
        return True

    def _made(self, call: Call) -> bool:
        place = self._place(call.text)
        if place is not None:
            place[0].change({place[1]: Folder()})
        return place is not None


def _size(file: File) -> int:
    size = len(file.durable)
    for at, data in file.pending:
        size = at if data is None else max(size, at + len(data))
    return size


def _leave(
    folder: Folder, path: str, found: dict[str, bytes | None], chance: random.Random
) -> None:
    for name, node in folder.left(chance).items():
        if isinstance(node, Folder):
            found[path + name] = None
            _leave(node, f"{path}{name}/", found, chance)
        elif node is not None:
            shared = name.endswith(_SHARED_MEMORY)
            found[path + name] = chance.randbytes(4096) * 8 if shared else node.left(chance)


def put(left: dict[str, bytes | None], folder: Path) -> None:
    """Create the files of a state in an empty folder."""
    for name, content in left.items():
        if content is None:
            (folder / name).mkdir()
        else:
            (folder / name).write_bytes(content)
