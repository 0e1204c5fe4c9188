"""What every driver shares: play the features that are named on standard input, one by one.

A driver is a program like any other: it knows its SDK and an address, and nothing of quotakeeper.
"""

from __future__ import annotations

import asyncio
import gc
import io
import math
import struct
import sys
import time
import traceback
import wave
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

TEXT = "Xin chào các bạn, hôm nay chúng ta học cách giữ hạn mức. Hello, 你好。"
KEY = "a-key-that-is-good-for-the-sandbox"

Feature = Callable[[str], object]


def play(features: Mapping[str, Feature]) -> None:
    """For each line `NAME ADDRESS`: play it and say how it ended, `done` or `raised KIND`."""
    print("ready", flush=True)
    for line in sys.stdin:
        name, address = line.split()
        begun = time.monotonic()
        try:
            features[name](address)
            told = "done"
        except Exception as error:  # noqa: BLE001 - the harness judges
            traceback.print_exc()
            told = f"raised {type(error).__name__}"
        gc.collect()
        print(f"{name}: {time.monotonic() - begun:.2f} s", file=sys.stderr)
        print(told, flush=True)


def awaited(feature: Callable[[str], Awaitable[Any]]) -> Feature:
    """A feature that is a coroutine, on a loop of its own."""

    async def settle(address: str) -> None:
        await feature(address)

    return lambda address: asyncio.run(settle(address))


def sound(seconds: float = 2.5) -> bytes:
    """A WAV file with a tone in it."""
    rate = 8_000
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        samples = (int(9_000 * math.sin(n / 5)) for n in range(int(rate * seconds)))
        file.writeframes(b"".join(struct.pack("<h", sample) for sample in samples))
    return made.getvalue()
