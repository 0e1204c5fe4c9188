"""Two ledgers on servers, one host: what one keeps on the disk is not booked in the other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.config import load_settings
from quotakeeper.server_store import host_files
from quotakeeper.stores.postgres import transactions
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress
from tests.stores_postgres.lease_limits import call, kill, sweep

Open = Callable[[str], Keeper]


@pytest.fixture
def open_service(ledger: ServerAddress, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens the ledger of a service: "a" and "b" are two databases of one server."""
    raw = open_connection(ledger.parameters, prepares=False)
    other = f"{ledger.schema}_b"
    raw.execute(f'CREATE DATABASE "{other}"')
    raw.close()
    services, file = "", tmp_path / "services"
    for name, database in (("a", ledger.parameters["dbname"]), ("b", other)):
        values = {**ledger.parameters, "dbname": database}
        lines = [f"{key}={values[key]}" for key in ("host", "port", "user", "dbname")
                 if key in values]  # fmt: skip
        services += "\n".join((f"[{name}]", *lines, ""))
    file.write_text(services)
    monkeypatch.setenv("PGSERVICEFILE", str(file))

    def open_service(name: str) -> Keeper:
        url = f"postgresql:///?service={name}&schema={ledger.schema}"
        config = {"default_limits": False, "timezone": "UTC", "on_store_failure": "allow"}
        settings = load_settings(url, config, {"XDG_DATA_HOME": str(tmp_path / "host")})
        assert host_files(settings) is not None
        return Keeper(url, settings, on_warning=lambda _: None)

    return open_service


def test_calls_that_wait_for_one_ledger_are_not_booked_in_the_other(
    open_service: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cut_off(*_: object, **__: object) -> None:
        raise ConnectionError("no route")

    with monkeypatch.context() as patch:
        patch.setattr(transactions, "open_connection", cut_off)
        one = open_service("a")
        call(one, 3)
        kill(one)
    with open_service("b") as other:
        sweep(other)
        call(other)
        assert len(list(other.events())) == 1
    with open_service("a") as again:
        sweep(again)
        assert len(list(again.events())) == 3
        assert again.verify() == []
