"""Builds the completion scripts for bash, zsh and fish, as lines of text."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence

from quotakeeper.value_classes import dataclass

_PROGRAM = "quotakeeper"


@dataclass(frozen=True, slots=True)
class CompletedOption:
    """One option to complete. `choices` are the allowed values; `is_file` means that the value is a
    file name."""

    flags: tuple[str, ...]
    help: str = ""
    takes_value: bool = False
    choices: tuple[str, ...] = ()
    is_file: bool = False


@dataclass(frozen=True, slots=True)
class Completed:
    """One command to complete. `path` is its full name, such as "limits set", or "" for the program."""

    path: str
    help: str
    commands: tuple[str, ...]
    options: tuple[CompletedOption, ...]


def bash_lines(commands: Sequence[Completed]) -> Iterator[str]:
    """Yield the lines of a completion function for bash. The function uses only bash built-ins."""
    yield f"# Completion of {_PROGRAM} for bash. Put this file where bash looks for it:"
    yield f"#   {_PROGRAM} completion bash > ~/.local/share/bash-completion/completions/{_PROGRAM}"
    yield "_quotakeeper() {"
    yield '    local cur="${COMP_WORDS[COMP_CWORD]}" prev="${COMP_WORDS[COMP_CWORD-1]}"'
    yield '    local command="" words="" i'
    yield "    for ((i = 1; i < COMP_CWORD; i++)); do"
    yield '        case "${command:+$command }${COMP_WORDS[i]}" in'
    yield f'            {_paths(commands)}) command="${{command:+$command }}${{COMP_WORDS[i]}}" ;;'
    yield "        esac"
    yield "    done"
    yield '    case "$command $prev" in'
    for pattern, values in _values(commands):
        if values:
            words = shlex.quote(" ".join(values))
            yield f'        {pattern}) COMPREPLY=($(compgen -W {words} -- "$cur")); return ;;'
        else:
            yield f'        {pattern}) COMPREPLY=($(compgen -f -- "$cur")); return ;;'
    yield "    esac"
    yield '    case "$command" in'
    for each in commands:
        yield f"        {shlex.quote(each.path)}) words={shlex.quote(' '.join(_words(each)))} ;;"
    yield "    esac"
    yield '    COMPREPLY=($(compgen -W "$words" -- "$cur"))'
    yield '    [[ ${#COMPREPLY[@]} -gt 0 || $cur == -* ]] || COMPREPLY=($(compgen -f -- "$cur"))'
    yield "}"
    yield f"complete -o filenames -F _quotakeeper {_PROGRAM}"


def zsh_lines(commands: Sequence[Completed]) -> Iterator[str]:
    """Yield the lines of a completion function for zsh's completion system."""
    yield f"#compdef {_PROGRAM}"
    yield f"# Completion of {_PROGRAM} for zsh. Put it in a folder of $fpath, before compinit:"
    yield f'#   {_PROGRAM} completion zsh > "${{fpath[1]}}/_{_PROGRAM}"'
    yield "_quotakeeper() {"
    yield '    local prev="${words[CURRENT-1]}" command="" word'
    yield '    for word in "${(@)words[2,CURRENT-1]}"; do'
    yield '        case "${command:+$command }$word" in'
    yield f'            {_paths(commands)}) command="${{command:+$command }}$word" ;;'
    yield "        esac"
    yield "    done"
    yield '    case "$command $prev" in'
    for pattern, values in _values(commands):
        action = f"compadd -- {shlex.join(values)}" if values else "_files"
        yield f"        {pattern}) {action}; return ;;"
    yield "    esac"
    yield '    case "$command" in'
    for each in commands:
        yield f"        {shlex.quote(each.path)}) compadd -- {shlex.join(_words(each))} ;;"
    yield "    esac"
    yield "    [[ ${words[CURRENT]} == -* ]] || _files"
    yield "}"
    # zsh loads the file when it completes the first word: the function must then answer as well.
    yield 'if [[ "${funcstack[1]}" == _quotakeeper ]]; then'
    yield '    _quotakeeper "$@"'
    yield "else"
    yield f"    compdef _quotakeeper {_PROGRAM}"
    yield "fi"


def fish_lines(commands: Sequence[Completed]) -> Iterator[str]:
    """Yield one `complete` line for fish per command and per option."""
    yield f"# Completion of {_PROGRAM} for fish. Put it where fish looks for it:"
    yield f"#   {_PROGRAM} completion fish > ~/.config/fish/completions/{_PROGRAM}.fish"
    texts = {each.path: each.help for each in commands}
    for each in commands:
        where = _fish_condition(each)
        for name in each.commands:
            about = shlex.quote(texts.get(f"{each.path} {name}".strip(), ""))
            yield f"complete -c {_PROGRAM} -f {where} -a {name} -d {about}"
        for option in each.options:
            flags = " ".join(
                f"-l {flag[2:]}" if flag.startswith("--") else f"-s {flag[1:]}"
                for flag in option.flags
            )
            value = "-f"
            if option.choices:
                value = f"-x -a {shlex.quote(' '.join(option.choices))}"
            elif option.takes_value:
                value = "-r" if option.is_file else "-x"
            anywhere = where if each.path else ""
            line = (
                f"complete -c {_PROGRAM} {anywhere} {flags} {value} -d {shlex.quote(option.help)}"
            )
            yield " ".join(line.split())


def _fish_condition(command: Completed) -> str:
    if not command.path:
        return "-n __fish_use_subcommand"
    seen = [f"__fish_seen_subcommand_from {word}" for word in command.path.split()]
    if command.commands:
        seen.append(f"not __fish_seen_subcommand_from {' '.join(command.commands)}")
    return f"-n {shlex.quote('; and '.join(seen))}"


def _paths(commands: Sequence[Completed]) -> str:
    return "|".join(shlex.quote(each.path) for each in commands if each.path)


def _words(command: Completed) -> list[str]:
    return [*command.commands, *(flag for option in command.options for flag in option.flags)]


def _values(commands: Sequence[Completed]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield a shell pattern for each option that takes a value, and the allowed values.

    The pattern matches the command and the option. Without allowed values, the option takes a file
    name.
    """
    for each in commands:
        for option in each.options:
            if option.takes_value and (option.choices or option.is_file):
                # A global option may follow any command, so the pattern accepts every command.
                before = "*" if not each.path else shlex.quote(each.path)
                flags = (f"{before}' '{flag}" for flag in option.flags)
                yield "|".join(flags), option.choices


SCRIPTS: Mapping[str, Callable[[Sequence[Completed]], Iterator[str]]] = {
    "bash": bash_lines,
    "zsh": zsh_lines,
    "fish": fish_lines,
}
