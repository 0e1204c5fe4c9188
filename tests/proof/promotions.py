"""Part: a standby takes over from the server of a PostgreSQL ledger while hosts write.

The same faults with replication that waits for the standby and with replication that does not. The part
counts what was acknowledged, what of it the new server lacks, and what both servers together admitted beyond
the limit.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, closing
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import NamedTuple

from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.server_watch import Demands
from quotakeeper.testing.ledger_case import cap
from tests.proof.lagging_link import LaggingLink
from tests.proof.parts import Part
from tests.proof.promotion_hosts import (
    Host,
    Tally,
    begin,
    fill,
    is_refused_unless_waived,
    notices,
)
from tests.proof.server_kills import kill
from tools.postgres_server import (
    SCHEMA,
    Cluster,
    PostgresMissingError,
    installed,
    running,
    version_of,
)

NAME = "promotions"
PROMISE = (
    "A standby takes over while hosts write. If it confirms commits, nothing acknowledged is lost and the "
    "limit is not passed, also if the old server lives on. If it does not, hard limits refuse unless "
    "waived, and every host that lost calls notices."
)
PROMISE_VI = (
    "Máy chủ dự phòng lên thay trong lúc các máy đang ghi. Nếu nó xác nhận từng lần ghi thì không mất gì đã "
    "xác nhận và hạn mức không bị vượt, kể cả khi máy chủ cũ vẫn chạy. Nếu không, hạn mức cứng từ chối trừ "
    "khi được miễn, và máy nào bị mất lượt gọi cũng nhận ra."
)
ORDER = 29.5
WEIGHT = 0.5
HOSTS = 4
LAG_SECONDS = 0.04
SIZES = (150, 1_500)  # acknowledged calls before the fault: in the short form, and in the long one


class Case(NamedTuple):
    """A row of the table: how the pair replicates, and what becomes of the old server."""

    name: str
    synchronous: bool
    lags: bool
    lives_on: bool


CASES = (
    Case("in step, killed", synchronous=False, lags=False, lives_on=False),
    Case("behind, killed", synchronous=False, lags=True, lives_on=False),
    Case("behind, lives on", synchronous=False, lags=True, lives_on=True),
    Case("synchronous, killed", synchronous=True, lags=False, lives_on=False),
    Case("synchronous, lives on", synchronous=True, lags=False, lives_on=True),
)
COLUMNS = (
    "runs", "acknowledged", "lost", "by the old server", "over", "hosts that lost", "noticed",
)  # fmt: skip
# The table of the page: the first column by the name of the case, and the head.
TABLE = {
    "en": {
        "title": "What survives a promotion",
        "head": ("replication, old server", "runs", "acknowledged calls", "lost of them",
                 "admitted by the old server after the promotion", "admitted over the limit",
                 "hosts that lost calls", "hosts that noticed it"),
        "in step, killed": "asynchronous, killed",
        "behind, killed": "asynchronous, 40 ms behind, killed",
        "behind, lives on": "asynchronous, 40 ms behind, lives on",
        "synchronous, killed": "synchronous, killed",
        "synchronous, lives on": "synchronous, lives on",
    },
    "vi": {
        "title": "Những gì còn lại sau khi máy chủ dự phòng lên thay",
        "head": ("kiểu sao chép, máy chủ cũ", "số lần chạy", "lượt gọi đã xác nhận", "bị mất",
                 "máy chủ cũ nhận thêm sau đó", "nhận vượt hạn mức",
                 "máy bị mất lượt gọi", "máy nhận ra điều đó"),
        "in step, killed": "không đồng bộ, bị tắt đột ngột",
        "behind, killed": "không đồng bộ, chậm 40 ms, bị tắt đột ngột",
        "behind, lives on": "không đồng bộ, chậm 40 ms, vẫn chạy",
        "synchronous, killed": "đồng bộ, bị tắt đột ngột",
        "synchronous, lives on": "đồng bộ, vẫn chạy",
    },
}  # fmt: skip


def run(minutes: float, seed: int, report: Callable[[str], None]) -> Part:
    """Promote a standby in each of the cases, again and again while there is time."""
    began, chance = time.monotonic(), Random(seed)
    try:
        servers = installed()
    except PostgresMissingError as error:
        return Part(NAME, PROMISE, 0, [], seed, 0.0, (f"skipped: {error}",))
    servers = servers if minutes else servers[:1]
    found: list[str] = []
    sums: dict[str, Counter[str]] = {case.name: Counter() for case in CASES}
    rounds = 0
    logging.disable()  # the hosts warn of what is done to them
    try:
        while not found and (
            rounds < len(servers) or time.monotonic() - began < minutes * 60
        ):  # a round of each server at least
            programs = servers[rounds % len(servers)]
            for case in CASES:
                size = SIZES[minutes > 0] + chance.randrange(SIZES[minutes > 0])
                found += Promotion(case, size, programs, sums[case.name]).run()
            rounds += 1
            report(f"{rounds} rounds, {len(found)} promises broken")
    finally:
        logging.disable(logging.NOTSET)
    return Part(
        NAME, PROMISE, sum(of["acknowledged"] for of in sums.values()), found, seed,
        time.monotonic() - began, _notes(servers, sums),
        tuple((name, *(of[column] for column in COLUMNS)) for name, of in sums.items()),
    )  # fmt: skip


def _notes(servers: Sequence[Path], sums: Mapping[str, Counter[str]]) -> tuple[str, ...]:
    whole = sum(sums.values(), Counter[str]())
    return (
        f"PostgreSQL {', '.join(map(version_of, servers))}; {HOSTS} hosts in each run",
        f"{whole['refused unless waived']} hosts without a waiver were refused, as replication was not "
        "synchronous",
        f"calls without an answer: {whole['unknown, there']} were on the new server, "
        f"{whole['unknown, not there']} were not",
    )


class Promotion:
    """One run of a case."""

    def __init__(self, case: Case, size: int, programs: Path, sums: Counter[str]) -> None:
        self.case, self.size, self.programs, self.sums = case, size, programs, sums
        self.limit = cap(3 * size + 1_500)
        self.tally = Tally()
        self.strict = 0  # calls that a host without a waiver was admitted

    def run(self) -> Iterator[str]:
        """Promote the standby. Yields the broken promises."""
        case = self.case
        with ExitStack() as stack:
            primary = stack.enter_context(running(self.programs, "wal_level = replica"))
            folder = Path(stack.enter_context(TemporaryDirectory()))
            begin(primary, self.limit)
            standby = primary.standby()
            link = self._follow(primary, standby)
            if link is not None:
                stack.callback(link.close)
            refused = is_refused_unless_waived(primary, self.limit)
            self.strict = not refused
            self.sums["refused unless waived"] += refused
            if refused is case.synchronous:
                yield f"{case.name}: a host without a waiver was {'' if refused else 'not '}refused"
            hosts = [self._host(primary, folder, f"host-{n}") for n in range(HOSTS)]
            try:
                self.tally.reaches(self.size)
                if case.lives_on:
                    yield from self._lives_on(primary, standby, hosts)
                else:
                    if link is not None:
                        link.cut()
                    kill(primary)
                    standby.promote()
                admitted, there, problems = fill(standby, self.limit)
                if self._comes_over:
                    for host in hosts:
                        host.ends()  # refused by the new server, whose limit is full
            finally:
                for host in hosts:
                    host.stop()
            yield from self._judged(hosts, admitted, there, problems)
            yield from self._looked_back(standby, folder, hosts, there)

    @property
    def _comes_over(self) -> bool:
        """Whether the hosts go on at the new server. One that demands a standby finds none there."""
        return not self.case.lives_on and not self.case.synchronous

    def _host(self, primary: Cluster, folder: Path, name: str) -> Host:
        """A host that knows both servers, or, where the old one lives on, only the old one."""
        both = f"postgresql://postgres@/postgres?host={primary.folder},{primary.folder}&port=5432,5433&{SCHEMA}"
        url = (primary.url if self.case.lives_on else both) + "team"
        seen = folder / f"{name}.seen"
        sync = self.case.synchronous
        demands = Demands(must_be_replicated=sync, admits_loss=not sync, seen=seen)
        return Host(url, name, self.limit, demands, self.tally)

    def _follow(self, primary: Cluster, standby: Cluster) -> LaggingLink | None:
        """Let the standby follow as the case says, and wait until it does."""
        link = None
        if self.case.lags:
            link = LaggingLink(primary.folder / ".s.PGSQL.5432", LAG_SECONDS)
            with open(standby.data / "postgresql.auto.conf", "a", encoding="utf-8") as file:
                file.write(f"primary_conninfo = 'host={link.folder} port=5432 user=postgres'\n")
            standby.reload()
            assert link.is_used(), "the standby does not follow through the link"
        if self.case.synchronous:
            primary.configure("synchronous_standby_names = '*'")
            primary.reload()
            wait_for(
                primary, "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE sync_state = 'sync')"
            )
        wait_for(
            primary, "SELECT EXISTS (SELECT FROM pg_stat_replication WHERE state = 'streaming')"
        )
        return link

    def _lives_on(self, primary: Cluster, standby: Cluster, hosts: list[Host]) -> Iterator[str]:
        before = self.tally.count
        standby.promote()
        if not self.case.synchronous:
            for host in hosts:
                host.ends()  # at the limit
            self.sums["by the old server"] += self.tally.count - before
            return
        # One host waits for the standby, and the others for its lock.
        wait_for(primary, """
            SELECT count(*) FILTER (WHERE wait_event = 'SyncRep' OR wait_event_type = 'Lock')
                   = count(*) - 1 AND NOT EXISTS (SELECT FROM pg_stat_replication)
            FROM pg_stat_activity WHERE backend_type = 'client backend'
        """)  # fmt: skip
        waiting = self.tally.count
        kill(primary)
        for host in hosts:
            host.stop()
        self.sums["by the old server"] += self.tally.count - waiting
        if self.tally.count > waiting:
            yield f"{self.case.name}: the old server acknowledged {self.tally.count - waiting} calls"

    def _judged(
        self, hosts: list[Host], admitted: list[str], there: set[str], problems: list[str]
    ) -> Iterator[str]:
        sums, name = self.sums, self.case.name
        told = [each for host in hosts for each in host.acknowledged]
        lost = set(told) - there
        acknowledged = len(told) + len(admitted) + self.strict
        over = max(0, acknowledged - self.limit.amount)
        sums["runs"] += 1
        sums["acknowledged"] += acknowledged
        sums["lost"] += len(lost)
        sums["over"] += over
        for host in hosts:
            sums["unknown, there"] += len(there.intersection(host.unknown))
            sums["unknown, not there"] += len(set(host.unknown) - there)
        yield from (f"{name}: verify: {each}" for each in problems)
        if len(there) > self.limit.amount:
            yield f"{name}: the new server has {len(there)} calls of {self.limit.amount}"
        if self.case.synchronous and (lost or over):
            yield f"{name}: {len(lost)} acknowledged calls lost, {over} admitted over the limit"

    def _looked_back(
        self, standby: Cluster, folder: Path, hosts: list[Host], there: set[str]
    ) -> Iterator[str]:
        """The next process of every host looks at the new server, and knows what the host saw."""
        sums, name = self.sums, self.case.name
        for host in hosts:
            is_next_told = notices(standby, self.limit, host.name, folder / f"{host.name}.seen")
            is_told = is_next_told and (host.noticed or not self._comes_over)
            has_lost = not there.issuperset(host.acknowledged)
            sums["hosts that lost"] += has_lost
            sums["noticed"] += has_lost and is_told
            if has_lost and not is_told:
                yield f"{name}: {host.name} lost calls and was not refused"
            if is_next_told and self.case.synchronous:
                yield f"{name}: {host.name} was refused, and nothing was lost"


def wait_for(cluster: Cluster, sql: str) -> None:
    """Wait until a query says true. It is the server that is waited for, so there is no fake clock."""
    until = time.monotonic() + 60
    address = parse_dsn(cluster.url + "none")
    with closing(open_connection(address.parameters, prepares=False)) as raw:
        while not raw.execute(sql).fetchone()[0]:  # gate-ok(sql): texts of this module
            assert time.monotonic() < until, sql
            time.sleep(0.02)
