"""Driver of deepgram-sdk 3.x and 4.x: files, URLs, async calls, speech synthesis, live transcription."""

from __future__ import annotations

import asyncio
import sys
import tempfile
import threading
from pathlib import Path

from deepgram import (
    DeepgramClient,
    DeepgramClientOptions,
    LiveOptions,
    LiveTranscriptionEvents,
    PrerecordedOptions,
    SpeakOptions,
)
from stage import KEY, awaited, play, sound

OPTIONS = PrerecordedOptions(model="nova-3", smart_format=True)
SAID = {"text": "Hello there, my friends."}


def _client(address: str) -> DeepgramClient:
    return DeepgramClient(KEY, DeepgramClientOptions(url=address))


def prerecorded(address: str) -> None:
    _client(address).listen.rest.v("1").transcribe_file({"buffer": sound()}, OPTIONS)


def url(address: str) -> None:
    source = {"url": "https://example.org/speech.wav"}
    _client(address).listen.rest.v("1").transcribe_url(source, OPTIONS)


async def async_prerecorded(address: str) -> None:
    client = _client(address)
    await client.listen.asyncrest.v("1").transcribe_file({"buffer": sound()}, OPTIONS)


def speak(address: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        options = SpeakOptions(model="aura-2-thalia-en")
        _client(address).speak.rest.v("1").save(str(Path(folder) / "a.wav"), SAID, options)


async def async_speak(address: str) -> None:
    options = SpeakOptions(model="aura-2-thalia-en")
    await _client(address).speak.asyncrest.v("1").stream_memory(SAID, options)


LIVE = LiveOptions(model="nova-3", encoding="linear16", sample_rate=8000, channels=1)


def live(address: str) -> None:
    connection = _client(address).listen.websocket.v("1")
    closed = threading.Event()
    connection.on(LiveTranscriptionEvents.Metadata, lambda *_, **__: closed.set())
    connection.on(LiveTranscriptionEvents.Close, lambda *_, **__: closed.set())
    assert connection.start(LIVE)
    connection.send(sound()[44:])
    connection.send('{"type": "CloseStream"}')
    assert closed.wait(10)
    connection.finish()


async def async_live(address: str) -> None:
    connection = _client(address).listen.asyncwebsocket.v("1")
    closed = asyncio.Event()

    async def note(*_: object, **__: object) -> None:
        closed.set()

    connection.on(LiveTranscriptionEvents.Metadata, note)
    connection.on(LiveTranscriptionEvents.Close, note)
    assert await connection.start(LIVE)
    await connection.send(sound()[44:])
    await connection.send('{"type": "CloseStream"}')
    await asyncio.wait_for(closed.wait(), 10)
    await connection.finish()


FEATURES = {
    "prerecorded": prerecorded,
    "url": url,
    "async-prerecorded": awaited(async_prerecorded),
    "speak": speak,
    "async-speak": awaited(async_speak),
    "live": live,
    "async-live": awaited(async_live),
}

if __name__ == "__main__":
    sys.exit(play(FEATURES))
