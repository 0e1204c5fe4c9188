"""Driver of deepgram-sdk 6.x and 7.x: files, URLs, async calls, speech synthesis, live transcription."""

from __future__ import annotations

import inspect
import sys

from deepgram import AsyncDeepgramClient, DeepgramClient
from deepgram.environment import DeepgramClientEnvironment
from stage import KEY, awaited, play, sound

LISTEN = {"model": "nova-3", "smart_format": True}
SAID = {"text": "Hello there, my friends.", "model": "aura-2-thalia-en"}
ONCE = {"max_retries": 0}
LIVE = {"model": "nova-3", "encoding": "linear16", "sample_rate": "8000", "channels": "1"}


def _place(address: str) -> DeepgramClientEnvironment:
    socket = address.replace("http://", "ws://")
    known = {"base": address, "production": socket, "agent": socket, "agent_rest": address}
    wanted = inspect.signature(DeepgramClientEnvironment).parameters
    return DeepgramClientEnvironment(**{key: at for key, at in known.items() if key in wanted})


def _client(address: str) -> DeepgramClient:
    return DeepgramClient(api_key=KEY, environment=_place(address))


def _async_client(address: str) -> AsyncDeepgramClient:
    return AsyncDeepgramClient(api_key=KEY, environment=_place(address))


def prerecorded(address: str) -> None:
    media = _client(address).listen.v1.media
    media.transcribe_file(request=sound(), request_options=ONCE, **LISTEN)


def url(address: str) -> None:
    media = _client(address).listen.v1.media
    media.transcribe_url(url="https://example.org/speech.wav", request_options=ONCE, **LISTEN)


async def async_prerecorded(address: str) -> None:
    media = _async_client(address).listen.v1.media
    await media.transcribe_file(request=sound(), request_options=ONCE, **LISTEN)


def speak(address: str) -> None:
    list(_client(address).speak.v1.audio.generate(request_options=ONCE, **SAID))


async def async_speak(address: str) -> None:
    made = _async_client(address).speak.v1.audio.generate(request_options=ONCE, **SAID)
    async for _ in made:
        pass


def retry(address: str) -> None:
    _client(address).listen.v1.media.transcribe_file(request=sound(), **LISTEN)


def timeout(address: str) -> None:
    options = {**ONCE, "timeout_in_seconds": 1}
    media = _client(address).listen.v1.media
    media.transcribe_file(request=sound(), request_options=options, **LISTEN)


def live(address: str) -> None:
    with _client(address).listen.v1.connect(**LIVE) as connection:
        connection.send_media(sound()[44:])
        connection.send_close_stream()
        for message in connection:
            if getattr(message, "type", "") == "Metadata":
                break


async def async_live(address: str) -> None:
    async with _async_client(address).listen.v1.connect(**LIVE) as connection:
        await connection.send_media(sound()[44:])
        await connection.send_close_stream()
        async for message in connection:
            if getattr(message, "type", "") == "Metadata":
                break


FEATURES = {
    "prerecorded": prerecorded,
    "url": url,
    "async-prerecorded": awaited(async_prerecorded),
    "speak": speak,
    "async-speak": awaited(async_speak),
    "retry": retry,
    "timeout": timeout,
    "live": live,
    "async-live": awaited(async_live),
}

if __name__ == "__main__":
    sys.exit(play(FEATURES))
