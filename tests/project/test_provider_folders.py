"""A provider is one folder. It imports no other provider, and no module outside imports it."""

from __future__ import annotations

from pathlib import Path

from tools.circles import Graph, import_graph

PROVIDERS = "quotakeeper.providers."


def _folders(repository: Path) -> set[str]:
    folder = repository / "src" / "quotakeeper" / "providers"
    return {path.parent.name for path in folder.glob("*/adapter.py")}


def _crossings(graph: Graph, folders: set[str]) -> list[str]:
    """The imports from one provider's folder into another's."""
    roots = {name: f"{PROVIDERS}{name}" for name in folders}
    return [
        f"{module} -> {other}"
        for name, root in roots.items()
        for module, imported in graph.items()
        if module == root or module.startswith(f"{root}.")
        for other in imported
        for rival, there in roots.items()
        if rival != name and (other == there or other.startswith(f"{there}."))
    ]


def test_no_provider_imports_another(repository: Path) -> None:
    folders = _folders(repository)
    assert {"anthropic", "deepgram", "gemini", "openai"} <= folders
    assert _crossings(import_graph(repository / "src"), folders) == []


def test_an_import_of_another_provider_is_found() -> None:
    graph: Graph = {f"{PROVIDERS}acme.adapter": {f"{PROVIDERS}gemini.models"}}
    assert _crossings(graph, {"acme", "gemini"}) == [
        "quotakeeper.providers.acme.adapter -> quotakeeper.providers.gemini.models"
    ]
