"""`quotakeeper serve` as a process, with a ledger and a key made by the command line."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 60


@dataclass
class Served:
    """A running gateway. `stop` returns its exit code, its access log and its messages."""

    url: str
    key: str
    ledger: Path
    process: subprocess.Popen[str]
    folder: Path

    @property
    def told(self) -> str:
        """What it has written to stderr until now."""
        return (self.folder / "told.txt").read_text(encoding="utf-8")

    def stop(self) -> tuple[int, str, str]:
        """Send SIGTERM, and wait until the gateway has settled everything."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(SECONDS)
        log, told = (self.folder / name for name in ("log.txt", "told.txt"))
        return code, log.read_text(encoding="utf-8"), told.read_text(encoding="utf-8")


def environment(folder: Path, ledger: Path) -> dict[str, str]:
    """The environment of the commands, without settings of the developer."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("QUOTAKEEPER_", "PYTHON", "COVERAGE"))
        and not name.endswith("_API_KEY") and not name.lower().endswith("_proxy")
    }  # fmt: skip
    return {
        **kept, "HOME": str(folder), "PYTHONPATH": str(ROOT / "src"), "PYTHONUTF8": "1",
        "QUOTAKEEPER_LEDGER": str(ledger), "QUOTAKEEPER_TIMEZONE": "UTC",
        "QUOTAKEEPER_CONFIG": str(folder / "quotakeeper.toml"),
    }  # fmt: skip


@contextmanager
def served(
    folder: Path, upstreams: Mapping[str, str], *more: str, config: str = "default_limits = false\n",
    variables: Mapping[str, str] | None = None, makes_key: bool = True,
) -> Iterator[Served]:  # fmt: skip
    """Run a gateway on a free port, and make a key for it."""
    (folder / "quotakeeper.toml").write_text(config, encoding="utf-8")
    ledger = folder / "ledger.db"
    keys = {f"{name.upper()}_API_KEY": "any" for name in ("gemini", *upstreams)}
    environ = {**environment(folder, ledger), **keys, **(variables or {})}
    command = [sys.executable, "-m", "quotakeeper", "serve", "--port", "0", *more]
    for name, url in upstreams.items():
        command += ["--upstream", f"{name}={url}"]
    with (
        (folder / "log.txt").open("w", encoding="utf-8") as log,
        (folder / "told.txt").open("w", encoding="utf-8") as told,
        subprocess.Popen(
            command, cwd=folder, env=environ, stdout=log, stderr=told, text=True
        ) as process,
    ):
        try:
            url = _url(process, folder / "told.txt")
            if not makes_key:
                yield Served(url, "", ledger, process, folder)
                return
            made = subprocess.run(
                [sys.executable, "-m", "quotakeeper", "keys", "create", "an", "--project", "film"],
                cwd=folder, env=environ, capture_output=True, text=True, check=True, timeout=SECONDS,
            )  # fmt: skip
            found = re.search(r"qk_[a-z0-9]{38}", made.stdout)
            assert found is not None, made
            yield Served(url, found[0], ledger, process, folder)
        finally:
            if process.poll() is None:
                process.kill()


def until(is_so: Callable[[], bool]) -> None:
    """Wait for another process, which gives no other sign than what it changes."""
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.02)


def _url(process: subprocess.Popen[str], told: Path) -> str:
    """Wait until the gateway tells its URL. A worker may tell those of its page and API before."""
    found: list[str] = []

    def is_told() -> bool:
        text = told.read_text(encoding="utf-8")
        found.extend(re.findall(r"https?://[\d.]+:\d+(?!\d|/#|/admin)", text)[:1])
        assert found or process.poll() is None, text
        return bool(found)

    until(is_told)
    return found[0]
