"""Help: an example for every command, global options anywhere, and Vietnamese to the last word."""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from quotakeeper.cli import bare
from quotakeeper.cli.app import root
from quotakeeper.cli.examples import EXAMPLES
from quotakeeper.cli.text.library_words import speaking
from quotakeeper.cli.text.vietnamese_libraries import LIBRARIES
from tests.cli.conftest import CommandLine
from tests.cli.test_docs import named

PLACES = re.compile(r"\{[^}]*\}|%\(\w+\)[sr]|%[sr]")
# What click says to whoever writes a command line, or where a person is asked; neither is shown here.
NOT_SHOWN = re.compile(
    r"DeprecationWarning.*|Could not determine name.*|No options defined.*|Name '.*|Boolean option.*|"
    r"Arguments take exactly.*|Invalid start character.*|.*confirm.*|Do you want.*|"
    r"%\(prog\)s, version .*",
    re.IGNORECASE | re.DOTALL,
)
CLICK = ("core", "decorators", "exceptions", "formatting", "parser", "types")


def paths() -> list[str]:
    groups = {path.rpartition(" ")[0] for path, _ in named(root) if " " in path}
    return ["", *sorted({path for path, _ in named(root)} | groups)]


def test_every_command_has_an_example_and_no_other() -> None:
    assert sorted(EXAMPLES) == paths()
    for path, lines in EXAMPLES.items():
        assert lines
        assert all(line.startswith(f"quotakeeper {path}".strip()) for line in lines), path


@pytest.mark.parametrize("path", paths())
def test_the_help_of_a_command_shows_its_examples(cli: CommandLine, path: str) -> None:
    for lang, heading in (("en", "Example"), ("vi", "Ví dụ:")):
        result = cli.run(*path.split(), "--help", "--lang", lang)
        assert (result.code, result.err) == (0, "")
        assert heading in result.out
        for line in EXAMPLES[path]:
            assert f"  {line}\n" in result.out


@pytest.mark.parametrize("line", sorted({line for lines in EXAMPLES.values() for line in lines}))
def test_an_example_is_a_command_that_click_takes(line: str) -> None:
    words = shlex.split(line.partition(" > ")[0])[1:]
    context = click.Context(root, info_name="quotakeeper")
    command: click.Command = root
    while isinstance(command, click.Group) and words:
        found = command.get_command(context, words.pop(0))
        assert found is not None
        command = found
    if not isinstance(command, click.Group):
        command.make_context("x", words, parent=context)


def test_the_front_without_packages_shows_the_same_examples(
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name in bare.BARE:
        assert bare.main([name, "--help"]) == 0
        out = capsys.readouterr().out
        assert all(f"  {line}" in out for line in EXAMPLES[name])


@pytest.mark.parametrize(
    "arguments",
    [
        ("--lang", "vi", "limits", "list"),
        ("limits", "--lang", "vi", "list"),
        ("limits", "list", "--lang", "vi"),
        ("limits", "list", "--lang=vi"),
    ],
)
def test_global_options_stand_anywhere(cli: CommandLine, arguments: tuple[str, ...]) -> None:
    result = cli.run(*arguments, "--config", str(cli.write_config("warn_at = 0.5\n")))
    assert result.code == 0
    assert result.out == cli.run("--lang", "vi", "limits", "list").out
    assert cli.run("limits", "list", "--version").out.startswith("quotakeeper, version ")


def said_by_click() -> Iterator[str]:
    folder = Path(click.__file__).parent
    for name in CLICK:
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))):
            called = getattr(node.func, "id", "") if isinstance(node, ast.Call) else ""
            if isinstance(node, ast.Call) and called in ("_", "ngettext"):
                for each in node.args[: 1 + (called == "ngettext")]:
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield each.value


def test_everything_that_click_says_has_its_vietnamese() -> None:
    texts = {text for text in said_by_click() if not NOT_SHOWN.fullmatch(text)}
    assert len(texts) > 40
    assert sorted(texts - set(LIBRARIES)) == []


def test_these_translations_have_the_same_places() -> None:
    for english, vietnamese in LIBRARIES.items():
        assert sorted(PLACES.findall(english)) == sorted(PLACES.findall(vietnamese)), english


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--help",), "Cách dùng: quotakeeper [TÙY CHỌN] LỆNH [ĐỐI SỐ]..."),
        (("status", "--help"), "Hiện hướng dẫn này rồi thoát."),
        (("limits",), "Lệnh:"),
        (("bogus",), "Lỗi: Không có lệnh 'bogus'."),
        (("statu",), "Có phải ý bạn là 'status'?"),
        (("status", "--bogus"), "Lỗi: Không có tùy chọn '--bogus'."),
        (("events", "--limit", "x"), "'x' không phải"),
        (("export", "--format", "docx"), "không nằm trong"),
        (("limits", "remove"), "Thiếu đối số"),
        (("status", "--bogus"), "Xem hướng dẫn:"),
    ],
)
def test_click_speaks_vietnamese(cli: CommandLine, arguments: tuple[str, ...], said: str) -> None:
    result = cli.run(*arguments, "--lang", "vi")
    assert said in result.out + result.err
    assert not re.search(r"\b(Usage|Options|Commands|Error|Missing)\b", result.out + result.err)
    english = cli.run(*arguments, "--lang", "en")
    assert said not in english.out + english.err


def test_argparse_speaks_vietnamese(capsys: pytest.CaptureFixture[str]) -> None:
    assert bare.main(["status", "--help", "--lang", "vi"]) == 0
    assert "cách dùng: quotakeeper status" in capsys.readouterr().out
    assert bare.main(["status", "--bogus", "--lang", "vi"]) == 2
    assert "lỗi: không nhận ra đối số: --bogus" in capsys.readouterr().err
    assert bare.main(["status", "--help"]) == 0
    assert "usage: quotakeeper status" in capsys.readouterr().out


def test_english_changes_nothing_and_vietnamese_is_taken_back() -> None:
    before = click.core._
    with speaking("en", "click"):
        assert click.core._ is before
    with speaking("vi", "click"):
        assert click.core._("Options") == "Tùy chọn"
        assert click.core._("a text of another version") == "a text of another version"
    assert click.core._ is before
