"""Every error that reaches a program can be pickled and copied: Celery and process pools pass it on."""

from __future__ import annotations

import copy
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import pytest

import quotakeeper
from quotakeeper import Keeper, LimitExceeded
from quotakeeper.errors import ClockSuspectError, PausedError, QuotakeeperError
from quotakeeper.pipeline.errors import PipelineError
from quotakeeper.testing import FakeClock
from tests.engine.support import config, limit

# No program sees these: they end inside the package.
INTERNAL = {
    "AdminProblem", "AnswerLostError", "BodyTooLargeError", "BrokenRuleError", "ClientGoneError",
    "CopyDiffersError",
    "DamagedRowError", "GatewayAnswerError", "HandshakeRefusedError", "HeldElsewhereError",
    "KeyWasChangedError",
    "MismatchError", "MissingBytes", "NoConnectionError", "NotAtHandError", "NotConditionalError",
    "NotExpressibleError",
    "NotReachedError", "ReplyLostError", "RequestNotSentError", "RequestRefusedError", "ShapeError",
    "ThrottledError", "UnfollowedCallError", "UnreadSound", "WholeRunNeededError",
}  # fmt: skip
# What their constructors ask for.
GIVEN: dict[str, Any] = {
    "field": "window", "problem": "{10 %} is not a window", "fix": "write 'day'", "where": "a.toml",
    "extra": "gcp", "feature": "xlsx", "provider": "gemini", "model": "a-model", "meters": ("model",),
    "limit": "daily", "event_id": "one", "reservation_id": "two", "state": "settled",
    "wanted": "release", "status": 503, "message": "busy", "ledger": "ledger.db", "what": "a fault",
    "seq": 7, "entry_id": "three", "text": "wait {seconds} s", "resets_at": 9, "zone": "Asia/Ho_Chi_Minh",
    "never_fits": True, "exit_code": 4,
}  # fmt: skip


def _modules() -> Iterator[Any]:
    for found in pkgutil.walk_packages(quotakeeper.__path__, "quotakeeper."):
        if not found.name.endswith("__main__") and ".launch.inject" not in found.name:
            yield importlib.import_module(found.name)


def _classes() -> list[type[Exception]]:
    """Every exception class of the package that has no underscore."""
    found = {
        each
        for module in _modules()
        for name, each in vars(module).items()
        if inspect.isclass(each) and issubclass(each, Exception) and not name.startswith("_")
        and each.__module__.startswith("quotakeeper.")
    }  # fmt: skip
    return sorted(found, key=lambda each: each.__name__)


def _decision(kind: type[Exception], folder: Path) -> Any:
    """A real decision that raises this error."""
    with Keeper(folder / "ledger.db", config(limit(1, name="daily")), clock=FakeClock()) as keeper:
        if kind is PausedError:
            keeper.pause("gemini", why="too dear", by="an")
        with pytest.raises(QuotakeeperError) as raised:
            keeper.reserve("gemini", requests=2)
    return getattr(raised.value, "decision")  # noqa: B009 - both kinds have it


def _made(kind: type[Exception], folder: Path) -> Exception:
    given: dict[str, Any] = {}
    if "__init__" not in vars(kind) and kind.__base__ is Exception:
        return kind("a text")
    for name, asked in inspect.signature(kind).parameters.items():
        if asked.kind is inspect.Parameter.VAR_KEYWORD:
            given["seconds"] = "{5}"  # what is no template any more
        elif asked.kind is not inspect.Parameter.VAR_POSITIONAL:
            given[name] = _decision(kind, folder) if name == "decision" else GIVEN[name]
    error = kind(**given) if given else kind("a text")
    error.add_note("a note")
    return error


def _state(error: BaseException) -> Any:
    return (
        type(error),
        error.args,
        str(error),
        {name: repr(each) for name, each in vars(error).items()},
    )


def _pickled(protocol: int) -> Callable[[Any], Any]:
    return lambda error: pickle.loads(pickle.dumps(error, protocol))


COPIES: dict[str, Callable[[Any], Any]] = {
    **{f"pickle {each}": _pickled(each) for each in range(pickle.HIGHEST_PROTOCOL + 1)},
    "copy": copy.copy, "deepcopy": copy.deepcopy,
}  # fmt: skip
PUBLIC = [each for each in _classes() if each.__name__ not in INTERNAL]


def test_every_class_is_of_a_public_tree_or_named_as_internal() -> None:
    assert {each.__name__ for each in _classes() if each not in PUBLIC} == INTERNAL
    assert all(issubclass(each, (QuotakeeperError, PipelineError)) for each in PUBLIC)
    assert len(PUBLIC) > 20


@pytest.mark.parametrize("way", COPIES)
@pytest.mark.parametrize("kind", PUBLIC, ids=lambda kind: kind.__name__)
def test_a_copy_is_the_error(kind: type[Exception], way: str, tmp_path: Path) -> None:
    error = _made(kind, tmp_path)
    assert _state(COPIES[way](error)) == _state(error)


def _refused(folder: str) -> None:
    with Keeper(Path(folder) / "ledger.db", config(limit(1, name="daily"))) as keeper:
        keeper.reserve("gemini", requests=2)


def test_a_refusal_in_a_process_pool_reaches_the_caller(tmp_path: Path) -> None:
    with (
        ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool,
        pytest.raises(LimitExceeded, match="daily") as raised,
    ):
        pool.submit(_refused, str(tmp_path)).result()
    assert (raised.value.limit.name, raised.value.asked, raised.value.remaining) == ("daily", 2, 1)
    assert raised.value.decision.blocking.limit == raised.value.limit
    assert not isinstance(raised.value, ClockSuspectError)
