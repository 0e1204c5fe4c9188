"""Under `run`, eight threads send bodies of every kind: the bill never passes the limit, and fills it."""

from __future__ import annotations

import base64
import json
import random
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from quotakeeper import UsageEvent
from quotakeeper.providers import Request
from quotakeeper.tokens import estimate_tokens
from tests.intercept.scripted import Got, Line, ScriptedServer
from tests.launch.conftest import Runner
from tests.noon import zone_at_noon
from tests.providers import sounds
from tests.providers.bills import png
from tests.providers.support import understood

SEED = 20_261_130
MOST_OUT = 64
SECOND = 1_000  # milliseconds
TEXT = "Thời tiết ở Hà Nội hôm nay nắng đẹp. " * 4

# Sends every body again and again, each from the time of its refusal on no more.
PROGRAM = """
import json, sys, threading, urllib.error, urllib.request
base, file = sys.argv[1:]
with open(file, encoding="utf-8") as found:
    jobs = json.load(found)
refused = set()
def send(job):
    body = bytes.fromhex(job["body"])
    request = urllib.request.Request(base + job["path"], body, {**job["headers"], "x-kind": job["kind"]})
    try:
        with urllib.request.urlopen(request) as answer:
            answer.read()
    except urllib.error.HTTPError as error:
        assert error.code in (402, 429), error.code
        refused.add(job["kind"])
def work(number):
    turn = number
    while len(refused) < len(jobs):
        job = jobs[turn % len(jobs)]
        turn += 1
        if job["kind"] not in refused:
            send(job)
threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print("refused", len(refused))
"""


def base64_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


@dataclass
class Provider:
    """Bodies by kind, what each is billed for at least and at most, and how an answer says so."""

    path: str
    bodies: dict[str, tuple[Any, int]]
    answer: Callable[[int, int], dict[str, Any]]
    headers: dict[str, str] = field(default_factory=lambda: {"content-type": "application/json"})


def gemini() -> Provider:
    def body(*parts: object, **more: object) -> dict[str, object]:
        return {"contents": [{"role": "user", "parts": [{"text": TEXT}, *parts]}],
                "generationConfig": {"maxOutputTokens": MOST_OUT}, **more}  # fmt: skip

    def inline(mime: str, data: bytes) -> dict[str, object]:
        return {"inlineData": {"mimeType": mime, "data": base64_of(data)}}

    pages = b"%PDF-1.4 /Type /Pages /Count 2 /Type /Page  /Type /Page "
    declared = {"name": "f", "description": TEXT, "parameters": {"type": "OBJECT"}}
    answered = {"name": "f", "response": {"said": TEXT}}
    return Provider(
        "/v1beta/models/gemini-2.0-flash:generateContent",
        {
            "text": (body(), 45),
            "signature": (body({"text": "ok", "thoughtSignature": "A" * 6_000}), 1_500),
            "image": (body(inline("image/png", png(540, 360))), 1_806),
            "pdf": (body(inline("application/pdf", pages)), 1_290),
            "raw sound": (body(inline("audio/L16;rate=8000", bytes(160_000))), 320 + 45),
            "wav": (body(inline("audio/wav", sounds.wav(3))), 96 + 45),
            "declaration": (body(tools=[{"functionDeclarations": [declared]}]), 120),
            "response": (body({"functionResponse": answered}), 110),
            "image in a response": (
                body({"functionResponse": {**answered, "parts": [inline("image/png", png(540, 360))]}}),
                1_806,
            ),
        },
        lambda given, made: {
            "candidates": [{"content": {"parts": [{"text": "ok"}]}, "finishReason": "STOP"}],
            "modelVersion": "gemini-2.0-flash",
            "usageMetadata": {"promptTokenCount": given, "candidatesTokenCount": made,
                              "totalTokenCount": given + made},
        },
    )  # fmt: skip


def openai() -> Provider:
    def body(*parts: object, **more: object) -> dict[str, object]:
        content = [{"type": "text", "text": TEXT}, *parts]
        return {"model": "gpt-4o-mini", "messages": [{"role": "user", "content": content}],
                "max_completion_tokens": MOST_OUT, **more}  # fmt: skip

    image = f"data:image/png;base64,{base64_of(png(512, 512))}"
    sound = {"data": base64_of(sounds.wav(3)), "format": "wav"}
    tool = {"type": "function", "function": {"name": "f", "description": TEXT, "parameters": {}}}
    return Provider(
        "/v1/chat/completions",
        {
            "text": (body(), 45),
            "image": (body({"type": "image_url", "image_url": {"url": image}}), 8_500),
            "sound": (body({"type": "input_audio", "input_audio": sound}), 30 + 45),
            "tool": (body(tools=[tool]), 110),
        },
        lambda given, made: {
            "id": "x", "object": "chat.completion", "model": "gpt-4o-mini",
            "choices": [{"index": 0, "message": {"role": "assistant", "content": "ok"},
                         "finish_reason": "stop"}],
            "usage": {"prompt_tokens": given, "completion_tokens": made,
                      "total_tokens": given + made},
        },
    )  # fmt: skip


