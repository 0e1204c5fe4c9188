"""Lists the public surface, one name a line, and compares it with `tests/project/public_surface.txt`.

`python tools/public_surface.py` compares the source with the snapshot and prints what is gone, changed
and new. `--write` writes the snapshot. `--breaking REF` compares with a commit, and names each change
that breaks a program written for that commit. It reads the source and imports nothing.

Public are the names in `__all__` of PACKAGES, and the names that the English
documentation imports from elsewhere. Their members without a leading underscore are public too.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import griffe

ROOT = Path(__file__).resolve().parent.parent
SNAPSHOT = ROOT / "tests" / "project" / "public_surface.txt"
PACKAGES = (
    "quotakeeper",
    "quotakeeper.calculator",
    "quotakeeper.providers",
    "quotakeeper.sandbox",
    "quotakeeper.testing",
    "quotakeeper.tokens",
)
# Special methods that a program uses when it calls an object or puts it in a `with` statement.
PROTOCOLS = frozenset(
    {"__init__", "__call__", "__enter__", "__exit__", "__aenter__", "__aexit__", "__iter__"}
)
_IMPORT = re.compile(
    r"^\s*from (quotakeeper[\w.]*) import (?:\(([^)]*)\)|([^#\n(]+))", re.MULTILINE
)
_VALUE_CLASSES = "quotakeeper.value_classes."
_KEYWORDS = re.compile(r"^(?:async )?def |^class ")


class Difference(NamedTuple):
    """Lines that only the snapshot has, pairs of lines for one name, and lines that only the source has."""

    gone: list[str]
    changed: list[tuple[str, str]]
    new: list[str]

    def __bool__(self) -> bool:
        return bool(self.gone or self.changed or self.new)

    def report(self) -> str:
        """Return the differences, line by line. A removed or changed line may break a program."""
        lines = [f"gone (breaking): {line}" for line in self.gone]
        for before, after in self.changed:
            lines += [f"changed (breaking unless every old call works): {before}", f"  to: {after}"]
        return "\n".join([*lines, *(f"new: {line}" for line in self.new)])


def documented(root: Path) -> dict[str, set[str]]:
    """The names that the README and the English pages import, by module."""
    found: dict[str, set[str]] = {}
    for page in [root / "README.md", *sorted((root / "docs" / "en").rglob("*.md"))]:
        for module, several, one in _IMPORT.findall(page.read_text(encoding="utf-8")):
            names = {name.split(" as ")[0].strip() for name in (several or one).split(",")}
            found.setdefault(module, set()).update(names - {""})
    return found


class _ValueClasses(griffe.Extension):
    """Lets griffe read a value class of ours as the dataclass that type checkers see."""

    def on_module_members(self, *, mod: griffe.Module, **_: object) -> None:
        """Point the names that a module imports from `value_classes` at the standard library."""
        for member in mod.members.values():
            if isinstance(member, griffe.Alias) and member.target_path.startswith(_VALUE_CLASSES):
                member.target_path = (
                    f"dataclasses.{member.target_path.removeprefix(_VALUE_CLASSES)}"
                )


def load(root: Path) -> griffe.Module:
    """Read the package's source with griffe."""
    loaded = griffe.load(
        "quotakeeper", search_paths=[root / "src"], resolve_aliases=True, allow_inspection=False,
        extensions=griffe.Extensions(_ValueClasses(), griffe.DataclassesExtension()),
    )  # fmt: skip
    assert isinstance(loaded, griffe.Module)
    return loaded


def surface(package: griffe.Module, root: Path) -> list[str]:
    """Every public name with its signature or type, sorted."""
    wanted = {
        (module, name) for module in PACKAGES for name in _module(package, module).exports or ()
    }
    wanted |= {(module, name) for module, names in documented(root).items() for name in names}
    lines: set[str] = set()
    for module, name in wanted:
        lines.update(_lines(f"{module}.{name}", _module(package, module)[str(name)]))
    return sorted(lines, key=name_of)


