"""Faults that are inserted on purpose: each changes one line of the product, and names what must notice.

`catcher` is "memory" or "file" (the simulation in memory, or in SQLite only), or the arguments for
pytest. Every old text occurs once in its file. If you change such a line of the product, change its row
too.
"""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """One fault: in `file` (below src/quotakeeper), `old` is replaced by `new`; `catcher` must fail."""

    file: str
    old: str
    new: str
    catcher: str = "memory"


ADMISSION, LEDGER, OPENINGS, FOLDING, STATE, CROSSINGS, WATCHING, NOTICES, CREDIT = (
    f"domain/ledger/{name}.py"
    for name in (
        "admission",
        "apply",
        "reserving",
        "fold",
        "state",
        "crossings",
        "watching",
        "notices",
        "credit",
    )
)
CACHED, STORE, HANDLE, LOCKS, CONNECTION, QUERIES, SCHEMA, ERRORS, FILES, MIGRATIONS, BALANCES = (
    f"stores/{name}"
    for name in ("sql/state.py", "sqlite/store.py", "sqlite/transactions.py", "sqlite/locks.py",
                 "sqlite/connection.py", "sql/statements.sql", "sqlite/schema/schema_4.sql",
                 "sqlite/errors.py", "sqlite/files.py", "sqlite/migrations.py", "sql/balances.py")
)  # fmt: skip
CROSSING_SCHEMA = "stores/sqlite/schema/schema_3.sql"
WINDOWS = "tests/domain/test_windows.py"
CONTRACT = "tests/stores/test_contract.py -k MemoryStore"
FAULTS = "tests/stores/test_sqlite_faults.py"
SQLITE = "tests/stores/test_sqlite_file.py"
LOCKING = "tests/stores/test_sqlite_locks.py"
STOPPED = "tests/engine/test_stopped_holders.py"
SIGNALS = "tests/engine/test_signals.py"
CROSSING_ROWS = "tests/stores/test_sqlite_crossings.py"

