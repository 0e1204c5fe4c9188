"""The brief's demo: shows everything that TokenCalculator does. `python demo_quota_tracking.py`

It uses a ledger in a temporary folder and a fake clock, so that a day passes in a moment. It does not
touch your real ledger.
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
from quotakeeper.testing import FakeClock

CONFIG = {"timezone": "Asia/Ho_Chi_Minh"}
PARK = "Hôm nay trời đẹp, chúng ta cùng đi dạo công viên nhé."
LINES = (
    ("translate", "今天天气很好，我们一起去公园散步吧。", PARK),
    ("rewrite", PARK, "Trời đẹp thế này, ra công viên dạo thôi!"),
)


def heading(text: str) -> None:
    """Print a heading."""
    print(f"\n── {text} " + "─" * max(0, 66 - len(text)))


def show_warnings(calculator: TokenCalculator) -> None:
    """Print the warnings as the brief shows them."""
    warnings = calculator.get_quota_warnings()
    if warnings:
        print("🚨 QUOTA WARNINGS:")
        for warning in warnings:
            print(f"  {warning}")
    else:
        print("✅ no warnings")


def first_run(folder: Path, clock: FakeClock) -> None:
    """Count a few calls, show the totals, export."""
    calculator = TokenCalculator(folder / "ledger.db", CONFIG, clock=clock)
    heading("1. Counting calls / Đếm từng lời gọi")
    for operation, asked, answered in LINES:
        usage = calculator.track_api_call(operation, asked, answered, api_type="gemini")
        print(
            f"{operation}: {usage['input_tokens']} + {usage['output_tokens']} tokens "
            f"({usage['input_language']} → {usage['output_language']}), "
            f"${usage['cost_usd']:.6f}, {usage['provenance']}"
        )
    usage = calculator.track_api_call("speech_to_text", audio_duration=120.5, api_type="deepgram")
    print(f"speech_to_text: {usage['audio_duration_seconds']} s, ${usage['cost_usd']:.6f}")
    heading("2. The summary / Bảng tổng kết")
    calculator.log_summary()
    heading("3. Export / Xuất JSON")
    report = folder / "usage_report.json"
    calculator.export_to_file(report)
    print(json.dumps(json.loads(report.read_text("utf-8"))["summary"], indent=2))
    calculator.close()


def second_run(folder: Path, clock: FakeClock) -> bool:
    """A second run on the same day, which sees the first run's calls. Then a warning, then a new day."""
    calculator = TokenCalculator(folder / "ledger.db", CONFIG, clock=clock)
    heading("4. A second run, the same day / Lần chạy thứ hai trong ngày")
    minutes = calculator.daily_usage["deepgram_minutes"]
    print(f"already used today: {minutes:.2f} minutes; this run: {calculator.total_cost:.6f} USD")
    heading("5. From 80 % on, a warning / Cảnh báo từ 80 %")
    calculator.track_api_call("speech_to_text", audio_duration=798 * 60, api_type="deepgram")
    show_warnings(calculator)
    warned = calculator.get_quota_warnings()
    heading("6. Midnight in Ho Chi Minh City: a new day, no restart / Sang ngày mới")
    clock.set("2025-09-05T00:00:00+07:00")
    show_warnings(calculator)
    calculator.log_summary()
    fresh = calculator.daily_usage["deepgram_minutes"] == 0
    calculator.close()
    return bool(warned) and fresh and minutes > 0


def main() -> int:
    """Run the demo in a temporary folder. Returns 0 if every step gave the expected result."""
    make_legible()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    clock = FakeClock("2025-09-04T11:22:04+07:00")
    with tempfile.TemporaryDirectory() as folder:
        first_run(Path(folder), clock)
        good = second_run(Path(folder), clock)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
