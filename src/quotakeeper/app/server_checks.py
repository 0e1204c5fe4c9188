"""Checks a PostgreSQL server for a ledger: its version, its settings, and the user's rights."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from quotakeeper.app.records.instants import duration_text
from quotakeeper.app.setup_checks import Finding
from quotakeeper.domain.windows import SECOND

_OLDEST = 150_000  # server_version_num of PostgreSQL 15
_CLOCKS_APART = 5 * SECOND
_FEW_CONNECTIONS = 0.9
# Values of synchronous_commit with which a commit waits for a standby's disk.
_WAITS = ("on", "remote_apply")


class ServerSettings(Protocol):
    """The properties of a server that the checks read. Class ServerFacts in
    stores/postgres/administration.py has them."""

    @property
    def version(self) -> str: ...
    @property
    def version_number(self) -> int: ...
    @property
    def encoding(self) -> str: ...
    @property
    def fsync(self) -> bool: ...
    @property
    def full_page_writes(self) -> bool: ...
    @property
    def synchronous_commit(self) -> str: ...
    @property
    def standby_names(self) -> str: ...
    @property
    def in_recovery(self) -> bool: ...
    @property
    def is_read_only(self) -> bool: ...
    @property
    def user(self) -> str: ...
    @property
    def is_local(self) -> bool: ...
    @property
    def has_tls(self) -> bool: ...
    @property
    def most_connections(self) -> int: ...
    @property
    def connections(self) -> int: ...
    @property
    def may_create(self) -> bool: ...
    @property
    def clock_ahead_us(self) -> int: ...
    @property
    def reads(self) -> bool | None: ...
    @property
    def writes(self) -> bool | None: ...
    @property
    def is_too_old(self) -> bool: ...
    @property
    def is_too_new(self) -> bool: ...
    @property
    def moved_to(self) -> str: ...


def server_findings(name: str, facts: ServerSettings) -> tuple[Finding, ...]:
    """Return the findings about a server, most important first. `name` is the ledger's name in the
    texts."""
    return (
        _version(facts), ledger_finding(name, facts), *_crash(facts), _failover(facts),
        _connection(facts), _clock(facts), _room(facts),
    )  # fmt: skip


def _version(facts: ServerSettings) -> Finding:
    values = {"version": facts.version, "encoding": facts.encoding}
    if facts.version_number < _OLDEST:
        return Finding("server", "fail", "PostgreSQL {version} is too old",
                       "use PostgreSQL 15 or newer", values)  # fmt: skip
    if facts.encoding != "UTF8":
        return Finding("server", "fail", "its database stores text in the encoding {encoding}",
                       "use a database with the encoding UTF8", values)  # fmt: skip
    if facts.in_recovery:
        return Finding("server", "fail", "PostgreSQL {version} is a standby: quotakeeper cannot "
                                         "write calls to it",
                       "use the host of the primary in the URL", values)  # fmt: skip
    if facts.is_read_only:
        return Finding("server", "fail", "PostgreSQL {version} is set to read-only: quotakeeper "
                                         "cannot write calls to it",
                       "set default_transaction_read_only to off, for the server, the database or "
                       "the user",
                       values)  # fmt: skip
    return Finding("server", "ok", "PostgreSQL {version}", values=values)


def ledger_finding(name: str, facts: ServerSettings) -> Finding:
    """Return the finding about the ledger: whether it is there, and what this user may do."""
    values = {"ledger": name, "user": facts.user, "moved_to": facts.moved_to}
    if facts.moved_to:
        return Finding("ledger", "fail", "{ledger}: is frozen: it was moved to {moved_to}, and takes "
                                         "no calls",
                       "use that ledger; or, to go on with this one: quotakeeper ledger unfreeze",
                       values)  # fmt: skip
    if facts.is_too_old:
        return Finding("ledger", "fail", "{ledger}: has an older schema than this quotakeeper needs",
                       "as the owner of the schema, run: quotakeeper ledger migrate",
                       values)  # fmt: skip
    if facts.is_too_new:
        return Finding("ledger", "fail", "{ledger}: takes calls only from newer versions of "
                                         "quotakeeper",
                       "upgrade quotakeeper: update the clone, and run there: pip install .",
                       values)  # fmt: skip
    if facts.writes:
        return Finding("ledger", "ok", "{ledger}: {user} can record calls", values=values)
    if facts.reads:
        return Finding("ledger", "warn", "{ledger}: {user} can only read it and cannot record "
                                         "calls",
                       "quotakeeper ledger init --app ROLE; then: GRANT ROLE TO {user}",
                       values)  # fmt: skip
    if facts.reads is not None:
        return Finding("ledger", "fail", "{ledger}: {user} has no right to read it",
                       "quotakeeper ledger init --app ROLE; then: GRANT ROLE TO {user}",
                       values)  # fmt: skip
    if facts.may_create:
        text = "{ledger}: does not exist yet; the first call or quotakeeper ledger init creates it"
        return Finding("ledger", "note", text, values=values)
    return Finding("ledger", "fail", "{ledger}: does not exist yet, and {user} has no right to "
                                     "create it",
                   "give a database administrator the output of: quotakeeper ledger init --sql",
                   values)  # fmt: skip


def _crash(facts: ServerSettings) -> Iterator[Finding]:
    off = [
        setting
        for setting, is_on in (
            ("fsync", facts.fsync),
            ("full_page_writes", facts.full_page_writes),
        )
        if not is_on
    ]
    if off:
        text = "{settings} is off: a power cut may damage the ledger and lose calls"
        yield Finding("durability", "fail", text, "set it to on in postgresql.conf",
                      {"settings": ", ".join(off)})  # fmt: skip
    elif facts.synchronous_commit == "off":
        text = "synchronous_commit is off: a crash of the server may lose the last calls"
        yield Finding("durability", "warn", text, "ALTER ROLE {user} SET synchronous_commit = on",
                      {"user": facts.user})  # fmt: skip
    else:
        text = "an acknowledged call survives a crash of the server and a power cut"
        yield Finding("durability", "ok", text, values={})


def _failover(facts: ServerSettings) -> Finding:
    values = {"value": facts.synchronous_commit, "standbys": facts.standby_names}
    if not facts.standby_names:
        text = (
            "no standby confirms calls: a failover may lose acknowledged calls, and a hard limit "
            "may then be exceeded by their amount"
        )
        return Finding("failover", "note", text, values=values)
    if facts.synchronous_commit in _WAITS:
        text = "a standby of {standbys} confirms each call: a failover to it loses no call"
        return Finding("failover", "ok", text, values=values)
    text = (
        "synchronous_commit is {value}: a call can be acknowledged before a standby has written it"
    )
    return Finding("failover", "warn", text, "set synchronous_commit to on", values)


def _connection(facts: ServerSettings) -> Finding:
    if facts.is_local:
        return Finding("connection", "ok", "does not leave this machine", values={})
    if facts.has_tls:
        return Finding("connection", "ok", "encrypted with TLS", values={})
    return Finding("connection", "warn", "the connection over the network is not encrypted",
                   "add ?sslmode=verify-full to the URL", {})  # fmt: skip


def _clock(facts: ServerSettings) -> Finding:
    apart = duration_text(abs(facts.clock_ahead_us))
    if abs(facts.clock_ahead_us) <= _CLOCKS_APART:
        return Finding("clock", "ok", "quotakeeper uses the server's clock; it agrees with the "
                                      "clock of this machine",
                       values={})  # fmt: skip
    ahead = facts.clock_ahead_us > 0
    text = (
        "quotakeeper uses the server's clock; it is {apart} ahead of the clock of this machine"
        if ahead
        else "quotakeeper uses the server's clock; it is {apart} behind the clock of this machine"
    )
    return Finding(
        "clock", "warn", text, "synchronize both clocks with a time service (NTP)", {"apart": apart}
    )


def _room(facts: ServerSettings) -> Finding:
    values = {"used": facts.connections, "most": facts.most_connections}
    text = (
        "{used} of {most} connections are in use; each process that uses quotakeeper needs "
        "one or two"
    )
    if facts.connections < _FEW_CONNECTIONS * facts.most_connections:
        return Finding("connections", "ok", text, values=values)
    return Finding("connections", "warn", text, "raise max_connections, or use pgbouncer", values)
