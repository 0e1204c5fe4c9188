"""Vietnamese translations for `ledger`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Check, create and move a ledger on a PostgreSQL server.": (
        "Kiểm tra, tạo và chuyển sổ trên máy chủ PostgreSQL."
    ),
    "The ledger to copy: a file, or the URL of a server.": (
        "Sổ cần chép: một tệp, hoặc URL của máy chủ."
    ),
    "Copy a ledger to an empty ledger on a server, or to a new file, and compare both.": (
        "Chép một sổ vào sổ trống trên máy chủ hoặc vào một tệp mới, rồi đối chiếu hai bên."
    ),
    "Bring the ledger's schema up to date; programs of both versions count calls meanwhile.": (
        "Nâng schema của sổ lên bản mới; chương trình của cả hai phiên bản vẫn ghi lượt gọi."
    ),
    "Also remove what only older programs use.": (
        "Xóa cả những gì chỉ chương trình cũ hơn còn dùng."
    ),
    "With --contract: also while older programs run; their calls are refused.": (
        "Đi với --contract: xóa cả khi chương trình cũ đang chạy; lượt gọi của chúng bị từ chối."
    ),
    "Let a ledger on a server take calls again after it was moved.": (
        "Cho sổ trên máy chủ ghi lượt gọi trở lại sau khi đã chuyển đi."
    ),
    "{source} takes no calls any more; `quotakeeper ledger unfreeze` would change that": (
        "{source} không ghi lượt gọi nào nữa; muốn ghi lại, chạy `quotakeeper ledger unfreeze`"
    ),
    "{ledger} takes calls again; do not use {moved_to} in any program": (
        "{ledger} lại ghi lượt gọi; đừng để chương trình nào dùng {moved_to}"
    ),
    "{ledger} takes calls: it was not frozen": "{ledger} vẫn ghi lượt gọi: sổ không bị khóa",
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
    "Role that reads the views only; created without login.": (
        "Vai trò chỉ đọc các view; được tạo không kèm quyền đăng nhập."
    ),
    "Role that reads all tables; created without login.": (
        "Vai trò đọc mọi bảng; được tạo không kèm quyền đăng nhập."
    ),
    "Role that manages virtual keys; created without login.": (
        "Vai trò quản lý khóa ảo; được tạo không kèm quyền đăng nhập."
    ),
    "Only print the SQL; change nothing.": "In ra câu lệnh SQL, không thay đổi gì.",
    "Accept a ledger that lacks calls after a restore or a failover; hard limits then admit calls.": (
        "Chấp nhận sổ thiếu lượt gọi sau khi khôi phục hay chuyển dự phòng; hạn mức cứng lại nhận "
        "lượt gọi."
    ),
    # messages
    "{ledger}: is not on a server; quotakeeper brings the schema of a file up to date when it opens "
    "the file": (
        "{ledger}: không nằm trên máy chủ; với sổ là tệp, quotakeeper tự nâng schema khi mở tệp"
    ),
    "-- the schema is up to date": "-- schema đã ở bản mới nhất",
    "{ledger}: the schema has version {new} now; it had version {old}": (
        "{ledger}: schema nay là phiên bản {new}; trước đó là phiên bản {old}"
    ),
    "{ledger}: the schema has version {new}: nothing was changed": (
        "{ledger}: schema là phiên bản {new}: không có gì thay đổi"
    ),
    "the next step removes what older programs use; when no older program runs any more: "
    "quotakeeper ledger migrate --contract": (
        "bước tiếp theo xóa những gì chương trình cũ hơn còn dùng; khi không còn chương trình cũ nào "
        "chạy: quotakeeper ledger migrate --contract"
    ),
    "the ledger has every commit that this machine has seen: nothing was changed": (
        "sổ có đủ mọi lần ghi mà máy này đã thấy: không có gì thay đổi"
    ),
    "{ledger}: accepted, although it lacks commits (seen: {seen}, there now: {found}); hard limits "
    "of every machine admit calls again": (
        "{ledger}: đã chấp nhận dù thiếu lần ghi (đã thấy: {seen}, hiện có: {found}); hạn mức cứng "
        "trên mọi máy lại nhận lượt gọi"
    ),
    "history": "lịch sử",
    "the server has no such ledger any more: this machine has seen commit {seen} of it. The database "
    "was lost, replaced, or restored to an earlier state": (
        "máy chủ không còn sổ này: máy này đã thấy tới lần ghi {seen} của sổ. Cơ sở dữ liệu đã mất, "
        "bị thay, hoặc được khôi phục về trạng thái cũ hơn"
    ),
    "restore the newest backup before a program makes a new ledger; without one: quotakeeper "
    "reconcile, then: quotakeeper ledger accept": (
        "khôi phục bản sao lưu mới nhất trước khi có chương trình tạo sổ mới; không có bản sao lưu: "
        "quotakeeper reconcile, rồi: quotakeeper ledger accept"
    ),
    "the ledger has every commit that this machine has seen": (
        "sổ có đủ mọi lần ghi mà máy này đã thấy"
    ),
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
    "does not leave this machine": "không ra khỏi máy này",
    "PostgreSQL {version} is set to read-only: quotakeeper cannot write calls to it": (
        "PostgreSQL {version} được đặt chỉ đọc: quotakeeper không ghi lượt gọi vào đó được"
    ),
    "set default_transaction_read_only to off, for the server, the database or the user": (
        "đặt default_transaction_read_only thành off, cho máy chủ, cơ sở dữ liệu hoặc người dùng"
    ),
    "{ledger}: has an older schema than this quotakeeper needs": (
        "{ledger}: có schema cũ hơn bản mà quotakeeper này cần"
    ),
    "as the owner of the schema, run: quotakeeper ledger migrate": (
        "hãy chạy với tư cách chủ sở hữu schema: quotakeeper ledger migrate"
    ),
    "upgrade quotakeeper: update the clone, and run there: pip install .": (
        "nâng cấp quotakeeper: cập nhật bản sao của kho mã, rồi chạy ở đó: pip install ."
    ),
    "{ledger}: takes calls only from newer versions of quotakeeper": (
        "{ledger}: chỉ nhận lượt gọi từ các bản quotakeeper mới hơn"
    ),
    "{ledger}: is frozen: it was moved to {moved_to}, and takes no calls": (
        "{ledger}: đang bị khóa: sổ đã được chuyển sang {moved_to} và không nhận lượt gọi"
    ),
    "use that ledger; or, to go on with this one: quotakeeper ledger unfreeze": (
        "dùng sổ đó; hoặc, để dùng tiếp sổ này: quotakeeper ledger unfreeze"
    ),
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
