"""The state of a ledger in PostgreSQL: sums are added to unread, and a transaction begins at once."""

from __future__ import annotations

from quotakeeper.domain.ledger.state import ZoneFinder
from quotakeeper.stores.postgres.connection import Statement
from quotakeeper.stores.postgres.dialect import PostgresSession
from quotakeeper.stores.sql.bucket_sums import BucketSums
from quotakeeper.stores.sql.codes import COST_CODE, quantities_text
from quotakeeper.stores.sql.state import SqlState


class AddedSums(BucketSums):
    """Sums by slot that are added to what the tables have, without a look at it."""

    def save(self) -> None:
        """Write what was changed."""
        sums, parts, emptied = [], [], []
        for key, more in self._more.items():
            sums.append((*key, more.calls, more.unpriced))
            amounts = {quantities_text({name: 0})[:-1]: n for name, n in more.quantities.items()}
            amounts[COST_CODE] = more.cost_pico
            parts += [(*key, code, str(amount)) for code, amount in amounts.items()]
            if more.calls <= 0:
                emptied.append(key)
        self._more.clear()
        self._dirty.clear()
        many, sql = self._session.executemany, self._sql
        many(sql["make_slot"], [row[:4] for row in sums])
        many(sql["add_to_slot"], sums)
        many(sql["make_slot_part"], [row[:5] for row in parts])
        many(sql["add_to_slot_part"], parts)
        many(sql["drop_empty_slot"], emptied)


class PostgresState(SqlState):
    """The state of a ledger in PostgreSQL, inside one transaction at a time."""

    def __init__(self, session: PostgresSession, zones: ZoneFinder) -> None:
        super().__init__(session, zones)
        self._slots = AddedSums(session, self.interned)

    def asks_first(self) -> list[Statement]:
        """The queries of `refresh` that follow where others have committed: fetched ahead."""
        sql = self._sql
        return [
            (sql["head"], ()),
            (sql["accounts"], (self._last_account,)),
            (sql["instant_of"], (self.seq,)),
            (sql["refs_after"], (self.seq,)),
            (sql["notices_after"], (self._noted,)),
        ]
