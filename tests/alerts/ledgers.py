"""A ledger with alerts, a fake clock and channels that tests control."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, Decimal
from pathlib import Path

from quotakeeper import Keeper
from quotakeeper.alert_wiring import open_alerts
from quotakeeper.alerts.collecting import collect
from quotakeeper.alerts.message import AlertMessage, Receipt
from quotakeeper.alerts.sending import AlertSender, Delivered
from quotakeeper.config import Settings, load_settings
from quotakeeper.config.alert_settings import AlertSettings
from quotakeeper.domain.alerts.alert import Alert
from quotakeeper.domain.alerts.alert_store import AlertStore
from quotakeeper.domain.alerts.quiet_hours import NewAlert
from quotakeeper.testing import FakeClock

CHANNEL = {"name": "phone", "kind": "command", "command": ["true"]}


class Crashed(BaseException):
    """Stands for a process that ends in the middle of its work."""


@dataclass
class FakeChannel:
    """Keeps what it was sent. `is_up` false: it does not take messages."""

    is_up: bool = True
    crashes: bool = False
    refuses: str = ""
    refuses_for_good: str = ""
    sent: list[AlertMessage] = field(default_factory=list)
    tried: int = 0

    def send(self, message: AlertMessage) -> Receipt:
        self.tried += 1
        if not self.is_up or (self.refuses and self.refuses in message.title):
            return Receipt(False, "connection refused")
        if self.refuses_for_good and self.refuses_for_good in message.title:
            return Receipt(False, "HTTP 413 Too Large", is_refused=True)
        self.sent.append(message)
        if self.crashes:
            raise Crashed
        return Receipt(True, "ok")

    @property
    def ids(self) -> list[str]:
        return [each.id for each in self.sent]


@dataclass
class Alerting:
    """One ledger and one sender of its alerts."""

    settings: Settings
    clock: FakeClock
    keeper: Keeper
    store: AlertStore
    channel: FakeChannel

    @property
    def wanted(self) -> AlertSettings:
        found = self.settings.alerts
        assert found is not None
        return found

    def use(self, dollars: str, model: str = "gemini-2.5-flash") -> None:
        """Count a call that costs this much at the price of the input: 0.30 US$ a million tokens."""
        tokens = (Decimal(dollars) * 1_000_000 / Decimal("0.3")).to_integral_value(ROUND_CEILING)
        self.keeper.record("gemini", model=model, input_tokens=int(tokens))

    def collect(self) -> int:
        return collect(self.keeper, self.store, self.wanted)

    def deliver(self) -> list[Delivered]:
        return self.sender().deliver()

    def run(self) -> list[str]:
        """Collect and deliver once, and return the titles that the channel got in this run."""
        before = len(self.channel.sent)
        self.collect()
        self.deliver()
        return [each.title for each in self.channel.sent[before:]]

    def sender(self) -> AlertSender:
        return AlertSender(self.store, {"phone": self.channel}, plain, self.clock)

    def add(self, *alerts: Alert, channels: tuple[str, ...] = ("phone",)) -> int:
        """Store alerts that did not come from the journal."""
        return self.store.add([NewAlert(each) for each in alerts], channels, self.clock.now())


def plain(alerts: Sequence[Alert]) -> AlertMessage:
    """The rule, and what it is about: enough to tell alerts apart. A digest has all of them."""
    found = [_one(each) for each in alerts]
    if len(found) == 1:
        return found[0]
    title = ", ".join(each.title for each in found)
    return AlertMessage("+".join(each.id for each in found), f"digest: {title}", "text", {})


def _one(alert: Alert) -> AlertMessage:
    about = alert.limit or alert.model or alert.provider
    part = f" {100 * alert.level // alert.amount}" if alert.level else ""
    return AlertMessage(alert.id, f"{alert.rule} {about}{part}", "text", {"id": alert.id})


def limit(name: str = "day", amount: str = "1", **given: object) -> dict[str, object]:
    return {"name": name, "meter": "cost", "window": "day", "amount": amount,
            "mode": "hard", **given}  # fmt: skip


@contextmanager
def alerting(
    folder: Path, *limits: dict[str, object], clock: FakeClock | None = None, **alerts: object
) -> Iterator[Alerting]:
    """Open a ledger in `folder` with these limits and these settings of [alerts]."""
    clock = clock or FakeClock("2026-11-23T02:00:00+00:00")
    settings = load_settings(
        folder / "ledger.db",
        {"timezone": "Asia/Ho_Chi_Minh", "limit": list(limits or (limit(),)),
         "alerts": {"channel": [CHANNEL], **alerts}, "on_unpriced": "count_only"},
        environ={},
    )  # fmt: skip
    with Keeper(config=settings, clock=clock, on_warning=lambda _: None) as keeper:
        store = open_alerts(settings)
        try:
            yield Alerting(settings, clock, keeper, store, FakeChannel())
        finally:
            store.close()
