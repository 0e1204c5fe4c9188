"""Makes a plan for media files: the operations, their cost, and when the limits allow each file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from quotakeeper.app.media.folders import FoundMedia, SkippedFile
from quotakeeper.app.media.lengths import find_ffprobe
from quotakeeper.app.planning.days import Plan, Unreadable
from quotakeeper.app.planning.estimates import (
    LANGUAGES,
    Pricer,
    chosen_rates,
    file_plan,
    heard_in,
)
from quotakeeper.app.planning.media_files import AudioSize, audio_size, media_in
from quotakeeper.clocks import zone_named
from quotakeeper.domain.forecasting.audio_rates import Rate, rates_from
from quotakeeper.domain.forecasting.scheduling import LimitRoom, plan, standing
from quotakeeper.domain.forecasting.time_buckets import use_by_bucket
from quotakeeper.domain.limits import Limit, Mode
from quotakeeper.domain.usage import check_scope
from quotakeeper.domain.windows import SECOND, Window, first_instant, moment, period_at
from quotakeeper.errors import InvalidInputError
from quotakeeper.keeper import engine_of
from quotakeeper.providers.audio import longest_milliseconds
from quotakeeper.value_classes import dataclass, field, replace

if TYPE_CHECKING:
    from quotakeeper import Keeper
    from quotakeeper.domain.forecasting.status import LimitStatus, Status
    from quotakeeper.domain.units import Quantities

ORDERS = ("name", "shortest", "longest", "oldest", "newest")
_HISTORY_DAYS = 90
_MOST_EVENTS = 50_000  # about two thousand films


@dataclass(frozen=True, slots=True)
class PlanRequest:
    """What to plan. `sort` is one of ORDERS. `limit_days` is the number of days to plan.

    If `operations` is empty, the operations in the ledger are planned. If `models` is empty, each
    operation keeps its model.
    """

    operations: tuple[str, ...] = ()
    models: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    scope: Mapping[str, str] = field(default_factory=dict)
    sort: str = "name"
    limit_days: int = 366


Finished = Callable[[Path], Collection[str]]


def _nothing_finished(path: Path) -> Collection[str]:
    return ()


def make_plan(
    keeper: Keeper, found: FoundMedia, request: PlanRequest, finished: Finished = _nothing_finished
) -> Plan:
    """Measure the files, price the planned operations, and schedule them within the limits.

    `finished` returns the operations that are already done for a file. If all planned operations of
    a file are done, the file is left out.
    """
    skipped = list(found.skipped)
    status = keeper.status(forecasts=False)
    # If the ledger is ahead of the clock, the ledger's time counts.
    now = max([status.as_of, *(e.period.start_at for e in status.limits if not _rolls(e.limit))])
    rates = _rates(keeper, request, now)
    operations = {rate.operation for rate in rates}
    done = [path for path in found.files if operations <= set(finished(path))]
    sizes, unreadable = _measured([x for x in found.files if x not in done], skipped)
    languages = request.languages or LANGUAGES
    scope = check_scope(request.scope)
    price = _pricer(keeper, languages, now)
    files = tuple(file_plan(x, rates, scope, price) for x in _sorted(sizes, request.sort))
    standings = _standings(keeper, _entries(keeper, status, scope), now)
    today = moment(now, keeper.zone).date()
    until = first_instant(keeper.zone, today + timedelta(days=request.limit_days))
    today_ends_at = period_at(Window("day"), keeper.zone, now).end_at
    if_high = plan([file.task(high=True) for file in files], standings, now, today_ends_at)
    return Plan(
        now,
        keeper.zone,
        today_ends_at,
        request.limit_days,
        rates,
        files,
        unreadable,
        plan([file.task() for file in files], standings, now, until),
        len(if_high.planned),
        tuple(each for each in status.quotas if each.provider in {x.provider for x in rates}),
        tuple(skipped),
        tuple(map(str, done)),
    )


def _rates(keeper: Keeper, request: PlanRequest, now: int) -> tuple[Rate, ...]:
    since = now - _HISTORY_DAYS * 86_400 * SECOND
    events = keeper.events(since=since, limit=_MOST_EVENTS, newest_first=True)
    history = rates_from(reversed(list(events)))
    rates = chosen_rates(history, request.operations, request.models, keeper.prices.snapshot)
    return heard_in(rates, request.languages or LANGUAGES)


def _pricer(keeper: Keeper, languages: Sequence[str], now: int) -> Pricer:
    settings, prices = keeper.settings, keeper.prices.snapshot
    plain = {"plan": settings.plan}
    hearing = {**plain, "language": "multi"} if "multi" in languages else plain

    def price(rate: Rate, quantities: Quantities) -> int | None:
        options = hearing if rate.is_hearing else plain
        found = prices.price(rate.provider, rate.model, quantities, now, options)
        if found.cost_pico is None and settings.on_unpriced == "price_as_highest":
            found = prices.highest(rate.provider, quantities, now)
        return found.cost_pico

    return price


def _entries(
    keeper: Keeper, status: Status, scope: Sequence[tuple[str, str]]
) -> Sequence[LimitStatus]:
    """Return the state of each limit that the schedule must respect.

    A limit per label has an entry for the label value of the planned calls, even if no call has
    used this value yet.
    """
    labels = dict(scope)
    known = [entry for entry in status.limits if not entry.limit.is_rule]
    names = {entry.limit.name for entry in known}
    own = [x.of_value(labels[x.per]) for x in keeper.limits if x.is_rule and x.per in labels]
    more = [limit for limit in own if limit.name not in names]
    return [*known, *engine_of(keeper).reads.standing(more)] if more else known


def _standings(keeper: Keeper, entries: Sequence[LimitStatus], now: int) -> list[LimitRoom]:
    rolling = [e.limit.window.seconds * SECOND for e in entries if _rolls(e.limit)]
    slots = keeper.slots(since=now - max(rolling)) if rolling else ()
    profiles = use_by_bucket([entry.limit.account for entry in entries], slots)
    return [
        standing(
            _as_enforced(entry.limit, keeper.settings.on_limit),
            zone_named(entry.limit.timezone),
            entry.used + entry.reserved,
            now,
            profile,
        )
        for entry, profile in zip(entries, profiles, strict=True)
    ]


def _rolls(limit: Limit) -> bool:
    return limit.window.kind == "rolling"


def _as_enforced(limit: Limit, on_limit: str) -> Limit:
    softened = on_limit == "warn" and limit.mode is Mode.HARD
    return replace(limit, mode=Mode.SOFT) if softened else limit


def media_of(folders: Sequence[str]) -> FoundMedia:
    """Find the audio and video files among `folders` and inside them, without duplicates.

    Raises InvalidInputError if there is no such file.
    """
    found: dict[Path, Path] = {}
    skipped: list[SkippedFile] = []
    for name in folders:
        path = Path(name)
        if path.is_file():
            found.setdefault(path.resolve(), path)
            continue
        inside = media_in(name)
        skipped += inside.skipped
        for one in inside.files:
            found.setdefault(one.resolve(), one)
    if not found:
        named = ", ".join(folders)
        raise InvalidInputError(
            "FOLDER", f"{named} has no audio or video files", "name another folder"
        )
    return FoundMedia(tuple(found.values()), tuple(skipped))


def _measured(
    paths: Sequence[Path], skipped: list[SkippedFile]
) -> tuple[list[AudioSize], tuple[Unreadable, ...]]:
    """Return the length of each file, and the unreadable files. Files without sound are added to
    `skipped`."""
    sizes: list[AudioSize] = []
    unreadable: list[Unreadable] = []
    ffprobe = find_ffprobe()
    for path in paths:
        try:
            size = audio_size(path, ffprobe)
            if size.without:
                skipped.append(SkippedFile(path, size.without))
            else:
                sizes.append(size)
        except InvalidInputError as error:
            most = longest_milliseconds(path.stat().st_size)
            unreadable.append(Unreadable(str(path), error.problem, most))
    return sizes, tuple(unreadable)


def _sorted(sizes: Sequence[AudioSize], by: str) -> list[AudioSize]:
    """Return the files in the order `by`, one of ORDERS. Files that compare equal are sorted by name."""

    def changed(size: AudioSize) -> int:
        return Path(size.name).stat().st_mtime_ns

    keys: dict[str, Callable[[AudioSize], int]] = {
        "name": lambda size: 0,
        "shortest": lambda size: size.milliseconds,
        "longest": lambda size: -size.milliseconds,
        "oldest": changed,
        "newest": lambda size: -changed(size),
    }
    return sorted(sizes, key=lambda size: (keys[by](size), size.name))
