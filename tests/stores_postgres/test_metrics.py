"""The figures of a ledger on a server: two hosts show the same, and each keeps its own counters."""

from __future__ import annotations

from quotakeeper.app.metrics.reading import MetricsReader, counters_path
from quotakeeper.telemetry.counter_file import CounterFile
from quotakeeper.testing import FakeClock
from tests.stores_postgres.lease_limits import MakeHost
from tests.telemetry.scraped import scraped


def test_two_hosts_show_the_same_figures(host: MakeHost, clock: FakeClock) -> None:
    one, two = host("one"), host("two")
    path = counters_path(one.settings)
    assert path is not None and "metrics" in path.parts
    assert "postgres" not in path.name  # no address, and so no password
    first = MetricsReader(one, CounterFile(path), follows=True)
    second = MetricsReader(two, CounterFile(None), follows=True)
    assert "quotakeeper_calls_total" not in scraped(first.text())
    event = one.record("deepgram", model="nova-3", audio_seconds=90, scope={"key": "an"})
    two.record("gemini", model="gemini-2.5-flash", input_tokens=1_000)
    clock.advance(days=1)
    two.record("gemini", model="gemini-2.5-flash", input_tokens=50)
    before = scraped(first.text())
    mine, theirs = before, scraped(second.text())
    for name in ("calls_total", "cost_usd_total", "tokens_total", "key_calls_total"):
        assert mine[f"quotakeeper_{name}"] == theirs[f"quotakeeper_{name}"], name
    two.correct(event.id, audio_seconds=30)
    after = scraped(first.text())
    assert after["quotakeeper_audio_seconds_total"] == {("deepgram", "nova-3"): 90}
    assert after["quotakeeper_corrected_audio_seconds_total"] == {("deepgram", "nova-3"): 60}
    spent = sum(row.cost_usd for row in two.usage())
    cost, taken = (after[f"quotakeeper_{name}_usd_total"] for name in ("cost", "corrected_cost"))
    assert sum(cost.values()) - sum(taken.values()) == spent
