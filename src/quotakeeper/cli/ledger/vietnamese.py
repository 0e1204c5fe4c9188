"""Vietnamese translations for `ledger`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Check, create and fill a ledger on a PostgreSQL server.": (
        "Kiểm tra, tạo và chuyển sổ lên máy chủ PostgreSQL."
    ),
    "The ledger to copy; it is not changed.": "Sổ cần chép; tệp này giữ nguyên.",
    "Copy a ledger file to the empty ledger on the server, and compare both.": (
        "Chép một tệp sổ vào sổ trống trên máy chủ, rồi đối chiếu hai bên."
    ),
    "{source} was copied to {ledger}: entries: {n}; a comparison found no difference": (
        "đã chép {source} sang {ledger}: số bút toán: {n}; đối chiếu không thấy sai khác"
    ),
    "the file was not changed: do not use it in any program from now on": (
        "tệp không bị sửa: từ nay đừng để chương trình nào dùng tệp đó"
    ),
    "Show what the server's settings guarantee, and what rights this user has.": (
        "Cấu hình của máy chủ bảo đảm những gì, và người dùng này có quyền gì."
    ),
    "Create the ledger's schema and tables, and the roles that you name.": (
        "Tạo schema và các bảng của sổ, cùng các vai trò được nêu tên."
    ),
    "Role for programs that record calls; created without login.": (
        "Vai trò cho các chương trình ghi lượt gọi; được tạo không kèm quyền đăng nhập."
    ),
    "Role that can only read; created without login.": (
        "Vai trò chỉ đọc; được tạo không kèm quyền đăng nhập."
    ),
    "Only print the SQL; change nothing.": "In ra câu lệnh SQL, không thay đổi gì.",
    # messages
    "{ledger}: the tables were created": "{ledger}: đã tạo các bảng",
    "{ledger}: the tables already exist": "{ledger}: các bảng đã có sẵn",
    "role {role} has the rights that it needs; grant the role to a user: GRANT {role} TO NAME": (
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
    "PostgreSQL {version} is a standby: quotakeeper cannot write calls to it": (
        "PostgreSQL {version} là máy dự phòng: không ghi sổ được"
    ),
    "use the host of the primary in the URL": ("dùng địa chỉ máy chính trong URL"),
    "PostgreSQL {version}": "PostgreSQL {version}",
    "{ledger}: {user} can record calls": "{ledger}: {user} được ghi lượt gọi",
    "{ledger}: {user} can only read it and cannot record calls": (
        "{ledger}: {user} chỉ được đọc, không được ghi lượt gọi"
    ),
    "{ledger}: {user} has no right to read it": "{ledger}: {user} không có quyền đọc",
    "quotakeeper ledger init --app ROLE; then: GRANT ROLE TO {user}": (
        "quotakeeper ledger init --app ROLE; sau đó: GRANT ROLE TO {user}"
    ),
    "{ledger}: does not exist yet; the first call or quotakeeper ledger init creates it": (
        "{ledger}: chưa có; lượt gọi đầu tiên hoặc quotakeeper ledger init sẽ tạo"
    ),
    "{ledger}: does not exist yet, and {user} has no right to create it": (
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
    "no standby confirms calls: a failover may lose acknowledged calls, and a hard limit may "
    "then be exceeded by their amount": (
        "không máy dự phòng nào xác nhận lượt gọi: khi chuyển sang máy dự phòng, lượt gọi đã xác "
        "nhận có thể mất, và hạn mức cứng khi đó có thể bị vượt đúng bằng phần đó"
    ),
    "a standby of {standbys} confirms each call: a failover to it loses no call": (
        "một máy dự phòng trong {standbys} xác nhận từng lượt gọi: chuyển sang máy đó không mất gì"
    ),
    "synchronous_commit is {value}: a call can be acknowledged before a standby has written it": (
        "synchronous_commit là {value}: lượt gọi có thể được xác nhận trước khi máy dự phòng ghi "
        "xuống đĩa"
    ),
    "set synchronous_commit to on": "đặt synchronous_commit thành on",
    "through a socket on this machine": "qua socket trên máy này",
    "encrypted with TLS": ("mã hóa bằng TLS"),
    "the connection over the network is not encrypted": ("kết nối qua mạng không được mã hóa"),
    "add ?sslmode=verify-full to the URL": "thêm ?sslmode=verify-full vào URL",
    "quotakeeper uses the server's clock; it agrees with the clock of this machine": (
        "quotakeeper lấy giờ theo máy chủ; giờ đó khớp với máy này"
    ),
    "quotakeeper uses the server's clock; it is {apart} ahead of the clock of this machine": (
        "quotakeeper lấy giờ theo máy chủ; giờ đó nhanh hơn máy này {apart}"
    ),
    "quotakeeper uses the server's clock; it is {apart} behind the clock of this machine": (
        "quotakeeper lấy giờ theo máy chủ; giờ đó chậm hơn máy này {apart}"
    ),
    "synchronize both clocks with a time service (NTP)": "đồng bộ cả hai qua dịch vụ giờ (NTP)",
    "{used} of {most} connections are in use; each process that uses quotakeeper needs one or two": (
        "đang dùng {used} trên {most}; mỗi tiến trình quotakeeper cần một đến hai kết nối"
    ),
    "raise max_connections, or use pgbouncer": "tăng max_connections, hoặc dùng pgbouncer",
}
