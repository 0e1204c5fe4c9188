"""Reads limits of keys from requests, and checks them as the config file's limits are checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from quotakeeper.config.limit_tables import read_limit
from quotakeeper.domain.keys.key_limit import KeyLimit
from quotakeeper.engine.call_names import Names
from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.gateway.admin.problems import AdminProblem
from quotakeeper.keeper import Keeper
from quotakeeper.keeper_limits import present_config

_WHERE = "limit"


def key_limits_from(keeper: Keeper, given: Sequence[Mapping[str, Any]]) -> tuple[KeyLimit, ...]:
    """Return the limits of a request. Raises AdminProblem (422) that names the field."""
    return tuple(
        key_limit_from(keeper, each, f"limits[{number}].") for number, each in enumerate(given)
    )


def key_limit_from(keeper: Keeper, given: Mapping[str, Any], prefix: str = "") -> KeyLimit:
    """Return one limit. `prefix` stands before the names of fields in errors."""
    settings, names = keeper.settings, present_config(keeper).names
    table = {name: value for name, value in given.items() if name != "why"}
    try:
        limit = read_limit(table, _WHERE, timezone=settings.timezone, warn_at=settings.warn_at)
        _check_names(names, limit)
    except ConfigError as error:
        field = error.where.removeprefix(f"{_WHERE}.")
        text = f"{error.problem}; {error.fix}"
        raise AdminProblem(422, "invalid_value", text, prefix + field) from None
    except InvalidInputError as error:
        text = f"{error.problem}; {error.fix}"
        raise AdminProblem(422, "invalid_value", text, prefix + error.field) from None
    return KeyLimit(
        limit.name, limit.meter, str(limit.window), limit.amount, limit.provider, limit.model,
        limit.operation, limit.mode,
    )  # fmt: skip


def _check_names(names: Names, limit: Any) -> None:
    check = getattr(names, "check_limit", None)
    if check is not None:
        check(limit)
