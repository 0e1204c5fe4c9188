"""The operations of the admin API that read limits, usage and events. All of them block."""

from __future__ import annotations

from collections.abc import Iterator

from quotakeeper.app.records.events import figures_record
from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.records.limits import configured_limit_record
from quotakeeper.app.records.report import report_record, usage_report
from quotakeeper.app.records.status import limit_record, status_record
from quotakeeper.app.virtual_keys.key_limits import limits_owned_by
from quotakeeper.domain.ledger.entries import Entry
from quotakeeper.domain.limits import Limit
from quotakeeper.gateway.admin.asked import AdminAnswer, Asked
from quotakeeper.gateway.admin.key_operations import DEFAULT_PAGE
from quotakeeper.gateway.admin.openapi import openapi_document
from quotakeeper.gateway.admin.parts import AdminParts
from quotakeeper.keeper import engine_of
from quotakeeper.schemas import Schema

_MOST_READ = 20_000  # entries for one page, so that no request reads a whole ledger
_DEFAULT_BY = "provider,model,operation"


def get_open_api(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Return the OpenAPI document."""
    return AdminAnswer(openapi_document())


def list_limits(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """List the limits of the config, and those of all keys that are not revoked."""
    settings = parts.keeper.settings
    found: list[tuple[Limit, str | None]] = [(limit, None) for limit in settings.limits]
    for key in parts.store.all_keys():
        if not key.is_revoked:
            found += [(limit, key.id) for limit in limits_owned_by(settings, key)]
    used = [limit for limit, _ in found if not limit.is_rule]
    standing = engine_of(parts.keeper).reads.standing(used) if used else []
    use = {each.limit.account.key + each.limit.name: limit_record(each) for each in standing}
    return AdminAnswer({
        "schema": Schema.ADMIN_LIMITS, "as_of": rfc3339(parts.now()),
        "limits": [
            {
                "name": limit.name, "owner": "config" if key is None else "key",
                "read_only": key is None, "key": key, "defined": configured_limit_record(limit),
                "use": use.get(limit.account.key + limit.name),
            }
            for limit, key in found
        ],
    })  # fmt: skip


def get_status(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Return the state and the forecast of the limits in force."""
    return AdminAnswer(status_record(parts.keeper.status()))


def get_usage(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Return usage, added up by dimensions."""
    by = tuple(each.strip() for each in asked.query.get("by", _DEFAULT_BY).split(","))
    since, until = asked.query.get("since"), asked.query.get("until")
    return AdminAnswer(report_record(usage_report(parts.keeper, by, since, until, parts.now())))


def list_events(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """List the ledger's entries about calls, after the entry with the number `after`."""
    most = asked.query.get("limit", DEFAULT_PAGE)
    page: list[dict[str, object]] = []
    last, more = asked.query.get("after", 0), False
    read = 0
    entries: Iterator[Entry] = parts.keeper.entries(last)
    for entry in entries:
        if len(page) == most or read == _MOST_READ:
            more = True
            break
        last, read = entry.seq, read + 1
        if entry.id:
            page.append(_event(entry))
    return AdminAnswer({
        "schema": Schema.LEDGER_EVENTS, "events": page, "next": last if more else None,
    })  # fmt: skip


def get_config(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Return the state of the config file."""
    return AdminAnswer({"schema": Schema.ADMIN_CONFIG, **parts.config.state()})


def _event(entry: Entry) -> dict[str, object]:
    labels, figures = entry.labels, entry.figures
    return {
        "seq": entry.seq, "kind": str(entry.kind), "at": rfc3339(entry.at), "id": entry.id,
        "labels": None if labels is None else {
            "provider": labels.provider, "model": labels.model, "operation": labels.operation,
            "scope": dict(labels.scope),
        },
        "figures": None if figures is None else figures_record(figures),
    }  # fmt: skip
