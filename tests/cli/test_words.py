"""Every message has its Vietnamese, with the same places to fill in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from quotakeeper.catalogue.quota_presets import load_presets
from quotakeeper.cli.app import COMMANDS, root
from quotakeeper.cli.text.vietnamese import VIETNAMESE
from quotakeeper.cli.text.words import Words
from quotakeeper.config.terminal import language, wants_colour
from tests.cli.conftest import CommandLine

CLI = Path("src/quotakeeper/cli")
PLACES = re.compile(r"\{[^}]*\}")
# Identifiers and error texts: the same in both languages, on purpose.
NOT_TRANSLATED = re.compile(r"[a-z_.-]+|quotakeeper.*|environment \S+|.*\.toml|\S+ \S+:.*")


def said(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = (
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        )
        texts = node.args[1:3] if name == "plural" else node.args[:1] if name == "words" else []
        for each in texts:
            if isinstance(each, ast.Constant) and isinstance(each.value, str):
                yield each.value


def test_every_message_in_the_source_is_translated(repository: Path) -> None:
    files = list((repository / CLI).rglob("*.py"))
    messages = {text for file in files for text in said(ast.parse(file.read_text("utf-8")))}
    assert len(messages) > 40
    assert sorted(messages - set(VIETNAMESE)) == []


def test_translations_have_the_same_places() -> None:
    for english, vietnamese in VIETNAMESE.items():
        assert sorted(PLACES.findall(english)) == sorted(PLACES.findall(vietnamese)), english


def commands() -> Iterator[click.Command]:
    context = click.Context(root)
    todo: list[click.Command] = [root]
    while todo:
        command = todo.pop()
        yield command
        if isinstance(command, click.Group):
            found = (command.get_command(context, name) for name in command.list_commands(context))
            todo.extend(each for each in found if each is not None)


def test_every_help_text_is_translated() -> None:
    found = list(commands())
    assert len(found) > len(COMMANDS)
    for command in found:
        for paragraph in (command.help or "").split("\n\n"):
            assert " ".join(paragraph.split()) in VIETNAMESE, command.name
        for param in command.params:
            if isinstance(param, click.Option):
                assert param.help, f"{command.name} {param.opts} has no help"
                assert param.help in VIETNAMESE, param.help


def test_nothing_printed_is_left_in_english(busy: CommandLine) -> None:
    missing: set[str] = set()
    whole = Words.__call__

    def noting(self: Words, text: str, **values: object) -> str:
        if text not in VIETNAMESE and not NOT_TRANSLATED.fullmatch(text):
            missing.add(text)
        return whole(self, text, **values)

    busy.environment.setattr(Words, "__call__", noting)
    (busy.folder / "a.txt").write_text("xin chào", encoding="utf-8")
    (busy.folder / "a.mp3").write_bytes(b"\x01" * 90_000_000)
    for line in (
        "status", "watch --once", "events", "report", "report --by day,hour,outcome,provenance",
        "verify", "limits list", "prices list", "prices show gemini-2.5-flash", "doctor",
        "estimate text a.txt", "estimate audio a.txt a.txt", "plan .", "plan a.txt", "config show --origin",
        "limits set x --amount 1", "status --config absent.toml", "export --out a.json",
        "limits set x --amount 1 --meter cost --window day", "limits remove x",
        "limits preset", *(f"limits preset {name} --write" for name in load_presets()), "status",
    ):  # fmt: skip
        busy.run(*line.split(), "--lang", "vi")
    assert not missing


def test_help_is_in_the_chosen_language(cli: CommandLine) -> None:
    assert "Mức dùng hiện tại của từng hạn mức." in cli.run("--lang", "vi", "--help").out
    assert "Mức dùng hiện tại của từng hạn mức." in cli.run("status", "--help", "--lang=vi").out
    assert "Show the current use of every limit." in cli.run("status", "--help").out
    cli.environment.setenv("LANG", "vi_VN.UTF-8")
    assert "Tạo một hạn mức" in cli.run("limits", "set", "--help").out
    assert "List the limits in force." in cli.run("limits", "--help", "--lang", "en").out


@pytest.mark.parametrize(
    ("environ", "expected"),
    [
        ({}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "C"}, "en"),
        ({"LANG": "vi_VN", "LC_ALL": "en_US.UTF-8"}, "en"),
        ({"LANG": "en_US", "QUOTAKEEPER_LANG": "VI"}, "vi"),
        ({"LANG": "vi_VN", "QUOTAKEEPER_LANG": "en"}, "en"),
    ],
)
def test_language(environ: dict[str, str], expected: str) -> None:
    assert language(environ) == expected


@pytest.mark.parametrize(
    ("choice", "terminal", "environ", "expected"),
    [
        ("auto", True, {}, True),
        ("auto", False, {}, False),
        ("auto", True, {"NO_COLOR": "1"}, False),
        ("auto", True, {"NO_COLOR": ""}, True),
        ("auto", True, {"TERM": "dumb"}, False),
        ("auto", False, {"FORCE_COLOR": "1"}, True),
        ("auto", False, {"CLICOLOR_FORCE": "0"}, False),
        ("auto", False, {"NO_COLOR": "1", "FORCE_COLOR": "1"}, False),
        ("always", False, {"NO_COLOR": "1"}, True),
        ("never", True, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour(choice: str, terminal: bool, environ: dict[str, str], expected: bool) -> None:
    assert wants_colour(choice, terminal, environ) is expected
