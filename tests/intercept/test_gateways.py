"""A base URL of a gateway on the same ledger: the gateway counts the calls, each once."""

from __future__ import annotations

from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.metering.gateways import Gateways
from quotakeeper.sandbox.server import Sandbox
from quotakeeper.stores.sqlite.gateway_marks import GatewayMark, GatewayMarks
from tests.gateways import gateway
from tests.intercept.conftest import HEADERS, Post, Watched, billed, booked, generate, prompt


def test_a_running_gateway_counts_the_calls_sent_to_it(
    post: Post, watched: Watched, sandbox: Sandbox
) -> None:
    keeper = watched({"name": "one", "meter": "requests", "window": "day", "amount": 1})
    ledger = watched.folder / "ledger0.db"
    with gateway(ledger, sandbox.base_url):
        assert post(generate(sandbox.base_url), prompt(), HEADERS).status == 200
        assert watched.events() == []
        (charge,) = sandbox.bill.charges
        with Keeper(ledger, {"default_limits": False}) as own:  # the gateway's
            own.record("gemini", quantities=dict(charge.quantities))
    assert booked(watched.events()) == billed(sandbox)
    # Its mark is gone, so the program counts its own calls, and the limit is used up.
    assert post(generate(sandbox.base_url), prompt(), HEADERS).status in (402, 429)
    assert keeper.verify() == []


def test_the_mark_of_a_killed_gateway_is_ignored(
    post: Post, watched: Watched, sandbox: Sandbox
) -> None:
    watched()
    with gateway(watched.folder / "ledger0.db", sandbox.base_url) as mark:
        mark.close(kept=True)  # as the operating system leaves it
        assert post(generate(sandbox.base_url), prompt(), HEADERS).status == 200
    assert booked(watched.events()) == billed(sandbox)


@pytest.mark.parametrize(
    ("url", "counts"),
    [
        ("http://127.0.0.1:8787/v1", True), ("ws://[::1]:8787/v1?key=x", True),
        ("https://gate.example/gem", True), ("https://GATE.example:443/gem", True),
        ("http://gate.example/gem", False), ("http://localhost:8788/v1", False),
        ("http://localhost:x/v1", False), ("https://generativelanguage.googleapis.com/v1", False),
    ],
)  # fmt: skip
def test_a_gateway_is_identified_by_host_and_port(tmp_path: Path, url: str, counts: bool) -> None:
    told: list[tuple[str, str]] = []
    with Keeper(tmp_path / "ledger.db", {"default_limits": False}) as keeper:
        gateways = Gateways(keeper, lambda word, text: told.append((word, text)))
        assert not gateways.counts(url)
        keeper.status()
        marks = [GatewayMark(tmp_path / "ledger.db", *place, "one")
                 for place in (("localhost", 8787), ("gate.example", 443))]  # fmt: skip
        assert [gateways.counts(url) for _ in range(2)] == [counts] * 2
        assert len(told) == counts and all(word == "gateway" for word, _ in told)
        for mark in marks:
            mark.close()
        assert not gateways.counts(url)


def test_two_processes_of_a_gateway_share_an_address(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    with Keeper(ledger, {"default_limits": False}) as keeper:
        keeper.status()
        gateways = Gateways(keeper, lambda word, text: None)
        first, second = (GatewayMark(ledger, "localhost", 8787, each) for each in ("one", "two"))
        first.close()
        assert gateways.counts("http://localhost:8787/v1")
        second.close()
        assert not gateways.counts("http://localhost:8787/v1")


def test_a_ledger_in_memory_has_no_gateways() -> None:
    with Keeper("memory:", {"default_limits": False}) as keeper:
        assert not Gateways(keeper, lambda word, text: None).counts("http://localhost:8787/v1")
    assert not Gateways(object(), lambda word, text: None).counts("http://localhost:8787/v1")


def test_a_gateway_may_start_before_its_ledgers_folder_exists(tmp_path: Path) -> None:
    ledger = tmp_path / "data" / "quotakeeper" / "ledger.db"
    mark = GatewayMark(ledger, "localhost", 8787, "one")
    try:
        marks = GatewayMarks(ledger)
        assert marks.has(marks.names(), "localhost", 8787)
    finally:
        mark.close()
