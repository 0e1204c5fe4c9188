"""Vietnamese translations of errors about a ledger in PostgreSQL.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "PostgreSQL {} is too old": "PostgreSQL {0} quá cũ",
    "use PostgreSQL 15 or newer": "hãy dùng PostgreSQL 15 trở lên",
    "the server committed a batch with other values than quotakeeper computed": (
        "máy chủ ghi một lô với giá trị khác giá trị mà quotakeeper tính"
    ),
    "run: quotakeeper verify; and report this": "hãy chạy: quotakeeper verify; rồi báo lỗi này",
    "a ledger in PostgreSQL": "sổ trong PostgreSQL",
    "no lost host {} has open leases": "không có máy đã mất nào tên {0} còn phần thuê đang mở",
    "these have: {}": "các máy này có: {0}",
    "see: quotakeeper leases": "xem: quotakeeper leases",
    "repeat the command with the same id": "hãy gửi lại lệnh với cùng mã",
    "back up its database: pg_dump": "hãy sao lưu cơ sở dữ liệu của nó: pg_dump",
    "cannot be reached: {}": "không kết nối được: {0}",
    "try again; check that the server runs and that this machine can connect to it": (
        "hãy thử lại; kiểm tra xem máy chủ có chạy và máy này có kết nối được không"
    ),
    "is on a server": "nằm trên máy chủ",
    "is on a server, and which processes use it is not known": (
        "nằm trên máy chủ, nên không biết tiến trình nào đang dùng"
    ),
    "{}, on a server": "{0}, trên máy chủ",
    "its database stores text in the encoding {}": (
        "cơ sở dữ liệu của nó lưu văn bản theo bảng mã {0}"
    ),
    "use a database with the encoding UTF8": "hãy dùng cơ sở dữ liệu UTF8",
    "its table meta contains no schema version": ("bảng meta của nó không có phiên bản schema"),
    "use another schema: ?schema=NAME": "hãy nêu schema khác: ?schema=TÊN",
    "use a version of quotakeeper that knows it": "hãy dùng bản quotakeeper biết schema này",
    "keep a backup; `quotakeeper verify` lists all damage; then restore a backup": (
        "hãy giữ một bản sao lưu; `quotakeeper verify` liệt kê mọi chỗ hỏng; rồi khôi phục bản sao lưu"
    ),
    "look at the server's log": "hãy xem nhật ký của máy chủ",
    "the connection was lost during a commit: {}": "mất kết nối khi đang ghi: {0}",
    "the head row has entry {} at {}, but the journal ends with entry {} at {}": (
        "dòng đầu có mục {0} lúc {1}, nhưng nhật ký kết thúc ở mục {2} lúc {3}"
    ),
    "a ledger on a server is not a file, so it cannot be copied": (
        "sổ trên máy chủ không phải là tệp nên không sao chép được"
    ),
    "end all programs that use it; when their reservations have expired, run quotakeeper status "
    "on it; then try again": (
        "hãy kết thúc mọi chương trình đang dùng nó; khi các giữ chỗ của chúng hết hạn, chạy "
        "quotakeeper status với nó; rồi thử lại"
    ),
    "has a problem: {}": "có vấn đề: {0!t}",
    "contains connection parameters of PostgreSQL, but a ledger on PostgreSQL is given as a URL": (
        "là tham số kết nối PostgreSQL, nhưng sổ trên PostgreSQL phải nêu bằng URL"
    ),
    "has {} open reservations": "có {0} giữ chỗ chưa đóng",
    "is not on a server": "không nằm trên máy chủ",
    "is on a server, and quotakeeper cannot check yet which processes use it": (
        "nằm trên máy chủ, và quotakeeper chưa biết tiến trình nào đang dùng"
    ),
    "is already the role of --app": "là vai trò của --app",
    "leave the label as it is; a later version will be able to change it": (
        "hãy để nguyên nhãn; bản sau sẽ sửa được"
    ),
    "use a separate schema for the ledger: ?schema=NAME": (
        "hãy dùng một schema riêng cho sổ: ?schema=TÊN"
    ),
    "name another role": "hãy nêu vai trò khác",
    "give the path of a ledger file": ("hãy nêu đường dẫn của một tệp sổ"),
    "run quotakeeper verify on the source, and report this": (
        "hãy chạy quotakeeper verify trên sổ nguồn, rồi báo lỗi này"
    ),
    "see: quotakeeper verify": "xem: quotakeeper verify",
    "the copy differs from the source and was deleted: {}": (
        "bản sao khác sổ nguồn nên đã bị xóa: {0!t}"
    ),
    "use letters, digits and _, at most 63": "hãy dùng chữ, số và _, nhiều nhất 63 ký tự",
    "{} has other characters than letters, digits and _": (
        "{0} có ký tự khác chữ cái, chữ số và _"
    ),
    "{} is not empty": "{0} không trống",
}
