"""Provider quotas as rows: the newest report of each quota. Reports are not part of the journal."""

from __future__ import annotations

from collections.abc import Iterable

from quotakeeper.domain.quotas import HEADER, REPLY, ProviderQuota
from quotakeeper.stores.sql.connection import SqlSession
from quotakeeper.stores.sql.damage import clean_text, instant, rows_of, whole

_SOURCES = (REPLY, HEADER)


def put_quotas(session: SqlSession, quotas: Iterable[ProviderQuota], forget_before: int) -> None:
    """Write quotas, except those of which a newer report is stored.

    Deletes quotas that were last seen before `forget_before`.
    """
    session.executemany(
        session.sql["put_quota"],
        [
            (each.provider, each.model, each.quota_id, each.meter, each.window, each.amount,
             each.remaining, each.resets_at, each.source, each.seen_at)
            for each in quotas
        ],
    )  # fmt: skip
    session.execute(session.sql["drop_quotas"], (forget_before,))


def read_quotas(session: SqlSession) -> tuple[ProviderQuota, ...]:
    """Return all stored quotas, sorted by provider, model and name. Raises DamagedRowError."""
    rows = session.execute(session.sql["quotas"]).fetchall()
    found = []
    for provider, model, quota_id, meter, window, amount, remaining, resets, source, seen in rows:
        with rows_of("a quota of a provider"):
            found.append(
                ProviderQuota(
                    clean_text(provider),
                    clean_text(model),
                    clean_text(quota_id),
                    clean_text(meter),
                    clean_text(window),
                    _perhaps(amount),
                    _perhaps(remaining),
                    None if resets is None else instant(resets),
                    _SOURCES[_SOURCES.index(source)],
                    instant(seen),
                )
            )
    return tuple(found)


def _perhaps(value: object) -> int | None:
    return None if value is None else whole(value)
