"""Refused, cut, garbled and never answered: what is booked, what is tried again, what is said."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING

import pytest

from quotakeeper import Outcome, Provenance
from quotakeeper.pipeline.http_transport import HttpReply, HttpRequest, RequestNotSentError, send

if TYPE_CHECKING:
    from tests.pipeline.conftest import Bench, BenchWith


def test_a_429_is_tried_again_after_the_time_it_asks_for(bench_with: BenchWith) -> None:
    bench = bench_with("429@1=generateContent", "429@1=listen")
    bench.wav("a.wav", 5_000)
    assert bench.run().exit_code == 0
    assert bench.clock.slept == [7.0, 7.25]  # the message of the second tells 7.25
    assert bench.totals() == bench.sandbox.bill.totals()
    refused = [event for event in bench.events() if event.outcome is Outcome.ERROR]
    assert [event.quantities for event in refused] == [{"requests": 1}] * 2
    assert all(not event.cost_pico for event in refused)


@pytest.mark.parametrize("kind", ["500", "503", "429-bare"])
def test_without_a_time_it_backs_off_longer_and_longer(bench_with: BenchWith, kind: str) -> None:
    bench = bench_with(f"{kind}@1-3=generateContent")
    bench.wav("a.wav", 5_000)
    assert bench.run("--no-rewrite").exit_code == 0
    first, second, third = bench.clock.slept
    if kind == "429-bare":
        assert 0.5 <= first < 1.5
    assert 0.5 <= first < 1.5 and 1 <= second < 3 and 2 <= third < 6
    assert bench.totals() == bench.sandbox.bill.totals()


def test_it_gives_up_after_the_attempts_allowed_and_the_next_file_goes_on(
    bench_with: BenchWith,
) -> None:
    bench = bench_with("503@1-2=generateContent")
    bench.wav("a.wav", 5_000)
    bench.wav("b.wav", 6_000)
    run = bench.run("--attempts", "2")
    assert run.exit_code == 1
    assert "a.wav: FAILED: gemini answered 503: The model is overloaded" in run.text
    assert "(2 attempts)" in run.text
    assert (bench.out / "b.srt").exists()
    assert bench.run().exit_code == 0
    listens = [c for c in bench.sandbox.bill.charges if c.operation == "listen"]
    assert len(listens) == 2  # the speech of a.wav was kept


@pytest.mark.parametrize("kind", ["cut", "malformed"])
def test_a_reply_that_cannot_be_read_is_assumed_at_the_most_it_can_be(
    bench_with: BenchWith, kind: str
) -> None:
    bench = bench_with(f"{kind}@1=generateContent", f"{kind}@1=listen")
    bench.wav("a.wav", 5_000)
    run = bench.run()
    assert run.exit_code == 0, run.text
    assert "counted with an assumed use" in run.text
    assumed = [event for event in bench.events() if event.provenance is Provenance.ASSUMED]
    assert Counter(event.labels.provider for event in assumed) == {"gemini": 1, "deepgram": 1}
    booked, billed = bench.totals(), bench.sandbox.bill.totals()
    assert booked["deepgram"] == billed["deepgram"]  # the length was known
    for meter, amount in billed["gemini"].items():
        assert booked["gemini"][meter] >= amount
    assert bench.problems() == []


@pytest.mark.parametrize("provider", ["generateContent", "listen"])
def test_without_usage_in_the_reply_it_is_estimated_and_says_so(
    bench_with: BenchWith, provider: str
) -> None:
    bench = bench_with(f"no-usage={provider}")
    bench.wav("a.wav", 5_000)
    assert bench.run().exit_code == 0
    name = "deepgram" if provider == "listen" else "gemini"
    known = {event.labels.provider: event.provenance for event in bench.events()}
    assert known[name] is Provenance.ESTIMATED
    other = next(iter(set(known) - {name}))
    assert known[other] is Provenance.REPORTED
    booked, billed = bench.totals()[name], bench.sandbox.bill.totals()[name]
    for meter in billed:
        assert abs(booked[meter] - billed[meter]) <= 0.1 * billed[meter] + 16


def test_no_credit_stops_the_whole_run_at_once(bench_with: BenchWith) -> None:
    bench = bench_with("402=generateContent")
    bench.wav("a.wav", 5_000)
    bench.wav("b.wav", 6_000)
    run = bench.run()
    assert run.exit_code == 1
    assert "credit is used up" in run.text
    operations = [charge.operation for charge in bench.sandbox.bill.charges]
    assert operations == ["listen", "generateContent"]
    assert "TOKEN USAGE & QUOTA SUMMARY" in run.text


def test_a_refused_key_stops_the_whole_run_at_once(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    bench.wav("b.wav", 6_000)
    asked: list[str] = []

    def refuse(request: HttpRequest) -> HttpReply:
        asked.append(request.url)
        body = json.dumps({"err_code": "INVALID_AUTH", "err_msg": "Invalid credentials."})
        return HttpReply(401, {}, body.encode())

    bench.transport = refuse
    run = bench.run()
    assert run.exit_code == 1 and "check the key" in run.text
    assert len(asked) == 1


def test_nobody_answering_is_released_and_costs_nothing(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)

    def nobody(request: HttpRequest) -> HttpReply:
        raise RequestNotSentError("no connection: refused")

    bench.transport = nobody
    run = bench.run()
    assert run.exit_code == 1 and "no connection" in run.text
    assert bench.events() == []
    assert bench.problems() == []


def test_a_real_closed_port_is_nobody_answering(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    bench.sandbox.close()
    assert bench.run("--attempts", "2").exit_code == 1
    assert bench.events() == []


def test_ctrl_c_leaves_what_was_done_and_books_what_was_under_way(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    calls = 0

    def interrupted(request: HttpRequest) -> HttpReply:
        nonlocal calls
        calls += request.method == "POST"
        if calls == 2:
            raise KeyboardInterrupt
        return send(request)

    bench.transport = interrupted
    run = bench.run()
    assert run.exit_code == 130
    assert "run the same command again" in run.text
    assert [event.provenance for event in bench.events()] == [
        Provenance.REPORTED, Provenance.ASSUMED,
    ]  # fmt: skip
    assert bench.problems() == []
    bench.transport = send
    assert bench.run().exit_code == 0
    assert [c.operation for c in bench.sandbox.bill.charges].count("listen") == 1


def test_lines_left_out_are_asked_for_once_more_and_only_they(bench: Bench) -> None:
    bench.wav("a.wav", 15_000)
    prompts: list[str] = []

    def forgetful(request: HttpRequest) -> HttpReply:
        reply = send(request)
        if ":generateContent" not in request.url or not isinstance(request.body, bytes):
            return reply
        prompts.append(json.loads(request.body)["contents"][0]["parts"][0]["text"])
        if len(prompts) > 1:
            return reply
        body = reply.json()
        assert body is not None
        part = body["candidates"][0]["content"]["parts"][0]  # type: ignore[index]
        part["text"] = "\n".join(part["text"].splitlines()[1:-1])
        return HttpReply(200, reply.headers, json.dumps(body).encode())

    bench.transport = forgetful
    assert bench.run("--no-rewrite").exit_code == 0
    asked = [[line.split(" ")[0] for line in p.splitlines() if line[:1] == "#"] for p in prompts]
    assert asked == [["#1", "#2", "#3", "#4"], ["#1", "#4"]]
    assert bench.output("a.srt").count(" --> ") == 4
    assert bench.totals() == bench.sandbox.bill.totals()


def test_lines_left_out_twice_fail_the_file_and_name_the_lines(bench: Bench) -> None:
    bench.wav("a.wav", 15_000)

    def mute(request: HttpRequest) -> HttpReply:
        reply = send(request)
        if ":generateContent" not in request.url:
            return reply
        text = reply.body.decode().replace("#2 ", "two ").replace("#4 ", "four ")
        return HttpReply(200, reply.headers, text.encode())

    bench.transport = mute
    run = bench.run()
    assert run.exit_code == 1
    assert "twice left out 2 of 4 lines (2, 4)" in run.text


def test_a_rewriting_that_is_no_json_is_asked_for_once_more(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    asked = 0

    def chatty(request: HttpRequest) -> HttpReply:
        nonlocal asked
        reply = send(request)
        if isinstance(request.body, bytes) and b"responseSchema" in request.body:
            asked += 1
            if asked == 1:
                return HttpReply(200, {}, reply.body.replace(b"titles", b"topics"))
        return reply

    bench.transport = chatty
    assert bench.run().exit_code == 0
    assert asked == 2
    assert bench.totals() == bench.sandbox.bill.totals()


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 9}},
         "refused the text: SAFETY"),
        ({"candidates": [{"finishReason": "MAX_TOKENS"}],
          "usageMetadata": {"promptTokenCount": 9, "thoughtsTokenCount": 70}},
         "no answer (MAX_TOKENS)"),
        ({}, "no answer"),
    ],
)  # fmt: skip
def test_a_reply_without_an_answer_is_booked_and_fails_the_file(
    bench: Bench, body: dict[str, object], words: str
) -> None:
    bench.wav("a.wav", 5_000)

    def blocked(request: HttpRequest) -> HttpReply:
        if ":generateContent" in request.url:
            return HttpReply(200, {}, json.dumps(body).encode())
        return send(request)

    bench.transport = blocked
    run = bench.run()
    assert run.exit_code == 1 and words in run.text
    assert bench.events()[-1].labels.provider == "gemini"
