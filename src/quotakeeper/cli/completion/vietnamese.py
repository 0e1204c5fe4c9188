"""Vietnamese translations for `completion`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    "Print the script that completes commands and options in a shell.": (
        "In script để shell tự điền tên lệnh và tùy chọn."
    ),
    "Its first lines say where to put it. Print it again after an update.": (
        "Những dòng đầu cho biết đặt script ở đâu. Cập nhật xong thì in lại."
    ),
}
