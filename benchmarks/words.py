"""The words and the number format of the generated pages, in English and in Vietnamese."""

from __future__ import annotations

from typing import NamedTuple

ABSENT = "–"
_SIGNIFICANT = 3


class Words(NamedTuple):
    """One language's words for the generated parts. The other text of a page is in page.LANGUAGE.md."""

    language: str
    reached: str
    missed: str
    unmeasured: str
    of: str
    of_it: str
    per_second: str
    at_most: str
    at_least: str
    under: str
    of_events: str
    no_decision: str
    machine: dict[str, str]
    measured: str
    crowded: str
    skipped: str
    contenders: dict[str, str]
    callers: dict[str, str]
    chart: dict[str, str]
    phrases: dict[str, str]

    def said(self, text: str) -> str:
        """Translate a name from the screen. Parts that have no translation stay in English."""
        for english, ours in self.phrases.items():
            text = text.replace(english, ours)
        return text

    def number(self, value: float) -> str:
        """Format with three significant digits, no decimals from 100 on, and the language's separators."""
        decimals = 0
        if value and abs(value) < 100 and value != int(value):
            decimals = 1 if abs(value) >= 10 else 2 if abs(value) >= 0.1 else 3
        text = f"{value:,.{decimals}f}"
        if decimals and "." in text:
            text = text.rstrip("0").rstrip(".")
        if self.language == "vi":
            text = text.translate(str.maketrans(",.", ".,"))
        return text

    def cell(self, value: float | None) -> str:
        """Format a number for a table; None gives the mark for "not measured"."""
        return ABSENT if value is None else self.number(value)


