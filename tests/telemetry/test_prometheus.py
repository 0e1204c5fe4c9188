"""A real Prometheus reads a running gateway: every panel and every alert rule gets data."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.config.admin_tokens import READER_VARIABLE, WRITER_VARIABLE
from quotakeeper.sandbox.server import Sandbox
from scripts import make_monitoring
from tests.gateway.harness import GENERATE, prompt, sound
from tests.gateway.serve_process import Served, environment, served
from tests.telemetry.prometheus_server import Prometheus, prometheus, promtool, until
from tests.telemetry.scraped import Scraped, scraped

ROOT = Path(__file__).resolve().parents[2]
TOKEN, READER = "canary-of-the-writer-0123456789abcdef", "canary-of-the-reader-0123456789abcdef"
MODELS = "/gemini/v1beta/models/{}:generateContent"
CONFIG = """
default_limits = false
timezone = "UTC"
on_unpriced = "count_only"
providers = []
[[limit]]
name = "gemini calls"
provider = "gemini"
meter = "requests"
window = "rolling 24h"
amount = 4
[[limit]]
name = "each key"
meter = "cost"
window = "rolling 24h"
amount = 5
per = "key"
mode = "soft"
"""
SCRAPING = """
global: {{scrape_interval: 250ms, scrape_timeout: 250ms, evaluation_interval: 250ms}}
rule_files: [{rules}]
scrape_configs:
  - job_name: quotakeeper
    authorization: {{credentials: {token}}}
    static_configs: [{{targets: ["{target}"]}}]
