"""Helpers of the engine's tests: configurations, a store that blocks on demand, child processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from quotakeeper import Keeper
from quotakeeper.domain.ledger.commands import Command, Outcomes

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60  # a longer wait counts as a hang


def limit(amount: object, **more: object) -> dict[str, object]:
    """A limit table; without arguments, a limit on requests a day."""
    return {
        "name": "cap", "provider": "gemini", "meter": "requests", "window": "day",
        "amount": amount, **more,
    }  # fmt: skip


def config(*limits: dict[str, object], **more: object) -> dict[str, object]:
    """A config with only these limits, in UTC."""
    return {"timezone": "UTC", "default_limits": False, "limit": list(limits), **more}


class GatedStore:
    """Wraps a store. It blocks before or after the store applies a batch, until the test opens it."""

    def __init__(self, inner: Any) -> None:
        self.inner = inner
        self.before, self.after = threading.Event(), threading.Event()
        self.entered, self.applied = threading.Event(), threading.Event()
        self.before.set()
        self.after.set()
        self.error: Exception | None = None
        self.batches: list[int] = []

    def apply(self, commands: Sequence[Command], now: int) -> list[Outcomes]:
        self.entered.set()
        assert self.before.wait(SECONDS)
        if self.error is not None:
            raise self.error
        outcomes: list[Outcomes] = self.inner.apply(commands, now)
        self.batches.append(len(commands))
        self.applied.set()
        assert self.after.wait(SECONDS)
        return outcomes

    def forget(self) -> None:
        """Forget the batches so far and wait for the next one."""
        self.entered.clear()
        self.applied.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def gated(keeper: Keeper) -> GatedStore:
    """Put a `GatedStore` before a keeper's store.

    The keeper is started first, so that no other batch runs.
    """
    keeper.status()
    store = GatedStore(keeper._engine.worker.store)
    keeper._engine.worker.store = store
    return store


def until(happened: Callable[[], bool]) -> None:
    """Wait until a condition holds, while other threads run."""
    for _ in range(SECONDS * 10_000):
        if happened():
            return
        threading.Event().wait(0.0001)
    raise AssertionError("did not happen")


def python(code: str, *arguments: object, **more: Any) -> subprocess.Popen[str]:
    """Start a Python child process with this code and with the package from the checkout."""
    environment = {
        **os.environ,
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{ROOT}",
        "PYTHONWARNINGS": "ignore",
    }
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)], env=environment, text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, **more,
    )  # fmt: skip


def said(child: subprocess.Popen[str]) -> str:
    """The output of a child. Raises AssertionError unless it exited with 0."""
    out, err = child.communicate(timeout=SECONDS * 2)
    assert child.returncode == 0, err
    return out
