"""Vietnamese translations for `completion`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    "Print the script that completes commands and options in a shell.": (
        "In script để shell tự điền tên lệnh và tùy chọn."
    ),
    "The first lines of the script say where to put it. Print the script again after an update.": (
        "Những dòng đầu của script cho biết đặt nó ở đâu. Sau mỗi lần cập nhật hãy in lại script."
    ),
}
