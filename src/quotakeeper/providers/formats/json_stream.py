"""Reads objects from a JSON text of any size, one at a time; numbers stay exact."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from decimal import Decimal
from json import JSONDecodeError

from quotakeeper.errors import InvalidInputError

MOST_VALUE = 4 * 1024 * 1024  # characters of one value
_BLANK = " \t\r\n"


def _no_number(text: str) -> object:
    raise ValueError(f"{text} is not a JSON number")


class _Text:
    """The text that was read so far, and the current position in it."""

    def __init__(self, chunks: Iterable[str]) -> None:
        self._chunks = iter(chunks)
        self._text = ""
        self._at = 0
        self._read = 0
        self._decoder = json.JSONDecoder(parse_float=Decimal, parse_constant=_no_number)

    def look(self) -> str:
        """Return the next character that is not blank, without skipping it; "" at the end of the
        text.
        """
        while True:
            while self._at < len(self._text):
                character = self._text[self._at]
                if character not in _BLANK:
                    return character
                self._at += 1
            if not self._more():
                return ""

    def take(self, expected: str) -> None:
        """Skip the next character that is not blank.

        Raises InvalidInputError if the character is not one of `expected`.
        """
        found = self.look()
        if not found or found not in expected:
            raise self.wrong(f"expected {expected!r}, found {found!r}" if found else "it ends here")
        self._at += 1

    def value(self) -> object:
        """Read and return the next JSON value.

        Raises InvalidInputError if the value is damaged, cut short or larger than MOST_VALUE
        characters.
        """
        self.look()
        while True:
            try:
                found, end = self._decoder.raw_decode(self._text, self._at)
            except JSONDecodeError as error:
                problem = error.msg
            except RecursionError:
                raise self.wrong("it is nested too deeply") from None
            except ValueError as error:
                raise self.wrong(str(error)) from None
            else:
                # A number at the end of the text may continue in the next chunk.
                if end < len(self._text) or not self._more():
                    self._at = end
                    return found
                continue
            if len(self._text) - self._at > MOST_VALUE:
                raise self.wrong("one value in it is larger than 4 MB")
            if not self._more():
                raise self.wrong(f"it is cut short or damaged ({problem})")

    def wrong(self, problem: str) -> InvalidInputError:
        """Return an error with `problem` and the current position in the text."""
        place = self._read - len(self._text) + self._at
        return InvalidInputError(
            "the export", f"is not JSON in the expected form: {problem}, at character {place}"
        )

    def _more(self) -> bool:
        chunk = next(self._chunks, "")
        self._text, self._at = self._text[self._at :] + chunk, 0
        self._read += len(chunk)
        return bool(chunk)


def objects_listed(chunks: Iterable[str], name: str, single: str) -> Iterator[dict[str, object]]:
    """Yield the objects of every list called `name`, over all pages of an export.

    A page is an object with such a list: `{"requests": [{...}, {...}]}`. The text contains one or
    more pages, or a list of pages. If an object is no page, the object under its key `single` is
    yielded. Without this key, the object itself is yielded. Raises InvalidInputError for other
    JSON, and for a text that is cut short.
    """
    text = _Text(chunks)
    while text.look():
        yield from _page_or_list(text, name, single)
        while text.look() and text.look() == ",":
            text.take(",")


def _page_or_list(text: _Text, name: str, single: str) -> Iterator[dict[str, object]]:
    if text.look() == "[":
        for _ in _members(text, "[", "]"):
            if text.look() != "{":
                raise text.wrong("a list with a value that is not an object")
            yield from _object(text, name, single)
    elif text.look() == "{":
        yield from _object(text, name, single)
    else:
        raise text.wrong("neither an object nor a list")


def _object(text: _Text, name: str, single: str) -> Iterator[dict[str, object]]:
    found: dict[str, object] = {}
    is_page = False
    for _ in _members(text, "{", "}"):
        key = text.value()
        if not isinstance(key, str):
            raise text.wrong("a key that is not a string")
        text.take(":")
        if key == name and text.look() == "[":
            is_page = True
            for _ in _members(text, "[", "]"):
                listed = text.value()
                if not isinstance(listed, dict):
                    raise text.wrong(f"{name!r} contains a value that is not an object")
                yield listed
        else:
            found[key] = text.value()
    inner = found.get(single)
    if isinstance(inner, dict):
        yield inner
    elif not is_page:
        yield found


def _members(text: _Text, opening: str, closing: str) -> Iterator[None]:
    """Read a list or object: yield once before each member, which the caller then reads."""
    text.take(opening)
    if text.look() == closing:
        text.take(closing)
        return
    while True:
        yield None
        if text.look() == closing:
            text.take(closing)
            return
        text.take(",")
