"""Runs `quotakeeper alerts run`, `test`, `show` and `simulate`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from quotakeeper import clocks
from quotakeeper.alert_wiring import open_alerts
from quotakeeper.alerts.channels import make_channel
from quotakeeper.alerts.collecting import collect, simulate
from quotakeeper.alerts.message import Receipt
from quotakeeper.alerts.sending import AlertSender, Delivered
from quotakeeper.app.ledger_presence import check_is_there
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.alerts.texts import message_of, message_of_all
from quotakeeper.cli.alerts.view import (
    attempt_line,
    attempt_record,
    delivery_lines,
    delivery_record,
    refusal_lines,
    simulated_lines,
    simulated_record,
    test_line,
)
from quotakeeper.cli.text.times import parse_span
from quotakeeper.clocks import zone_named
from quotakeeper.config.alert_settings import AlertSettings, ChannelSettings
from quotakeeper.domain.alerts.alert import RULE_NAMES, Alert, AlertRule, alert_id
from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import replace

if TYPE_CHECKING:
    from quotakeeper.config import Settings
    from quotakeeper.domain.alerts.alert_store import AlertStore


def run_run(
    session: context.CommandContext, *, follow: bool = False, interval_seconds: float = 5.0,
    as_json: bool = False, clock: clocks.Clock | None = None,
) -> int:  # fmt: skip
    """Collect and send once, or with `follow` until a signal. Returns the exit code."""
    settings = session.settings()
    wanted = _wanted(settings)
    context.check_ledger_is_there(session)
    clock = clock or context.alert_clock()
    spoken = _spoken(session, wanted)
    zone = zone_named(settings.timezone)
    channels = {each.name: make_channel(each, clock) for each in wanted.channels}
    with _opened(settings) as store, context.open_keeper(session) as keeper:
        sender = AlertSender(
            store, channels, lambda all_: message_of_all(all_, zone, spoken), clock
        )
        while True:
            new = collect(keeper, store, wanted)
            done = sender.deliver()
            _print(new, done, session, as_json=as_json, is_quiet=follow)
            if not follow:
                is_taken = all(each.receipt.is_taken for each in done)
                return exit_codes.OK if is_taken else exit_codes.WARNING
            clock.sleep(interval_seconds)


def run_test(session: context.CommandContext, name: str | None, *, as_json: bool = False) -> int:
    """Send a test to the channels, and print their answers. Returns the exit code.

    Raises ConfigError for a secret that cannot be read, after the other channels were tested.
    """
    settings = session.settings()
    wanted = _wanted(settings)
    clock = context.alert_clock()
    spoken, zone = _spoken(session, wanted), zone_named(settings.timezone)
    now = clock.now()
    alert = Alert(alert_id("", AlertRule.TEST, now), AlertRule.TEST, now)
    message = message_of(alert, zone, spoken)
    answers: dict[str, Receipt] = {}
    broken: list[ConfigError] = []
    for channel in _chosen(wanted, name):
        try:
            answers[channel.name] = make_channel(channel, clock).send(message)
        except ConfigError as error:
            broken.append(error)
            continue
        if not as_json:
            console.say(test_line(channel, answers[channel.name], session))
    if broken:
        raise broken[0]
    if as_json:
        channels = [{"channel": each, "taken": answer.is_taken, "answer": answer.text}
                    for each, answer in answers.items()]  # fmt: skip
        console.say(json.dumps({"schema": Schema.ALERT_TEST, "channels": channels}, indent=2))
    return exit_codes.OK if all(each.is_taken for each in answers.values()) else exit_codes.FAILURE


def run_show(
    session: context.CommandContext, last: str, limit: int, *, as_json: bool = False
) -> int:
    """Print the newest alerts and their deliveries. Returns the exit code."""
    span, settings = parse_span(last), session.settings()
    context.check_ledger_is_there(session)
    with _opened(settings) as store:
        rows = store.rows(context.now() - span, limit)
    zone, spoken = zone_named(settings.timezone), _spoken(session, settings.alerts)
    if as_json:
        record = {"schema": Schema.ALERTS, "alerts": [
            delivery_record(each, message_of(each.alert, zone, spoken)) for each in rows]}  # fmt: skip
        console.say(json.dumps(record, indent=2, ensure_ascii=False))
        return exit_codes.OK
    titles = [message_of(each.alert, zone, spoken).title for each in rows]
    for line in delivery_lines(rows, titles, zone, session, console.width()):
        console.say(line)
    return exit_codes.OK


def run_simulate(session: context.CommandContext, last: str, *, as_json: bool = False) -> int:
    """Print the alerts that the journal would have made. Returns the exit code."""
    span, settings = parse_span(last), session.settings()
    check_is_there(settings)
    wanted = settings.alerts or AlertSettings("", RULE_NAMES, (), ())
    zone, spoken = zone_named(settings.timezone), _spoken(session, wanted)
    with context.open_keeper(session) as keeper:
        found = simulate(keeper, wanted, keeper.now() - span)
    messages = [message_of(each, zone, spoken) for each in found]
    if as_json:
        console.say(json.dumps(simulated_record(messages), indent=2, ensure_ascii=False))
        return exit_codes.OK
    for line in simulated_lines(found, messages, zone, session, console.width()):
        console.say(line)
    return exit_codes.OK


def _print(
    new: int, done: Sequence[Delivered], session: context.CommandContext, *, as_json: bool,
    is_quiet: bool,
) -> None:  # fmt: skip
    zone = zone_named(session.settings().timezone)
    for line in refusal_lines(done, session):
        console.tell(line)
    if as_json:
        if done or not is_quiet:
            attempts = [attempt_record(each) for each in done]
            record = {"schema": Schema.ALERT_RUN, "new": new, "attempts": attempts}
            console.say_at_once(json.dumps(record, ensure_ascii=False))
        return
    for each in done:
        console.say_at_once(attempt_line(each, zone, session))
    if not done and not is_quiet:
        console.tell(session.words("no alert is due"))


def _wanted(settings: Settings) -> AlertSettings:
    wanted = settings.alerts
    if wanted is None or not wanted.channels:
        where = "config" if settings.config_file is None else str(settings.config_file)
        raise ConfigError(
            where, "names no channel for alerts",
            "add one: [[alerts.channel]] with name, kind and url; see docs/en/how-to/alerts.md",
        )  # fmt: skip
    return wanted


def _chosen(wanted: AlertSettings, name: str | None) -> list[ChannelSettings]:
    found = [each for each in wanted.channels if name in (None, each.name)]
    if not found:
        names = ", ".join(each.name for each in wanted.channels)
        raise InvalidInputError("--channel", f"there is no channel {name!r}", f"one of: {names}")
    return found


def _spoken(
    session: context.CommandContext, wanted: AlertSettings | None
) -> context.CommandContext:
    """Return the session in the language of the alerts."""
    if wanted is None or not wanted.language:
        return session
    return replace(session, lang=wanted.language)


@contextmanager
def _opened(settings: Settings) -> Iterator[AlertStore]:
    store = open_alerts(settings)
    try:
        yield store
    finally:
        store.close()
