"""Part: messages between hosts and a PostgreSQL server are lost, repeated, delayed or answered too old.

The server is a fake in memory: it answers the statements of the real client. At each of its commits, the pure
rules decide the same commands on the same journal, and must write the same entries.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable

from tests.proof.fake_server.run import STORES, BrokenError, Run
from tests.proof.parts import Part, Report, recorded

NAME = "lost_messages"
PROMISE = (
    "Messages to and from the server of a PostgreSQL ledger may be lost, done twice or done late, and reads "
    "may be old. Nothing acknowledged is lost, nothing counts twice, and no limit is passed. The pure "
    "rules write the same journal."
)
PROMISE_VI = (
    "Thông điệp giữa máy khách và máy chủ của sổ PostgreSQL có thể bị mất, được thực hiện hai lần hoặc đến "
    "muộn, và dữ liệu đọc có thể đã cũ. Không mất gì đã xác nhận, không gì bị tính hai lần, không hạn mức "
    "nào bị vượt. Các quy tắc thuần túy ghi ra đúng nhật ký đó."
)
ORDER = 28
WEIGHT = 1


def one(seed: int, counts: Counter[str], dropped: str = "") -> list[str]:
    """One run. Returns what it broke, with the command that repeats it."""
    run = Run(seed, counts, dropped)
    try:
        run.play()
    except Exception as error:  # noqa: BLE001 - what nobody foresaw is found too
        what = str(error) if isinstance(error, BrokenError) else f"raised {error!r}"
        return [f"{what[:2000]} (REPRO: ./dev proof --seed {seed} --only {NAME})"]
    return []


def simulate(
    seed: int, enough: Callable[[int, float], bool], report: Report, counts: Counter[str]
) -> Part:
    """Play runs until `enough(commands, seconds)` is true. Stops at the first run that breaks a promise.

    `counts` gets what happened, and how often.
    """
    began, number, said = time.perf_counter(), 0, 0
    found: list[str] = []
    logging.disable()
    try:
        for failed in recorded(NAME):
            found += one(failed, counts)
        while not found and not enough(counts["commands"], time.perf_counter() - began):
            found += one(seed + number, counts)
            number += 1
            if counts["commands"] - said > 200_000:
                said = counts["commands"]
                report(f"{said:,} commands in {number:,} runs")
    finally:
        logging.disable(logging.NOTSET)
    notes = (
        f"{number:,} runs from seed {seed} on, each with {len(STORES)} stores",
        "; ".join(
            f"{name}: {count:,}" for name, count in sorted(counts.items()) if name != "commands"
        ),
    )
    return Part(
        NAME, PROMISE, counts["commands"], found, seed, round(time.perf_counter() - began, 1), notes
    )


def run(minutes: float, seed: int, report: Report) -> Part:
    """Run from `seed` on until the time is over."""
    return simulate(seed, lambda done, spent: done > 0 and spent >= minutes * 60, report, Counter())
