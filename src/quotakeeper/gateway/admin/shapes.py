"""Describes JSON values. One description checks a value and writes its part of the OpenAPI document."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from quotakeeper.domain.windows import MAX_INSTANT, instant
from quotakeeper.errors import InvalidInputError
from quotakeeper.known_names import nearest
from quotakeeper.value_classes import dataclass, field

Document = dict[str, object]
_INSTANT = re.compile(
    r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:[Zz]|[+-]\d\d:\d\d)", re.ASCII
)
_MOST_SHOWN = 60


class ShapeError(Exception):
    """A value does not fit its description. `where` names the field: "limits[0].amount"."""

    def __init__(self, where: str, problem: str) -> None:
        self.where = where
        self.problem = problem
        super().__init__(f"{where or 'the value'}: {problem}")


class JsonShape(Protocol):
    """The description of a JSON value."""

    def read(self, value: object, where: str = "") -> Any:
        """Return the value, checked. Raises ShapeError."""

    def document(self) -> Document:
        """Return the description as JSON Schema 2020-12."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text. `pattern` must match all of it. Without `controls`, it has no control character."""

    least: int = 0
    most: int = 256
    pattern: str = ""

    def read(self, value: object, where: str = "") -> str:
        """Return the text. Raises ShapeError."""
        if not isinstance(value, str):
            raise ShapeError(where, f"{_kind(value)} is not text")
        if not self.least <= len(value) <= self.most:
            problem = f"has {len(value)} characters; from {self.least} to {self.most} are allowed"
            raise ShapeError(where, problem)
        if self.pattern and not re.fullmatch(self.pattern, value):
            raise ShapeError(where, f"{_shown(value)} does not match {self.pattern}")
        return value

    def document(self) -> Document:
        """Return the JSON Schema."""
        more = {"pattern": f"^{self.pattern}$"} if self.pattern else {}
        return {"type": "string", "minLength": self.least, "maxLength": self.most, **more}


