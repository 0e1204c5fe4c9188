"""Each library: a call is reserved before it is sent, settled with the provider's figures, and refused
at a limit.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.sandbox.messages import SandboxRequest
from quotakeeper.sandbox.server import Sandbox
from tests.intercept.conftest import (
    HEADERS,
    PROMPT,
    SECRET,
    WAYS,
    Post,
    Watched,
    billed,
    booked,
    generate,
    prompt,
    stream,
)

TWO_CALLS = {"name": "two calls", "meter": "requests", "window": "day", "amount": 2}


def test_a_calls_ledger_entry_equals_the_bill(
    post: Post, sandbox: Sandbox, watched: Watched
) -> None:
    keeper = watched()
    answer = post(generate(sandbox.base_url), prompt(), HEADERS)
    assert answer.status == 200
    (event,) = watched.events()
    assert booked([event]) == billed(sandbox)
    assert (event.provenance, event.outcome) == (Provenance.REPORTED, Outcome.OK)
    assert (event.labels.provider, event.labels.model) == ("gemini", "gemini-2.5-flash")
    assert event.cost_pico is not None and event.cost_pico > 0
    assert event.duration_ms is not None
    assert answer.json["responseId"] in event.note
    assert keeper.verify() == []


def test_a_call_is_reserved_and_marked_as_sent_before_it_reaches_the_provider(
    post: Post, sandbox: Sandbox, watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = watched()
    seen: list[tuple[bool, int]] = []
    answer = sandbox.answer

    def look(request: SandboxRequest) -> Any:
        seen.extend((hold.sent, hold.quantities["input_tokens"]) for hold in keeper.reservations())
        return answer(request)

    monkeypatch.setattr(sandbox, "answer", look)
    post(generate(sandbox.base_url), prompt(), HEADERS)
    assert len(watched.events()) == 1
    ((sent, bound),) = seen
    assert sent
    assert bound >= dict(billed(sandbox)[0])["input_tokens"]
    assert keeper.status().open_reservations == 0


def test_a_streams_ledger_entry_equals_the_bill(
    post: Post, sandbox: Sandbox, watched: Watched
) -> None:
    watched()
    assert post(stream(sandbox.base_url), prompt(), HEADERS).body.count(b"data:") == 3
    assert booked(watched.events()) == billed(sandbox)


def test_a_refused_call_is_not_sent_and_gets_the_providers_own_error(
    post: Post, sandbox: Sandbox, watched: Watched
) -> None:
    watched(TWO_CALLS)
    url = generate(sandbox.base_url)
    assert [post(url, prompt(), HEADERS).status for _ in range(4)] == [200, 200, 402, 402]
    answer = post(url, prompt(), HEADERS)
    assert answer.reason == "Payment Required"
    assert answer.json["error"]["status"] == "RESOURCE_EXHAUSTED"
    assert "two calls" in answer.json["error"]["message"]
    assert len(sandbox.bill.charges) == 2
    assert booked(watched.events()) == billed(sandbox)


def test_a_refusal_by_a_limit_that_resets_soon_says_when(
    post: Post, sandbox: Sandbox, watched: Watched
) -> None:
    watched({"name": "slow", "meter": "requests", "window": "rolling 30m", "amount": 1})
    url = generate(sandbox.base_url)
    assert post(url, prompt(), HEADERS).status == 200
    answer = post(url, prompt(), HEADERS)
    assert answer.status == 429
    assert answer.json["error"]["details"][0]["@type"].endswith("RetryInfo")
    if answer.headers:
        assert 1700 < int(answer.headers["retry-after"]) < 1900


def test_a_refusal_of_a_call_that_never_fits_has_no_retry_time(
    post: Post, sandbox: Sandbox, watched: Watched
) -> None:
    watched({"name": "tiny", "meter": "tokens", "window": "minute", "amount": 10})
    assert post(generate(sandbox.base_url), prompt(), HEADERS).status == 402
    assert sandbox.bill.charges == ()


def test_deepgram_minutes_are_reserved_before_and_equal_the_bill(
    post: Post, sandbox: Sandbox, watched: Watched, repository: Path
) -> None:
    watched()
    audio = next((repository / "samples").rglob("*.wav")).read_bytes()
    headers = {"authorization": f"Token {SECRET}", "content-type": "audio/wav"}
    answer = post(f"{sandbox.base_url}/v1/listen?model=nova-3", audio, headers)
    assert answer.status == 200
    assert booked(watched.events()) == billed(sandbox)


def test_a_request_to_no_provider_passes_unchanged(
    post: Post, sandbox: Sandbox, watched: Watched
) -> None:
    watched()
    assert post(f"{sandbox.base_url}/no/such/path", b"x", {}).status == 404
    assert watched.events() == []


@pytest.mark.parametrize("fault", ["429", "429-day", "429-bare", "402", "500", "503"])
def test_failed_requests_count_as_requests(
    post: Post, fault: str, sandbox: Sandbox, watched: Watched
) -> None:
    watched()
    headers = {**HEADERS, "x-sandbox-fault": fault}
    answer = post(generate(sandbox.base_url), prompt(), headers)
    assert answer.status == int(fault[:3])
    events = watched.events()
    assert booked(events) == billed(sandbox)
    assert events[0].outcome is Outcome.ERROR
    assert events[0].cost_pico == 0


def test_the_answer_is_the_same_with_and_without_metering(post: Post, watched: Watched) -> None:
    answers = []
    for watching in (False, True):
        with Sandbox() as sandbox:
            if watching:
                watched()
            for fault in ("", "500", "429"):
                headers = {**HEADERS, "x-sandbox-fault": fault} if fault else HEADERS
                for url in (generate(sandbox.base_url), stream(sandbox.base_url)):
                    got = post(url, prompt(), headers)
                    kept = {k: v for k, v in got.headers.items() if k != "date"}
                    answers.append((got.status, got.reason, got.body, kept))
    half = len(answers) // 2
    assert answers[:half] == answers[half:]


def test_no_text_and_no_key_is_kept(post: Post, sandbox: Sandbox, watched: Watched) -> None:
    watched(TWO_CALLS)
    for fault in ("500", "", ""):
        headers = {**HEADERS, "x-sandbox-fault": fault} if fault else HEADERS
        post(f"{generate(sandbox.base_url)}?key={SECRET}", prompt(), headers)
    watched.events()
    kept = b"".join(file.read_bytes() for file in watched.folder.iterdir() if file.is_file())
    assert kept
    for text in (SECRET, PROMPT[:20], "Sandbox: đã nhận"):
        assert text.encode() not in kept


def test_all_libraries_are_counted_in_one_ledger(sandbox: Sandbox, watched: Watched) -> None:
    watched()
    for post in WAYS.values():
        assert post(generate(sandbox.base_url), prompt(), HEADERS).status == 200
    assert len(sandbox.bill.charges) == len(WAYS)
    assert booked(watched.events()) == billed(sandbox)
