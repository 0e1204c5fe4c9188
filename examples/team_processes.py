"""The hosts of team_demo.py, seen from the demo: it steps them, and kills one."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
PATIENCE_SECONDS = 120.0
RECORDING = ROOT / "samples" / "cho-dem.flac"  # needs one translation and one rewriting


class Host:
    """A host of the team: its folder, and its process at present.

    `told` is what its processes are told: the ledger's URL, and the sandbox's address.
    """

    def __init__(
        self, name: str, folder: Path, config: str, told: tuple[str, str], files: int
    ) -> None:
        self.name = name
        self.folder = folder
        self.counted: list[dict[str, Any]] = []
        self.exit_code: int | None = None
        self.stopped = ""  # what the pipeline said about the limit
        self._ledger, self._sandbox = told
        media = folder / "media"
        media.mkdir(parents=True)
        for number in range(1, files + 1):
            shutil.copy(RECORDING, media / f"{number:02}.flac")
        (folder / "quotakeeper.toml").write_text(config, encoding="utf-8")
        self.process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str] = queue.SimpleQueue()

    @property
    def gemini_calls(self) -> int:
        """How many calls to Gemini this host has counted."""
        return sum(call["provider"] == "gemini" for call in self.counted)

    def start(self) -> None:
        """Start a process of this host."""
        command = [sys.executable, str(ROOT / "examples" / "team_host.py"), self._ledger,
                   str(self.folder / "quotakeeper.toml"), str(self.folder / "media"),
                   str(self.folder / "out"), self._sandbox]  # fmt: skip
        clean = {
            key: value for key, value in os.environ.items() if not key.startswith("QUOTAKEEPER")
        }
        environ = {**clean, "XDG_DATA_HOME": str(self.folder / "data"), "PYTHONUTF8": "1"}
        with open(self.folder / "errors.txt", "a", encoding="utf-8") as errors:
            process = self.process = subprocess.Popen(
                command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
                encoding="utf-8",
            )  # fmt: skip
        self._lines = lines = queue.SimpleQueue()
        assert process.stdout is not None
        out = process.stdout

        def read() -> None:
            with out:
                for line in out:
                    lines.put(line)
            lines.put("")

        threading.Thread(target=read, daemon=True).start()

    def until_counted(self) -> dict[str, Any] | None:
        """Wait for the next counted call, and return it; None if the run has ended."""
        while True:
            try:
                line = self._lines.get(timeout=PATIENCE_SECONDS)
            except queue.Empty:
                why = f"{self.name} made no call in {PATIENCE_SECONDS:.0f} s"
                raise RuntimeError(why) from None
            if not line:
                raise RuntimeError(f"{self.name} ended; see {self.folder / 'errors.txt'}")
            said = json.loads(line)
            if "provider" in said:
                self.counted.append(said)
                return said
            if "stopped" in said:
                self.stopped = said["stopped"]
            if "ended" in said:
                self.exit_code = said["ended"]
                return None

    def go_on(self) -> dict[str, Any] | None:
        """Let the host make its next call; see `until_counted`."""
        assert self.process is not None and self.process.stdin is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.until_counted()

    def kill(self) -> None:
        """End the process as `kill -9` does."""
        process, self.process = self.process, None
        if process is not None:
            process.kill()
            process.wait()
            assert process.stdin is not None
            with suppress(BrokenPipeError):
                process.stdin.close()


@contextmanager
def host(*given: Any) -> Iterator[Host]:
    """A host that leaves no process behind; see Host."""
    made = Host(*given)
    try:
        yield made
    finally:
        made.kill()
