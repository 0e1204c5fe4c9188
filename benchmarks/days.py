"""Simulated days of use, in slots of five minutes, for the forecast benchmark.

The kind of day and the seed decide each day. Amounts are whole base units of an unnamed meter; a day
has about a hundred million of them.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random

SLOTS = 288
_CALL = 60_000  # the usual amount of one call


def _calls(random: Random, mean: float) -> int:
    """The amount of about `mean` calls of different sizes."""
    count = sum(random.random() < mean / 16 for _ in range(16))
    return sum(int(_CALL * random.lognormvariate(0, 0.6)) for _ in range(count))


def steady(random: Random) -> list[int]:
    """Calls all day long at an even rate, with random variation."""
    return [_calls(random, 6) for _ in range(SLOTS)]


def bursty(random: Random) -> list[int]:
    """About two dozen bursts of 5 to 20 minutes and of very different sizes, with few calls between them."""
    day = [_calls(random, 0.3) for _ in range(SLOTS)]
    for _ in range(random.randint(18, 30)):
        start, size = random.randrange(SLOTS), random.lognormvariate(0, 0.7)
        for slot in range(start, min(SLOTS, start + random.randint(1, 4))):
            day[slot] += int(size * 20 * _CALL)
    return day


def overnight(random: Random) -> list[int]:
    """A batch from midnight until early morning, and few calls during the day."""
    first, last = random.randint(0, 12), random.randint(48, 70)
    day = [_calls(random, 0.2) for _ in range(SLOTS)]
    for slot in range(first, last):
        day[slot] += _calls(random, 12)
    return day


def huge_call(random: Random) -> list[int]:
    """An even, small use, and one call that is several times as large as the rest of the day."""
    day = [_calls(random, 1.5) for _ in range(SLOTS)]
    day[random.randint(12, SLOTS - 12)] += int(sum(day) * random.uniform(1, 4))
    return day


def ramp(random: Random) -> list[int]:
    """Use that grows through the day."""
    return [_calls(random, 12 * slot / SLOTS) for slot in range(SLOTS)]


def stop_and_go(random: Random) -> list[int]:
    """About an hour of use, about an hour without use, repeated."""
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
    """The slots of a day of this kind with this seed."""
    return KINDS[kind](Random(f"{kind} {seed}"))
