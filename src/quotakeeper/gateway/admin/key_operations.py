"""The operations of the admin API that change keys, and those that read them. All of them block."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from quotakeeper.app.records.instants import rfc3339
from quotakeeper.app.virtual_keys.key_documents import (
    audit_page_record,
    key_change_record,
    key_fields,
    key_secret_record,
)
from quotakeeper.app.virtual_keys.managing import IssuedKey
from quotakeeper.domain.keys.key_limit import KeyLimit
from quotakeeper.domain.keys.virtual_key import OnGone, VirtualKey
from quotakeeper.domain.windows import SECOND
from quotakeeper.gateway.admin.asked import AdminAnswer, Asked, etag
from quotakeeper.gateway.admin.key_limits import key_limit_from, key_limits_from
from quotakeeper.gateway.admin.parts import AdminParts
from quotakeeper.gateway.admin.problems import AdminProblem
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import replace

DEFAULT_PAGE = 100
_DAY_SECONDS = 86_400
_PLAIN = ("project", "expires_at", "concurrency")
_LISTS = ("providers", "models", "networks")


def list_keys(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """List keys by the cursor `after`, the id of the last key of the page before."""
    query, now = asked.query, parts.now()
    keys = sorted(parts.store.all_keys(), key=lambda key: key.id)
    wanted = [
        key for key in keys
        if query.get("state", key.state) == key.state and query.get("name", key.name) == key.name
        and key.id > query.get("after", "")
    ]  # fmt: skip
    page = wanted[: query.get("limit", DEFAULT_PAGE)]
    more = len(wanted) > len(page)
    return AdminAnswer({
        "schema": Schema.KEYS, "as_of": rfc3339(now),
        "keys": [key_fields(key, now) for key in page], "next": page[-1].id if more else None,
    })  # fmt: skip


def get_key(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Read one key."""
    key = parts.key_of_id(asked.path["id"])
    return _shown(key, {"schema": Schema.KEY, "key": key_fields(key, parts.now())})


def create_key(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Create a key. Its secret is only in this answer."""
    name: str = asked.body["name"]
    wanted = _edited(parts, VirtualKey(id="", name=name), asked.body)
    if any(key.name == wanted.name for key in parts.store.all_keys()):
        text = f"there is already a key {name!r}; the name of a key is never used again"
        raise AdminProblem(409, "name_taken", text, "name")
    return _issued(parts, parts.manager(asked.actor).create(wanted, asked.why))


def change_key(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Change the fields that were given."""
    return _changed(parts, asked, lambda key: _edited(parts, key, asked.body))


def rotate_key(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Give a key a new secret, which is only in this answer."""
    key = parts.key_of_id(asked.path["id"])
    grace = asked.body.get("grace_seconds", _DAY_SECONDS) * SECOND
    manager = parts.manager(asked.actor)
    return _issued(parts, manager.rotate(key.name, grace, asked.why, asked.version))


def revoke_key(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Refuse a key for ever."""
    return _acted(parts, asked, "revoke")


def disable_key(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Refuse a key until it is enabled."""
    return _acted(parts, asked, "disable")


def enable_key(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Accept a disabled key again."""
    return _acted(parts, asked, "enable")


def create_key_limit(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Add a limit to a key."""
    new = key_limit_from(parts.keeper, asked.body)

    def edit(key: VirtualKey) -> VirtualKey:
        if any(each.name == new.name for each in key.limits):
            text = f"the key has a limit {new.name!r} already; change it with PUT"
            raise AdminProblem(409, "name_taken", text, "name")
        return replace(key, limits=(*key.limits, new))

    return _changed(parts, asked, edit)


def put_key_limit(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Replace the values of a limit of a key. Its name stays."""
    name = asked.path["limit"]

    def edit(key: VirtualKey) -> VirtualKey:
        old = _limit_of(key, name)
        new = key_limit_from(parts.keeper, {**asked.body, "name": name})
        limits = tuple(new if each is old else each for each in key.limits)
        return replace(key, limits=limits)

    return _changed(parts, asked, edit)


def delete_key_limit(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """Remove a limit from a key. What its calls have used stays in the ledger."""

    def edit(key: VirtualKey) -> VirtualKey:
        old = _limit_of(key, asked.path["limit"])
        return replace(key, limits=tuple(each for each in key.limits if each is not old))

    return _changed(parts, asked, edit)


def list_audit(parts: AdminParts, asked: Asked) -> AdminAnswer:
    """List the audit by the cursor `after`, the number of the last row of the page before."""
    query = asked.query
    most = query.get("limit", DEFAULT_PAGE)
    rows = parts.store.audit(query.get("after", 0), most + 1, query.get("key", ""))
    return AdminAnswer(audit_page_record(rows[:most], more=len(rows) > most))


def _edited(parts: AdminParts, key: VirtualKey, body: dict[str, Any]) -> VirtualKey:
    """Return a key with the fields of a body."""
    given: dict[str, Any] = {
        name: body[name] for name in ("project", "expires_at", "concurrency") if name in body
    }
    given |= {name: tuple(body[name]) for name in _LISTS if name in body}
    if "labels" in body:
        given["labels"] = tuple(body["labels"].items())
    if "on_gone" in body:
        given["on_gone"] = OnGone(body["on_gone"])
    if "on_limit" in body:
        given["on_limit"] = body["on_limit"] or ""
    if "limits" in body:
        given["limits"] = key_limits_from(parts.keeper, body["limits"])
    return replace(key, **given)


def _changed(
    parts: AdminParts, asked: Asked, edit: Callable[[VirtualKey], VirtualKey]
) -> AdminAnswer:  # fmt: skip
    key = parts.key_of_id(asked.path["id"])
    after = parts.manager(asked.actor).change(key.name, edit, asked.why, asked.version)
    parts.forget_keys()
    return _shown(after, key_change_record(after, parts.now()))


def _acted(parts: AdminParts, asked: Asked, act: str) -> AdminAnswer:
    key, manager = parts.key_of_id(asked.path["id"]), parts.manager(asked.actor)
    after: VirtualKey = getattr(manager, act)(key.name, asked.why, asked.version)
    parts.forget_keys()
    return _shown(after, key_change_record(after, parts.now()))


def _issued(parts: AdminParts, issued: IssuedKey) -> AdminAnswer:
    parts.forget_keys()
    return _shown(issued.key, key_secret_record(issued, parts.now()))


def _shown(key: VirtualKey, record: dict[str, object]) -> AdminAnswer:
    return AdminAnswer(record, (("ETag", etag(key.version)),))


def _limit_of(key: VirtualKey, name: str) -> KeyLimit:
    for each in key.limits:
        if each.name == name:
            return each
    raise AdminProblem(404, "no_such_limit", "the key has no limit of this name", "limit")
