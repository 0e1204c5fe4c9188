"""What is left of a lease, as a chain of states that nobody ever changes.

A thread takes from a lease by a state of its own, offered as the one that follows the newest. It does
not matter where it is interrupted: by another thread, by a finalizer, or by a signal handler that
takes from the same lease. A lock would not do: a handler waits for its own thread then, or the worker
for a thread whose handler waits for the worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Needs = tuple[tuple[str, int], ...]


class RoomState:
    """What was left at one instant; `call` is the one that took its part then, if one did.

    The state that came next is the first of `offered`: `list.append` is atomic.
    """

    __slots__ = ("call", "is_open", "offered", "room")

    def __init__(self, room: Mapping[str, int], is_open: bool, call: Any = None) -> None:
        self.room = room
        self.is_open = is_open
        self.call = call
        self.offered: list[RoomState] = []


class LeaseRoom:
    """The newest state of a lease, for any thread; the calls that it has admitted, for the worker."""

    __slots__ = ("_collected", "_recent")

    def __init__(self) -> None:
        # The newest, or an older one where a thread was held up before it said so.
        self._recent = self._collected = RoomState({}, True)

    @property
    def newest(self) -> RoomState:
        """What is left now."""
        state = self._recent
        while state.offered:
            state = state.offered[0]
        return state

    def take(self, needs: Needs, call: Any) -> bool:
        """Take the part of a call, all of it or nothing; whether there was enough."""
        state = self._recent
        while True:
            while state.offered:
                state = state.offered[0]
            if not state.is_open:
                return False
            room = dict(state.room)
            for name, amount in needs:
                left = room.get(name, -1) - amount
                if left < 0:
                    return False
                room[name] = left
            taken = RoomState(room, True, call)
            state.offered.append(taken)
            if state.offered[0] is taken:
                self._recent = taken
                return True

    def add(self, needs: Needs) -> None:
        """More was granted, or a call has left its part unused."""
        while True:
            state = self.newest
            room = dict(state.room)
            for name, amount in needs:
                room[name] = room.get(name, 0) + amount
            if self._follow(state, RoomState(room, state.is_open)):
                return

    def close(self) -> None:
        """Nothing is taken any more. Who has taken before is among those that are admitted."""
        while (state := self.newest).is_open:
            self._follow(state, RoomState(state.room, False))

    def admitted(self) -> Iterator[Any]:
        """The calls that have taken their part since `collect` was called last."""
        for state in self._uncollected():
            if state.call is not None:
                yield state.call

    def collect(self, calls: dict[str, Any]) -> int:
        """Put those of `admitted` into `calls`, by their ids, each one once; gives how many.

        For the worker alone. Each call is in one of the two places at any time.
        """
        count = 0
        for state in self._uncollected():
            if state.call is not None:
                calls[state.call.id] = state.call
                count += 1
            self._collected = state
        return count

    def _uncollected(self) -> Iterator[RoomState]:
        state = self._collected
        while state.offered:
            state = state.offered[0]
            yield state

    def _follow(self, state: RoomState, following: RoomState) -> bool:
        """Offer the next state; whether it was the first."""
        state.offered.append(following)
        if state.offered[0] is not following:
            return False
        self._recent = following
        return True
