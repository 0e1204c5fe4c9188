"""Keeps the documents of a stream unread, because most of them do not change its usage.

A stream has hundreds of documents, and the last running total counts. To find a total takes a
search for a key; to parse the JSON around it takes ten times as long. So each document waits
unread. If the total of a later document replaces a waiting document, the waiting document is never
read. All other documents are read, in order.

A text of an answer cannot contain a key. A key has a quote at both ends, and JSON puts a backslash
before each quote in a text. In Gemini's answers, the arguments of a function call may contain a
key, so a document with a function call is always read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from quotakeeper.providers.formats.framing import Document
from quotakeeper.value_classes import dataclass

_MOST_WAITING = 256 * 1024  # bytes; more are read at once
_ERROR = b'"error"'  # a document with an error is always read, and its total is not
_DONE = b"[DONE]"
_EVENT_ENDS = (b"\n\n", b"\r\n\r\n", b"\r\r")
_BETWEEN = re.compile(rb"\r\n\r\n|\n\n|\r\r")  # between two events


@dataclass(frozen=True, slots=True)
class TotalKeys:
    """Where a provider's documents have their running total. All texts are bytes of JSON.

    - `usage`: the key of the usage object.
    - `output`, `thoughts`: patterns of the counts in it; the first group is the number.
    - `latest`: keys of which only the last value in a stream counts, such as the model's name.
    - `always_read`: texts in documents that change more than the total and these keys.
    - `includes_thoughts`: the output count includes the thought tokens.
    """

    usage: bytes
    output: re.Pattern[bytes]
    thoughts: re.Pattern[bytes]
    latest: tuple[bytes, ...]
    always_read: tuple[bytes, ...]
    includes_thoughts: bool = False

    def must_read(self, data: bytes) -> bool:
        """Return whether a document changes more than the total."""
        return any(key in data for key in self.always_read) or has_value(data, _ERROR)

    def total(self, data: bytes) -> tuple[int, int] | None:
        """Return the (output, thought) tokens of a document's total; None if it has no output."""
        at = max(data.find(self.usage), 0)
        output, thoughts = self.output.search(data, at), self.thoughts.search(data, at)
        if output is None:
            return None
        thought = int(thoughts[1]) if thoughts else 0
        return int(output[1]) - (thought if self.includes_thoughts else 0), thought

    def last_total(self, data: bytes) -> int | None:
        """Return the output and thought tokens that server-sent events report at their end.

        Returns None if `data` does not end with an event, if its last event has no total, or if an
        event must be read.
        """
        at = data.rfind(self.usage)
        if at < 0 or not data.endswith(_EVENT_ENDS) or self.must_read(data):
            return None
        tail = data[at:].rstrip(b"\r\n")
        total = None if _BETWEEN.search(tail) else self.total(tail)
        return None if total is None else sum(total)


def has_value(data: bytes, key: bytes) -> bool:
    """Return whether JSON text has a key whose value is not null."""
    return key in data and count_values(data, key) > 0


def count_values(data: bytes, key: bytes) -> int:
    """Return how often JSON text has a key whose value is not null."""
    return data.count(key) - len(re.findall(re.escape(key) + rb"\s*:\s*null", data))


class WaitingDocuments:
    """The documents of one stream that are not read yet. The function `read` reads one of them."""

    def __init__(self, keys: TotalKeys, read: Callable[[Document], None]) -> None:
        self._keys = keys
        self._read = read
        self._waiting: list[Document] = []
        self._size = 0
        self._most = (0, 0)  # the largest (output, thought) tokens of all totals so far
        self._must_read = False  # a waiting document must not be forgotten

    def add(self, document: Document) -> None:
        """Add the next document.

        A document replaces earlier ones only when the next document arrives, because the last
        document of a stream may be cut.
        """
        if self._waiting:
            self._place_newest()
        if not document.whole or not document.streamed:
            self.read_all()
            self._read(document)
            return
        self._waiting.append(document)
        self._size += len(document.data)
        if self._size > _MOST_WAITING:
            self.read_all()

    @staticmethod
    def first_end(data: bytes) -> int:
        """Return where the first server-sent event ends; 0 if none does."""
        found = _BETWEEN.search(data)
        return found.end() if found else 0

    def replaced(self, data: bytes) -> int:
        """Return how many bytes at the start of `data` are replaced by a later total in `data`.

        `data` consists of server-sent events, and its first event is whole.
        """
        keys = self._keys
        ends = _BETWEEN.search(data)
        mark = ends[0] if ends else b""
        last = data.rfind(keys.usage, 0, max(data.rfind(mark), 0)) if mark else -1
        start = data.rfind(mark, 0, last) + len(mark) if last > 0 else 0
        if start < len(mark):
            return 0
        earlier, newest = data[:start], data[start : data.index(mark, last)]
        total = keys.total(newest)
        if total is None or not self._covers(total, newest, [earlier]):
            return 0
        if keys.must_read(earlier) or _DONE in earlier:
            return 0
        outputs, thoughts = keys.output.findall(earlier), keys.thoughts.findall(earlier)
        known = len(outputs) == count_values(earlier, keys.usage)
        if not known or max(map(int, outputs), default=0) > total[0]:
            return 0
        return start if max(map(int, thoughts), default=0) <= total[1] else 0

    def read_all(self) -> None:
        """Read all documents that wait."""
        waiting, self._waiting, self._size = self._waiting, [], 0
        self._must_read = False
        for document in waiting:
            self._read(document)

    def _place_newest(self) -> None:
        """Let the newest document replace the earlier ones if its total includes their totals."""
        data = self._waiting[-1].data
        keys = self._keys
        must_read = keys.must_read(data)
        if has_value(data, keys.usage):
            total = keys.total(data)
            earlier = [document.data for document in self._waiting[:-1]]
            if total is None or self._must_read or not self._covers(total, data, earlier):
                self.read_all()
                return
            del self._waiting[:-1]
            self._size, self._most, self._must_read = len(data), total, False
        self._must_read = self._must_read or must_read
        if must_read and len(self._waiting) == 1:
            self.read_all()

    def _covers(self, total: tuple[int, int], data: bytes, earlier: list[bytes]) -> bool:
        """Return whether a document's total includes all earlier totals, and nothing else is lost."""
        grows = total[0] > 0 and total[0] >= self._most[0] and total[1] >= self._most[1]
        if not grows or not data.endswith(b"}") or has_value(data, _ERROR):
            return False
        return all(
            key in data or not any(key in each for each in earlier) for key in self._keys.latest
        )
