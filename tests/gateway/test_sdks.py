"""Real SDKs through `quotakeeper serve`, changed in nothing but base URL and key.

What the server billed is what the ledger has, call by call. The drivers are those of tests/matrix.
"""

from __future__ import annotations

import os
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from quotakeeper import Keeper, UsageEvent
from quotakeeper.domain.usage import Provenance
from quotakeeper.sandbox.server import Sandbox
from tests.gateway.node_clients import node_provider, scripts
from tests.gateway.serve_process import ROOT, Served, environment, served
from tests.matrix.environments import UnavailableError, prepare
from tests.matrix.shapes import Shapes

Line = tuple[str, tuple[tuple[str, int], ...]]
IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
DRIVERS = ROOT / "tests" / "matrix" / "drivers"
# Environment -> driver, route of the gateway, and features.
SDKS = {
    "genai3": ("genai", "/gemini",
               "generate stream async-generate async-stream chat-tools embed count-tokens live"),
    "deepgram7": ("deepgram_new", "/deepgram",
                  "prerecorded url async-prerecorded speak async-speak live async-live"),
    "openai": ("openai_sdk", "/openai", "chat stream async-chat async-stream responses embeddings"),
    "anthropic": ("anthropic_sdk", "/anthropic", "messages stream async-messages async-stream"),
}  # fmt: skip


def _started(name: str, gateway: Served) -> subprocess.Popen[str]:
    driver, route, features = SDKS[name]
    lines = "".join(f"{feature} {gateway.url}{route}\n" for feature in features.split())
    environ = {**environment(gateway.folder, gateway.ledger), "MATRIX_KEY": gateway.key}
    process = subprocess.Popen(
        [str(prepare(name)), str(DRIVERS / f"{driver}.py")], cwd=gateway.folder, env=environ,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdin is not None
    process.stdin.write(lines)
    process.stdin.flush()
    return process


def _prepared() -> None:
    try:
        for name in SDKS:
            prepare(name)
    except UnavailableError as error:
        if IN_CI:
            raise
        pytest.skip(f"the SDKs: {error}")


def _play(folder: Path, upstreams: dict[str, str]) -> tuple[list[UsageEvent], str]:
    """Run all SDKs through a gateway. Returns the ledger and the access log."""
    with served(
        folder, upstreams, variables={"GEMINI_API_KEY": "g", "DEEPGRAM_API_KEY": "d"}
    ) as gateway:
        running = {name: _started(name, gateway) for name in SDKS}
        for name, process in running.items():
            said, errors = process.communicate(timeout=60)
            expected = ["ready", *["done"] * len(SDKS[name][2].split())]
            assert said.split("\n")[:-1] == expected, (name, said, errors[-3_000:])
        code, log, told = gateway.stop()
    assert code == 0, told
    assert gateway.key not in log + told
    with Keeper(gateway.ledger, {"default_limits": False}) as keeper:
        events = list(keeper.events())
        assert keeper.verify() == [] and keeper.reservations() == []
    assert {each.provenance for each in events} == {Provenance.REPORTED}
    assert {each.labels.scope for each in events} == {(("key", "an"), ("project", "film"))}
    return events, log


def _booked(events: list[UsageEvent]) -> Counter[Line]:
    return Counter(
        (each.labels.provider, tuple(sorted(each.quantities.items()))) for each in events
    )


@pytest.mark.slow
def test_what_real_sdks_are_billed_is_in_the_ledger(tmp_path: Path) -> None:
    _prepared()
    with Sandbox() as sandbox, Shapes() as shapes:
        events, log = _play(tmp_path, {
            "gemini": sandbox.base_url, "deepgram": sandbox.base_url,
            "openai": shapes.base_url, "anthropic": shapes.base_url,
        })  # fmt: skip
        bill = [*sandbox.bill.charges, *shapes.bill.charges]
    billed = Counter(
        (each.provider, tuple(sorted((name, n) for name, n in each.quantities.items() if n)))
        for each in bill
        if each.operation
        not in ("count_tokens", "countTokens")  # it is free, so the gateway does not count it
    )
    assert billed == _booked(events)
    assert log.count("\n") == len(bill)


@pytest.mark.slow
def test_what_a_provider_in_another_language_bills_is_in_the_ledger(tmp_path: Path) -> None:
    """This provider shares no code with quotakeeper."""
    _prepared()
    made = scripts(tmp_path)
    with node_provider(made) as provider:
        upstreams = dict.fromkeys(("gemini", "deepgram", "openai", "anthropic"), provider.url)
        events, _ = _play(tmp_path, upstreams)
        billed = Counter(
            (each["provider"], tuple(sorted(each["quantities"].items())))
            for each in provider.bill()
        )
    assert billed == _booked(events)
