"""A program under `quotakeeper run` whose call a limit refuses leaves an alert in the ledger."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from quotakeeper.sandbox import Sandbox

CONFIG = """
ledger = "ledger.db"
timezone = "UTC"
on_busy = "refuse"

[[limit]]
name = "two calls"
meter = "requests"
window = "none"
amount = 2

[[alerts.channel]]
name = "phone"
kind = "command"
command = ["true"]
"""
PROGRAM = """
import json, sys, urllib.error, urllib.request

url = sys.argv[1] + "/v1beta/models/gemini-2.5-flash:generateContent"
text = {"contents": [{"parts": [{"text": "xin"}]}], "generationConfig": {"maxOutputTokens": 9}}
for _ in range(4):
    asked = urllib.request.Request(url, json.dumps(text).encode(), {"x-goog-api-key": "k"})
    try:
        urllib.request.urlopen(asked).read()
    except urllib.error.HTTPError as error:
        error.close()
"""


def test_a_refusal_of_a_program_is_told_after_its_end(tmp_path: Path) -> None:
    (tmp_path / "quotakeeper.toml").write_text(CONFIG)
    (tmp_path / "program.py").write_text(PROGRAM)
    environment = {k: v for k, v in os.environ.items() if not k.startswith("QUOTAKEEPER_")}

    def quotakeeper(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "quotakeeper", *arguments], cwd=tmp_path, env=environment,
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip

    with Sandbox() as sandbox:
        environment["GOOGLE_GEMINI_BASE_URL"] = sandbox.gemini_url
        ran = quotakeeper("run", "--", sys.executable, "program.py", sandbox.gemini_url)
        assert "refused by a limit: 2" in ran.stderr, ran.stdout + ran.stderr
    quotakeeper("alerts", "run")
    shown = json.loads(quotakeeper("alerts", "show", "--json").stdout)["alerts"]
    titles = [each["alert"]["data"]["title"] for each in shown if each["state"] == "sent"]
    assert "two calls: a call was refused" in titles, ran.stderr
