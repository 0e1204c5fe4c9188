"""The workers of `quotakeeper serve --workers`: how they start, and what is printed about them."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

from quotakeeper.cli import console, context
from quotakeeper.value_classes import replace

if TYPE_CHECKING:
    from quotakeeper.gateway.running import Listening
    from quotakeeper.gateway.supervising import WorkerEnd


def supervised(
    session: context.CommandContext, listening: Listening, count: int,
    announce: Callable[[str], None],
) -> Listening | int:  # fmt: skip
    """Start the workers. Returns in each worker where it serves, and else the exit code at the end.

    `announce` gets the gateway's URL once all workers serve. Raises InvalidInputError.
    """
    from quotakeeper.gateway.shared_sockets import listening_sockets
    from quotakeeper.gateway.supervising import check_can_supervise, supervise

    def announced() -> None:
        announce(url)
        console.tell(session.words("{count} workers serve", count=count))

    def ended(what: WorkerEnd) -> None:
        text = "worker {number} (process {process}) ended: {how}; it starts again in {pause} s"
        if what.problem:
            text = "worker {number} could not start: {problem}; it is tried again in {pause} s"
        told = session.words(
            text, number=what.number + 1, process=what.process, how=_how(session, what.code),
            problem=what.problem, pause=f"{what.pause:g}",
        )  # fmt: skip
        console.tell(told)

    check_can_supervise()
    sockets = listening_sockets(listening.host, listening.port)
    url = listening.url(int(sockets[0].getsockname()[1]))
    found = supervise(count, sockets, announce=announced, ended=ended)
    if isinstance(found, int):
        for each in sockets:
            each.close()
        console.tell(session.words("the gateway has stopped"))
        return found
    return replace(listening, link=found)


def _how(session: context.CommandContext, code: int) -> str:
    if code >= 0:
        return session.words("exit code {code}", code=code)
    known = {int(each) for each in signal.Signals}
    name = signal.Signals(-code).name if -code in known else str(-code)
    return session.words("signal {name}", name=name)
