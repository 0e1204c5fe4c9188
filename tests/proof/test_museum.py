"""The museum: public bugs of other projects, each with a test of what quotakeeper does there.

Each docstring names the public case and what went wrong in it. `museum.NOT_YET` lists the cases that do
not apply yet, with the reason.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import logging
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import InvalidInputError, Keeper, KeyConflictError, LimitExceeded
from quotakeeper.app.records.csv_text import csv_line
from quotakeeper.config import load_settings
from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.errors import ConfigError, LedgerUnavailableError
from quotakeeper.intercept import import_hook
from quotakeeper.providers import recognise
from quotakeeper.providers.reading.redaction import redact
from quotakeeper.providers.registry import BUILT_IN
from quotakeeper.testing import FakeClock
from tests.engine.support import config, gated, limit, until
from tests.intercept.conftest import WAYS, Watched, generate, prompt
from tests.intercept.scripted import ANSWER, JSON, Got, Line, ScriptedServer, whole
from tests.proof import races, simulation
from tests.providers import cutting
from tests.providers.support import GEMINI, GENERATE, STREAM, post, read, sse, understood
from tests.providers.wires import CHUNKS, GEMINI_TOTAL, WIRES

SECRET = "AIzaSyD-canary-canary-canary-canary-9876"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock("2026-11-23T12:00:00Z")


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ledger.db"


@pytest.fixture
def watched(tmp_path: Path) -> Iterator[Watched]:
    watched = Watched(tmp_path)
    yield watched
    watched.close()
    import_hook.uninstall()


def keeper_with(*limits: dict[str, object], ledger: Any = "memory:", **more: Any) -> Keeper:
    clock = more.pop("clock", None)
    return Keeper(
        ledger, config(*limits, **more), "process", clock=clock, on_warning=lambda _: None
    )


def answering(request: Got, line: Line) -> None:
    line.send(whole(ANSWER, JSON))


# -- a limit is exceeded


def test_one_api_2440_and_new_api_6609_read_compare_then_deduct(path: Path) -> None:
    """one-api#2440, new-api#6609 and #5690, CliRelay#1045, octopus#234: concurrent calls all saw room.

    The balance was read, compared and deducted in three steps.
    """
    for seed in range(4):
        noted, problems = races.thirty_two_for_the_last_unit(path.with_name(f"{seed}.db"), seed)
        assert noted == 32 and problems == []


def test_one_api_2440_a_large_balance_reserves_too() -> None:
    """one-api#2440: nothing was reserved if the balance was a hundred times the estimate."""
    with keeper_with(limit(10**12, meter="input_tokens")) as keeper:
        call = keeper.reserve("gemini", input_tokens=3)
        assert keeper.status().limits[0].reserved == 3
        assert [hold.id for hold in keeper.reservations()] == [call.id]


def test_one_api_pr_1312_without_max_tokens_the_model_s_own_maximum_is_set_aside() -> None:
    """one-api PR#1312: a request without `max_tokens` was not estimated at all."""
    _, call = understood(GENERATE)
    assert call.bound["input_tokens"] > 0
    assert call.bound["output_tokens"] >= 8_192


@pytest.mark.parametrize(
    "amount", [2**31, 2**53, 2**63 - 1, 2**63, 2**64 + 1, -1, -(2**63), -0.0, float("nan"),
               float("inf"), "1e400", True, None, "ten"]
)  # fmt: skip
@pytest.mark.parametrize("field", ["input_tokens", "requests", "audio_seconds", "duration_ms"])
def test_new_api_ghsa_8r8v_an_amount_never_credits(field: str, amount: Any) -> None:
    """new-api GHSA-8r8v-xf7q-rcpr: a quantity overflowed into a negative charge, a credit."""
    with keeper_with(limit(10**9), limit(10**12, name="t", meter="input_tokens")) as keeper:
        keeper.record("gemini", input_tokens=5)
        for act in (keeper.record, keeper.reserve):
            with suppress(InvalidInputError, TypeError, LimitExceeded):
                act("gemini", **{field: amount})
        assert all(event.quantities.get("input_tokens", 0) >= 0 for event in keeper.events())
        assert keeper.status().limits[1].used >= 5
        assert keeper.verify() == []


def test_buttercup_550_no_credential_bypasses_a_budget(watched: Watched) -> None:
    """buttercup#550: a master key bypassed the budgets, and a cap of one dollar cost 4.77."""
    watched(limit(1))
    with ScriptedServer(answering) as server:
        answers = [
            WAYS["urllib"](generate(server.url), prompt(), {"x-goog-api-key": key}).status
            for key in ("master-key-0123456789", "another-key-0123456789", "")
        ]
        assert len(server.got) == 1
    assert answers[0] == 200 and answers[1:] == [402, 402]


