"""Class attributes that `dataclasses` and `inspect` read. Each is created when it is first read."""

from __future__ import annotations

from typing import Any

from quotakeeper.value_classes.field_facts import FIELDS, MISSING


class StandardFields:
    """Creates the attribute `__dataclass_fields__` of a class when it is first read."""

    def __init__(self) -> None:
        self._made: dict[type, dict[str, Any]] = {}

    def __get__(self, value: Any, owner: Any) -> dict[str, Any]:
        if owner not in self._made:
            import dataclasses  # noqa: PLC0415 - as in `methods`

            made: dict[str, Any] = {}
            for name, each in getattr(owner, FIELDS).items():
                kinds: dict[str, Any] = {"init": each.init, "repr": each.repr}
                if each.default is not MISSING:
                    kinds["default"] = each.default
                if each.default_factory is not MISSING:
                    kinds["default_factory"] = each.default_factory
                made[name] = dataclasses.field(compare=each.compare, **kinds)
                made[name].name, made[name].type, made[name].kw_only = name, each.type, False
                made[name]._field_type = dataclasses._FIELD  # type: ignore[attr-defined]
            self._made[owner] = made
        return self._made[owner]


class StandardParameters:
    """The attribute `__dataclass_params__` of a class, which `dataclasses.dataclass` reads."""

    init = repr = eq = match_args = True
    order = unsafe_hash = kw_only = False

    def __init__(self, frozen: bool) -> None:
        self.frozen = frozen


class SignatureOfInit:
    """Creates the attribute `__signature__` of a class when it is read, from the compiled
    `__init__`.
    """

    def __init__(self, cls: Any) -> None:
        self._cls = cls

    def __get__(self, value: Any, owner: Any) -> Any:
        method = self._cls.__dict__["__init__"]
        if value is not None or owner.__init__ is not method:
            raise AttributeError("__signature__")
        from inspect import signature  # noqa: PLC0415 - as in `methods`

        found = signature(getattr(method, "compiled", lambda: method)())
        return found.replace(parameters=list(found.parameters.values())[1:])
