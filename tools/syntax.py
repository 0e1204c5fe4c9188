"""Questions the gates ask of a syntax tree; each answers for one node."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def walk(tree: ast.Module | None) -> Iterator[ast.AST]:
    """Every node; none where the file isn't Python."""
    return iter(()) if tree is None else ast.walk(tree)


def is_float_name(node: ast.AST) -> bool:
    """True for the bare word `float`."""
    return isinstance(node, ast.Name) and node.id == "float"


def durations(node: ast.AST) -> list[ast.AST]:
    """A literal may be a duration if it says so: SOME_SECONDS = 0.5, seconds=0.5, sleep(0.5)."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("sleep"):
        return list(node.args)
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).lower().endswith("seconds"):
        return [node.value]
    return [node.value] if isinstance(node, ast.keyword) and "seconds" in (node.arg or "") else []


def promise(node: ast.AST) -> Iterator[ast.AST]:
    """Every part of what an argument, a field or a function says its type is."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        annotation = node.returns
    elif isinstance(node, ast.arg | ast.AnnAssign):
        annotation = node.annotation
    else:
        annotation = None
    return iter(()) if annotation is None else ast.walk(annotation)


def is_built_text(node: ast.AST) -> bool:
    """True for text put together at run time: f-string, %, +, .format(), .join()."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mod):
        return not all(isinstance(side, ast.Constant) for side in (node.left, node.right))
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        return node.func.attr in {"format", "join", "replace"}
    return False


def imported(node: ast.AST) -> list[str]:
    """The top-level packages that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name.split(".")[0] for alias in node.names]
    if isinstance(node, ast.ImportFrom):
        return [(node.module or "quotakeeper").split(".")[0]]
    return []


def lazy_lines(tree: ast.Module | None) -> set[int]:
    """The lines inside functions, and under `if TYPE_CHECKING:`, that don't run on import."""
    lines: set[int] = set()
    for node in walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            continue
        if isinstance(node, ast.If | ast.FunctionDef | ast.AsyncFunctionDef):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines
