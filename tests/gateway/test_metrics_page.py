"""`/metrics` of a gateway: it tells when the ledger hangs, and all workers count together."""

from __future__ import annotations

import asyncio
import json
import re
import threading
import urllib.request
from pathlib import Path

import pytest

from quotakeeper.app.metrics.reading import MetricsReader
from quotakeeper.config.admin_tokens import WRITER_VARIABLE
from quotakeeper.errors import LedgerUnavailableError, QuotakeeperError
from quotakeeper.gateway.admin.metrics_page import MetricsPage
from quotakeeper.gateway.answer_counts import AnswerCounts
from quotakeeper.sandbox.server import Sandbox
from quotakeeper.telemetry.exposition import exposition
from tests.gateway.admin_harness import READER, TOKEN, admin
from tests.gateway.admin_harness import run as run_admin
from tests.gateway.harness import GENERATE, gate, prompt, run
from tests.gateway.serve_process import served
from tests.telemetry.prometheus_server import until
from tests.telemetry.scraped import Scraped, scraped


class Stuck(MetricsReader):
    """A reader of a ledger that hangs until it is released."""

    def __init__(self) -> None:
        self.reads = 0
        self.goes_on = threading.Event()

    def text_anyway(self) -> tuple[str, QuotakeeperError | None]:
        self.reads += 1
        assert self.goes_on.wait(30)
        return "quotakeeper_x 1\n", None


class Broken(MetricsReader):
    """A reader of a ledger that cannot be read."""

    def __init__(self) -> None:
        pass

    def text_anyway(self) -> tuple[str, QuotakeeperError | None]:
        return "quotakeeper_ledger_readable 0\n", LedgerUnavailableError("x", "is away", "wait")


def test_a_ledger_that_hangs_holds_one_thread_and_is_told() -> None:
    async def test() -> None:
        reader = Stuck()
        page = MetricsPage(reader, tuple, read_seconds=0.01)
        texts = await asyncio.gather(*(page.text() for _ in range(20)))
        assert {scraped(each)["quotakeeper_ledger_readable"][()] for each in texts} == {0}
        assert reader.reads == 1
        reader.goes_on.set()
        patient = MetricsPage(reader, tuple)
        assert await patient.text() == await patient.text() == "quotakeeper_x 1\n"
        assert reader.reads == 3

    run(test)


def test_a_ledger_that_cannot_be_read_is_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async def test() -> None:
        page = MetricsPage(Broken(), tuple)
        for _ in range(3):
            assert await page.text() == "quotakeeper_ledger_readable 0\n"

    run(test)
    assert [each.message.count("is away") for each in caplog.records] == [1]


def test_a_token_that_may_only_read_gets_the_figures(tmp_path: Path) -> None:
    """The limits of keys are there too, and no key's secret."""

    async def test() -> None:
        async with admin(tmp_path) as api:
            secret = (await api.made("lan", limits=[
                {"name": "two", "meter": "requests", "window": "none", "amount": 2},
            ])).body["secret"]  # fmt: skip
            root = api.url.removesuffix("/admin/v1")
            for token, status in ((READER, 200), (TOKEN, 200), ("", 401), (secret, 401)):
                headers = {"Authorization": f"Bearer {token}"}
                async with api.client.get(f"{root}/metrics", headers=headers) as got:
                    assert got.status == status
                    text = await got.text()
                    assert secret not in text
                if status == 200:
                    found = scraped(text)
                    assert found["quotakeeper_key_tokens_total"] == {("an",): 7}
                    names = {labels[0] for labels in found["quotakeeper_limit_used_ratio"]}
                    assert "all" in names and any("two" in name for name in names), names

    run_admin(test)


def test_calls_are_counted_by_how_they_ended(tmp_path: Path) -> None:
    async def test() -> None:
        with Sandbox() as sandbox:
            async with gate(sandbox.base_url) as gateway:
                await gateway.client.get(f"{gateway.url}/livez")
                bad = {"x-goog-api-key": "no such key"}
                async with gateway.client.post(
                    gateway.url + GENERATE, json=prompt(), headers=bad
                ) as got:
                    assert got.status == 401
                found = scraped(exposition(gateway.gateway.families()))
                assert found["quotakeeper_gateway_answers_total"] == {("none", "key_invalid"): 1}
                assert set(found["quotakeeper_gateway_refusals_total"].values()) == {0}

    run(test)


def test_workers_count_together_also_after_one_has_ended(tmp_path: Path) -> None:
    async def test() -> None:
        counts = AnswerCounts(tmp_path, lambda: 1)
        counts.count("gemini", "answered")
        (tmp_path / "answers-7.json").write_text(
            json.dumps(
                {"answers": [["gemini", "answered", 4], ["gemini", "refused", 2]], "faults": 3}
            )
        )
        (tmp_path / "answers-8.json").write_text('{"answers": [["gem')  # not whole
        found = scraped(exposition(counts.families(("gemini", "openai"))))
        assert found["quotakeeper_gateway_answers_total"] == {
            ("gemini", "answered"): 5, ("gemini", "refused"): 2,
        }  # fmt: skip
        assert found["quotakeeper_gateway_refusals_total"] == {("gemini",): 2, ("openai",): 0}
        assert found["quotakeeper_gateway_meter_faults_total"] == {(): 4}

    run(test)


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="Windows or macOS: no workers")
def test_the_figures_of_a_gateway_with_workers_have_the_calls_of_all(tmp_path: Path) -> None:
    variables = {WRITER_VARIABLE: TOKEN}
    arguments = ("--workers", "2", "--admin", "127.0.0.1:0")
    with (
        Sandbox() as sandbox,
        served(tmp_path, {"gemini": sandbox.base_url}, *arguments, variables=variables) as gateway,
    ):
        told = tmp_path / "told.txt"
        until(lambda: "2 workers serve" in told.read_text(encoding="utf-8"), told.read_text)
        text = told.read_text(encoding="utf-8")
        (url,) = re.findall(
            r"gateway on (http://[\d.]+:\d+)", text
        )  # the workers print in any order
        (admin_url,) = re.findall(r"(http://[\d.]+:\d+)/admin/v1", text)
        body = json.dumps(prompt()).encode()
        headers = {"x-goog-api-key": gateway.key, "content-type": "application/json"}
        for _ in range(24):  # a connection each: the system gives them to either worker
            asked = urllib.request.Request(url + GENERATE, body, headers)
            with urllib.request.urlopen(asked, timeout=30) as got:
                assert got.status == 200 and got.read()

        def figures() -> Scraped:
            asked = urllib.request.Request(
                f"{admin_url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}
            )
            with urllib.request.urlopen(asked, timeout=30) as got:
                return scraped(got.read().decode())

        answered = ("gemini", "answered")
        until(lambda: figures()["quotakeeper_gateway_answers_total"].get(answered) == 24, figures)
        calls = figures()["quotakeeper_calls_total"]
        assert calls == {("gemini", "gemini-2.5-flash", "ok"): 24}
        assert gateway.stop()[0] == 0