def test_litellm_12789_an_unknown_route_is_still_counted() -> None:
    """litellm#12789 and #13882: a pass-through route was not metered at all."""
    for url in (f"{GEMINI}/v1beta/models/gemini-9:newMethod", f"{GEMINI}/v7/everything/new",
                "https://api.deepgram.com/v9/new", "https://api.openai.com/v1/new"):  # fmt: skip
        found = recognise(post(url, {"contents": []}), among=BUILT_IN)
        assert found is not None and found[1].bound["requests"] == 1, url


def test_litellm_26672_a_limit_of_zero_refuses_the_first_call(path: Path) -> None:
    """litellm#26672: after an upgrade, budgets were no longer enforced, without a message."""
    for _ in range(2):
        with keeper_with(limit(0), ledger=path) as keeper, pytest.raises(LimitExceeded):
            keeper.reserve("gemini")


def test_litellm_26672_a_misspelt_limit_is_an_error_not_no_limit() -> None:
    """litellm#26672, another cause: a setting that was not understood was ignored."""
    for wrong in ({"limits": [limit(1)]}, {"limit": [{**limit(1), "ammount": 1}]}):
        with pytest.raises(ConfigError):
            load_settings("memory:", wrong)


def test_envoy_a_refused_call_uses_nothing() -> None:
    """Envoy ratelimit: by default refused calls counted too, so no caller ever had room again."""
    with keeper_with(limit(10, meter="input_tokens")) as keeper:
        for _ in range(5):
            with pytest.raises(LimitExceeded):
                keeper.reserve("gemini", input_tokens=11)
        keeper.reserve("gemini", input_tokens=10).settle(input_tokens=10)
        kinds = [entry.kind for entry in keeper.entries() if entry.crossing is None]
        assert kinds == ["reserve", "settle"]


def test_litellm_31078_a_used_up_budget_does_not_block_free_requests(watched: Watched) -> None:
    """litellm#31078 and #27923: over budget, even the request for the list of models was refused."""
    watched(
        {"name": "money", "provider": "gemini", "meter": "cost", "window": "day", "amount": "0"}
    )

    def script(request: Got, line: Line) -> None:
        line.send(whole(b'{"models": []}', JSON))

    with ScriptedServer(script) as server:
        with urllib.request.urlopen(f"{server.url}/v1beta/models", timeout=20) as got:
            assert got.read() == b'{"models": []}'
        assert WAYS["urllib"](generate(server.url), prompt(), {}).status == 402
        assert len(server.got) == 1


# -- reserved amounts are not given back


@pytest.mark.parametrize("error", [KeyboardInterrupt, GeneratorExit, SystemExit, ValueError])
@pytest.mark.parametrize("sent", [False, True])
def test_litellm_30522_every_way_to_leave_a_call_ends_its_reservation(
    error: type[BaseException], sent: bool
) -> None:
    """litellm#30522: `except Exception` missed cancellation and GeneratorExit; the hold leaked."""
    with keeper_with(limit(10)) as keeper:
        with pytest.raises(error), keeper.reserve("gemini") as call:
            if sent:
                call.mark_sent()
            raise error
        assert keeper.reservations() == []
        assert [event.provenance for event in keeper.events()] == [Provenance.ASSUMED] * sent


def test_litellm_30522_a_cancelled_coroutine_holds_nothing() -> None:
    """litellm#30522, with await: CancelledError is not a subclass of Exception."""

    async def work(keeper: Keeper, held: asyncio.Event) -> None:
        async with keeper.areserve("gemini"):
            held.set()
            await asyncio.Event().wait()

    async def main(keeper: Keeper) -> None:
        held = asyncio.Event()
        task = asyncio.create_task(work(keeper, held))
        await held.wait()
        assert len(await asyncio.to_thread(keeper.reservations)) == 1
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    with keeper_with(limit(10)) as keeper:
        asyncio.run(main(keeper))
        assert keeper.reservations() == [] and list(keeper.events()) == []


def test_litellm_39851_a_refused_socket_is_settled(watched: Watched) -> None:
    """litellm#39851: a WebSocket session that the provider refused was never settled."""
    import websockets.sync.client
    from websockets.exceptions import InvalidStatus

    keeper = watched(limit(5, provider="deepgram"))

    def script(request: Got, line: Line) -> None:
        line.send(
            whole(b"no", "Content-Type: text/plain", "Connection: close", status="403 Forbidden")
        )
        line.hang_up()

    with ScriptedServer(script) as server:
        url = (
            server.url.replace("http:", "ws:")
            + "/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000"
        )
        with pytest.raises(InvalidStatus):
            websockets.sync.client.connect(
                url, additional_headers={"authorization": "Token x"}, proxy=None
            )
    assert watched.watching[-1].flush(20)
    assert keeper.status().open_reservations == 0
    assert all(event.quantities.get("audio_milliseconds", 0) == 0 for event in keeper.events())


