"""A program that makes every public call. pyright checks it in strict mode; nothing runs it.

The result of every call must have a known type: an `Any` from a missing annotation in the package is an
error here.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, assert_type

import quotakeeper
from quotakeeper import (
    ClockSuspectError,
    ConfigError,
    Decision,
    InvalidInputError,
    Keeper,
    KeyConflictError,
    LedgerError,
    Limit,
    LimitExceeded,
    LimitStatus,
    LimitWarning,
    Outcome,
    OutcomeUnknownError,
    PausedError,
    Provenance,
    QuotakeeperError,
    Reservation,
    ReservationClosedError,
    Status,
    UnpricedModelError,
    UsageEvent,
    UsageRow,
    UsageTable,
    Verdict,
)
from quotakeeper.calculator import TokenCalculator
from quotakeeper.domain.usage import CallLabels
from quotakeeper.errors import RefusingVerdict
from quotakeeper.providers import (
    NO_RESPONSE,
    Adapter,
    Call,
    LiveSession,
    ProviderAdapter,
    ProviderFault,
    Refusal,
    Request,
    Usage,
    UsageReader,
    adapter_named,
    adapters,
    live_session,
    plugin_problems,
    recognise,
)
from quotakeeper.providers.addresses import Address
from quotakeeper.providers.contract import CountText
from quotakeeper.testing import FakeClock
from quotakeeper.tokens import TokenEstimate, count_tokens, detect_language, estimate_tokens


def opened(folder: Path) -> Keeper:
    def warned(verdict: Verdict) -> None:
        print(verdict.explain(), verdict.limit.name, verdict.fits)
        print(verdict.is_held, verdict.is_used_up, verdict.never_fits, verdict.reset_time)

    def told(warning: LimitWarning) -> None:
        warned(warning)
        print(assert_type(warning.text, str))

    print(told)
    return Keeper(
        folder / "ledger.db", {"timezone": "UTC"}, "process", lease="auto",
        clock=FakeClock("2026-11-23T12:00:00Z"), on_warning=warned,
    )  # fmt: skip


def reserving(keeper: Keeper) -> UsageEvent:
    with keeper.reserve(
        "gemini", model="gemini-2.5-flash", operation="translate", scope={"project": "film"},
        event_id="id", ttl_seconds=60, options={"tier": "batch"}, sent=True, input_tokens=10,
    ) as call:  # fmt: skip
        assert_type(call, Reservation)
        call.mark_sent()
        call.extend(30)
        assert_type(call.grow(output_tokens=5), Decision)
        assert_type(call.id, str)
        assert_type(call.is_open, bool)
        assert_type(call.decision, Decision)
        assert_type(call.event, UsageEvent | None)
        event = assert_type(call.settle(input_tokens=8), UsageEvent)
    keeper.settle("id", input_tokens=8)
    keeper.release("id")
    call.release()
    return event


async def reserving_asynchronously(folder: Path) -> None:
    async with opened(folder) as keeper:
        async with keeper.areserve("gemini", input_tokens=10) as call:
            await call.amark_sent()
            await call.aextend(30)
            assert_type(await call.agrow(output_tokens=5), Decision)
            assert_type(await call.asettle(input_tokens=8), UsageEvent)
            await call.arelease()
        assert_type(await keeper.areserve("gemini", input_tokens=10), Reservation)
        assert_type(await keeper.arecord("gemini", input_tokens=1), UsageEvent)
        assert_type(await keeper.acorrect("id", input_tokens=2), UsageEvent)
        assert_type(await keeper.aevent("id"), UsageEvent | None)
        assert_type(await keeper.acheck("gemini", input_tokens=1), Decision)
        assert_type(await keeper.astatus(forecasts=False), Status)
        assert_type(await keeper.ausage(by=("day",)), UsageTable)
        print([problem.what for problem in await keeper.averify()])
        print((await keeper.averify_new(whole=True)).newest)
        print((await keeper.acompact(400)).calls)
        await keeper.asettle("id", input_tokens=2)
        await keeper.arelease("id")
        await keeper.aclose()


def recording(keeper: Keeper) -> None:
    event = keeper.record(
        "deepgram", model="nova-2", operation="speech_to_text", scope={"team": "a"}, event_id="x",
        at=1, options={"mode": "streaming"}, audio_seconds=120.5,
    )  # fmt: skip
    assert_type(event, UsageEvent)
    assert_type(keeper.correct("x", audio_seconds=118.2), UsageEvent)
    assert_type(keeper.check("gemini", model="m", input_tokens=1), Decision)
    assert_type(keeper.event("x"), UsageEvent | None)
    events = keeper.events(0, 1, provider="gemini", model="", operation="", limit=1)
    assert_type(events, Iterator[UsageEvent])
    assert_type(event.provenance, Provenance)
    assert_type(event.outcome, Outcome)
    assert_type(event.cost_pico, int | None)
    assert_type(event.priced, bool)
    assert_type(event.cost_usd, Decimal | None)
    assert_type(event.time, datetime)
    print(event.id, event.at, event.labels.provider, dict(event.quantities), event.price_id)
    print(event.model_served, event.duration_ms, event.note)
    print([limit.matches(event.labels) for limit in keeper.limits])


async def metering(keeper: Keeper) -> None:
    @keeper.metered("gemini", model="m", usage=lambda reply: {"input_tokens": 1}, input_tokens=5)
    def asked(text: str, *, times: int = 1) -> bytes:
        return text.encode() * times

    @keeper.metered("gemini", input_tokens=5)
    async def awaited(text: str) -> bytes:
        return text.encode()

    with keeper.tag(user="an"):
        assert_type(asked("a", times=2), bytes)
    assert_type(await awaited("a"), bytes)


def looking(keeper: Keeper) -> None:
    status = assert_type(keeper.status(), Status)
    for each in status.limits:
        assert_type(each, LimitStatus)
        limit = assert_type(each.limit, Limit)
        print(limit.name, limit.meter, limit.window, limit.amount, limit.mode, limit.meter_info)
        print([limit.share_of(level) for level in limit.levels])
        print(
            each.used,
            each.reserved,
            each.remaining,
            each.percent,
            each.state,
            each.resets_at,
            each.is_told,
        )
        assert_type(each.used_usd, Decimal | None)
        print(each.reserved_usd, each.remaining_usd, each.reset_time)
        print(None if each.forecast is None else each.forecast.projected, each.period)
    assert_type(status.open_reservations, int)
    assert_type(status.as_of, int)
    assert_type(status.time, datetime)
    rows: list[UsageRow] = keeper.usage(0, 1, by=("day", "model"))
    for row in rows:
        print(row.key, row.calls, row.cost_pico, row.cost_usd, row.quantities)
    print(
        [slot.slot_at for slot in keeper.slots(0, 1)], [hold.id for hold in keeper.reservations()]
    )
    print([entry.seq for entry in keeper.entries(after=0)])
    print(
        keeper.verify_new().after,
        [problem.what for problem in keeper.verify()],
        keeper.compact(400, shrink=True).entries,
    )
    print(keeper.limits, keeper.settings.timezone, keeper.zone, keeper.now(), keeper.durability)
    stop = keeper.subscribe(lambda observation: print(observation))
    stop()
    keeper.close()


async def ordering(keeper: Keeper) -> None:
    pause = keeper.pause("gemini", why="x", for_seconds=60, by="lan")
    pause = await keeper.apause(why="x")
    print(pause.provider, pause.until, pause.why, pause.by, keeper.status().pauses)
    print([each.at for each in keeper.resume("gemini", why="x")], await keeper.aresume())
    assert_type(keeper.raise_limit("cap", to="5", for_seconds=60, why="x"), int)
    assert_type(await keeper.araise_limit("cap", to=5, for_seconds=60, why="x"), int)
    assert_type(keeper.top_up("credit", "5", expires_at=1, why="x"), int)
    assert_type(await keeper.atop_up("credit", 5), int)
    ahead = keeper.accept_clock(why="battery") + await keeper.aaccept_clock(by="lan@desk")
    found = keeper.repair_clock()
    done = await keeper.arepair_clock(apply=True, why="battery")
    print(assert_type(ahead, int), found.ahead + done.calls + found.entries, done.backup)
    for limit in keeper.limits:
        own = limit.of_value("lan") if limit.is_rule else limit
        print(own.per, own.rule, own.of(CallLabels("gemini")).name)


def failing(keeper: Keeper) -> str:
    try:
        keeper.record("gemini", input_tokens=1)
    except ClockSuspectError as error:
        return str(assert_type(error.ahead + error.shown_at + error.trusted_at, int))
    except LimitExceeded as error:
        refusing = assert_type(error.decision.refusing, Sequence[RefusingVerdict])
        assert_type(error.asked + error.remaining + error.resets_at, int)
        verdict = assert_type(error.decision.blocking, RefusingVerdict)
        basis = error.decision.basis
        print(error.decision.is_held, verdict.is_held, basis.explain() if basis else "")
        return error.limit.name + verdict.limit.name + error.decision.explain() + str(refusing)
    except PausedError as error:
        return error.provider + error.why + error.by + str(error.until) + str(error.decision.pause)
    except (InvalidInputError, ConfigError) as error:
        return error.problem + error.fix
    except (KeyConflictError, OutcomeUnknownError, ReservationClosedError, UnpricedModelError):
        raise
    except LedgerError as error:
        return str(error)
    except QuotakeeperError as error:
        return str(error)
    return ""


def watching(keeper: Keeper) -> bool:
    with quotakeeper.watch(
        keeper, scope={"team": "a"}, base_urls={"https://gateway.example": "gemini"}, wait=True
    ) as watched:
        assert_type(watched.keeper, Keeper)
        done = assert_type(watched.flush(2.0), bool)
    watched.close()
    return done


def calculating(keeper: Keeper, folder: Path) -> None:
    calculator = TokenCalculator(folder / "ledger.db", None, keeper=keeper, clock=FakeClock())
    usage = calculator.track_api_call("translate", "in", "out", 1.5, "gemini")
    assert_type(usage, dict[str, Any])
    assert_type(calculator.get_summary(), dict[str, Any])
    assert_type(calculator.check_quota_status(), dict[str, Any])
    assert_type(calculator.get_quota_warnings(), list[str])
    assert_type(calculator.export_to_file(folder / "usage.json"), bool)
    assert_type(calculator.total_cost, float)
    assert_type(calculator.keeper, Keeper)
    print(calculator.calculate_tokens_gemini("text"), calculator.calculate_tokens_deepgram(1.5))
    print(calculator.note_event(keeper.record("gemini", input_tokens=1)), calculator.daily_usage)
    calculator.log_summary()
    calculator.reset()
    calculator.close()


async def turning_the_clock() -> None:
    await FakeClock().asleep(1)


def counting() -> int:
    estimate = assert_type(estimate_tokens("text", with_language=True), TokenEstimate)
    print(estimate.language, estimate.provenance, estimate.sampled, detect_language("text"))
    return count_tokens("text").tokens + estimate.upper_bound


def reading_the_wire(adapter: Adapter) -> None:
    request = Request("POST", "https://api.example", {"content-type": "audio/wav"}, b"", None)
    found = assert_type(recognise(request, known_hosts={}), tuple[Adapter, Call] | None)
    if found is not None:
        adapter, call = found
        reader = assert_type(adapter.reader(call, NO_RESPONSE, {}), UsageReader)
        reader.feed(b"")
        assert_type(reader.finish(complete=True), Usage)
        assert_type(reader.fault, ProviderFault | None)
        print(reader.so_far(), reader.is_plain, reader.is_between, reader.in_events)
        refusal = adapter.refusal(call, hard=True, message="over", retry_after_seconds=1.0)
        assert_type(refusal, Refusal)
        assert_type(adapter.interruption(call, message="over"), bytes)
        if isinstance(adapter, ProviderAdapter):
            cap = adapter.output_cap(request, call)
            print(cap.reason if cap else "", adapter.with_output_cap(request, call, 100))
    session = assert_type(live_session(request), tuple[Adapter, LiveSession] | None)
    if session is not None:
        live = session[1]
        usages = live.sent(b"", elapsed_ms=1), live.received("{}"), live.finish(complete=False)
        print(usages, live.call, live.fault, live.audio_milliseconds_sent)
    print(adapter.name, adapter.live(request), adapter.recognise(request), request.header("a"))
    print([each.name for each in adapters()], adapter_named("gemini"), plugin_problems())


def waiting(clock: FakeClock) -> float:
    clock.advance(seconds=1, minutes=1, hours=1, days=1)
    clock.set("2026-11-23T12:00:00Z")
    clock.sleep(0.5)
    clock.jump("2026-11-24T12:00:00Z")
    clock.suspend(hours=8)
    clock.restart(seconds=30)
    other = assert_type(clock.beside(seconds=40), FakeClock)
    print(other.boot(), other.boot_frame)
    return clock.now() + clock.monotonic() + sum(clock.slept)


class AcmeAdapter(ProviderAdapter[str]):
    """A provider that a plug-in adds."""

    name = "acme"
    hosts = ("api.acme.example",)

    def route(self, method: str, place: Address) -> str | None:
        return "transcribe" if method == "POST" and place.path[-1:] == ("listen",) else None

    def call(
        self, route: str, request: Request, place: Address, count: CountText | None
    ) -> Call | None:
        return Call(self.name, "ear-1", route, bound={"requests": 1})

    def session(self, route: str, place: Address, count: CountText | None) -> LiveSession | None:
        return None

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        raise LookupError(call.model)
