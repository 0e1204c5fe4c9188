"""The plug-in in the documentation works, and both languages show the same one."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers import Adapter, recognise
from quotakeeper.providers.registry import BUILT_IN
from tests.providers.sounds import wav
from tests.providers.support import post

BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)


def blocks(repository: Path, language: str) -> list[str]:
    page = repository / "docs" / language / "reference" / "providers.md"
    return BLOCK.findall(page.read_text(encoding="utf-8"))


@pytest.fixture
def example(repository: Path) -> Adapter:
    names: dict[str, Any] = {"__name__": "example"}
    exec(compile(blocks(repository, "en")[-1], "providers.md", "exec"), names)  # noqa: S102
    made: Adapter = names["ElevenLabs"]()
    return made


def test_both_languages_show_the_same_example(repository: Path) -> None:
    english, vietnamese = blocks(repository, "en"), blocks(repository, "vi")
    assert len(english) == len(vietnamese) == 2
    assert english[-1] == vietnamese[-1]


def test_the_example_recognises_bounds_and_reads(example: Adapter) -> None:
    url = "https://api.elevenlabs.io/v1/text-to-speech/voice-1"
    found = recognise(post(url, {"text": "Xin chào", "model_id": "eleven_v3"}), among=[example])
    assert found is not None
    _, call = found
    assert (call.model, call.bound) == ("eleven_v3", {"characters": 8, "requests": 1})
    reader = example.reader(call, 200, {"character-cost": "7", "request-id": "e-1"})
    reader.feed(b"\xff\xfb sound")
    usage = reader.finish(complete=True)
    assert (usage.quantities["characters"], usage.provenance) == (7, Provenance.REPORTED)
    assert usage.request_id == "e-1"
    unsaid = example.reader(call, 200, {}).finish(complete=True)
    assert (unsaid.quantities["characters"], unsaid.provenance) == (8, Provenance.ESTIMATED)


def test_the_example_refuses_and_reads_its_own_refusal(example: Adapter) -> None:
    found = recognise(
        post("http://127.0.0.1:1/v1/text-to-speech/v", {"text": "a"}), among=[example]
    )
    assert found is not None
    refusal = example.refusal(found[1], hard=True, message="over the limit")
    reader = example.reader(found[1], refusal.status, refusal.headers)
    reader.feed(refusal.body)
    assert reader.finish(complete=True).quantities == {"requests": 1}
    assert reader.fault is not None
    assert (reader.fault.kind, reader.fault.message) == ("payment", "over the limit")
    other = post("https://api.elevenlabs.io/v1/voices")
    assert recognise(other, among=[example]) is None


def test_the_first_example_prints_what_the_page_says(repository: Path) -> None:
    shown = blocks(repository, "en")[0]
    url = re.search(r'"(https://\S+)"', shown)
    assert url is not None
    sound = post(url.group(1), wav(10, channels=2), {"content-type": "audio/wav"})
    found = recognise(sound, among=BUILT_IN)
    assert found is not None
    for said in (found[1].bound, found[1].options):
        assert json.dumps(dict(said)) in shown
