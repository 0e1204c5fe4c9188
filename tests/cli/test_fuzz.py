"""Random argument lists: whatever is typed, nobody sees a traceback.

The lists come from a seeded generator. `QUOTAKEEPER_FUZZ=1000` makes that many; the usual run makes
fewer. A list that failed is in the message, to be typed again.
"""

from __future__ import annotations

import os
import random
import shlex
from collections.abc import Sequence

import click
import pytest

from quotakeeper.cli import bare
from quotakeeper.cli.app import root
from quotakeeper.testing import FakeClock
from tests.cli.conftest import CommandLine
from tests.cli.test_docs import named

SEED = 20_261_123
LISTS = int(os.environ.get("QUOTAKEEPER_FUZZ", "150"))
IN_ONE_TEST = 50
CODES = {0, 1, 2, 3, 4, 5, 6, 69, 78, 126, 127, 130}
VALUES = (
    "", " ", "-", "--", "-1", "0", "1", "5", "1e309", "nan", "inf", "99999999999999999999", "0x10",
    "1,5", "\\", "'", '"', "%s", "{n}", "{}", "\n", "\x1b[31m", "\udcff", "\u202e", "é", "字" * 50,
    "a" * 3_000, "..", "/", "/dev/null", "/nonexistent/x", ".", "media", "ledger.db", "quotakeeper.toml",
    "2026-11-23", "2026-13-40", "9999-12-31", "0001-01-01", "7d", "999999d", "yesterday", "1h", "-5m",
    "user=an", "=", "a=b=c", "gemini", "deepgram", "gemini-2.5-flash", "*", "day,model", "scope.", "json",
    "vi", "en", "xx", "memory:", "sqlite:///x.db", "redis://u:p@h/0", "postgresql://h/db", "Asia/Tokyo",
    "Mars/Olympus", "rolling 24h", "none", "cost", "tokens", "0.5,0.8", "true", "false", "status",
)  # fmt: skip


def lists(number: int) -> list[list[str]]:
    """The argument lists of one part of the run."""
    draw = random.Random(SEED + number)
    commands = [(path.split(), command) for path, command in named(root)]
    return [_list(draw, commands) for _ in range(IN_ONE_TEST)]


def _list(draw: random.Random, commands: Sequence[tuple[list[str], click.Command]]) -> list[str]:
    path, command = draw.choice(commands)
    tidy = draw.random() < 0.6  # what click takes: the values then reach the command itself
    return [*path, *_well_formed(draw, command)] if tidy else _noise(draw, path, command)


def _well_formed(draw: random.Random, command: click.Command) -> list[str]:
    words = [draw.choice(VALUES) for each in command.params if isinstance(each, click.Argument)]
    options = [each for each in command.params if isinstance(each, click.Option)]
    if draw.random() < 0.2:
        options += [each for each in root.params if isinstance(each, click.Option)]
    for option in draw.sample(options, min(len(options), draw.randrange(4))):
        words.append(option.opts[-1])
        if not option.is_flag:
            words.append(_value(draw, option))
    return words


def _noise(draw: random.Random, path: list[str], command: click.Command) -> list[str]:
    words = list(path) if draw.random() < 0.8 else draw.choices(VALUES, k=draw.randrange(3))
    flags = [flag for each in [*command.params, *root.params] for flag in each.opts]
    for _ in range(draw.randrange(5)):
        odd = ("--bogus", "--", "-", "-x", "--json=5", "--=", "-hh")
        words.append(draw.choice(draw.choice((flags or odd, odd, VALUES))))
    if draw.random() < 0.1:
        draw.shuffle(words)
    return words


def _value(draw: random.Random, option: click.Option) -> str:
    if isinstance(option.type, click.Choice) and draw.random() < 0.7:
        return str(draw.choice(list(option.type.choices)))
    return draw.choice(VALUES)


def _typed(words: list[str]) -> str:
    """A list as it would be typed, long words cut."""
    return shlex.join(word[:60].encode("unicode_escape").decode() for word in words)


@pytest.fixture
def harmless(busy: CommandLine) -> CommandLine:
    """Nothing that is started, fetched or waited for leaves this process."""

    def refuse(*given: object, **named_values: object) -> None:
        raise KeyboardInterrupt

    class Impatient(FakeClock):
        def sleep(self, seconds: float) -> None:
            raise KeyboardInterrupt

    patch = busy.environment.setattr
    patch("quotakeeper.cli.run.command.run_run", lambda session, options: 0)
    patch("quotakeeper.sandbox.run_sandbox", refuse)
    patch("quotakeeper.tokens.exact.install", lambda source: busy.folder / "tokenizer.model")
    patch("quotakeeper.tokens.accuracy.measure", lambda folder: [])
    patch("quotakeeper.cli.watch.command.clocks.SystemClock", Impatient)
    patch("quotakeeper.dashboard.running.run_dashboard", refuse)
    patch("quotakeeper.gateway.running.run_gateway", refuse)
    patch("quotakeeper.cli.provider_http.OpenerDirector.open", refuse)
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "DEEPGRAM_API_KEY", "OPENAI_API_KEY",
                 "ANTHROPIC_API_KEY"):  # fmt: skip
        busy.environment.delenv(name, raising=False)
    (busy.folder / "media").mkdir()
    (busy.folder / "media" / "a.mp3").write_bytes(b"\x01" * 1_000)
    busy.write_config('[[limit]]\nname = "a"\nmeter = "cost"\nwindow = "none"\namount = 5\n')
    return busy


@pytest.mark.parametrize("number", range(max(1, LISTS // IN_ONE_TEST)))
def test_no_list_of_arguments_ends_in_a_traceback(harmless: CommandLine, number: int) -> None:
    for words in lists(number):
        line = _typed(words)
        try:
            result = harmless.run(*words)
        except Exception as error:
            raise AssertionError(f"quotakeeper {line}") from error
        assert result.code in CODES, line
        assert "Traceback" not in result.out + result.err, line
        if result.code == 2:
            assert result.err, f"nothing is said of: {line}"


def test_the_front_without_packages_has_no_traceback_either(
    harmless: CommandLine, capsys: pytest.CaptureFixture[str]
) -> None:
    for words in lists(1_000)[:40]:
        line = _typed(words)
        assert bare.main(words) in CODES, line
        assert "Traceback" not in capsys.readouterr().err, line


def test_the_lists_are_the_same_each_time() -> None:
    assert lists(3) == lists(3)
    assert lists(3) != lists(4)
