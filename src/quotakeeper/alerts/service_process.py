"""The program that sends one message through Apprise: a process of its own, so that it can be ended.

It reads a JSON object with `address`, `title`, `text` and `seconds` from its standard input. The last
line of its output is a JSON object: `taken` and `text`, or `problem`.
"""

from __future__ import annotations

import json
import logging
import os
import re
import sys
from threading import Timer
from typing import Any

from quotakeeper.alerts.message import printable

_PARTS = re.compile(r"[/:@?&=,\s]+")
_SHORTEST_SECRET = 4  # characters; a shorter part of an address is not a token


def answer(address: str, title: str, text: str) -> dict[str, object]:
    """Send a message to one address, and return what is said about it."""
    import apprise  # noqa: PLC0415 - an extra, and slow to load

    library: Any = apprise
    services = library.Apprise()
    if not services.add(address):
        return {"problem": "unknown"}
    if sum(len(each) for each in services) != 1:
        return {"problem": "several"}
    with library.LogCapture(level=logging.WARNING, fmt="%(message)s") as log:
        is_taken = bool(services.notify(title=title, body=text))
        said = _without(log.getvalue(), address)
    names = ", ".join(str(each.service_name) for each in services)
    found = f"taken by {names}" if is_taken else f"not taken by {names}: {said}"
    return {"taken": is_taken, "text": printable(found)}


def _without(text: str, address: str) -> str:
    """Return a text in which every part of the address is replaced, except the scheme."""
    parts = set(_PARTS.split(address.partition("://")[2]))
    for part in sorted(parts, key=len, reverse=True):
        if len(part) >= _SHORTEST_SECRET:
            text = text.replace(part, "***")
    return text


def main() -> None:
    """Send the message of the standard input, and print the answer."""
    given: dict[str, Any] = json.load(sys.stdin)
    # The process that started this one ends it at the deadline, unless it has ended itself before.
    timer = Timer(given["seconds"], os._exit, (1,))
    timer.daemon = True
    timer.start()
    print("\n" + json.dumps(answer(given["address"], given["title"], given["text"])), flush=True)
    timer.cancel()


if __name__ == "__main__":
    main()
