"""Calls under way end soon after their key does, whatever else fails."""

from __future__ import annotations

import asyncio

import pytest

from quotakeeper.app.virtual_keys.presenting import KeyPresenter, PresentedKey
from quotakeeper.domain.keys.virtual_key import KeyState, VirtualKey
from quotakeeper.errors import LedgerUnavailableError
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.gateway.running_calls import RunningCalls
from quotakeeper.value_classes import replace
from tests.gateway.billing_server import billing_server
from tests.gateway.harness import gate, run
from tests.keys.fake_keys import NOW, DictKeys, secret_of, text_of

_MOST_SECONDS = 5.0  # K3: a revoked key ends everywhere within this time


class _Opened:
    """Keys, the calls under way, and clocks that a test sets."""

    def __init__(self) -> None:
        self.store, self.calls = DictKeys(), RunningCalls()
        self.now, self.seconds = NOW, 0.0
        self.keys = KeyPresenter(self.store, lambda: self.now, lambda: self.seconds)
        self.tasks: dict[str, asyncio.Task[str]] = {}

    async def open(self, name: str, number: int, expires_at: int | None = None) -> None:
        """Make a key and open a call with it."""
        self.store.stored[name] = VirtualKey(
            name, name, secrets=(secret_of(number),), expires_at=expires_at
        )
        found = self.keys.present(text_of(number))
        assert isinstance(found, PresentedKey)
        self.tasks[name] = asyncio.create_task(self._call(found))
        await asyncio.sleep(0)

    async def _call(self, presented: PresentedKey) -> str:
        with self.calls.entered(presented) as call:
            try:
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                return call.ended
        return ""

    def change(self, name: str, **more: object) -> None:
        """Change a key in the ledger, as another process does."""
        self.store.stored[name] = replace(self.store.stored[name], **more)

    async def ended(self, name: str) -> bool:
        """Look the keys up again. Returns whether the call of a key has ended."""
        await self.calls.end_refused(self.keys)
        await asyncio.sleep(0)
        return self.tasks[name].done()

    def close(self) -> None:
        for task in self.tasks.values():
            task.cancel()


@pytest.mark.parametrize("tenths", range(10))
def test_a_revoked_key_ends_its_calls_within_five_seconds(tenths: int) -> None:
    """Whenever the key was read last before it is revoked, and whenever the look-ups come."""

    async def test() -> None:
        pause = GatewaySettings().key_seconds
        opened = _Opened()
        opened.seconds = revoked = pause * tenths / 10
        await opened.open("an", 1)
        opened.change("an", state=KeyState.REVOKED)
        lookups = 0
        while True:
            lookups += 1
            opened.seconds = pause * lookups
            if opened.seconds > revoked and await opened.ended("an"):
                break
        assert opened.seconds - revoked <= _MOST_SECONDS

    run(test)


def test_a_key_that_cannot_be_read_keeps_no_other_key_alive() -> None:
    """One key's row is broken. Another key is revoked, and its call ends all the same."""

    async def test() -> None:
        opened = _Opened()
        try:
            await opened.open("broken", 1)
            for number in range(2, 8):  # the order of the look-ups is not fixed
                await opened.open(f"revoked-{number}", number)
                opened.change(f"revoked-{number}", state=KeyState.REVOKED)
            found = opened.store.find

            def find(digest: bytes) -> VirtualKey | None:
                if digest == secret_of(1).digest:
                    raise ValueError("a row that cannot be read")
                return found(digest)

            opened.store.find = find  # type: ignore[method-assign]
            opened.keys.forget()
            assert not await opened.ended("broken")
            assert all(opened.tasks[f"revoked-{number}"].done() for number in range(2, 8))
        finally:
            opened.close()

    run(test)


def test_an_expired_key_ends_its_calls_without_the_ledger() -> None:
    async def test() -> None:
        opened = _Opened()
        await opened.open("an", 1, NOW + 1)
        opened.keys.forget()
        opened.store.error = LedgerUnavailableError("ledger.db", "is locked")
        assert not await opened.ended("an")
        opened.now = NOW + 1
        assert await opened.ended("an")

    run(test)


def test_the_task_that_looks_keys_up_outlives_any_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        quick, faults = GatewaySettings(key_seconds=0.001), 0
        again = asyncio.Event()

        async def broken(*_: object) -> None:
            nonlocal faults
            faults += 1
            if faults == 3:
                again.set()
            raise ValueError("any fault")

        monkeypatch.setattr(RunningCalls, "end_refused", broken)
        async with billing_server() as provider, gate(provider.url, settings=quick):
            await again.wait()

    run(test)