def test_litellm_27639_a_call_that_stops_waiting_leaves_no_reservation() -> None:
    """litellm#27639: after a timeout the reserved amount stayed, until calls were refused wrongly."""
    with keeper_with(limit(1)) as keeper:
        store = gated(keeper)
        store.forget()
        store.before.clear()
        keeper._engine.worker.patience = 0.05
        with pytest.raises(LedgerUnavailableError):
            keeper.reserve("gemini")
        store.before.set()
        keeper._engine.worker.patience = 15
        until(lambda: keeper.status().limits[0].reserved == 0)
        keeper.reserve("gemini").settle(requests=1)


def test_litellm_30460_the_sums_follow_from_the_journal_after_every_fault() -> None:
    """litellm#30460: the counter had 50, the database 14, and calls were refused."""
    totals: dict[str, int] = {}
    for seed in (23, 71, 119, 167, 215):  # in a file, with statements that fail
        assert simulation.one(seed, totals) == []
    assert totals["faults with nothing written"] + totals["faults at the commit"] > 10


# -- counted twice, or lost


def test_litellm_28247_ten_new_processes_count_each_call_once(path: Path) -> None:
    """litellm#28247: each of N processes added the database's spend to an empty counter: N
    times the spend.
    """
    with keeper_with(limit(100), ledger=path) as keeper:
        keeper.record("gemini", requests=7)
    new = {
        "name": "new",
        "provider": "gemini",
        "meter": "requests",
        "window": "month",
        "amount": 50,
    }
    for _ in range(10):
        with keeper_with(limit(100), new, ledger=path) as keeper:
            assert [standing.used for standing in keeper.status().limits] == [7, 7]


@pytest.mark.parametrize("window", ["day", "month", "rolling 24h"])
def test_litellm_29576_no_reset_is_needed_and_none_can_fail(
    window: str, path: Path, clock: FakeClock
) -> None:
    """litellm#29576, #30002, #36941: a reset reached one store and not the other, or came late."""
    day = limit(10, window=window)
    with (
        keeper_with(day, ledger=path, clock=clock) as one,
        keeper_with(day, ledger=path, clock=clock) as two,
    ):
        one.record("gemini", requests=10)
        for keeper in (one, two):
            with pytest.raises(LimitExceeded):
                keeper.reserve("gemini")
        clock.advance(days=32)  # nobody resets anything
        assert [keeper.status().limits[0].used for keeper in (one, two)] == [0, 0]
        two.record("gemini", requests=4)
        assert [keeper.status().limits[0].used for keeper in (one, two)] == [4, 4]
        assert sum(event.quantities["requests"] for event in one.events()) == 14


def test_litellm_34238_use_does_not_expire(path: Path, clock: FakeClock) -> None:
    """litellm#34238: the counter expired after 60 seconds; then each pod had its own estimate."""
    clock.set("2026-11-01T00:00:00Z")
    with keeper_with(limit(10, window="month"), ledger=path, clock=clock) as keeper:
        keeper.record("gemini", requests=9)
        for _ in range(29):
            clock.advance(days=1)
            assert keeper.status().limits[0].used == 9


def test_openmeter_an_id_counts_once_for_ever_by_default(path: Path, clock: FakeClock) -> None:
    """OpenMeter: deduplication was off by default and worked in one process only."""
    for _ in range(3):
        with keeper_with(limit(10), ledger=path, clock=clock) as keeper:
            keeper.record("gemini", requests=2, event_id="job")
            assert keeper.status().limits[0].used == 2
            assert len(list(keeper.events())) == 1


def test_stripe_the_same_key_for_another_request_is_a_conflict(path: Path) -> None:
    """Stripe's rule, which others left out: the same key must come with the same request."""
    with keeper_with(limit(10), ledger=path) as keeper:
        keeper.record("gemini", requests=2, event_id="job")
        with pytest.raises(KeyConflictError):
            keeper.record("gemini", requests=3, event_id="job")
        assert keeper.status().limits[0].used == 2


def test_tigerbeetle_use_beyond_the_reservation_is_booked_in_full() -> None:
    """TigerBeetle refuses to post more than was reserved. Here the provider has already done the work."""
    with keeper_with(limit(10, meter="input_tokens")) as keeper:
        keeper.reserve("gemini", input_tokens=5).settle(input_tokens=5_000)
        assert keeper.status().limits[0].used == 5_000
        with pytest.raises(LimitExceeded):
            keeper.reserve("gemini", input_tokens=1)


