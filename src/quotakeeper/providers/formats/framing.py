"""Cuts a response into documents as it arrives: server-sent events, JSON arrays, JSON lines.

Documents are bytes. If a document is larger than the cap, only its end is kept. For a JSON value,
the beginning is kept too. The sizes of the received chunks do not change the documents.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Protocol

from quotakeeper.providers.formats.json_depth import end_of_text, skim
from quotakeeper.providers.formats.json_values import parse_json
from quotakeeper.value_classes import dataclass, field

MOST_HELD = 16 * 1024 * 1024
TAIL = 128 * 1024
_PIECE = 64 * 1024
_BOM = b"\xef\xbb\xbf"
_BLANKS = b" \t\r\n"
_OUTSIDE = re.compile(rb'["{}\[\]]')
_LINE_ENDS = (b"\n", b"\r\n", b"\r")


@dataclass(frozen=True, slots=True)
class Document:
    """One document: an event's data or a JSON value.

    - `whole`: False if the document was cut, or if only its end was kept.
    - `streamed`: True if more documents may follow.
    - `value`: the parsed value, if parsing was needed anyway; else None.
    - `head`: the first `TAIL` bytes of a JSON value of which `data` is only the end; else empty.
    """

    data: bytes
    event: str = ""
    whole: bool = True
    streamed: bool = True
    value: object = field(default=None, compare=False)
    head: bytes = b""


Take = Callable[[Document], None]


class Splitter(Protocol):
    """Splits bytes into documents, and passes each document to a function."""

    def feed(self, data: bytes) -> None:
        """Add the next bytes."""

    def close(self) -> None:
        """End the input, and pass on the unfinished document."""

    @property
    def is_between(self) -> bool:
        """Whether the bytes so far end at the end of a document."""


class Framing:
    """Splits a response as events or as JSON; the first bytes decide which."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._start = b""
        self._splitter: Splitter | None = None

    def feed(self, data: bytes) -> None:
        """Add the next decompressed bytes."""
        if self._splitter is None:
            data = self._start + data
            if len(data) < 4 and _BOM.startswith(data[:3]):
                self._start = data
                return
            data = data.removeprefix(_BOM).lstrip(_BLANKS) if data else data
            self._start = b""
            if not data:
                self._start = b"    "  # blanks came first: no byte order mark can follow
                return
            json_like = data[:1] in (b"{", b"[", b",", b"]")
            self._splitter = JsonSplitter(self._take) if json_like else EventSplitter(self._take)
        self._splitter.feed(data)

    def close(self) -> None:
        """End the input, and pass on the unfinished document."""
        if self._splitter is not None:
            self._splitter.close()

    @property
    def is_between(self) -> bool:
        """Whether the bytes so far end at the end of a document."""
        return self._splitter is not None and self._splitter.is_between

    @property
    def in_events(self) -> bool:
        """Whether the response consists of server-sent events."""
        return isinstance(self._splitter, EventSplitter)


