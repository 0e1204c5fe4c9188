"""A real Prometheus, of the Debian package, and its checking tool."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

SECONDS = 60.0


def program(name: str) -> str:
    """A program's path. CI has it from requirements/system.txt and refuses the skip."""
    found = shutil.which(name)
    if found is None:
        pytest.skip(f"{name} is not installed")
    return found


def promtool(*arguments: str, given: str = "") -> str:
    """Run promtool. It must find nothing. Returns what it printed."""
    ran = subprocess.run(
        [program("promtool"), *arguments], input=given, capture_output=True, text=True,
        check=False, timeout=SECONDS,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout + ran.stderr


def until(is_so: Callable[[], bool], why: Callable[[], object]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + SECONDS
    while not is_so():
        assert time.monotonic() < end, why()
        time.sleep(0.05)


@dataclass
class Prometheus:
    """A running Prometheus."""

    url: str

    def ask(self, path: str, **query: str) -> Any:
        """Return the data of an answer of its API."""
        address = f"{self.url}/api/v1/{path}?{urllib.parse.urlencode(query)}"
        with urllib.request.urlopen(address, timeout=SECONDS) as got:
            read = json.loads(got.read())
        assert read["status"] == "success", read
        return read["data"]

    def values(self, query: str) -> list[str]:
        """Return the values of an instant query, as the texts that Prometheus shows."""
        data = self.ask("query", query=query)
        if data["resultType"] == "scalar":
            return [data["result"][1]]
        return [each["value"][1] for each in data["result"]]

    def is_ready(self) -> bool:
        """Whether it answers queries."""
        try:
            with urllib.request.urlopen(f"{self.url}/-/ready", timeout=SECONDS) as got:
                return bool(got.status == 200)
        except OSError:
            return False


@contextmanager
def prometheus(folder: Path, config: str, before: str) -> Iterator[Prometheus]:
    """Run a Prometheus with this configuration. Its data goes to `folder`.

    `before` are samples that it has already, in the form of OpenMetrics.
    """
    binary = program("prometheus")
    folder.mkdir(exist_ok=True)
    history = folder / "history.txt"
    history.write_text(before, encoding="utf-8")
    promtool("tsdb", "create-blocks-from", "openmetrics", str(history), str(folder / "data"))
    file = folder / "prometheus.yml"
    file.write_text(config, encoding="utf-8")
    promtool("check", "config", str(file))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        binary, f"--config.file={file}", f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn",
    ]  # fmt: skip
    with (
        (folder / "log.txt").open("w", encoding="utf-8") as log,
        subprocess.Popen(command, cwd=folder, stdout=log, stderr=log) as process,
    ):
        try:
            made = Prometheus(f"http://127.0.0.1:{port}")
            until(made.is_ready, lambda: (folder / "log.txt").read_text(encoding="utf-8"))
            yield made
        finally:
            process.terminate()
            process.wait(SECONDS)
