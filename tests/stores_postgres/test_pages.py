"""The examples of pages that need a server run on one, and print what the page shows.

The other tests of the pages leave these blocks out: see tests/docs/pages.py.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from quotakeeper import Keeper
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import parse_dsn
from tests.docs.page_run import run_page
from tests.docs.pages import DOCS, LANGUAGES, ON_A_SERVER
from tests.stores_postgres.cluster import running, wheels

BACK_UP = "how-to/back-up-postgresql.md"  # there is a ledger when it begins
PAGES = ("tutorial/team.md", "how-to/read-with-bi-tools.md", BACK_UP)
ROLES = ("bi", "lan", "minh", "reports", "counting")
HOSTS = ("db.example", "127.0.0.1")  # as the pages name the server


class Database:
    """A database of its own on the test's server, with the roles that pages make."""

    def __init__(self, server: str, name: str) -> None:
        self._server, self.name = server, name
        self.folder = server.partition("host=")[2].partition("&")[0]
        self.url = f"postgresql://postgres@/{name}?host={self.folder}"
        self.execute(f'CREATE DATABASE "{name}"')

    def execute(self, statement: str) -> None:
        raw = open_connection(parse_dsn(self._server + "any").parameters, prepares=False)
        try:
            raw.execute(statement)
        finally:
            raw.close()

    def drop(self) -> None:
        self.execute(f'DROP DATABASE "{self.name}" WITH (FORCE)')
        for role in ROLES:
            self.execute(f"DROP ROLE IF EXISTS {role}")

    def in_page(self, text: str) -> str:
        """A page whose server blocks run, on this database."""
        text = text.replace(f"<!-- not run: {ON_A_SERVER} -->", "")
        for host in HOSTS:
            shown = f"postgres@{host}/team: "  # how messages name it, without a password
            text = text.replace(shown, f"postgres@{self.folder}/{self.name}: ")
            text = text.replace(f"@{host}/team", f"@/{self.name}?host={self.folder}")
            text = text.replace(f"@{host}/ledger_copy", f"@/ledger_copy?host={self.folder}")
            text = text.replace(f"PGHOST={host}", f"PGHOST={self.folder}")
        text = text.replace("PGDATABASE=team", f"PGDATABASE={self.name}")
        return text.replace("--dbname=team", f"--dbname={self.name}")


@pytest.fixture
def server() -> Iterator[str]:
    """A server of its own, as pages make roles, which belong to a whole server."""
    with running(wheels()) as cluster:
        yield cluster.url


@pytest.mark.slow
@pytest.mark.parametrize("page", PAGES)
def test_the_examples_of_a_page_run_on_a_server(
    server: str, page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{wheels()}{os.pathsep}{os.environ['PATH']}")
    for language in LANGUAGES:
        database = Database(server, f"team_{language}")
        if page == BACK_UP:
            with Keeper(database.url, {"default_limits": False}) as keeper:
                keeper.record("gemini", model="gemini-2.5-flash", input_tokens=7)
        folder = tmp_path / language
        (folder / "run").mkdir(parents=True)
        written = folder / Path(page).name
        text = (DOCS / language / page).read_text(encoding="utf-8")
        written.write_text(database.in_page(text), encoding="utf-8")
        ran = run_page(written, folder / "run")
        assert ran.exit_code == 0, ran.told
        assert [each.block.line for each in ran.shown if not each.is_kept] == [], ran.told
        database.drop()
