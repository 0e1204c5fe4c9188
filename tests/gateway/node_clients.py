"""Runs the scripts of tests/gateway/javascript: a provider with a bill, and clients of a gateway."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.gateway.serve_process import ROOT, SECONDS, Served, environment
from tools import javascript
from tools.environments import UnavailableError

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
_SCRIPTS = ROOT / "tests" / "gateway" / "javascript"


@dataclass(frozen=True)
class Scripts:
    """The scripts in a folder where Node finds their packages."""

    node: Path
    folder: Path

    def start(self, name: str, variables: Mapping[str, str]) -> subprocess.Popen[str]:
        """Start a script."""
        kept = {key: value for key, value in os.environ.items() if key in ("PATH", "SYSTEMROOT")}
        return subprocess.Popen(
            [str(self.node), str(self.folder / f"{name}.mjs")], cwd=self.folder,
            env={**kept, **variables}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, text=True, encoding="utf-8",
        )  # fmt: skip

    def steps(self, name: str) -> list[str]:
        """The names of a script's steps, in order."""
        text = (self.folder / f"{name}.mjs").read_text(encoding="utf-8")
        return re.findall(r"^  async (\w+)\(\) \{$", text, re.MULTILINE)


def scripts(folder: Path) -> Scripts:
    """Copy the scripts into a folder with their packages. Skips the test where npm cannot install."""
    try:
        found = javascript.prepare()
    except UnavailableError as error:
        if IN_CI:
            raise
        pytest.skip(f"the JavaScript SDKs: {error}")
    copied = folder / "javascript"
    shutil.copytree(_SCRIPTS, copied)
    (folder / "node_modules").symlink_to(found.modules, target_is_directory=True)
    return Scripts(found.node, copied)


@dataclass(frozen=True)
class NodeProvider:
    """The provider that the scripts have, with its address."""

    url: str

    def bill(self) -> list[dict[str, Any]]:
        """The bill, when no call is open: provider, quantities, and how the call ended."""
        with urllib.request.urlopen(f"{self.url}/bill", timeout=SECONDS) as got:
            lines: list[dict[str, Any]] = json.load(got)
        return lines


@contextmanager
def node_provider(made: Scripts) -> Iterator[NodeProvider]:
    """Run the provider on a free port of loopback."""
    process = made.start("upstream", {})
    try:
        assert process.stdout is not None and process.stderr is not None
        port = process.stdout.readline().strip()
        assert port, process.stderr.read()
        yield NodeProvider(f"http://127.0.0.1:{port}")
    finally:
        process.kill()
        process.communicate()


def create_key(gateway: Served, name: str, *options: str) -> str:
    """Make a key with the command line, and return its secret."""
    made = subprocess.run(
        [sys.executable, "-m", "quotakeeper", "keys", "create", name, *options],
        cwd=gateway.folder, env=environment(gateway.folder, gateway.ledger), capture_output=True,
        text=True, check=True, timeout=SECONDS,
    )  # fmt: skip
    found = re.search(r"qk_[a-z0-9]{38}", made.stdout)
    assert found is not None, made
    return found[0]