def test_sdk_retries_are_attempts_each_counted(watched: Watched) -> None:
    """SDKs repeat calls by themselves on 429 and 503: a count by hand saw one call where three were sent."""
    import requests
    from requests.adapters import HTTPAdapter
    from urllib3.util import Retry

    keeper = watched(limit(10))

    def script(request: Got, line: Line) -> None:
        failed = len(server.got) < 3
        status = "503 Service Unavailable" if failed else "200 OK"
        line.send(whole(b"{}" if failed else ANSWER, JSON, status=status))

    retry = Retry(2, status_forcelist=[503], allowed_methods=None, backoff_factor=0)
    with ScriptedServer(script) as server, requests.Session() as session:
        session.mount("http://", HTTPAdapter(max_retries=retry))
        assert session.post(generate(server.url), prompt(), timeout=20).ok
        assert len(server.got) == 3
    events = watched.events()
    assert sum(event.quantities["requests"] for event in events) == 3
    assert [event.outcome for event in events].count(Outcome.OK) == 1
    assert keeper.status().open_reservations == 0


# -- usage of streams


def test_new_api_5235_a_stream_that_is_closed_early_is_not_free() -> None:
    """new-api#5235: without the last usage message, the whole reserved amount was refunded."""
    stream = next(wire for wire in WIRES if wire.name == "gemini sse")
    for end in range(len(stream.body)):
        cutting.cut(stream, end, complete=False)  # checks that something is charged


def test_klipeo_1139_the_last_usage_counts_not_the_first_and_not_the_sum() -> None:
    """Klipeo#1139, hermes#15253, hydra#858: running totals were added up, or the first one was used."""
    assert read(STREAM, sse(CHUNKS)).quantities == GEMINI_TOTAL


