"""JavaScript SDKs, `fetch` and curl through `quotakeeper serve`, changed in nothing but base URL and key.

Their provider is written in JavaScript too, so it shares no code with quotakeeper. Each script of
tests/gateway/javascript runs its steps in one process of Node.
"""

from __future__ import annotations

import json
import shutil
import subprocess
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper, UsageEvent
from quotakeeper.domain.usage import Provenance
from tests.gateway.harness import sound
from tests.gateway.node_clients import IN_CI, create_key, node_provider, scripts
from tests.gateway.serve_process import Served, served

_CLIENTS = ("openai", "anthropic", "genai", "deepgram", "deepgram4", "plain")
_PROVIDERS = ("openai", "anthropic", "gemini", "deepgram")
_STREAM = ("openai", "anthropic", "gemini")
_TELL_LAST = ("openai", "anthropic")  # they tell the whole use at the end of a stream
_TIMED = "TIMED"  # billed by the time that a socket was open
_NO_END = ("HOLD", "LOSE", "FLOOD")  # left by the client, lost by the provider, cut by the gateway
_LIMITS = """\
default_limits = false

[[limit]]
name = "calls of poor"
scope = { key = "poor" }
meter = "requests"
window = "none"
amount = 0

[[limit]]
name = "sound of short"
scope = { key = "short" }
provider = "deepgram"
meter = "audio_seconds"
window = "none"
amount = 2

[[limit]]
name = "words of live"
scope = { key = "live" }
meter = "output_tokens"
window = "none"
amount = 60
""" + "".join(f"""
[[limit]]
name = "words of short in {provider}"
scope = {{ key = "short" }}
provider = "{provider}"
meter = "output_tokens"
window = "none"
amount = 60
""" for provider in _STREAM)  # fmt: skip


def _curl(gateway: Served, path: str, *more: str, key: str = "") -> tuple[int, str]:
    """Send a request with curl. Returns its status and body."""
    ran = subprocess.run(
        ["curl", "-sS", "-N", "-w", "\n%{http_code}", "-H", f"Authorization: Bearer {key or gateway.key}",
         f"{gateway.url}{path}", *more],
        capture_output=True, text=True, check=True, timeout=30,
    )  # fmt: skip
    body, _, status = ran.stdout.rpartition("\n")
    return int(status), body


def _use_curl(gateway: Served, poor: str) -> None:
    """A plain call, a stream, a file of sound that waits for 100 Continue, and a refused call."""
    asked: dict[str, Any] = {
        "model": "gpt-4o-mini", "max_tokens": 30, "messages": [{"role": "user", "content": "a b"}],
    }  # fmt: skip
    path, data = "/openai/v1/chat/completions", ("--json", json.dumps(asked))
    status, body = _curl(gateway, path, *data)
    assert (status, json.loads(body)["usage"]["total_tokens"]) == (200, 7)
    stream = {**asked, "stream": True, "stream_options": {"include_usage": True}}
    status, body = _curl(gateway, path, "--json", json.dumps(stream))
    assert status == 200 and body.endswith("data: [DONE]\n\n")
    file = gateway.folder / "sound.wav"
    file.write_bytes(sound(150.0))  # so large that curl waits for the server's word
    upload = ("-H", "Content-Type: audio/wav", "--data-binary", f"@{file}")
    status, body = _curl(gateway, "/deepgram/v1/listen?model=nova-3", *upload)
    assert (status, json.loads(body)["metadata"]["duration"]) == (200, 150)
    status, body = _curl(gateway, path, *data, key=poor)
    assert (status, json.loads(body)["error"]["code"]) == (402, "insufficient_quota")


_Use = tuple[str, tuple[tuple[str, int], ...]]


def _use(provider: str, quantities: Mapping[str, int]) -> _Use:
    return provider, tuple(sorted(quantities.items()))


def _compare_timed(bill: list[dict[str, Any]], events: list[UsageEvent]) -> None:
    """An agent's session counts by the gateway's clock: not less than the provider's, within a second."""
    (line,) = (line for line in bill if line["how"] == _TIMED)
    (event,) = (each for each in events if each.labels.operation == "agent")
    billed, booked = (
        each["session_milliseconds"] for each in (line["quantities"], event.quantities)
    )
    assert booked >= billed - 1_000


def _compare(bill: list[dict[str, Any]], events: list[UsageEvent]) -> None:
    """Each line of the bill is an event of the ledger. A stream of OpenAI or Anthropic that has no end
    never told its use, so it is estimated, and not below the bill."""
    untold = [line for line in bill if line["how"] in _NO_END and line["provider"] in _TELL_LAST]
    billed = Counter(
        _use(line["provider"], line["quantities"]) for line in bill if line not in untold
    )
    estimated = []
    for event in sorted(events, key=lambda each: each.provenance is Provenance.ESTIMATED):
        use = _use(event.labels.provider, event.quantities)
        if billed[use]:  # reported events come first
            billed[use] -= 1
        else:
            assert event.provenance is Provenance.ESTIMATED, use
            estimated.append(event)
    assert +billed == Counter()
    assert len(estimated) == len(untold)
    for provider in _TELL_LAST:
        amounts = [
            sorted(each["output_tokens"] for each in found)
            for found in (
                [line["quantities"] for line in untold if line["provider"] == provider],
                [each.quantities for each in estimated if each.labels.provider == provider],
            )
        ]
        assert len(amounts[0]) == len(amounts[1]) == 3, amounts
        assert all(low <= high for low, high in zip(*amounts, strict=True)), amounts


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("curl") or IN_CI), reason="there is no curl here")
def test_what_javascript_sdks_fetch_and_curl_are_billed_is_in_the_ledger(tmp_path: Path) -> None:
    """Each whole call is in the ledger as it was billed, and each other call once."""
    made = scripts(tmp_path)
    with node_provider(made) as provider:
        upstreams = dict.fromkeys(_PROVIDERS, provider.url)
        with served(tmp_path, upstreams, config=_LIMITS) as gateway:
            poor, short = create_key(gateway, "poor"), create_key(gateway, "short")
            drain = create_key(gateway, "drain", "--on-gone", "drain")
            live = create_key(gateway, "live")
            variables = {
                "GATEWAY": gateway.url, "UPSTREAM": provider.url, "KEY": gateway.key,
                "DRAIN_KEY": drain, "POOR_KEY": poor, "SHORT_KEY": short,
                "LIVE_KEY": live,
            }  # fmt: skip
            running = {name: made.start(name, variables) for name in _CLIENTS}
            _use_curl(gateway, poor)
            for name, process in running.items():
                said, errors = process.communicate(timeout=60)
                assert said.split() == made.steps(name), (name, errors[-3_000:])
            code, log, told = gateway.stop()
        assert code == 0, told
        bill = provider.bill()
    with Keeper(gateway.ledger, {"default_limits": False}) as keeper:
        events = list(keeper.events())
        assert keeper.verify() == [] and keeper.reservations() == []
    _compare_timed(bill, events)
    _compare(
        [line for line in bill if line["how"] != _TIMED],
        [each for each in events if each.labels.operation != "agent"],
    )
    assert {line["how"] for line in bill if line["provider"] in _STREAM} == {
        "whole", "HOLD", "DRAIN", "LOSE", "FLOOD"
    }  # fmt: skip
    assert all(secret not in log + told for secret in (gateway.key, poor, short, drain, live))
