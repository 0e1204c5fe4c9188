"""The pages on the command line and the config file name everything there is."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from quotakeeper.cli.app import COMMANDS, root
from quotakeeper.config import load_settings
from quotakeeper.config.limit_tables import LIMIT_KEYS
from quotakeeper.config.settings import CHOICES, TOP_KEYS, variable_of
from quotakeeper.config.toml_reader import parse_toml


def named(command: click.Command, path: str = "") -> Iterator[tuple[str, click.Command]]:
    context = click.Context(command)
    if not isinstance(command, click.Group):
        yield path, command
        return
    for name in command.list_commands(context):
        found = command.get_command(context, name)
        assert found is not None
        yield from named(found, f"{path} {name}".strip())


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_every_command_and_option_is_in_the_page(repository: Path, lang: str) -> None:
    page = (repository / "docs" / lang / "reference" / "cli.md").read_text(encoding="utf-8")
    commands = dict(named(root))
    assert {path.split()[0] for path in commands} == set(COMMANDS)
    for path, command in [*commands.items(), ("", root)]:
        assert f"`{path}" in page, f"{path} is not in the page"
        for param in command.params:
            if isinstance(param, click.Option):
                for option in param.opts:
                    assert option in page, f"{path} {option} is not in the page"


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_every_setting_is_in_the_page_and_its_example_works(
    repository: Path, tmp_path: Path, lang: str
) -> None:
    page = (repository / "docs" / lang / "reference" / "config.md").read_text(encoding="utf-8")
    for name in TOP_KEYS:
        assert f"| `{name}` |" in page
        if name != "default_limits":
            assert f"`{variable_of(name)}`" in page
    for choice in CHOICES:
        assert all(f"`{word}`" in page for word in choice.words)
    for key in LIMIT_KEYS:
        assert f"`{key}`" in page
    example = page.split("```toml\n")[1].split("```")[0]
    settings = load_settings(config=parse_toml(example, "example"), environ={"HOME": str(tmp_path)})
    assert [limit.name for limit in settings.limits] == ["gemini daily tokens", "film budget"]


def test_both_languages_have_the_same_sections(repository: Path) -> None:
    for name in ("cli.md", "config.md"):
        english, vietnamese = (
            (repository / "docs" / lang / "reference" / name).read_text(encoding="utf-8")
            for lang in ("en", "vi")
        )
        assert english.count("\n## ") == vietnamese.count("\n## ")
        assert english.count("\n|") == vietnamese.count("\n|")
        assert english.count("```") == vietnamese.count("```")
