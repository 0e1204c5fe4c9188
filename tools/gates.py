"""Rules of this code base that no linter has: sizes, names, floats near money, SQL, hosts, imports.

Each gate is a function that checks one parsed file; `GATES` lists them. A line that ends with `#
gate-ok(NAME): reason` is not checked by that gate; the reason is for the reviewer. `python
tools/gates.py [ROOT]` runs the gates alone.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # this file also runs as a script

from tools.layout import (
    CODE_FOLDERS,
    EXACT_PLACES,
    FILE_LIMIT,
    FUNCTION_LIMIT,
    INEXACT_FILES,
    LAZY_LIBRARIES,
    OUTER_RING,
    PACKAGE,
    SKIPPED_FOLDERS,
    STORES,
    WAITING_PLACES,
)
from tools.syntax import (
    durations,
    imported,
    is_built_text,
    is_float_name,
    lazy_lines,
    promise,
    walk,
)

TEXT_SUFFIXES = {
    ".py",
    ".md",
    ".toml",
    ".sql",
    ".lua",
    ".lock",
    ".txt",
    ".yml",
    ".yaml",
    ".json",
    ".cfg",
}
TEXT_NAMES = {"dev", "run", "Makefile", "NOTICE", "Dockerfile", ".gitignore", ".gitattributes"}

VAGUE_NAMES = re.compile(r"(?:.*_)?(?:utils?|helpers?|common|misc|managers?)")

UNFINISHED = re.compile(r"\b(?:TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
# These are patterns, because this file must not contain the name of a host.
REGISTRIES = re.compile(
    r"(?:(?:pypi|pythonhosted|npmjs|yarnpkg|crates|rubygems|conda|anaconda)\.(?:org|com|io)"
    r"|(?:docker|ghcr|quay|gcr)\.io|githubusercontent\.com)"
)
MACHINE_PATHS = re.compile(r"(?<![\w.~-])/(?:root|work)/\w")
LET_OFF = re.compile(r"gate-ok\((?P<gate>[a-z-]+)\): \S")


class Finding(NamedTuple):
    """One broken rule, at one place."""

    path: str
    line: int
    gate: str
    text: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: error: {self.gate}: {self.text}"


@dataclass(frozen=True)
class Source:
    """One file: its path from the root with forward slashes, its lines, and its syntax tree if it is
    Python.
    """

    path: str
    lines: list[str]
    tree: ast.Module | None

    def is_in(self, *patterns: str) -> bool:
        return any(fnmatch(self.path, pattern) for pattern in patterns)

    @property
    def is_package(self) -> bool:
        return self.path.startswith(PACKAGE)

    @property
    def is_code(self) -> bool:
        return self.path.split("/")[0] in CODE_FOLDERS

    def nodes(self) -> Iterator[ast.AST]:
        return walk(self.tree)


Gate = Callable[[Source], Iterator[Finding]]


def size(source: Source) -> Iterator[Finding]:
    """A file has at most `FILE_LIMIT` lines, and a function at most `FUNCTION_LIMIT`."""
    if not (source.is_code and source.path.endswith(".py")):
        return
    lines = len(source.lines)
    if lines > FILE_LIMIT:
        yield Finding(source.path, 1, "size", f"{lines} lines, the most is {FILE_LIMIT}")
    for node in source.nodes():
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            length = (node.end_lineno or node.lineno) - node.lineno + 1
            if length > FUNCTION_LIMIT:
                text = f"{node.name} has {length} lines, the most is {FUNCTION_LIMIT}"
                yield Finding(source.path, node.lineno, "size", text)


def vague_name(source: Source) -> Iterator[Finding]:
    """A module's name says what the module does: no `utils`, no `helpers`."""
    if not source.is_package:
        return
    for part in source.path.removeprefix(PACKAGE).removesuffix(".py").split("/"):
        if VAGUE_NAMES.fullmatch(part):
            yield Finding(
                source.path, 1, "vague-name", f"{part!r} does not say what the module does"
            )


def no_float(source: Source) -> Iterator[Finding]:
    """No code makes or declares a float where money, limits and counts are computed."""
    if not source.is_in(*EXACT_PLACES) or source.path in INEXACT_FILES:
        return
    has_waits = source.is_in(*WAITING_PLACES)
    seconds = {part for node in source.nodes() for part in durations(node) if has_waits}
    for node in source.nodes():
        if isinstance(node, ast.Constant) and isinstance(node.value, float) and node not in seconds:
            yield Finding(source.path, node.lineno, "float", f"{node.value!r} is a float")
        elif isinstance(node, ast.Call) and is_float_name(node.func):
            yield Finding(source.path, node.lineno, "float", "float(...) is inexact")
        elif any(is_float_name(part) for part in promise(node)):
            yield Finding(
                source.path, getattr(node, "lineno", 1), "float", "is annotated as a float"
            )


