"""Runs a real SDK under `quotakeeper run`, and compares the ledger with the bill, case by case."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quotakeeper import Keeper, UsageEvent
from quotakeeper.clocks import SystemClock
from quotakeeper.domain.ledger.entries import Figures, Kind
from quotakeeper.domain.usage import Provenance
from quotakeeper.intercept.hooked_libraries import HOOKS
from quotakeeper.sandbox.messages import Charge
from quotakeeper.sandbox.server import Sandbox
from tests.matrix.cost import cost_pico
from tests.matrix.environments import ROOT, prepare
from tests.matrix.features import ASSUMED, EXACT, READ, Case, Setting
from tests.matrix.shapes import Shapes

HERE = Path(__file__).resolve().parent
LIVE = any(name.startswith("websockets") for name in HOOKS)
_PLAYED = {
    "429": "429-bare@1", "500": "500@1", "slow": "slow:5@1", "broken": "cut", "cut": "cut",
    "cut-early": "cut-early",
}  # fmt: skip
_MINUTES = 3.0


@dataclass(frozen=True, slots=True)
class Result:
    """The result of a case. `problem` is "" if ledger and bill agree."""

    case: Case
    ended: str
    problem: str


def play(setting: Setting, folder: Path, cases: Sequence[Case]) -> list[Result]:
    """Run cases in one process of an environment. Each case has its own server and bill."""
    python = prepare(setting.environment)
    (folder / "quotakeeper.toml").write_text(
        f'default_limits = false\nprice_files = ["{(HERE / "prices.toml").as_posix()}"]\n',
        encoding="utf-8",
    )
    ledger = folder / "ledger.db"
    command = [sys.executable, "-m", "quotakeeper", "run", "--summary", "off", "--"]
    command += [str(python), str(HERE / "drivers" / f"{setting.driver}.py")]
    clock = SystemClock()
    told: list[str] = []
    spans: list[tuple[int, int]] = []
    with ExitStack() as stack:
        servers = [stack.enter_context(_server(setting, case)) for case in cases]
        errors = stack.enter_context((folder / "stderr.txt").open("w+", encoding="utf-8"))
        program = stack.enter_context(
            subprocess.Popen(
                command, cwd=folder, env=_environment(folder, ledger), stdin=subprocess.PIPE,
                stdout=subprocess.PIPE, stderr=errors, text=True, encoding="utf-8",
            )
        )  # fmt: skip
        assert program.stdin and program.stdout
        lines = _lines(program)
        first = next(lines, "")
        for case, server in zip(cases, servers, strict=True):
            begun = clock.now()
            print(case.feature, server.base_url, file=program.stdin, flush=True)
            told.append(next(lines, "nothing: the program ended"))
            spans.append((begun, clock.now()))
            while clock.now() // 1000 == spans[-1][1] // 1000:
                """The next case begins in another millisecond."""
        program.stdin.close()
        code = program.wait(60)
        errors.seek(0)
        said = errors.read()
        assert (first, code) == ("ready", 0), said[-3000:]
        for case, server in zip(cases, servers, strict=True):
            server.bill.wait_for(case.calls, 5)  # a socket is billed after it has closed
        bills = [server.bill.charges for server in servers]
    with Keeper(ledger, {"default_limits": False}) as keeper:
        events = list(keeper.events())
        assert keeper.verify() == []
        assert keeper.reservations() == []
        held = {entry.id: entry.figures for entry in keeper.entries() if entry.kind is Kind.RESERVE}
    parts = [[each for each in events if _began_in(each, span)] for span in spans]
    assert sum(map(len, parts)) == len(events)
    return [
        Result(case, ended, problem(case, ended, list(bill), part, held))
        for case, ended, bill, part in zip(cases, told, bills, parts, strict=True)
    ]


def problem(
    case: Case, ended: str, bill: list[Charge], events: list[UsageEvent],
    held: Mapping[str, Figures | None],
) -> str:  # fmt: skip
    """The first difference from the expected result, or ""."""
    if (ended == "done") is not case.ok:
        return f"the program {ended}"
    if (len(bill), len(events)) != (case.calls, case.calls):
        return f"{len(bill)} calls billed, {len(events)} booked, {case.calls} expected"
    if len(set(case.holds)) == 1 and case.held in (EXACT, READ):
        # Concurrent calls are booked in any order.
        bill = sorted(bill, key=lambda each: _billed(each, case))
        events = sorted(events, key=_booked)
    calls = zip(case.holds, bill, events, strict=True)
    found = (_wrong(hold, case, charge, event, held[event.id]) for hold, charge, event in calls)
    return next(filter(None, found), "")


def _wrong(hold: str, case: Case, charge: Charge, event: UsageEvent, held: Figures | None) -> str:
    billed, booked = _billed(charge, case), _booked(event)
    known = {EXACT: Provenance.REPORTED, ASSUMED: Provenance.ASSUMED}
    if event.provenance is not known.get(hold, Provenance.ESTIMATED):
        return f"booked as {event.provenance}: {booked}"
    if hold in (EXACT, READ):
        return "" if billed == booked else f"billed {billed}, booked {booked}"
    assert held is not None and held.cost_pico is not None
    if held.cost_pico < billed[1] or _sum(held.quantities) < _sum(dict(billed[2])):
        return f"billed {billed}, and only {held} was set aside"
    if hold == ASSUMED:
        is_held = (event.quantities, event.cost_pico) == (held.quantities, held.cost_pico)
        return "" if is_held else f"set aside {held}, booked {booked}"
    return "" if 0 < booked[1] <= held.cost_pico else f"set aside {held}, booked {booked}"


def _sum(quantities: Mapping[str, int]) -> int:
    """Everything except requests: tokens of all kinds, or the length of sound, or characters."""
    return sum(amount for meter, amount in quantities.items() if meter != "requests")


Row = tuple[str, int, tuple[tuple[str, int], ...]]


def _billed(charge: Charge, case: Case) -> Row:
    said = {meter: amount for meter, amount in charge.quantities.items() if amount}
    return charge.provider, cost_pico(charge, live=case.live), tuple(sorted(said.items()))


def _booked(event: UsageEvent) -> Row:
    cost = -1 if event.cost_pico is None else event.cost_pico
    return event.labels.provider, cost, tuple(sorted(event.quantities.items()))


_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def _began_in(event: UsageEvent, span: tuple[int, int]) -> bool:
    """Whether a call was reserved in a time span. Its id starts with the millisecond."""
    at = 0
    for letter in event.id[:10]:
        at = at * 32 + _ALPHABET.index(letter)
    return span[0] // 1000 <= at <= span[1] // 1000


def _server(setting: Setting, case: Case) -> Any:
    if setting.server == "shapes":
        return Shapes(case.fault)
    return Sandbox(faults=[_PLAYED[case.fault]] if case.fault else [])


def _environment(folder: Path, ledger: Path) -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("QUOTAKEEPER_", "PYTHON", "COVERAGE"))
        and not name.lower().endswith("_proxy")
    }
    return {
        **kept, "HOME": str(folder), "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1",
        "QUOTAKEEPER_LEDGER": str(ledger), "QUOTAKEEPER_DURABILITY": "process",
        "QUOTAKEEPER_TIMEZONE": "UTC", "QUOTAKEEPER_CONFIG": str(folder / "quotakeeper.toml"),
    }  # fmt: skip


def _lines(program: subprocess.Popen[str]) -> Iterator[str]:
    """The lines that a process prints. The process is killed if it prints nothing for minutes."""
    import threading

    assert program.stdout
    watchdog = threading.Timer(_MINUTES * 60, program.kill)
    watchdog.daemon = True
    watchdog.start()
    try:
        for line in program.stdout:
            yield line.strip()
    finally:
        watchdog.cancel()
