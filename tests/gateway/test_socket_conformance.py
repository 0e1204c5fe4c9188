"""Autobahn's cases for WebSockets through the gateway, towards clients and towards providers.

The cases of compression (12 and 13) are left out, because the gateway negotiates no compression.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys

import pytest

from tests.gateway.serve_process import ROOT

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
_CASES = 301
_SECONDS = 180


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("kosoku") is None and not IN_CI,
    reason="kosoku is not installed: pip install --require-hashes -r requirements/sockets.lock",
)
@pytest.mark.parametrize("role", ["client", "provider"])
def test_no_case_of_conformance_fails(role: str) -> None:
    """Neither where the peer keeps the rules nor where it breaks them. Each session settles once."""
    ran = subprocess.run(
        [sys.executable, "-m", "tests.gateway.socket_conformance", role],
        cwd=ROOT, capture_output=True, text=True, timeout=_SECONDS, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr[-3_000:]
    told = json.loads(ran.stdout)
    assert told["failed"] == {}
    assert (told["cases"], told["settled"]) == (_CASES, _CASES)
