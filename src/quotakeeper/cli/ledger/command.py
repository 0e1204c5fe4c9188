"""Runs the commands of `quotakeeper ledger`: `accept`, `check`, `init`, `migrate`,
`move` and `unfreeze`."""

from __future__ import annotations

import json
from collections.abc import Mapping

from quotakeeper.app.ledger_moving import move_ledger, unfreeze_ledger
from quotakeeper.app.records.settings import redacted
from quotakeeper.app.server_checks import server_findings
from quotakeeper.app.server_doubts import (
    accept_ledger,
    doubt_findings,
    missing_findings,
    server_doubts,
)
from quotakeeper.app.setup_checks import finding_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text import figures
from quotakeeper.cli.views.findings import finding_lines
from quotakeeper.clocks import SystemClock
from quotakeeper.errors import InvalidInputError
from quotakeeper.schemas import Schema
from quotakeeper.server_store import seen_commits
from quotakeeper.wiring import is_on_server, ledger_path, open_server


def run_check(session: context.CommandContext, *, as_json: bool) -> int:
    """Print the findings about the server. Returns exit code 1 if the ledger cannot be used there,
    else 0."""
    server = open_server(session.settings())
    facts = server.facts(SystemClock().now)
    findings = server_findings(server.name, facts)
    if facts.reads and not any(each.state == "fail" for each in findings[:2]):
        # There is a ledger that can be opened. This look creates none.
        doubts = tuple(doubt_findings(server_doubts(session.settings())))
        named = {each.name for each in doubts}
        findings = (*(each for each in findings if each.name not in named), *doubts)
    elif facts.reads is None:
        findings = (*findings, *missing_findings(seen_commits(session.settings())))
    failed = any(each.state == "fail" for each in findings)
    if as_json:
        found = [finding_record(each) for each in findings]
        record = {"schema": Schema.DOCTOR, "ok": not failed, "findings": found}
        console.say(json.dumps(record, indent=2))
    else:
        for line in finding_lines(findings, session):
            console.say(line)
    return exit_codes.FAILURE if failed else exit_codes.OK


def run_init(session: context.CommandContext, roles: Mapping[str, str], *, only_sql: bool) -> int:
    """Create the tables and roles on the server. With `only_sql`, only print the SQL for this.

    `roles` has the names of roles by their kind: app, reader, keys and auditor.
    """
    server, words = open_server(session.settings()), session.words
    if only_sql:
        console.say(server.creation_sql(**roles))
        return exit_codes.OK
    is_new = server.make(**roles)
    text = "{ledger}: the tables were created" if is_new else "{ledger}: the tables already exist"
    console.say(words(text, ledger=server.name))
    for role in filter(None, roles.values()):
        console.say(words("role {role} has the rights that it needs; grant the role to a user: "
                          "GRANT {role} TO NAME",
                          role=role if role == role.lower() else f'"{role}"'))  # fmt: skip
    return exit_codes.OK


def run_migrate(
    session: context.CommandContext, *, contract: bool, anyway: bool, only_sql: bool
) -> int:
    """Carry out the missing steps of the schema, or only print their SQL. Returns the exit code."""
    settings, words = session.settings(), session.words
    if anyway and not contract:
        raise InvalidInputError("--anyway", "is given without --contract", "add --contract")
    if not is_on_server(settings):
        console.say(words("{ledger}: is not on a server; quotakeeper brings the schema of a file up "
                          "to date when it opens the file",
                          ledger=ledger_path(settings) or settings.ledger))  # fmt: skip
        return exit_codes.OK
    server = open_server(settings)
    if only_sql:
        sql = server.migration_sql(contract=contract)
        console.say(sql or words("-- the schema is up to date"))
        return exit_codes.OK
    done = server.migrate(SystemClock().now(), contract=contract, anyway=anyway)
    text = ("{ledger}: the schema has version {new} now; it had version {old}"
            if done.after > done.before
            else "{ledger}: the schema has version {new}: nothing was changed")  # fmt: skip
    console.say(words(text, ledger=server.name, old=done.before, new=done.after))
    if done.is_held_back:
        console.say(words("the next step removes what older programs use; when no older program "
                          "runs any more: quotakeeper ledger migrate --contract"))  # fmt: skip
    return exit_codes.OK


def run_accept(session: context.CommandContext, why: str) -> int:
    """Accept that the ledger lacks commits, and print how many. Returns the exit code."""
    words, settings = session.words, session.settings()
    accepted = accept_ledger(settings, why)
    if accepted is None:
        text = "the ledger has every commit that this machine has seen: nothing was changed"
        console.say(words(text))
        return exit_codes.OK
    console.say(words("{ledger}: accepted, although it lacks commits (seen: {seen}, there now: "
                      "{found}); hard limits of every machine admit calls again",
                      ledger=open_server(settings).name,
                      seen=figures.whole(accepted.seen, session.lang),
                      found=figures.whole(accepted.found, session.lang)))  # fmt: skip
    return exit_codes.OK


def run_move(session: context.CommandContext, source: str) -> int:
    """Copy a ledger, and print how many entries were copied. Returns the exit code."""
    done, words = move_ledger(session.settings(), source), session.words
    entries = figures.whole(done.entries, session.lang)
    console.say(words("{source} was copied to {ledger}: entries: {n}; a comparison found no "
                      "difference",
                      source=done.source, ledger=done.ledger, n=entries))  # fmt: skip
    if done.is_frozen:
        console.say(words("{source} takes no calls any more; `quotakeeper ledger unfreeze` would "
                          "change that",
                          source=done.source))  # fmt: skip
    else:
        console.say(words("the file was not changed: do not use it in any program from now on"))
    return exit_codes.OK


def run_unfreeze(session: context.CommandContext) -> int:
    """Let a ledger on a server take calls again after a move. Returns the exit code."""
    settings, words = session.settings(), session.words
    moved_to, ledger = unfreeze_ledger(settings), redacted(settings.ledger)
    if moved_to:
        console.say(words("{ledger} takes calls again; do not use {moved_to} in any program",
                          ledger=ledger, moved_to=moved_to))  # fmt: skip
    else:
        console.say(words("{ledger} takes calls: it was not frozen", ledger=ledger))
    return exit_codes.OK
