"""Each guard of the commit is needed: without it, a test of the guard fails within a few commands."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

import pytest

from quotakeeper.errors import LedgerError
from quotakeeper.stores.postgres.driver import open_connection
from quotakeeper.stores.postgres.dsn import ServerAddress
from tests.stores_postgres.test_guards import TestGuards as GuardTests

# What is taken out of post_v2, and a test that must find this.
MUTANTS = {
    "batch": ("EXISTS (SELECT 1 FROM batch AS x WHERE x.id = batch_id)",
              "a_batch_is_committed_once"),
    "version": ("h.version < of_version", "a_commit_is_not_made_on_an_older_ledger"),
    "moved": ("h.version > most_version",
              "a_refusal_beside_a_call_stands_only_if_nobody_wrote"),
    "accounts": ("h.account_version <> of_accounts",
                 "a_pause_and_a_raise_that_another_host_has_ordered"),
    "since": ("now_at < since_at", "a_pause_that_has_not_lapsed_on_the_server"),
    "until": ("now_at >= until_at", "a_period_that_has_ended_on_the_server"),
    "id": ("EXISTS (SELECT 1 FROM entry AS x WHERE x.id = ANY (e_id))",
           "an_id_that_another_host_has_used"),
    "hold": ("<> coalesce(array_length(k_seq, 1), 0)",
             "a_reservation_that_another_host_has_changed"),
    "call": ("EXISTS (SELECT 1 FROM entry AS x WHERE x.ref = ANY (c_ref) AND x.seq > c_since)",
             "a_correction_that_another_host_has_made"),
    "mark": ("<> (w.start_at, w.turn, w.stands)", "a_threshold_that_another_host_has_left"),
    "most": ("coalesce(x.settled + x.reserved, 0) > w.most", "room_that_another_host_took-day"),
    "most settled": ("coalesce(x.settled, 0) > w.most_settled",
                     "a_threshold_that_comes_near_elsewhere_is_crossed-day"),
    "least settled": ("coalesce(x.settled, 0) < w.least_settled",
                      "a_threshold_that_would_be_left"),
    "most of a window": ("coalesce(sum(x.settled + x.reserved), 0) > w.most",
                         "room_that_another_host_took-rolling 1h"),
    "most settled of a window": ("coalesce(sum(x.settled), 0) > w.most_settled",
                                 "a_threshold_that_comes_near_elsewhere_is_crossed-rolling 1h"),
    "least settled of a window": ("coalesce(sum(x.settled), 0) < w.least_settled",
                                  "a_threshold_of_a_window_that_would_be_left"),
}  # fmt: skip
FUNCTION = """
SELECT pg_get_functiondef(p.oid) FROM pg_proc AS p JOIN pg_namespace AS n ON n.oid = p.pronamespace
WHERE n.nspname = %s AND p.proname = 'post_v2'
"""


def execute(address: ServerAddress, sql: str, *values: object) -> Any:
    raw = open_connection(address.parameters, prepares=False)
    try:
        found = raw.execute(sql, values or None)
        return found.fetchone()[0] if found.description else None
    finally:
        raw.close()


def without(guard: str, function: str) -> str:
    """The function with a guard that never fails."""
    assert function.count(guard) == 1, guard
    if guard.startswith("<>"):  # a comparison whose left side is long
        return function.replace(guard, f"{guard} AND false")
    return function.replace(guard, "false")


class TestMutants:
    @pytest.fixture(autouse=True)
    def a_ledger(self, ledger: ServerAddress, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
        self.address, self.patch = ledger, monkeypatch
        self.case = GuardTests()
        self.case.address, self.case.patch = ledger, monkeypatch
        yield
        for store in (self.case._stores or {}).values():
            store.close()

    @pytest.mark.parametrize("name", MUTANTS)
    def test_a_guard_that_is_dropped_is_missed(self, name: str) -> None:
        guard, test = MUTANTS[name]
        method, _, window = test.partition("-")
        run = getattr(self.case, f"test_{method}")
        found = inspect.signature(run).parameters
        values = {"window": window, "monkeypatch": self.patch}
        given = {each: values[each] for each in found}
        function = execute(self.address, FUNCTION, self.address.schema)
        execute(self.address, without(guard, function))
        with pytest.raises((AssertionError, LedgerError, KeyError)):
            run(**given)
            assert self.case.store.verify() == []

    def test_every_guard_has_a_mutant(self) -> None:
        function = execute(self.address, FUNCTION, self.address.schema)
        guards = function[function.index("IF EXISTS") : function.index("IF failed IS NOT NULL")]
        for guard, _ in MUTANTS.values():
            guards = guards.replace(guard, "", 1)
        # What is left is no comparison, except which slices are in a window.
        assert re.findall(r"[^ ]+ [<>]=? [^ )]+|<>", guards) == ["x.start_at > w.after"]
