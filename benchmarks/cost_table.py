"""The table of the benchmark `costs`: each figure beside its aim and beside the version before."""

from __future__ import annotations

from typing import NamedTuple

from benchmarks.results import Figures
from benchmarks.words import Words


class Row(NamedTuple):
    """A figure of the benchmark `costs` and its aim: at most `most`, or at least `least`.

    With `is_ratio`, the aim is for the ratio to the version before, not for the figure.
    """

    key: str
    en: str
    vi: str
    unit: str = "times"
    most: float | None = None
    least: float | None = None
    is_ratio: bool = False


_UNITS = {"times": {"en": "times", "vi": "lần"}, "ms": {"en": "ms", "vi": "ms"},
          "us": {"en": "µs", "vi": "µs"}}  # fmt: skip
ROWS = (
    Row("engine", "engine, from request to settlement, 64 tasks, `power`: processor time of a call",
        "bộ máy đo, từ request đến quyết toán, 64 tác vụ, `power`: thời gian bộ xử lý mỗi lượt gọi",
        "us", most=0.4, is_ratio=True),
    Row("requests", "`requests.post` metered / bare, p50, `process`",
        "`requests.post` có đo / không đo, p50, `process`", most=1.5),
    Row("httpx", "`httpx` async metered / bare, p50, `process`",
        "`httpx` async có đo / không đo, p50, `process`", most=1.35),
    Row("requests_tail", "`requests.post`: p99 added / p50 added",
        "`requests.post`: phần thêm ở p99 / phần thêm ở p50", most=3),
    Row("httpx_tail", "`httpx` async: p99 added / p50 added",
        "`httpx` async: phần thêm ở p99 / phần thêm ở p50", most=3),
    Row("first_byte", "first byte of a stream, server thinks 20 ms, metered / bare",
        "byte đầu của luồng, máy chủ nghĩ 20 ms, có đo / không đo", most=1.03),
    Row("streams", "500 streams at once, whole time, metered / bare",
        "500 luồng cùng lúc, tổng thời gian, có đo / không đo", most=1.4),
    Row("chunks", "stream of 100 chunks, processor time, metered / bare",
        "luồng 100 mảnh, thời gian bộ xử lý, có đo / không đo", most=1.5),
    Row("record_power", "`record`, one caller, beside a bare transaction, `power`",
        "`record`, một nơi gọi, so với giao dịch thuần, `power`", most=1.4),
    Row("record_process", "the same, `process`", "như trên, `process`", most=3),
    Row("pair_power", "`reserve` + `settle`, one caller, beside bare transactions, `power`",
        "giữ chỗ + quyết toán, một nơi gọi, so với giao dịch thuần, `power`", most=1.3),
    Row("pair_process", "the same, `process`", "như trên, `process`", most=2.5),
    Row("tasks", "64 asyncio tasks beside one caller, `power`, `record`",
        "64 tác vụ asyncio so với một nơi gọi, `power`, `record`", least=10),
    Row("processes", "4 processes of 64 tasks, `power`, `reserve` + `settle`, beside one bare "
        "transaction at a time",
        "4 tiến trình x 64 tác vụ, `power`, giữ chỗ + quyết toán, so với từng giao dịch thuần",
        least=8),
    Row("redis", "lease, 4 processes of 8 threads: calls a second beside `limits` on Redis",
        "lease, 4 tiến trình x 8 luồng: lượt gọi mỗi giây so với `limits` trên Redis", least=1),
    Row("lease_one", "lease, one caller: `reserve` p99 / p50",
        "lease, một nơi gọi: `reserve` p99 / p50", most=20),
    Row("lease_threads", "lease, 4 processes of 8 threads: `reserve` p99 / p50",
        "lease, 4 tiến trình x 8 luồng: `reserve` p99 / p50", most=300),
    Row("lease_tasks", "lease, 4 processes of 64 tasks: `reserve` p99 / p50",
        "lease, 4 tiến trình x 64 tác vụ: `reserve` p99 / p50", most=5_000),
    Row("reserve_process", "`reserve` p99 / p50, one caller, `process`",
        "`reserve` p99 / p50, một nơi gọi, `process`", most=4),
    Row("reserve_power", "`reserve` p99 / p50, one caller, `power`",
        "`reserve` p99 / p50, một nơi gọi, `power`", most=3),
    Row("import", "`from quotakeeper import Keeper`, over bare Python",
        "`from quotakeeper import Keeper`, thêm so với Python trơn", "ms", most=40),
    Row("status", "`quotakeeper status`, whole command / bare Python",
        "`quotakeeper status`, cả lệnh / Python trơn", most=8),
    Row("run", "`quotakeeper run -- python -c pass`, added",
        "`quotakeeper run -- python -c pass`, phần thêm", "ms", most=60),
)  # fmt: skip


def table(figures: Figures, words: Words) -> str:
    """The rows of the table: what, aim, this version, the version before, verdict."""
    lines = []
    for row in ROWS:
        now = figures.value(f"costs.{row.key}.now")
        before = figures.value(f"costs.{row.key}.before")
        unit = _UNITS[row.unit][words.language]
        aimed = figures.ratio(f"costs.{row.key}.now") if row.is_ratio else now
        bound = row.most if row.most is not None else row.least
        assert bound is not None
        aim = f"{words.at_most if row.most is not None else words.at_least} {words.number(bound)}"
        ratio = f" ({words.number(aimed)})" if row.is_ratio and aimed is not None else ""
        shown = f"{words.number(now)} {unit}{ratio}" if now is not None else words.unmeasured
        lines.append(
            f"| {row.en if words.language == 'en' else row.vi} "
            f"| {aim} {_UNITS['times' if row.is_ratio else row.unit][words.language]} | {shown} "
            f"| {words.cell(before)} | {_verdict(row, aimed, words)} |"
        )
    return "\n".join(lines)


def _verdict(row: Row, aimed: float | None, words: Words) -> str:
    if aimed is None:
        return ""
    reached = (row.most is None or aimed <= row.most) and (row.least is None or aimed >= row.least)
    return words.reached if reached else words.missed
