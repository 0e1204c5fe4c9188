"""A program for the matrix of hosts: `host.py HOW END ADDRESS` makes four calls, then ends."""

# ruff: noqa: E402 - gevent and eventlet patch before the rest is imported
from __future__ import annotations

import sys

HOW, END, ADDRESS = sys.argv[1:4]
if HOW == "gevent":
    from gevent import monkey

    monkey.patch_all()
elif HOW == "eventlet":
    import eventlet

    eventlet.monkey_patch()

import asyncio
import atexit
import json
import multiprocessing
import os
import signal
import threading
import urllib.request
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor

NUMBERS = range(4)


def call(number: int) -> int:
    """Make a call to Gemini's path at this address. Returns the status."""
    body = json.dumps({"contents": [{"parts": [{"text": "chào " * (number + 1)}]}]}).encode()
    url = f"{ADDRESS}/v1beta/models/gemini-2.5-flash:generateContent"
    headers = {"x-goog-api-key": "any", "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as got:
        got.read()
        return int(got.status)


def one_after_another() -> list[int]:
    return [call(number) for number in NUMBERS]


def threads() -> list[int]:
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(call, NUMBERS))


def daemon_threads() -> list[int]:
    got: list[int] = []
    running = [
        threading.Thread(target=lambda n=n: got.append(call(n)), daemon=True) for n in NUMBERS
    ]
    for each in running:
        each.start()
    for each in running:
        each.join()
    return got


def on_asyncio() -> list[int]:
    async def main() -> list[int]:
        return list(await asyncio.gather(*(asyncio.to_thread(call, n) for n in NUMBERS)))

    return asyncio.run(main())


def pool(method: str) -> list[int]:
    with multiprocessing.get_context(method).Pool(2) as workers:  # terminated at the end
        return workers.map(call, NUMBERS)


def executor() -> list[int]:
    with ProcessPoolExecutor(2) as workers:
        return list(workers.map(call, NUMBERS))


def gevent() -> list[int]:
    import gevent

    jobs = [gevent.spawn(call, number) for number in NUMBERS]
    gevent.joinall(jobs)
    return [job.value for job in jobs]


def eventlet_() -> list[int]:
    green = eventlet.GreenPool(4)
    return list(green.imap(call, NUMBERS))


WAYS = {
    "sequential": one_after_another, "threads": threads, "daemon threads": daemon_threads,
    "asyncio": on_asyncio, "pool, fork": lambda: pool("fork"), "pool, spawn": lambda: pool("spawn"),
    "pool, forkserver": lambda: pool("forkserver"), "ProcessPoolExecutor": executor,
    "gevent": gevent, "eventlet": eventlet_,
}  # fmt: skip


def end() -> None:
    """End the program in the requested way."""
    if END == "sys.exit(3)":
        sys.exit(3)
    if END == "exception":
        raise LookupError("as it should")
    if END in ("SIGTERM", "SIGINT"):
        signal.signal(signal.SIGINT, signal.default_int_handler)  # else ignored in background
        os.kill(os.getpid(), getattr(signal, END))
        signal.pause()
    if END == "os._exit(4)":
        os._exit(4)
    if END == "os.execv":
        os.execv(sys.executable, [sys.executable, "-c", "print('another program')"])


if __name__ == "__main__":
    if END == "call at exit":
        atexit.register(lambda: print("at exit", call(9), flush=True))
    print(HOW, WAYS[HOW](), flush=True)
    end()
