"""The architecture contracts of pyproject.toml fail on seeded faults in a small model of the tree."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

SKELETON = {
    "__init__": "",
    "__main__": "def main():\n    import quotakeeper.cli\n",
    "cli/app": "import click\nimport quotakeeper.app.records.events\n",
    "cli/run/command": "import quotakeeper.cli.run.view\n",
    "cli/run/view": "import quotakeeper.cli.views.limit_lines\n",
    "cli/status/command": "import quotakeeper.cli.status.view\n",
    "cli/status/view": "import quotakeeper.cli.views.limit_lines\n",
    "cli/views/limit_lines": "import quotakeeper.cli.context\n",
    "cli/context": "import quotakeeper.cli.console\n",
    "cli/console": "import shutil\n",
    "pipeline/run": "import quotakeeper.calculator.totals\nimport quotakeeper.sandbox.server\n",
    "calculator/totals": "import quotakeeper.keeper\n",
    "sandbox/server": "import socket\nimport quotakeeper.http_server.heads\n",
    "dashboard/running": "import quotakeeper.dashboard.service\n",
    "dashboard/service": "import quotakeeper.dashboard.sign_in\nimport quotakeeper.http_server.heads\n",
    "dashboard/sign_in": "import quotakeeper.identifiers\n",
    "gateway/running": "import quotakeeper.gateway.service\nimport quotakeeper.gateway_wiring\n",
    "gateway/service": "import quotakeeper.gateway.relay\n",
    "gateway/aiohttp_upstream": "import aiohttp\nimport quotakeeper.gateway.upstream_seam\n",
    "gateway/relay": "import quotakeeper.gateway.upstream_seam\nimport quotakeeper.metering.call_meter\n",
    "gateway/upstream_seam": "import quotakeeper.http_server.heads\n",
    "http_server/aiohttp_server": "import aiohttp\nimport quotakeeper.http_server.aiohttp_exchange\n",
    "http_server/aiohttp_exchange": "import aiohttp\nimport quotakeeper.http_server.heads\n",
    "http_server/heads": "",
    "app/records/events": "import quotakeeper.keeper\n",
    "app/overview/record": "import quotakeeper.app.overview.reading\n",
    "app/overview/reading": "import quotakeeper.app.records.events\n",
    "app/diagnostics": "import quotakeeper.app.records.events\n",
    "telemetry/counters": "import quotakeeper.telemetry.exposition\n",
    "telemetry/exposition": "import quotakeeper.domain.money\n",
    "testing/contract": "import quotakeeper.stores.memory\n",
    "launch/launcher": "import quotakeeper.intercept.import_hook\n",
    "intercept/watch": "import quotakeeper.intercept.import_hook\n",
    "intercept/import_hook": "import quotakeeper.intercept.http_gate\n",
    "intercept/hooks/http_client": "import http\nimport quotakeeper.intercept.http_gate\n",
    "intercept/http_gate": "import quotakeeper.metering.call_meter\n",
    "metering/call_meter": "import quotakeeper.keeper\nimport quotakeeper.metering.http_attempt\n",
    "metering/http_attempt": "import quotakeeper.metering.retries\n",
    "metering/retries": "import hashlib\n",
    "keeper": "import quotakeeper.wiring\n",
    "ledger_copying": "import quotakeeper.wiring\n",
    "alerts/sending": "import quotakeeper.domain.ledger.apply\n",
    "alert_wiring": "import quotakeeper.wiring\nimport quotakeeper.stores.sqlite\n",
    "gateway_wiring": "import quotakeeper.wiring\nimport quotakeeper.stores.sqlite\n",
    "key_wiring": "import quotakeeper.wiring\nimport quotakeeper.stores.sqlite\n",
    "wiring": "import quotakeeper.stores.sqlite\nimport quotakeeper.server_store\n",
    "server_store": "import quotakeeper.stores.postgres\nimport quotakeeper.engine.reads\n",
    "engine/reads": "import quotakeeper.domain.ledger.apply\n",
    "value_classes/maker": "import quotakeeper.value_classes.methods\n",
    "value_classes/methods": "import sys\n",
    "stores/memory": "import quotakeeper.domain.ledger.apply\n",
    "stores/sql/state": "import quotakeeper.domain.ledger.apply\n",
    "stores/postgres/store": "import quotakeeper.stores.postgres.dsn\nimport quotakeeper.stores.sql.state\n",
    "stores/postgres/dsn": "import urllib\n",
    "stores/sqlite/store": "import sqlite3\nimport quotakeeper.stores.sql.state\n",
    "catalogue/loader": "import tomllib\n",
    "providers/registry": "import quotakeeper.providers.contract\n",
    "providers/gemini/adapter": "import quotakeeper.providers.chat_completions.replies\n",
    "providers/openai/adapter": "import quotakeeper.providers.adapter\n",
    "providers/chat_completions/replies": "import quotakeeper.providers.reading.token_reader\n",
    "providers/adapter": "import quotakeeper.providers.reading.refusals\n",
    "providers/reading/refusals": "import quotakeeper.providers.contract\n",
    "providers/reading/token_reader": "import quotakeeper.providers.formats.framing\n",
    "providers/formats/framing": "",
    "providers/contract": "import quotakeeper.domain.money\n",
    "tokens/exact": "def load():\n    import sentencepiece\n",
    "config/loader": "import os\n",
    "clocks": "import time\n",
    "identifiers": "import secrets\n",
    "domain/ports": "import quotakeeper.domain.ledger.commands\n",
    "domain/ledger/apply": "import quotakeeper.domain.ledger.commands\n",
    "domain/ledger/commands": "import quotakeeper.domain.money\n",
    "domain/money": "import quotakeeper.errors\n",
    "errors": "",
}

TYPED = "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    "
FAULTS = {
    "library in the relay": (
        "One module of the server and one of the gateway know the HTTP library",
        {"gateway/relay": "import aiohttp\n"},
    ),
    "library in the parser": (
        "One module of the server and one of the gateway know the HTTP library",
        {"http_server/heads": "import yarl\n"},
    ),
    "relay to the service": (
        "Layers inside the gateway",
        {"gateway/relay": "import quotakeeper.gateway.service\n"},
    ),
    "parser to the server": (
        "Layers inside the HTTP server",
        {"http_server/heads": "import quotakeeper.http_server.aiohttp_server\n"},
    ),
    "upwards": ("Layers point downwards", {"clocks": "import quotakeeper.engine\n"}),
    "upwards for types": (
        "Layers point downwards",
        {"errors": f"{TYPED}from quotakeeper.domain import money\n"},
    ),
    "siblings": ("Layers point downwards", {"stores/memory": "import quotakeeper.catalogue\n"}),
    "app to cli": ("Layers point downwards", {"app/diagnostics": "import quotakeeper.cli\n"}),
    "pipeline to cli": ("Layers point downwards", {"pipeline/run": "import quotakeeper.cli.app\n"}),
    "calculator to pipeline": (
        "Layers point downwards",
        {"calculator/totals": "import quotakeeper.pipeline.run\n"},
    ),
    "metering to a hook": (
        "Layers point downwards",
        {"metering/call_meter": "import quotakeeper.intercept.import_hook\n"},
    ),
    "undeclared folder": (
        "Layers point downwards",
        {"unlisted/app": "import quotakeeper.wiring\n"},
    ),
    "rules to the port": (
        "Layers inside domain",
        {"domain/ledger/apply": "import quotakeeper.domain.ports\n"},
    ),
    "records to a use case": (
        "Layers inside app",
        {"app/records/events": "import quotakeeper.app.diagnostics\n"},
    ),
    "text format to counters": (
        "Layers inside telemetry",
        {"telemetry/exposition": "import quotakeeper.telemetry.counters\n"},
    ),
    "telemetry to an engine": (
        "Layers point downwards",
        {"engine/leases": "import quotakeeper.telemetry.exposition\n"},
    ),
    "provider to provider": (
        "Layers inside providers",
        {"providers/gemini/adapter": "import quotakeeper.providers.openai.adapter\n"},
    ),
    "shared shape to a provider": (
        "Layers inside providers",
        {"providers/chat_completions/replies": "import quotakeeper.providers.openai.adapter\n"},
    ),
    "catalogue to providers": (
        "Layers point downwards",
        {"catalogue/loader": "import quotakeeper.providers.registry\n"},
    ),
    "attempt to its meter": (
        "Layers inside metering",
        {"metering/http_attempt": f"{TYPED}from quotakeeper.metering import call_meter\n"},
    ),
    "undeclared module of metering": (
        "Layers inside metering",
        {"metering/helpers": "import quotakeeper.metering.retries\n"},
    ),
    "gate to a hook": (
        "Layers inside intercept",
        {"intercept/http_gate": "import quotakeeper.intercept.hooks.http_client\n"},
    ),
    "hook to the import hook": (
        "Layers inside intercept",
        {"intercept/hooks/http_client": "import quotakeeper.intercept.import_hook\n"},
    ),
    "command to another's view": (
        "Layers inside cli",
        {"cli/run/command": "import quotakeeper.cli.status.view\n"},
    ),
    "shared view to a command": (
        "Layers inside cli",
        {"cli/views/limit_lines": "import quotakeeper.cli.status.command\n"},
    ),
    "new command to another": (
        "No command knows another",
        {"cli/toy/command": "import quotakeeper.cli.status.command\n"},
    ),
    "new view to another": (
        "No view of a command knows another",
        {"cli/toy/view": "import quotakeeper.cli.status.view\n"},
    ),
    "use case with HTTP": (
        "Use cases know no terminal and no HTTP",
        {"app/diagnostics": "import urllib.request\n"},
    ),
    "use case with a terminal": (
        "Use cases know no terminal and no HTTP",
        {"app/records/events": "import rich.table\n"},
    ),
    "library in metering": (
        "Metering names no HTTP library",
        {"metering/retries": "def install():\n    import httpx\n"},
    ),
    "store to store": (
        "Stores never know each other",
        {"stores/memory": "import quotakeeper.stores.sqlite\n"},
    ),
    "shared SQL to SQLite": (
        "Layers inside stores",
        {"stores/sql/state": "import quotakeeper.stores.sqlite.store\n"},
    ),
    "memory to SQL": (
        "Layers inside stores",
        {"stores/memory": "import quotakeeper.stores.sql.state\n"},
    ),
    "shared SQL opens a file of SQLite": (
        "Shared SQL knows no database",
        {"stores/sql/state": "import sqlite3\n"},
    ),
    "state to compaction": (
        "Layers inside shared SQL",
        {
            "stores/sql/state": "import quotakeeper.stores.sql.compaction\n",
            "stores/sql/compaction": "",
        },
    ),
    "PostgreSQL to SQLite": (
        "Stores never know each other",
        {"stores/postgres/store": "import quotakeeper.stores.sqlite.locks\n"},
    ),
    "URL to the store": (
        "Layers inside PostgreSQL",
        {"stores/postgres/dsn": "import quotakeeper.stores.postgres.store\n"},
    ),
    "driver of PostgreSQL in the engine": (
        "Ring 0 imports only the standard library",
        {"engine/reads": "import psycopg\n"},
    ),
    "locks to the store": (
        "Layers inside SQLite",
        {"stores/sqlite/locks": "import quotakeeper.stores.sqlite.store\n"},
    ),
    "domain reads the clock": (
        "Domain touches no outside world",
        {"domain/money": "import time\n"},
    ),
    "domain opens a file": (
        "Domain touches no outside world",
        {"domain/money": "from os import open\n"},
    ),
    "rich in the core": ("Ring 0 imports only", {"engine/reads": "import rich.table\n"}),
    "numpy in the engine": ("Ring 0 imports only", {"engine/reads": "import numpy\n"}),
    "engine picks a store": (
        "Only wiring picks a store",
        {"engine/reads": "import quotakeeper.stores.memory\n"},
    ),
    "worker to leases": (
        "Layers of the engine point downwards",
        {"engine/worker": "import quotakeeper.engine.leases\n", "engine/leases": ""},
    ),
    "undeclared part of the engine": (
        "Layers of the engine point downwards",
        {"engine/toy": ""},
    ),
    "cycle": (
        "No cycles among siblings",
        {"domain/money": "import quotakeeper.domain.ledger.apply\n"},
    ),
}


def _lint(
    root: Path, repository: Path, changes: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    package = root / "src" / "quotakeeper"
    for name, text in {**SKELETON, **changes}.items():
        module = package / f"{name}.py"
        module.parent.mkdir(parents=True, exist_ok=True)
        (module.parent / "__init__.py").touch()
        module.write_text(text, encoding="utf-8")
    shutil.copy(repository / "pyproject.toml", root)
    return subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command as run; run()",
            "--no-cache",
        ],
        cwd=root,
        env={**os.environ, "PYTHONPATH": str(root / "src"), "PYTHONUTF8": "1", "NO_COLOR": "1"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )


def test_the_intended_layers_pass(tmp_path: Path, repository: Path) -> None:
    ran = _lint(tmp_path, repository, {})
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert " 0 broken" in ran.stdout


@pytest.mark.parametrize(("contract", "changes"), FAULTS.values(), ids=FAULTS.keys())
def test_a_seeded_fault_breaks_its_contract(
    tmp_path: Path, repository: Path, contract: str, changes: dict[str, str]
) -> None:
    ran = _lint(tmp_path, repository, changes)
    broken = [line for line in ran.stdout.splitlines() if "BROKEN" in line]
    assert ran.returncode == 1, ran.stdout + ran.stderr
    assert any(line.startswith(contract) for line in broken), broken
