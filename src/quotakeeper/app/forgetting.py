"""Removes a label value such as `user=an` from the ledger. The calls and their costs stay."""

from __future__ import annotations

from collections.abc import Callable
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING

from quotakeeper.app.ledger_presence import check_all_is_in_it
from quotakeeper.app.records.instants import rfc3339
from quotakeeper.config import Settings
from quotakeeper.domain.ledger.forgetting import ForgottenLabel, LabelValue
from quotakeeper.domain.usage import check_scope
from quotakeeper.errors import InvalidInputError
from quotakeeper.identifiers import new_id
from quotakeeper.keeper import engine_of
from quotakeeper.known_names import nearest
from quotakeeper.schemas import Schema
from quotakeeper.value_classes import dataclass
from quotakeeper.wiring import ledger_path

if TYPE_CHECKING:
    from quotakeeper import Keeper


@dataclass(frozen=True, slots=True)
class Forgetting:
    """What was replaced. If `done` is False, nothing was changed and `found` says what would be replaced.

    `copies` are the backups beside the ledger that still have the value.
    """

    label: LabelValue
    found: ForgottenLabel
    done: bool
    copies: tuple[str, ...]
    zone: tzinfo


def label_from(text: str) -> LabelValue:
    """Parse "user=an" into a label's name and value. Raises InvalidInputError."""
    name, equals, value = text.partition("=")
    if not equals or not name.strip() or not value.strip():
        problem = f"{text[:60]!r} is not NAME=VALUE"
        raise InvalidInputError("--label", problem, "write it like --label user=an")
    ((name, value),) = check_scope({name.strip(): value.strip()})
    return LabelValue(name, value)


def forget(
    settings: Settings, open_keeper: Callable[[], Keeper], label: LabelValue, *, apply: bool
) -> Forgetting:
    """Replace a label value in the whole ledger. Without `apply`, only count what would change.

    Raises InvalidInputError if no call or limit has the label value, or while another program uses
    the ledger.
    """
    path = ledger_path(settings)
    with open_keeper() as keeper:
        retention, zone = engine_of(keeper).retention, keeper.zone
        found = retention.forget(label, "", apply=False)
        if not (found.calls or found.open_calls or found.balances or found.keys):
            raise InvalidInputError("--label", *_not_there(keeper, label))
        if apply:
            _check_no_limit_names(settings, label)
            _check_keys_are_revoked(found)
            check_all_is_in_it(path)
            instead = f"forgotten-{new_id(keeper.now())[-8:].lower()}"
            found = retention.forget(label, instead, apply=True)
    return Forgetting(label, found, apply, tuple(_copies(path)), zone)


def forgetting_record(result: Forgetting) -> dict[str, object]:
    """Return the result as a JSON record."""
    found = result.found
    return {
        "schema": Schema.FORGET,
        "done": result.done,
        "label": result.label.name,
        "value": result.label.value,
        "instead": found.instead or None,
        "calls": found.calls,
        "open_calls": found.open_calls,
        "balances": found.balances,
        "keys": found.keys,
        "notes_cleared": found.notes,
        "last_used_at": rfc3339(found.last_at) if found.last_at else None,
        "copies": list(result.copies),
    }


def _not_there(keeper: Keeper, label: LabelValue) -> tuple[str, str]:
    names: set[str] = set()
    values: set[str] = set()
    for part in keeper.slots():
        for name, value in part.labels.scope:
            names.add(name)
            if name == label.name:
                values.add(value)
    problem = f"no call has the label {label.name}={label.value}"
    if label.name in names:
        near = nearest(label.value, values, cutoff=0.5)
        return problem, f"did you mean {label.name}={near}?" if near else "look at the report: " + (
            f"quotakeeper report --by scope.{label.name}"
        )
    used = ", ".join(sorted(names)[:8]) or "none"
    return problem, f"labels in use: {used}"


def _check_no_limit_names(settings: Settings, label: LabelValue) -> None:
    """Raise InvalidInputError if a configured limit names the label value.

    With such a limit, the next program would write the value to the ledger again.
    """
    for limit in settings.limits:
        if label.pair in limit.scope:
            raise InvalidInputError(
                "--label", f"limit {limit.name!r} in {settings.config_file} uses this label",
                f"remove that limit first: quotakeeper limits remove {limit.name!r}",
            )  # fmt: skip


def _check_keys_are_revoked(found: ForgottenLabel) -> None:
    """Raise InvalidInputError if a virtual key with the label value can still be used.

    With such a key, the next call would write the value to the ledger again.
    """
    if found.usable_keys:
        name = found.usable_keys[0]
        raise InvalidInputError(
            "--label", f"the virtual key {name!r} has this label and is not revoked",
            f"revoke that key first: quotakeeper keys revoke {name!r}",
        )  # fmt: skip


def _copies(path: Path | None) -> list[str]:
    if path is None:
        return []
    names = (each for end in (f"{path.name}.*.bak", f"{path.stem}-*.backup.db")
             for each in path.parent.glob(end))  # fmt: skip
    return sorted(str(each) for each in names)
