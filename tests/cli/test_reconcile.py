"""`quotakeeper reconcile deepgram` against the sandbox's own account: what the wire lost, it finds."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import websockets.exceptions
import websockets.sync.client

import quotakeeper
from quotakeeper import Keeper
from quotakeeper.intercept import import_hook
from quotakeeper.metering.process_meter import current_meter
from quotakeeper.sandbox import Charge, Sandbox
from quotakeeper.sandbox.accounts import cost_of
from quotakeeper.testing import FakeClock
from tests.cli.conftest import CommandLine

KEY = "canary-key-5f0e9d1c7b"
SAMPLES = Path(__file__).resolve().parents[2] / "samples"
AUDIO = (SAMPLES / "xin-chao.wav").read_bytes()
NOVA = "/v1/listen?model=nova-3"
LIVE = "/v1/listen?model=nova-3&encoding=linear16&sample_rate=16000"
SECOND = b"\x11\x22" * 16_000


@pytest.fixture
def sandbox(cli: CommandLine, clock: FakeClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        use(cli, running)
        yield running


def use(cli: CommandLine, sandbox: Sandbox) -> None:
    """Point the command line at a sandbox's account."""
    cli.environment.setenv("DEEPGRAM_API_KEY", KEY)
    cli.environment.setenv("DEEPGRAM_BASE_URL", sandbox.base_url)
    cli.environment.delenv("DEEPGRAM_PROJECT_ID", raising=False)


@pytest.fixture
def watched(cli: CommandLine) -> Iterator[Keeper]:
    """The calls of this process are metered in the ledger of the command line."""
    keeper = cli.keeper(config={"timezone": "UTC", "default_limits": False})
    watching = quotakeeper.watch(keeper)
    try:
        yield keeper
    finally:
        watching.close()
        keeper.close()
        import_hook.uninstall()


def flushed() -> bool:
    """Whether every call that has ended is in the ledger."""
    meter = current_meter()
    return meter is not None and meter.flush(20)


def post(
    sandbox: Sandbox, path: str = NOVA, body: bytes = AUDIO, patience: float = 20, fault: str = ""
) -> int:
    """One call, as a program makes it; 0 when no whole answer came."""
    headers = {"Authorization": f"Token {KEY}", "Content-Type": "audio/wav"}
    if body[:1] == b"{":
        headers["Content-Type"] = "application/json"
    if fault:
        headers["x-sandbox-fault"] = fault
    connection = http.client.HTTPConnection(sandbox.base_url[7:], timeout=20)
    try:
        connection.request("POST", path, body, headers)
        connection.sock.settimeout(patience)  # all of it has left: only the answer may be late
        reply = connection.getresponse()
        reply.read()
        return reply.status
    except (http.client.HTTPException, OSError):
        return 0
    finally:
        connection.close()


def never_answered(sandbox: Sandbox, path: str = NOVA, body: bytes = AUDIO) -> None:
    """A call whose client gave up waiting; the provider did the work."""
    before = len(sandbox.bill.charges)
    assert post(sandbox, path, body, patience=0.05, fault="slow:600") == 0
    assert sandbox.bill.wait_for(before + 1)


def spoken(sandbox: Sandbox, fault: str = "") -> None:
    """Live transcription of some seconds, which a fault may cut."""
    address = sandbox.base_url.replace("http://", "ws://") + LIVE
    if fault:
        address += f"&sandbox_fault={fault}"
    before = len(sandbox.bill.charges)
    headers = {"Authorization": f"Token {KEY}"}
    with websockets.sync.client.connect(address, additional_headers=headers, proxy=None) as socket:
        try:
            for _ in range(5):
                socket.send(SECOND)
            if not fault:
                socket.send(json.dumps({"type": "CloseStream"}))
            while True:
                socket.recv(timeout=20)
        except websockets.exceptions.ConnectionClosed:
            pass
    assert sandbox.bill.wait_for(before + 1)


def rows(charges: Any) -> Counter[Any]:
    """The calls of a bill: what each used, and what it cost."""
    return Counter(
        (tuple(sorted(each.quantities.items())), cost_of(each)) for each in charges
    )  # fmt: skip


def booked(keeper: Keeper) -> Counter[Any]:
    """The calls of the ledger, likewise."""
    return Counter(
        (tuple(sorted(each.quantities.items())), each.cost_pico)
        for each in keeper.events(provider="deepgram")
    )  # fmt: skip


