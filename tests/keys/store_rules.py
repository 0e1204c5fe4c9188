"""What every store of virtual keys must do. Each database runs these tests on stores of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from threading import Barrier, Thread

import pytest

from quotakeeper.app.virtual_keys.managing import KeyManager, KeyWasChangedError, key_named
from quotakeeper.domain.keys.key_changes import KeyAct
from quotakeeper.domain.keys.key_limit import KeyLimit
from quotakeeper.domain.keys.key_records import differs
from quotakeeper.domain.keys.key_store import KeyStore
from quotakeeper.domain.keys.key_text import digest_of
from quotakeeper.domain.keys.virtual_key import KeyState, OnGone, VirtualKey
from quotakeeper.domain.limits import Mode
from quotakeeper.errors import InvalidInputError
from quotakeeper.testing import FakeClock
from quotakeeper.value_classes import replace
from tests.keys.fake_keys import HOUR

# Opens one more store on the same ledger, as another process does.
Open = Callable[[], KeyStore]
RICH = VirtualKey(
    "", "lần \"1\"; DROP TABLE virtual_key; --", project="phim 'một'", labels=(("team", "dịch|&="),),
    expires_at=4_000_000_000_000_000, providers=("gemini",), models=("gemini-2.5-*", "nova-3"),
    networks=("10.0.0.0/8", "2001:db8::/32"), concurrency=4, on_gone=OnGone.DRAIN, on_limit="wait",
    limits=(
        KeyLimit("day", "cost", "day", 2_000_000_000_000),
        KeyLimit("calls", "requests", "rolling 24h", 5, "gemini", "gemini-2.5-*", "", Mode.SOFT),
    ),
)  # fmt: skip


class KeyStoreRules:
    """The tests. A subclass has the fixture `open_keys`."""

    @pytest.fixture
    def clock(self) -> FakeClock:
        return FakeClock("2026-11-23T12:00:00+00:00")

    @pytest.fixture
    def manager(self, open_keys: Open, clock: FakeClock) -> Iterator[KeyManager]:
        with closing(open_keys()) as store:
            yield KeyManager(store, clock.now, "an@host")

    def test_a_key_comes_back_as_it_was_stored(self, open_keys: Open, manager: KeyManager) -> None:
        issued = manager.create(RICH, "for 'lan'")
        plain = manager.create(VirtualKey("", "an", models=(), networks=()))
        digest = digest_of(issued.secret)
        assert digest is not None
        with closing(open_keys()) as other:
            assert other.find(digest) == issued.key
            assert other.all_keys() == sorted(
                (issued.key, plain.key), key=lambda each: (each.made_at, each.name)
            )
            assert other.find(bytes(32)) is None
            assert (plain.key.models, plain.key.networks) == ((), ())

    def test_before_the_first_key_there_is_none(self, open_keys: Open) -> None:
        with closing(open_keys()) as store:
            assert (store.all_keys(), store.audit(), store.find(bytes(32))) == ([], [], None)

    def test_each_act_is_committed_with_its_row_of_the_audit(
        self, open_keys: Open, manager: KeyManager, clock: FakeClock
    ) -> None:
        first = manager.create(VirtualKey("", "lan"), "she joins")
        acts: list[Callable[[], object]] = [
            lambda: manager.change("lan", lambda key: replace(key, project="film"), "a new film"),
            lambda: manager.rotate("lan", HOUR, "monthly"), lambda: manager.disable("lan"),
            lambda: manager.enable("lan"), lambda: manager.revoke("lan", "she leaves"),
        ]  # fmt: skip
        for act in acts:
            clock.advance(minutes=1)
            act()
        with closing(open_keys()) as other:
            key, rows = key_named(other, "lan"), other.audit()
        assert (key.state, key.version, len(key.secrets)) == (KeyState.REVOKED, 6, 2)
        assert key.secrets[0].ends_at == first.key.made_at + 120_000_000 + HOUR
        assert [row.act for row in rows] == list(KeyAct)
        assert [row.seq for row in rows] == [1, 2, 3, 4, 5, 6]
        assert [row.why for row in rows] == [
            "she joins", "a new film", "monthly", "", "", "she leaves",
        ]  # fmt: skip
        assert {row.actor for row in rows} == {"an@host"}
        assert [row.at for row in rows] == [
            first.key.made_at + 60_000_000 * number for number in range(6)
        ]
        assert rows[0].before == ""
        for earlier, later in pairwise(rows):
            assert earlier.after == later.before
        assert not differs(key, rows[-1].after)

    def test_a_change_of_an_older_version_is_refused_and_leaves_nothing(
        self, manager: KeyManager, open_keys: Open
    ) -> None:
        made = manager.create(VirtualKey("", "lan")).key
        second = manager.change("lan", lambda key: replace(key, concurrency=2), "", made.version)
        acts: list[Callable[[], object]] = [
            lambda: manager.change("lan", lambda key: replace(key, concurrency=9), "", 1),
            lambda: manager.rotate("lan", HOUR, "", 1), lambda: manager.disable("lan", "", 1),
            lambda: manager.enable("lan", "", 1), lambda: manager.revoke("lan", "", 1),
        ]  # fmt: skip
        for act in acts:
            with pytest.raises(KeyWasChangedError, match="has version 2"):
                act()
        with closing(open_keys()) as other:
            assert key_named(other, "lan") == second
            assert [row.act for row in other.audit()] == [KeyAct.CREATE, KeyAct.CHANGE]

    def test_of_changes_at_once_with_one_version_one_is_stored(
        self, manager: KeyManager, open_keys: Open, clock: FakeClock
    ) -> None:
        """Each thread adds its model and tries again when somebody was first. None is lost."""
        manager.create(VirtualKey("", "lan", models=()))
        barrier = Barrier(4)

        def add(model: str) -> None:
            with closing(open_keys()) as store:
                own = KeyManager(store, clock.now, model)
                barrier.wait(30)
                while not added(store, own, model):
                    pass

        def added(store: KeyStore, own: KeyManager, model: str) -> bool:
            seen = key_named(store, "lan")
            wanted = (*seen.models, model)
            try:
                own.change("lan", lambda key: replace(key, models=wanted), "", seen.version)
            except KeyWasChangedError:
                return False
            return True

        threads = [Thread(target=add, args=(f"m{number}",)) for number in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        with closing(open_keys()) as store:
            key, rows = key_named(store, "lan"), store.audit()
        assert sorted(key.models) == ["m0", "m1", "m2", "m3"]
        assert (key.version, len(rows)) == (5, 5)
        for earlier, later in pairwise(rows):
            assert earlier.after == later.before

    def test_the_audit_is_read_in_pages_and_by_key(
        self, manager: KeyManager, open_keys: Open
    ) -> None:
        lan, an = (manager.create(VirtualKey("", name)).key for name in ("lan", "an"))
        for act in (manager.disable, manager.enable):
            act("lan")
            act("an")
        with closing(open_keys()) as other:
            assert [row.seq for row in other.audit(2, 3)] == [3, 4, 5]
            assert [row.seq for row in other.audit(5)] == [6]
            assert [row.seq for row in other.audit(key_id=lan.id)] == [1, 3, 5]
            assert [row.seq for row in other.audit(2, 1, an.id)] == [4]
            assert other.audit(key_id="none") == other.audit(6) == []

    def test_a_name_is_never_used_again(self, manager: KeyManager, open_keys: Open) -> None:
        manager.create(VirtualKey("", "lan"))
        manager.revoke("lan")
        with pytest.raises(InvalidInputError, match=r"already a key 'lan' \(revoked\)"):
            manager.create(VirtualKey("", "lan"))
        with closing(open_keys()) as other:
            assert len(other.audit()) == 2

    def test_a_refused_change_leaves_nothing(self, manager: KeyManager, open_keys: Open) -> None:
        manager.create(VirtualKey("", "lan"))
        with pytest.raises(InvalidInputError, match="is already active"):
            manager.enable("lan")
        with pytest.raises(InvalidInputError, match="did you mean 'lan'"):
            manager.rotate("lam", 0)
        with closing(open_keys()) as other:
            assert len(other.audit()) == 1
            assert key_named(other, "lan").version == 1

    def test_of_many_who_create_one_name_one_succeeds(
        self, open_keys: Open, clock: FakeClock
    ) -> None:
        results = race(
            [
                lambda store: (
                    KeyManager(store, clock.now, "an").create(VirtualKey("", "lan")).secret
                )
                for _ in range(6)
            ],
            open_keys,
        )
        secrets = [each for each in results if isinstance(each, str)]
        assert len(secrets) == 1
        assert all(isinstance(each, str | InvalidInputError) for each in results)
        with closing(open_keys()) as other:
            assert [row.act for row in other.audit()] == [KeyAct.CREATE]

    def test_rotations_at_the_same_time_are_all_kept(
        self, open_keys: Open, manager: KeyManager, clock: FakeClock
    ) -> None:
        manager.create(VirtualKey("", "lan"))
        results = race(
            [
                lambda store: KeyManager(store, clock.now, "an").rotate("lan", HOUR).secret
                for _ in range(5)
            ],
            open_keys,
        )
        with closing(open_keys()) as other:
            key = key_named(other, "lan")
            for each in results:
                assert isinstance(each, str)
                digest = digest_of(each)
                assert digest is not None
                assert other.find(digest) == key
            assert len(key.secrets) == 6
            assert [each.ends_at is None for each in key.secrets].count(True) == 1
            assert [row.seq for row in other.audit()] == [1, 2, 3, 4, 5, 6]


def race(acts: list[Callable[[KeyStore], object]], open_keys: Open) -> list[object]:
    """Run each act in a thread of its own, all at once. Gives the results or errors."""
    start, results = Barrier(len(acts)), list[object]()

    def run(act: Callable[[KeyStore], object]) -> None:
        with closing(open_keys()) as store, noting(results):
            start.wait()
            results.append(act(store))

    threads = [Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return results


@contextmanager
def noting(results: list[object]) -> Iterator[None]:
    try:
        yield
    except Exception as error:  # noqa: BLE001 - the test looks at every error
        results.append(error)