def test_gemini_cli_28682_usage_survives_an_abort(watched: Watched) -> None:
    """gemini-cli#28682: an aborted stream recorded nothing, because the code recorded after the loop."""
    from tests.proof.cuts import WIRE, on_the_wire

    for end in (len(WIRE) - 1, len(WIRE) - 20, len(WIRE) // 2):
        on_the_wire("requests", end)


# -- secrets and texts


def test_litellm_15799_a_key_in_the_address_is_in_no_log_error_or_ledger(
    watched: Watched, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    """litellm#15799, #24902, #8075, #6963, local-deep-research#4070: `?key=` was in errors and logs."""
    caplog.set_level(logging.DEBUG)
    watched(limit(5))
    key = {"x-goog-api-key": SECRET}
    with (
        ScriptedServer(lambda request, line: line.hang_up()) as server,
        pytest.raises((urllib.error.URLError, ConnectionError)),
    ):
        WAYS["urllib"](f"{generate(server.url)}?key={SECRET}", prompt(), key)
    events = watched.events()
    assert len(events) == 1
    watched.close()
    assert SECRET not in caplog.text
    assert SECRET not in repr(events) + repr(post(f"{GEMINI}/x?key={SECRET}"))
    files = [file for file in tmp_path.rglob("*") if file.is_file()]
    assert files and not any(SECRET.encode() in file.read_bytes() for file in files)


@pytest.mark.parametrize("text", [
    f"GET https://x/?key={SECRET}&alt=sse", f"Authorization: Bearer {SECRET}", f"key: {SECRET}",
    f'{{"api_key": "{SECRET}"}}', f"token {SECRET}",
])  # fmt: skip
def test_cve_2024_9606_no_part_of_a_key_survives_the_mask(text: str) -> None:
    """CVE-2024-9606: masking hid the first five characters and showed the others."""
    shown = redact(text)
    assert not any(SECRET[at : at + 6] in shown for at in range(len(SECRET) - 5)), shown


@pytest.mark.parametrize("text", [
    "'; DROP TABLE entry; --", '" OR 1=1 --', "%' UNION SELECT * FROM word --", "a\\",
    "x' || sqlite_version() || '",
    "\x00", "🔑" * 300, "' AND randomblob(1000000000) --",
])  # fmt: skip
def test_cve_2026_42208_a_text_in_any_field_is_never_run_as_sql(text: str, path: Path) -> None:
    """CVE-2026-42208, CVE-2025-45809, CVE-2024-5225: SQL was built from the text of a key."""
    with keeper_with(limit(10, provider=""), ledger=path) as keeper:
        call = {"model": text, "operation": text, "scope": {"k": text}, "event_id": text}
        with pytest.raises(InvalidInputError, match="unknown provider"):
            keeper.record(text, **call)
        keeper.record("gemini", note=text, **call)
        keeper.record("gemini", requests=2)
        assert len(list(keeper.events())) == 2
        assert len(list(keeper.events(operation="call"))) == 1
        assert len(list(keeper.events(model="' OR 1=1 --"))) == 0
        assert keeper.verify() == []


def test_cve_2026_35030_two_similar_names_stay_distinct() -> None:
    """CVE-2026-35030: different keys shared one entry of the cache."""
    limits = [{**limit(1), "name": name, "scope": scope}
              for name, scope in (("a", {"a": "b&c=d"}), ("b", {"a": "b", "c": "d"}))]  # fmt: skip
    with keeper_with(*limits) as keeper:
        calls = [keeper.reserve("gemini", scope={"a": "b&c=d"}),
                 keeper.reserve("gemini", scope={"a": "b", "c": "d"})]  # fmt: skip
        assert all(call.is_open for call in calls)
        assert [standing.reserved for standing in keeper.status().limits] == [1, 1]


@pytest.mark.parametrize(
    "text", ["=cmd|' /C calc'!A0", "+1", "-1+1", "@SUM(A1)", "\t=1", "＝1", " =1"]
)
def test_one_api_cve_2025_3801_a_name_never_runs_as_a_formula(text: str) -> None:
    """one-api CVE-2025-3801: a stored name ran as script in a reader's page. Here it could run in CSV."""
    line = csv_line([text, "<script>"])
    assert line[1] in "'\\" and '"<script>"' in line


# -- bodies as attacks


@pytest.mark.parametrize("layers", [1, 2])
def test_aiohttp_cve_2025_69223_a_bomb_is_not_unpacked(layers: int) -> None:
    """aiohttp CVE-2025-69223: a small body unpacked to gigabytes. Here the meter unpacks a copy."""
    import tracemalloc

    bomb = gzip.compress(b'{"x":"' + bytes(64_000_000) + b'"}', 6)
    for _ in range(layers - 1):
        bomb = gzip.compress(bomb)
    tracemalloc.start()
    usage = read(GENERATE, [bomb[n : n + 65_536] for n in range(0, len(bomb), 65_536)],
                 headers={"content-encoding": ", ".join(["gzip"] * layers)})  # fmt: skip
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 64_000_000
    assert usage.provenance is not Provenance.REPORTED and usage.quantities["input_tokens"] > 0


def test_aiohttp_cve_2025_69229_many_tiny_pieces_are_read_as_one() -> None:
    """aiohttp CVE-2025-69229, websockets#407: many small chunks took time that grew with their square."""
    said = {
        "candidates": [{"content": {"parts": [{"text": "x" * 60_000}]}}],
        "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 9},
    }
    text = json.dumps(said).encode()
    usage = read(GENERATE, [text[n : n + 1] for n in range(len(text))])
    assert (usage.quantities["input_tokens"], usage.quantities["output_tokens"]) == (7, 9)


def test_litellm_1_82_7_an_installed_package_runs_no_code_by_itself(repository: Path) -> None:
    """litellm 1.82.7 and 1.82.8: a hijacked release contained a `.pth` file that ran in every Python."""
    assert list((repository / "src").rglob("*.pth")) == []


# -- the disk


def test_sqlite_wal_reset_checkpoints_run_only_under_our_lock(path: Path) -> None:
    """SQLite 3.7.0 to 3.51.2: a checkpoint concurrent with another connection's commit lost the commit."""
    with keeper_with(limit(10), ledger=path) as keeper:
        keeper.record("gemini")
        connection = keeper._engine.worker.store._connection  # type: ignore[attr-defined]
        assert keeper._engine.worker.ask(
            lambda store, now: connection.execute("PRAGMA wal_autocheckpoint").fetchone()
        ) == (0,)


def test_sqlite_sums_beyond_64_bits_are_refused_not_rounded(path: Path) -> None:
    """SQLite turns 9223372036854775807+1 into a float without an error."""
    money = {"name": "money", "meter": "cost", "window": "month", "amount": "4000000"}
    with keeper_with(money, ledger=path) as keeper:
        most = {"quantities": {"output_tokens": 10**12}}
        booked = 0
        for number in range(40):
            try:
                keeper.record("gemini", model="gemini-2.5-pro", event_id=f"{number}", **most)
                booked += 1
            except InvalidInputError:
                break
        assert booked < 40
        assert keeper.verify() == []
        assert (
            sum(event.cost_pico or 0 for event in keeper.events()) == keeper.status().limits[0].used
        )
