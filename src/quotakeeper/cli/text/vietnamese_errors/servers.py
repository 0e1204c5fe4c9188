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
    "a ledger on a server is no file to copy": "sổ trên máy chủ không phải tệp để sao chép",
    "end all programs that use it, run quotakeeper status on it when their time is over, then try "
    "again": (
        "hãy kết thúc mọi chương trình đang dùng nó, chạy quotakeeper status với nó khi hết thời hạn "
        "của chúng, rồi thử lại"
    ),
    "has a problem: {}": "có vấn đề: {0!t}",
    "has the parameters of a connection to PostgreSQL; a ledger there is named by a URL": (
        "là tham số kết nối PostgreSQL; sổ ở đó phải nêu bằng URL"
    ),
    "has {} open reservations": "có {0} giữ chỗ chưa đóng",
    "is not on a server": "không nằm trên máy chủ",
    "is on a server, and quotakeeper does not know yet which processes use it": (
        "nằm trên máy chủ, và quotakeeper chưa biết tiến trình nào đang dùng"
    ),
    "is the role of --app": "là vai trò của --app",
    "leave the label as it is; a later version will be able to change it": (
        "hãy để nguyên nhãn; bản sau sẽ sửa được"
    ),
    "name a schema of its own: ?schema=NAME": "hãy nêu một schema riêng: ?schema=TÊN",
    "name another role": "hãy nêu vai trò khác",
    "name the file of a ledger": "hãy nêu tệp của một sổ",
    "run quotakeeper verify on the source, and report this": (
        "hãy chạy quotakeeper verify trên sổ nguồn, rồi báo lỗi này"
    ),
    "see: quotakeeper verify": "xem: quotakeeper verify",
    "the copy is not the same, and was not kept: {}": "bản sao không giống nên không được giữ: {0!t}",
    "use letters, digits and _, at most 63": "hãy dùng chữ, số và _, nhiều nhất 63 ký tự",
    "{} is no plain name": "{0} không phải tên đơn giản",
    "{} is not empty": "{0} không trống",
}
