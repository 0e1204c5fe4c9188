"""Vietnamese translations for `verify`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Compute balances from the journal again, and report every difference.": (
        "Tính lại số dư từ nhật ký và báo từng chỗ sai lệch."
    ),
    "Read all entries, not only those after the last verified one.": (
        "Đọc mọi dòng nhật ký, không chỉ những dòng nhật ký sau lần kiểm tra trước."
    ),
    # messages
    "new entries read: {n}; the {verified} before were verified by an earlier run: --all reads them "
    "again": (
        "đã đọc {n} dòng nhật ký mới; {verified} dòng trước đó đã được kiểm tra ở lần chạy trước: "
        "--all đọc lại tất cả"
    ),
    "all entries were read: {why}": "đã đọc mọi dòng nhật ký: {why}",
    "the journal was compacted after the last run": "nhật ký đã được thu gọn sau lần chạy trước",
    "the ledger was set back after the last run": "sổ đã được chỉnh lùi sau lần chạy trước",
    "a limit was added that counts earlier calls": (
        "có hạn mức mới, tính cả các lượt gọi trước đó"
    ),
    "the new entries do not fit what the last run found": (
        "dòng nhật ký mới không khớp với kết quả của lần chạy trước"
    ),
}
