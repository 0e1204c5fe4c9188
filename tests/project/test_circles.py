"""The tool that prints import cycles sees every kind of import statement."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.circles import circles, import_graph, main

TYPED = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "


def _package(root: Path, files: dict[str, str]) -> Path:
    for name, text in {"__init__": "", **files}.items():
        path = root / "quotakeeper" / f"{name}.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return root


@pytest.mark.parametrize(
    "back",
    [
        "import quotakeeper.a\n",
        "from quotakeeper import a\n",
        "from quotakeeper.a import name\n",
        f"{TYPED}from quotakeeper.a import name\n",
        "def late():\n    from quotakeeper.a import name\n",
    ],
)
def test_a_cycle_is_found_for_every_kind_of_import(
    tmp_path: Path, back: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _package(tmp_path, {"a": "from quotakeeper.b import name\n", "b": back})
    assert circles(import_graph(source)) == [["quotakeeper.a", "quotakeeper.b"]]
    assert main([str(source)]) == 1
    assert "quotakeeper.b -> quotakeeper.a" in capsys.readouterr().out


def test_an_import_in_one_direction_is_no_cycle(tmp_path: Path) -> None:
    source = _package(
        tmp_path, {"a": "from quotakeeper.b import x\n", "b": "import quotakeeper.c.d\n", "c/d": ""}
    )
    assert circles(import_graph(source)) == []
    assert main([str(source)]) == 0