def said(cli: CommandLine, *more: str) -> dict[str, Any]:
    ran = cli.run("reconcile", "deepgram", "--json", *more)
    assert KEY not in ran.out + ran.err
    found: dict[str, Any] = json.loads(ran.out)
    assert ran.code == (5 if len(found["differences"]) > found["counts"]["written"] else 0)
    return found


def test_after_a_run_with_accidents_the_ledger_is_made_equal_to_the_bill(
    cli: CommandLine, sandbox: Sandbox, watched: Keeper
) -> None:
    assert post(sandbox) == 200
    assert post(sandbox, fault="cut") == 0
    for _ in range(3):  # the same file, given up on again and again: which is which is all one
        never_answered(sandbox)
    assert post(sandbox, f"{NOVA}&diarize=true&language=multi&tag=a") == 200
    assert post(sandbox, fault="503") == 503
    assert post(sandbox, fault="no-usage") == 200
    assert post(sandbox, fault="malformed") == 200
    text = json.dumps({"text": "một hai ba"}).encode()
    assert post(sandbox, "/v1/speak?model=aura-2-thalia-en", text) == 200
    never_answered(sandbox, "/v1/speak?model=aura-2-thalia-en", text)
    # An address of sound: nobody knows its length before the answer, and here none comes.
    link = json.dumps({"url": "https://example.org/a.wav"}).encode()
    never_answered(sandbox, NOVA, link)
    spoken(sandbox)
    spoken(sandbox, "cut")
    assert flushed()
    unsure = [str(e.provenance) for e in watched.events() if e.provenance != "reported"]
    assert {"assumed", "estimated"} <= set(unsure)
    bill = sandbox.bill.charges
    assert booked(watched) != rows(bill)

    named = said(cli)
    assert named["counts"]["now_known"] == len(unsure) == len(named["differences"])
    assert named["counts"]["written"] == 0
    before = list(watched.entries())
    text_form = cli.run("reconcile", "deepgram")
    assert text_form.code == 5 and "now known" in text_form.out and "--apply" in text_form.out
    assert KEY not in text_form.out + text_form.err
    assert list(watched.entries()) == before, "without --apply nothing is written"

    applied = said(cli, "--apply")
    assert applied["counts"]["written"] == len(unsure)
    assert applied["totals"]["here"] == applied["totals"]["there"], "as it stands after writing"
    assert booked(watched) == rows(bill)
    assert {str(event.provenance) for event in watched.events()} == {"reported"}
    after = list(watched.entries())
    assert after[: len(before)] == before and len(after) == len(before) + len(unsure)
    again = said(cli, "--apply")
    assert again["differences"] == [] and again["totals"]["here"] == again["totals"]["there"]
    assert again["totals"]["here"]["calls"] == len(bill)
    assert list(watched.entries()) == after, "a second --apply changes nothing"
    assert cli.run("verify").code == 0


def test_calls_of_others_are_recorded_once_at_their_own_time(
    cli: CommandLine, sandbox: Sandbox, clock: FakeClock
) -> None:
    post(sandbox)
    post(sandbox, fault="503")
    made_at = clock.now()
    clock.advance(hours=30)
    named = said(cli)
    assert named["counts"]["missing_here"] == 2
    assert named["totals"]["here"]["calls"] == 0
    applied = said(cli, "--apply")
    assert applied["totals"]["here"] == applied["totals"]["there"]
    with cli.keeper() as keeper:
        events = list(keeper.events())
        assert {event.at for event in events} == {made_at}
        assert booked(keeper) == rows(sandbox.bill.charges)
        charge = sandbox.bill.charges[0]
        event = keeper.event(f"deepgram:{charge.request_id}")
        assert event is not None and str(event.provenance) == "reported"
        assert event.note == f"request {charge.request_id}; from the account of deepgram"
        assert sorted(str(event.outcome) for event in events) == ["error", "ok"]
    assert said(cli, "--apply")["counts"]["alike"] == 2
    # What lies outside the time asked for is not looked at.
    assert said(cli, "--last", "1h")["differences"] == []
    assert said(cli, "--since", "2026-11-23", "--until", "2026-11-23")["counts"]["alike"] == 2


def test_what_only_the_ledger_has_is_named_and_left(cli: CommandLine, sandbox: Sandbox) -> None:
    with cli.keeper() as keeper:
        keeper.record("deepgram", model="nova-3", operation="listen", audio_seconds=9,
                      event_id="by hand")  # fmt: skip
        keeper.record("deepgram", operation="manage", event_id="a question")
        keeper.record("deepgram", operation="listen", event_id="nothing used", outcome="error")
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=9)
        before = list(keeper.entries())
    found = said(cli, "--apply")
    assert [(one["kind"], one["event_id"]) for one in found["differences"]] == [
        ("missing_there", "by hand")
    ]
    assert found["counts"]["written"] == 0
    with cli.keeper() as keeper:
        assert list(keeper.entries()) == before
    ran = cli.run("reconcile", "deepgram", "--apply")
    assert ran.code == 5 and "not corrected: 1" in ran.out


