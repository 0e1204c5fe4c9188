"""The admin API on a ledger on a server: the same changes, the same audit, and no lost change."""

from __future__ import annotations

import os
from contextlib import closing
from itertools import count
from pathlib import Path

import pytest

from quotakeeper.stores.postgres.driver import driver, open_connection
from quotakeeper.stores.postgres.dsn import parse_dsn
from quotakeeper.stores.postgres.key_store import schema_of_keys
from tests.gateway.test_admin_api import check_all_changes, check_changes_at_once

_numbers = count(1)


@pytest.fixture
def url(server: str) -> str:
    return f"{server}admin_{os.getpid()}_{next(_numbers)}"


def test_a_key_lives_through_all_its_changes_and_no_row_of_the_audit_can_be_changed(
    url: str, tmp_path: Path
) -> None:
    check_all_changes(tmp_path, url)
    address = parse_dsn(url)
    for statement in (
        "UPDATE virtual_key_audit SET actor = 'x'", "DELETE FROM virtual_key_audit",
        "TRUNCATE virtual_key_audit",
    ):  # fmt: skip
        with closing(open_connection(address.parameters, prepares=False)) as raw:
            raw.execute(f'SET search_path = "{schema_of_keys(address.schema)}"')
            with pytest.raises(driver().Error, match="append-only"):
                raw.execute(statement)


def test_of_changes_at_once_none_is_lost(url: str, tmp_path: Path) -> None:
    check_changes_at_once(tmp_path, url)
