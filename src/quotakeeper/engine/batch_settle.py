"""Settles many reservations in one commit: for who ends calls that nobody waits for any longer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from quotakeeper.domain.ledger.commands import Settle
from quotakeeper.engine.journals.ended_calls import EndedCalls, NotedEnd
from quotakeeper.engine.journals.session_note import SessionNote
from quotakeeper.engine.reservation import Reservation


@dataclass(frozen=True, slots=True)
class Settlement:
    """A reservation and what `Reservation.settle` is to be given; `failed` is told what went wrong.

    `noted`: what `note_end` has done of it.
    """

    reservation: Reservation
    given: dict[str, Any]
    failed: Callable[[Exception], None]
    noted: NotedEnd | None = None


def note_end(settlement: Settlement) -> Settlement:
    """Write down, with one `write()` and no commit, what is to be settled.

    From here on a kill does not lose it. `settle_batch` must follow. Raises what `settle` raises.
    """
    reservation, given = settlement.reservation, settlement.given
    if reservation._settle_by_journal(given):
        return replace(settlement, noted=NotedEnd())
    if reservation._ended or reservation._spooled:
        return settlement
    command = reservation._settlement(given)
    file = reservation._parts.ended.note(reservation.id, command.figures)
    return replace(settlement, noted=NotedEnd(command, file))


class OpenSession:
    """What is written down of a session under way, which has one reservation or more.

    Whoever finds its process dead settles the first of them so, and releases the others.
    """

    def __init__(self) -> None:
        self._note: SessionNote | None = None
        self._notes: EndedCalls | None = None

    def write(self, held: Sequence[Reservation], given: dict[str, Any]) -> None:
        """Write down what it has used so far, with one `write()` and no commit. Raises OSError, and
        what `settle` raises.
        """
        first = held[0]
        if first._ended or first._spooled:
            return
        parts, hold = first._parts, first.hold
        figures = parts.commands.figures(first._call, given, hold.at, hold.quantities)
        if self._note is None:
            self._notes, self._note = parts.ended, parts.ended.session()
        if self._note is not None:
            self._note.write(first.id, figures, [each.id for each in held[1:]])

    def end(self) -> None:
        """The ledger has it, or nothing is known of it."""
        note, self._note = self._note, None
        if note is not None and self._notes is not None:
            self._notes.session_ended(note)


def settle_batch(settlements: Sequence[Settlement]) -> None:
    """Settle them, all of one keeper, in their order. Blocks this thread; raises nothing of ours.

    One that fails is told so; it is not the trouble of the others.
    """
    waiting: list[tuple[Settlement, Settle]] = []
    for each in settlements:
        try:
            command = (
                each.reservation._begin_settling(each.given)
                if each.noted is None
                else each.noted.command
            )
        except Exception as error:  # noqa: BLE001 - its own trouble
            each.failed(error)
            continue
        if command is not None:
            waiting.append((each, command))
    if not waiting:
        return
    worker = waiting[0][0].reservation._parts.worker
    answers = worker.carry_out_all([command for _, command in waiting])
    for (each, command), answer in zip(waiting, answers, strict=True):
        try:
            each.reservation._end_settling(command, answer)
        except Exception as error:  # noqa: BLE001 - as above
            each.failed(error)
        else:
            if each.noted is not None:
                each.reservation._parts.ended.settled(each.reservation.id, each.noted.file)
