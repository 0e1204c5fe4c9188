"""Vietnamese translations of errors about a ledger in PostgreSQL.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "PostgreSQL {} is too old": "PostgreSQL {0} quá cũ",
    "use PostgreSQL 15 or newer": "hãy dùng PostgreSQL 15 trở lên",
    "a batch was committed otherwise than it was decided": (
        "một lô lệnh được ghi khác với lúc quyết định"
    ),
    "run: quotakeeper verify; and report this": "hãy chạy: quotakeeper verify; rồi báo lỗi này",
    "a ledger in PostgreSQL": "sổ trong PostgreSQL",
    "a ledger in PostgreSQL grants no leases yet": "sổ trong PostgreSQL chưa cấp trước được",
    "set it to off": "hãy đặt là off",
    "ask again by the same id": "hãy hỏi lại với cùng mã",
    "back up its database: pg_dump": "hãy sao lưu cơ sở dữ liệu của nó: pg_dump",
    "cannot be reached: {}": "không kết nối được: {0}",
    "try again; check that the server runs and that this machine reaches it": (
        "hãy thử lại; kiểm tra xem máy chủ có chạy và máy này có kết nối được không"
    ),
    "is on a server": "nằm trên máy chủ",
    "is on a server, and which processes use it is not known": (
        "nằm trên máy chủ, nên không biết tiến trình nào đang dùng"
    ),
    "{}, on a server": "{0}, trên máy chủ",
    "its database keeps texts as {}": "cơ sở dữ liệu của nó lưu văn bản bằng {0}",
    "use a database in UTF8": "hãy dùng cơ sở dữ liệu UTF8",
    "its table meta names no schema": "bảng meta của nó không nêu schema",
    "name another schema: ?schema=NAME": "hãy nêu schema khác: ?schema=TÊN",
    "use a version of quotakeeper that knows it": "hãy dùng bản quotakeeper biết schema này",
    "keep a backup; `quotakeeper verify` lists all damage; then restore a backup": (
        "hãy giữ một bản sao lưu; `quotakeeper verify` liệt kê mọi chỗ hỏng; rồi khôi phục bản sao lưu"
    ),
    "look at the server's log": "hãy xem nhật ký của máy chủ",
    "the connection was lost at a commit: {}": "mất kết nối khi đang ghi: {0}",
    "the head row says entry {} at {}, the journal ends with {} at {}": (
        "dòng đầu ghi mục {0} lúc {1}, nhật ký kết thúc ở mục {2} lúc {3}"
    ),
}
