"""Checks the names of the package against the glossary: `python tools/names.py`.

- A public class name occurs once in the package, so that a name means one class.
- No module, class or function has a name with a word that the glossary replaced (`OLD_TERMS`).

`docs/renames.md` lists the old names with the new ones.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = "src/quotakeeper"
# Old word -> its replacement. The words are parts of names: `sweep_ticket` has two.
OLD_TERMS = {
    "aside": "offload",
    "attempted": "http_attempt",
    "bookkeeping": "composition",
    "closer": "background_settler",
    "derivation": "rebuild",
    "finder": "import_hook",
    "folding": "fold",
    "granting": "block_sizing",
    "house": "layout, environment",
    "housekeeping": "maintenance",
    "lane": "fast_path",
    "nesting": "suppression",
    "openings": "reserving",
    "outlook": "status",
    "passage": "http_gate",
    "slot": "time bucket",
    "slots": "time_buckets",
    "slotted": "bucket_sums",
    "paced": "account_usage",
    "paces": "account_usage",
    "ticket": "work_item",
    "tickets": "work_items",
}
_DEFINITIONS = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# Names that stay, because they are documented or because another library uses the word.
KEPT = {
    "HookFinder": "importlib calls what it implements a finder",
    "slots": "Keeper.slots is documented",
    "slot_at": "what Keeper.slots gives has it",
    "slot": "tokens/pair_table: the place of a pair in a hash table",
}


def offences(name: str, text: str) -> Iterator[str]:
    """Return every bad name in one file.

    `name` is the file's path from the root, with forward slashes.
    """
    for word in _words(Path(name).stem):
        if word in OLD_TERMS:
            yield f"{name}:1: the file is named {word!r}; the term is {OLD_TERMS[word]}"
    # Names of test functions are sentences with everyday words, so they are not checked.
    is_test = name.startswith(("tests/", f"{PACKAGE}/testing/"))
    kinds = (ast.ClassDef,) if is_test else _DEFINITIONS
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, kinds):
            for word in _words(node.name) if node.name not in KEPT else ():
                if word in OLD_TERMS:
                    yield f"{name}:{node.lineno}: {node.name}: the term is {OLD_TERMS[word]}"


def public_classes(text: str) -> Iterator[str]:
    """The public classes at the top level of a file."""
    for node in ast.parse(text).body:
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
            yield node.name


def main(arguments: list[str]) -> int:
    """Print every bad name. Returns 1 if there is one."""
    root = Path(arguments[0]) if arguments else ROOT
    found: list[str] = []
    places: dict[str, list[str]] = {}
    for folder in (PACKAGE, "tests", "tools", "run"):
        for path in sorted((root / folder).rglob("*.py")):
            name, text = path.relative_to(root).as_posix(), path.read_text(encoding="utf-8")
            found += offences(name, text)
            if folder == PACKAGE:
                for each in public_classes(text):
                    places.setdefault(each, []).append(name)
    for each, where in sorted(places.items()):
        if len(where) > 1:
            found.append(f"class {each} occurs more than once: {', '.join(where)}")
    print("\n".join(found) or f"{len(places)} public classes, each name once; no old term")
    return 1 if found else 0


def _words(name: str) -> list[str]:
    return [part.lower() for part in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
