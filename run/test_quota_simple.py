"""The brief's simple test: count, price, check limits, export. `python test_quota_simple.py`

It uses a ledger in a temporary folder. It does not touch your real ledger.
"""

from __future__ import annotations

import json
import logging
import sys
import tempfile
from pathlib import Path

from token_calculator import TokenCalculator  # first, because it finds quotakeeper in a checkout

# isort: split

from quotakeeper.calculator.stream_text import make_legible

CHINESE = "大家好，欢迎来到我的频道。今天我们来聊聊人工智能。"
VIETNAMESE = (
    "Xin chào mọi người, chào mừng đến với kênh của tôi. Hôm nay ta nói về trí tuệ nhân tạo."
)


def check(what: str, holds: bool, shown: object) -> bool:
    """Print one check and whether it passed. Returns whether it passed."""
    print(f"{'✅' if holds else '❌'} {what}: {shown}")
    return holds


def run(folder: Path) -> bool:
    """Run all checks on a new ledger in `folder`. Returns True if all passed."""
    calculator = TokenCalculator(folder / "ledger.db", {"timezone": "Asia/Ho_Chi_Minh"})
    translated = calculator.track_api_call("translate", CHINESE, VIETNAMESE, api_type="gemini")
    heard = calculator.track_api_call("speech_to_text", audio_duration=120.0, api_type="deepgram")
    wrong = calculator.track_api_call("speech_to_text", audio_duration=-1, api_type="deepgram")
    expected = translated["input_tokens"] * 0.075e-6 + translated["output_tokens"] * 0.30e-6
    status = calculator.check_quota_status()
    report = folder / "usage_report.json"
    exported = calculator.export_to_file(report)
    results = [
        check("Gemini tokens", translated["total_tokens"] > 0, translated["total_tokens"]),
        check("Languages", (translated["input_language"], translated["output_language"])
              == ("zh", "vi"), (translated["input_language"], translated["output_language"])),
        check("Gemini cost", abs(translated["cost_usd"] - expected) < 1e-11,
              f"${translated['cost_usd']:.6f}"),
        check("Deepgram cost", abs(heard["cost_usd"] - 0.0086) < 1e-12,
              f"${heard['cost_usd']:.6f}"),
        check("Bad input comes back as an error", "error" in wrong, wrong.get("error")),
        check("Status", status["gemini"]["status"] == status["deepgram"]["status"] == "OK",
              f"{status['deepgram']['minutes_used']:.1f} minutes used"),
        check("No warnings yet", calculator.get_quota_warnings() == [], "none"),
        check("Export", exported and len(json.loads(report.read_text("utf-8"))["operations"]) == 2,
              report.name),
    ]  # fmt: skip
    calculator.track_api_call("speech_to_text", audio_duration=798 * 60, api_type="deepgram")
    warnings = calculator.get_quota_warnings()
    results.append(
        check("Warning at 80 %", warnings == ["⚠️ Deepgram API approaching daily limits"], warnings)
    )
    calculator.log_summary()
    calculator.close()
    return all(results)


def main() -> int:
    """Run the test in a temporary folder. Returns 0 if all checks passed."""
    make_legible()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    with tempfile.TemporaryDirectory() as folder:
        good = run(Path(folder))
    print("✅ All checks passed" if good else "❌ Something is wrong: see above")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
