"""Simulated days of use, in slots of five minutes: what forecasts are tried out on.

Each day follows from its kind and its seed alone. Amounts are whole base units of no meter in
particular; a day is about a hundred million of them.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

SLOTS = 288
_CALL = 60_000  # the usual size of a call


def _calls(random: Random, mean: float) -> int:
    """What about `mean` calls of unlike sizes use together."""
    count = sum(random.random() < mean / 16 for _ in range(16))
    return sum(int(_CALL * random.lognormvariate(0, 0.6)) for _ in range(count))


def steady(random: Random) -> list[int]:
    """Calls all day long, evenly but for chance."""
    return [_calls(random, 6) for _ in range(SLOTS)]


def bursty(random: Random) -> list[int]:
    """About two dozen bursts of five to twenty minutes, of very unlike sizes; little between."""
    day = [_calls(random, 0.3) for _ in range(SLOTS)]
    for _ in range(random.randint(18, 30)):
        start, size = random.randrange(SLOTS), random.lognormvariate(0, 0.7)
        for slot in range(start, min(SLOTS, start + random.randint(1, 4))):
            day[slot] += int(size * 20 * _CALL)
    return day


def overnight(random: Random) -> list[int]:
    """A batch from after midnight to before dawn; hardly anything by day."""
    first, last = random.randint(0, 12), random.randint(48, 70)
    day = [_calls(random, 0.2) for _ in range(SLOTS)]
    for slot in range(first, last):
        day[slot] += _calls(random, 12)
    return day


def huge_call(random: Random) -> list[int]:
    """A steady small use, and one call of several times the rest of the day."""
    day = [_calls(random, 1.5) for _ in range(SLOTS)]
    day[random.randint(12, SLOTS - 12)] += int(sum(day) * random.uniform(1, 4))
    return day


def ramp(random: Random) -> list[int]:
    """More and more through the day."""
    return [_calls(random, 12 * slot / SLOTS) for slot in range(SLOTS)]


def stop_and_go(random: Random) -> list[int]:
    """An hour or so of work, an hour or so of rest, and again."""
    day: list[int] = []
    working = random.random() < 0.5
    while len(day) < SLOTS:
        length = random.randint(9, 24) if working else random.randint(6, 18)
        day += [_calls(random, 10) if working else 0 for _ in range(length)]
        working = not working
    return day[:SLOTS]


KINDS: dict[str, Callable[[Random], list[int]]] = {
    "steady": steady,
    "bursty": bursty,
    "overnight batch": overnight,
    "one huge call": huge_call,
    "ramp": ramp,
    "stop-and-go": stop_and_go,
}


def day_of(kind: str, seed: int) -> list[int]:
    """The day of a kind with a seed."""
    return KINDS[kind](Random(f"{kind} {seed}"))
