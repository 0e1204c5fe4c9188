"""Runs `quotakeeper reconcile`: compares the ledger with the provider's own account."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from quotakeeper.app.reconcile import BillTotals, Compared, RequestWindow
from quotakeeper.app.reconcile.comparing import reconcile_bill, reconcile_requests
from quotakeeper.app.reconcile.records import (
    BillHeading,
    ComparisonHeading,
    bill_comparison_record,
    write_comparison,
)
from quotakeeper.app.reconcile.sources import (
    RequestSource,
    bill_from_files,
    file_names,
    requests_from_account,
    requests_from_files,
)
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.reconcile.account_http import DeepgramAccount
from quotakeeper.cli.reconcile.bill_view import nothing_written, print_bill
from quotakeeper.cli.reconcile.view import print_comparison
from quotakeeper.cli.text.times import parse_range, parse_span
from quotakeeper.clocks import zone_named
from quotakeeper.config.provider_accounts import load_account_settings
from quotakeeper.errors import InvalidInputError
from quotakeeper.providers.deepgram.facts import FACTS as DEEPGRAM
from quotakeeper.providers.gemini.billing import ZONE
from quotakeeper.value_classes import dataclass, replace

if TYPE_CHECKING:
    from quotakeeper import Keeper

_USUAL_SPAN = "7d"


@dataclass(frozen=True, slots=True)
class ReconcileOptions:
    """The options of `reconcile`. `files` are saved exports to read instead of the account.

    With `apply`, corrections are written to the ledger.
    """

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
    """Print every difference between the ledger and the account. With `apply`, write the
    corrections that are sure.

    Returns exit code 5 if a difference is not corrected, else 0.
    """
    if options.provider == "gemini":
        return _reconcile_gemini(session, options)
    if options.files and (options.base_url or options.project):
        raise InvalidInputError(
            "--file", "cannot be used with --base-url or --project", "give only one of them"
        )
    with context.open_existing(session) as keeper:
        key_names = keeper.settings.key_names
        source = _source(options, _window(options, keeper), key_names.get("deepgram", ""))
        sums = Compared()
        heading = ComparisonHeading(
            "deepgram", source.name, source.window, options.apply, tuple(source.balances)
        )
        found = reconcile_requests(
            keeper, "deepgram", source.read, source.window, sums, apply=options.apply
        )
        if options.as_json:
            left = write_comparison(sys.stdout.write, heading, found, sums)
        else:
            left = print_comparison(session, heading, found, sums, keeper.zone)
    return exit_codes.DIFFERS if left else exit_codes.OK


def _source(options: ReconcileOptions, window: RequestWindow, key_name: str) -> RequestSource:
    if options.files:
        return requests_from_files(options.files, window)
    names = DEEPGRAM.environment
    settings = load_account_settings(key_name or names.key, names.project, names.base_urls[0])
    url, project = options.base_url or settings.url, options.project or settings.project
    return requests_from_account(
        DeepgramAccount(replace(settings, url=url, project=project)), window
    )  # fmt: skip


def _window(options: ReconcileOptions, keeper: Keeper) -> RequestWindow:
    now = keeper.now()
    since, until = parse_range(options.since, options.until, options.last, keeper.zone, now)
    if since is None and not options.files:
        since = (now if until is None else until) - parse_span(_USUAL_SPAN)
    if until is None and not options.files:
        until = now + 1
    return RequestWindow(since, until)


def _reconcile_gemini(session: context.CommandContext, options: ReconcileOptions) -> int:
    if not options.files:
        raise InvalidInputError(
            "--file", "is required: Google has no API for Gemini's bill",
            "save the cost table of the Cloud Billing console as CSV, and give that file with "
            "--file",
        )  # fmt: skip
    if options.base_url or options.project:
        raise InvalidInputError("--base-url", "is for deepgram only", "leave it out")
    pacific = zone_named(ZONE)
    totals = BillTotals()
    with context.open_existing(session) as keeper:
        span = parse_range(
            options.since, options.until, options.last, keeper.zone, keeper.now()
        )  # fmt: skip
        models = keeper.prices.snapshot.models("gemini")
        lines = bill_from_files(options.files, pacific, models)
        found = reconcile_bill(keeper, "gemini", lines, pacific, span, totals)
    heading = BillHeading("gemini", file_names(options.files), ZONE, options.apply)
    if options.as_json:
        console.say(json.dumps(bill_comparison_record(heading, found, totals), indent=2))
        if heading.applies:
            console.tell(nothing_written(session.words))
    else:
        print_bill(session, heading, found, totals)
    return exit_codes.DIFFERS if found else exit_codes.OK
