"""What the tests of the engine share: configurations, a store that stops on demand, children."""

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
SECONDS = 60  # the most that anything here may take before it counts as hung


def limit(amount: object, **more: object) -> dict[str, object]:
    """A limit table: requests a day, unless said otherwise."""
    return {
        "name": "cap", "provider": "gemini", "meter": "requests", "window": "day",
        "amount": amount, **more,
    }  # fmt: skip


def config(*limits: dict[str, object], **more: object) -> dict[str, object]:
    """A config with these limits and no others, in UTC."""
    return {"timezone": "UTC", "default_limits": False, "limit": list(limits), **more}


class GatedStore:
    """Stands before another store and stops, before or after it applies, until let go."""

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
        """Wait for the next batch from here on."""
        self.entered.clear()
        self.applied.clear()

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)


def gated(keeper: Keeper) -> GatedStore:
    """Put a gate before a keeper's store; the keeper has begun, so nothing else is under way."""
    keeper.status()
    store = GatedStore(keeper._engine.worker.store)
    keeper._engine.worker._store = store
    return store


def until(happened: Callable[[], bool]) -> None:
    """Give way to other threads until something has happened."""
    for _ in range(SECONDS * 10_000):
        if happened():
            return
        threading.Event().wait(0.0001)
    raise AssertionError("did not happen")


def python(code: str, *arguments: object, **more: Any) -> subprocess.Popen[str]:
    """Start a Python child on some code, with the package found in the checkout."""
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
    """What a child printed; it must have ended well."""
    out, err = child.communicate(timeout=SECONDS * 2)
    assert child.returncode == 0, err
    return out
