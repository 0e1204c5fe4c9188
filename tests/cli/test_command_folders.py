"""A command is one folder: the command line finds it, and nothing else has to be touched."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from quotakeeper.cli.command_table import command_names

CLI = Path("src/quotakeeper/cli")
OPTIONS = '''
import click
from quotakeeper.cli.context import CommandContext

@click.command()
@click.pass_obj
def hello(session: CommandContext) -> int:
    """Greet whoever asks."""
    click.echo(session.words("Hello, {name}.", name="Lan"))
    return 0
'''
TEXTS = """
TEXTS = {"Greet whoever asks.": "Chào người hỏi.", "Hello, {name}.": "Chào {name}."}
"""


def test_every_folder_with_options_is_a_command(repository: Path) -> None:
    folders = {path.parent.name for path in (repository / CLI).glob("*/options.py")}
    assert folders == set(command_names()), "a folder without __init__.py is not seen"


def test_a_folder_is_a_command_in_both_languages(repository: Path, tmp_path: Path) -> None:
    package = tmp_path / "quotakeeper"
    shutil.copytree(
        repository / "src/quotakeeper", package, ignore=shutil.ignore_patterns("__pycache__")
    )
    folder = package / "cli" / "hello"
    folder.mkdir()
    (folder / "__init__.py").touch()
    (folder / "options.py").write_text(OPTIONS, encoding="utf-8")
    (folder / "vietnamese.py").write_text(TEXTS, encoding="utf-8")

    own = {"PYTHONPATH": str(tmp_path), "HOME": str(tmp_path), "PYTHONIOENCODING": "utf-8"}

    def run(*arguments: str) -> str:
        ran = subprocess.run(
            [sys.executable, "-m", "quotakeeper", *arguments],
            env={**os.environ, **own}, cwd=tmp_path, capture_output=True, text=True, check=True,
        )  # fmt: skip
        return ran.stdout

    assert run("--lang", "en", "hello") == "Hello, Lan.\n"
    assert run("--lang", "vi", "hello") == "Chào Lan.\n"
    assert "Chào người hỏi." in run("--lang", "vi", "--help")
