"""Shows the cost of each step and each file, from the booked usage events."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from quotakeeper.app.records.amounts import grouped, local_money, money, rate_text
from quotakeeper.domain.money import ExchangeRate
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.pipeline.job_labels import JobLabels
from quotakeeper.pipeline.wording import Wording


class StepCosts:
    """Collects the usage events of a run.

    `currency` is the exchange rate for a second currency, or None. `models` are the used models, as
    pairs of provider and model.
    """

    def __init__(self) -> None:
        self._events: list[UsageEvent] = []
        self.currency: ExchangeRate | None = None
        self.models: set[tuple[str, str]] = set()

    def note(self, event: UsageEvent) -> None:
        """Add a booked usage event."""
        self._events.append(event)
        self.models.add((event.labels.provider, event.labels.model or ""))

    def take(self) -> list[UsageEvent]:
        """Return the events since the last call of `take`, and remove them."""
        taken, self._events = self._events, []
        return taken


def cost_text(events: Sequence[UsageEvent], words: Wording) -> str:
    """Format the cost of some events and how the cost is known, such as "$0.0012 (reported)"."""
    priced = [event.cost_pico for event in events if event.cost_pico is not None]
    unpriced = len(events) - len(priced)
    known = ", ".join(words(name) for name in sorted({str(e.provenance) for e in events}))
    if not priced:
        return words("cost unknown, no price for {n} calls ({known})", n=unpriced, known=known)
    amount = money(sum(priced), words.lang)
    if unpriced:
        return words(
            "{amount} and {n} calls without a price ({known})",
            amount=amount, n=unpriced, known=known,
        )  # fmt: skip
    return f"{amount} ({known})"


class FileCost:
    """Shows the cost of each step of a file when the step ends, then the cost of the whole file."""

    def __init__(self, costs: StepCosts, words: Wording, show: Callable[[str], None]) -> None:
        self.labels = JobLabels()
        self._costs = costs
        self._words = words
        self._show = show
        self._step = ""
        self._events: list[UsageEvent] = []

    def begin_step(self, name: str) -> None:
        """Start a step. The events booked until `end_step` belong to this step."""
        self._step = name

    def end_step(self) -> None:
        """Show the cost of the step. If no event was booked, nothing is shown."""
        events = self._costs.take()
        self._events += events
        if events:
            words = self._words
            text = cost_text(events, words)
            self._show("  " + words("{step}: {cost}", step=words(self._step), cost=text))

    def end_file(self) -> None:
        """Show the cost of the file and its cost per minute of media. If nothing was paid, nothing
        is shown."""
        if not self._events:
            return
        words, minute = self._words, self._minute()
        text = words("cost of this file: {cost}", cost=cost_text(self._events, words))
        self._show(f"  {text}" + (f"; {minute}" if minute else ""))
        priced = [event.cost_pico for event in self._events if event.cost_pico is not None]
        rate = self._costs.currency
        if rate is not None and priced:
            amount = local_money(sum(priced), rate, words.lang)
            self._show(f"    {amount} ({words('assumed')}: {rate_text(rate, words.lang)})")

    def _minute(self) -> str:
        costs = [event.cost_pico for event in self._events]
        milliseconds = self.labels.milliseconds
        if not milliseconds or None in costs:
            return ""
        pico = sum(cost or 0 for cost in costs) * 60_000 // milliseconds
        words = self._words
        return words(
            "{amount} a minute, for {minutes} minutes of media",
            amount=money(pico, words.lang), minutes=grouped(f"{milliseconds / 60_000:.2f}", words.lang),
        )  # fmt: skip
