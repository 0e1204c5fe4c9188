"""A ledger that was restored to an earlier state: every process that saw more refuses hard limits."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import Keeper
from quotakeeper.__main__ import main
from quotakeeper.clocks import zone_named
from quotakeeper.domain.ledger import commands as c
from quotakeeper.domain.ledger import order_commands as o
from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.ports import Store
from quotakeeper.domain.server_doubts import WentBack
from quotakeeper.errors import LedgerWentBackError
from quotakeeper.stores.postgres.connection import Head
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress, parse_dsn
from quotakeeper.stores.postgres.last_seen import LastSeen, Position, ServerIdentity
from quotakeeper.stores.postgres.server_watch import NO_DEMANDS, Demands, ServerWatch
from quotakeeper.stores.postgres.store import PostgresStore
from quotakeeper.testing.ledger_case import LABELS, LedgerCase, cap, tokens
from quotakeeper.value_classes import replace

LIMIT = cap(100)
SOFT = replace(cap(100, "soft"), mode=Mode.SOFT)
# A copy of all tables, as a backup has it, and back again. Triggers do not fire: pg_restore makes
# them last.
KEEP = """
DO $$ DECLARE t text; BEGIN
  EXECUTE 'CREATE SCHEMA "COPY"';
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'FROM' LOOP
    EXECUTE format('CREATE TABLE "COPY".%I AS SELECT * FROM "FROM".%I', t, t);
  END LOOP;
END $$
"""
RESTORE = """
DO $$ DECLARE t text; BEGIN
  SET LOCAL session_replication_role = replica;
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'FROM' LOOP
    EXECUTE format('DELETE FROM "FROM".%I', t);
  END LOOP;
  FOR t IN SELECT tablename FROM pg_tables WHERE schemaname = 'FROM' LOOP
    EXECUTE format('INSERT INTO "FROM".%I OVERRIDING SYSTEM VALUE SELECT * FROM "COPY".%I', t, t);
  END LOOP;
