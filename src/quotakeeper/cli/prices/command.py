"""Runs `quotakeeper prices`: prints the price rows with their date, source and confidence."""

from __future__ import annotations

import json
from collections.abc import Iterable

from quotakeeper import clocks
from quotakeeper.app.price_lookup import all_prices, price_list_record, prices_of_model
from quotakeeper.app.price_notices import notice_lines
from quotakeeper.app.upcoming_prices import price_changes
from quotakeeper.catalogue import load_snapshot
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.prices.view import heading, price_lines
from quotakeeper.cli.text.times import parse_moment


def run_list(session: context.CommandContext, *, provider: str, as_json: bool) -> int:
    """Print the price rows of all providers, or of one provider. Returns the exit code."""
    snapshot = load_snapshot(session.settings().price_files)
    prices = all_prices(snapshot, provider)
    if as_json:
        return _say([json.dumps(price_list_record(prices), indent=2)])
    models = {(row.provider, row.model) for row in prices.rows}
    changes = price_changes(snapshot, context.now(), models)
    return _say(
        [*price_lines(prices, session, console.width()), *notice_lines(changes, session.words)]
    )


def run_show(
    session: context.CommandContext, model: str, *, provider: str, at: str | None, as_json: bool
) -> int:
    """Print the price rows of one model in force at the time `at`, or now. Returns the exit code."""
    settings = session.settings()
    snapshot = load_snapshot(settings.price_files)
    zone = clocks.zone_named(settings.timezone)
    now = context.now()
    moment = now if at is None else parse_moment(at, zone, now, "--at")
    prices = prices_of_model(snapshot, model, moment, provider)
    if as_json:
        return _say([json.dumps(price_list_record(prices), indent=2)])
    lines = price_lines(prices, session, console.width())
    changes = price_changes(snapshot, moment, prices.models)
    return _say(
        [heading(prices, moment, zone, session), *lines, *notice_lines(changes, session.words)]
    )


def _say(lines: Iterable[str]) -> int:
    for line in lines:
        console.say(line)
    return exit_codes.OK
