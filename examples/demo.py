"""Shows the whole product in a few seconds, without a key and without the network: `./dev demo`.

The brief's pipeline runs on the recordings in samples/ against a sandbox that plays Gemini and
Deepgram. Its limits are small, so that the run reaches them. The demo shows counting, the warning at 80
%, the stop at the limit, and the new day after a simulated midnight. At the end it compares the ledger
with the sandbox's bill.
"""

from __future__ import annotations

import argparse
import shlex
import sys
import tempfile
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - said here, not by an import that fails
    sys.exit("quotakeeper needs Python 3.11 or newer, this is %d.%d" % sys.version_info[:2])  # noqa: UP031

ROOT = Path(__file__).resolve().parent.parent
for _folder in (ROOT / "run", ROOT / "src"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from all_in_one_backup import AllInOneBackup  # noqa: E402
from quotakeeper import Keeper, LimitExceeded, UsageEvent, Verdict  # noqa: E402
from quotakeeper.domain.units import units_text  # noqa: E402
from quotakeeper.domain.windows import moment  # noqa: E402
from quotakeeper.pipeline.console import ProgressConsole, logging_to  # noqa: E402
from quotakeeper.pipeline.options import read_options  # noqa: E402
from quotakeeper.sandbox import Sandbox  # noqa: E402
from quotakeeper.testing import FakeClock  # noqa: E402

EVENING = "2026-11-23T23:30:00+07:00"
MIDNIGHT = "2026-11-24T00:00:00+07:00"
CONFIG = """\
# The demo's limits: small, so that three short recordings reach one of them.
timezone = "Asia/Ho_Chi_Minh"

[[limit]]
name = "deepgram daily minutes"
provider = "deepgram"
meter = "audio_minutes"
window = "day"
amount = "0.64"

[[limit]]
name = "gemini daily tokens"
provider = "gemini"
meter = "tokens"
window = "day"
amount = "20000"

[[limit]]
name = "daily cost"
meter = "cost"
window = "day"
amount = "0.05"
"""


class Demo:
    """One run of the demo, in its own folder."""

    def __init__(self, folder: Path, console: ProgressConsole) -> None:
        self.folder = folder
        self.console = console
        self.clock = FakeClock(EVENING)
        self.failures: list[str] = []
        (folder / "quotakeeper.toml").write_text(CONFIG, encoding="utf-8")

    def run(self) -> int:
        """Show all steps. Returns 0 if each gave the expected result."""
        ledger, config = self.folder / "ledger.db", self.folder / "quotakeeper.toml"
        with Sandbox(clock=self.clock) as sandbox:
            keeper = Keeper(ledger, config, clock=self.clock, on_warning=self._warned)
            with keeper, logging_to(self.console):
                self._introduce(sandbox, keeper)
                self._first_day(sandbox, keeper)
                self._refusal(keeper)
                self._second_day(sandbox, keeper)
                self._compare(sandbox, keeper)
        self._conclude(ledger, config)
        return 1 if self.failures else 0

    # -- the steps of the demo

    def _introduce(self, sandbox: Sandbox, keeper: Keeper) -> None:
        say = self.console.line
        say("quotakeeper demo: Chinese speech in, Vietnamese subtitles out, within a quota.")
        say(
            f"No key, no network: Gemini and Deepgram are played by a sandbox on {sandbox.base_url}"
        )
        self._heading("1. The limits of today", keeper)
        self._gauges(keeper)

    def _first_day(self, sandbox: Sandbox, keeper: Keeper) -> None:
        self._heading("2. Three recordings, counted call by call as the provider reports", keeper)
        exit_code = self._pipeline(sandbox, keeper).process()
        self._expect(exit_code == 3, "the run stops at the limit (exit code 3)")
        self._gauges(keeper)

    def _refusal(self, keeper: Keeper) -> None:
        self._heading(
            "3. What your own program sees: it is refused before anything is sent", keeper
        )
        try:
            keeper.reserve("deepgram", model="nova-3", operation="demo", audio_seconds=16.067)
        except LimitExceeded as stop:
            meter, zone = stop.limit.meter_info, keeper.zone
            say = self.console.line
            say("  LimitExceeded")
            say(f"    limit      {stop.limit.name}")
            say(f"    asked      {units_text(stop.asked, meter)} {meter.unit}")
            say(f"    remaining  {units_text(stop.remaining, meter)} {meter.unit}")
            say(
                f"    resets at  {moment(stop.resets_at, zone):%Y-%m-%d %H:%M} {stop.limit.timezone}"
            )
            return
        self._expect(False, "a call that does not fit is refused")

    def _second_day(self, sandbox: Sandbox, keeper: Keeper) -> None:
        self.clock.set(MIDNIGHT)
        self._heading("4. Midnight (simulated): a new day, the same command again", keeper)
        self._gauges(keeper)
        exit_code = self._pipeline(sandbox, keeper).run()
        self._expect(exit_code == 0, "the rest goes through on the new day (exit code 0)")

    def _compare(self, sandbox: Sandbox, keeper: Keeper) -> None:
        self._heading("5. The ledger against the sandbox's own bill", keeper)
        events = list(keeper.events())
        booked: dict[tuple[str, str], int] = {}
        for event in events:
            for meter, amount in event.quantities.items():
                key = (event.labels.provider, meter)
                booked[key] = booked.get(key, 0) + amount
        billed = {
            (provider, meter): amount
            for provider, meters in sandbox.bill.totals().items()
            for meter, amount in meters.items()
        }
        say = self.console.line
        say(f"  {'':10}{'meter':20}{'ledger':>10}{'bill':>10}")
        for key in sorted({*booked, *billed}):
            ours, theirs = booked.get(key, 0), billed.get(key, 0)
            mark = "equal" if ours == theirs else "DIFFERENT"
            say(f"  {key[0]:10}{key[1]:20}{ours:>10,}{theirs:>10,}  {mark}")
        self._expect(booked == billed and bool(billed), "every figure is equal")
        sources = sorted({str(event.provenance) for event in events})
        self._expect(sources == ["reported"], f"how the figures are known: {', '.join(sources)}")
        cost = sum(event.cost_usd or 0 for event in events)
        say(f"  {len(events)} calls, ${cost:.6f} at list prices (nothing was really charged)")
        self._expect(not keeper.verify(), "the ledger's balances follow from its journal")

    def _conclude(self, ledger: Path, config: Path) -> None:
        say = self.console.line
        say()
        out = self.folder / "out"
        say(f"Outputs: {out}")
        for subtitles in sorted(out.glob("*.srt")):
            lines = subtitles.read_text(encoding="utf-8").splitlines()
            say(f"  {subtitles.name:14} {lines[1]}  {lines[2]}")
        say("To look into the demo's ledger:")
        source = shlex.quote(str(ROOT / "src"))
        python = shlex.quote(sys.executable)
        where = f"--ledger {shlex.quote(str(ledger))} --config {shlex.quote(str(config))}"
        say(f"  PYTHONPATH={source} {python} -m quotakeeper {where} status")
        verdict = "all of it happened as it should" if not self.failures else "FAILED"
        say(f"Demo: {verdict}." if not self.failures else f"Demo {verdict}: {self.failures}")

    # -- helpers

    def _pipeline(self, sandbox: Sandbox, keeper: Keeper) -> AllInOneBackup:
        environ = {
            "DEEPGRAM_API_KEY": "any",
            "GEMINI_API_KEY": "any",
            "DEEPGRAM_BASE_URL": sandbox.deepgram_url,
            "GOOGLE_GEMINI_BASE_URL": sandbox.gemini_url,
        }
        arguments = [str(ROOT / "samples"), "--out", str(self.folder / "out")]
        return AllInOneBackup(
            read_options(arguments, environ),
            self.console,
            keeper=keeper,
            clock=self.clock,
            on_event=lambda event: self._counted(event, keeper),
        )

    def _counted(self, event: UsageEvent, keeper: Keeper) -> None:
        used = event.quantities.get("audio_milliseconds", 0)
        tokens = sum(n for key, n in event.quantities.items() if "tokens" in key)
        amount = f"{used / 1000:.3f} s" if used else f"{tokens:,} tokens"
        cost = "unpriced" if event.cost_usd is None else f"${event.cost_usd:.6f}"
        status = keeper.status()
        today = ", ".join(
            f"{one.limit.provider} {one.percent:.0f} %"
            for one in status.limits
            if one.limit.provider
        )
        labels = event.labels
        self.console.line(
            f"      counted {labels.provider} {labels.operation}: {amount}, {cost} "
            f"[{event.provenance}] | today {today}"
        )

    def _warned(self, verdict: Verdict) -> None:
        share = 100 * (verdict.used + verdict.reserved + verdict.asked) / verdict.limit.amount
        self.console.line(f"      ⚠️  {verdict.limit.name}: {share:.0f} % of today's limit")

    def _gauges(self, keeper: Keeper) -> None:
        for one in keeper.status().limits:
            meter = one.limit.meter_info
            filled = min(20, int(one.percent) // 5)
            self.console.line(
                f"  {one.limit.name:24} [{'#' * filled}{'.' * (20 - filled)}] {one.percent:>6.2f} %  "
                f"{units_text(one.used, meter)} of {units_text(one.limit.amount, meter)} {meter.unit}"
            )

    def _heading(self, text: str, keeper: Keeper) -> None:
        self.console.line()
        self.console.line(f"--- {text}  ({moment(keeper.now(), keeper.zone):%H:%M})")

    def _expect(self, held: bool, what: str) -> None:
        self.console.line(f"  {'ok' if held else 'NOT SO'}: {what}")
        if not held:
            self.failures.append(what)


def _team(folder: Path, console: ProgressConsole) -> int:
    sys.path.insert(0, str(ROOT))
    from examples import team_demo

    return team_demo.main(folder, console)


def _gateway(folder: Path, console: ProgressConsole) -> int:
    sys.path.insert(0, str(ROOT))
    from examples import gateway_demo

    return gateway_demo.main(folder, console)


def _alerts(folder: Path, console: ProgressConsole) -> int:
    sys.path.insert(0, str(ROOT))
    from examples import alerts_demo

    return alerts_demo.main(folder, console)


def main(arguments: list[str]) -> int:
    """Run the demo. Returns the exit code."""
    parser = argparse.ArgumentParser(prog="demo", description=(__doc__ or "").splitlines()[0])
    parser.add_argument(
        "--keep", type=Path, metavar="DIR", help="keep the outputs in this new folder"
    )
    parser.add_argument(
        "--team", action="store_true", help="show two hosts on one limit, with PostgreSQL"
    )
    parser.add_argument(
        "--gateway", action="store_true", help="show a gateway with a key for each client"
    )
    parser.add_argument(
        "--alerts", action="store_true", help="show what a phone shows at 80 %% and 100 %%"
    )
    given = parser.parse_args(arguments)
    console = ProgressConsole(sys.stdout)
    try:
        if given.keep is None:
            folder = Path(tempfile.mkdtemp(prefix="quotakeeper-demo-"))
        else:
            folder = given.keep.absolute()
            folder.mkdir(parents=True, exist_ok=True)
            if any(folder.iterdir()):
                console.line(f"demo: --keep: {folder} is not empty; give a new folder")
                return 2
        if given.gateway:
            return _gateway(folder, console)
        if given.alerts:
            return _alerts(folder, console)
        return _team(folder, console) if given.team else Demo(folder, console).run()
    except KeyboardInterrupt:
        return 130
    except Exception as error:  # noqa: BLE001 - a newcomer gets a line, not a traceback
        console.line(f"demo: {type(error).__name__}: {error}")
        return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