def test_figures_of_another_price_or_length_are_named_and_replaced(
    cli: CommandLine, sandbox: Sandbox, watched: Keeper
) -> None:
    post(sandbox)
    post(sandbox)
    first, second = sandbox.bill.charges
    assert flushed()
    by_request = {event.note.removeprefix("request "): event.id for event in watched.events()}
    watched.correct(by_request[first.request_id], audio_seconds=1)
    watched.correct(by_request[second.request_id], cost_usd="0.5")
    kinds = {one["request_id"]: one["kind"] for one in said(cli)["differences"]}
    assert kinds == {first.request_id: "quantity", second.request_id: "price"}
    said(cli, "--apply")
    assert booked(watched) == rows(sandbox.bill.charges)
    (event,) = [e for e in watched.events() if e.id == by_request[first.request_id]]
    assert event.note == f"request {first.request_id}; corrected by the account"


def test_a_killed_program_s_call_is_shown_as_assumed_and_corrected(
    cli: CommandLine, repository: Path
) -> None:
    if sys.platform == "win32":
        pytest.skip("kill -9 is of POSIX")
    with Sandbox() as sandbox:
        use(cli, sandbox)
        program = (
            "import http.client, sys\n"
            "import quotakeeper\n"
            "quotakeeper.watch()\n"
            "connection = http.client.HTTPConnection(sys.argv[1], timeout=60)\n"
            "sound = open(sys.argv[2], 'rb').read()\n"
            "head = {'Authorization': 'Token ' + sys.argv[3], 'Content-Type': 'audio/wav',\n"
            "        'x-sandbox-fault': 'slow:600'}\n"
            "connection.request('POST', '/v1/listen?model=nova-3', sound, head)\n"
            "connection.getresponse()\n"
        )
        victim = subprocess.Popen(
            [sys.executable, "-c", program, sandbox.base_url[7:],
             str(SAMPLES / "xin-chao.wav"), KEY],
            env={**os.environ, "PYTHONPATH": str(repository / "src")},
        )  # fmt: skip
        assert sandbox.bill.wait_for(1, 60)
        victim.send_signal(signal.SIGKILL)
        assert victim.wait(20) == -signal.SIGKILL
        # The process has the machine's clock, and so has what is asked here.
        cli.clock.set(datetime.now(UTC))
        events = cli.run("events")
        assert "unknown" in events.out and "assumed" in events.out
        (row,) = json.loads(cli.run("events", "--json").out)["events"]
        assert (row["provenance"], row["outcome"]) == ("assumed", "unknown")
        assert "counted with an assumed use: 1" in cli.run("status").out
        assert said(cli)["counts"]["now_known"] == 1
        said(cli, "--apply")
        (row,) = json.loads(cli.run("events", "--json").out)["events"]
        assert (row["provenance"], row["outcome"]) == ("reported", "ok")
        assert "assumed:" not in cli.run("status").out
        with cli.keeper() as keeper:
            assert booked(keeper) == rows(sandbox.bill.charges)
            assert keeper.verify() == []


def test_many_pages_are_read_whole(cli: CommandLine, sandbox: Sandbox, clock: FakeClock) -> None:
    for number in range(2_003):
        clock.advance(seconds=1)
        sandbox.bill.add(
            Charge(
                "deepgram", "listen", "nova-3", 200, {"requests": 1, "audio_milliseconds": 1_000},
                request_id=f"r{number}", at=clock.now(), path="/v1/listen",
                query=(("model", "nova-3"),),
            )
        )  # fmt: skip
    found = said(cli)
    assert found["counts"]["missing_here"] == 2_003
    assert len({one["request_id"] for one in found["differences"]}) == 2_003
    table = cli.run("reconcile", "deepgram").out
    assert "and 1803 more" in table


