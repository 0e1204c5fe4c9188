"""A request record of a Deepgram account, in every form that it can have."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from quotakeeper.providers.account_records import AccountRequest
from quotakeeper.providers.deepgram.account import read_request


def read(path: str, code: object = 200, **details: Any) -> AccountRequest:
    found = read_request({
        "request_id": "r", "created": "2026-11-23T12:00:00.123456789Z", "path": path, "code": code,
        "response": {"details": details},
    })  # fmt: skip
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("path", "method", "operation", "model"),
    [
        ("/v1/listen?model=nova-3", "sync", "listen", "nova-3"),
        ("/v1/listen?model=nova-3&callback=x", "async", "listen", "nova-3"),
        ("/v1/listen?model=nova-3", "streaming", "listen_live", "nova-3"),
        ("/v1/listen", "sync", "listen", "base-general"),
        ("/v1/listen?tier=enhanced", "sync", "listen", "enhanced-general"),
        ("/v2/listen?model=flux-general-en", "streaming", "flux", "flux-general-en"),
        ("/v1/speak?model=aura-2-thalia-en", "sync", "speak", "aura-2-thalia-en"),
        ("/v1/speak", "streaming", "speak_live", "aura-asteria-en"),
        ("/v2/speak", "sync", "speak", "aura-asteria-en"),
        ("/v1/read?summarize=true", "sync", "read", ""),
        ("/v1/agent/converse", "streaming", "agent", "agent-standard"),
        ("/v3/dream", "sync", "call", ""),
        ("", "sync", "call", ""),
    ],
)
def test_operations_have_the_meters_names(
    path: str, method: str, operation: str, model: str
) -> None:
    found = read(path, method=method, usd=Decimal("0.5"))
    assert (found.operation, found.model) == (operation, model)
    assert (found.cost_pico, found.at) == (5 * 10**11, 1_795_435_200_123_456)


def test_requests_that_are_free_are_no_calls() -> None:
    record = {"request_id": "r", "created": "2026-11-23", "path": "/v1/projects/p/balances"}
    assert read_request({**record, "response": {"details": {"usd": 0}}}) is None
    assert read_request(record) is None


@pytest.mark.parametrize(
    ("details", "quantities"),
    [
        ({}, {}),
        ({"duration": 0}, {"audio_milliseconds": 0}),
        ({"duration": Decimal("60.0015")}, {"audio_milliseconds": 60_002}),
        ({"duration": 10, "channels": 2}, {"audio_milliseconds": 10_000}),
        (
            {"duration": 10, "channels": 2, "config": {"multichannel": True}},
            {"audio_milliseconds": 20_000},
        ),
        ({"duration": 10, "total_audio": 20}, {"audio_milliseconds": 20_000}),
    ],
)
def test_lengths_are_read_in_every_form(
    details: dict[str, Any], quantities: dict[str, int]
) -> None:
    assert dict(read("/v1/listen", **details).quantities) == {"requests": 1, **quantities}
    assert dict(read("/v1/listen", 400, **details).quantities) == {"requests": 1}


def test_characters_and_sessions_are_read() -> None:
    assert read("/v1/speak", characters=7).quantities["characters"] == 7
    assert read("/v1/speak", tts_characters=0, characters=7).quantities["characters"] == 0
    assert dict(read("/v1/speak").quantities) == {"requests": 1}
    assert read("/v1/agent/converse", duration=2).quantities["session_milliseconds"] == 2_000


def test_a_failed_request_costs_nothing_unless_the_record_has_a_cost() -> None:
    assert (read("/v1/listen", 503).failed, read("/v1/listen", 503).cost_pico) == (True, 0)
    assert read("/v1/listen", Decimal(503), usd=Decimal("0.1")).cost_pico == 10**11
    assert (read("/v1/listen").failed, read("/v1/listen").cost_pico) == (False, None)
    assert not read("/v1/listen", None).failed


def test_price_options_follow_from_the_path() -> None:
    found = read(
        "/v1/listen?model=nova-3&language=multi&diarize=true&redact=pci", method="streaming"
    )
    assert dict(found.options) == {
        "mode": "streaming", "language": "multi", "addons": "diarize,redact",
    }  # fmt: skip
    assert dict(read("/v1/speak").options) == {}
