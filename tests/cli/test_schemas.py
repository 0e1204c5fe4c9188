"""Every JSON document begins with `schema`, the number of its layout, from the one table."""

from __future__ import annotations

import ast
import json
import shlex
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from quotakeeper.cli.app import root
from quotakeeper.schemas import Schema
from quotakeeper.tokens.accuracy import AccuracyRow
from tests.cli.conftest import CommandLine
from tests.cli.test_docs import named

BILL = (
    "Usage start date,SKU description,Usage amount,Usage unit,Unrounded Cost ($)\n"
    "2026-11-23,Generate content input token count gemini 2.5 flash text,2000,count,0.0006\n"
)
PREPAID = """\
timezone = "UTC"
default_limits = true

[[limit]]
name = "prepaid"
meter = "requests"
window = "none"
amount = 100

[[limit]]
name = "each key"
per = "key"
meter = "cost"
window = "day"
amount = 5

[[alerts.channel]]
name = "script"
kind = "command"
command = ["true"]
"""
# The virtual keys of the ledger on which each command runs.
WITH_KEYS = (
    "keys create lan --project phim-01",
    "keys create binh --model gemini-2.5-* --network 10.0.0.0/8 --concurrency 4",
    "keys disable binh",
)
REQUESTS = {"page": 0, "limit": 1000, "requests": []}

# Each command with `--json`, an invocation of it, and what its document is.
WITH_JSON = {
    "status": ("status --json", Schema.STATUS),
    "today": ("today --json", Schema.TODAY),
    "statusline": ("statusline --json", Schema.STATUSLINE),
    "backup": ("backup --json", Schema.BACKUP),
    "forget": ("forget --label project=phim-01 --json", Schema.FORGET),
    "watch": ("watch --once --json", Schema.WATCH),
    "pause": ("pause --why x --json", Schema.PAUSE),
    "resume": ("resume --json", Schema.RESUME),
    "limits topup": ("limits topup prepaid 5 --json", Schema.TOP_UP),
    "limits raise": (
        'limits raise "gemini daily cost" --to 50 --for 1d --why x --json', Schema.LIMIT_RAISED,
    ),
    "report": ("report --json", Schema.REPORT),
    "events": ("events --json", Schema.EVENTS),
    "verify": ("verify --json", Schema.VERIFY),
    "leases": ("leases --json", Schema.LEASES),
    "compact": ("compact --keep 90d --json", Schema.COMPACT),
    "reconcile": ("reconcile gemini --file bill.csv --json", Schema.RECONCILE_BILL),
    "limits list": ("limits list --json", Schema.LIMITS),
    "limits preset": ("limits preset --json", Schema.PRESETS),
    "keys create": (
        'keys create minh --project phim-01 --label team=sub --expires 2027-01-31 --json',
        Schema.KEY_SECRET,
    ),
    "keys list": ("keys list --json", Schema.KEYS),
    "keys show": ("keys show lan --json", Schema.KEY),
    "keys audit": ("keys audit --json", Schema.KEY_AUDIT),
    "keys rotate": ("keys rotate lan --json", Schema.KEY_SECRET),
    "keys revoke": ("keys revoke lan --json", Schema.KEY_CHANGE),
    "keys disable": ("keys disable lan --json", Schema.KEY_CHANGE),
    "keys enable": ("keys enable binh --json", Schema.KEY_CHANGE),
    "alerts run": ("alerts run --json", Schema.ALERT_RUN),
    "alerts test": ("alerts test --json", Schema.ALERT_TEST),
    "alerts show": ("alerts show --json", Schema.ALERTS),
    "alerts simulate": ("alerts simulate --json", Schema.ALERT_SIMULATION),
    "prices list": ("prices list --json", Schema.PRICES),
    "prices show": ("prices show gemini-2.5-flash --json", Schema.PRICES),
    "plan": ("plan media --json", Schema.PLAN),
    "estimate text": ("estimate text text.txt --json", Schema.ESTIMATE),
    "estimate audio": ("estimate audio media/a.wav --json", Schema.ESTIMATE),
    "estimate folder": ("estimate folder media --json", Schema.ESTIMATE),
    "tokens accuracy": ("tokens accuracy . --json", Schema.TOKEN_ACCURACY),
    "doctor": ("doctor --json", Schema.DOCTOR),
    "config show": ("config show --json", Schema.CONFIG),
}  # fmt: skip
# `run --json FILE` starts a program; tests/launch/test_calls.py reads its document. `ledger check`
# needs a server; tests/stores_postgres/test_roles.py reads its document.
ELSEWHERE = {"run", "ledger check"}
OTHERS = {
    "export --format json": Schema.EXPORT,
    "limits preset gemini-free --json": Schema.PRESET,
    "export --format ndjson": Schema.EVENT,
    "reconcile deepgram --file requests.json --json": Schema.RECONCILE,
    "doctor --paths --json": Schema.PATHS,
    "doctor --repair-clock --json": Schema.CLOCK,
    "doctor --accept-clock --json": Schema.CLOCK,
}


