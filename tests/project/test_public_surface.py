"""The public surface equals its snapshot, and the tool names each change that breaks a program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tools import public_surface

HOW = "If that is meant: python tools/public_surface.py --write, and say so in CHANGELOG.md."
SMALL = {
    "src/quotakeeper/__init__.py": "from quotakeeper.inner import Keeper\n__all__ = ['Keeper']\n",
    "src/quotakeeper/inner.py": (
        "class Base:\n    def close(self) -> None: ...\n"
        "class Keeper(Base):\n"
        "    def __init__(self, ledger: str = '') -> None:\n        self._hidden = self.shown = 1\n"
        "    def reserve(self, provider: str, *, model: str = '') -> int: ...\n"
        "    def _inside(self) -> None: ...\n"
        "def read_sound(head: bytes) -> None: ...\n"
        "def unseen() -> None: ...\n"
    ),
    "README.md": "```python\nfrom quotakeeper.inner import read_sound  # documented\n```\n",
}
LINES = [
    "class quotakeeper.Keeper",
    "def quotakeeper.Keeper.__init__(ledger: str = '') -> None",
    "def quotakeeper.Keeper.close() -> None",
    "def quotakeeper.Keeper.reserve(provider: str, *, model: str = '') -> int",
    "quotakeeper.Keeper.shown",
    "def quotakeeper.inner.read_sound(head: bytes) -> None",
]

# Members of public classes for other parts of the package. Programs do not call them.
CHECKED = ("quotakeeper", "calculator", "providers", "testing", "tokens")


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A package with one class, one documented function and private names."""
    for name, text in SMALL.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    monkeypatch.setattr(public_surface, "PACKAGES", ("quotakeeper",))
    return tmp_path


def lines_of(root: Path) -> list[str]:
    return public_surface.surface(public_surface.load(root), root)


def test_the_public_surface_equals_the_snapshot(repository: Path) -> None:
    found = lines_of(repository)
    difference = public_surface.compare(public_surface.snapshot(), found)
    assert not difference, f"{difference.report()}\n{HOW}"
    assert found == public_surface.snapshot()


def test_exactly_exported_and_documented_names_are_public(small: Path) -> None:
    assert lines_of(small) == LINES


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("def close", "def shut", ["gone (breaking): def quotakeeper.Keeper.close() -> None",
                                   "new: def quotakeeper.Keeper.shut() -> None"]),
        ("model: str = ''", "model: str", [
            "changed (breaking unless every old call works): " + LINES[3],
            "  to: def quotakeeper.Keeper.reserve(provider: str, *, model: str) -> int"]),
        ("def _inside", "def _within", []),
        ("def unseen", "def unheard", []),
    ],
    ids=["renamed", "now required", "private", "not documented"],
)  # fmt: skip
def test_a_changed_name_is_listed(small: Path, before: str, after: str, said: list[str]) -> None:
    inner = small / "src" / "quotakeeper" / "inner.py"
    inner.write_text(inner.read_text(encoding="utf-8").replace(before, after), encoding="utf-8")
    difference = public_surface.compare(LINES, lines_of(small))
    assert difference.report().splitlines() == said
    assert bool(difference) is bool(said)


def test_breaking_changes_are_separated_from_others(small: Path) -> None:
    inner = small / "src" / "quotakeeper" / "inner.py"
    before = public_surface.load(small)
    text = inner.read_text(encoding="utf-8").replace("def unseen", "def unheard")
    inner.write_text(text.replace("model: str = ''", "model: str = '', tag: str = ''"), "utf-8")
    assert public_surface.breaking(before, public_surface.load(small)) == []
    inner.write_text(text.replace("model: str = ''", "model: str"), "utf-8")
    (line,) = public_surface.breaking(before, public_surface.load(small))
    assert "Keeper.reserve(model): Parameter is now required" in line


def test_the_typed_consumer_makes_every_public_call(repository: Path) -> None:
    program = (repository / "tests" / "project" / "typed_consumer.py").read_text(encoding="utf-8")
    used = set(re.findall(r"\w+", program))
    missing = []
    for line in public_surface.snapshot():
        name = public_surface.name_of(line)
        *where, last = name.split(".")
        place = where[1] if len(where) > 1 and where[1].islower() else "quotakeeper"
        callable_ = line.startswith(("def ", "async def ")) or line.endswith("(property)")
        inner = len(where) > 2 and where[2].islower()  # a module of a package
        if callable_ and place in CHECKED and not inner and not last.startswith("_"):
            missing += [name] if last not in used else []
    assert missing == [], "add them to tests/project/typed_consumer.py"


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_the_page_names_every_public_package_and_logger(repository: Path, lang: str) -> None:
    page = (repository / "docs" / lang / "reference" / "compatibility.md").read_text("utf-8")
    sources = (repository / "src").rglob("*.py")
    found = (re.findall(r'getLogger\("([\w.]+)"\)', path.read_text("utf-8")) for path in sources)
    loggers = {name for names in found for name in names}
    rows = re.findall(r"^\| `([\w.]+)` \|", page, re.MULTILINE)
    named = {row for row in rows if row.startswith("quotakeeper")}
    assert named == {*public_surface.PACKAGES, *loggers}


def test_both_languages_of_the_page_have_the_same_sections(repository: Path) -> None:
    english, vietnamese = (
        (repository / "docs" / lang / "reference" / "compatibility.md").read_text("utf-8")
        for lang in ("en", "vi")
    )
    for mark in ("\n## ", "\n|", "\n- ", "`quotakeeper"):
        assert english.count(mark) == vietnamese.count(mark), mark
