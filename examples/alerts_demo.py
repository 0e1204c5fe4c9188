"""Shows alerts on a phone, without a key and without the network: `./dev demo --alerts`.

A small web server plays the phone. A program counts calls until a limit is at 80 % and at 100 %, and a
call is refused. Each alert is sent once, is signed, and says what is used and what is left. While the
phone is off, an alert waits; it comes when the phone is on again.
"""

from __future__ import annotations

import hmac
import json
import os
import threading
from base64 import b64decode, b64encode
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from quotakeeper import Keeper, LimitExceeded
from quotakeeper.alert_wiring import open_alerts
from quotakeeper.alerts.channels import make_channel
from quotakeeper.alerts.collecting import collect
from quotakeeper.alerts.sending import AlertSender
from quotakeeper.cli.alerts.texts import message_of_all
from quotakeeper.cli.context import CommandContext
from quotakeeper.config import load_settings
from quotakeeper.identifiers import random_bytes
from quotakeeper.pipeline.console import ProgressConsole
from quotakeeper.testing import FakeClock

MORNING = "2026-11-23T09:00:00+07:00"
CONFIG = """\
timezone = "Asia/Ho_Chi_Minh"

[[limit]]
name = "{limit}"
meter = "cost"
window = "day"
amount = "5.00"
thresholds = [0.8, 1.0]

[alerts]
language = "{language}"

[[alerts.channel]]
name = "phone"
kind = "webhook"
url = "http://127.0.0.1:{port}/"
networks = ["127.0.0.1/32"]
secret_file = "secret"
"""


class Phone:
    """A web server that keeps what it gets, and checks each signature."""

    def __init__(self, secret: str) -> None:
        self.key = b64decode(secret.removeprefix("whsec_"))
        self.is_on = True
        self.shown: list[tuple[str, str, str]] = []  # id, title, text
        self.forged = 0
        phone = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                self.send_response(204 if phone.take(self.headers, body) else 503)
                self.end_headers()

            def log_message(self, *given: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()

    def take(self, headers: Any, body: bytes) -> bool:
        if not self.is_on:
            return False
        signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
        expected = "v1," + b64encode(hmac.digest(self.key, signed, sha256)).decode()
        if not hmac.compare_digest(headers["webhook-signature"], expected):
            self.forged += 1
        data = json.loads(body)["data"]
        self.shown.append((headers["webhook-id"], data["title"], data["text"]))
        return True

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join()


class AlertsDemo:
    """One run of the demo, in its own folder."""

    def __init__(self, folder: Path, console: ProgressConsole) -> None:
        self.folder = folder
        self.say = console.line
        self.clock = FakeClock(MORNING)
        self.failures: list[str] = []
        secret = f"whsec_{b64encode(random_bytes(32)).decode()}"
        file = folder / "secret"
        file.touch(mode=0o600)
        file.write_text(secret, encoding="ascii")
        self.phone = Phone(secret)

    def run(self) -> int:
        """Show all steps. Returns 0 if each gave the expected result."""
        self.say("quotakeeper demo of alerts: what a phone shows. No key, no network.")
        try:
            self._day("en", "daily cost")
            self._day("vi", "chi phí mỗi ngày")
        finally:
            self.phone.close()
        self._expect(self.phone.forged == 0, "every message had the right signature")
        verdict = "all of it happened as it should." if not self.failures else "FAILED: "
        self.say(f"Demo: {verdict}{'; '.join(self.failures)}")
        return 1 if self.failures else 0

    def _day(self, language: str, limit: str) -> None:
        config = self.folder / f"{language}.toml"
        port = self.phone.server.server_address[1]
        config.write_text(
            CONFIG.format(limit=limit, language=language, port=port), encoding="utf-8"
        )
        settings = load_settings(self.folder / f"{language}.db", config, environ={})
        with Keeper(config=settings, clock=self.clock, on_warning=lambda _: None) as keeper:
            self._say_step("A program uses 4.05 of the 5.00 US dollars of today")
            self._use(keeper, 13_500_000)
            self._expect(self._sent(keeper, language) == 1, "80 % is told once")
            self._expect(self._sent(keeper, language) == 0, "a second sender has nothing to send")
            self._say_step("The phone is off, and the program goes on to 100 %")
            self.phone.is_on = False
            self.clock.advance(hours=1)
            self._use(keeper, 3_200_000)
            self._expect(self._sent(keeper, language) == 0, "nothing can be sent")
            self._say_step("Ten minutes later, the phone is on; then a call is refused")
            self.phone.is_on = True
            self.clock.advance(minutes=10)
            self._expect(self._sent(keeper, language) == 1, "100 % is told now")
            self._refused(keeper)
        with Keeper(config=settings, clock=self.clock) as keeper:
            self._expect(self._sent(keeper, language) == 1, "the refusal is told once")

    def _use(self, keeper: Keeper, tokens: int) -> None:
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=tokens)

    def _refused(self, keeper: Keeper) -> None:
        for _ in range(3):
            try:
                keeper.reserve("gemini", model="gemini-2.5-flash", input_tokens=1_000_000)
            except LimitExceeded:
                continue
            self._expect(False, "a call that does not fit is refused")

    def _sent(self, keeper: Keeper, language: str) -> int:
        """Do what `quotakeeper alerts run` does, and return how many messages the phone got."""
        before, wanted = len(self.phone.shown), keeper.settings.alerts
        assert wanted is not None
        session, store = CommandContext(lang=language), open_alerts(keeper.settings)
        channels = {each.name: make_channel(each, self.clock) for each in wanted.channels}
        try:
            collect(keeper, store, wanted)
            AlertSender(
                store, channels, lambda all_: message_of_all(all_, keeper.zone, session), self.clock
            ).deliver()
        finally:
            store.close()
        for _, title, text in self.phone.shown[before:]:
            self._screen(title, text)
        return len(self.phone.shown) - before

    def _screen(self, title: str, text: str) -> None:
        lines = [title, *text.splitlines()]
        wide = max(map(len, lines))
        self.say(f"      +-{'-' * wide}-+")
        for line in lines:
            self.say(f"      | {line.ljust(wide)} |")
        self.say(f"      +-{'-' * wide}-+")

    def _say_step(self, text: str) -> None:
        self.say()
        self.say(f"--- {text}")

    def _expect(self, held: bool, what: str) -> None:
        self.say(f"  {'ok' if held else 'NOT SO'}: {what}")
        if not held:
            self.failures.append(what)


def main(folder: Path, console: ProgressConsole) -> int:
    """Run the demo in a new folder. Returns the exit code."""
    os.umask(0o077)
    return AlertsDemo(folder, console).run()