@dataclass(frozen=True, slots=True)
class Instant:
    """An instant as RFC 3339 text. Read as microseconds since 1970 UTC."""

    def read(self, value: object, where: str = "") -> int:
        """Return the microseconds since 1970 UTC. Raises ShapeError."""
        text = value if isinstance(value, str) else ""
        try:
            if _INSTANT.fullmatch(text):
                at = max(0, instant(datetime.fromisoformat(text.upper())))
                if at < MAX_INSTANT:  # an offset can move the last day into the year 10000
                    return at
        except (ValueError, OverflowError, InvalidInputError):
            pass
        raise ShapeError(where, f'{_shown(value)} is not an instant like "2026-12-31T23:59:59Z"')

    def document(self) -> Document:
        """Return the JSON Schema."""
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` to `most`. In a query, it is written in digits."""

    least: int = 0
    most: int = 2**63 - 1

    def read(self, value: object, where: str = "") -> int:
        """Return the number. Raises ShapeError."""
        if isinstance(value, bool) or not isinstance(value, int):
            raise ShapeError(where, f"{_kind(value)} is not a whole number")
        if not self.least <= value <= self.most:
            raise ShapeError(where, f"is out of range; give {self.least} to {self.most}")
        return value

    def document(self) -> Document:
        """Return the JSON Schema."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def read(self, value: object, where: str = "") -> bool:
        """Return the value. Raises ShapeError."""
        if not isinstance(value, bool):
            raise ShapeError(where, f"{_kind(value)} is not true or false")
        return value

    def document(self) -> Document:
        """Return the JSON Schema."""
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of a few words."""

    words: tuple[str, ...]

    def read(self, value: object, where: str = "") -> str:
        """Return the word. Raises ShapeError that names the words."""
        if not isinstance(value, str) or value not in self.words:
            raise ShapeError(where, f"{_shown(value)} is not one of: {', '.join(self.words)}")
        return value

    def document(self) -> Document:
        """Return the JSON Schema."""
        return {"type": "string", "enum": list(self.words)}


@dataclass(frozen=True, slots=True)
class Amount:
    """An amount in the unit of its meter: decimal text, or a whole number. Never a float."""

    def read(self, value: object, where: str = "") -> str | int:
        """Return the amount as it was given. Raises ShapeError."""
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**18:
            return value
        if isinstance(value, str) and re.fullmatch(r"[0-9]{1,18}(?:\.[0-9]{1,12})?", value):
            return value
        raise ShapeError(where, f'{_shown(value)} is not an amount; write it as text, like "2.50"')

    def document(self) -> Document:
        """Return the JSON Schema."""
        text: Document = {"type": "string", "pattern": r"^[0-9]{1,18}(?:\.[0-9]{1,12})?$"}
        return {"oneOf": [text, {"type": "integer", "minimum": 0, "maximum": 10**18 - 1}]}


@dataclass(frozen=True, slots=True)
class Many:
    """A list of values of one shape."""

    item: JsonShape
    most: int = 64

    def read(self, value: object, where: str = "") -> list[Any]:
        """Return the checked items. Raises ShapeError."""
        if not isinstance(value, list):
            raise ShapeError(where, f"{_kind(value)} is not a list")
        if len(value) > self.most:
            raise ShapeError(where, f"has {len(value)} entries; the most is {self.most}")
        return [self.item.read(each, f"{where}[{number}]") for number, each in enumerate(value)]

    def document(self) -> Document:
        """Return the JSON Schema."""
        return {"type": "array", "items": self.item.document(), "maxItems": self.most}


@dataclass(frozen=True, slots=True)
class Labels:
    """An object whose values are texts: the labels of calls."""

    most: int = 14

    def read(self, value: object, where: str = "") -> dict[str, str]:
        """Return the labels. Raises ShapeError."""
        if not isinstance(value, dict):
            raise ShapeError(where, f"{_kind(value)} is not an object")
        if len(value) > self.most:
            raise ShapeError(where, f"has {len(value)} labels; the most is {self.most}")
        name = Text(1)
        return {
            name.read(each, where): Text().read(found, f"{where}.{each[:_MOST_SHOWN]}")
            for each, found in value.items()
        }

    def document(self) -> Document:
        """Return the JSON Schema."""
        return {
            "type": "object", "maxProperties": self.most, "propertyNames": Text(1).document(),
            "additionalProperties": Text().document(),
        }  # fmt: skip


@dataclass(frozen=True, slots=True)
class OrNull:
    """A value, or null."""

    shape: JsonShape

    def read(self, value: object, where: str = "") -> Any:
        """Return the checked value, or None. Raises ShapeError."""
        return None if value is None else self.shape.read(value, where)

    def document(self) -> Document:
        """Return the JSON Schema."""
        return {"oneOf": [self.shape.document(), {"type": "null"}]}


@dataclass(frozen=True, slots=True)
class Open:
    """An object whose keys another page of the documentation lists."""

    about: str = ""

    def read(self, value: object, where: str = "") -> dict[str, Any]:
        """Return the object. Raises ShapeError."""
        if not isinstance(value, dict):
            raise ShapeError(where, f"{_kind(value)} is not an object")
        return value

    def document(self) -> Document:
        """Return the JSON Schema."""
        return {"type": "object", "description": self.about}


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a `JsonObject`."""

    shape: JsonShape
    about: str
    needed: bool = False


@dataclass(frozen=True, slots=True)
class JsonObject:
    """An object with named fields. A field that is not named here is refused."""

    name: str
    about: str
    fields: Mapping[str, Field] = field(default_factory=dict)

    def read(self, value: object, where: str = "") -> dict[str, Any]:
        """Return the fields that were given, checked. Raises ShapeError that names the field."""
        if not isinstance(value, dict):
            raise ShapeError(where, f"{_kind(value)} is not an object")
        prefix = f"{where}." if where else ""
        for name in value:
            if name not in self.fields:
                near = nearest(name, set(self.fields), cutoff=0.5)
                fix = f"did you mean {near!r}?" if near else f"known: {', '.join(self.fields)}"
                raise ShapeError(f"{prefix}{name[:_MOST_SHOWN]}", f"is not a known field; {fix}")
        for name, each in self.fields.items():
            if each.needed and name not in value:
                raise ShapeError(f"{prefix}{name}", "is missing")
        return {
            name: each.shape.read(value[name], f"{prefix}{name}")
            for name, each in self.fields.items() if name in value
        }  # fmt: skip

    def document(self) -> Document:
        """Return a reference to the JSON Schema, which stands once in the document."""
        return {"$ref": f"#/components/schemas/{self.name}"}

    def definition(self) -> Document:
        """Return the JSON Schema itself."""
        return {
            "type": "object",
            "description": self.about,
            "properties": {
                name: {**each.shape.document(), "description": each.about}
                for name, each in self.fields.items()
            },
            "required": [name for name, each in self.fields.items() if each.needed],
            "additionalProperties": False,
        }


def _kind(value: object) -> str:
    names = {type(None): "null", bool: "a flag", int: "a number", str: "text", list: "a list"}
    return names.get(type(value), "an object")


def _shown(value: object) -> str:
    return repr(value[:_MOST_SHOWN]) if isinstance(value, str) else _kind(value)
