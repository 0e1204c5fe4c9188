"""The parts of the page on the command line that click knows: commands, usage, options, defaults.

A page has marks, such as `<!-- options: report, events -->`; the text up to the end mark is replaced.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator

import click

from quotakeeper.cli.app import COMMANDS, root, shown
from quotakeeper.cli.text.library_words import speaking
from quotakeeper.cli.text.words import Words

_OPTIONS = re.compile(r"(<!-- options: (.+?) -->).*?(<!-- end of options -->)", re.DOTALL)
_COMMANDS = re.compile(r"(<!-- commands -->).*?(<!-- end of commands -->)", re.DOTALL)
ALL = "all commands"
_TEXTS = {
    "en": {
        "head": "| option | meaning |", "commands": "| command | does |", "one": "One of: {names}.",
        "default": "Default: `{value}`.", "needed": "Required.",
        "help": "Show the help, with an example, and exit.", "version": "Show the version and exit.",
    },
    "vi": {
        "head": "| tùy chọn | nghĩa |", "commands": "| lệnh | làm gì |",
        "one": "Một trong: {names}.", "default": "Mặc định: `{value}`.", "needed": "Bắt buộc.",
        "help": "Hiện hướng dẫn kèm ví dụ rồi thoát.", "version": "Hiện phiên bản rồi thoát.",
    },
}  # fmt: skip


def code_in_table(text: str) -> str:
    """A text as code in a cell of a table. A bar is written so that no cell ends there."""
    if "|" not in text:
        return f"`{text}`"
    shown = text.replace("&", "&amp;").replace("<", "&lt;").replace("|", "&#124;")
    return f"<code>{shown}</code>"


def commands(lang: str) -> dict[str, click.Command]:
    """Every command without subcommands, by its full name, with help in a language."""
    context = click.Context(root)
    found: dict[str, click.Command] = {}
    for name in COMMANDS:
        command = root.get_command(context, name)
        assert command is not None
        found |= _leaves(shown(command, Words(lang), name), name)
    return found


def _leaves(command: click.Command, path: str) -> dict[str, click.Command]:
    if not isinstance(command, click.Group):
        return {path: command}
    found: dict[str, click.Command] = {}
    for name, each in command.commands.items():
        found |= _leaves(each, f"{path} {name}")
    return found


def named_in(page: str) -> list[str]:
    """The commands whose options a page lists, in its order."""
    return [name for found in _OPTIONS.finditer(page) for name in found[2].split(", ")]


def with_commands(page: str, lang: str) -> str:
    """A page with the list of commands, and the options of each command, between their marks."""
    with speaking("en", "click"):
        known = commands(lang)

        def listed(found: re.Match[str]) -> str:
            rows = [f"| `{path}` | {_summary(each)} |" for path, each in known.items()]
            body = "\n".join([_TEXTS[lang]["commands"], "|---|---|", *rows])
            return f"{found[1]}\n\n{body}\n\n{found[2]}"

        def filled(found: re.Match[str]) -> str:
            names = found[2].split(", ")
            parts = [
                _options(shown(root, Words(lang)), lang)
                if name == ALL
                else "\n".join(_command(name, known[name], lang))
                for name in names
            ]
            return f"{found[1]}\n\n" + "\n\n".join(parts) + f"\n\n{found[3]}"

        return _OPTIONS.sub(filled, _COMMANDS.sub(listed, page))


def _summary(command: click.Command) -> str:
    return " ".join((command.help or "").split("\n\n")[0].split())


def _command(path: str, command: click.Command, lang: str) -> Iterator[str]:
    context = click.Context(command)
    arguments = [
        piece
        for param in command.get_params(context)
        if isinstance(param, click.Argument)
        for piece in param.get_usage_pieces(context)
    ]
    if path == "run":
        arguments.insert(0, "--")
    usage = " ".join(["quotakeeper", path, *arguments])
    yield from textwrap.wrap(f"`{usage}`: {_summary(command)}", 120, break_long_words=False)
    if options := _options(command, lang):
        yield ""
        yield options


def _options(command: click.Command, lang: str) -> str:
    """The table of a command's options; an empty text if it has none."""
    rows = [
        f"| {_flags(param)} | {_meaning(param, lang)} |"
        for param in command.params
        if isinstance(param, click.Option)
    ]
    if command.name == root.name:
        rows.insert(-1, f"| `-h`, `--help` | {_TEXTS[lang]['help']} |")
    return "\n".join([_TEXTS[lang]["head"], "|---|---|", *rows]) if rows else ""


def _flags(option: click.Option) -> str:
    value = ""
    if not option.is_flag:
        is_choice = isinstance(option.type, click.Choice)
        kind = "WORD" if is_choice else option.type.name.upper().replace("INTEGER RANGE", "N")
        value = f" {option.metavar or kind}"
    names = sorted(option.opts, key=lambda flag: flag.startswith("--"))
    return ", ".join(code_in_table(name + value) for name in names)


def _meaning(option: click.Option, lang: str) -> str:
    text = _TEXTS[lang]
    if option.name == "version":
        return text["version"]
    said = [(option.help or "").replace("|", "&#124;")]
    if isinstance(option.type, click.Choice):
        said.append(
            text["one"].format(names=", ".join(f"`{name}`" for name in option.type.choices))
        )
    if option.required:
        said.append(text["needed"])
    if option.show_default and not option.is_flag and not option.multiple:
        default = option.default
        shown_default = f"{default:g}" if isinstance(default, float) else default
        said.append(text["default"].format(value=shown_default))
    return " ".join(said)
