"""Benchmark of overhead: the same HTTP call without and with metering, in turn.

A server in another process sends a fixed answer (loopback.py), and connections stay open, so the
figures show the client only. At the end, the ledger must have exactly the calls that reached the server
while metering was on.
"""

from __future__ import annotations

import asyncio
import json
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.loopback import Loopback, loopback
from benchmarks.measuring import (
    Line,
    alternating,
    line,
    quantile,
    seconds,
)
from benchmarks.starting import BARE, starts
from quotakeeper import Keeper, watch

PROCESS, POWER = "process", "power"
CALLS, STREAMS, TOGETHER = 150, 15, 500
_LIMITS = [
    {"name": "tokens", "provider": "gemini", "meter": "tokens", "window": "day", "amount": 10**15},
    {"name": "money", "provider": "gemini", "meter": "cost", "window": "day", "amount": 10**6},
    {"name": "calls", "provider": "gemini", "meter": "requests", "window": "day", "amount": 10**9},
]
BODY = json.dumps(
    {
        "contents": [{"role": "user", "parts": [{"text": "Please translate this line. " * 40}]}],
        "generationConfig": {"maxOutputTokens": 800},
    }
).encode()
_HEADERS = {"content-type": "application/json", "x-goog-api-key": "none"}
_US = 1_000_000

Latencies = list[float]
Round = Callable[[], Latencies]


class Bench:
    """A keeper for each durability, and how many calls were made with each."""

    def __init__(self, folder: Path, server: Loopback) -> None:
        self.server = server
        settings = {"timezone": "UTC", "limit": _LIMITS, "default_limits": False}
        self._keepers = {
            name: Keeper(folder / f"{name}.ledger", settings, name) for name in (PROCESS, POWER)
        }
        self._made = dict.fromkeys((BARE, PROCESS, POWER), 0)

    @contextmanager
    def watched(self, how: str) -> Iterator[Callable[[], object]]:
        """Meter the calls inside the block with one keeper, or with none, and count the calls that
        arrive.

        Yields a function that waits until the ledger has all of them.
        """
        before = self.server.answered()
        if how == BARE:
            yield lambda: None
        else:
            with watch(self._keepers[how]) as watching:
                yield lambda: watching.flush(60)
        self._made[how] += self.server.answered() - before

    def check(self) -> str:
        """Compare the ledgers with the calls that were made. Raises AssertionError if they differ."""
        said = []
        for name, keeper in self._keepers.items():
            events = list(keeper.events())
            reported = sum(event.provenance == "reported" for event in events)
            assert len(events) == reported == self._made[name], (name, len(events), self._made)
            assert not keeper.reservations() and not keeper.verify(), name
            said.append(f"{len(events):,} ({name})")
            keeper.close()
        return ", ".join(said)


def run(rounds: int) -> list[Line]:
    """Run the benchmark. Returns all its lines."""
    lines: list[Line] = []
    with tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as name, loopback() as server:
        bench = Bench(Path(name), server)
        lines += _calls(bench, "requests.post", by_requests, rounds)
        lines += _calls(bench, "httpx, async", by_httpx, rounds)
        lines += _first_bytes(bench, rounds)
        lines += _many_streams(bench, rounds)
        print(f"  in the ledger, as many as reached the server: {bench.check()}")
        lines += starts(Path(name), rounds)
    return lines


# -- one call after the other


def _calls(
    bench: Bench, title: str, work: Callable[[Loopback], Latencies], rounds: int
) -> list[Line]:
    # Processor time is measured too. It leaves out waits for the disk and for other programs, and it
    # includes the work that is done after the answer.
    spent: dict[str, list[float]] = {how: [] for how in _WAYS}

    def one_round(how: str) -> Latencies:
        with bench.watched(how) as flush:
            start = time.process_time()
            latencies = work(bench.server)
            flush()
            spent[how].append((time.process_time() - start) / len(latencies) * _US)
        return latencies

    found = alternating({how: lambda how=how: one_round(how) for how in _WAYS}, rounds)
    lines = _compared(title, found, (50, 99))
    for how in (PROCESS, POWER):
        added = [a - b for a, b in zip(spent[how], spent[BARE], strict=True)]
        lines.append(line(f"{title}, added processor time, {how}", added, "us"))
    return lines


_WAYS = (BARE, PROCESS, POWER)


