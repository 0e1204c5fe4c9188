"""The unused part of a lease, as a chain of immutable states.

A thread takes an amount by adding its own state after the newest state. This is safe at any
interruption: by another thread, by a finalizer, or by a signal handler that takes from the same
lease. A lock could deadlock, because a signal handler would wait for its own thread. Or the worker
would wait for a thread whose signal handler waits for the worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Needs = tuple[tuple[str, int], ...]


class RoomState:
    """The unused part of a lease at one instant.

    `call` is the call that took its amounts in this step; None if no call did. Threads append
    possible next states to `offered`. Only the first of these states is used.
    """

    __slots__ = ("call", "is_open", "offered", "room")

    def __init__(self, room: Mapping[str, int], is_open: bool, call: Any = None) -> None:
        self.room = room
        self.is_open = is_open
        self.call = call
        self.offered: list[RoomState] = []


class LeaseRoom:
    """The unused part of a lease, for any thread, and the calls admitted on it, for the worker."""

    __slots__ = ("_collected", "_recent")

    def __init__(self) -> None:
        # The newest state, or an older one if a thread was interrupted before it updated this.
        self._recent = self._collected = RoomState({}, True)

    @property
    def newest(self) -> RoomState:
        """The newest state."""
        state = self._recent
        while state.offered:
            state = state.offered[0]
        return state

    def take(self, needs: Needs, call: Any) -> bool:
        """Take all amounts in `needs` for a call, or none. Returns whether the unused part was
        enough."""
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
        """Add the amounts of a granted block, or of a released call, to the unused part."""
        while True:
            state = self.newest
            room = dict(state.room)
            for name, amount in needs:
                room[name] = room.get(name, 0) + amount
            if self._follow(state, RoomState(room, state.is_open)):
                return

    def close(self) -> None:
        """Admit no more calls. Calls that were admitted before are still in `admitted`."""
        while (state := self.newest).is_open:
            self._follow(state, RoomState(state.room, False))

    def admitted(self) -> Iterator[Any]:
        """Yield the calls that were admitted since the last `collect`."""
        for state in self._uncollected():
            if state.call is not None:
                yield state.call

    def collect(self, calls: dict[str, Any]) -> int:
        """Move the calls in `admitted` to `calls`, by id. Returns the number of moved calls.

        Only the worker calls this. At every instant, each call is in one of the two places.
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
        """Add `following` after `state`. Returns False if another thread has added a state
        before."""
        state.offered.append(following)
        if state.offered[0] is not following:
            return False
        self._recent = following
        return True
