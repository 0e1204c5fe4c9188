"""Deepgram's live transcription through every library: the ledger equals the bill; limits hold."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.intercept import import_hook
from quotakeeper.metering.process_meter import use_meter
from quotakeeper.sandbox import Sandbox
from tests.intercept_sockets.conftest import (
    CLOSE,
    HEADERS,
    RAW,
    SECOND,
    SECRET,
    Client,
    ClosedError,
    Open,
    RefusedError,
    Watched,
    address,
    billed,
    booked,
)


def seconds(amount: float, **more: Any) -> dict[str, Any]:
    """A limit on the sound of a day."""
    return {
        "name": "sound", "provider": "deepgram", "meter": "audio_seconds", "window": "day",
        "amount": str(amount), **more,
    }  # fmt: skip


def test_the_ledger_equals_the_bill(connect: Open, sandbox: Sandbox, watched: Watched) -> None:
    watched()
    with connect(RAW + "&interim_results=true") as socket:
        for _ in range(5):
            socket.send(SECOND)
        socket.send(json.dumps({"type": "KeepAlive"}))
        frames = socket.finish()
    assert frames[-1]["type"] == "Metadata"
    assert booked(watched) == billed(sandbox) == [{"requests": 1, "audio_milliseconds": 5_000}]
    (event,) = watched.events()
    assert (event.labels.provider, event.labels.model) == ("deepgram", "nova-3")
    assert (str(event.provenance), str(event.outcome)) == ("reported", "ok")
    assert event.cost_pico == 5 * 4_800_000_000 // 60  # streaming, by the second


def test_messages_are_what_they_are_without_us(connect: Open, watched: Watched) -> None:
    def talk() -> list[Any]:
        with connect(RAW) as socket:
            socket.send(SECOND * 4)
            socket.send(CLOSE)
            found = []
            while True:
                try:
                    found.append(socket.recv())
                except ClosedError as end:
                    return [json.loads(each) for each in found] + [end.code, end.reason]

    def tidy(frames: list[Any]) -> str:
        for frame in frames[:-2]:
            for name in ("request_id", "created"):
                frame.pop(name, None)
                frame.get("metadata", {}).pop(name, None)
        return json.dumps(frames).replace(frames[-3].get("models", [""])[0], "")

    bare = talk()
    watched()
    metered = talk()
    assert [type(each) for each in bare] == [type(each) for each in metered]
    assert bare[-2:] == metered[-2:] == [1000, ""]
    assert len(tidy(bare)) == len(tidy(metered))


def test_several_slices_become_one_event(connect: Open, sandbox: Sandbox, watched: Watched) -> None:
    keeper = watched()
    with connect(RAW) as socket:
        for sent in range(1, 5):
            socket.send(SECOND * 30)
            held = sum(hold.quantities["audio_milliseconds"] for hold in keeper.reservations())
            assert held == 60_000 * (1 if sent <= 2 else 2)
        socket.finish()
    assert booked(watched) == billed(sandbox)
    assert booked(watched)[0]["audio_milliseconds"] == 120_000


@pytest.mark.parametrize("step", [1_600, 16_000, 32_000])
def test_a_hard_limit_cuts_within_a_second_and_never_over(
    connect: Open, sandbox: Sandbox, watched: Watched, step: int
) -> None:
    watched(seconds(7.3))
    with connect(RAW) as socket:
        sent = 0
        with pytest.raises(ClosedError) as closed:
            while sent < 20 * 32_000:
                socket.send(SECOND[:step])
                sent += step
        assert "sound" in closed.value.reason
        with pytest.raises(ClosedError):  # and it stays shut
            socket.send(SECOND[:2])
        socket.send(CLOSE)  # what ends it anyway is no error
        frames = socket.rest()
    assert frames[-1]["type"] == "Metadata"  # the last results still came
    assert sum(frame["duration"] for frame in frames if frame["type"] == "Results") == sent / 32_000
    (bill,) = billed(sandbox)
    assert booked(watched) == [bill]
    assert 6_300 < bill["audio_milliseconds"] <= 7_300
    (event,) = watched.events()
    assert "sound" in event.note
    assert str(event.provenance) == "reported"


def test_a_message_that_does_not_fit_does_not_leave(
    connect: Open, sandbox: Sandbox, watched: Watched
) -> None:
    watched(seconds(10))
    with connect(RAW) as socket:
        socket.send(SECOND * 4)
        with pytest.raises(ClosedError):
            socket.send(SECOND * 7)
        socket.rest()
    assert booked(watched) == billed(sandbox) == [{"requests": 1, "audio_milliseconds": 4_000}]


def test_a_limit_on_cost_cuts_too(connect: Open, sandbox: Sandbox, watched: Watched) -> None:
    watched({"name": "money", "meter": "cost", "window": "day", "amount": "0.0008"})  # 10 seconds
    with connect(RAW) as socket:
        with pytest.raises(ClosedError, match="money"):
            for _ in range(40):
                socket.send(SECOND[:16_000])
        socket.rest()
    (bill,) = billed(sandbox)
    assert booked(watched) == [bill]
    assert 9_000 <= bill["audio_milliseconds"] <= 10_000


def test_an_exhausted_limit_refuses_the_handshake(
    connect: Open, sandbox: Sandbox, watched: Watched, library: Callable[..., Client]
) -> None:
    keeper = watched(seconds(0.5))
    with pytest.raises(RefusedError) as refused:
        connect(RAW)
    assert refused.value.status in (402, 429)
    if refused.value.body:
        assert "err_code" in json.loads(refused.value.body)
    assert watched.events() == []
    assert sandbox.bill.charges == ()
    assert keeper.status().limits[0].reserved == 0


def test_to_warn_is_not_to_cut(connect: Open, sandbox: Sandbox, watched: Watched) -> None:
    watched(seconds(3), settings={"on_limit": "warn"})
    with connect(RAW) as socket:
        for _ in range(6):
            socket.send(SECOND)
        socket.finish()
    assert booked(watched) == billed(sandbox)
    assert booked(watched)[0]["audio_milliseconds"] == 6_000


def test_a_lost_connection_is_settled_by_its_bytes(
    connect: Open, sandbox: Sandbox, watched: Watched
) -> None:
    watched()
    socket = connect(RAW)
    for _ in range(2):
        socket.send(SECOND)
    socket.drop()
    assert booked(watched) == [{"requests": 1, "audio_milliseconds": 2_000}]
    (event,) = watched.events()
    assert (str(event.provenance), str(event.outcome)) == ("estimated", "unknown")
    socket.close()


def test_a_session_that_is_forgotten_is_settled(connect: Open, watched: Watched) -> None:
    watched()
    socket = connect(RAW)
    socket.send(SECOND)
    socket.close()
    assert booked(watched) == [{"requests": 1, "audio_milliseconds": 1_000}]


@pytest.mark.parametrize("fault", ["cut@1=listen", "no-usage@1=listen", "malformed@1=listen"])
def test_faults_of_the_provider_are_settled(
    library: Callable[..., Client], watched: Watched, fault: str
) -> None:
    watched()
    with Sandbox(faults=[fault]) as sandbox:
        socket = library(address(sandbox, RAW), HEADERS)
        socket.send(SECOND * 3)
        while True:  # a result that is cut in half may be among them
            try:
                if not isinstance(json.loads(socket.recv() or "{}"), dict):
                    break
                socket.send(CLOSE)
            except (ClosedError, ValueError):
                break
        if fault.startswith("malformed"):
            socket.send(CLOSE)
            socket.rest()
        socket.close()
        assert booked(watched) == billed(sandbox)


@pytest.mark.parametrize("status", [402, 429, 503])
def test_a_refusal_of_the_provider_reaches_the_program_and_the_ledger(
    library: Callable[..., Client], watched: Watched, status: int
) -> None:
    watched()
    with Sandbox(faults=[f"{status}@1=listen"]) as sandbox:
        with pytest.raises(RefusedError) as refused:
            library(address(sandbox, RAW), HEADERS)
        assert refused.value.status == status
        assert booked(watched) == billed(sandbox) == [{"requests": 1}]
        assert str(watched.events()[0].outcome) == "error"


def test_nobody_there_costs_nothing(library: Callable[..., Client], watched: Watched) -> None:
    watched()
    with Sandbox() as sandbox:
        url = address(sandbox, RAW)
    with pytest.raises(OSError, match=r"refused|failed|connect"):
        library(url, HEADERS)
    assert watched.events() == []


def test_the_idle_end_is_settled_as_reported(
    library: Callable[..., Client], watched: Watched
) -> None:
    watched()
    with Sandbox(live_idle_seconds=0.05) as sandbox:
        with library(address(sandbox, RAW), HEADERS) as socket:
            socket.send(SECOND)
            frames = socket.rest()
        assert frames[-1]["type"] == "Metadata"
        assert booked(watched) == billed(sandbox)
    assert str(watched.events()[0].provenance) == "reported"


def test_other_sockets_are_left_alone(
    library: Callable[..., Client], watched: Watched, sandbox: Sandbox
) -> None:
    watched()
    with pytest.raises(RefusedError) as refused:
        library(address(sandbox, "/somewhere/else"), HEADERS)
    assert refused.value.status == 404
    assert watched.events() == []


def test_no_key_is_kept(connect: Open, watched: Watched, sandbox: Sandbox) -> None:
    watched()
    with connect(RAW + f"&token={SECRET}") as socket:
        socket.send(SECOND)
        socket.finish()
    watched.events()
    for file in watched.folder.iterdir():
        if file.is_file():
            assert SECRET.encode() not in file.read_bytes()


def test_two_sessions_share_a_limit_and_never_pass_it(
    connect: Open, sandbox: Sandbox, watched: Watched
) -> None:
    keeper: Keeper = watched(seconds(40))
    sockets = [connect(RAW), connect(RAW)]
    open_still = set(sockets)
    for _ in range(60):
        for socket in list(open_still):
            try:
                socket.send(SECOND)
            except ClosedError:
                socket.rest()
                open_still.discard(socket)
    for socket in sockets:
        socket.close()
    bills = billed(sandbox, 2)
    assert sum(bill["audio_milliseconds"] for bill in bills) <= 40_000
    assert sorted(booked(watched), key=repr) == sorted(bills, key=repr)
    assert keeper.verify() == []


def test_without_readable_settings_the_handshake_is_refused(
    connect: Open, sandbox: Sandbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "quotakeeper.toml").write_text("[[limit\n", encoding="utf-8")
    monkeypatch.setenv("QUOTAKEEPER_CONFIG", str(tmp_path / "quotakeeper.toml"))
    before = use_meter(None)
    import_hook.install()
    try:
        with pytest.raises(RefusedError) as refused:
            connect(RAW)
    finally:
        import_hook.uninstall()
        use_meter(before)
    assert refused.value.status == 402
    assert sandbox.bill.charges == ()
