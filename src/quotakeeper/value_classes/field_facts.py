"""Describes the fields of a value class."""

from __future__ import annotations

from typing import Any

FIELDS = "__value_fields__"


class _Missing:
    __slots__ = ()

    def __repr__(self) -> str:
        return "<factory>"


MISSING: Any = _Missing()


class FieldFacts:
    """The description of a field: name, type, default, and whether `compare`, `init` and `repr` use
    it."""

    __slots__ = ("compare", "default", "default_factory", "init", "name", "repr", "type")

    def __init__(self, given: dict[str, Any]) -> None:
        self.name = self.type = ""
        self.default = given.pop("default", MISSING)
        self.default_factory = given.pop("default_factory", MISSING)
        self.init, self.repr = given.pop("init", True), given.pop("repr", True)
        self.compare = given.pop("compare", True)
        if given:
            raise TypeError(f"field() does not support the option {', '.join(sorted(given))}")
        if self.default is not MISSING and self.default_factory is not MISSING:
            raise ValueError("a field has a default or a default_factory, not both")

    @property
    def may_be_left_out(self) -> bool:
        """Whether the field has a default, so that a new instance needs no value for it."""
        return self.default is not MISSING or self.default_factory is not MISSING
