"""Contract: the provider quotas that replies reported."""

from __future__ import annotations

from quotakeeper.domain.quotas import HEADER, REPLY, ProviderQuota
from quotakeeper.testing.ledger_case import HOUR, LedgerCase, tokens
from quotakeeper.value_classes import replace


class QuotaRules(LedgerCase):
    """Tests of provider quotas: the store keeps the newest reading of each quota, outside the journal."""

    def quota(self, quota_id: str = "PerDay", *, model: str = "m", at: int = 0) -> ProviderQuota:
        """Return a provider quota whose reading is dated `at` microseconds after the clock's time."""
        return ProviderQuota(
            "gemini", model, quota_id, "requests", "day", 20, None, None, REPLY,
            self.clock.now() + at,
        )  # fmt: skip

    def test_a_new_ledger_keeps_no_quota(self) -> None:
        assert self.store.quotas() == ()

    def test_a_quota_is_given_back_as_it_was_told(self) -> None:
        told = replace(self.quota(), remaining=3, resets_at=self.clock.now() + HOUR, source=HEADER)
        unnamed = replace(
            self.quota("", model=""), quota_id="429", meter="", window="", amount=None
        )
        self.store.put_quotas([told, unnamed], 0)
        assert self.store.quotas() == (unnamed, told)
        self.reopen()
        assert self.store.quotas() == (unnamed, told)

    def test_of_each_quota_the_newest_is_kept(self) -> None:
        now, later = self.quota(), replace(self.quota(at=HOUR), amount=10)
        self.store.put_quotas([later, self.quota("PerMinute")], 0)
        self.store.put_quotas([now], 0)  # an older reading, written later by a slower process
        assert self.store.quotas() == (later, self.quota("PerMinute"))
        # At the same instant, the last writer wins.
        self.store.put_quotas([replace(later, amount=30)], 0)
        assert self.store.quotas()[0].amount == 30

    def test_what_was_seen_long_ago_is_forgotten(self) -> None:
        old, new = self.quota("old", at=-HOUR), self.quota("new")
        self.store.put_quotas([old, new], 0)
        self.store.put_quotas([], self.clock.now())
        assert self.store.quotas() == (new,)

    def test_a_quota_changes_nothing_in_the_journal(self) -> None:
        self.record("a", tokens(5))
        before = self.journal()
        self.store.put_quotas([self.quota()], 0)
        assert self.journal() == before
        self.record("b", tokens(5))
        assert len(self.journal()) == len(before) + 1
