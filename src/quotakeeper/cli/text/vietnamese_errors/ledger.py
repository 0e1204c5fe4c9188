"""Vietnamese translations of errors about the ledger and its files, and of problems that `verify`
finds.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "cannot be set on Windows, which has no Unix groups": (
        "không đặt được trên Windows, vì Windows không có nhóm Unix"
    ),
    "add the user to it (sudo usermod -aG {} USER), then log in again": (
        "hãy thêm người dùng vào nhóm (sudo usermod -aG {0} USER), rồi đăng nhập lại"
    ),
    "leave it out, and give the users access to the ledger's folder": (
        "hãy bỏ nó, và cấp quyền trên thư mục của sổ cho những người dùng đó"
    ),
    "ask {} to set {} and to open the ledger once, or run: sudo chgrp {} {} && sudo chmod 660 {}": (
        "nhờ {0} đặt {1} rồi mở sổ một lần, hoặc chạy: sudo chgrp {2} {3} && sudo chmod 660 {4}"
    ),
    "is not shared with group {} ({})": "chưa dùng chung với nhóm {0} ({1})",
    "its folder {} is not shared with group {} ({})": (
        "thư mục {0} của nó chưa dùng chung với nhóm {1} ({2})"
    ),
    "this machine has no group {}": "máy này không có nhóm {0}",
    "write the name of a group that the users are members of (see: getent group)": (
        "hãy viết tên nhóm mà các người dùng thuộc về (xem: getent group)"
    ),
    "{} is not a member of group {}": "{0} không thuộc nhóm {1}",
    "its newest entry has the date {}, near the end of the calendar: it was written while the "
    "clock was far ahead": (
        "mục mới nhất ghi lúc {0}, gần cuối lịch: nó được ghi khi đồng hồ chạy quá xa về phía trước"
    ),
    "correct the times in the ledger: quotakeeper doctor --repair-clock": (
        "hãy sửa thời điểm trong sổ: quotakeeper doctor --repair-clock"
    ),
    "correct the clock; nothing was written": "hãy chỉnh đồng hồ: chưa ghi gì",
    "the clock of this machine is past {}, near the end of the calendar": (
        "đồng hồ của máy này đã quá {0}, gần cuối lịch"
    ),
    "end that process: the label is then gone with its ledger": (
        "hãy kết thúc tiến trình đó: nhãn sẽ mất cùng với sổ của nó"
    ),
    "use a ledger in a file: set QUOTAKEEPER_LEDGER to its path": (
        "hãy dùng sổ dạng tệp: đặt QUOTAKEEPER_LEDGER là đường dẫn của tệp"
    ),
    "use of {} in slot {}: the table has {}, the journal has {}": (
        "mức dùng của {0} trong ô {1}: bảng có {2}, nhật ký có {3}"
    ),
    "slot {}, {}: the table has {}, the journal has {}": (
        "ô {0}, {1}: bảng có {2}, nhật ký có {3}"
    ),
    "its quantities are {}": "lượng của nó là {0}",
    "its totals are {}": ("các tổng của nó là {0}"),
    "it refers to labels {}, which are not in the ledger": (
        "nó trỏ tới bộ nhãn {0}, nhưng sổ không có bộ nhãn đó"
    ),
    "it refers to text {}, which is not in the ledger": (
        "nó trỏ tới văn bản {0}, nhưng sổ không có văn bản đó"
    ),
    "it refers to entry {}, which is not a call": (
        "nó trỏ tới mục {0}, vốn không phải là lượt gọi"
    ),
    "its time is not a number": "thời điểm của nó không phải là số",
    "the journal has no such entry": "nhật ký không có mục đó",
    "it is out of order in the file": "nó không nằm đúng chỗ trong tệp",
    "entries from {} {} cannot be read: their part of the file is damaged": (
        "không đọc được các mục từ {0} {1!t}: phần đó của tệp bị hỏng"
    ),
    "open reservation {}: the journal does not contain it": (
        "giữ chỗ {0} chưa đóng: nhật ký không có"
    ),
    "the differences below were found without the unreadable rows": (
        "các sai lệch dưới đây được tìm thấy khi không tính những dòng không đọc được"
    ),
    "the rest cannot be compared: {}": "không so được phần còn lại: {0!t}",
    "the rest cannot be read: {}": "không đọc được phần còn lại: {0!t}",
    "{}: the rest of the table cannot be read: {}": (
        "{0}: không đọc được phần còn lại của bảng: {1!t}"
    ),
    "SQLite {} is too old": "SQLite {0} quá cũ",
    "make a first call: it creates the ledger": ("hãy thực hiện một lượt gọi: sổ sẽ được tạo"),
    "put the ledger on a local disk": "hãy đặt sổ trên đĩa của máy",
    "there is no ledger yet": "chưa có sổ",
    "this file system does not support write-ahead logging (SQLite chose {})": (
        "hệ tệp này không hỗ trợ nhật ký ghi trước (SQLite chọn chế độ {0})"
    ),
    "use a Python with SQLite 3.37 or newer": "hãy dùng Python có SQLite 3.37 trở lên",
    'ask its owner to share it ([ledger] group = "..." in the config file), or use another '
    "ledger with QUOTAKEEPER_LEDGER": (
        'hãy nhờ chủ sổ chia sẻ ([ledger] group = "..." trong tệp cấu hình), hoặc nêu sổ khác '
        "bằng QUOTAKEEPER_LEDGER"
    ),
    "cannot be used: {}": "không dùng được: {0}",
    "see: quotakeeper doctor": "xem: quotakeeper doctor",
    "the commit failed: {}": "ghi không thành công: {0}",
    "the file is damaged or is not a ledger ({})": "tệp bị hỏng hoặc không phải là sổ ({0})",
    "cannot be created: {}{}": "không tạo được: {0}{1}",
    "choose a folder that you can write to, with QUOTAKEEPER_LEDGER": (
        "hãy chọn thư mục mà bạn ghi được bằng QUOTAKEEPER_LEDGER"
    ),
    "file: {}": "tệp: {0!t}",
    "it {}": "sổ {0!t}",
    "its file {}{} {}": "tệp {0}{1} bên cạnh sổ {2!t}",
    "put the ledger in a folder that belongs to you, or check that file and remove it": (
        "hãy đặt sổ trong một thư mục của bạn, hoặc kiểm tra rồi xóa tệp đó"
    ),
    'start it with the method "spawn", or fork before the ledger is used': (
        'hãy khởi chạy nó bằng cách "spawn", hoặc fork trước khi dùng sổ'
    ),
    "this process was forked while its parent was using the ledger": (
        "tiến trình này được fork trong khi tiến trình cha đang dùng sổ"
    ),
    "has schema version {}; this quotakeeper supports versions up to {}": (
        "có schema phiên bản {0}; bản quotakeeper này chỉ hỗ trợ tới phiên bản {1}"
    ),
    "has schema version {}; this quotakeeper can only read version {}": (
        "có schema phiên bản {0}; bản quotakeeper này chỉ đọc được phiên bản {1}"
    ),
    "open it once for writing: quotakeeper then upgrades it and keeps a copy": (
        "hãy mở sổ một lần để ghi: quotakeeper sẽ nâng cấp sổ và giữ lại một bản sao"
    ),
    "upgrade quotakeeper: update the clone, and run there: pip install .": (
        "hãy nâng cấp quotakeeper: cập nhật bản sao của kho mã, rồi chạy ở đó: pip install ."
    ),
    "end every program that uses the ledger, then try again": (
        "hãy kết thúc mọi chương trình đang dùng sổ rồi thử lại"
    ),
    "is in use by {} other program{} (process {})": (
        "đang được {0} chương trình khác dùng (tiến trình {2})"
    ),
    "balance {} from {}: {} is {} in the table, but {} in the journal": (
        "số dư {0} từ {1}: {2} trong bảng là {3}, trong nhật ký là {4}"
    ),
    "entry {} is stored after entry {}": "mục {0} đứng sau mục {1}",
    "entry {} has an earlier time than the entry before it": (
        "mục {0} có thời điểm sớm hơn mục đứng trước nó"
    ),
    "entry {} refers to a call that no entry opens": (
        "mục {0} trỏ tới một lượt gọi mà không mục nào mở"
    ),
    "entry {} {}": "mục {0} {1!t}",
    "open reservation {} differs from the journal": "giữ chỗ {0} chưa đóng khác với nhật ký",
    "open reservations differ from those of the journal": "các giữ chỗ chưa đóng khác với nhật ký",
    "pauses, raised limits or credit differ from the journal": (
        "lệnh tạm dừng, mức nâng hoặc tín dụng khác với nhật ký"
    ),
    "threshold {} of {}: the table has {}, the journal has {}": (
        "ngưỡng {0} của {1}: bảng có {2}, nhật ký có {3}"
    ),
    "is locked by another program": "đang bị chương trình khác khóa",
    "close the program that locks it": ("hãy đóng chương trình đang khóa nó"),
    "the disk is full": "đĩa đã đầy",
    "free some space; quotakeeper then continues by itself": (
        "hãy dọn bớt chỗ; quotakeeper sẽ tự chạy tiếp"
    ),
    "is read-only": "chỉ đọc được",
    "check the permissions of the file and its folder": "hãy kiểm tra quyền của tệp và thư mục",
    "cannot be opened": "không mở được",
    "check that its folder exists and that you can write to it": (
        "hãy kiểm tra xem thư mục của nó có tồn tại và ghi được không"
    ),
    "access was denied": ("không có quyền truy cập"),
    "the ledger's disk does not answer (disk I/O error)": "đĩa không trả lời (lỗi I/O)",
    "try again; check the disk": "hãy thử lại; kiểm tra đĩa",
    "there is not enough memory": "không đủ bộ nhớ",
    "free some memory": "hãy giải phóng bộ nhớ",
    "table {}, row {}: refers to a missing row": "bảng {0}, dòng {1}: trỏ tới một dòng không có",
    "crosses a threshold of an unknown account": "vượt ngưỡng của một tài khoản không rõ",
    "crosses {} with {} used, but the journal adds up to {}": (
        "vượt ngưỡng {0} khi đã dùng {1}, nhưng tổng theo nhật ký là {2}"
    ),
    "crosses {} of {}, which is already crossed": (
        "vượt ngưỡng {0} của {1}, nhưng ngưỡng này đã vượt rồi"
    ),
    "is crossing number {} of its threshold, but the journal expects number {}": (
        "là lần vượt ngưỡng thứ {0}, nhưng theo nhật ký phải là lần thứ {1}"
    ),
    "adds credit to an unknown account": "nạp tín dụng cho một tài khoản không rõ",
    "says that {} is used, but the journal adds up to {}": (
        "ghi đã dùng {0}, nhưng tổng theo nhật ký là {1}"
    ),
    "removes {} of the credit of entry {}, but that credit has not expired": (
        "làm hết hạn {0} của mục {1}, nhưng khoản này chưa hết hạn"
    ),
    "it opens a call but has no id or no labels": (
        "nó mở một lượt gọi mà không có mã hoặc không có nhãn"
    ),
    "its kind is {}, but it has an id or labels": "nó thuộc loại {0} mà lại có mã hoặc nhãn",
    "it refers to entry {}, which comes after it": ("nó trỏ tới mục {0} đứng sau nó"),
    "its kind is {}, but it refers to entry {}": ("nó thuộc loại {0} mà lại trỏ tới mục {1}"),
    "its kind is {}, but it has no figures": "nó thuộc loại {0} mà không có số liệu",
    "it counts at a time after the time when it was written": "nó được tính vào lúc muộn hơn lúc ghi",
    "its meter is {}": "đại lượng của nó là {0}",
    "entry {} cannot be read: {...}": "không đọc được mục {0}: {1!t}",
    "entry {} ({}) cannot be read: {...}": "không đọc được mục {0} ({1}): {2!t}",
    "{} cannot be read: {...}": "không đọc được {0!t}: {1!t}",
    "an account": "một tài khoản",
    "an open reservation": "một giữ chỗ chưa đóng",
    "a quota of a provider": "một hạn mức của nhà cung cấp",
    "a balance": "một số dư",
    "the totals of time slot {}": ("các tổng của ô thời gian {0}"),
    "the compacted totals of time slot {}": ("các tổng đã thu gọn của ô thời gian {0}"),
    "the stored clock of machine start {}": ("đồng hồ đã lưu của lần khởi động máy {0}"),
    "{} is not a whole number from 0 to {}": "{0} không phải số nguyên từ 0 đến {1}",
    "they are out of order in the file": "chúng không nằm đúng chỗ trong tệp",
    "{} of another user ({}) in a folder that every user can write to ({})": (
        "là {0!t} của người dùng khác ({1}) trong thư mục mà ai cũng ghi được ({2})"
    ),
    "{} is a symbolic link": "{0} là liên kết tượng trưng",
    "is a file of another user ({}) in a shared folder": (
        "là tệp của người dùng khác ({0}) trong thư mục dùng chung"
    ),
    "{} has no right to enter the folder {} ({})": ("{0} không có quyền vào thư mục {1} ({2})"),
    "{} has no right to write to {} ({})": ("{0} không có quyền ghi vào {1} ({2})"),
    "{} has no right to create files in the folder {} ({})": (
        "{0} không có quyền tạo tệp trong thư mục {1} ({2})"
    ),
}
