"""A server that is reached through TCP on this machine, and the variables of libpq."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.stores.postgres import administration
from quotakeeper.stores.postgres.dsn import parse_dsn
from tests.stores_postgres.cluster import debians
from tools.postgres_server import running

NO_LIMITS = {"default_limits": False, "timezone": "UTC"}


@pytest.fixture(scope="module")
def port() -> Iterator[int]:
    """The port of a server of Debian's package (PostgreSQL 15), which listens on the loopback."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    settings = ("listen_addresses = '127.0.0.1'", f"port = {port}", "fsync = on")
    with running(debians(), *settings):
        yield port


def connection_line(url: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    assert main(["--ledger", url, "ledger", "check", "--json"]) == 0
    findings = json.loads(capsys.readouterr().out)["findings"]
    (found,) = (each for each in findings if each["name"] == "connection")
    return found["state"], found["text"]


def test_a_connection_within_this_machine_needs_no_tls(
    port: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    within = ("ok", "does not leave this machine")
    assert connection_line(url, capsys) == within
    assert connection_line(url.replace("127.0.0.1", "localhost"), capsys) == within
    # The address of the connection counts, not the name. But a URL with another name demands TLS.
    monkeypatch.setenv("PGHOSTADDR", "127.0.0.1")
    named = f"postgresql://postgres@db.example:{port}/postgres"
    assert connection_line(f"{named}?sslmode=disable", capsys) == within
    assert main(["--ledger", named, "ledger", "check"]) == 69
    assert "SSL" in capsys.readouterr().err


def test_a_connection_to_another_machine_is_told_without_tls(
    port: int, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = list[str]()

    def is_elsewhere(address: str) -> bool:
        addresses.append(address)
        return False

    monkeypatch.setattr(administration, "is_loopback", is_elsewhere)
    state, text = connection_line(f"postgresql://postgres@localhost:{port}/postgres", capsys)
    assert (state, text) == ("warn", "the connection over the network is not encrypted")
    assert addresses == ["127.0.0.1"]


def test_variables_of_libpq_name_the_server(port: int, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "PGHOST": "127.0.0.1", "PGPORT": str(port), "PGUSER": "postgres", "PGDATABASE": "postgres",
    }.items():  # fmt: skip
        monkeypatch.setenv(name, value)
    with Keeper("postgresql://", NO_LIMITS) as keeper:
        keeper.record("gemini", model="gemini-2.0-flash", event_id="a", input_tokens=7)
    with Keeper("postgresql://127.0.0.1/postgres", NO_LIMITS) as keeper:  # PGPORT is its port
        assert [event.id for event in keeper.events()] == ["a"]
    there = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    assert parse_dsn("postgresql://").name == there
    assert parse_dsn("postgresql://").place == parse_dsn(there).place