def commands_with_json() -> Iterator[str]:
    for path, command in named(root):
        if any("--json" in param.opts for param in command.params):
            yield path


@pytest.fixture
def furnished(busy: CommandLine) -> CommandLine:
    """A folder with a file of each kind that the commands read."""
    folder = busy.folder
    busy.write_config(PREPAID)
    (folder / "bill.csv").write_text(BILL, encoding="utf-8")
    (folder / "requests.json").write_text(json.dumps(REQUESTS), encoding="utf-8")
    (folder / "text.txt").write_text("xin chào", encoding="utf-8")
    (folder / "media").mkdir()
    with wave.open(str(folder / "media" / "a.wav"), "wb") as file:
        file.setparams((1, 2, 8_000, 0, "NONE", ""))
        file.writeframes(b"\0\0" * 8_000)
    for line in WITH_KEYS:
        assert busy.run(*line.split()).code == 0
    rows = [AccuracyRow("vi", 3, 900, 0.05, -0.01, 0.99, 0.99)]
    busy.environment.setattr("quotakeeper.tokens.accuracy.measure", lambda folder: rows)
    return busy


def test_every_command_with_json_is_walked() -> None:
    assert set(commands_with_json()) == {*WITH_JSON, *ELSEWHERE}


@pytest.mark.parametrize(
    ("line", "schema"), [*WITH_JSON.values(), *OTHERS.items()], ids=lambda each: str(each)
)
def test_the_document_of_a_command_begins_with_its_schema(
    furnished: CommandLine, line: str, schema: Schema
) -> None:
    ran = furnished.run(*shlex.split(line))
    text = ran.out.splitlines()[0] if "ndjson" in line else ran.out
    assert next(iter(json.loads(text).items())) == ("schema", schema), ran.err


def test_each_schema_is_a_number_of_its_document() -> None:
    for schema in Schema:
        assert schema >= 1
        assert json.dumps(schema) == str(int(schema))
        assert schema.document == schema.name.lower().replace("_", "-")


def _trees(repository: Path) -> Iterator[tuple[str, ast.Module]]:
    for folder in ("src", "run"):
        for path in sorted((repository / folder).rglob("*.py")):
            yield path.relative_to(repository).as_posix(), ast.parse(path.read_text("utf-8"))


def _dicts(tree: ast.Module, wanted: Callable[[ast.expr], bool]) -> Iterator[ast.Dict]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Dict):
            for key, value in zip(node.keys, node.values, strict=True):
                if isinstance(key, ast.Constant) and key.value == "schema" and wanted(value):
                    yield node


def _from_table(value: ast.expr) -> str | None:
    """The name of the row, if the value is `Schema.NAME`."""
    if isinstance(value, ast.Attribute) and isinstance(value.value, ast.Name):
        return value.attr if value.value.id == "Schema" else None
    return None


def test_every_schema_in_the_code_is_a_row_of_the_table(repository: Path) -> None:
    others = [
        f"{name}:{node.lineno}"
        for name, tree in _trees(repository)
        # There, `schema` is a schema of PostgreSQL, or a word of OpenAPI.
        if "/stores/postgres/" not in name
        and not name.endswith(("gateway/admin/openapi.py", "gateway/admin/tables.py"))
        for node in _dicts(tree, lambda value: _from_table(value) is None)
    ]
    assert others == []


def test_every_row_of_the_table_is_used(repository: Path) -> None:
    used = {
        found
        for name, tree in _trees(repository)
        for node in ast.walk(tree)
        if isinstance(node, ast.expr) and (found := _from_table(node))
    }
    assert used == {schema.name for schema in Schema}


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_every_schema_is_in_the_page(repository: Path, lang: str) -> None:
    page = (repository / "docs" / lang / "reference" / "compatibility.md").read_text("utf-8")
    assert [
        schema for schema in Schema if f"| `{schema.document}` | {int(schema)} |" not in page
    ] == []
