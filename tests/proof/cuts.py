"""Cuts every answer of every provider at every byte, and splits it into random pieces.

The driver is that of the providers' tests (`tests/providers/cutting`); this part adds every encoding,
compressed bytes and more ways of splitting. It also cuts a Gemini stream on a real socket and reads it
with each hooked library. The program must get the same bytes as without metering, and the call must be
settled once.
"""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from itertools import chain
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

from quotakeeper.intercept import import_hook
from tests.intercept.conftest import HEADERS, WAYS, Watched, prompt
from tests.intercept.scripted import FIRST, SECOND, STREAMED, Got, Line, ScriptedServer, chunk
from tests.proof.ledgers_under_test import MEMORY
from tests.proof.parts import Part, Report
from tests.providers import cutting
from tests.providers.wires import WIRES

ORDER = 40
WEIGHT = 1
PROMISE = (
    "A stream cut at any byte is never free, is never summed twice, and is settled once. Split "
    "into any pieces, it is read as the provider says. The program gets the bytes that it would "
    "have got (I16)."
)
PROMISE_VI = (
    "Một luồng bị cắt ở bất kỳ byte nào cũng không thành miễn phí, không cộng hai lần và được "
    "quyết toán đúng một lần. Chia kiểu nào cũng đọc đúng như nhà cung cấp báo. Chương trình nhận "
    "đúng các byte mà nó lẽ ra nhận (I16)."
)
PATH = "/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse"
ENCODINGS = tuple(cutting.PACKED)
WIRE = STREAMED + chunk(FIRST) + chunk(SECOND) + b"0\r\n\r\n"


def run(minutes: float, seed: int, report: Report) -> Part:
    """Cut every answer at every byte; then split answers and cut sockets while there is time."""
    began = time.perf_counter()
    found: list[str] = []
    counts: Counter[str] = Counter()

    def over() -> bool:
        return counts["splittings"] >= 240 and time.perf_counter() - began >= minutes * 60

    for what, act in chain(_every_byte(), _by_chance(Random(seed), over)):
        counts[what] += 1
        try:
            act()
        except AssertionError as error:
            found.append(f"{what}: {error} (seed {seed})")
        if len(found) > 20:
            break
        if counts.total() % 20_000 == 0:
            report(f"{counts.total():,} cuts")
    spent = round(time.perf_counter() - began, 1)
    kinds = f"{len(WIRES)} answers, {len(cutting.SOCKETS)} kinds of session, {len(WAYS)} libraries"
    notes = (", ".join(f"{name}: {count:,}" for name, count in counts.items()), kinds)
    return Part("cuts", PROMISE, counts.total(), found, seed, spent, notes)


Case = tuple[str, Callable[[], object]]


def _every_byte() -> Iterator[Case]:
    for complete in (True, False):
        for wire in WIRES:
            for encoding, pack in cutting.PACKED.items():
                for end in range(len(pack(wire.body))):
                    yield (
                        "answers cut",
                        partial(cutting.cut, wire, end, complete=complete, encoding=encoding),
                    )
        for name in cutting.SOCKETS:
            for place in cutting.socket_places(name):
                yield "sessions cut", partial(cutting.socket_cut, name, *place, complete=complete)


def _by_chance(chance: Random, over: Callable[[], bool]) -> Iterator[Case]:
    places = list(range(len(STREAMED), len(WIRE) + 1))
    chance.shuffle(places)
    while not over():
        for wire in WIRES:
            cuts = [chance.randrange(100_000) for _ in range(chance.randint(0, 40))]
            yield "splittings", partial(cutting.split, wire, cuts, chance.choice(ENCODINGS))
        if places:
            library = chance.choice(list(WAYS))
            yield "streams cut on the wire", partial(on_the_wire, library, places.pop())


def on_the_wire(library: str, end: int) -> None:
    """Cut a stream on its socket after this many bytes, without and with metering."""

    def script(request: Got, line: Line) -> None:
        line.send(WIRE[:end])
        line.hang_up()

    got: list[object] = []
    with TemporaryDirectory(dir=MEMORY) as folder, ScriptedServer(script) as server:
        watched = Watched(Path(folder))
        try:
            got.append(_result(WAYS[library], server.url + PATH))
            watched()
            got.append(_result(WAYS[library], server.url + PATH))
            events = watched.events()
            still_open = watched.watching[-1].keeper.status().open_reservations
        finally:
            watched.close()
            import_hook.uninstall()
    assert got[0] == got[1], f"{library} cut at {end}: {got[0]} without us, {got[1]} with us"
    assert len(events) == 1 and not still_open, f"{library} cut at {end}: {events}"
    tokens = [n for key, n in events[0].quantities.items() if key.endswith("_tokens")]
    assert sum(tokens) > 0, f"{library} cut at {end} is free"


def _result(post: Callable[..., Any], url: str) -> object:
    """What a program gets: its bytes, or the type of its error."""
    try:
        answer = post(url, prompt(), HEADERS)
    except Exception as error:  # noqa: BLE001 - whatever it is, it must be the same
        return type(error).__name__
    return answer.status, hashlib.sha256(answer.body).hexdigest()
