"""The gateway and its three clients, seen from gateway_demo.py. A client knows an address and a key."""

from __future__ import annotations

import asyncio
import json
import math
import os
import queue
import re
import struct
import subprocess
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import aiohttp

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 60.0
RATE = 16_000  # samples a second, of 2 bytes
FRAME_MS = 100
LISTEN = f"/deepgram/v1/listen?model=nova-3&encoding=linear16&sample_rate={RATE}&channels=1"
GEMINI = "/gemini/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
CHAT = "/openai/v1/chat/completions"


class Answer(NamedTuple):
    """What a client got: a status, the parts of the answer, and the provider's error or ""."""

    status: int
    parts: int
    error: str = ""


class Heard(NamedTuple):
    """What became of a socket: the sound sent in milliseconds, and why it was closed."""

    sent_ms: int
    code: int
    reason: str


class Client:
    """A client. It has the gateway's address and a key of its own, and no key of a provider."""

    def __init__(self, name: str, url: str, key: str) -> None:
        self.name = name
        self._url = url
        self._key = key

    async def gemini(self, text: str, most: int) -> Answer:
        """Stream an answer of Gemini."""
        config = {"maxOutputTokens": most, "thinkingConfig": {"thinkingBudget": 0}}
        body = {"contents": [{"role": "user", "parts": [{"text": text}]}],
                "generationConfig": config}  # fmt: skip
        return await self._post(GEMINI, body, {"x-goog-api-key": self._key})

    async def chat(self, text: str) -> Answer:
        """Ask OpenAI for an answer."""
        body = {"model": "gpt-4o-mini", "max_tokens": 50,
                "messages": [{"role": "user", "content": text}]}  # fmt: skip
        return await self._post(CHAT, body, {"Authorization": f"Bearer {self._key}"})

    async def listen(self, milliseconds: int) -> Heard | Answer:
        """Send sound to Deepgram's live transcription, until all is sent or the socket is closed."""
        named = {"Authorization": f"Token {self._key}"}
        frame, sent = tone(FRAME_MS), 0
        async with aiohttp.ClientSession() as session:
            try:
                opened = await session.ws_connect(self._url + LISTEN, headers=named)
            except aiohttp.WSServerHandshakeError as error:
                return Answer(error.status, 0, "the handshake was refused")
            async with opened as socket:
                receiving = asyncio.create_task(_farewell(socket))
                while sent < milliseconds and not receiving.done():
                    try:
                        await socket.send_bytes(frame)
                    except ConnectionError:
                        break
                    sent += FRAME_MS
                    await asyncio.sleep(0.005)  # 20 times as fast as speech
                if not receiving.done():
                    await socket.send_str('{"type": "CloseStream"}')
                code, reason = await asyncio.wait_for(receiving, PATIENCE_SECONDS)
                return Heard(sent, code, reason)

    async def usage(self) -> dict[str, Any]:
        """Ask the gateway for the limits of the key."""
        named = {"Authorization": f"Bearer {self._key}"}
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{self._url}/v1/me/usage", headers=named) as got,
        ):
            told: dict[str, Any] = await got.json()
            return told

    async def _post(self, path: str, body: object, headers: Mapping[str, str]) -> Answer:
        async with (
            aiohttp.ClientSession() as session,
            session.post(self._url + path, json=body, headers=headers) as got,
        ):
            text = (await got.text()).strip()
        if got.status != 200:
            error = json.loads(text)["error"]
            return Answer(got.status, 0, str(error["message"]))
        return Answer(got.status, max(1, text.count("data: ")))


async def _farewell(socket: aiohttp.ClientWebSocketResponse) -> tuple[int, str]:
    """Receive until the socket is closed. Returns the code and the reason."""
    while True:
        message = await socket.receive()
        if message.type is aiohttp.WSMsgType.CLOSE:
            return int(message.data), str(message.extra)
        if message.type is not aiohttp.WSMsgType.TEXT:
            return int(socket.close_code or 0), ""


def tone(milliseconds: int) -> bytes:
    """Return a tone of 440 Hz as linear16."""
    count = RATE * milliseconds // 1000
    return struct.pack(f"<{count}h", *(
        int(8_000 * math.sin(2 * math.pi * 440 * place / RATE)) for place in range(count)
    ))  # fmt: skip


class RunningGateway:
    """`quotakeeper serve` as a process, in a folder with its ledger and its config."""

    def __init__(self, folder: Path, upstreams: Mapping[str, str]) -> None:
        clean = {name: value for name, value in os.environ.items()
                 if not name.startswith("QUOTAKEEPER") and not name.endswith("_API_KEY")}  # fmt: skip
        self.folder = folder
        self._environ = {
            **clean, "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1",
            "QUOTAKEEPER_LEDGER": str(folder / "ledger.db"),
            "QUOTAKEEPER_CONFIG": str(folder / "quotakeeper.toml"),
            **{f"{name.upper()}_API_KEY": "the-operators-own" for name in upstreams},
        }  # fmt: skip
        command = ["serve", "--port", "0"]
        for name, url in upstreams.items():
            command += ["--upstream", f"{name}={url}"]
        self.url = ""
        with open(folder / "access.log", "w", encoding="utf-8") as log:
            self.process = subprocess.Popen(
                [*_PROGRAM, *command], env=self._environ, stdout=log, stderr=subprocess.PIPE,
                encoding="utf-8",
            )  # fmt: skip
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()
        threading.Thread(target=self._read, daemon=True).start()

    def wait(self) -> None:
        """Wait until the gateway tells its address. Raises RuntimeError if it does not."""
        told = ""
        while not (found := re.search(r"gateway on (http://\S+)", told)):
            try:
                line = self._lines.get(timeout=PATIENCE_SECONDS)
            except queue.Empty:
                line = ""
            if not line:
                raise RuntimeError(f"the gateway did not start: {told.strip()}")
            told += line
        self.url = found[1]

    def create_key(self, name: str) -> Client:
        """Create a key, and return the client that has it."""
        made = subprocess.run(
            [*_PROGRAM, "keys", "create", name], env=self._environ, capture_output=True,
            encoding="utf-8", check=True, timeout=PATIENCE_SECONDS,
        )  # fmt: skip
        return Client(name, self.url, made.stdout.strip())

    def stop(self) -> int:
        """Send SIGTERM and wait until everything is settled. Returns the exit code."""
        self.process.terminate()
        return self.process.wait(PATIENCE_SECONDS)

    def _read(self) -> None:
        assert self.process.stderr is not None
        with self.process.stderr as told:
            for line in told:
                self._lines.put(line)
        self._lines.put("")


_PROGRAM = (sys.executable, "-m", "quotakeeper")


@contextmanager
def gateway(folder: Path, upstreams: Mapping[str, str]) -> Iterator[RunningGateway]:
    """A gateway that leaves no process behind; see RunningGateway."""
    made = RunningGateway(folder, upstreams)
    try:
        made.wait()
        yield made
    finally:
        if made.process.poll() is None:
            made.process.kill()
            made.process.wait()
