"""The brief's integration test: runs the main script on real audio and checks the quota tracking.

`python test_quota_integration.py` runs `all_in_one_backup.py` on the samples against the sandbox, a
fake provider on this machine that needs no keys and no network. It compares the totals of three
sources: the ledger, the calculator's summary, and the sandbox's bill.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - said here, not by an import that fails
    sys.exit("quotakeeper needs Python 3.11 or newer, this is %d.%d" % sys.version_info[:2])  # noqa: UP031

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "src"))

from quotakeeper import Keeper  # noqa: E402
from quotakeeper.calculator.stream_text import make_legible  # noqa: E402
from quotakeeper.sandbox import Sandbox  # noqa: E402
from quotakeeper.schemas import Schema  # noqa: E402


def run_main_script(sandbox: Sandbox, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the brief's main script as a user would."""
    environment = dict(os.environ) | {
        "QUOTAKEEPER_LEDGER": str(folder / "ledger.db"),
        "QUOTAKEEPER_CONFIG": str(folder / "quotakeeper.toml"),
        "GOOGLE_GEMINI_BASE_URL": sandbox.gemini_url,
        "DEEPGRAM_BASE_URL": sandbox.deepgram_url,
        "GEMINI_API_KEY": "sandbox-key",
        "DEEPGRAM_API_KEY": "sandbox-key",
        "PYTHONUTF8": "1",
    }
    (folder / "quotakeeper.toml").write_text('timezone = "Asia/Ho_Chi_Minh"\n', encoding="utf-8")
    command = [sys.executable, str(HERE / "all_in_one_backup.py"), "--out", str(folder / "out"),
               str(HERE.parent / "samples")]  # fmt: skip
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, encoding="utf-8", check=False
    )


def totals(rows: list[dict[str, int]]) -> dict[str, int]:
    """Quantities added up by meter, over all modalities."""
    sums: dict[str, int] = {}
    for row in rows:
        for key, amount in row.items():
            meter = key.partition("@")[0]
            sums[meter] = sums.get(meter, 0) + amount
    return dict(sorted(sums.items()))


def main() -> int:
    """Run the test. Returns 0 if the three totals are equal."""
    make_legible()
    with tempfile.TemporaryDirectory() as name, Sandbox() as sandbox:
        folder = Path(name)
        done = run_main_script(sandbox, folder)
        print(done.stdout[-3_000:])
        with Keeper(folder / "ledger.db", folder / "quotakeeper.toml") as keeper:
            events = list(keeper.events())
            clean = keeper.verify() == []
        ledger = totals([dict(event.quantities) for event in events])
        billed = totals([dict(line.quantities) for line in sandbox.bill.charges])
        outputs = sorted(path.name for path in (folder / "out").rglob("*.srt"))
    checks = {
        "the script ended well": done.returncode == 0,
        "the ledger equals the sandbox's bill": ledger == billed and bool(ledger),
        "every figure is the provider's own": {str(e.provenance) for e in events} == {"reported"},
        "the summary was shown": "📊 TOKEN USAGE & QUOTA SUMMARY" in done.stdout + done.stderr,
        "subtitles were written": bool(outputs),
        "the ledger verifies": clean,
    }
    accounts = {"schema": Schema.SELF_CHECK, "ledger": ledger, "billed": billed}
    print(json.dumps(accounts, indent=2))
    for what, holds in checks.items():
        print(f"{'✅' if holds else '❌'} {what}")
    if not all(checks.values()):
        print(done.stderr[-2_000:], file=sys.stderr)
    return 0 if all(checks.values()) else 1


if __name__ == "__main__":
    sys.exit(main())
