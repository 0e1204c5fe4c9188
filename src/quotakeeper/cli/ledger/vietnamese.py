"""Vietnamese translations for `ledger`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Check, make and fill a ledger on a PostgreSQL server.": (
        "Kiểm tra, tạo và chuyển sổ lên máy chủ PostgreSQL."
    ),
    "The ledger to copy; it stays as it is.": "Sổ cần chép; tệp này giữ nguyên.",
    "Copy a ledger file to the empty ledger on the server, and compare both.": (
        "Chép một tệp sổ vào sổ trống trên máy chủ, rồi đối chiếu hai bên."
    ),
    "{source} is copied to {ledger}: entries: {n}; every row is the same": (
        "đã chép {source} sang {ledger}: số bút toán: {n}; mọi dòng đều khớp"
    ),
    "the file stays as it is: let no program use it any more": (
        "tệp giữ nguyên: đừng để chương trình nào dùng tệp đó nữa"
    ),
    "What the server's settings promise, and what this user may do.": (
        "Cấu hình của máy chủ bảo đảm những gì, và người dùng này có quyền gì."
    ),
    "Make the ledger's schema and tables, and the roles that are named.": (
        "Tạo schema và các bảng của sổ, cùng các vai trò được nêu tên."
    ),
    "A role for programs that count calls; made without a login.": (
        "Vai trò cho các chương trình ghi lượt gọi; được tạo không kèm quyền đăng nhập."
    ),
    "A role that only reads; made without a login.": (
        "Vai trò chỉ đọc; được tạo không kèm quyền đăng nhập."
    ),
    "Print the SQL, and change nothing.": "In ra câu lệnh SQL, không thay đổi gì.",
    # messages
    "{ledger}: the tables are made": "{ledger}: đã tạo các bảng",
    "{ledger}: the tables were there already": "{ledger}: các bảng đã có sẵn",
    "role {role} has its rights; give it to a user: GRANT {role} TO NAME": (
        "vai trò {role} đã có đủ quyền; cấp cho một người dùng: GRANT {role} TO NAME"
    ),
    # findings
    "server": "máy chủ",
    "failover": "chuyển dự phòng",
    "connection": "kết nối",
    "connections": "số kết nối",
    "PostgreSQL {version} is too old": "PostgreSQL {version} quá cũ",
    "use PostgreSQL 15 or newer": "dùng PostgreSQL 15 trở lên",
    "its database stores text in the encoding {encoding}": "cơ sở dữ liệu lưu chữ theo bảng mã {encoding}",
    "use a database with the encoding UTF8": "dùng cơ sở dữ liệu UTF8",
    "PostgreSQL {version} is a standby: nothing can be booked": (
        "PostgreSQL {version} là máy dự phòng: không ghi sổ được"
    ),
    "name the primary": "ghi địa chỉ của máy chính",
    "PostgreSQL {version}": "PostgreSQL {version}",
    "{ledger}: {user} may count calls": "{ledger}: {user} được ghi lượt gọi",
    "{ledger}: {user} may only read, and count no calls": (
        "{ledger}: {user} chỉ được đọc, không được ghi lượt gọi"
    ),
    "{ledger}: {user} has no right to read it": "{ledger}: {user} không có quyền đọc",
    "quotakeeper ledger init --app ROLE; then: GRANT ROLE TO {user}": (
        "quotakeeper ledger init --app ROLE; sau đó: GRANT ROLE TO {user}"
    ),
    "{ledger}: not there yet; the first call or quotakeeper ledger init makes it": (
        "{ledger}: chưa có; lượt gọi đầu tiên hoặc quotakeeper ledger init sẽ tạo"
    ),
    "{ledger}: not there yet, and {user} may not make it": (
        "{ledger}: chưa có, và {user} không có quyền tạo"
    ),
    "give a database administrator the output of: quotakeeper ledger init --sql": (
        "đưa cho người quản trị cơ sở dữ liệu kết quả của: quotakeeper ledger init --sql"
    ),
    "{settings} is off: a power cut may damage the ledger and lose calls": (
        "{settings} đang tắt: mất điện có thể làm hỏng sổ và mất lượt gọi"
    ),
    "set it to on in postgresql.conf": "đặt lại thành on trong postgresql.conf",
    "synchronous_commit is off: a crash of the server may lose the last calls": (
        "synchronous_commit đang tắt: máy chủ sập có thể làm mất các lượt gọi cuối"
    ),
    "ALTER ROLE {user} SET synchronous_commit = on": "ALTER ROLE {user} SET synchronous_commit = on",
    "an acknowledged call survives a crash of the server and a power cut": (
        "lượt gọi đã xác nhận vẫn còn sau khi máy chủ sập hay mất điện"
    ),
    "no standby confirms a call: a switch to a standby may lose acknowledged calls, and a "
    "hard limit may be passed by as much": (
        "không máy dự phòng nào xác nhận lượt gọi: khi chuyển sang máy dự phòng, lượt gọi đã xác "
        "nhận có thể mất, và hạn mức cứng có thể bị vượt đúng bằng phần đó"
    ),
    "a standby of {standbys} confirms each call: a switch to it loses none": (
        "một máy dự phòng trong {standbys} xác nhận từng lượt gọi: chuyển sang máy đó không mất gì"
    ),
    "synchronous_commit is {value}: no standby has written a call that is acknowledged": (
        "synchronous_commit là {value}: chưa máy dự phòng nào ghi xuống đĩa lượt gọi đã xác nhận"
    ),
    "set synchronous_commit to on": "đặt synchronous_commit thành on",
    "by a socket of this machine": "qua socket trên máy này",
    "by TLS": "qua TLS",
    "the network carries it unencrypted": "đi qua mạng mà không mã hóa",
    "add ?sslmode=verify-full to the URL": "thêm ?sslmode=verify-full vào URL",
    "the server's clock decides; it agrees with this machine's": (
        "lấy giờ theo máy chủ; giờ đó khớp với máy này"
    ),
    "the server's clock decides; it is {apart} ahead of this machine's": (
        "lấy giờ theo máy chủ; giờ đó nhanh hơn máy này {apart}"
    ),
    "the server's clock decides; it is {apart} behind this machine's": (
        "lấy giờ theo máy chủ; giờ đó chậm hơn máy này {apart}"
    ),
    "set both by a time service": "đồng bộ cả hai qua dịch vụ giờ (NTP)",
    "{used} of {most} are in use; each process of quotakeeper needs one or two": (
        "đang dùng {used} trên {most}; mỗi tiến trình quotakeeper cần một đến hai kết nối"
    ),
    "raise max_connections, or use pgbouncer": "tăng max_connections, hoặc dùng pgbouncer",
}
