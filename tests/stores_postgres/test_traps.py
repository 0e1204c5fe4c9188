"""Traps that were seen while the ledger on PostgreSQL was designed, a test each.

Other traps have their tests elsewhere: a cancelled commit and retries that write
(test_failover.py), a host that stands still (test_faults.py), pgbouncer (test_other_servers.py).
Malformed URLs are in test_dsn.py, and writers that lock in test_storm.py.
"""

from __future__ import annotations

import logging
import re
import socket
import threading
import traceback
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.ports import Store
from quotakeeper.errors import LedgerError, QuotakeeperError
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress, parse_dsn
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import LABELS, LedgerCase, cap, tokens
from tests.stores_postgres.cluster import wheels
from tests.stores_postgres.conftest import CANARY
from tests.stores_postgres.proxy import REPLY, Proxy
from tools.postgres_server import running

SOURCE = Path(parse_dsn.__code__.co_filename).parent
LIMIT = cap(10**9)


class TestRows(LedgerCase):
    @pytest.fixture(autouse=True)
    def a_ledger(self, ledger: ServerAddress) -> None:
        self.address = ledger

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        return PostgresStore(self.address, zones, owner=owner)

    def ask(self, sql: str) -> list[Any]:
        with closing(open_connection(self.address.parameters, prepares=False)) as raw:
            rows: list[Any] = raw.execute(sql, (self.address.schema,)).fetchall()
            return rows

    def test_no_index_is_on_a_column_that_commits_change(self) -> None:
        """An update that changes an indexed column writes to every index of its table."""
        changed = {
            "head": {"seq", "high_water", "version", "account_version", "recalls"},
            "balance": {"settled", "reserved", "overage", "version"},
            "slot": {"calls"},
            "slot_part": {"amount"},
            "pace": {"used"},
        }
        self.store.open_count()
        found = self.ask(
            "SELECT t.relname::text, a.attname::text FROM pg_index AS i "
            "JOIN pg_class AS t ON t.oid = i.indrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace "
            "JOIN pg_attribute AS a ON a.attrelid = t.oid AND a.attnum = ANY (i.indkey) "
            "WHERE n.nspname = %s"
        )
        assert ("balance", "start_at") in found
        assert [each for each in found if each[1] in changed.get(each[0], ())] == []

    def test_updates_of_the_busiest_rows_stay_in_their_page(self) -> None:
        self.watch(LIMIT)
        for number in range(200):
            self.reserve(f"c{number}", tokens(1), LIMIT)
        self.store.close()  # the statistics of a session are sent at its end
        rows = self.ask(
            "SELECT relname::text, n_tup_upd, n_tup_hot_upd FROM pg_stat_user_tables "
            "WHERE schemaname = %s AND relname IN ('head', 'balance')"
        )
        assert len(rows) == 2
        for table, updates, in_page in rows:
            assert updates >= 190, table
            assert in_page >= 0.9 * updates, table

    def test_plans_are_not_those_of_empty_tables(self) -> None:
        self.store.open_count()
        ((settings,),) = self.ask(
            "SELECT proconfig FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace "
            "WHERE n.nspname = %s AND proname = 'post_v2'"
        )
        assert {"enable_seqscan=off", "plan_cache_mode=force_generic_plan", "jit=off"} <= set(
            settings
        )

    def test_amounts_that_are_taken_away_pass_the_checks_of_their_tables(self) -> None:
        """An insert that meets a conflict is checked first, as if it were a row of its own."""
        self.watch(LIMIT)
        self.reserve("warm", tokens(1), LIMIT)
        self.record("a", tokens(9, 50), LIMIT)
        self.record("b", tokens(1, 5), LIMIT)
        store = self.store
        assert isinstance(store, PostgresStore)
        for is_conditional in (True, False):
            store.is_conditional = is_conditional
            self.do(c.Correct("a", tokens(2 - is_conditional), (LIMIT,)), c.Booked)
            self.do(c.Correct("a", tokens(1, 3), (LIMIT,)), c.Booked)
            assert self.sums(LIMIT)[0] == 2