END $$
"""


def execute(address: ServerAddress, sql: str) -> Any:
    raw = open_connection(address.parameters, prepares=False)
    try:
        names = {"FROM": address.schema, "COPY": f"{address.schema}_copy"}
        for name, schema in names.items():
            sql = sql.replace(f"'{name}'", f"'{schema}'").replace(f'"{name}"', f'"{schema}"')
        return raw.execute(sql)
    finally:
        raw.close()


class TestALedgerThatWentBack(LedgerCase):
    must_verify = False

    @pytest.fixture(autouse=True)
    def a_ledger(self, ledger: ServerAddress, tmp_path: Path) -> None:
        self.address = ledger
        self.file = tmp_path / "host" / "ledger.seen"

    def make_store(self, zones: ZoneFinder, owner: str) -> Store:
        # Every store of this test is a process of one machine.
        return PostgresStore(self.address, zones, owner=owner, demands=Demands(seen=self.file))

    def doubts(self, store: Store | None = None) -> tuple[object, ...]:
        found = store or self.store
        assert isinstance(found, PostgresStore)
        return found.doubts(self.clock.now())

    def begin(self) -> None:
        """Use 60 of 100: 10 before the backup is made, and 50 after it."""
        self.watch(LIMIT, SOFT)
        self.record("before", tokens(10), LIMIT)
        execute(self.address, KEEP)
        self.record("after", tokens(50), LIMIT)
        assert self.sums(LIMIT) == (60, 0)

    def restore(self) -> None:
        execute(self.address, RESTORE)

    def test_a_process_that_saw_more_refuses_hard_limits_at_once(self) -> None:
        self.begin()
        self.restore()
        # 10 are used as far as this ledger knows, and 60 really. No round is lost: this is the first
        # look since the restore, on the connection that was open all the time.
        denied = self.refused("a", tokens(45), LIMIT)
        doubt = denied.decision.doubt
        assert isinstance(doubt, WentBack)
        assert (doubt.seen > doubt.found, doubt.is_other) == (True, False)
        assert "the ledger went back" in doubt.explain()
        self.reserve("soft", tokens(45), SOFT)  # only hard limits refuse
        self.record("made", tokens(5), LIMIT)  # a call that was made is booked
        assert self.doubts() == (doubt,)

    def test_a_restart_knows_what_its_machine_saw(self) -> None:
        self.begin()
        self.store.close()
        self.restore()
        self.reopen()
        assert isinstance(self.refused("a", tokens(1), LIMIT).decision.doubt, WentBack)

    def test_a_ledger_that_caught_up_is_noticed_by_a_commit_that_is_missing(self) -> None:
        self.begin()
        self.store.close()
        self.restore()
        stranger = PostgresStore(self.address, zone_named, owner="elsewhere")
        for number in range(20):
            stranger.apply([c.Record(f"n{number}", LABELS, tokens(1))], self.clock.now())
        stranger.close()
        self.reopen()
        doubt = self.refused("a", tokens(1), LIMIT).decision.doubt
        assert isinstance(doubt, WentBack)
        assert doubt.found > doubt.seen
        assert "is not there any more" in doubt.explain()

    def test_a_process_that_saw_nothing_else_goes_on(self) -> None:
        self.begin()
        self.restore()
        stranger = PostgresStore(self.address, zone_named, owner="elsewhere")
        self.do(self.asking("theirs", tokens(1), [LIMIT]), c.Reserved, store=stranger)
        stranger.close()

    def test_an_acceptance_on_one_machine_is_one_for_all(self, tmp_path: Path) -> None:
        other = PostgresStore(
            self.address, zone_named, owner="other", demands=Demands(seen=tmp_path / "other.seen")
        )
        self.begin()
        other.open_count()
        self.restore()
        for store in (self.store, other):
            assert len(self.doubts(store)) == 1
        self.apply(o.AcceptLedger(7, "restored", "an@host"))
        assert self.doubts() == self.doubts(other) == ()
        self.reserve("a", tokens(45), LIMIT)
        self.do(self.asking("b", tokens(45), [LIMIT]), c.Reserved, store=other)
        other.close()
        entry = self.journal()[-3]
        assert entry.notice is not None
        assert (entry.notice.why, entry.notice.by, entry.notice.amount) == (
            "restored", "an@host", 7,
        )  # fmt: skip
        self.reopen()
        assert self.doubts() == ()

    def test_an_acceptance_counts_once(self) -> None:
        self.begin()
        self.restore()
        assert len(self.doubts()) == 1
        self.apply(o.AcceptLedger(1, "restored", "an@host"))
        self.clock.advance(seconds=1)
        self.record("again", tokens(50), LIMIT)
        self.restore()  # the acceptance is gone as well
        assert len(self.doubts()) == 1

    def test_a_period_that_begins_afterwards_is_whole(self) -> None:
        self.begin()
        self.restore()
        self.refused("a", tokens(1), LIMIT)
        self.clock.advance(hours=24)
        self.reserve("a", tokens(99), LIMIT)
        self.refused("b", tokens(1), cap(10_000, "ever", window="none"))

    def test_the_commit_under_guards_is_refused_by_the_server(self) -> None:
        self.begin()
        self.reserve("warm", tokens(1), LIMIT)
        self.record("warmer", tokens(0), LIMIT)
        store = self.store
        assert isinstance(store, PostgresStore)
        store.ways.clear()
        execute(self.address, """UPDATE "FROM".head SET version = version - 1""")
        self.refused("a", tokens(1), LIMIT)
        assert store.ways["guard: version"] == 1
        assert store.ways["conditional"] == 0


def test_another_cluster_and_an_older_timeline_are_noticed(tmp_path: Path) -> None:
    seen = LastSeen(tmp_path / "a.seen")
    seen.connected(ServerIdentity("1", 3))
    seen.look(100, 0, now=5)
    seen.connected(ServerIdentity("1", 4))  # a standby took over, and lost nothing
    seen.look(101, 0, now=6)
    assert seen.position.lost is None
    seen.connected(ServerIdentity("1", 3))  # the old primary lives on
    seen.look(102, 0, now=7)
    doubts = [seen.doubt]
    seen.look(103, 8, now=9)  # accepted
    doubts.append(seen.doubt)
    seen.connected(ServerIdentity("2", 3))
    seen.look(104, 8, now=10)
    lost = WentBack(103, 104, 10, is_other=True)
    doubts.append(seen.doubt)
    assert doubts == [WentBack(101, 102, 7), None, lost]
    assert "another database cluster" in lost.explain()
    assert LastSeen(tmp_path / "a.seen").doubt == lost


def test_each_loss_is_counted_so_that_calls_are_booked_again() -> None:
    watch = ServerWatch(parse_dsn("postgresql://localhost/none"), NO_DEMANDS)

    def looks(version: int, accepted_at: int = 0, timeline: int = 3) -> int:
        watch.seen.connected(ServerIdentity("1", timeline))
        watch.look(Head(0, 0, version, 0, 0, 0), accepted_at, 5)
        return watch.losses

    assert [looks(100), looks(101), looks(101)] == [0, 0, 0]
    assert [looks(50), looks(51)] == [1, 1]
    assert looks(50) == 2, "it went back again, before anybody accepted the first loss"
    assert [looks(60, 7), looks(60, 7)] == [3, 3]  # a false alarm, which does no harm
    assert [looks(70, 7, 2), looks(70, 7, 2)] == [4, 4]  # an older timeline, with more commits
    watch.committed(80, "b", 6)
    assert looks(79, 7, 2) == 5


def test_processes_of_a_machine_share_what_they_saw(tmp_path: Path) -> None:
    one, two = (LastSeen(tmp_path / "a.seen") for _ in range(2))
    one.look(100, 0, now=1)
    two.look(50, 0, now=1)  # its first look began earlier
    assert LastSeen(tmp_path / "a.seen").position.version == 100
    two.connected(ServerIdentity("", 0))
    two.look(99, 0, now=2)
    assert two.doubt == WentBack(100, 99, 2)


@pytest.mark.parametrize("text", [b"", b"{}", b"[1]", b'{"version": 1', b"\xff" * 600])
def test_a_file_that_is_no_record_is_like_none(tmp_path: Path, text: bytes) -> None:
    file = tmp_path / "a.seen"
    file.write_bytes(text)
    seen = LastSeen(file)
    assert seen.position == Position()
    seen.look(5, 0, now=1)
    assert LastSeen(file).position.version == 5


def test_a_folder_that_cannot_be_made_takes_nothing_away(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    seen = LastSeen(tmp_path / "file" / "a.seen")
    seen.look(5, 0, now=1)
    seen.look(4, 0, now=1)
    assert seen.doubt == WentBack(5, 4, 1)


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(*words: str) -> tuple[int, str, str]:
        code = main(list(words))
        out = capsys.readouterr()
        return code, out.out, out.err

    return run


def test_people_are_told_and_accept(
    ledger: ServerAddress, ledger_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    said: Callable[..., tuple[int, str, str]],
) -> None:  # fmt: skip
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    monkeypatch.setenv("COLUMNS", "200")
    limits = {"limit": [{"name": "day", "meter": "input_tokens", "window": "day", "amount": 100}],
              "timezone": "UTC"}  # fmt: skip

    def history() -> tuple[str, str]:
        _, out, _ = said("--ledger", ledger_url, "ledger", "check", "--json")
        (found,) = (each for each in json.loads(out)["findings"] if each["name"] == "history")
        return found["state"], found["text"]

    with Keeper(ledger_url, limits) as keeper:
        keeper.record("gemini", input_tokens=10)
        execute(ledger, KEEP)
        keeper.record("gemini", input_tokens=50)
    assert history()[0] == "ok"
    execute(ledger, RESTORE)
    assert history() == ("fail", history()[1])
    assert "the ledger went back" in history()[1]
    code, out, _ = said("--ledger", ledger_url, "doctor")
    assert code == 1
    assert "quotakeeper ledger accept" in out
    with Keeper(ledger_url, limits) as keeper:
        with pytest.raises(LedgerWentBackError, match="quotakeeper ledger accept") as refused:
            keeper.reserve("gemini", input_tokens=45)
        assert refused.value.seen > refused.value.found
        code, out, _ = said("--ledger", ledger_url, "ledger", "accept", "--why", "restored")
        assert code == 0
        assert "admit calls again" in out
        keeper.reserve("gemini", input_tokens=45).release()
    assert history()[0] == "ok"
    code, out, _ = said("--ledger", ledger_url, "ledger", "accept")
    assert (code, out) == (
        0, "the ledger has every commit that this machine has seen: nothing was changed\n",
    )  # fmt: skip
    (file,) = (tmp_path / "data" / "quotakeeper" / "hosts").rglob("*.seen")
    assert b"canary" not in file.read_bytes()
    code, out, _ = said("--ledger", ledger_url, "doctor", "--paths")
    assert str(file) in out
