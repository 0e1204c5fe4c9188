"""Settles many finished calls in one commit; used by the background settler."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from quotakeeper.domain.ledger.commands import Command, Release, Settle
from quotakeeper.domain.ledger.entries import Figures
from quotakeeper.engine.journals.booking import assumed
from quotakeeper.engine.journals.ended_calls import EndedCalls, NotedEnd
from quotakeeper.engine.journals.usage_note import UsageNote
from quotakeeper.engine.reservation import Reservation
from quotakeeper.engine.unbacked_reservation import UnbackedReservation
from quotakeeper.value_classes import dataclass, replace


@dataclass(frozen=True, slots=True)
class Settlement:
    """One finished call to settle: its reservation, and the arguments for `Reservation.settle`.

    `failed` is called with the error if the call cannot be settled. `noted` describes the note that
    `note_end` wrote; None if it wrote none.
    """

    reservation: Reservation
    given: dict[str, Any]
    failed: Callable[[Exception], None]
    noted: NotedEnd | None = None


def note_end(settlement: Settlement) -> Settlement:
    """Write the usage of a finished call to a file, with one `write()` and no commit.

    After this, the usage is not lost if the process is killed. Returns the settlement that the
    caller must then pass to `settle_batch`. Raises the errors of `Reservation.settle`.
    """
    reservation, given = settlement.reservation, settlement.given
    if reservation._settle_by_journal(given):
        return replace(settlement, noted=NotedEnd())
    if reservation._ended:
        return settlement
    if isinstance(reservation, UnbackedReservation):
        reservation.keep_note(_figures(reservation, given))
        return settlement
    command = reservation._settlement(given)
    file = reservation._parts.ended.note(reservation.id, command.figures)
    return replace(settlement, noted=NotedEnd(command, file))


class OpenSession:
    """A file with the figures so far of an open session, which has one or more reservations.

    If the process of the session ends, another process settles the first reservation at these
    figures, and releases the others. If the first reservation is not in the ledger
    (`on_store_failure = "allow"`), its usage is recorded instead.
    """

    def __init__(self) -> None:
        self._note: UsageNote | None = None
        self._notes: EndedCalls | None = None

    def write(self, held: Sequence[Reservation], given: dict[str, Any]) -> None:
        """Save the figures so far with one `write()` and no commit. `held` are the session's
        reservations.

        Raises OSError, and the errors of `Reservation.settle`.
        """
        first = held[0]
        if first._ended:
            return
        figures = _figures(first, given)
        end: Command = Settle(first.id, figures)
        if isinstance(first, UnbackedReservation):
            end = first.record(figures)
        backed = [each for each in held[1:] if not isinstance(each, UnbackedReservation)]
        self._write(held, [end, *(Release(each.id) for each in backed)])

    def unknown(self, held: Sequence[Reservation]) -> None:
        """Save that the usage is unknown. If the process ends, each reservation counts in full.

        Another process counts the reservations in the ledger as assumed use. Reservations that are
        not in the ledger are written to the file. Raises OSError.
        """
        lost = [each for each in held if isinstance(each, UnbackedReservation) and not each._ended]
        if lost:
            self._write(lost, [each.record(assumed(each.hold.estimate)) for each in lost])
        else:
            self.end()

    def _write(self, held: Sequence[Reservation], commands: Sequence[Command]) -> None:
        if self._note is None:
            self._notes = held[0]._parts.ended
            self._note = self._notes.usage_note()
        if self._note is None:
            return
        self._note.write(commands)
        for each in held:
            if isinstance(each, UnbackedReservation):
                each.drop_note()  # the note of the session replaces it

    def end(self) -> None:
        """Delete the saved figures: the session was settled, or its usage is unknown."""
        note, self._note = self._note, None
        if note is not None and self._notes is not None:
            self._notes.drop_note(note)


def _figures(reservation: Reservation, given: dict[str, Any]) -> Figures:
    hold = reservation.hold
    commands = reservation._parts.commands
    return commands.figures(reservation._call, given, hold.at, hold.quantities)


def settle_batch(settlements: Sequence[Settlement]) -> None:
    """Settle reservations of one keeper, in order. Blocks this thread until all are written.

    Passes an error of one settlement to its `failed`; the other settlements are not affected.
    """
    waiting: list[tuple[Settlement, Settle]] = []
    for each in settlements:
        try:
            command = (
                each.reservation._begin_settling(each.given)
                if each.noted is None
                else each.noted.command
            )
        except Exception as error:  # noqa: BLE001 - only this settlement gets the error
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
