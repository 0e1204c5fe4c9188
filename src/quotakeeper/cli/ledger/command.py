"""Runs `quotakeeper ledger check`, `quotakeeper ledger init` and `quotakeeper ledger move`."""

from __future__ import annotations

import json

from quotakeeper.app.ledger_moving import move_ledger
from quotakeeper.app.server_checks import server_findings
from quotakeeper.app.setup_checks import finding_record
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text import figures
from quotakeeper.cli.views.findings import finding_lines
from quotakeeper.clocks import SystemClock
from quotakeeper.schemas import Schema
from quotakeeper.wiring import open_server


def run_check(session: context.CommandContext, *, as_json: bool) -> int:
    """Print the findings about the server. Returns exit code 1 if the ledger cannot be used there,
    else 0."""
    server = open_server(session.settings())
    findings = server_findings(server.name, server.facts(SystemClock().now))
    failed = any(each.state == "fail" for each in findings)
    if as_json:
        found = [finding_record(each) for each in findings]
        record = {"schema": Schema.DOCTOR, "ok": not failed, "findings": found}
        console.say(json.dumps(record, indent=2))
    else:
        for line in finding_lines(findings, session):
            console.say(line)
    return exit_codes.FAILURE if failed else exit_codes.OK


def run_init(
    session: context.CommandContext, app: str, reader: str, keys: str, *, only_sql: bool
) -> int:
    """Create the tables and roles on the server. With `only_sql`, only print the SQL for this."""
    server, words = open_server(session.settings()), session.words
    if only_sql:
        console.say(server.creation_sql(app, reader, keys))
        return exit_codes.OK
    is_new = server.make(app, reader, keys)
    text = "{ledger}: the tables were created" if is_new else "{ledger}: the tables already exist"
    console.say(words(text, ledger=server.name))
    for role in filter(None, (app, reader, keys)):
        console.say(words("role {role} has the rights that it needs; grant the role to a user: "
                          "GRANT {role} TO NAME",
                          role=role))  # fmt: skip
    return exit_codes.OK


def run_move(session: context.CommandContext, file: str) -> int:
    """Copy a ledger file to the server, and print how many entries were copied. Returns the exit code."""
    done, words = move_ledger(session.settings(), file), session.words
    entries = figures.whole(done.entries, session.lang)
    console.say(words("{source} was copied to {ledger}: entries: {n}; a comparison found no "
                      "difference",
                      source=done.source, ledger=done.ledger, n=entries))  # fmt: skip
    console.say(words("the file was not changed: do not use it in any program from now on"))
    return exit_codes.OK
