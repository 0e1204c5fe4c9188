"""Finds limits on an operation or a label that no call has: the name may be misspelt.

Each program chooses its own operations and labels, so only the ledger shows which are in use. A
limit on any other name is valid, but it may match no call.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from quotakeeper.config import Settings
from quotakeeper.domain.limits import Limit
from quotakeeper.known_names import nearest
from quotakeeper.value_classes import dataclass
from quotakeeper.wiring import is_on_server, ledger_path

if TYPE_CHECKING:
    from quotakeeper import Keeper

# The operations that the pipeline and the adapters use, and the default operation of `reserve`.
KNOWN_OPERATIONS = frozenset(
    (
        "call", "speech_to_text", "translate", "rewrite",
        "agent", "batch", "batch_embed", "cache", "chat", "chat_embed", "embed", "flux",
        "generate", "images", "index", "interaction", "listen", "listen_live", "live", "message",
        "other", "predict", "read", "responses", "speak", "speak_live", "speech", "stream",
        "transcribe",
    )
)  # fmt: skip
# The labels that `quotakeeper run` adds to calls.
KNOWN_LABELS = frozenset(("key", "run", "project"))


@dataclass(frozen=True, slots=True)
class UnusedName:
    """A name in a limit that no call has. `kind` is "operation" or "label".

    `near` is the most similar name in use, or "" if no name is similar.
    """

    limit: str
    kind: str
    name: str
    near: str


def unused_names(
    settings: Settings, limits: Sequence[Limit], open_keeper: Callable[[], Keeper] | None
) -> list[UnusedName]:
    """Return the operations and labels in `limits` that no call in the ledger has.

    The ledger is opened only if it exists and a limit has a name that quotakeeper itself does not
    use. `open_keeper` is None if the caller knows that the ledger does not exist.
    """
    asked = {limit.operation for limit in limits} | {key for x in limits for key in _labels(x)}
    if not asked - KNOWN_OPERATIONS - KNOWN_LABELS - {""}:
        return []
    operations, labels = set(KNOWN_OPERATIONS), set(KNOWN_LABELS)
    path = ledger_path(settings)
    is_there = is_on_server(settings) or (path is not None and path.exists())
    if open_keeper is not None and is_there:
        with open_keeper() as keeper:
            for part in keeper.slots():
                operations.add(part.labels.operation)
                labels.update(key for key, _ in part.labels.scope)
    return list(_unused(limits, operations, labels))


def _labels(limit: Limit) -> list[str]:
    """Return the names of the labels that a call must have to be counted by this limit."""
    return [*(key for key, _ in limit.scope), *([limit.per] if limit.per else [])]


def _unused(
    limits: Iterable[Limit], operations: set[str], labels: set[str]
) -> Iterable[UnusedName]:
    for limit in limits:
        if limit.operation and limit.operation not in operations:
            near = nearest(limit.operation, operations, cutoff=0.7)
            yield UnusedName(limit.name, "operation", limit.operation, near)
        for key in _labels(limit):
            if key not in labels:
                yield UnusedName(limit.name, "label", key, nearest(key, labels, cutoff=0.7))