def test_saved_pages_do_as_well_as_the_account(
    cli: CommandLine, sandbox: Sandbox, watched: Keeper
) -> None:
    post(sandbox)
    never_answered(sandbox)
    assert flushed()
    connection = http.client.HTTPConnection(sandbox.base_url[7:], timeout=20)
    connection.request("GET", "/__sandbox__/deepgram-requests.json")
    page = connection.getresponse().read().decode()
    connection.close()
    for name in ("DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL"):
        cli.environment.delenv(name)
    listed = json.loads(page)["requests"]
    single = {"request": listed[1]}
    forms = {
        "one.json": page,
        "crlf.json": "\ufeff" + page.replace("\n", "\r\n"),
        "pages.json": json.dumps([{"page": n, "requests": [one]} for n, one in enumerate(listed)]),
        "after.json": page + page,  # the same page twice
        "lines.json": "\n".join(map(json.dumps, listed)),
        "mixed.json": json.dumps({"requests": listed[:1]}) + json.dumps(single),
    }
    for name, text in forms.items():
        (cli.folder / name).write_text(text, encoding="utf-8", newline="")
        found = said(cli, "--file", name)
        assert found["counts"] == {
            "alike": 1, "missing_here": 0, "missing_there": 0, "quantity": 0, "price": 0,
            "now_known": 1, "ambiguous": 0, "written": 0,
        }, name  # fmt: skip
    parts = [str(cli.folder / name) for name in ("a.json", "b.json")]
    for path, one in zip(parts, listed, strict=True):
        Path(path).write_text(json.dumps({"requests": [one]}), encoding="utf-8")
    said(cli, "--apply", "--file", parts[0], "--file", parts[1])
    assert booked(watched) == rows(sandbox.bill.charges)


def test_it_needs_a_key_or_a_file(cli: CommandLine) -> None:
    for name in ("DEEPGRAM_API_KEY", "DEEPGRAM_BASE_URL"):
        cli.environment.delenv(name, raising=False)
    ran = cli.run("reconcile", "deepgram")
    assert ran.code == 2 and "DEEPGRAM_API_KEY" in ran.err and "--file" in ran.err
    ran = cli.run("reconcile", "deepgram", "--file", "a", "--project", "b")
    assert ran.code == 2 and "--file" in ran.err
    assert cli.run("reconcile", "openai").code == 2


def test_vietnamese(cli: CommandLine, sandbox: Sandbox) -> None:
    post(sandbox)
    ran = cli.run("reconcile", "deepgram", "--lang", "vi")
    assert "sổ này không có" in ran.out and "--apply ghi" in ran.out
    assert "So sổ với tài khoản" in cli.run("reconcile", "--help", "--lang", "vi").out


def test_no_budget_keeps_anyone_from_asking_the_account(cli: CommandLine, sandbox: Sandbox) -> None:
    nothing = [
        {"name": meter, "provider": "deepgram", "meter": meter, "window": "day", "amount": 0}
        for meter in ("requests", "cost", "audio_seconds")
    ]
    config = {"limit": nothing, "default_limits": False, "on_unpriced": "refuse"}
    with cli.keeper(config=config) as keeper:
        watching = quotakeeper.watch(keeper, base_urls={sandbox.base_url[7:]: "deepgram"})
        try:
            assert post(sandbox) == 402, "a call is refused"
            ran = cli.run("reconcile", "deepgram")
            assert ran.code == 0, ran.err
            watching.flush(20)
            assert list(keeper.entries()) == []
        finally:
            watching.close()
            import_hook.uninstall()


def test_calls_that_were_compacted_are_not_taken_for_missing(
    cli: CommandLine, sandbox: Sandbox, clock: FakeClock
) -> None:
    bill = cli.folder / "bill.csv"
    bill.write_text(
        "Date,SKU description,Cost ($)\n2026-11-23,Generate content gemini 2.5 flash,1\n"
    )
    for hours in (1, 24 * 60):
        post(sandbox)
        said(cli, "--apply")
        with cli.keeper() as keeper:
            keeper.record("gemini", model="gemini-2.5-flash", input_tokens=1)
        clock.advance(hours=hours)
    assert said(cli, "--last", "80d")["counts"]["alike"] == 2
    with cli.keeper() as keeper:
        keeper.record("openai", model="y")  # the newest entry is always kept
        assert keeper.compact(35).calls == 4
        before = list(keeper.entries())
    for arguments in (["deepgram", "--last", "80d"], ["gemini", "--file", bill]):
        ran = cli.run("reconcile", *arguments, "--apply")
        assert (ran.code, ran.out) == (2, "")
        assert "were deleted" in ran.err and "give --since 2026-11-24 or later" in ran.err
    assert said(cli, "--since", "2026-11-24", "--apply")["differences"] == []
    with cli.keeper() as keeper:
        assert list(keeper.entries()) == before
