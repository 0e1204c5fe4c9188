"""Runs `quotakeeper keys audit`: who changed which key, when and why."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import tzinfo

from quotakeeper.app.virtual_keys.key_documents import audit_page_record
from quotakeeper.app.virtual_keys.managing import key_named
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.clocks import zone_named
from quotakeeper.domain.keys.key_changes import KeyAudit
from quotakeeper.key_wiring import open_keys


def run_audit(
    session: context.CommandContext, name: str | None, after: int, limit: int, *, as_json: bool
) -> int:
    """Print rows of the audit. Returns the exit code."""
    context.check_ledger_is_there(session)
    settings = session.settings()
    store = open_keys(settings)
    try:
        key_id = "" if name is None else key_named(store, name).id
        names = {key.id: key.name for key in store.all_keys()}
        rows = store.audit(after, limit + 1, key_id)
    finally:
        store.close()
    page, more = rows[:limit], len(rows) > limit
    if as_json:
        console.say(json.dumps(audit_page_record(page, more=more), indent=2))
        return exit_codes.OK
    for line in audit_lines(page, names, zone_named(settings.timezone), session, console.width()):
        console.say(line)
    if more:
        text = "more changes follow; see: quotakeeper keys audit --after {number}"
        console.tell(session.words(text, number=page[-1].seq))
    return exit_codes.OK


def audit_lines(
    rows: Sequence[KeyAudit], names: Mapping[str, str], zone: tzinfo,
    session: context.CommandContext, width: int,
) -> list[str]:  # fmt: skip
    """Return a table with one line for each change."""
    words = session.words
    if not rows:
        return [words("There are no changes of keys.")]
    header = ["NUMBER", "TIME", "KEY", "ACT", "BY", "REASON"]
    cells = [
        [str(row.seq), figures.stamp(row.at, zone), names.get(row.key_id, row.key_id),
         words(str(row.act)), row.actor, row.why or "-"]
        for row in rows
    ]  # fmt: skip
    return table_lines(
        [words(text) for text in header], cells, right=frozenset({0}), width=width,
        ellipsis=session.glyphs.ellipsis,
    )  # fmt: skip
