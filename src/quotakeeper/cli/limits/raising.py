"""Runs `limits raise`, `limits set --for` and `limits topup`: raises a limit for a time, or adds
credit."""

from __future__ import annotations

import json
from collections.abc import Mapping

from quotakeeper.app.records.limits import raised_record, top_up_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.times import parse_moment, parse_span
from quotakeeper.domain.units import Meter, amount_from_units, units_text
from quotakeeper.domain.windows import SECOND
from quotakeeper.errors import InvalidInputError
from quotakeeper.keeper import Keeper


def run_raise(
    session: context.CommandContext, name: str, to: str, for_span: str, why: str, *, as_json: bool
) -> int:  # fmt: skip
    """Raise the limit `name` to `to` for the span `for_span`, and print when the raise ends.

    Returns the exit code.
    """
    seconds = parse_span(for_span, "--for") // SECOND
    context.check_ledger_is_there(session)
    with context.open_keeper(session) as keeper:
        now, zone = keeper.now(), keeper.zone
        until = keeper.raise_limit(name, to=to, for_seconds=seconds, why=why)
    if as_json:
        console.say(json.dumps(raised_record(name, to, until, why), indent=2))
    else:
        at = figures.clock_text(until, now, zone)
        left = figures.duration(until - now, session.lang)
        text = "limit {name!r} is raised to {amount} until {at}, in {left}: {why}"
        amount = _amount_text(to, _meter_of(keeper, name), session.lang)
        console.tell(session.words(text, name=name, amount=amount, at=at, left=left, why=why))
    return exit_codes.OK


def run_top_up(
    session: context.CommandContext, name: str, amount: str, expires: str | None, why: str, *,
    as_json: bool,
) -> int:  # fmt: skip
    """Add credit to a prepaid limit, and print the new balance. Returns the exit code."""
    with context.open_keeper(session) as keeper:
        now, zone = keeper.now(), keeper.zone
        until = None
        if expires is not None:
            until = parse_moment(expires, zone, now, "--expires", end=True)
        left = keeper.top_up(name, amount, expires_at=until, why=why)
        meter = _meter_of(keeper, name)
    if as_json:
        balance = units_text(left, meter)
        console.say(json.dumps(top_up_record(name, amount, until, balance), indent=2))
    else:
        text = "limit {name!r}: {amount} added; the balance is {left}"
        if until is not None:
            text = "limit {name!r}: {amount} added, until {at}; the balance is {left}"
        balance = figures.with_unit(left, meter, session.lang)
        at = "" if until is None else figures.stamp(until, zone)
        console.tell(
            session.words(
                text,
                name=name,
                amount=_amount_text(amount, meter, session.lang),
                at=at,
                left=balance,
            )
        )
    return exit_codes.OK


def _meter_of(keeper: Keeper, name: str) -> Meter:
    """Return the meter of the limit `name`.

    `name` may also be a limit of one label value, such as "each user [user=an]".
    """
    asked = name.casefold()
    named = (limit.name.casefold() for limit in keeper.limits)
    return next(
        limit.meter_info for limit, each in zip(keeper.limits, named, strict=True)
        if asked == each or asked.startswith(f"{each} [")
    )  # fmt: skip


def _amount_text(amount: str, meter: Meter, lang: str) -> str:
    return figures.with_unit(amount_from_units(amount, meter), meter, lang)


def run_set_for(
    session: context.CommandContext, name: str, changes: Mapping[str, object], for_span: str,
    why: str | None,
) -> int:  # fmt: skip
    """Run `limits set --amount AMOUNT --for SPAN`: raise the limit for this span. Returns the exit
    code."""
    amount = changes.get("amount")
    if not isinstance(amount, str) or len(changes) > 1:
        fix = "with --for, give only --amount and --why; to change other values, leave out --for"
        raise InvalidInputError("--for", "can only be used with --amount", fix)
    if not (why or "").strip():
        raise InvalidInputError("--why", "is missing", "give the reason in a few words")
    return run_raise(session, name, amount, for_span, why or "", as_json=False)
