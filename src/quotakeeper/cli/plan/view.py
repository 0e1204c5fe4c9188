"""Formats a plan as text: files, operations, today, later days, and files that never fit."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from quotakeeper.app.planning.days import Plan, days_of, state_of
from quotakeeper.app.planning.estimates import FilePlan, Spread
from quotakeeper.app.records.instants import zone_text
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import columns_of, table_lines
from quotakeeper.cli.views.quota_lines import quota_lines
from quotakeeper.domain.forecasting.audio_rates import Rate
from quotakeeper.domain.units import METERS
from quotakeeper.domain.usage import Provenance
from quotakeeper.domain.windows import moment

_MINUTES = METERS["audio_minutes"]
_COST = METERS["cost"]
_TOKENS = METERS["tokens"]


def plan_lines(made: Plan, session: CommandContext, width: int) -> Iterator[str]:
    """Yield the lines of the plan."""
    words = session.words
    at = figures.stamp(made.now, made.zone)
    yield words("Plan at {at} ({zone}); nothing is sent", at=at, zone=zone_text(made.zone))
    yield ""
    if made.files:
        yield from _files(made, session, width)
        yield ""
        yield from _operations(made, session, width)
        yield ""
        yield from _today(made, session)
        yield from _days(made, session, width)
    quotas = quota_lines(made.quotas, made.now, made.zone, session, width)
    yield from ["", *quotas] if quotas else []
    yield from _remarks(made, session)


def _files(made: Plan, session: CommandContext, width: int) -> list[str]:
    words = session.words
    planned = {each.name: each.ends_at for each in made.schedule.planned}
    states = state_of(made)
    rows = []
    for each in made.files:
        name = each.size.name
        when = words(states[name])
        if states[name] == "later":
            when = f"{moment(planned[name], made.zone):%Y-%m-%d %H:%M}"
        rows.append([name, *_amounts([each], session), "" if each.size.exact else "?", when])
    if len(made.files) > 1:
        rows.append([words("total"), *_amounts(made.files, session), "", ""])
    header = [
        words("FILE"), words("MINUTES"), words("TOKENS"), words("COST"), words("LOW TO HIGH"), "",
        words("WHEN"),
    ]  # fmt: skip
    return _table(header, rows, {1, 2, 3, 4, 6}, session, width, names=0)


def _amounts(files: Sequence[FilePlan], session: CommandContext) -> list[str]:
    lang = session.lang
    minutes = figures.quantity(sum(each.size.milliseconds for each in files), _MINUTES, lang)
    tokens = Spread.total(each.tokens for each in files).expected or 0
    cost = Spread.total(each.cost for each in files)
    unpriced = any(each.unpriced for each in files)
    return [minutes, figures.about(tokens, _TOKENS, lang), *_cost(cost, session, unpriced)]


def _cost(cost: Spread, session: CommandContext, unpriced: bool) -> list[str]:
    # An unpriced call is not free, so the sum of the priced calls gets a mark.
    mark = "+?" if unpriced else ""
    low, middle, high = (_money(x, session) for x in (cost.low, cost.expected, cost.high))
    return [middle + mark, session.words("{low} to {high}", low=low, high=high)]


def _money(pico: int | None, session: CommandContext) -> str:
    if pico is None:
        return figures.money(None, session.lang)
    return figures.about(pico, _COST, session.lang)


def _operations(made: Plan, session: CommandContext, width: int) -> list[str]:
    words, lang = session.words, session.lang
    rows = []
    for number, rate in enumerate(made.rates):
        uses = [each.uses[number] for each in made.files]
        audio = Spread.total(use.audio for use in uses).expected or 0
        tokens = Spread.total(use.tokens for use in uses).expected or 0
        amount = (
            figures.with_unit(audio, _MINUTES, lang)
            if rate.is_hearing
            else f"{figures.about(tokens, _TOKENS, lang)} {figures.unit_word(_TOKENS, lang)}"
        )
        cost = Spread.total(use.cost for use in uses)
        unpriced = any(use.cost.expected is None for use in uses)
        cells = [rate.operation, f"{rate.provider}/{rate.model}".rstrip("/"), amount]
        rows.append([*cells, *_cost(cost, session, unpriced), _known_from(rate, session)])
    header = [
        words("OPERATION"), words("MODEL"), words("AMOUNT"), words("COST"), words("LOW TO HIGH"),
        words("KNOWN FROM"),
    ]  # fmt: skip
    return _table(header, rows, {2, 3, 4}, session, width)


def _known_from(rate: Rate, session: CommandContext) -> str:
    words = session.words
    if rate.basis == "assumed":
        return words("assumed")
    known = "" if rate.provenance is Provenance.REPORTED else f", {words(str(rate.provenance))}"
    return words("history, files: {n}", n=figures.whole(rate.files, session.lang)) + known


def _today(made: Plan, session: CommandContext) -> Iterator[str]:
    words, lang = session.words, session.lang
    yield words.plural(
        len(made.files),
        "Today {n} of {all} file fits; if the files use more than expected: {high}",
        "Today {n} of {all} files fit; if the files use more than expected: {high}",
        n=figures.whole(made.today, lang),
        all=figures.whole(len(made.files), lang),
        high=figures.whole(made.today_if_high, lang),
    )


def _days(made: Plan, session: CommandContext, width: int) -> Iterator[str]:
    words, lang = session.words, session.lang
    days = days_of(made)
    if not days or (len(days) == 1 and made.today == len(made.schedule.planned)):
        return
    rows = [
        [
            each.day.isoformat(),
            figures.whole(len(each.files), lang),
            *_amounts(each.files, session)[:3],
            figures.clock_text(each.planned[-1].ends_at, each.planned[-1].ends_at, made.zone),
            each.waited_for,
        ]
        for each in days
    ]
    header = [
        words("DAY"), words("FILES"), words("MINUTES"), words("TOKENS"), words("COST"),
        words("NOT BEFORE"), words("WAITED FOR"),
    ]  # fmt: skip
    yield ""
    yield from _table(header, rows, {0, 1, 2, 3, 4, 5}, session, width)


def _remarks(made: Plan, session: CommandContext) -> Iterator[str]:
    words, lang, schedule = session.words, session.lang, made.schedule
    lines: list[str] = []
    for each in schedule.impossible:
        meter = each.limit.meter_info
        lines.append(
            words(
                "{name} never fits: one of its calls needs {asked}, but {limit} is {amount}",
                name=each.name,
                asked=figures.with_unit(each.asked, meter, lang),
                limit=each.limit.name,
                amount=figures.with_unit(each.limit.amount, meter, lang),
            )
        )
    if schedule.beyond:
        count = figures.whole(len(schedule.beyond), lang)
        days = figures.whole(made.limit_days, lang)
        lines.append(
            words.plural(
                len(schedule.beyond), "cannot be done within {days} days: {n} file",
                "cannot be done within {days} days: {n} files", days=days, n=count,
            )
        )  # fmt: skip
    for passed in schedule.passed:
        at = figures.clock_text(passed.at, made.now, made.zone)
        lines.append(
            words("{name} exceeds soft limit {limit} at {at}",
                  limit=passed.limit.name, at=at, name=passed.name)
        )  # fmt: skip
    lines += _doubts(made, session)
    if made.done:
        n = len(made.done)
        lines.append(
            words.plural(
                n, "{n} file already has its outputs; with --again it is planned too",
                "{n} files already have their outputs; with --again they are planned too",
                n=figures.whole(n, lang),
            )
        )  # fmt: skip
    if lines:
        yield ""
        yield from lines


def _doubts(made: Plan, session: CommandContext) -> Iterator[str]:
    words, lang = session.words, session.lang
    if any(rate.basis == "assumed" for rate in made.rates):
        yield words(
            "assumed: the ledger has no history of these operations, so the plan uses the usual "
            "rates of a subtitle pipeline"
        )
    for file in made.unreadable:
        most = figures.with_unit(file.most_milliseconds, _MINUTES, lang)
        yield words("{name} is not planned ({why}); by its size it is at most {most} long",
                    name=file.name, why=file.why, most=most)  # fmt: skip
    for skipped in made.skipped:
        why = words(skipped.reason)
        yield words("{name} is not planned ({why})", name=str(skipped.path), why=why)
    if any(not each.size.exact for each in made.files):
        yield words("?: the length is unknown; the plan uses the longest possible length")
    if any(each.unpriced for each in made.files):
        yield words("+?: the price of a part is not known, so that part is not included")


def _table(
    header: list[str], rows: list[list[str]], right: set[int], session: CommandContext, width: int,
    names: int | None = None,
) -> list[str]:  # fmt: skip
    """Return the lines of a table. If the table is wider than `width`, the column LOW TO HIGH is
    left out."""
    ellipsis = session.glyphs.ellipsis
    lines = table_lines(
        header, rows, right=frozenset(right), width=width, ellipsis=ellipsis, names=names
    )
    spare = session.words("LOW TO HIGH")
    if spare not in header or max(map(columns_of, lines)) <= width:
        return lines
    at = header.index(spare)
    less = [[*row[:at], *row[at + 1 :]] for row in (header, *rows)]
    kept = {index - (index > at) for index in right if index != at}
    return _table(less[0], less[1:], kept, session, width, names)