class JsonSplitter:
    """Passes on a single object, or each object of a JSON array or of JSON lines."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._depth = 0
        self._base = 0  # depth of the objects that are passed on: 1 inside a top-level array
        self._quoted = self._escaped = False
        self._held = bytearray()
        self._head = b""
        self._whole = True
        self._holding = self._began = False

    def feed(self, data: bytes) -> None:
        """Add the next bytes."""
        if not self._began:
            self._began = True
            if self._is_one(data):
                return
        for at in range(0, len(data), _PIECE):
            piece = data[at : at + _PIECE]
            if not self._is_inside(piece):
                self._walk(piece)

    def _is_inside(self, data: bytes) -> bool:
        """Add a chunk if it lies wholly inside a large object; else add nothing and return False."""
        if len(self._held) < _PIECE:
            return False
        if self._quoted and not self._escaped and b'"' not in data and b"\\" not in data:
            self._hold(data)  # media in base64
            return True
        skimmed = skim(data, quoted=self._quoted, escaped=self._escaped)
        if self._depth + skimmed.lowest <= self._base:
            return False
        self._depth += skimmed.change
        self._quoted, self._escaped = skimmed.quoted, skimmed.escaped
        self._hold(data)
        return True

    def _walk(self, data: bytes) -> None:
        at, start = 0, 0
        while at < len(data):
            if self._quoted:
                at = self._in_text(data, at)
                continue
            found = _OUTSIDE.search(data, at)
            if found is None:
                break
            at = found.end()
            mark = found.group()
            if mark == b'"':
                self._quoted = True
            elif mark in (b"{", b"["):
                start = self._open(mark, at, start)
            else:
                self._depth = max(0, self._depth - 1)
                if self._holding and self._depth == self._base:
                    self._hold(data[start:at])
                    self._give()
                self._base = min(self._base, self._depth)
        if self._holding:
            self._hold(data[start:])

    def close(self) -> None:
        """End the input. An object that was cut off is passed on, because its last bytes may contain
        the usage.
        """
        if self._holding:
            if self._whole:
                self._cut()
            self._give()

    def _is_one(self, data: bytes) -> bool:
        """Return whether the first bytes are one whole object; if so, pass the object on."""
        ends = data[-4:].rstrip(_BLANKS).endswith(b"}")
        if not ends or not data.startswith(b"{") or len(data) > MOST_HELD:
            return False
        value = parse_json(data)
        if value is None:
            return False
        self._take(Document(data.rstrip(_BLANKS), streamed=False, value=value))
        return True

    @property
    def is_between(self) -> bool:
        """Whether every object so far is complete."""
        return not self._holding

    def _in_text(self, data: bytes, at: int) -> int:
        if self._escaped:
            self._escaped = False
            return at + 1
        at, self._quoted, self._escaped = end_of_text(data, at)
        return at

    def _open(self, mark: bytes, at: int, start: int) -> int:
        if not self._holding:
            if mark == b"[" and self._depth == 0:
                self._base = 1
            elif mark == b"{" and self._depth == self._base:
                self._holding, start = True, at - 1
        self._depth += 1
        return start

    def _hold(self, data: bytes) -> None:
        self._held += data
        if self._whole and len(self._held) > MOST_HELD:
            self._cut()
        if not self._whole and len(self._held) > 2 * TAIL:
            del self._held[:-TAIL]

    def _cut(self) -> None:
        self._whole = False
        self._head = bytes(self._held[:TAIL]) if len(self._held) > TAIL else b""

    def _give(self) -> None:
        data = bytes(self._held if self._whole else self._held[-TAIL:])
        whole, head = self._whole, self._head
        self._held.clear()
        self._holding, self._whole, self._head = False, True, b""
        self._take(Document(data, whole=whole, streamed=self._base > 0, head=head))


class EventSplitter:
    """Splits server-sent events by their specification: any line end, comments, data of many lines."""

    def __init__(self, take: Take) -> None:
        self._take = take
        self._line = bytearray()
        self._after_return = False
        self._data: bytearray | None = None  # a list of many short lines takes ten times their size
        self._whole = True
        self._event = ""

    def feed(self, data: bytes) -> None:
        """Add the next bytes."""
        for at in range(0, len(data), _PIECE):
            self._feed(data[at : at + _PIECE])

    def _feed(self, data: bytes) -> None:
        if self._after_return:
            data = data.removeprefix(b"\n")
        for end in _LINE_ENDS:  # in a sequence of line ends, those after the second have no effect
            while 3 * end in data:
                data = data.replace(3 * end, 2 * end)
        self._after_return = data.endswith(b"\r")
        lines = data.splitlines()
        rest = lines.pop() if lines and not data.endswith((b"\r", b"\n")) else b""
        for each in lines:
            line = each
            if self._line:
                self._hold(line)
                line = bytes(self._line)
                self._line.clear()
            if line:
                self._read(line)
            else:
                self._give()
        self._hold(rest)

    def close(self) -> None:
        """Pass on an unfinished event too, because many servers leave out the last blank line."""
        if self._line:
            self._read(bytes(self._line))
            self._line.clear()
        self._give()

    @property
    def is_between(self) -> bool:
        """Whether every event so far is complete."""
        return not (self._line or self._data is not None or self._event)

    def _hold(self, data: bytes) -> None:
        self._line += data
        if len(self._line) > MOST_HELD:
            self._whole = False
            del self._line[5:-TAIL]  # the field's name is kept

    def _read(self, line: bytes) -> None:
        if line[:1] in (b"{", b"["):
            self._take(Document(line))  # an error as a JSON line between events
            return
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"data":
            if self._data is None:
                self._data = bytearray(value)
            else:
                self._data += b"\n" + value
            if len(self._data) > MOST_HELD:
                self._whole = False
                del self._data[:-TAIL]
        elif name == b"event":
            self._event = value[:100].decode("ascii", "replace")

    def _give(self) -> None:
        data, event, whole = bytes(self._data or b""), self._event, self._whole
        self._data, self._event, self._whole = None, "", True
        if data:
            self._take(Document(data if whole else data[-TAIL:], event, whole))
