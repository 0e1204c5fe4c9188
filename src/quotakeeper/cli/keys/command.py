"""Runs `quotakeeper keys create`, `list`, `show`, `rotate`, `revoke`, `disable` and `enable`."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from quotakeeper.app.forgetting import label_from
from quotakeeper.app.ledger_presence import check_is_there
from quotakeeper.app.virtual_keys.key_documents import (
    key_change_record,
    key_record,
    key_secret_record,
    keys_record,
)
from quotakeeper.app.virtual_keys.key_limits import limits_of_keys
from quotakeeper.app.virtual_keys.managing import IssuedKey, KeyManager, key_named
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.keys.view import key_lines, keys_lines
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.times import parse_moment, parse_span
from quotakeeper.clocks import zone_named
from quotakeeper.domain.keys.key_store import KeyStore
from quotakeeper.domain.keys.virtual_key import ANYTHING, OnGone, VirtualKey
from quotakeeper.errors import InvalidInputError
from quotakeeper.key_wiring import open_keys

_CHANGED = {
    "revoke": "key {name!r} is revoked: every process refuses it within 5 seconds, for ever",
    "disable": "key {name!r} is disabled: every process refuses it within 5 seconds; "
    "undo it with: quotakeeper keys enable {name!r}",
    "enable": "key {name!r} is enabled: every process accepts it within 5 seconds",
}


def run_create(session: context.CommandContext, name: str, given: Mapping[str, Any]) -> int:
    """Create a key and print its secret. Returns the exit code."""
    settings = session.settings()
    check_is_there(settings)
    now, zone = context.now(), zone_named(settings.timezone)
    expires = given["expires"]
    wanted = VirtualKey(
        id="", name=name, project=given["project"], labels=_labels(given["labels"]),
        expires_at=None if expires is None
        else parse_moment(expires, zone, now, "--expires", end=True),
        providers=_list(given["providers"]), models=_list(given["models"]),
        networks=_list(given["networks"]), concurrency=given["concurrency"],
        on_gone=OnGone(given["on_gone"]), on_limit=given["on_limit"] or "",
    )  # fmt: skip
    with _opened(session) as store:
        issued = _manager(store).create(wanted, given["why"])
    _show_secret(session, issued, now, as_json=given["as_json"])
    if not given["as_json"]:
        text = "key {name!r} was created; its calls have the label key={name}"
        console.tell(session.words(text, name=issued.key.name))
    return exit_codes.OK


def run_rotate(
    session: context.CommandContext, name: str, grace: str, why: str, *, as_json: bool
) -> int:
    """Give a key a new secret and print it. Returns the exit code."""
    span, now = parse_span(grace, "--grace"), context.now()
    context.check_ledger_is_there(session)
    with _opened(session) as store:
        issued = _manager(store).rotate(name, span, why)
    _show_secret(session, issued, now, as_json=as_json)
    if not as_json:
        older = [each.ends_at for each in issued.key.secrets[:-1] if each.ends_at is not None]
        at = figures.stamp(max(older), zone_named(session.settings().timezone))
        text = "key {name!r} has a new secret; its older secrets are refused from {at} on"
        console.tell(session.words(text, name=issued.key.name, at=at))
    return exit_codes.OK


def run_change(
    session: context.CommandContext, act: str, name: str, why: str, *, as_json: bool
) -> int:
    """Revoke, disable or enable a key. Returns the exit code."""
    context.check_ledger_is_there(session)
    with _opened(session) as store:
        key: VirtualKey = getattr(_manager(store), act)(name, why)
    if as_json:
        console.say(json.dumps(key_change_record(key, context.now()), indent=2))
    else:
        console.tell(session.words(_CHANGED[act], name=key.name))
    return exit_codes.OK


def run_list(session: context.CommandContext, *, with_revoked: bool, as_json: bool) -> int:
    """Print the keys with their limits. Returns the exit code."""
    context.check_ledger_is_there(session)
    with _opened(session) as store:
        keys = [key for key in store.all_keys() if with_revoked or not key.is_revoked]
    with context.open_keeper(session) as keeper:
        now, zone = keeper.now(), keeper.zone
        limits = limits_of_keys(keeper, keys)
    if as_json:
        console.say(json.dumps(keys_record(keys, limits, now), indent=2))
        return exit_codes.OK
    for line in keys_lines(keys, limits, now, zone, session, console.width()):
        console.say(line)
    return exit_codes.OK


def run_show(session: context.CommandContext, name: str, *, as_json: bool) -> int:
    """Print one key with its limits and its audit. Returns the exit code."""
    context.check_ledger_is_there(session)
    with _opened(session) as store:
        key = key_named(store, name)
        audit = store.audit(key_id=key.id)
    with context.open_keeper(session) as keeper:
        now, zone = keeper.now(), keeper.zone
        limits = limits_of_keys(keeper, [key])[key.name]
    if as_json:
        console.say(json.dumps(key_record(key, limits, audit, now), indent=2))
        return exit_codes.OK
    for line in key_lines(key, limits, audit, now, zone, session, console.width()):
        console.say(line)
    return exit_codes.OK


@contextmanager
def _opened(session: context.CommandContext) -> Iterator[KeyStore]:
    store = open_keys(session.settings())
    try:
        yield store
    finally:
        store.close()


def _manager(store: KeyStore) -> KeyManager:
    return KeyManager(store, context.now)


def _show_secret(
    session: context.CommandContext, issued: IssuedKey, now: int, *, as_json: bool
) -> None:
    """Print the secret on stdout, alone in its line, so that a script can read it."""
    if as_json:
        console.say(json.dumps(key_secret_record(issued, now), indent=2))
        return
    console.say(issued.secret)
    console.tell(session.words("store this secret now: it is not shown again"))


def _labels(texts: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    found: dict[str, str] = {}
    for text in texts:
        label = label_from(text)
        if label.name in found:
            raise InvalidInputError("--label", f"{label.name!r} is given twice", "give it once")
        found[label.name] = label.value
    return tuple(found.items())


def _list(texts: tuple[str, ...]) -> tuple[str, ...]:
    """Return the values of a repeatable option: none given means all, only "" means none."""
    return tuple(each for each in texts if each.strip()) if texts else ANYTHING
