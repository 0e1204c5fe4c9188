"""Opens saved exports as text. A file of the wrong kind is reported before its content is read."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO, TypeVar

from quotakeeper.errors import InvalidInputError

T = TypeVar("T")

_CHUNK = 64 * 1024
_HEAD = 512
_AGAIN = "download the export again"
_KINDS = (
    (b"\xff\xfe", "is written in UTF-16", "save it as UTF-8"),
    (b"\xfe\xff", "is written in UTF-16", "save it as UTF-8"),
    (
        b"PK\x03\x04",
        "is a spreadsheet or an archive",
        "export it as CSV or JSON, without compression",
    ),
    (b"\x1f\x8b", "is packed", "unpack it first"),
)


def text_chunks(path: Path) -> Iterator[str]:
    """Yield the text of a file in chunks. Raises InvalidInputError if the file cannot be read."""
    with _opened(path) as file:
        while chunk := file.read(_CHUNK):
            yield chunk


def text_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file with their line endings. Raises InvalidInputError if it cannot be read."""
    with _opened(path) as file:
        yield from file


@contextmanager
def _opened(path: Path) -> Iterator[TextIO]:
    where = f"--file {path.name}"
    try:
        with open(path, "rb") as raw:
            _look_at(raw.read(_HEAD), where)
        with open(path, encoding="utf-8-sig", newline="") as file:
            yield file
    except UnicodeDecodeError:
        raise InvalidInputError(where, "is not UTF-8 text", "save it as UTF-8") from None
    except InvalidInputError:
        raise
    except (OSError, ValueError) as error:  # ValueError: the name contains a null character
        reason = getattr(error, "strerror", None) or error
        raise InvalidInputError(
            where, f"cannot be read: {reason}", "give the path of an existing file"
        ) from None


def named(path: Path, found: Iterator[T]) -> Iterator[T]:
    """Yield the items of `found`, and add the file's name to each InvalidInputError."""
    try:
        yield from found
    except InvalidInputError as error:
        if error.field.startswith("--file"):
            raise
        field = "" if error.field == "the export" else f", {error.field}"
        raise InvalidInputError(f"--file {path.name}{field}", error.problem, error.fix) from None


def _look_at(head: bytes, where: str) -> None:
    for mark, problem, fix in _KINDS:
        if head.startswith(mark):
            raise InvalidInputError(where, problem, fix)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    if not text:
        raise InvalidInputError(where, "is empty", _AGAIN)
    if text.startswith(b"<"):
        raise InvalidInputError(
            where, "is a web page, not an export (perhaps a login page)", _AGAIN
        )
    if b"\0" in head:
        raise InvalidInputError(where, "is not text", _AGAIN)
