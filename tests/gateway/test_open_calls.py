"""Calls under way end soon after their key does, whatever else fails."""

from __future__ import annotations

import asyncio

import pytest

from quotakeeper.app.virtual_keys.presenting import KeyPresenter, PresentedKey
from quotakeeper.domain.keys.virtual_key import KeyState, VirtualKey
from quotakeeper.gateway.gateway_settings import GatewaySettings
from quotakeeper.gateway.running_calls import RunningCalls
from quotakeeper.value_classes import replace
from tests.gateway.harness import run
from tests.keys.fake_keys import NOW, DictKeys, secret_of, text_of

_MOST_SECONDS = 5.0  # K3: a revoked key ends everywhere within this time


class _Opened:
    """Keys, the calls under way, and clocks that a test sets."""

    def __init__(self) -> None:
        self.store, self.calls = DictKeys(), RunningCalls()
        self.now, self.seconds = NOW, 0.0
        self.keys = KeyPresenter(self.store, lambda: self.now, lambda: self.seconds)
        self.tasks: dict[str, asyncio.Task[str]] = {}

    async def open(self, name: str, number: int) -> None:
        """Make a key and open a call with it."""
        self.store.stored[name] = VirtualKey(name, name, secrets=(secret_of(number),))
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
