"""Runs the tests of the museum as a part, and lists the cases that do not apply yet."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path

from tests.proof.parts import Part, Report

ORDER = 60
WEIGHT = 0.2
PROMISE = "Public bugs of other gateways and trackers, each a named test: none of them is here"
PROMISE_VI = (
    "Lỗi công khai của các cổng và bộ đếm khác, mỗi lỗi một bài thử mang tên nó: "
    "không lỗi nào có ở đây"
)
ROOMS = Path(__file__).with_name("test_museum.py")

_GATEWAY = {"en": "comes with the gateway", "vi": "sẽ có cùng cổng (gateway)"}
_DASHBOARD = {"en": "comes with the dashboard", "vi": "sẽ có cùng bảng điều khiển"}
_ALERTS = {"en": "comes with alerts by webhook", "vi": "sẽ có cùng cảnh báo qua webhook"}
_FLEET = {"en": "comes with Redis and PostgreSQL", "vi": "sẽ có cùng Redis và PostgreSQL"}
_RELEASE = {"en": "comes with the first release", "vi": "sẽ có cùng bản phát hành đầu tiên"}
NOT_YET = (
    ("litellm#30684 (a counter came back from an old snapshot)", _FLEET),
    ("litellm#28247 over a network, RDS long forks, Redis failover", _FLEET),
    ("CVE-2026-49468 (authentication by Host header)", _GATEWAY),
    ("CVE-2025-66405, Portkey#1718 and #1596, PYSEC-2026-4070 (upstream chosen by the caller)", _GATEWAY),
    ("h11 CVE-2025-43859 (sloppy chunk ends, request smuggling)", _GATEWAY),
    ("aiohttp CVE-2026-128131 (bombs in request bodies)", _GATEWAY),
    ("Langfuse CVE-2025-59305, CVE-2026-24055 (logged in is not allowed)", _GATEWAY),
    ("buttercup#550 with virtual keys (a master key that is not metered)", _GATEWAY),
    ("Ollama CVE-2024-28224, OpenClaw CVE-2026-25253, pi-agent-dashboard#625 (loopback is no login)",
     _DASHBOARD),
    ("one-api CVE-2025-3801 in a browser (stored script)", _DASHBOARD),
    ("Helicone CVE-2026-108602 and -15508, Bifrost CVE-2026-55245 (the webhook sender's reach)", _ALERTS),
    ("litellm 1.82.7 (a publishing token stolen through a scanner)", _RELEASE),
)  # fmt: skip


def run(minutes: float, seed: int, report: Report) -> Part:
    """Run all tests once. None of them depends on chance."""
    began = time.perf_counter()
    command = [sys.executable, "-m", "pytest", str(ROOMS), "-q", "-p", "no:xdist", "-rfE",
               "-p", "no:cacheprovider"]  # fmt: skip
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    found = re.findall(r"^(?:FAILED|ERROR) (.*)$", ran.stdout, re.MULTILINE)
    if ran.returncode and not found:
        found = [ran.stdout[-500:] + ran.stderr[-500:]]
    passed = re.search(r"(\d+) passed", ran.stdout)
    tests = re.findall(r"^def (test_\w+)", ROOMS.read_text(encoding="utf-8"), re.MULTILINE)
    notes = (f"{len(tests)} rooms; {len(NOT_YET)} that do not apply yet",)
    spent = round(time.perf_counter() - began, 1)
    return Part("museum", PROMISE, int(passed[1]) if passed else 0, found, seed, spent, notes)
