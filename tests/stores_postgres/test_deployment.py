"""The steps of deploy/compose.yaml on a server, without Docker: user, tables, gateway."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.sandbox.server import Sandbox
from quotakeeper.stores.postgres.driver import driver
from tests.gateway.harness import GENERATE, prompt
from tests.gateway.serve_process import environment, served
from tests.stores_postgres.cluster import wheels
from tools.postgres_server import running

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
SECONDS = 60
PASSWORD = "it's a \\ password"


def test_the_steps_of_the_compose_file_make_a_gateway_that_counts(tmp_path: Path) -> None:
    """Its user has no more rights than it needs."""
    with running(wheels()) as cluster, Sandbox() as sandbox:
        cluster.run("createdb", "--host", str(cluster.folder), "--username=postgres", "gateway")
        variables = {
            **os.environ, "PATH": f"{cluster.programs}{os.pathsep}{os.environ['PATH']}",
            "PGHOST": str(cluster.folder), "POSTGRES_USER": "postgres", "POSTGRES_DB": "gateway",
            "GATEWAY_PASSWORD": PASSWORD,
        }  # fmt: skip
        subprocess.run(
            ["sh", str(DEPLOY / "make-user.sh")], env=variables, check=True, timeout=SECONDS
        )
        where = f"@/gateway?host={cluster.folder}"
        owner = {
            name: value for name, value in environment(tmp_path, tmp_path).items()
            if name != "QUOTAKEEPER_CONFIG"  # the compose file gives it to the gateway alone
        }  # fmt: skip
        owner["QUOTAKEEPER_LEDGER"] = f"postgresql://postgres{where}"
        subprocess.run(
            [sys.executable, "-m", "quotakeeper", "ledger", "init", "--app", "counting", "--keys",
             "keeping"], env=owner, cwd=tmp_path, check=True, timeout=SECONDS, capture_output=True,
        )  # fmt: skip
        ledger = f"postgresql://gateway{where}"
        config = (DEPLOY / "quotakeeper.toml").read_text(encoding="utf-8")
        with served(
            tmp_path, {"gemini": sandbox.base_url}, config=config,
            variables={"QUOTAKEEPER_LEDGER": ledger, "PGPASSWORD": PASSWORD},
        ) as gateway:  # fmt: skip
            named = {"content-type": "application/json", "x-goog-api-key": gateway.key}
            request = urllib.request.Request(
                gateway.url + GENERATE, json.dumps(prompt()).encode(), named, method="POST"
            )
            with urllib.request.urlopen(request, timeout=SECONDS) as got:
                assert got.status == 200
            with urllib.request.urlopen(f"{gateway.url}/readyz", timeout=SECONDS) as got:
                assert got.status == 200
            code, _, told = gateway.stop()
            assert code == 0, told
        with Keeper(ledger, {"default_limits": False}) as keeper:
            (event,) = keeper.events()
            assert dict(event.labels.scope) == {"key": "an", "project": "film"}
            assert keeper.verify() == []
        psycopg = driver()
        with (
            psycopg.connect(ledger) as raw,
            pytest.raises(psycopg.Error, match="must be owner"),
        ):
            raw.execute("DROP SCHEMA quotakeeper CASCADE")
