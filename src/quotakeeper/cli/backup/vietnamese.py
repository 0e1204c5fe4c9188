"""Vietnamese translations for `backup`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Copy the ledger while it is in use, and check the copy.": (
        "Sao lưu sổ ngay khi đang dùng, rồi kiểm tra bản sao."
    ),
    "File or folder for the copy; default: beside the ledger.": (
        "Tệp hoặc thư mục cho bản sao; không nêu thì đặt cạnh sổ."
    ),
    "Replace an existing file.": "Ghi đè tệp đã có.",
    # messages
    "copied to {file}: {size} bytes": "đã sao lưu vào {file}: {size} byte",
    "the copy has no problems: its journal gives the same balances": (
        "bản sao không có vấn đề: nhật ký của nó cho ra đúng các số dư"
    ),
    "the copy has {n} problem:": "bản sao có {n} vấn đề:",
    "the copy has {n} problems:": "bản sao có {n} vấn đề:",
}
