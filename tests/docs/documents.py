"""The JSON documents as the commands really print them, each reduced to its keys and their types."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shlex
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from unittest import mock

from quotakeeper import Keeper
from quotakeeper.__main__ import main as command_line
from quotakeeper.cli import context
from quotakeeper.schemas import Schema
from quotakeeper.testing import FakeClock
from tests.cli.test_schemas import BILL, OTHERS, PREPAID, REQUESTS, WITH_JSON, WITH_KEYS
from tests.docs.pages import ROOT

START = "2026-11-23T12:00:00+00:00"
# Below these keys the names are the user's own words, or those of meters: one line stands for all.
OPEN_KEYS = ("scope", "quantities", "modalities", "options", "labels", "provenances")
# Keys that are null with a ledger on a server; tests/stores_postgres holds commands to this.
NULL_ON_A_SERVER = {"compact": ("bytes_before", "bytes_after")}
_KINDS = {str: "text", bool: "true or false", int: "integer", float: "number", type(None): "null"}


class Document(NamedTuple):
    """One document: its name, its number, the commands that print it, its keys and their types."""

    name: str
    number: int
    commands: tuple[str, ...]
    keys: tuple[tuple[str, str], ...]


def documents() -> list[Document]:
    """Every document that a command prints, by name."""
    found: dict[str, tuple[Schema, list[str], dict[str, set[str]]]] = {}
    for line, schema in [*WITH_JSON.values(), *OTHERS.items()]:
        _, commands, keys = found.setdefault(schema.document, (schema, [], {}))
        commands.append(line)
        for document in _printed(line):
            _note(document, "", keys)
    for name, nulls in NULL_ON_A_SERVER.items():
        for path in nulls:
            found[name][2][path].add(_KINDS[type(None)])
    return [
        Document(name, int(schema), tuple(commands), _shown(keys))
        for name, (schema, commands, keys) in sorted(found.items())
    ]


def _shown(keys: dict[str, set[str]]) -> tuple[tuple[str, str], ...]:
    return tuple((path, " or ".join(sorted(kinds, key=_rank))) for path, kinds in keys.items())


def _rank(kind: str) -> tuple[bool, str]:
    return kind == "null", kind


def _note(value: Any, path: str, keys: dict[str, set[str]]) -> None:
    """Add what is at a path, and below it."""
    if isinstance(value, dict):
        if path:
            keys.setdefault(path, set()).add("object")
        if path.rpartition(".")[2] in OPEN_KEYS:
            for each in value.values():
                _note(each, f"{path}.*", keys)
            return
        for name, each in value.items():
            _note(each, f"{path}.{name}" if path else name, keys)
    elif isinstance(value, list):
        keys.setdefault(path, set()).add("list")
        for each in value:
            _note(each, f"{path}[]", keys)
    else:
        keys.setdefault(path, set()).add(_KINDS[type(value)])


def _printed(line: str) -> list[Any]:
    """What a command prints on a ledger with a bit of everything, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder, contextlib.chdir(folder):
        home = Path(folder, "home")
        home.mkdir()
        variables = {
            "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"),
            "XDG_DATA_HOME": str(home / "data"), "QUOTAKEEPER_LEDGER": str(Path(folder, "l.db")),
            "QUOTAKEEPER_TIMEZONE": "UTC", "LANG": "C.UTF-8", "USER": "an", "LOGNAME": "an",
        }  # fmt: skip
        kept = {k: v for k, v in os.environ.items() if not k.startswith("QUOTAKEEPER_")}
        clock = FakeClock(START)
        with mock.patch.dict(os.environ, {**kept, **variables}, clear=True):
            _furnish(Path(folder), clock)
            for each in WITH_KEYS:
                _run(each, clock)
            text = _run(line, clock)
    if "ndjson" in line:
        return [json.loads(each) for each in text.splitlines()]
    return [json.loads(text)]


def _run(line: str, clock: FakeClock) -> str:
    output, messages = io.StringIO(), io.StringIO()

    def opened(session: context.CommandContext) -> Keeper:
        return Keeper(config=session.settings(), clock=clock)

    with (
        mock.patch.object(context, "open_keeper", opened),
        mock.patch.object(context, "now", clock.now),
        mock.patch("quotakeeper.tokens.accuracy.measure", _accuracy),
        contextlib.redirect_stdout(output),
        contextlib.redirect_stderr(messages),
    ):
        code = command_line(shlex.split(line))
    if code and not output.getvalue():
        raise RuntimeError(f"{line} ended with {code}: {messages.getvalue()}")
    return output.getvalue()


def _accuracy(folder: object) -> list[Any]:
    from quotakeeper.tokens.accuracy import AccuracyRow

    return [AccuracyRow("vi", 3, 900, 0.05, -0.01, 0.99, 0.99)]


def _furnish(folder: Path, clock: FakeClock) -> None:
    (folder / "quotakeeper.toml").write_text(PREPAID, encoding="utf-8")
    (folder / "bill.csv").write_text(BILL, encoding="utf-8")
    (folder / "requests.json").write_text(json.dumps(REQUESTS), encoding="utf-8")
    (folder / "text.txt").write_text("xin chào", encoding="utf-8")
    (folder / "media").mkdir()
    sound = ROOT / "samples" / "xin-chao.wav"
    (folder / "media" / "a.wav").write_bytes(sound.read_bytes())
    with Keeper(clock=clock, on_warning=lambda verdict: None) as keeper:
        for record in _calls():
            keeper.record(**record)
            clock.advance(minutes=20)
        keeper.pause("deepgram", why="price check", for_seconds=7_200, by="an@host")


def _calls() -> Iterator[dict[str, Any]]:
    yield {
        "provider": "gemini", "model": "gemini-2.5-flash", "operation": "translate",
        "scope": {"project": "phim-01"}, "input_tokens": 12_000_000, "output_tokens": 300_000,
        "quantities": {"input_tokens@audio": 40},
    }  # fmt: skip
    yield {"provider": "deepgram", "model": "nova-3", "operation": "speech_to_text",
           "audio_seconds": 120.5, "provenance": "estimated"}  # fmt: skip
    yield {"provider": "gemini", "model": "gemini-9-argon", "input_tokens": 1_200,
           "outcome": "error"}  # fmt: skip