def compare(before: list[str], after: list[str]) -> Difference:
    """Compare the lines of a snapshot with the lines of the source."""
    old, new = ({name_of(line): line for line in lines} for lines in (before, after))
    return Difference(
        [old[name] for name in old if name not in new],
        [(old[name], new[name]) for name in old if name in new and old[name] != new[name]],
        [new[name] for name in new if name not in old],
    )


def name_of(line: str) -> str:
    """The dotted name that a line describes."""
    return re.split(r"[(:= ]", _KEYWORDS.sub("", line), maxsplit=1)[0]


def snapshot(path: Path = SNAPSHOT) -> list[str]:
    """The lines of the snapshot."""
    return path.read_text(encoding="utf-8").splitlines()


def at_commit(reference: str) -> griffe.Module:
    """Read the source of the package at a commit of this repository."""
    old = griffe.load_git(
        "quotakeeper", ref=reference, repo=ROOT, search_paths=["src"], resolve_aliases=True,
        allow_inspection=False,
    )  # fmt: skip
    assert isinstance(old, griffe.Module)
    return old


def breaking(old: griffe.Module, package: griffe.Module) -> list[str]:
    """The changes of the public surface that break programs written for the old package."""
    found = griffe.find_breaking_changes(_only_public(old), _only_public(package))
    lines = (each.explain(griffe.ExplanationStyle.ONE_LINE) for each in found)
    return sorted({re.sub(r"\x1b\[[0-9;]*m", "", line) for line in lines})


def _only_public(package: griffe.Module) -> griffe.Module:
    """A module with only the names that PACKAGES export. Otherwise griffe compares every module."""
    public = griffe.Module("public")
    for path in PACKAGES:
        if not _has(package, path):
            continue
        for name in _module(package, path).exports or ():
            alias = griffe.Alias(str(name), _module(package, path)[str(name)], parent=public)
            public.members[f"{path}.{name}"] = alias
    public.exports = [alias.name for alias in public.members.values()]
    return public


def _module(package: griffe.Module, path: str) -> griffe.Module:
    inner = path.partition(".")[2]
    found = package[inner] if inner else package
    assert isinstance(found, griffe.Module)
    return found


def _has(package: griffe.Module, path: str) -> bool:
    inner = path.partition(".")[2]
    return not inner or inner in package.modules


def _lines(path: str, found: griffe.Object | griffe.Alias) -> Iterator[str]:
    target = found.final_target if isinstance(found, griffe.Alias) else found
    if isinstance(target, griffe.Function):
        kind = "async def" if "async" in target.labels else "def"
        yield f"{kind} {target.signature(return_type=True, name=path)}"
    elif isinstance(target, griffe.Attribute):
        yield _attribute(path, target)
    elif isinstance(target, griffe.Class):
        bases = ", ".join(str(base) for base in target.bases if _is_told(base))
        yield f"class {path}({bases})" if bases else f"class {path}"
        for name, member in target.all_members.items():
            if not name.startswith("_") or name in PROTOCOLS:
                yield from _lines(f"{path}.{name}", member)


def _is_told(base: griffe.Expr | str) -> bool:
    """Whether the surface shows this base class: a class from outside the package, or an error class."""
    path = base if isinstance(base, str) else base.canonical_path
    return not path.startswith("quotakeeper.") or path.endswith("Error")


def _attribute(path: str, target: griffe.Attribute) -> str:
    typed = f": {target.annotation}" if target.annotation is not None else ""
    is_default = "class-attribute" in target.labels and target.value is not None
    kind = " (property)" if "property" in target.labels else ""
    return f"{path}{typed}{f' = {target.value}' if is_default else ''}{kind}"


def main(arguments: list[str]) -> int:
    """Compare with the snapshot, or write it with `--write`. Returns 1 if they differ."""
    package = load(ROOT)
    if arguments[:1] == ["--breaking"]:
        found = breaking(at_commit(arguments[1] if len(arguments) > 1 else "HEAD"), package)
        print("\n".join(found) or "nothing breaks")
        return 1 if found else 0
    lines = surface(package, ROOT)
    if arguments == ["--write"]:
        SNAPSHOT.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
        return 0
    difference = compare(snapshot(), lines)
    print(difference.report() or "as in the snapshot")
    return 1 if difference else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
