"""Questions about a syntax tree that the gates ask; each function answers for one node."""

from __future__ import annotations

import ast
from collections.abc import Iterator


def walk(tree: ast.Module | None) -> Iterator[ast.AST]:
    """Every node of the tree; none if the file is not Python."""
    return iter(()) if tree is None else ast.walk(tree)


def is_float_name(node: ast.AST) -> bool:
    """Whether the node is the bare name `float`."""
    return isinstance(node, ast.Name) and node.id == "float"


def durations(node: ast.AST) -> list[ast.AST]:
    """The literals that are durations by their name: SOME_SECONDS = 0.5, seconds=0.5, sleep(0.5)."""
    if isinstance(node, ast.Call) and ast.unparse(node.func).endswith("sleep"):
        return list(node.args)
    if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]).lower().endswith("seconds"):
        return [node.value]
    return [node.value] if isinstance(node, ast.keyword) and "seconds" in (node.arg or "") else []


def promise(node: ast.AST) -> Iterator[ast.AST]:
    """Every node of the type annotation of an argument, a field or a function."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        annotation = node.returns
    elif isinstance(node, ast.arg | ast.AnnAssign):
        annotation = node.annotation
    else:
        annotation = None
    return iter(()) if annotation is None else ast.walk(annotation)


def is_built_text(node: ast.AST) -> bool:
    """Whether the node is text that is built at run time: f-string, %, +, .format(), .join()."""
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
    """The lines that do not run on import: inside functions, and under `if TYPE_CHECKING:`."""
    lines: set[int] = set()
    for node in walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" not in ast.dump(node.test):
            continue
        if isinstance(node, ast.If | ast.FunctionDef | ast.AsyncFunctionDef):
            lines.update(range(node.lineno, (node.end_lineno or node.lineno) + 1))
    return lines
