"""Makes value classes like `dataclasses`, but compiles each method at its first call.

When a module is imported, `dataclasses` compiles six methods for every class and loads `inspect`.
This module compiles nothing at import.

The functions here support the options `frozen`, `slots` and `weakref_slot`, and fields with
`default`, `default_factory`, `init`, `repr` and `compare`. Annotations must be strings.

Instances act like those of `dataclasses`. The functions of `dataclasses` accept them: `fields`,
`asdict`, `replace`, `is_dataclass`, and `dataclass` for a subclass.
"""

from __future__ import annotations

from typing import Any

from quotakeeper.value_classes.field_facts import FIELDS, MISSING, FieldFacts
from quotakeeper.value_classes.methods import (
    at_first_call,
    eq_source,
    hash_source,
    init_source,
    refusals,
    repr_source,
    set_state,
    state,
)
from quotakeeper.value_classes.standard_attributes import (
    SignatureOfInit,
    StandardFields,
    StandardParameters,
)


def field(**given: Any) -> Any:
    """Describe a field, with the arguments of `dataclasses.field`.

    Raises TypeError for an unsupported option, and ValueError if both kinds of default are given.
    """
    return FieldFacts(given)


def dataclass(
    cls: Any = None, /, *, frozen: bool = False, slots: bool = False, weakref_slot: bool = False
) -> Any:
    """Make a class with a field for each annotated name, as `dataclasses.dataclass` does.

    Raises TypeError if a field without a default follows a field with a default. Raises ValueError
    if a default is a mutable value.
    """
    if cls is None:
        return lambda given: _made(given, frozen, slots, weakref_slot)
    return _made(cls, frozen, slots, weakref_slot)


def fields(of: Any) -> tuple[FieldFacts, ...]:
    """Return the fields of a class or of an instance, in order."""
    return tuple(getattr(of, FIELDS).values())


def replace(value: Any, /, **changes: Any) -> Any:
    """Return a copy of a value with some fields changed.

    Raises TypeError for a name that is no field, ValueError for a field with `init=False`.
    """
    for name, each in getattr(value, FIELDS).items():
        if not each.init:
            if name in changes:
                raise ValueError(f"field {name} is declared with init=False")
        elif name not in changes:
            changes[name] = getattr(value, name)
    return value.__class__(**changes)


def asdict(value: Any) -> dict[str, Any]:
    """Return the fields of a value as a dictionary. Value classes inside it become dictionaries
    too."""
    return {name: _plain(getattr(value, name)) for name in getattr(value, FIELDS)}


def _plain(value: Any) -> Any:
    if hasattr(type(value), FIELDS):
        return asdict(value)
    if isinstance(value, dict):
        return type(value)((_plain(key), _plain(each)) for key, each in value.items())
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*map(_plain, value))
    if isinstance(value, list | tuple):
        return type(value)(map(_plain, value))
    return value


# -- the class


def _made(cls: Any, frozen: bool, slots: bool, weakref_slot: bool) -> Any:
    own = _own_fields(cls)
    found: dict[str, FieldFacts] = {}
    for base in reversed(cls.__mro__[1:]):
        found.update(getattr(base, FIELDS, {}))
    found.update(own)
    _check_order(cls, found)
    left_out = {*own, "__dict__", "__weakref__"}
    space = {name: value for name, value in cls.__dict__.items() if name not in left_out}
    if slots:
        there = {name for base in cls.__mro__[1:] for name in base.__dict__.get("__slots__", ())}
        extra = ("__weakref__",) if weakref_slot else ()
        space["__slots__"] = tuple(name for name in (*own, *extra) if name not in there)
    else:
        space.update({name: f.default for name, f in own.items() if f.default is not MISSING})
    space[FIELDS] = found
    space.setdefault("__match_args__", tuple(each.name for each in found.values() if each.init))
    made = type(cls)(cls.__name__, cls.__bases__, space)
    made.__qualname__ = cls.__qualname__
    _rebind_class_cells(cls, made)
    _add_methods(made, frozen)
    return made


def _own_fields(cls: Any) -> dict[str, FieldFacts]:
    own: dict[str, FieldFacts] = {}
    # `inspect.get_annotations` would load `inspect`.
    for name, kind in cls.__dict__.get("__annotations__", {}).items():  # noqa: RUF063
        if not isinstance(kind, str):
            raise TypeError(f"{cls.__module__} needs: from __future__ import annotations")
        if kind.startswith(("ClassVar", "typing.ClassVar")):
            continue
        given = cls.__dict__.get(name, MISSING)
        each = given if isinstance(given, FieldFacts) else FieldFacts({"default": given})
        if each.default.__class__.__hash__ is None:
            raise ValueError(f"{cls.__name__}.{name}: use default_factory for {each.default!r}")
        each.name, each.type = name, kind
        own[name] = each
    return own


def _check_order(cls: Any, found: dict[str, FieldFacts]) -> None:
    before = ""
    for each in found.values():
        if each.init and each.may_be_left_out:
            before = each.name
        elif each.init and before:
            raise TypeError(
                f"{cls.__name__}.{each.name} has no default, but follows {before}, which has one"
            )


def _rebind_class_cells(old: Any, new: Any) -> None:
    """Make `super()` and `__class__` in the methods refer to the new class."""
    for value in old.__dict__.values():
        function = getattr(value, "fget", None) or getattr(value, "__func__", value)
        for cell in getattr(function, "__closure__", None) or ():
            try:
                if cell.cell_contents is old:
                    cell.cell_contents = new
            except ValueError:  # an empty cell
                continue


def _add_methods(cls: Any, frozen: bool) -> None:
    written = dict(cls.__dict__)
    for name, source in (
        ("__init__", init_source),
        ("__repr__", repr_source),
        ("__eq__", eq_source),
    ):
        if name not in written:
            setattr(cls, name, at_first_call(cls, name, source, frozen))
    if written.get("__hash__") is None:
        later = at_first_call(cls, "__hash__", hash_source, frozen)
        cls.__hash__ = later if frozen else None
    if frozen:
        cls.__setattr__, cls.__delattr__ = refusals(cls)
        if "__getstate__" not in written:
            cls.__getstate__, cls.__setstate__ = state, set_state
    cls.__replace__ = replace
    cls.__dataclass_fields__ = StandardFields()
    cls.__dataclass_params__ = StandardParameters(frozen)
    cls.__signature__ = SignatureOfInit(cls)
