"""Vietnamese translations for `backup`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Copy the ledger while it is in use, and check the copy.": (
        "Sao lưu sổ ngay khi đang dùng, rồi kiểm tra bản sao."
    ),
    "The file or folder to copy to; beside the ledger, if not given.": (
        "Tệp hoặc thư mục để ghi bản sao; không ghi thì đặt cạnh sổ."
    ),
    "Replace a file that is there.": "Ghi đè tệp đã có.",
    # messages
    "copied to {file}: {size} bytes": "đã sao lưu vào {file}: {size} byte",
    "the copy is sound: every balance follows from its journal": (
        "bản sao nguyên vẹn: mọi số dư đều khớp với nhật ký"
    ),
    "the copy has {n} problem:": "bản sao có {n} vấn đề:",
    "the copy has {n} problems:": "bản sao có {n} vấn đề:",
}
