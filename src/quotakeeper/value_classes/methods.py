"""The methods of a value class. Each method is compiled at its first call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quotakeeper.value_classes.field_facts import FIELDS, MISSING

_Source = Callable[[Any, bool, dict[str, Any]], str]


def at_first_call(cls: Any, name: str, source: _Source, frozen: bool) -> Any:
    def compiled() -> Any:
        space: dict[str, Any] = {}
        exec(compile(source(cls, frozen, space), f"<{cls.__qualname__}.{name}>", "exec"), space)  # noqa: S102 - the names of fields
        method = space[name]
        method.__qualname__, method.__module__ = f"{cls.__qualname__}.{name}", cls.__module__
        if name == "__init__":
            given = {each.name: each.type for each in getattr(cls, FIELDS).values() if each.init}
            method.__annotations__ = {**given, "return": None}
        if cls.__dict__.get(name) is first:
            setattr(cls, name, method)
        return method

    def first(self: Any, /, *given: Any, **named: Any) -> Any:
        return compiled()(self, *given, **named)

    first.compiled = compiled  # type: ignore[attr-defined]
    return first


def init_source(cls: Any, frozen: bool, space: dict[str, Any]) -> str:
    given, lines = ["self"], []
    space["MISSING"] = MISSING
    for name, each in getattr(cls, FIELDS).items():
        value = name
        if each.default_factory is not MISSING:
            space[f"_make_{name}"] = each.default_factory
            value = f"_make_{name}()"
            if each.init:
                given.append(f"{name}=MISSING")
                value = f"{value} if {name} is MISSING else {name}"
        elif each.default is not MISSING:
            space[f"_default_{name}"] = each.default
            given.append(f"{name}=_default_{name}") if each.init else None
            value = name if each.init else f"_default_{name}"
        elif each.init:
            given.append(name)
        else:
            continue
        lines.append(_assignment(cls, frozen, name, value, space))
    if hasattr(cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    return "\n".join([f"def __init__({', '.join(given)}):", *(lines or [" pass"])])


def _assignment(cls: Any, frozen: bool, name: str, value: str, space: dict[str, Any]) -> str:
    if not frozen:
        return f" self.{name} = {value}"
    # A slot's own setter skips the `__setattr__` that raises, and is faster than that of `object`.
    setter = getattr(getattr(cls, name, None), "__set__", None)
    if setter is None:
        space["_set"] = object.__setattr__
        return f" _set(self, {name!r}, {value})"
    space[f"_set_{name}"] = setter
    return f" _set_{name}(self, {value})"


def repr_source(cls: Any, frozen: bool, space: dict[str, Any]) -> str:
    shown = ", ".join(
        f"{f.name}={{self.{f.name}!r}}" for f in getattr(cls, FIELDS).values() if f.repr
    )
    return f"def __repr__(self):\n return self.__class__.__qualname__ + f'({shown})'"


def eq_source(cls: Any, frozen: bool, space: dict[str, Any]) -> str:
    return (
        "def __eq__(self, other):\n"
        " if other.__class__ is self.__class__:\n"
        f"  return {_tuple_of(cls, 'self')} == {_tuple_of(cls, 'other')}\n"
        " return NotImplemented"
    )


def hash_source(cls: Any, frozen: bool, space: dict[str, Any]) -> str:
    return f"def __hash__(self):\n return hash({_tuple_of(cls, 'self')})"


def _tuple_of(cls: Any, name: str) -> str:
    return (
        "("
        + "".join(f"{name}.{each.name}, " for each in getattr(cls, FIELDS).values() if each.compare)
        + ")"
    )


def refusals(cls: Any) -> tuple[Any, Any]:
    def __setattr__(self: Any, name: str, value: Any) -> None:
        if type(self) is cls or name in getattr(cls, FIELDS):
            raise _frozen(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def __delattr__(self: Any, name: str) -> None:
        if type(self) is cls or name in getattr(cls, FIELDS):
            raise _frozen(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    return __setattr__, __delattr__


def _frozen(what: str) -> AttributeError:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - takes 10 ms, and few programs need it

    return FrozenInstanceError(what)


def state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in getattr(self, FIELDS)]


def set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(getattr(self, FIELDS), state, strict=True):
        object.__setattr__(self, name, value)
