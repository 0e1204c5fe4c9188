"""The calls under way: how many each key has, and how to end them early."""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from quotakeeper.app.virtual_keys.presenting import PresentedKey
from quotakeeper.domain.keys.key_refusals import KeyRefusal
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.gateway.answers import GatewayAnswerError
from quotakeeper.gateway.keys import KeyRing, looked_up
from quotakeeper.gateway.shared_calls import SharedCalls

log = logging.getLogger("quotakeeper.gateway")


class RunningCall:
    """A call under way. `ended` is why it was ended early; "" while it may go on."""

    def __init__(self, presented: PresentedKey, task: asyncio.Task[object]) -> None:
        self.presented = presented
        self.ended = ""
        self.is_key_refused = False  # it was ended because its key may not be used any longer
        self._task = task

    def end(self, reason: str, *, is_key_refused: bool = False) -> None:
        """End the call, with a reason for its client."""
        if not self.ended:
            self.ended, self.is_key_refused = reason, is_key_refused
            self._task.cancel()


class RunningCalls:
    """All calls under way. `shared` counts those of a key in all workers of the gateway."""

    def __init__(self, shared: SharedCalls | None = None) -> None:
        self._shared = shared
        self._calls: set[RunningCall] = set()
        self._by_key: Counter[str] = Counter()
        self._none = asyncio.Event()
        self._none.set()

    def __len__(self) -> int:
        """Return the number of calls."""
        return len(self._calls)

    @contextmanager
    def entered(self, presented: PresentedKey) -> Iterator[RunningCall]:
        """Register a call of this task. Raises GatewayAnswerError (429) if the key has too many."""
        key = presented.key
        if key.concurrency is not None and self._by_key[key.name] >= key.concurrency:
            raise _too_many(key)
        place = None
        if key.concurrency is not None and self._shared is not None:
            place = self._shared.take(key.id, key.concurrency)
            if place is None:
                raise _too_many(key)
        task = asyncio.current_task()
        assert task is not None
        call = RunningCall(presented, task)
        self._calls.add(call)
        self._by_key[key.name] += 1
        self._none.clear()
        try:
            yield call
        finally:
            if place is not None and self._shared is not None:
                self._shared.give_back(key.id, place)
            self._calls.discard(call)
            self._by_key[key.name] -= 1
            if not self._by_key[key.name]:
                del self._by_key[key.name]
            if not self._calls:
                self._none.set()

    async def wait(self, seconds: float) -> bool:
        """Wait until no call is under way. Returns False after `seconds`."""
        try:
            await asyncio.wait_for(self._none.wait(), seconds)
        except TimeoutError:
            return False
        return True

    def end_all(self, reason: str) -> None:
        """End every call."""
        for call in list(self._calls):
            call.end(reason)

    async def end_refused(self, ring: KeyRing) -> None:
        """End the calls whose keys may not be used any longer.

        A key that cannot be read now keeps its calls, unless it has expired. Never raises.
        """
        for call in list(self._calls):
            judged = ring.judged(call.presented)
            if isinstance(judged, KeyRefusal):
                call.end(judged.text, is_key_refused=True)
        for presented in {each.presented.digest: each.presented for each in self._calls}.values():
            try:
                found = await looked_up(lambda each=presented: ring.again(each))  # type: ignore[misc]
            except Exception as error:  # noqa: BLE001 - the other keys must still be looked up
                _log_fault(error)
                continue
            if isinstance(found, KeyRefusal):
                for call in [
                    each for each in self._calls if each.presented.digest == presented.digest
                ]:
                    call.end(found.text, is_key_refused=True)


def _too_many(key: VirtualKey) -> GatewayAnswerError:
    text = f"the key {key.name!r} may make {key.concurrency} calls at once"
    return GatewayAnswerError(429, "too_many_calls", text)


def _log_fault(error: Exception) -> None:
    log.warning("quotakeeper: the key of an open call cannot be read: %s", type(error).__name__)
