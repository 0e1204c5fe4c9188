"""Decides when the sandbox's Gemini calls a function: once for each request that offers functions."""

from __future__ import annotations

from collections.abc import Mapping

Json = dict[str, object]
_VALUES = {"INTEGER": 1, "NUMBER": 1, "BOOLEAN": True, "ARRAY": [], "OBJECT": {}}


def tool_wish(body: Mapping[str, object]) -> Json | None:
    """Return a `functionCall` for the first function that a request offers.

    Returns None if the request offers no function or ends with the result of a function.
    """
    declared = _declared(body.get("tools"))
    if declared is None or _answers(body.get("contents")):
        return None
    name = declared.get("name")
    schema = declared.get("parameters") or declared.get("parametersJsonSchema")
    properties = schema.get("properties") if isinstance(schema, dict) else None
    args = {
        key: _VALUES.get(str(part.get("type")).upper() if isinstance(part, dict) else "", "mẫu")
        for key, part in (properties if isinstance(properties, dict) else {}).items()
    }
    return {"name": name, "args": args}


def _declared(tools: object) -> Json | None:
    """Return the first function that the tools offer; None if there is none."""
    for tool in tools if isinstance(tools, list) else []:
        functions = tool.get("functionDeclarations") if isinstance(tool, dict) else None
        if isinstance(functions, list) and functions and isinstance(functions[0], dict):
            return functions[0]
    return None


def _answers(contents: object) -> bool:
    """Return whether the last content is the result of a function."""
    last = contents[-1] if isinstance(contents, list) and contents else None
    parts = last.get("parts") if isinstance(last, dict) else None
    return isinstance(parts, list) and any(
        isinstance(part, dict) and "functionResponse" in part for part in parts
    )
