"""A presented secret: hostile texts without a query, a cache of a bounded age and size, exact ends."""

from __future__ import annotations

from threading import Thread

import pytest

from quotakeeper.app.virtual_keys import presenting
from quotakeeper.app.virtual_keys.managing import IssuedKey, KeyManager
from quotakeeper.app.virtual_keys.presenting import KeyPresenter, PresentedKey
from quotakeeper.domain.keys.key_refusals import REFUSAL_TEXT, KeyRefusal
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.testing import FakeClock
from tests.keys.fake_keys import HOUR, DictKeys, text_of
from tests.keys.test_key_text import HOSTILE


class Desk:
    """A store, a manager, and two presenters as in two processes, on one clock."""

    def __init__(self) -> None:
        self.clock = FakeClock("2026-11-23T12:00:00+00:00")
        self.store = DictKeys()
        self.manager = KeyManager(self.store, self.clock.now, "an@host")
        self.one, self.other = self.presenter(), self.presenter()

    def presenter(self) -> KeyPresenter:
        return KeyPresenter(self.store, self.clock.now, self.clock.monotonic)

    def create(self, name: str = "lan", **given: object) -> IssuedKey:
        return self.manager.create(VirtualKey("", name, **given))  # type: ignore[arg-type]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def answer(found: PresentedKey | KeyRefusal | None) -> str:
    if isinstance(found, KeyRefusal):
        assert found.text == REFUSAL_TEXT
        return str(found.code)
    assert found is not None
    return found.key.name


@pytest.mark.parametrize("text", HOSTILE, ids=lambda each: ascii(each)[:24])
def test_a_hostile_text_is_refused_without_a_query(desk: Desk, text: object) -> None:
    assert answer(desk.one.present(text)) == "key_invalid"
    assert answer(desk.one.present_cached(text)) == "key_invalid"
    assert desk.store.queries == 0


def test_a_key_is_found_by_its_secret_alone(desk: Desk) -> None:
    issued = desk.create()
    found = desk.one.present(issued.secret)
    assert isinstance(found, PresentedKey)
    assert found.key == issued.key
    assert issued.secret not in repr(found) and issued.secret not in repr(issued)
    assert answer(desk.one.present(text_of(99))) == "key_invalid"
    assert answer(desk.one.present("lan")) == "key_invalid"


@pytest.mark.parametrize(
    ("act", "code"), [("revoke", "key_revoked"), ("disable", "key_disabled")]
)  # fmt: skip
def test_a_change_is_seen_in_every_process_within_five_seconds(
    desk: Desk, act: str, code: str
) -> None:
    secret = desk.create().secret
    open_streams = [each.present(secret) for each in (desk.one, desk.other)]
    getattr(desk.manager, act)("lan")
    desk.clock.advance(seconds=4)
    for each, stream in zip((desk.one, desk.other), open_streams, strict=True):
        assert isinstance(stream, PresentedKey)
        assert answer(each.present(secret)) == code
        assert answer(each.again(stream)) == code


def test_a_cached_key_is_not_read_again_before_four_seconds(desk: Desk) -> None:
    secret = desk.create().secret
    assert desk.one.present_cached(secret) is None
    for _ in range(100):
        desk.one.present(secret)
    assert desk.store.queries == 1
    assert answer(desk.one.present_cached(secret)) == "lan"
    desk.clock.advance(seconds=3.9)
    desk.one.present(secret)
    assert desk.store.queries == 1
    desk.clock.advance(seconds=0.1)
    assert desk.one.present_cached(secret) is None
    desk.one.present(secret)
    assert desk.store.queries == 2


def test_the_grace_period_ends_at_its_instant_in_every_process(desk: Desk) -> None:
    old = desk.create().secret
    new = desk.manager.rotate("lan", HOUR).secret
    desk.clock.advance(seconds=3_599)
    for each in (desk.one, desk.other):
        assert [answer(each.present(text)) for text in (old, new)] == ["lan", "lan"]
    before = desk.store.queries
    desk.clock.advance(seconds=1)  # the keys in both caches are one second old
    for each in (desk.one, desk.other):
        assert [answer(each.present(text)) for text in (old, new)] == ["key_rotated", "lan"]
    assert desk.store.queries == before


def test_an_expiry_is_exact_although_the_key_is_cached(desk: Desk) -> None:
    secret = desk.create(expires_at=desk.clock.now() + 2_000_000).secret
    desk.clock.advance(seconds=1.999)
    assert answer(desk.one.present(secret)) == "lan"
    desk.clock.advance(seconds=0.001)
    assert answer(desk.one.present(secret)) == "key_expired"
    assert desk.store.queries == 1


def test_unknown_secrets_cannot_drive_out_a_key(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presenting, "MOST_CACHED", 4)
    secret = desk.create().secret
    desk.one.present(secret)
    for number in range(1_000, 1_100):
        assert answer(desk.one.present(text_of(number))) == "key_invalid"
    assert answer(desk.one.present_cached(secret)) == "lan"


def test_the_cache_is_bounded_and_drops_what_was_used_least_lately(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(presenting, "MOST_CACHED", 3)
    secrets = [desk.create(f"k{number}").secret for number in range(5)]
    for secret in secrets[:3]:
        desk.one.present(secret)
    desk.one.present(secrets[0])
    for secret in secrets[3:]:
        desk.one.present(secret)
    cached = [desk.one.present_cached(secret) is not None for secret in secrets]
    assert cached == [True, False, False, True, True]


def test_a_new_key_works_at_once_where_its_secret_was_refused_before(desk: Desk) -> None:
    issued = desk.create()
    stored = desk.store.stored.pop("lan")
    assert answer(desk.one.present(issued.secret)) == "key_invalid"
    desk.store.stored["lan"] = stored
    assert answer(desk.one.present(issued.secret)) == "lan"


def test_without_the_ledger_an_old_key_is_not_used(desk: Desk) -> None:
    secret = desk.create().secret
    desk.one.present(secret)
    desk.store.error = LedgerUnavailableError("l", "cannot be reached")
    assert answer(desk.one.present(secret)) == "lan"
    desk.clock.advance(seconds=4)
    with pytest.raises(LedgerUnavailableError):
        desk.one.present(secret)


def test_the_cache_can_be_cleared(desk: Desk) -> None:
    secret = desk.create().secret
    desk.one.present(secret)
    desk.one.forget()
    assert desk.one.present_cached(secret) is None


def test_many_threads_may_present(desk: Desk) -> None:
    secrets = [desk.create(f"k{number}").secret for number in range(8)]
    found: list[str] = []

    def present() -> None:
        for _ in range(50):
            found.extend(answer(desk.one.present(secret)) for secret in secrets)

    threads = [Thread(target=present) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1_600
    assert set(found) == {f"k{number}" for number in range(8)}
