"""Vietnamese translations of errors about the ledger and its files, and problems that `verify` finds.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "Windows has no such groups": "Windows không có nhóm kiểu này",
    "add the user to it (sudo usermod -aG {} USER), then log in again": (
        "hãy thêm người dùng vào nhóm (sudo usermod -aG {0} USER), rồi đăng nhập lại"
    ),
    "give the users rights on the folder": "hãy cấp quyền trên thư mục cho các người dùng",
    "have {} open it with {}, or: sudo chgrp {} {} && sudo chmod 660 {}": (
        "hãy để {0} mở sổ với {1}, hoặc: sudo chgrp {2} {3} && sudo chmod 660 {4}"
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
    "its newest entry is of {}, near the end of the calendar: it was written while a clock was "
    "far ahead": (
        "mục mới nhất ghi lúc {0}, gần cuối lịch: nó được ghi khi đồng hồ chạy quá xa về phía trước"
    ),
    "move the ledger back: quotakeeper doctor --repair-clock": (
        "hãy đưa sổ về hiện tại: quotakeeper doctor --repair-clock"
    ),
    "set the clock: nothing was written": "hãy chỉnh đồng hồ: chưa ghi gì",
    "the clock of this machine is past {}, near the end of the calendar": (
        "đồng hồ của máy này đã quá {0}, gần cuối lịch"
    ),
    "end that process": "hãy kết thúc tiến trình đó",
    "export its calls: quotakeeper export": "hãy xuất các lượt gọi của nó: quotakeeper export",
    "pace of {} at {}: {}, the journal says {}": "mức dùng của {0} lúc {1}: {2}, nhật ký cho {3}",
    "slot {}, {}: has {}, the journal says {}": "ô {0}, {1}: có {2}, nhật ký cho {3}",
    "its quantities are {}": "lượng của nó là {0}",
    "its sums are {}": "tổng của nó là {0}",
    "its labels {} are not in the ledger": "sổ không có bộ nhãn {0} của nó",
    "its word {} is not in the ledger": "sổ không có từ {0} của nó",
    "it is about entry {}": "nó nói về mục {0}",
    "its instant is no number": "thời điểm của nó không phải là số",
    "the journal has no such entry": "nhật ký không có mục đó",
    "it is out of order in the file": "nó không nằm đúng chỗ trong tệp",
    "entries from {} {} cannot be read: their part of the file is damaged": (
        "không đọc được các mục từ {0} {1!t}: phần đó của tệp bị hỏng"
    ),
    "open reservation {}: the journal does not contain it": (
        "giữ chỗ {0} chưa đóng: nhật ký không có"
    ),
    "the next differences were found without the unreadable rows": (
        "các sai lệch sau được tìm thấy khi không tính những dòng không đọc được"
    ),
    "the rest cannot be compared: {}": "không so được phần còn lại: {0!t}",
    "the rest cannot be read: {}": "không đọc được phần còn lại: {0!t}",
    "{}: the rest of the table cannot be read: {}": (
        "{0}: không đọc được phần còn lại của bảng: {1!t}"
    ),
    "SQLite {} is too old": "SQLite {0} quá cũ",
    "count a call first": "hãy đếm một lượt gọi trước",
    "put the ledger on a local disk": "hãy đặt sổ trên đĩa của máy",
    "there is no ledger yet": "chưa có sổ",
    "this file system does not do write-ahead logging (got {})": (
        "hệ tệp này không ghi được nhật ký ghi trước (chế độ {0})"
    ),
    "use a Python with SQLite 3.37 or newer": "hãy dùng Python có SQLite 3.37 trở lên",
    'ask its owner to share it ([ledger] group = "..." in the config file), or name another '
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
    "put the ledger in a folder of your own, or check that file and remove it": (
        "hãy đặt sổ trong một thư mục của bạn, hoặc kiểm tra rồi xóa tệp đó"
    ),
    'start it with the method "spawn", or fork before the ledger is used': (
        'hãy khởi chạy nó bằng cách "spawn", hoặc fork trước khi dùng sổ'
    ),
    "this process was forked while its parent was using the ledger": (
        "tiến trình này được fork trong khi tiến trình cha đang dùng sổ"
    ),
    "has schema {}, this quotakeeper knows up to {}": (
        "có schema {0}, bản quotakeeper này chỉ biết tới {1}"
    ),
    "has schema {}, this quotakeeper reads {}": "có schema {0}, bản quotakeeper này đọc {1}",
    "open it once for writing, which brings it up to date and keeps a copy": (
        "hãy mở sổ một lần để ghi: nó sẽ được nâng cấp và giữ lại một bản sao"
    ),
    "upgrade quotakeeper: pip install -U quotakeeper": (
        "hãy nâng cấp quotakeeper: pip install -U quotakeeper"
    ),
    "end every program that uses the ledger, then try again": (
        "hãy kết thúc mọi chương trình đang dùng sổ rồi thử lại"
    ),
    "is in use by {} other program{} (process {})": (
        "đang được {0} chương trình khác dùng (tiến trình {2})"
    ),
    "balance {} from {}: {} is {}, the journal says {}": (
        "số dư {0} từ {1}: {2} là {3}, nhật ký cho {4}"
    ),
    "entry {} comes after entry {}": "mục {0} đứng sau mục {1}",
    "entry {} goes back in time": "mục {0} lùi về thời gian trước",
    "entry {} is about a call that no entry opens": (
        "mục {0} nói về một lượt gọi mà không mục nào mở"
    ),
    "entry {} {}": "mục {0} {1!t}",
    "open reservation {} differs from the journal": "giữ chỗ {0} chưa đóng khác với nhật ký",
    "open reservations differ from those of the journal": "các giữ chỗ chưa đóng khác với nhật ký",
    "pauses, raised limits or credit differ from the journal": (
        "lệnh tạm dừng, mức nâng hoặc tín dụng khác với nhật ký"
    ),
    "threshold {} of {} is {}, the journal says {}": "ngưỡng {0} của {1} là {2}, nhật ký cho {3}",
    "is locked by another program": "đang bị chương trình khác khóa",
    "close the program that holds it": "hãy đóng chương trình đang giữ nó",
    "the disk is full": "đĩa đã đầy",
    "free some space; quotakeeper then continues by itself": (
        "hãy dọn bớt chỗ; quotakeeper sẽ tự chạy tiếp"
    ),
    "is read-only": "chỉ đọc được",
    "check the permissions of the file and its folder": "hãy kiểm tra quyền của tệp và thư mục",
    "cannot be opened": "không mở được",
    "check that its folder exists and may be written to": (
        "hãy kiểm tra xem thư mục của nó có tồn tại và ghi được không"
    ),
    "may not be opened": "không được phép mở",
    "the ledger's disk does not answer (disk I/O error)": "đĩa không trả lời (lỗi I/O)",
    "try again; check the disk": "hãy thử lại; kiểm tra đĩa",
    "there is not enough memory": "không đủ bộ nhớ",
    "free some memory": "hãy giải phóng bộ nhớ",
    "table {}, row {}: refers to a missing row": "bảng {0}, dòng {1}: trỏ tới một dòng không có",
    "crosses a threshold of an unknown account": "vượt ngưỡng của một tài khoản không rõ",
    "crosses {} with {} used, but the journal gives {}": (
        "vượt ngưỡng {0} khi đã dùng {1}, nhật ký cho {2}"
    ),
    "crosses {} of {}, which is already crossed": (
        "vượt ngưỡng {0} của {1}, nhưng ngưỡng này đã vượt rồi"
    ),
    "is crossing number {} of its threshold, not {}": "là lần vượt thứ {0}, không phải {1}",
    "adds credit to an unknown account": "nạp tín dụng cho một tài khoản không rõ",
    "says that {} is used, but the journal gives {}": "ghi đã dùng {0}, nhật ký cho {1}",
    "expires {} of entry {}, which has not expired": (
        "làm hết hạn {0} của mục {1}, nhưng khoản này chưa hết hạn"
    ),
    "it opens a call and has no id or no labels": (
        "nó mở một lượt gọi mà không có mã hoặc không có nhãn"
    ),
    "its kind is {}, and it has an id or labels": "nó thuộc loại {0} mà lại có mã hoặc nhãn",
    "it is about the later entry {}": "nó nói về mục {0} đứng sau nó",
    "its kind is {}, and it is about entry {}": "nó thuộc loại {0} mà lại nói về mục {1}",
    "its kind is {}, and it has no figures": "nó thuộc loại {0} mà không có số liệu",
    "it counts at a later time than it was booked": "nó được tính vào lúc muộn hơn lúc ghi",
    "its meter is {}": "đại lượng của nó là {0}",
    "entry {} cannot be read: {...}": "không đọc được mục {0}: {1!t}",
    "entry {} ({}) cannot be read: {...}": "không đọc được mục {0} ({1}): {2!t}",
    "{} cannot be read: {...}": "không đọc được {0!t}: {1!t}",
    "an account": "một tài khoản",
    "an open reservation": "một giữ chỗ chưa đóng",
    "a quota of a provider": "một hạn mức của nhà cung cấp",
    "a balance": "một số dư",
    "the sums of slot {}": "các tổng của ô {0}",
    "the carried sums of slot {}": "các tổng chuyển tiếp của ô {0}",
    "the clock reading of {}": "lần đọc đồng hồ của {0}",
    "{} is not a whole number from 0 to {}": "{0} không phải số nguyên từ 0 đến {1}",
    "they are out of order in the file": "chúng không nằm đúng chỗ trong tệp",
    "{} of another user ({}) in a folder that everybody may write to ({})": (
        "là {0!t} của người dùng khác ({1}) trong thư mục mà ai cũng ghi được ({2})"
    ),
    "{} is a symbolic link": "{0} là liên kết tượng trưng",
    "is a file of another user ({}) in a shared folder": (
        "là tệp của người dùng khác ({0}) trong thư mục dùng chung"
    ),
    "{} may not enter the folder {} ({})": "{0} không được vào thư mục {1} ({2})",
    "{} may not write to {} ({})": "{0} không được ghi vào {1} ({2})",
    "{} may not make files in the folder {} ({})": "{0} không được tạo tệp trong thư mục {1} ({2})",
}
