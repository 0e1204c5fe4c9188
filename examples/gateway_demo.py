"""Shows the gateway with three clients, without a key and without the network: `./dev demo --gateway`.

A sandbox plays Gemini and Deepgram, and a small server plays OpenAI. Each client has its own virtual key. One
reaches its limit in the middle of a live transcription, and the gateway ends the socket. At the end the
ledger equals the providers' bills, and no limit is exceeded.
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING

ROOT = Path(__file__).resolve().parent.parent
for _folder in (ROOT, ROOT / "src"):
    if str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from examples.gateway_provider import ChatProvider  # noqa: E402
from quotakeeper import Keeper  # noqa: E402
from quotakeeper.domain.units import units_text  # noqa: E402
from quotakeeper.pipeline.console import ProgressConsole  # noqa: E402
from quotakeeper.sandbox import Sandbox  # noqa: E402

if TYPE_CHECKING:
    from examples.gateway_clients import Answer, Client, Heard, RunningGateway

SOUND_SECONDS = 5
SENT_MS = 12_000
CONFIG = f"""\
# The limits of each key. They never reset, so that the demo does not depend on the time of day.
timezone = "Asia/Ho_Chi_Minh"
default_limits = false

[[limit]]
name = "tokens of a key"
per = "key"
meter = "tokens"
window = "none"
amount = 600