def _compared(
    title: str, found: dict[str, list[Latencies]], percents: tuple[int, ...]
) -> list[Line]:
    lines = []
    for percent in percents:
        at = {
            how: [quantile(latencies, percent) * _US for latencies in values]
            for how, values in found.items()
        }
        for how, values in at.items():
            what, key = f"{title}, {_said(how)}, p{percent}", _key(title, how, percent)
            base = None if how == BARE else at[BARE]
            lines.append(line(what, values, "us", base, BARE, key))
        for how in [how for how in at if how != BARE]:
            added = [a - b for a, b in zip(at[how], at[BARE], strict=True)]
            key = _key(title, how, percent) + ".added"
            lines.append(line(f"  added, {how}, p{percent}", added, "us", key=key))
    return lines


def _key(title: str, how: str, percent: int) -> str:
    """The key by which the pages find a line: "overhead.httpx_async.process.p50"."""
    name = title.replace(",", "").replace(".", "_").replace(" ", "_")
    return f"overhead.{name}.{how}.p{percent}"


def _said(how: str) -> str:
    return how if how == BARE else f"metered, {how}"


def by_requests(server: Loopback) -> Latencies:
    import requests

    with requests.Session() as session:
        session.trust_env = False

        def call() -> None:
            session.post(server.generate, data=BODY, headers=_HEADERS).content  # noqa: B018

        for _ in range(10):
            call()
        return [seconds(call) for _ in range(CALLS)]


def by_httpx(server: Loopback) -> Latencies:
    import httpx

    async def go() -> Latencies:
        taken = []
        async with httpx.AsyncClient(trust_env=False, verify=False) as client:
            for number in range(CALLS + 10):
                start = time.perf_counter()
                await client.post(server.generate, content=BODY, headers=_HEADERS)
                if number >= 10:
                    taken.append(time.perf_counter() - start)
        return taken

    return asyncio.run(go())


# -- streams


def _first_bytes(bench: Bench, rounds: int) -> list[Line]:
    lines = []
    for title, url, calls in (
        ("first byte of a stream, 20 ms thought", bench.server.stream, STREAMS),
        ("first byte of a stream, at once", bench.server.stream_at_once, STREAMS),
    ):

        def work(server: Loopback, url: str = url, calls: int = calls) -> Latencies:
            return asyncio.run(streamed(url, calls))

        lines += [
            each for each in _calls(bench, title, work, rounds) if not each.name.endswith("p99")
        ]
    return lines


async def streamed(url: str, calls: int) -> Latencies:
    import httpx

    taken = []
    async with httpx.AsyncClient(trust_env=False, verify=False) as client:
        for _ in range(calls):
            taken.append(await _first_byte(client, url))
    return taken


async def _first_byte(client: Any, url: str) -> float:
    start = time.perf_counter()
    first = 0.0
    async with client.stream("POST", url, content=BODY, headers=_HEADERS) as response:
        async for _ in response.aiter_raw():
            first = first or time.perf_counter() - start
    return first


def _many_streams(bench: Bench, rounds: int) -> list[Line]:
    """Five hundred streams at once in one event loop, with aiohttp, the fastest async client here."""
    totals: dict[str, list[float]] = {how: [] for how in _WAYS}

    def one_round(how: str) -> Latencies:
        with bench.watched(how):
            total, firsts = asyncio.run(together(bench.server.stream))
        totals[how].append(total * 1000)
        return firsts

    found = alternating({how: lambda how=how: one_round(how) for how in _WAYS}, rounds)
    title = f"{TOGETHER} streams at once"
    lines = [
        line(f"{title}, {_said(how)}, in all", values, "ms",
             None if how == BARE else totals[BARE], BARE)
        for how, values in totals.items()
    ]  # fmt: skip
    lines += _compared(f"{title}, first byte", found, (50, 99))
    return lines


async def together(url: str) -> tuple[float, Latencies]:
    import aiohttp

    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0)) as session:

        async def one() -> float:
            start = time.perf_counter()
            first = 0.0
            async with session.post(url, data=BODY, headers=_HEADERS) as response:
                async for _ in response.content.iter_any():
                    first = first or time.perf_counter() - start
            return first

        start = time.perf_counter()
        firsts = await asyncio.gather(*_all_of(one))
        return time.perf_counter() - start, firsts


def _all_of(one: Callable[[], Awaitable[float]]) -> list[Awaitable[float]]:
    return [one() for _ in range(TOGETHER)]
