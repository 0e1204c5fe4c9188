"""`./dev bench --profile FOLDER`: where the processor time of a metered call goes, as flame graphs.

A thread looks at the stacks of all other threads about a thousand times a second. It adds the processor
time that a thread used since the last look to the thread's stack. Where the thread waits by now, its time
is spread over its other stacks, in their proportions.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from types import FrameType

from benchmarks.flames import flame_graph
from benchmarks.measuring import PYTHON, ROOT, child_environment

LOOK_SECONDS = 0.001
# Functions in which a thread of quotakeeper, or an event loop, waits.
_WAITING = ("next_batch", "_batch", "_pause", "wait", "select")
CALLS = 2_560

Stacks = Counter[tuple[str, ...]]


def profiled(work: Callable[[], object]) -> Stacks:
    """Run `work`. Returns microseconds of processor time by stack, outermost function first."""
    found: Stacks = Counter()
    ended = threading.Event()
    sampler = threading.Thread(target=_sample, args=(found, ended), daemon=True)
    sampler.start()
    # Else the sampler mostly gets the interpreter lock where another thread begins to wait, and what
    # that thread did before counts there.
    before = sys.getswitchinterval()
    sys.setswitchinterval(0.00002)
    try:
        work()
    finally:
        sys.setswitchinterval(before)
        ended.set()
        sampler.join()
    return found


def _sample(found: Stacks, ended: threading.Event) -> None:
    used: dict[int, int] = {}
    own = threading.get_ident()
    while not ended.wait(LOOK_SECONDS):
        frames = sys._current_frames()
        for thread in threading.enumerate():
            frame = frames.get(thread.ident or 0)
            if frame is None or thread.ident is None or thread.ident == own:
                continue
            try:
                now = time.clock_gettime_ns(time.pthread_getcpuclockid(thread.ident))
            except OSError:  # the thread has just ended
                continue
            spent = now - used.get(thread.ident, now)
            used[thread.ident] = now
            if spent >= 1_000:
                found[(thread.name, *_stack(frame))] += spent // 1_000
    _spread(found)


def _spread(found: Stacks) -> None:
    """Move the time of stacks that wait to the other stacks of their thread."""
    waiting = {stack for stack in found if stack[-1].rpartition(":")[2] in _WAITING}
    for name in {stack[0] for stack in waiting}:
        others = [stack for stack in found if stack[0] == name and stack not in waiting]
        placed = sum(found[stack] for stack in others)
        left = sum(found.pop(stack) for stack in waiting if stack[0] == name)
        for stack in others:
            found[stack] += left * found[stack] // max(placed, 1)


def _stack(frame: FrameType | None) -> list[str]:
    names: list[str] = []
    while frame is not None:
        code = frame.f_code
        parts = Path(code.co_filename).with_suffix("").parts
        start = parts.index("quotakeeper") if "quotakeeper" in parts else -1
        names.append(f"{'.'.join(parts[start:])}:{code.co_name}")
        frame = frame.f_back
    return names[::-1]


def write(folder: Path, source: Path) -> list[Path]:
    """Profile each work with the package in `source`, and write a flame graph of each."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, (title, _) in WORKS.items():
        environment = child_environment()
        environment["PYTHONPATH"] = f"{source / 'src'}:{ROOT}"
        code = f"from benchmarks.profiling import tell; tell({name!r})"
        ran = subprocess.run(
            [PYTHON, "-c", code], env=environment, check=True, capture_output=True, text=True
        )
        stacks = {tuple(stack): spent for stack, spent in json.loads(ran.stdout)}
        path = folder / f"{name}.svg"
        path.write_text(flame_graph(f"{title}, {CALLS:,} calls", stacks), encoding="utf-8")
        written.append(path)
    return written


def tell(name: str) -> None:
    """Profile one work in this process, and print its stacks as JSON."""
    print(json.dumps([[list(stack), spent] for stack, spent in WORKS[name][1]().items()]))


def _of_requests() -> Stacks:
    import requests

    from benchmarks.loopback import loopback
    from benchmarks.overhead import _HEADERS, _LIMITS, BODY
    from quotakeeper import Keeper, watch

    with tempfile.TemporaryDirectory() as folder, loopback() as server:
        settings = {"timezone": "UTC", "limit": _LIMITS, "default_limits": False}
        with Keeper(Path(folder) / "ledger.db", settings, "process") as keeper:
            session = requests.Session()

            def work(calls: int = CALLS) -> None:
                with watch(keeper) as watching:
                    for _ in range(calls):
                        session.post(server.generate, data=BODY, headers=_HEADERS).content  # noqa: B018
                    watching.flush(60)

            work(50)
            return profiled(work)


def _of_tasks() -> Stacks:
    from benchmarks.ledger import open_keeper, work_in_tasks

    with (
        tempfile.TemporaryDirectory() as folder,
        open_keeper(Path(folder) / "ledger.db", "process") as keeper,
    ):
        asyncio.run(work_in_tasks(keeper, record=False))
        return profiled(lambda: asyncio.run(work_in_tasks(keeper, record=False)))


# How each is named in a title, and what does it. `work_in_tasks` makes 64 x 40 calls.
WORKS: dict[str, tuple[str, Callable[[], Stacks]]] = {
    "profile-requests": ("A metered requests.post", _of_requests),
    "profile-tasks": ("reserve and settle by 64 asyncio tasks", _of_tasks),
}