def test_no_statement_needs_a_session_of_its_own() -> None:
    """Through a pooler, locks of a session and LISTEN reach other clients; NOTIFY locks the server."""
    texts = [path.read_text() for path in SOURCE.rglob("*.sql")]
    texts += [path.read_text() for path in SOURCE.glob("*.py")]
    assert len(texts) > 10
    for text in texts:
        assert re.findall(r"\b(?:LISTEN|NOTIFY|pg_advisory_lock|SET SESSION|DISCARD)\b", text) == []
        # A setting holds for one transaction, or for one function.
        assert re.findall(r"set_config\([^)]*false\)", text) == []


def told_everywhere(error: BaseException, log: str) -> str:
    """All that people may see of an error."""
    whole = "".join(traceback.format_exception(error))
    return "\n".join((str(error), repr(error), repr(vars(error)), whole, log))


@contextmanager
def deaf() -> Iterator[int]:
    """A port at which somebody listens who is no server: it answers with something else."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(30)

        def answer() -> None:
            for _ in range(2):  # the store tries again once
                try:
                    client, _ = listener.accept()
                except OSError:
                    return
                with client:
                    client.recv(100)
                    client.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        thread = threading.Thread(target=answer, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
    thread.join(timeout=30)


def refused(url: str, caplog: pytest.LogCaptureFixture) -> str:
    with (
        caplog.at_level(logging.DEBUG),
        pytest.raises(QuotakeeperError) as found,
        Keeper(url, {"default_limits": False}) as keeper,
    ):
        keeper.record("gemini", input_tokens=1)
    return told_everywhere(found.value, caplog.text)


@pytest.mark.parametrize(
    "rest",
    [
        "@127.0.0.1:1/x",  # nobody listens
        "@nowhere.invalid/x",
        "@127.0.0.1:99999/x",
        "@127.0.0.1/x?sslmode=nonsense",
        "@127.0.0.1/x?unknown=1",
        "@127.0.0.1/x?schema=a-b",
        "@127.0.0.1:1/x?sslrootcert=/none&sslmode=verify-full",
        "@[::1/x",
        "@127.0.0.1:1/x y",
    ],
)
def test_no_error_of_an_address_has_the_password(
    rest: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert CANARY not in refused(f"postgresql://lan:{CANARY}{rest}", caplog)


def test_no_error_of_a_stranger_who_answers_has_the_password(
    caplog: pytest.LogCaptureFixture,
) -> None:
    with deaf() as port:
        said = refused(f"postgresql://lan:{CANARY}@127.0.0.1:{port}/x?sslmode=disable", caplog)
    assert CANARY not in said


def test_no_error_of_a_server_has_the_password(
    ledger_url: str, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    wrong = (
        ledger_url.replace("/postgres?", "/no_such_database?"),
        ledger_url.replace("postgres:", "no_such_user:"),
    )
    for url in wrong:
        assert CANARY not in refused(url, caplog)
        for words in (("doctor",), ("ledger", "check"), ("ledger", "accept"), ("status",)):
            main(["--ledger", url, *words])
            said = capsys.readouterr()
            assert said.out + said.err
            assert CANARY not in said.out + said.err, words


def test_no_error_of_a_refused_password_has_it(caplog: pytest.LogCaptureFixture) -> None:
    with running(wheels()) as cluster:
        rules = cluster.data / "pg_hba.conf"
        rules.write_text("local all all scram-sha-256\n")
        cluster.reload()
        url = cluster.url.replace("postgres@", f"postgres:{CANARY}@") + "x"
        said = refused(url, caplog)
    assert "authentication failed" in said
    assert CANARY not in said


def test_no_error_of_a_broken_commit_has_the_password(
    ledger_url: str, ledger: ServerAddress, caplog: pytest.LogCaptureFixture
) -> None:
    folder = parse_dsn(ledger_url).parameters["host"]
    if not folder.startswith("/"):
        pytest.skip("the server of QUOTAKEEPER_TEST_POSTGRES has no socket here")
    with closing(Proxy(Path(folder) / ".s.PGSQL.5432")) as proxy:
        address = parse_dsn(ledger_url.replace(f"host={folder}", f"host={proxy.folder}"))
        with (
            caplog.at_level(logging.DEBUG),
            closing(PostgresStore(address, zone_named, owner="one")) as store,
        ):
            assert store.verify() == []
            proxy.cut(REPLY, 40, 40, 40)
            with pytest.raises(LedgerError) as found:
                store.apply([c.Record("a", LABELS, tokens(1))], 1)
    assert CANARY not in told_everywhere(found.value, caplog.text)
