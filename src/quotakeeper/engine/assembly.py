"""Builds an engine from a store, limits and policies."""

from __future__ import annotations

from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from quotakeeper.clocks import Clock
from quotakeeper.domain.limits import Limit
from quotakeeper.domain.ports import Store
from quotakeeper.domain.windows import SECOND
from quotakeeper.engine.admission import Admission, Admitter, LedgerAdmitter
from quotakeeper.engine.background_writes import BackgroundWrites
from quotakeeper.engine.call_builder import CallBuilder
from quotakeeper.engine.call_names import Names
from quotakeeper.engine.call_prices import PriceBook
from quotakeeper.engine.command_builder import CommandBuilder
from quotakeeper.engine.journals.ended_calls import EndedCalls
from quotakeeper.engine.journals.replay import LeaseReplay
from quotakeeper.engine.journals.spool import Spool
from quotakeeper.engine.leases.recall import (
    EVERY_CALL,
    LeaseRecall,
    RecallFile,
    RecallNumber,
    RecallSign,
)
from quotakeeper.engine.ledger_clock import BOUND_SECONDS, LedgerClock
from quotakeeper.engine.observers import Observers
from quotakeeper.engine.orders import Orders
from quotakeeper.engine.outcomes import OutcomeReader
from quotakeeper.engine.parts import EngineParts
from quotakeeper.engine.reads import Presets, QuotaReads, Reads
from quotakeeper.engine.records import Records
from quotakeeper.engine.retention import Retention
from quotakeeper.engine.room import Room
from quotakeeper.engine.seen_quotas import SeenQuotas
from quotakeeper.engine.store_failure import StoreFailurePolicy
from quotakeeper.engine.threshold_warnings import Warner
from quotakeeper.engine.worker.maintenance import SEEN_EVERY_SECONDS, SWEEP_SECONDS, Maintenance
from quotakeeper.engine.worker.process_lifecycle import lifecycle
from quotakeeper.engine.worker.thread import Worker
from quotakeeper.value_classes import dataclass

if TYPE_CHECKING:
    from quotakeeper.engine.leases.block_sizing import BlockSizing
    from quotakeeper.engine.leases.lease_table import LeaseTable


@dataclass(frozen=True, slots=True)
class Engine:
    """The parts of a keeper. `spool` and `leases` are here for tests only."""

    parts: EngineParts
    calls: CallBuilder
    admission: Admission
    records: Records
    reads: Reads
    retention: Retention
    orders: Orders
    background: BackgroundWrites
    zone: tzinfo
    observers: Observers
    spool: Spool
    leases: LeaseTable | None
    quotas: SeenQuotas

    @property
    def limits(self) -> tuple[Limit, ...]:
        """The limits in force."""
        return self.calls.limits

    def use(self, limits: tuple[Limit, ...], prices: PriceBook, names: Names) -> None:
        """Use other limits, prices and names for calls that are reserved from now on.

        Leases that were granted under the old limits must then be given back.
        """
        self.calls.use(limits, prices, names)
        self.reads.limits = self.orders.limits = self.background.limits = limits
        if self.leases is not None:
            self.leases.forget_shapes()

    def give_back_leases(self) -> None:
        """Give the leases of this process back, so that no call is admitted on old limits. Blocks."""
        leases = self.leases
        if leases is not None:
            everything = (EVERY_CALL,)
            self.worker.ask(lambda store, now: leases.give_back_for(everything, store, now))
            leases.forget_shapes()  # a thread may have been about to add one of the old limits

    @property
    def worker(self) -> Worker:
        """The worker, which owns the store."""
        return self.parts.worker


def assemble(  # noqa: PLR0913 - the parts that wiring chooses
    store: Store, calls: CallBuilder, limits: tuple[Limit, ...], zone: tzinfo, clock: Clock, *,
    spool_beside: Path | None = None, on_warning: Warner | None = None,
    granting: BlockSizing | None = None, presets: Presets | None = None,
    clock_jump_seconds: int = BOUND_SECONDS, has_hosts: bool = False,
) -> Engine:  # fmt: skip
    """Build an engine for a store. With `granting`, the engine admits calls on leases.

    `presets` returns the preset quotas of providers. `spool_beside` is the path of the ledger file,
    or a path in a folder of this host if the ledger is on a server. The engine writes its spool and
    lease journals to this folder. If `spool_beside` is None, spool and journals are in memory only.
    With `has_hosts`, other hosts use the ledger too.
    """
    observers = Observers(on_warning)
    lifecycle.join_as_user(observers)
    spool = Spool(spool_beside, store.owner)
    sign: RecallSign = RecallNumber() if has_hosts else RecallFile(spool_beside)
    ledger_clock = LedgerClock(clock, clock_jump_seconds * SECOND)
    leases: LeaseTable | None = None
    if granting is not None:
        # Imported only with leases: for other programs it would be a tenth of the import.
        from quotakeeper.engine.leases.lease_table import LeaseTable  # noqa: PLC0415

        leases = LeaseTable(clock, spool_beside, store.owner, granting, sign, ledger_clock,
                            may_go_back=has_hosts)  # fmt: skip
        leases.told = observers.tell_of
    background = BackgroundWrites(limits, observers)
    apply = background.apply
    replay = LeaseReplay(spool_beside, apply, has_hosts=has_hosts)
    quotas = SeenQuotas(clock)
    ended = EndedCalls(spool_beside, store.owner, apply)
    maintenance = Maintenance(
        ledger_clock, spool, replay, leases, observers, apply, quotas, ended,
        idle_seconds=SEEN_EVERY_SECONDS if has_hosts else SWEEP_SECONDS,
    )  # fmt: skip
    accounts = {limit.account.key: limit.account for limit in limits}
    parts = EngineParts(
        clock,
        ledger_clock,
        CommandBuilder(calls, ledger_clock),
        Worker(store, ledger_clock, tuple(accounts.values()), maintenance),
        OutcomeReader(observers),
        StoreFailurePolicy(calls.policies.on_store_failure, spool),
        LeaseRecall(clock, sign, leases, maintenance.sweep),
        Room(),
        ended,
    )
    parts.worker.freed = parts.room.freed
    if leases is not None:
        parts.room.leased_by = leases.held_by
    reads = Reads(parts, limits, zone, leases, QuotaReads(quotas, presets))
    admission = Admission(parts, _admitter(parts, leases), reads.holds)
    records, retention, orders = Records(parts, reads), Retention(parts), Orders(parts, limits)
    return Engine(
        parts, calls, admission, records, reads, retention, orders, background, zone, observers,
        spool, leases, quotas,
    )  # fmt: skip


def _admitter(parts: EngineParts, leases: LeaseTable | None) -> Admitter:
    ledger = LedgerAdmitter(parts)
    if leases is None:
        return ledger
    from quotakeeper.engine.leases.admitter import LeaseAdmitter  # noqa: PLC0415 - as above

    return LeaseAdmitter(parts, leases, ledger)