"""
# The comparison at the end of an alert's query. Before it stands what must have data at any time.
COMPARISON = re.compile(r" (?:==|>=|>) -?[\d.]+$")


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Served, str]]:
    """A gateway that has answered, refused and failed calls, and the address of its figures."""
    folder = tmp_path_factory.mktemp("serve")
    variables = {WRITER_VARIABLE: TOKEN, READER_VARIABLE: READER, "DEEPGRAM_API_KEY": "any"}
    with Sandbox() as sandbox:
        upstreams = {"gemini": sandbox.base_url, "deepgram": sandbox.base_url}
        more = ("--admin", "127.0.0.1:0")
        with served(folder, upstreams, *more, config=CONFIG, variables=variables) as gateway:
            statuses = [_call(gateway, GENERATE) for _ in range(3)]
            statuses.append(_call(gateway, MODELS.format("a-model-without-a-price")))
            assert statuses == [200] * 4
            assert _call(gateway, GENERATE) == 402
            assert _listen(gateway) == 200
            told = (folder / "told.txt").read_text(encoding="utf-8")
            found = re.search(r"(http://[\d.]+:\d+)/admin/v1", told)
            assert found is not None, told
            yield gateway, f"{found[1]}/metrics"


def _call(
    gateway: Served, path: str, body: bytes | None = None, kind: str = "application/json"
) -> int:
    data = json.dumps(prompt()).encode() if body is None else body
    headers = {"Authorization": f"Bearer {gateway.key}", "Content-Type": kind}
    request = urllib.request.Request(gateway.url + path, data, headers)
    return _answer(request)[0]


def _listen(gateway: Served) -> int:
    return _call(gateway, "/deepgram/v1/listen?model=nova-3", sound(), "audio/wav")


def _answer(request: urllib.request.Request) -> tuple[int, str, str]:
    try:
        with urllib.request.urlopen(request, timeout=30) as got:
            return got.status, got.read().decode(), got.headers["content-type"]
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read().decode(), error.headers["content-type"]


def _metrics(url: str, token: str = READER) -> str:
    status, text, kind = _answer(
        urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    )
    assert (status, kind) == (200, "text/plain; version=0.0.4; charset=utf-8")
    return text


def _queries(file: Path) -> list[str]:
    """Every query of a dashboard, with its variables replaced as Grafana does."""
    read: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    found = [target["expr"] for panel in read["panels"] for target in panel.get("targets", ())]
    assert len(found) >= 20
    shown = {"$provider": ".*", "$model": ".*", "$__rate_interval": "1m"}
    for name, value in shown.items():
        found = [each.replace(name, value) for each in found]
    assert not [each for each in found if "$" in each]
    return found


def test_every_panel_and_every_alert_rule_has_data(run: tuple[Served, str], tmp_path: Path) -> None:
    gateway, url = run
    rules = sorted((ROOT / "deploy" / "prometheus").glob("*.rules.yml"))
    boards = sorted((ROOT / "deploy" / "grafana").glob("*.json"))
    assert (len(rules), len(boards)) == (2, 2)
    config = SCRAPING.format(rules=rules[0], token=READER, target=url.split("/")[2])
    with prometheus(tmp_path / "prometheus", config, _yesterday()) as server:
        asked = {query for board in boards for query in _queries(board)}
        alerts = _alerts(server)
        asked |= {COMPARISON.sub("", query) for query in alerts.values()}
        assert len(alerts) >= 10 and all(COMPARISON.search(each) for each in alerts.values())
        missing = sorted(asked)

        def all_have_data() -> bool:
            assert _listen(gateway) == 200  # the cost must rise while Prometheus reads it
            missing[:] = [query for query in missing if not server.values(query)]
            return not missing

        until(all_have_data, lambda: missing)
        firing = {"QuotakeeperLimitWarning", "QuotakeeperLimitReached"}
        until(lambda: firing <= _firing(server), lambda: _firing(server))
        assert "QuotakeeperLedgerUnreadable" not in _firing(server)
        exact: Scraped = {}
        stored: dict[str, list[float]] = {}

        def all_are_stored() -> bool:
            exact.update(scraped(_metrics(url)))
            numbers = {
                name: sorted(map(float, samples.values())) for name, samples in exact.items()
                if name.startswith("quotakeeper_limit") or name.endswith("_total")
            }  # fmt: skip
            stored.update({name: sorted(map(float, server.values(name))) for name in numbers})
            return stored == numbers and not exact["quotakeeper_open_reservations"][()]

        until(all_are_stored, lambda: (stored, exact))
    with Keeper(gateway.ledger, {"default_limits": False}) as keeper:
        spent = sum(row.cost_usd for row in keeper.usage())
    assert sum(exact["quotakeeper_cost_usd_total"].values()) == spent > 0
    assert exact["quotakeeper_gateway_refusals_total"] == {("deepgram",): 0, ("gemini",): 1}
    assert exact["quotakeeper_gateway_answers_total"]["gemini", "refused"] == 1
    assert exact["quotakeeper_gateway_meter_faults_total"] == {(): 0}
    assert (
        exact["quotakeeper_limit_used_ratio"]["gemini calls", "requests", "rolling 24h", "hard"]
        == 1
    )


def _yesterday() -> str:
    """The cost of the same hour of yesterday: the rule for a sudden rise compares with it."""
    now = int(time.time())
    samples = [
        f'quotakeeper_cost_usd_total{{provider="gemini",model="old"}} {minute} {at}'
        for minute, at in enumerate(range(now - 90_000, now - 85_800, 60))
    ]
    return "\n".join(("# TYPE quotakeeper_cost_usd counter", *samples, "# EOF", ""))


def _alerts(server: Prometheus) -> dict[str, str]:
    (group,) = server.ask("rules")["groups"]
    assert {each["health"] for each in group["rules"]} <= {"ok", "unknown"}
    return {each["name"]: each["query"] for each in group["rules"] if each["type"] == "alerting"}


def _firing(server: Prometheus) -> set[str]:
    found = server.ask("alerts")["alerts"]
    return {each["labels"]["alertname"] for each in found if each["state"] == "firing"}


def test_the_figures_are_clean_and_only_a_token_reads_them(run: tuple[Served, str]) -> None:
    gateway, url = run
    text = _metrics(url)
    assert promtool("check", "metrics", given=text) == ""
    assert _metrics(url, TOKEN).count("\n") == text.count("\n")
    for secret in (gateway.key, TOKEN, READER, str(gateway.ledger)):
        assert secret not in text
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Bearer {gateway.key}"},
    ):
        status, body, _ = _answer(urllib.request.Request(url, headers=headers))
        assert status == 401 and "quotakeeper_" not in body
    client_side = urllib.request.Request(
        f"{gateway.url}/metrics", headers={"Authorization": f"Bearer {READER}"}
    )
    assert _answer(client_side)[0] == 401
    posted = urllib.request.Request(url, b"", {"Authorization": f"Bearer {TOKEN}"})
    assert _answer(posted)[0] == 405


def test_the_command_prints_what_the_gateway_serves(
    run: tuple[Served, str], tmp_path: Path
) -> None:
    """Both share one file of counters. The file of `--out` is whole, and promtool finds nothing."""
    gateway, url = run
    out = tmp_path / "quotakeeper.prom"
    ran = subprocess.run(
        [sys.executable, "-m", "quotakeeper", "metrics", "--out", str(out)],
        env=environment(gateway.folder, gateway.ledger), cwd=tmp_path, capture_output=True, text=True,
        check=False, timeout=60,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    text = out.read_text(encoding="utf-8")
    assert promtool("check", "metrics", given=text) == ""
    mine, theirs = scraped(text), scraped(_metrics(url))
    assert mine["quotakeeper_counters_kept"] == {(): 1}
    for name, samples in mine.items():
        if name.endswith("_total"):
            assert theirs[name] == samples, name
    assert not [name for name in mine if "gateway" in name]
    assert mine["quotakeeper_limit_used_requests"] == theirs["quotakeeper_limit_used_requests"]


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_page_names_every_metric(run: tuple[Served, str], language: str) -> None:
    """And no panel or rule asks for a metric that the page does not have."""
    page = ROOT / "docs" / language / "how-to" / "prometheus.md"
    named = set(re.findall(r"`(quotakeeper_\w+)`", page.read_text(encoding="utf-8")))
    corrections = re.compile("quotakeeper_corrected_")
    other_units = re.compile(r"quotakeeper_limit_(?:amount|used|reserved)_(?!ratio)")
    told = {name for name in scraped(_metrics(run[1])) if not corrections.match(name)}
    assert {name for name in told - named if not other_units.match(name)} == set()
    texts = "".join(make_monitoring.files().values())
    asked = set(re.findall(r"\bquotakeeper_\w+", texts))
    assert {name for name in asked - named if not corrections.match(name)} == set()


def test_the_files_in_deploy_are_those_that_the_script_makes() -> None:
    """Run `python -m scripts.make_monitoring` after a change."""
    for path, text in make_monitoring.files().items():
        assert path.read_text(encoding="utf-8") == text, path