EN = Words(
    "en",
    "reached",
    "**missed**",
    "not measured",
    "of",
    "of the limit",
    "a second",
    "at most",
    "at least",
    "under",
    "events",
    "no decision",
    {
        "cpu": "",
        "cores": "cores:",
        "memory_gib": "memory, GiB:",
        "system": "",
        "python": "",
        "sqlite": "SQLite",
    },
    "Measured on",
    "Where the load is above the cores, the machine was still busy, often with the bench before. "
    "Such figures are provisional, read the ratios only.",
    "Left out in this run",
    {
        "fdatasync": "bare `fdatasync`, no decision",
        "bare": "bare SQLite transaction",
        "power": "**quotakeeper**, `power`",
        "process": "**quotakeeper**, `process`",
        "lease": "**quotakeeper**, lease",
        "memory": "**quotakeeper**, memory",
        "limits-memory": "limits, memory",
        "limits-redis": "limits, Redis",
        "pyrate-memory": "PyrateLimiter, memory",
        "pyrate-sqlite": "PyrateLimiter, SQLite",
        "pyrate-redis": "PyrateLimiter, Redis",
        "pyrate-postgres": "PyrateLimiter, PostgreSQL",
        "postgres": "**quotakeeper**, PostgreSQL",
        "postgres-lease": "**quotakeeper**, PostgreSQL, lease",
        "gateway-bare": "the provider alone (p50, p99: not added)",
        "gateway-nginx": "nginx, passes on only",
        "gateway-unmetered": "**quotakeeper**, a path that is not metered",
        "gateway-process": "**quotakeeper**, SQLite, `process`",
        "gateway-power": "**quotakeeper**, SQLite, `power`",
        "gateway-lease": "**quotakeeper**, SQLite, lease",
        "gateway-postgres": "**quotakeeper**, PostgreSQL, lease",
        "gateway-litellm": "LiteLLM's proxy",
        "budget-manager": "LiteLLM `BudgetManager`",
        "max-budget": "LiteLLM `max_budget`",
    },
    {
        "bare": "bare SQLite, same rows",
        "one": "**1 caller**",
        "eight": "8 threads",
        "many": "64 threads",
        "tasks": "64 asyncio tasks",
        "processes": "4 processes of 64 tasks",
    },
    {
        "admission": "Calls admitted a second, 4 processes of 8 threads on one limit",
        "admission_note": "Logarithmic: longer is faster. To the right: how many a limit let through.",
        "growth": "One call as the ledger grows, microseconds",
        "growth_note": "Both axes logarithmic. Across: events in the ledger.",
        "reserve_p50": "reserve, p50",
        "reserve_p99": "reserve, p99",
        "settle_p50": "settle, p50",
    },
    {},
)
VI = Words(
    "vi",
    "đạt",
    "**chưa đạt**",
    "chưa đo",
    "trên",
    "so với hạn mức",
    "mỗi giây",
    "nhiều nhất",
    "ít nhất",
    "dưới",
    "sự kiện",
    "không quyết định gì",
    {
        "cpu": "",
        "cores": "số nhân:",
        "memory_gib": "bộ nhớ, GiB:",
        "system": "",
        "python": "",
        "sqlite": "SQLite",
    },
    "Đo ngày",
    "Chỗ nào tải cao hơn số nhân thì lúc đó máy đang bận, hoặc các phép đo ngay trước còn để lại tải: "
    "các con số ấy là tạm thời, chỉ nên đọc tỉ lệ.",
    "Bỏ qua trong lần đo này",
    {
        **EN.contenders,
        "gateway-bare": "riêng nhà cung cấp (p50, p99: không phải phần thêm)",
        "gateway-nginx": "nginx, chỉ chuyển tiếp",
        "gateway-unmetered": "**quotakeeper**, đường dẫn không đo",
        "gateway-litellm": "proxy của LiteLLM",
        "fdatasync": "`fdatasync` đơn thuần, không quyết định gì",
        "bare": "giao dịch SQLite thuần",
        "memory": "**quotakeeper**, bộ nhớ",
        "limits-memory": "limits, bộ nhớ",
        "pyrate-memory": "PyrateLimiter, bộ nhớ",
    },
    {
        "bare": "SQLite thuần, cùng các dòng",
        "one": "**1 nơi gọi**",
        "eight": "8 luồng",
        "many": "64 luồng",
        "tasks": "64 tác vụ asyncio",
        "processes": "4 tiến trình x 64 tác vụ",
    },
    {
        "admission": "Số lượt gọi được cho qua mỗi giây, 4 tiến trình x 8 luồng trên một hạn mức",
        "admission_note": "Thang logarit: dài hơn là nhanh hơn. Bên phải: hạn mức cho bao nhiêu lệnh qua.",
        "growth": "Một lượt gọi khi sổ lớn dần, micro giây",
        "growth_note": "Cả hai trục theo thang logarit. Trục ngang: số sự kiện trong sổ.",
        "reserve_p50": "giữ chỗ, p50",
        "reserve_p99": "giữ chỗ, p99",
        "settle_p50": "quyết toán, p50",
    },
    {
        "a call that needs another host's lease": "lượt gọi cần phần lease của máy khác",
        "1.3 trips and the commit at 0 ms": "1,3 lượt đi về và lần ghi ở 0 ms",
        "16 processes of batches of 16": "16 tiến trình, mỗi lô 16 lượt gọi",
        "conditional commits": "ghi có điều kiện",
        "conditional commit": "một lần ghi có điều kiện",
        "locked commits": "ghi dưới khóa",
        "locked": "ghi dưới khóa",
        "bare commit of one row": "lần ghi thuần một dòng",
        "bare commit": "lần ghi thuần",
        "hosts with leases": "máy dùng lease",
        "4 hosts": "4 máy",
        "64 tasks": "64 tác vụ",
        "steady": "đều",
        "bursty": "từng đợt",
        "overnight batch": "chạy mẻ ban đêm",
        "one huge call": "một lượt gọi rất lớn",
        "ramp": "tăng dần",
        "stop-and-go": "lúc chạy lúc nghỉ",
        "first byte of a stream, 20 ms thought": "byte đầu của luồng, máy chủ nghĩ 20 ms",
        "first byte of a stream, at once": "byte đầu của luồng, máy chủ trả ngay",
        "streams at once": "luồng cùng lúc",
        "first byte": "byte đầu",
        "added processor time": "thời gian bộ xử lý thêm vào",
        "added to its start under quotakeeper run": "thêm vào lúc khởi động dưới quotakeeper run",
        "added by the whole of quotakeeper run --": "thêm vào bởi toàn bộ quotakeeper run --",
        "added": "thêm",
        "metered": "có đo",
        "in all": "tổng cộng",
        "bare": "không đo",
    },
)
LANGUAGES = {"en": EN, "vi": VI}
