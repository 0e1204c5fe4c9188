"""Users of a ledger's server: who has one role of a ledger alone."""

from __future__ import annotations

import os
from contextlib import closing
from itertools import count
from typing import Any

from quotakeeper.stores.postgres.administration import ServerLedger
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress

_numbers = count(1)


def execute(address: ServerAddress, *statements: str) -> list[Any]:
    """Carry out statements as the user of the address, in one session; the rows of the last one."""
    with closing(open_connection(address.parameters, prepares=False)) as raw:
        for each in statements:
            found = raw.execute(each)
        return found.fetchall() if found.description else []


def user_with(address: ServerAddress, role: str, **made: str) -> ServerAddress:
    """The address for a new user, who has that role of the ledger alone."""
    name = made.get(role) or f"{role}_{os.getpid()}_{next(_numbers)}"
    if not made:
        ServerLedger(address).make(**{role: name})
    user = f"u{next(_numbers)}_{name}"
    execute(address, f"CREATE ROLE {user} LOGIN; GRANT {name} TO {user}")
    return ServerAddress(
        address.name, address.schema, address.prepares, {**address.parameters, "user": user}
    )
