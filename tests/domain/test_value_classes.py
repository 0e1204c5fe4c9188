"""Value classes behave like dataclasses of the standard library: each class body is made by both."""

# mypy: ignore-errors
# Two libraries make the same class bodies, which a type checker cannot follow.

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar

import pytest

from quotakeeper.value_classes import maker

HERE = sys.modules[__name__]


def _bodies(library: Any) -> dict[str, Any]:
    dataclass, field = library.dataclass, library.field

    @dataclass(frozen=True, slots=True)
    class Point:
        """Two numbers."""

        x: int
        y: int = 2

        def moved(self) -> Any:
            return library.replace(self, x=self.x + 1)

        @property
        def kind(self) -> Any:
            return __class__

    @dataclass(frozen=True, slots=True)
    class Named(Point):
        name: str = "n"
        seen: dict[str, int] = field(default_factory=dict, compare=False)
        secret: str = field(default="s", repr=False)
        total: int = field(init=False, compare=False, repr=False)
        LIMIT: ClassVar[int] = 7

        def __post_init__(self) -> None:
            object.__setattr__(self, "total", self.x + self.y)

    @dataclass(slots=True)
    class Open:
        items: list[int] = field(default_factory=list)
        count: int = field(default=0, init=False)

    @dataclass(frozen=True)
    class Loose:
        a: int
        b: tuple[int, ...] = ()

    @dataclass(frozen=True, slots=True, weakref_slot=True)
    class Empty:
        pass

    @dataclass(frozen=True, slots=True)
    class Own:
        a: int

        def __eq__(self, other: object) -> bool:
            return True

        def __repr__(self) -> str:
            return "own"

        def __init__(self, value: int) -> None:
            object.__setattr__(self, "a", value)

    made = {each.__name__: each for each in (Point, Named, Open, Loose, Empty, Own)}
    for each in made.values():
        each.__qualname__ = each.__name__
    return made


OURS, STANDARD = _bodies(maker), _bodies(dataclasses)
CALLS: list[tuple[str, tuple[Any, ...], dict[str, Any]]] = [
    ("Point", (1,), {}), ("Point", (1, 3), {}), ("Point", (), {"y": 5, "x": 4}),
    ("Point", (), {}), ("Point", (1, 2, 3), {}), ("Point", (1,), {"z": 1}),
    ("Named", (1,), {}), ("Named", (1, 2, "m", {"a": 1}, "t"), {}), ("Named", (1,), {"total": 3}),
    ("Open", (), {}), ("Open", ([1],), {}), ("Open", (), {"count": 1}),
    ("Loose", (1,), {}), ("Loose", (1, (2,)), {}), ("Empty", (), {}), ("Own", (3,), {}),
]  # fmt: skip


def _outcome(act: Callable[[], object]) -> object:
    try:
        return act()
    except Exception as error:  # noqa: BLE001 - the kind of error is what is compared
        return type(error)


def _is_refused(value: Any, name: str, *, delete: bool = False) -> bool:
    try:
        delattr(value, name) if delete else setattr(value, name, 3)
    except (AttributeError, TypeError):  # the standard library raises TypeError by mistake
        return True
    return False


@pytest.mark.parametrize(("name", "given", "named"), CALLS)
def test_an_instance_is_made_shown_compared_and_hashed_in_the_same_way(
    name: str, given: tuple[Any, ...], named: dict[str, Any]
) -> None:
    told = []
    for classes in (OURS, STANDARD):
        made = _outcome(lambda classes=classes: classes[name](*given, **named))
        if isinstance(made, type):
            told.append([made])
            continue
        again, other = classes[name](*given, **named), classes["Loose"](9)
        told.append([
            repr(made), str(inspect.signature(classes[name])), classes[name].__match_args__,
            classes[name].__doc__ if name == "Point" else "", hasattr(made, "__dict__"),
            made == again, made != again, made == other, _outcome(lambda v=made: hash(v)),
            [f.name for f in dataclasses.fields(made)], dataclasses.is_dataclass(made),
            _outcome(lambda v=made: dataclasses.asdict(v)),
            _is_refused(made, "x"), _is_refused(made, "new"), _is_refused(made, "y", delete=True),
            repr(copy.copy(made)), repr(copy.deepcopy(made)),
        ])  # fmt: skip
    assert told[0] == told[1]


@pytest.mark.parametrize("classes", [OURS, STANDARD], ids=["ours", "standard"])
def test_values_can_be_pickled_replaced_and_matched(
    classes: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, each in classes.items():
        monkeypatch.setattr(HERE, name, each, raising=False)
    value = classes["Named"](1, seen={"a": 1})
    assert pickle.loads(pickle.dumps(value)) == value
    assert value.moved() == classes["Named"](2) and value.moved().total == 4
    assert dataclasses.replace(value, y=8).total == 9
    assert (
        classes is STANDARD or value.kind is classes["Point"]
    )  # the standard library repairs no cell
    match value:
        case Named(x, y, name):  # noqa: F821 - set above
            assert (x, y, name) == (1, 2, "n")
        case _:
            raise AssertionError("no match")


def test_a_standard_dataclass_can_inherit_from_a_value_class() -> None:
    @dataclasses.dataclass(frozen=True)
    class Child(OURS["Point"]):
        z: int = 3

    assert repr(Child(1)).endswith("Child(x=1, y=2, z=3)")
    with pytest.raises(TypeError, match="cannot inherit non-frozen"):
        dataclasses.dataclass(type("Thawed", (OURS["Point"],), {}))


def test_our_functions_behave_like_those_of_the_standard_library() -> None:
    value = OURS["Named"](1, seen={"a": OURS["Loose"](2, (OURS["Loose"](3),))})
    same = STANDARD["Named"](1, seen={"a": STANDARD["Loose"](2, (STANDARD["Loose"](3),))})
    assert maker.asdict(value) == dataclasses.asdict(same)
    assert [each.name for each in maker.fields(value)] == [f.name for f in dataclasses.fields(same)]
    assert _outcome(lambda: maker.replace(value, nothing=1)) is TypeError
    assert _outcome(lambda: maker.replace(value, total=1)) is ValueError


@pytest.mark.parametrize("library", [maker, dataclasses], ids=["ours", "standard"])
def test_an_impossible_class_is_refused_when_it_is_made(library: Any) -> None:
    with pytest.raises(TypeError):
        library.dataclass(type("A", (), {"__annotations__": {"a": "int", "b": "int"}, "a": 1}))
    with pytest.raises(ValueError, match="default_factory"):
        library.dataclass(type("A", (), {"__annotations__": {"a": "list"}, "a": []}))
    with pytest.raises(ValueError, match="both"):
        library.field(default=1, default_factory=int)
    with pytest.raises(TypeError):
        library.field(nothing=1)


def test_a_method_is_compiled_once_at_its_first_call() -> None:
    made = _bodies(maker)["Point"]
    before = made.__dict__["__eq__"]
    assert made(1) == made(1)
    compiled = made.__dict__["__eq__"]
    assert compiled is not before and compiled.__code__.co_filename == "<Point.__eq__>"
    assert made(1) != made(2) and made.__dict__["__eq__"] is compiled


def test_neither_the_package_nor_a_bare_command_loads_the_slow_modules() -> None:
    code = (
        "import sys, quotakeeper, quotakeeper.cli.bare, quotakeeper.wiring\n"
        "print(sorted({'dataclasses', 'inspect', 'ast'} & sys.modules.keys()))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, encoding="utf-8", check=True
    )
    assert ran.stdout == "[]\n"