ROWS = (
    # -- admission: the guards
    Mutant(ADMISSION, "elif together > limit.amount and", "elif together >= limit.amount and"),
    Mutant(ADMISSION, "together = totals.settled + totals.reserved + asked",
           "together = totals.settled + asked"),
    Mutant(ADMISSION, "together = totals.settled + totals.reserved + asked",
           "together = totals.reserved + asked"),
    Mutant(ADMISSION, "return Decision(not refusing,", "return Decision(True,"),
    Mutant(ADMISSION, "return Decision(not refusing,", "return Decision(len(refusing) < 2,"),
    Mutant(ADMISSION, "if asked == 0 and not unpriced:", "if asked == 0:"),
    Mutant(ADMISSION, "if together >= limit.amount and limit.mode is Mode.HARD:",
           "if together > limit.amount and limit.mode is Mode.HARD:"),
    Mutant(ADMISSION, "elif together > limit.amount or together >= limit.warns_from:",
           "elif together > limit.amount or together > limit.warns_from:"),
    Mutant(ADMISSION, "if max(balance.settled + balance.reserved, balance.overage) + amount > MAX_PICO:",
           "if balance.settled + balance.reserved + amount > MAX_PICO:", CONTRACT),
    Mutant(ADMISSION, "not 0 <= figures.cost_pico <= MAX_PICO", "figures.cost_pico > MAX_PICO"),
    Mutant(ADMISSION, "or not 0 <= amount <= MAX_QUANTITY", "or amount > MAX_QUANTITY"),
    Mutant(ADMISSION, "    now = max(now, state.high_water)\n    found", "    found"),
    # -- the state machine
    Mutant(LEDGER, "now = max(now, state.high_water)", "now = max(now, 0)"),
    Mutant(LEDGER, "(State.HELD, State.ASSUMED, State.EXPIRED, State.RELEASED)",
           "(State.HELD, State.ASSUMED, State.EXPIRED)"),
    Mutant(LEDGER, "(State.HELD, State.ASSUMED, State.EXPIRED, State.RELEASED)",
           "(State.HELD, State.ASSUMED, State.EXPIRED, State.RELEASED, State.SETTLED)"),
    Mutant(LEDGER, "            and known.opening.quantities == command.figures.quantities\n", ""),
    Mutant(LEDGER, "        if hold.sent:\n", "        if False:\n"),
    Mutant(LEDGER, "kind = Kind.ASSUME if hold.sent or unread else Kind.EXPIRE", "kind = Kind.ASSUME"),
    Mutant(LEDGER, "figures = _assumed(known) if kind is Kind.ASSUME else None", "figures = None"),
    # -- leases of silent holders
    Mutant(LEDGER, "kind = Kind.ASSUME if hold.sent or unread else", "kind = Kind.ASSUME if hold.sent else"),
    Mutant(LEDGER, "unread = hold.is_lease and hold.id not in command.read", "unread = False"),
    Mutant(LEDGER, "if unread and hold.id not in command.unread and hold.id not in command.away:",
           "if False:"),
    Mutant(LEDGER, "known.state is State.ASSUMED and is_lease_id(known.id):",
           "known.state is State.ASSUMED and False:"),
    Mutant(LEDGER, "known.state is State.ASSUMED and is_lease_id(known.id):",
           "known.state is State.ASSUMED:", CONTRACT),
    Mutant(OPENINGS, "    if lease.state is not State.ASSUMED or assumed is None:\n        return ()\n",
           "    if True or assumed is None:\n        return ()\n"),
    Mutant(OPENINGS, "lease.state not in (State.HELD, State.ASSUMED):", "False:"),
    Mutant(FOLDING, "assumed = lease.figures if lease.state is State.ASSUMED else None",
           "assumed = None"),
    Mutant("engine/leases/fast_path.py", "if call.lease.is_fenced or ", "if ",
           f"{STOPPED} -k from_before_the_fence"),
    Mutant("engine/leases/fast_path.py", " or segment.gone:", ":", f"{SIGNALS} -k journal_part"),
    Mutant("engine/leases/lease_room.py", "if state.offered[0] is taken:", "if True:",
           f"{SIGNALS} -k two_concurrent_takes"),
    Mutant("engine/leases/lease.py", "        if not self.lease.is_fenced:\n", "        if True:\n",
           f"{STOPPED} -k from_before_the_fence"),
    Mutant("engine/leases/lease.py", "replace(self.draw, only_if_open=True), Release", "Release",
           f"{STOPPED} -k from_before_the_fence"),
    Mutant("engine/leases/block_sizing.py", "left_us, behind, self.term)",
           "left_us, fence and (fence, fence.token), self.term)",
           f"{STOPPED} -k fence_is_read_before"),
    Mutant("engine/journals/replay.py",
           "        fence(self._ledger, owner)\n        # Read after fencing: these lines are admitted"
           " calls; the process refuses later ones.\n        journal = ProcessJournal.read_what_is_left("
           "self._ledger, owner)\n",
           "        journal = ProcessJournal.read_what_is_left(self._ledger, owner)\n"
           "        fence(self._ledger, owner)\n", f"{STOPPED} -k admitted_before_the_fence_is_read"),
    Mutant("engine/journals/process_journal.py", "only_if_open=begun.lease in self.fenced)",
           "only_if_open=False)", f"{STOPPED} -k after_the_fence_counts"),
    Mutant("engine/journals/replay.py", "return ids - {call", "return ids or {call",
           f"{STOPPED} -k a_call_that_could_not_be_booked"),
    Mutant("engine/worker/sweeper.py", "unknown = frozenset(hold.id for hold in swept.leases) - known",
           "known |= frozenset(hold.id for hold in swept.leases)", f"{STOPPED} -k cannot_be_fenced"),
    Mutant("engine/worker/sweeper.py", "            give_back(mine, store, now)\n", "            pass\n",
           f"{STOPPED} -k gives_its_own_overdue_lease_back"),
    Mutant("engine/worker/sweeper.py", "dead = (dead | replayed.booked) -", "dead = dead -",
           f"{STOPPED} -k journal_of_a_dead_holder"),
    Mutant("engine/leases/lease_table.py", "        waiting = [call for call in chosen if not call.drawn]\n",
           "        waiting = [call for call in chosen if not call.drawn and call.end is None]\n",
           f"{STOPPED} -k ends_while_its_lease"),
    Mutant("engine/leases/booked_calls.py", "        for _ in some:\n            self._again.popleft()\n", "",
           "tests/engine/test_booked_calls.py -k in_steps"),
    Mutant("stores/postgres/server_watch.py", " or version < self._newest", "",
           "tests/stores_postgres/test_went_back.py -k each_loss"),
    Mutant("engine/journals/segments.py", "takewhile(lambda segment: segment not in needed, self._before)",
           "filter(lambda segment: segment not in needed, self._before)",
           f"{STOPPED} -k end_of_a_call_stays"),
    Mutant(LEDGER, "quantities=hold.quantities, cost_pico=hold.cost_pico,",
           "quantities=known.opening.quantities, cost_pico=known.opening.cost_pico,"),
    Mutant(LEDGER, "known, Kind.CORRECT, command.figures", "known, Kind.SETTLE, command.figures"),
    Mutant(LEDGER, "max(0, min(command.at, now))", "max(0, command.at)"),
    Mutant(WATCHING, "for start, used in derived.items():", "for start, used in {}.items():"),
    Mutant(LEDGER, "expires_at = now + min(command.ttl_us, MAX_TTL_US)",
           "expires_at = now + command.ttl_us"),
    Mutant(OPENINGS, "(State.RELEASED, State.EXPIRED) and _same(known, command):",
           "(State.RELEASED, State.EXPIRED):"),
    Mutant(OPENINGS, "        and known.labels == command.labels\n", ""),
    Mutant(OPENINGS, "state, known.labels, command.figures, command.limits, known.at",
           "state, known.labels, command.figures, command.limits, now"),
    Mutant(OPENINGS, "    if not decision.allowed:\n        return c.Denied(decision), []\n"
           "    entry = Entry(state.seq + 1, Kind.GROW", "    entry = Entry(state.seq + 1, Kind.GROW"),
    Mutant(OPENINGS, "hold.cost_pico > MAX_PICO:", "False:", CONTRACT.replace("MemoryStore", "Kills")),
    Mutant(OPENINGS, " or lease.drawn:", ":"),
    Mutant(OPENINGS, "return max(lease.at, min(at, latest))", "return min(at, latest)"),
    Mutant(OPENINGS, "state.period(account, lease.at).end_at - 1)",
           "state.period(account, lease.at).end_at)"),
    Mutant(OPENINGS, "if error := unfit(state, command.id, command.labels, command.owner) or no_room(",
           "if error := no_room("),
    # -- the effect of an entry
    Mutant(FOLDING, "balance.reserved += to_hold - held", "balance.reserved += to_hold"),
    Mutant(FOLDING, "balance.settled += to_use - used", "balance.settled += to_use"),
    Mutant(FOLDING, "max(0, to_use - held - used)", "max(0, to_use - used)"),
    Mutant(FOLDING, "max(0, to_use - held - used)", "0"),
    Mutant(FOLDING, "if start >= state.period(account, entry.counts_at).start_at:", "if True:"),
    Mutant(FOLDING, "max(0, to_hold - freed.get(account.key, 0))", "0"),
    Mutant("domain/ledger/reservations.py", "max(0, quantities[key] - amount)", "quantities[key] - amount"),
    Mutant("domain/ledger/reservations.py", "quantities.get(key, 0) + amount", "amount"),
    # -- crossings of thresholds
    Mutant(CROSSINGS, "            used = balance.settled\n",
           "            used = balance.settled + balance.reserved\n"),
    Mutant(CROSSINGS, "if used >= limit.warns_from:", "if used > limit.warns_from:"),
    Mutant(CROSSINGS, "        if used < level:\n", "        if used <= level:\n"),
    Mutant(CROSSINGS, "            if mark.stands:\n", "            if False:\n"),
    Mutant(CROSSINGS, "turn = mark.turn + 1", "turn = 1"),
    Mutant(CROSSINGS, "if mark is not None and mark.start_at == start_at:", "if mark is not None:"),
    Mutant(CROSSINGS, "marks.get((limit.name, limit.amount, level))",
           "marks.get((limit.name, 0, level))", CONTRACT),
    Mutant(CROSSINGS, "and level[2] > used:", "and level[2] >= used:"),
    Mutant(CROSSINGS, "        if not is_storable(limit.name):\n            continue\n", "", CONTRACT.replace(
        "MemoryStore", "Kills")),
    Mutant(CROSSINGS, "<= used == crossing.used", "<= used", CROSSING_ROWS),
    Mutant(FOLDING, "            if rolling:\n                fall_by_time(state, account, entry.at)\n"
           "            balance.settled", "            balance.settled"),
    Mutant(FOLDING, "        if to_use >= used:\n", "        if True:\n", CONTRACT),
    Mutant(LEDGER, "_assumed(known), now, command.limits)", "_assumed(known), now)"),
    Mutant(LEDGER, "_counted(state, entry, command.limits, now)\n            booked",
           "_counted(state, entry, (), now)\n            booked"),
    Mutant(CACHED, "        self._marks.clear()\n        self.forget_places()",
           "        self.forget_places()", "file"),
    Mutant("stores/sql/crossing_rows.py", 'session.execute(sql["drop_marks"])', "pass",
           CROSSING_ROWS),
    Mutant("engine/background_writes.py", "return replace(command, limits=self.limits)",
           "return command", "tests/engine/test_observers.py"),
    Mutant("engine/worker/batch_server.py", "if ticket.gone or not ticket.awaited:", "if False:",
           "tests/engine/test_observers.py"),
    # -- balances, windows, limits
    Mutant(STATE, "return due[:at_most]", "return due"),
    Mutant(STATE, "if h.expires_at <= now or", "if h.expires_at < now or"),
    Mutant(STATE, "if not is_new:\n            self._matching.clear()", "if not is_new:"),
    Mutant(STATE, "lasts = False  # the first", "lasts = lasts  # the first", CONTRACT),
    Mutant(STATE, "self.notices.fold(entry)\n        self.kept_caps.clear()",
           "self.notices.fold(entry)", CONTRACT),
    Mutant(STATE, "until = min(until, raised_until)", "pass", CONTRACT),
    Mutant(CREDIT, "self._use(notice.used)", "pass", CONTRACT),
    Mutant(CREDIT, "if lot.until <= at:", "if lot.until < at:", CONTRACT),
    Mutant(NOTICES, "raised.amount > limit.amount", "True", CONTRACT),
    Mutant(NOTICES, "self.pauses.pop(notice.subject, None)", "self.pauses.clear()", CONTRACT),
    Mutant(STATE, "return self.derived(account, start).get(start) or Balance()", "pass", CONTRACT),
    Mutant(STATE, "        if found is not None and found[0] <= at < found[1]:\n            return found[2]",
           "        if found is not None:\n            return found[2]"),
    Mutant("domain/ledger/call_record.py", "return replace(known, figures=entry.figures)", "return known"),
    Mutant(STATE, "return slice_at(account.window, min(used))", "return slice_at(account.window, max(used))",
           CONTRACT),
    Mutant("domain/windows.py", "_ROLLING_SLICES = 96", "_ROLLING_SLICES = 95"),
    Mutant("domain/windows.py", "slice_at(window, at - window.seconds * SECOND)",
           "slice_at(window, at - window.seconds * SECOND // 2)"),
    Mutant("domain/windows.py", "while first_instant(zone, following) <= at:", "while False:", WINDOWS),
    Mutant("domain/windows.py", "timedelta(days=day.weekday())", "timedelta(days=day.isoweekday())", WINDOWS),
    Mutant("domain/windows.py", "if _offset(zone, start) != offset:", "if False:", WINDOWS),
    Mutant("domain/limits.py", "set(self.scope) <= set(labels.scope)", "set(self.scope) & set(labels.scope)",
           "tests/domain/test_limits.py"),
    Mutant("domain/limits.py", "model.startswith(wanted[:-1])", "model.startswith(wanted)"),
    Mutant("domain/limits.py", "-(-part * amount // whole)", "part * amount // whole"),
    Mutant("domain/limits.py", "return name.translate(_MARKS)", "return name", "tests/domain/test_limits.py"),
    # -- money
    Mutant("domain/money.py", "(twice == denominator and quotient & 1)", "twice == denominator",
           "tests/domain/test_money.py"),
    Mutant("domain/pricing/prices.py", "    if cost > MAX_PICO:", "    if False:",
           "tests/domain/test_pricing.py"),
    Mutant("domain/pricing/selection.py", "row.above < max(prompt_tokens, 1)",
           "row.above <= max(prompt_tokens, 1)", "tests/domain/test_pricing.py"),
    Mutant("domain/units.py", "total += amount", "total = amount"),
    # -- the SQLite store
    Mutant(CACHED, "if version == self._data_version:", "if self._data_version >= 0:", "file"),
    Mutant(CACHED, "        self._balances.clear()\n", "", "file"),
    Mutant(CACHED, "        self.forget_places()\n        self._slots", "        self._slots", "file"),
    Mutant(CACHED, "known = self._known.pop(ref, None)", "known = None", "file"),
    Mutant(BALANCES, "        self._dirty.clear()\n", "", "file"),
    Mutant(CACHED, "drop.append((seq,))", "pass", "file"),
    Mutant(CACHED, "        found.update(self._open.values())\n", "", "file"),
    Mutant(CACHED, "        self._whole.clear()\n", "", "file"),
    Mutant(HANDLE, "            self._drop()\n            raise translated(self._path, error, at_commit",
           "            raise translated(self._path, error, at_commit", FAULTS),
    Mutant(HANDLE, 'connection.execute("COMMIT" if committing else "ROLLBACK")',
           'connection.execute("ROLLBACK")', "file"),
    Mutant(STORE, "return outcomes, state.save(entries)", "return outcomes, not state.save(entries)", "file"),
    Mutant(STORE, "ended_owners(self._owners) - {self._owner}", "frozenset()", LOCKING),
    Mutant(ERRORS, "if at_commit and family not in _NOTHING_COMMITTED:", "if False:", "file"),
    Mutant(CONNECTION, '        connection.execute("PRAGMA wal_autocheckpoint = 0")\n', "        pass\n",
           SQLITE),
    Mutant(MIGRATIONS, "if version > SCHEMA_VERSION:", "if version > SCHEMA_VERSION + 1:", SQLITE),
    Mutant(FILES, "os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)", "os.O_RDWR | os.O_CREAT | os.O_EXCL)",
           SQLITE),
    Mutant(QUERIES, "FROM hold WHERE expires_at <= ?", "FROM hold WHERE expires_at < ?", "file"),
    Mutant(QUERIES, "NOT IN (2, 3, 10, 11) ORDER BY seq", "NOT IN (2, 3, 10, 11) ORDER BY seq DESC",
           "file"),
    Mutant(QUERIES, "FROM hold WHERE owner = ?", "FROM hold WHERE owner <> ?", "file"),
    Mutant(QUERIES, "ORDER BY o.seq DESC LIMIT :page", "ORDER BY o.seq LIMIT :page",
           "tests/stores/test_contract.py -k Kills"),
    Mutant(SCHEMA, "ON entry\nWHEN NOT EXISTS (SELECT 1 FROM compacting)",
           "ON entry\nWHEN EXISTS (SELECT 1 FROM compacting)", "tests/stores/test_sqlite_rows.py"),
    Mutant(CROSSING_SCHEMA, "ON crossing\nWHEN NOT EXISTS (SELECT 1 FROM compacting)",
           "ON crossing\nWHEN EXISTS (SELECT 1 FROM compacting)", CROSSING_ROWS),
    Mutant("stores/sqlite/system_locks.py", "fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)",
           "fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)", LOCKING),
    Mutant(LOCKS, "            free = try_lock(fd)\n", "            free = not try_lock(fd)\n", "file"),
    Mutant("stores/sql/codec.py", "cost_pico=row[7],", "cost_pico=row[7] or 0,", "file"),
    Mutant("stores/verification.py", "            if found != expected:", "            if found < expected:",
           f"{SQLITE} tests/stores/test_sqlite_rows.py tests/stores/test_long_journals.py"),
    Mutant("stores/memory.py", "list(self._state.accounts.values())[:watched]",
           "list(self._state.accounts.values())", FAULTS),
    # -- faults that no test noticed at first
    Mutant("engine/leases/lease.py", "self.until = min(self.latest, monotonic + self.term.drawn_on)",
           "self.until = monotonic + self.term.drawn_on",
           "tests/engine/test_leases.py -k set_back_does_not_extend"),
    Mutant("engine/journals/replay.py", 'not boot == boot_id() != ""', "boot != boot_id()",
           "tests/engine/test_lease_journal.py -k without_a_boot_id"),
    Mutant("engine/journals/spool.py", "return os.path.samestat(os.fstat(fd), os.stat(path))", "return True",
           "tests/engine/test_spool.py -k spool_file_that_is_removed"),
    Mutant("engine/reservation.py", "if self._replay and error is not None:", "if False:",
           "tests/engine/test_handles.py -k does_not_end_its_makers"),
    Mutant("engine/admission.py", "call, hold, Decision(True), None, replay=True)",
           "call, hold, Decision(True), None)", "tests/engine/test_handles.py -k refused_settle_by_id"),
    Mutant("metering/http_attempt.py", " or self._pid != os.getpid():", ":",
           "tests/intercept/test_processes.py -k closes_its_copy"),
    Mutant("intercept/hooks/http_client.py",
           "            return result\n        except BaseException:\n"
           "            attempt.failed(True)",
           "            return result\n        except BaseException:\n"
           "            attempt.failed(False)",
           "tests/intercept/test_failures.py -k connection_breaks_during_sending"),
    Mutant("metering/call_meter.py", "never = any(", "never = all(",
           "tests/intercept/test_limits.py -k one_of_two_limits"),
    Mutant("providers/gemini/usage.py", "given = prompt_total + thoughts + tools_total",
           "given = prompt_total + thoughts", "tests/providers/test_answers.py -k tool_prompt_tokens"),
    Mutant("providers/audio/mp4_boxes.py", "if size < header:", "if False:",
           "tests/providers/test_audio.py -k smaller_than_its_header"),
    Mutant(HANDLE, "if (found.st_dev, found.st_ino) == self._file:", "if True:",
           f"{LOCKING} -k replaced_is_opened_again"),
)  # fmt: skip
