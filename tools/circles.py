"""Prints the import cycles of the package: `./dev circles`.

Every import statement counts, also inside functions and under `if TYPE_CHECKING:`. A cycle is a set of
modules in which each module reaches every other one by imports. The exit code is 1 if there is a cycle.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path

SOURCE = Path(__file__).resolve().parent.parent / "src"

Graph = dict[str, set[str]]


def import_graph(source: Path, package: str = "quotakeeper") -> Graph:
    """Each module of a package, with the modules of the package that it imports.

    `from package.part import name` means the module `package.part.name` if it exists, else
    `package.part`. An import of a module does not count as an import of its parent packages.
    """
    files = {_name(path, source): path for path in sorted((source / package).rglob("*.py"))}
    return {
        name: {found for each in _imported(ast.parse(path.read_text("utf-8"))) if
               (found := _module(each, files)) and found != name}
        for name, path in files.items()
    }  # fmt: skip


def circles(graph: Mapping[str, set[str]]) -> list[list[str]]:
    """The import cycles of a graph: its strongly connected components of two or more modules."""
    reached = {name: _reached(graph, name) for name in graph}
    found: list[list[str]] = []
    for name in sorted(graph):
        if name in reached[name] and not any(name in circle for circle in found):
            found.append(sorted(other for other in reached[name] if name in reached[other]))
    return found


def main(arguments: list[str]) -> int:
    """Print each import cycle and the imports that form it. Returns 1 if there is a cycle."""
    graph = import_graph(Path(arguments[0]) if arguments else SOURCE)
    found = circles(graph)
    for circle in found:
        print("circle:")
        for name in circle:
            for other in sorted(graph[name].intersection(circle)):
                print(f"  {name} -> {other}")
    print(f"{len(graph)} modules, {len(found)} import cycles (imports under TYPE_CHECKING count)")
    return 1 if found else 0


def _name(path: Path, source: Path) -> str:
    parts = path.relative_to(source).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(tree: ast.Module) -> set[tuple[str, str]]:
    found: set[tuple[str, str]] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.update((node.module, alias.name) for alias in node.names)
    return found


def _module(imported: tuple[str, str], files: Mapping[str, Path]) -> str:
    module, name = imported
    longest = f"{module}.{name}"
    return longest if longest in files else module if module in files else ""


def _reached(graph: Mapping[str, set[str]], start: str) -> set[str]:
    reached: set[str] = set()
    waiting = list(graph[start])
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(graph[name])
    return reached


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
