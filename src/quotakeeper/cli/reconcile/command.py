"""`quotakeeper reconcile`: the ledger held against the provider's own account."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from quotakeeper.app.reconcile import (
    BillTotals,
    Compared,
    RequestWindow,
    apply_difference,
    compare_bill,
    compare_requests,
)
from quotakeeper.app.records.saved_exports import named, text_chunks, text_lines
from quotakeeper.cli import context, exit_codes
from quotakeeper.cli.reconcile.account_http import DeepgramAccount
from quotakeeper.cli.reconcile.bill_view import BillHeading, bill_json, bill_table
from quotakeeper.cli.reconcile.view import Heading, Shown, written_json, written_table
from quotakeeper.cli.text.times import parse_range, parse_span
from quotakeeper.clocks import zone_named
from quotakeeper.config.provider_accounts import load_account_settings
from quotakeeper.domain.forecasting.time_buckets import bucket_start, whole_buckets
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.domain.windows import first_instant, moment
from quotakeeper.engine.retention import LEAST_DAYS
from quotakeeper.errors import InvalidInputError
from quotakeeper.providers.account_records import AccountRequest, BilledLine
from quotakeeper.providers.deepgram import ADAPTER as DEEPGRAM
from quotakeeper.providers.deepgram.account import read_request
from quotakeeper.providers.formats.json_stream import objects_listed
from quotakeeper.providers.gemini.billing import ZONE, read_bill

if TYPE_CHECKING:
    from quotakeeper import Keeper

_USUAL_SPAN = "7d"
_DAY = 86_400 * 1_000_000

Source = Callable[[], Iterable[AccountRequest]]


@dataclass(frozen=True, slots=True)
class ReconcileOptions:
    """Which account, over which time, and whether to write what is better known."""

    provider: str
    files: tuple[str, ...] = ()
    since: str | None = None
    until: str | None = None
    last: str | None = None
    apply: bool = False
    as_json: bool = False
    base_url: str = ""
    project: str = ""


def run_reconcile(session: context.CommandContext, options: ReconcileOptions) -> int:
    """Name every difference; with `apply`, write the corrections. 5 when something differs."""
    if options.provider == "gemini":
        return _reconcile_bill(session, options)
    if options.files and (options.base_url or options.project):
        raise InvalidInputError("--file", "stands beside --base-url or --project", "give one")
    with context.open_keeper(session) as keeper:
        window = _window(options, keeper)
        if options.files:
            source, window = _from_files(options.files, window)
            origin, balances = ", ".join(Path(each).name for each in options.files), []
        else:
            names = DEEPGRAM.environment
            settings = load_account_settings(names.key, names.project, names.base_urls[0])
            account = DeepgramAccount(
                replace(
                    settings,
                    url=options.base_url or settings.url,
                    project=options.project or settings.project,
                )
            )
            wide = window.widened()
            read = map(read_request, account.requests(wide.since, wide.until))
            found = [each for each in read if each is not None]
            source, origin, balances = (lambda: found), account.project, account.balances()
        sums = Compared()
        heading = Heading("deepgram", origin, window, options.apply, tuple(balances))
        shown = _differences(keeper, source, window, sums, apply=options.apply)
        write = written_json if options.as_json else written_table
        left = write(session, heading, shown, sums, keeper.zone)
    return exit_codes.DIFFERS if left else exit_codes.OK


def _window(options: ReconcileOptions, keeper: Keeper) -> RequestWindow:
    now = keeper.now()
    since, until = parse_range(options.since, options.until, options.last, keeper.zone, now)
    if since is None and not options.files:
        since = (now if until is None else until) - parse_span(_USUAL_SPAN)
    if until is None and not options.files:
        until = now + 1
    return RequestWindow(since, until)


def _from_files(files: Iterable[str], window: RequestWindow) -> tuple[Source, RequestWindow]:
    """Requests out of files, read anew each time; the window is theirs where none is given.

    Everything is read once before anything is compared, so a damaged file changes nothing.
    """
    paths = [Path(each) for each in files]

    def source() -> Iterator[AccountRequest]:
        for path in paths:
            yield from _requests_of(path)

    first = last = None
    for request in source():
        first = request.at if first is None else min(first, request.at)
        last = request.at if last is None else max(last, request.at)
    since = window.since if window.since is not None else first
    until = window.until if window.until is not None or last is None else last + 1
    return source, RequestWindow(since, until)


def _requests_of(path: Path) -> Iterator[AccountRequest]:
    def read() -> Iterator[AccountRequest]:
        for record in objects_listed(text_chunks(path), "requests", "request"):
            found = read_request(record)
            if found is not None:
                yield found

    return named(path, read())


def _need_single_calls(keeper: Keeper, provider: str, since: int | None, until: int | None) -> None:
    """Raise when some calls of a time are only known as sums: they would be taken for missing."""
    if since is not None and since >= keeper.now() - LEAST_DAYS * _DAY:
        return
    start, end = whole_buckets(since, until)
    missing: Counter[int] = Counter()
    for slot in keeper.slots(start, end):
        if slot.labels.provider == provider:
            missing[slot.bucket_at] += slot.calls
    for event in keeper.events(start, end, provider=provider):
        missing[bucket_start(event.at)] -= 1
    gone = [bucket_at for bucket_at, calls in missing.items() if calls > 0]
    if gone:
        day = moment(max(gone), keeper.zone).date() + timedelta(days=1)
        raise InvalidInputError(
            "--since", f"single calls before {day} are no longer kept: the ledger was compacted",
            f"give --since {day} or later",
        )  # fmt: skip


def _differences(
    keeper: Keeper, source: Source, window: RequestWindow, sums: Compared, *, apply: bool
) -> Iterator[Shown]:
    wide = window.widened()
    _need_single_calls(keeper, "deepgram", wide.since, wide.until)
    events = keeper.events(wide.since, wide.until, provider="deepgram")

    def same_model(one: str, other: str) -> bool:
        return _canonical(one) == _canonical(other)

    def _canonical(model: str) -> str:
        return keeper.prices.canonical_model("deepgram", model)

    for difference in compare_requests("deepgram", source(), events, window, same_model, sums):
        written = apply_difference(keeper, "deepgram", difference) if apply else None
        if written is not None:
            sums.here.exchange(difference.event, written)
        yield Shown(difference, written)


def _reconcile_bill(session: context.CommandContext, options: ReconcileOptions) -> int:
    if not options.files:
        raise InvalidInputError(
            "--file", "is needed: no key can ask for what Gemini billed",
            "save the cost table of the Cloud Billing console as CSV and name it",
        )  # fmt: skip
    if options.base_url or options.project:
        raise InvalidInputError("--base-url", "is for deepgram only", "leave it out")
    pacific = zone_named(ZONE)
    totals = BillTotals()
    with context.open_keeper(session) as keeper:
        now = keeper.now()
        since, until = parse_range(options.since, options.until, options.last, keeper.zone, now)
        span = (
            None if since is None else moment(since, pacific).date(),
            None if until is None else moment(until - 1, pacific).date(),
        )
        models = keeper.prices.snapshot.models("gemini")

        def lines() -> Iterator[BilledLine]:
            for file in options.files:
                path = Path(file)
                yield from named(path, read_bill(text_lines(path), pacific, models))

        def events(first: date | None, last: date | None) -> Iterator[UsageEvent]:
            start = None if first is None else first_instant(pacific, first)
            end = None if last is None else first_instant(pacific, last + timedelta(days=1))
            _need_single_calls(keeper, "gemini", start, end)
            booked: Iterator[UsageEvent] = keeper.events(start, end, provider="gemini")
            return booked

        found = compare_bill(lines(), events, pacific, span, totals)
    origin = ", ".join(Path(each).name for each in options.files)
    heading = BillHeading("gemini", origin, ZONE, options.apply)
    write = bill_json if options.as_json else bill_table
    write(session, heading, found, totals)
    return exit_codes.DIFFERS if found else exit_codes.OK