def anthropic() -> Provider:
    def body(*parts: object, **more: object) -> dict[str, object]:
        content = [{"type": "text", "text": TEXT}, *parts]
        return {"model": "claude-sonnet-4-5", "max_tokens": MOST_OUT,
                "messages": [{"role": "user", "content": content}], **more}  # fmt: skip

    def source(mime: str, data: bytes) -> dict[str, str]:
        return {"type": "base64", "media_type": mime, "data": base64_of(data)}

    tool = {"name": "f", "description": TEXT, "input_schema": {"type": "object"}}
    return Provider(
        "/v1/messages",
        {
            "text": (body(), 45),
            "image": (body({"type": "image", "source": source("image/png", png(200, 200))}), 54 + 45),
            "tool": (body(tools=[tool]), 400),
        },
        lambda given, made: {
            "id": "x", "type": "message", "role": "assistant", "model": "claude-sonnet-4-5",
            "content": [{"type": "text", "text": "ok"}], "stop_reason": "end_turn",
            "usage": {"input_tokens": given, "output_tokens": made},
        },
    )  # fmt: skip


PROVIDERS = {"gemini": gemini, "openai": openai, "anthropic": anthropic}


def tokens(event: UsageEvent) -> int:
    return sum(n for key, n in event.quantities.items() if "_tokens" in key)


def sent(body: Any) -> bytes:
    return body if isinstance(body, bytes) else json.dumps(body).encode()


def run_jobs(runner: Runner, provider: Provider, bill: Callable[[str], bytes]) -> None:
    def serve(got: Got, line: Line) -> None:
        data = bill(got.headers["x-kind"])
        head = f"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: {len(data)}"
        line.send(f"{head}\r\n\r\n".encode() + data)

    jobs = [
        {"kind": kind, "path": provider.path, "headers": provider.headers, "body": sent(body).hex()}
        for kind, (body, _) in provider.bodies.items()
    ]
    runner.write("jobs.json", json.dumps(jobs))
    runner.write("prog.py", PROGRAM)
    with ScriptedServer(serve) as server:
        ran = runner(
            "--", sys.executable, "prog.py", server.url, "jobs.json",
            environ={"QUOTAKEEPER_TIMEZONE": zone_at_noon()},
        )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (0, f"refused {len(jobs)}\n"), ran.stderr


@pytest.mark.parametrize("name", PROVIDERS)
def test_tokens_of_every_kind_of_body_fill_a_limit_and_never_pass_it(
    name: str, runner: Runner
) -> None:
    print(f"seed {SEED}")
    chance, provider, billed = random.Random(SEED), PROVIDERS[name](), list[int]()

    def bill(kind: str) -> bytes:
        given, made = provider.bodies[kind][1], chance.randint(1, MOST_OUT)
        billed.append(given + made)
        return json.dumps(provider.answer(given, made)).encode()

    amount = 20_000
    runner.limit(name="cap", provider=name, meter="tokens", window="day", amount=amount)
    run_jobs(runner, provider, bill)
    bounds = [
        sum(understood(Request("POST", f"http://127.0.0.1:1{provider.path}", provider.headers,
                               sent(body)), count=estimate_tokens)[1].bound[meter]
            for meter in ("input_tokens", "output_tokens"))
        for body, _ in provider.bodies.values()
    ]  # fmt: skip
    assert amount - min(bounds) < sum(billed) <= amount
    events = runner.events()
    assert sorted(tokens(event) for event in events) == sorted(billed)


def test_seconds_of_every_kind_of_sound_fill_a_limit_exactly(runner: Runner) -> None:
    lengths = {"wav": 3, "wav in stereo": 2, "flac": 4}
    provider = Provider(
        "/v1/listen?model=nova-3",
        {"wav": (sounds.wav(3), 3), "wav in stereo": (sounds.wav(2, channels=2), 2),
         "flac": (sounds.flac(4 * 44_100), 4)},
        lambda given, _: {"metadata": {"duration": given, "channels": 1, "request_id": "x"},
                          "results": {"channels": [{"alternatives": []}]}},
        {"content-type": "audio/wav"},
    )  # fmt: skip
    billed = list[int]()

    def bill(kind: str) -> bytes:
        billed.append(lengths[kind])
        return json.dumps(provider.answer(lengths[kind], 0)).encode()

    runner.limit(name="cap", provider="deepgram", meter="audio_minutes", window="day", amount=2)
    run_jobs(runner, provider, bill)
    assert 118 < sum(billed) <= 120
    assert (
        sum(event.quantities["audio_milliseconds"] for event in runner.events())
        == sum(billed) * SECOND
    )