[[limit]]
name = "sound of a key"
per = "key"
meter = "audio_seconds"
window = "none"
amount = {SOUND_SECONDS}
"""


class GatewayDemo:
    """One run of the demo, in its own folder."""

    def __init__(self, folder: Path, console: ProgressConsole) -> None:
        self.folder = folder
        self.say = console.line
        self.failures: list[str] = []
        (folder / "quotakeeper.toml").write_text(CONFIG, encoding="utf-8")

    def run(self) -> int:
        """Show all steps. Returns 0 if each gave the expected result."""
        from examples.gateway_clients import gateway

        with ExitStack() as stack:
            sandbox = stack.enter_context(Sandbox())
            chat = stack.enter_context(ChatProvider())
            upstreams = dict.fromkeys(("gemini", "deepgram"), sandbox.base_url)
            running = stack.enter_context(gateway(self.folder, {**upstreams, "openai": chat.url}))
            self._introduce(running)
            clients = [running.create_key(name) for name in ("an", "binh", "chi")]
            # With `python -X dev`, asyncio would print how long each step took on a busy machine.
            asyncio.run(self._work(*clients), debug=False)
            asyncio.run(self._told(clients), debug=False)
            self._stop(running)
            self._expect(sandbox.bill.wait_for(2), "the sandbox has billed both its calls")
            billed = {**sandbox.bill.totals(), "openai": dict(chat.bill)}
        with Keeper(self.folder / "ledger.db", self.folder / "quotakeeper.toml") as judge:
            self._limits(judge)
            self._compare(judge, billed)
        verdict = "all of it happened as it should." if not self.failures else "FAILED: "
        self.say(f"Demo: {verdict}{'; '.join(self.failures)}")
        return 1 if self.failures else 0

    # -- the steps of the demo

    def _introduce(self, running: RunningGateway) -> None:
        self.say("quotakeeper demo of the gateway: one address, and a key for each client.")
        self.say(f"The gateway: {running.url}. The providers' keys stay with it.")
        self.say(f"The limits of each key: 600 tokens, and {SOUND_SECONDS} seconds of sound.")

    async def _work(self, an: Client, binh: Client, chi: Client) -> None:
        self._heading("1. Three clients work at the same time")
        streamed, heard, asked = await asyncio.gather(
            an.gemini("Dịch: xin chào các bạn", 100),
            binh.listen(SENT_MS),
            chi.chat("one two three"),
        )
        self._answered(an, "a stream of Gemini", streamed)
        self._answered(chi, "an answer of OpenAI", asked)
        self._cut(binh, heard)
        self._heading("2. A key that has run out is refused, the others go on")
        again = await binh.listen(SENT_MS)
        self._refused(binh, "a new socket to Deepgram", again)
        self._refused(an, "a stream of up to 5,000 tokens", await an.gemini("Viết dài", 5_000))
        self._answered(chi, "an answer of OpenAI", await chi.chat("four five"))

    def _cut(self, client: Client, heard: Heard | Answer) -> None:
        code, reason = (heard[1], heard[2]) if hasattr(heard, "reason") else (0, str(heard))
        self.say(f"      {client.name:5} live sound to Deepgram: closed with {code}: {reason}")
        self._expect(code == 1008, "binh's socket ended in the middle, at the limit of its key")

    async def _told(self, clients: list[Client]) -> None:
        self._heading("3. What each client is told about its key: GET /v1/me/usage")
        for client in clients:
            for limit in (await client.usage())["limits"]:
                told = f"{limit['used']:>7} of {limit['amount']} {limit['unit']}"
                self.say(f"      {client.name:5} {limit['name']:28} {told}")

    def _stop(self, running: RunningGateway) -> None:
        code = running.stop()
        if os.name == "posix":  # on Windows, no process gets SIGTERM
            self._expect(code == 0, "the gateway stopped, and everything is settled (exit code 0)")

    def _limits(self, judge: Keeper) -> None:
        self._heading("4. Used and limit of each key, in the ledger")
        overshoot = 0
        for one in judge.status(forecasts=False).limits:
            meter = one.limit.meter_info
            over = max(0, one.used + one.reserved - one.limit.amount)
            overshoot += over
            used, most = (units_text(each, meter) for each in (one.used, one.limit.amount))
            self.say(f"      {one.limit.name:28} {used:>7} of {most} {meter.unit}")
        self.say(f"  overshoot: {overshoot}")
        self._expect(overshoot == 0, "no key is past a limit, not by a token or a millisecond")

    def _compare(self, judge: Keeper, billed: dict[str, dict[str, int]]) -> None:
        self._heading("5. The ledger against the providers' own bills")
        booked: dict[tuple[str, str], int] = {}
        for event in judge.events():
            for meter, amount in event.quantities.items():
                key = (event.labels.provider, meter)
                booked[key] = booked.get(key, 0) + amount
        bill = {(name, meter): amount for name, meters in billed.items()
                for meter, amount in meters.items()}  # fmt: skip
        self.say(f"  {'':10}{'meter':20}{'ledger':>10}{'bill':>10}")
        for key in sorted({*booked, *bill}):
            ours, theirs = booked.get(key, 0), bill.get(key, 0)
            mark = "equal" if ours == theirs else "DIFFERENT"
            self.say(f"  {key[0]:10}{key[1]:20}{ours:>10,}{theirs:>10,}  {mark}")
        self._expect(booked == bill and len(billed) == 3, "every figure is equal")
        self._expect(not judge.verify(), "the ledger's balances follow from its journal")

    # -- helpers

    def _heading(self, text: str) -> None:
        self.say()
        self.say(f"--- {text}")

    def _answered(self, client: Client, what: str, answer: Answer) -> None:
        self.say(
            f"      {client.name:5} {what}: {answer.status} {answer.error or f'parts: {answer.parts}'}"
        )
        self._expect(answer.status == 200, f"{client.name} gets {what}")

    def _refused(self, client: Client, what: str, answer: Answer | Heard) -> None:
        self.say(f"      {client.name:5} {what}: {answer[0]}: {answer[2]}")
        self._expect(answer[0] in (402, 429), f"{client.name} is refused, and nothing is sent")

    def _expect(self, held: bool, what: str) -> None:
        self.say(f"  {'ok' if held else 'NOT SO'}: {what}")
        if not held:
            self.failures.append(what)


def main(folder: Path, console: ProgressConsole) -> int:
    """Run the demo in a new folder. Returns the exit code."""
    missing = [name for name in ("aiohttp", "click") if not _is_there(name)]
    if missing:
        console.line(
            f"demo: --gateway: needs {' and '.join(missing)}: pip install '.[cli,gateway]'"
        )
        return 1
    return GatewayDemo(folder, console).run()


def _is_there(name: str) -> bool:
    try:
        __import__(name)
    except ImportError:
        return False
    return True