def fixed_sql(source: Source) -> Iterator[Finding]:
    """SQL that a connection executes is a constant or comes from a .sql file. Code never builds it."""
    if not source.is_in(f"{STORES}*"):
        return
    built = {
        target.id
        for node in source.nodes()
        if isinstance(node, ast.Assign) and is_built_text(node.value)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    for node in source.nodes():
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args):
            continue
        if node.func.attr not in {"execute", "executemany", "executescript"}:
            continue
        statement = node.args[0]
        if is_built_text(statement) or (isinstance(statement, ast.Name) and statement.id in built):
            text = f".{node.func.attr}() gets SQL that is built at run time; bind the values"
            yield Finding(source.path, node.lineno, "sql", text)


def finished(source: Source) -> Iterator[Finding]:
    """Committed code has no mark of unfinished work and no NotImplementedError; open work is an issue."""
    if not source.is_code or source.path.startswith("tools/"):
        return
    for number, line in enumerate(source.lines, 1):
        if found := UNFINISHED.search(line):
            yield Finding(source.path, number, "unfinished", found[0])
    for node in source.nodes():
        if isinstance(node, ast.Name) and node.id == "NotImplementedError":
            yield Finding(source.path, node.lineno, "unfinished", node.id)


def no_host(source: Source) -> Iterator[Finding]:
    """No file names the host that a package came from, or a folder of one person's machine."""
    for number, line in enumerate(source.lines, 1):
        if found := REGISTRIES.search(line):
            yield Finding(source.path, number, "host", f"names a registry: {found[0]}")
        if found := MACHINE_PATHS.search(line):
            yield Finding(source.path, number, "host", f"names one machine's folder: {found[0]}")


def ring_zero(source: Source) -> Iterator[Finding]:
    """The core imports the standard library and the package. `LAZY_LIBRARIES` lists the exceptions."""
    if not source.is_package or source.is_in(*OUTER_RING):
        return
    lazily = set().union(*(names for where, names in LAZY_LIBRARIES.items() if source.is_in(where)))
    inside = lazy_lines(source.tree)
    for node in source.nodes():
        for name in imported(node):
            if name in sys.stdlib_module_names or name == "quotakeeper":
                continue
            line = getattr(node, "lineno", 1)
            if name in lazily and line in inside:
                continue
            yield Finding(source.path, line, "ring-zero", f"{name} is not the standard library's")


GATES: tuple[Gate, ...] = (size, vague_name, no_float, fixed_sql, finished, no_host, ring_zero)


def inspect(path: str, text: str) -> list[Finding]:
    """Return every finding in one file. `path` is its path from the root, with forward slashes."""
    tree = ast.parse(text, filename=path) if path.endswith(".py") else None
    source = Source(path, text.splitlines(), tree)
    return [
        finding for gate in GATES for finding in gate(source) if not _is_let_off(source, finding)
    ]


def inspect_tree(root: Path) -> list[Finding]:
    """Return every finding in a checkout."""
    findings = []
    for path in _texts(root):
        name = path.relative_to(root).as_posix()
        try:
            findings += inspect(name, path.read_text(encoding="utf-8"))
        except (SyntaxError, UnicodeDecodeError) as error:
            findings.append(Finding(name, 1, "readable", str(error)))
    return sorted(findings)


def main(arguments: list[str]) -> int:
    """Print every finding. Returns 1 if there is one."""
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    findings = inspect_tree(root)
    for finding in findings:
        print(finding)
    return 1 if findings else 0


def _texts(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = [name for name in folders if not _is_skipped(name)]
        for name in files:
            if Path(name).suffix in TEXT_SUFFIXES or name in TEXT_NAMES:
                yield Path(folder, name)


def _is_skipped(folder: str) -> bool:
    return (
        folder in SKIPPED_FOLDERS
        or folder.endswith(("_cache", ".egg-info"))
        or folder == ".hypothesis"
    )


def _is_let_off(source: Source, finding: Finding) -> bool:
    found = LET_OFF.search(source.lines[finding.line - 1]) if source.lines else None
    return found is not None and found["gate"] == finding.gate


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
