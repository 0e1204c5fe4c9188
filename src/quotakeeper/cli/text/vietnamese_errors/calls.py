"""Vietnamese translations of errors about calls, limits and orders, and of refusals.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "quotakeeper: warning: {...}": "quotakeeper: cảnh báo: {0!t}",
    "limit {} is at {} %: {} of {} per {} used, {} reserved": (
        "hạn mức {0} đã dùng {1!v} %: {2!v} trên {3!v} mỗi {4!v}, đang giữ {5!v}"
    ),
    "limit {} is at {} %: {} of {} prepaid used, {} reserved": (
        "hạn mức trả trước {0} đã dùng {1!v} %: {2!v} trên {3!v}, đang giữ {4!v}"
    ),
    "{} left": "còn {0}",
    "unknown dimension {}": "không có cột {0}",
    "are not printable texts of 1 to 256 characters": (
        "không phải văn bản in được dài từ 1 đến 256 ký tự"
    ),
    "check the amount": "hãy kiểm tra con số",
    "is more than the ledger can hold (9.2 million USD)": (
        "lớn hơn mức sổ chứa được (9,2 triệu USD)"
    ),
    "is an unknown meter, or its amount is not from 0 to {}": (
        "là đại lượng không rõ, hoặc có lượng không nằm từ 0 đến {0}"
    ),
    "is not a printable text of 1 to 256 characters": (
        "không phải văn bản in được dài từ 1 đến 256 ký tự"
    ),
    "is not a printable text of at most 256 characters": (
        "không phải văn bản in được dài nhiều nhất 256 ký tự"
    ),
    "is not from 0 to {}": "không nằm từ 0 đến {0}",
    "the sum is more than the ledger can hold": "tổng lớn hơn mức sổ chứa được",
    "{} is not a printable text": "{0} không phải văn bản in được",
    "give 2h or 1d": "hãy nêu 2h hoặc 1d",
    "is more than the ledger can hold": "lớn hơn mức sổ chứa được",
    "is not a time from 1 s to 366 days": "không phải thời gian từ 1 s đến 366 ngày",
    "is not the key of an account": "không phải khóa của một tài khoản",
    'a prepaid limit has window = "none"': 'hạn mức trả trước có window = "none"',
    "give a later date": "hãy nêu ngày muộn hơn",
    "is not above 0, or is more than the ledger can hold": (
        "không lớn hơn 0, hoặc lớn hơn mức sổ chứa được"
    ),
    "is not in the future": "không ở tương lai",
    "{} is not prepaid": "{0} không phải hạn mức trả trước",
    "grows beyond {}": "tăng vượt quá {0}",
    "no reservation or event {} in this ledger": "sổ này không có giữ chỗ hay lượt gọi {0}",
    "give a finite number": "hãy nêu số hữu hạn",
    "give a number": "hãy nêu một số",
    "the most is 9,223,372 USD": "nhiều nhất là 9.223.372 USD",
    'write it like "10.00"': 'hãy viết như "10.00"',
    "{} USD is too large": "{0} USD là quá lớn",
    "{} is not a number": "{0} không phải là số",
    "{} is not finite": "{0} không hữu hạn",
    "cost more than the ledger can store": "có chi phí lớn hơn mức lưu được",
    "give a string": "hãy nêu một chuỗi",
    "is not a price option": "không phải tùy chọn giá",
    "the most is 9,223,372 USD for one event": "nhiều nhất là 9.223.372 USD cho một lượt gọi",
    "unknown {}": "không có {0}",
    "give a whole number": "hãy nêu số nguyên",
    "give fewer decimals": "hãy dùng ít chữ số thập phân hơn",
    "give less": "hãy nêu số nhỏ hơn",
    "the most is {}": "nhiều nhất là {0}",
    "unknown meter {}": "không có đại lượng {0}",
    "unknown modality {}": "không có loại nội dung {0}",
    "{} has more decimals than can be counted": "{0} có nhiều chữ số thập phân hơn mức đếm được",
    "{} is not whole": "{0} không phải số nguyên",
    "{} is too large": "{0} là quá lớn",
    "give a name": "hãy nêu tên",
    "give it one value": "hãy nêu một giá trị",
    'give {"project": "phim-01"}': 'hãy nêu {"project": "phim-01"}',
    "has {} labels": "có {0} nhãn",
    "is given twice": "được nêu hai lần",
    "is not a mapping": "không phải là ánh xạ",
    "give 1s to 400d": "hãy nêu từ 1s đến 400d",
    "give a datetime that has a time zone": "hãy nêu datetime có múi giờ",
    "has no time zone": "không có múi giờ",
    "one of: {}, rolling 24h": "một trong: {0}, rolling 24h",
    "unknown window {}": "không có kỳ {0}",
    "use period_at": "hãy dùng period_at",
    "{} is not rolling": "{0} không phải kỳ trượt",
    "no open reservation {}": "không có giữ chỗ {0} nào chưa đóng",
    "see Keeper.reservations()": "xem Keeper.reservations()",
    "check the unit": "hãy kiểm tra đơn vị",
    "give a number, or leave it out": "hãy nêu một số, hoặc bỏ đi",
    "give {}": "hãy nêu {0}",
    "is None": "là None",
    "cannot be given together with {}": "không nêu cùng {0} được",
    "is not a quantity that can be counted": "không phải đại lượng đếm được",
    "is not known before the call": "chưa biết được trước lượt gọi",
    "unknown {} {}": "không có {0} {1}",
    "check the amounts": "hãy kiểm tra các con số",
    "cost more than the ledger can hold (9.2 million USD)": (
        "có chi phí lớn hơn mức sổ chứa được (9,2 triệu USD)"
    ),
    "give more than 0 and at most 2592000 seconds (30 days)": (
        "hãy cho một số giây lớn hơn 0 và không quá 2592000 (30 ngày)"
    ),
    "give the corrected figures": "hãy nêu số liệu đúng",
    "no corrected figure is given": "chưa nêu số liệu sửa nào",
    "end that process, or wait until its leases have expired; see: quotakeeper leases": (
        "kết thúc tiến trình ấy, hoặc chờ phần thuê của nó hết hạn; xem: quotakeeper leases"
    ),
    "give up to 366 days": "hãy nêu tối đa 366 ngày",
    "is not above {}, the amount of limit {}": ("không lớn hơn {0}, là mức của hạn mức {1}"),
    "is not trusted now": "hiện không đáng tin",
    "limit {} has a balance for each {}": "hạn mức {0} có số dư riêng cho mỗi {1}",
    "name one: {}": "hãy nêu một giá trị: {0}",
    "process {} holds leases of this ledger": "tiến trình {0} đang giữ phần đã cấp trước trong sổ",
    "quotakeeper trusts the clock of such a system; there is nothing to confirm": (
        "quotakeeper tin đồng hồ của hệ thống như vậy; không có gì cần xác nhận"
    ),
    "this system has no clock that counts the time since boot, so a jump cannot be detected": (
        "hệ thống này không có đồng hồ đếm từ lúc khởi động nên không phát hiện được đồng hồ nhảy"
    ),
    "to lower a limit, use: quotakeeper limits set": "muốn hạ hạn mức: quotakeeper limits set",
    "no event {} in this ledger": "sổ này không có lượt gọi {0}",
    "see: quotakeeper events": "xem: quotakeeper events",
    "settle it: it is not counted yet": "hãy quyết toán: giữ chỗ này chưa được tính",
    "{} is an open reservation": "{0} là giữ chỗ chưa đóng",
    "give {} or more": "hãy nêu từ {0} trở lên",
    "{} is too few": "{0} là quá ít",
    "free disk space: calls then continue by themselves": (
        "hãy dọn bớt chỗ trên đĩa: lượt gọi sẽ tự chạy tiếp"
    ),
    "{}; its spool cannot be written either, and the memory for waiting calls is full": (
        "{0!t}; cũng không ghi được tệp chờ, và bộ nhớ cho lượt gọi chờ đã đầy"
    ),
    "check quotakeeper status, then repeat the command": (
        "hãy xem quotakeeper status rồi gửi lại lệnh"
    ),
    "close other programs that use it": "hãy đóng các chương trình khác đang dùng nó",
    "did not answer within {} s": "không trả lời trong {0} s",
    "failed in the middle of a batch ({}: {})": "gặp lỗi khi đang ghi ({0}: {1})",
    "repeat it with the same id": "hãy gửi lại với cùng mã",
    "repeat it with the same id, {}": "hãy gửi lại với cùng mã, {0}",
    "needs a thread: {}": "cần một luồng: {0}",
    "open a new one": "hãy mở keeper mới",
    "this keeper was closed": "keeper này đã đóng",
    "until the next restart": ("tới lần khởi động máy tiếp theo"),
    "within one process": "trong một tiến trình",
    "correct the clock; if it is right, run: quotakeeper doctor --accept-clock": (
        "hãy chỉnh lại đồng hồ; nếu đồng hồ đang đúng: quotakeeper doctor --accept-clock"
    ),
    "the clock of this machine jumped ahead by {} (more than {}): it shows {}, and the last "
    "trusted time is {}. Until this is resolved, hard limits admit no call and no new period "
    "begins: {...}": (
        "đồng hồ của máy này đã nhảy tới trước {0} (hơn {1}): nó chỉ {2}, thời điểm đáng tin gần "
        "nhất là {3}. Chừng nào chưa xử lý, hạn mức cứng không nhận lượt gọi nào và không có kỳ "
        "mới: {4!t}"
    ),
    "all calls paused since {} until somebody resumes: {...}; undo it with: {}": (
        "mọi lượt gọi tạm dừng từ {0} tới khi có lệnh resume: {1}; bỏ tạm dừng bằng: {2}"
    ),
    "all calls paused by {} since {} until somebody resumes: {...}; undo it with: {}": (
        "{0} đã tạm dừng mọi lượt gọi từ {1} tới khi có lệnh resume: {2}; bỏ tạm dừng bằng: {3}"
    ),
    "all calls paused since {} until {}: {...}; undo it with: {}": (
        "mọi lượt gọi tạm dừng từ {0} đến {1}: {2}; bỏ tạm dừng bằng: {3}"
    ),
    "all calls paused by {} since {} until {}: {...}; undo it with: {}": (
        "{0} đã tạm dừng mọi lượt gọi từ {1} đến {2}: {3}; bỏ tạm dừng bằng: {4}"
    ),
    "calls to {} paused since {} until somebody resumes: {...}; undo it with: {}": (
        "lượt gọi tới {0} tạm dừng từ {1} tới khi có lệnh resume: {2}; bỏ tạm dừng bằng: {3}"
    ),
    "calls to {} paused by {} since {} until somebody resumes: {...}; undo it with: {}": (
        "{1} đã tạm dừng lượt gọi tới {0} từ {2} tới khi có lệnh resume: {3}; bỏ tạm dừng bằng: {4}"
    ),
    "calls to {} paused since {} until {}: {...}; undo it with: {}": (
        "lượt gọi tới {0} tạm dừng từ {1} đến {2}: {3}; bỏ tạm dừng bằng: {4}"
    ),
    "calls to {} paused by {} since {} until {}: {...}; undo it with: {}": (
        "{1} đã tạm dừng lượt gọi tới {0} từ {2} đến {3}: {4}; bỏ tạm dừng bằng: {5}"
    ),
    "{...}. The call reserves {}: {}": "{0!t}. Lượt gọi này giữ chỗ {1!t}: {2!t}",
    "limit {} of {} per {}: asked {}, remaining {} (used {}, reserved {})": (
        "hạn mức {0} ({1!v} mỗi {2!v}): cần {3!v}, còn {4!v} (đã dùng {5!v}, giữ chỗ {6!v})"
    ),
    "limit {} of {} per {}: remaining {} (used {}, reserved {})": (
        "hạn mức {0} ({1!v} mỗi {2!v}): còn {3!v} (đã dùng {4!v}, giữ chỗ {5!v})"
    ),
    "limit {} of {} per {} has no room until running calls end: asked {}, remaining {} (used {}, "
    "reserved {})": (
        "hạn mức {0} ({1!v} mỗi {2!v}) hết chỗ tới khi các lượt gọi đang chạy xong: cần {3!v}, còn "
        "{4!v} (đã dùng {5!v}, giữ chỗ {6!v})"
    ),
    "limit {} of {} per {} is used up: asked {}, remaining {} (used {}, reserved {})": (
        "đã hết hạn mức {0} ({1!v} mỗi {2!v}): cần {3!v}, còn {4!v} (đã dùng {5!v}, giữ chỗ {6!v})"
    ),
    "limit {} of {} per {} is smaller than this call: asked {}, remaining {} (used {}, reserved "
    "{})": (
        "hạn mức {0} ({1!v} mỗi {2!v}) nhỏ hơn lượt gọi này: cần {3!v}, còn {4!v} (đã "
        "dùng {5!v}, giữ chỗ {6!v})"
    ),
    "limit {} of {} prepaid: asked {}, remaining {} (used {}, reserved {})": (
        "hạn mức trả trước {0} ({1!v}): cần {2!v}, còn {3!v} (đã dùng {4!v}, giữ chỗ {5!v})"
    ),
    "limit {} of {} prepaid: remaining {} (used {}, reserved {})": (
        "hạn mức trả trước {0} ({1!v}): còn {2!v} (đã dùng {3!v}, giữ chỗ {4!v})"
    ),
    "limit {} of {} prepaid has no room until running calls end: asked {}, remaining {} (used "
    "{}, reserved {})": (
        "hạn mức trả trước {0} ({1!v}) hết chỗ tới khi các lượt gọi đang chạy xong: cần {2!v}, còn "
        "{3!v} (đã dùng {4!v}, giữ chỗ {5!v})"
    ),
    "limit {} of {} prepaid has too little left: asked {}, remaining {} (used {}, reserved {})": (
        "hạn mức trả trước {0} ({1!v}) không còn đủ: cần {2!v}, còn {3!v} (đã dùng {4!v}, "
        "giữ chỗ {5!v})"
    ),
    "limit {} of {} prepaid is smaller than this call: asked {}, remaining {} (used {}, reserved "
    "{})": (
        "hạn mức trả trước {0} ({1!v}) nhỏ hơn lượt gọi này: cần {2!v}, còn {3!v} (đã dùng "
        "{4!v}, giữ chỗ {5!v})"
    ),
    "resets at {}": "làm mới lúc {0}",
    "resets at {} (also refused by {})": "làm mới lúc {0} (cũng bị chặn vì {1})",
    "add credit: quotakeeper limits topup {}": "hãy nạp thêm: quotakeeper limits topup {0}",
    "add credit: quotakeeper limits topup {} (also refused by {})": (
        "hãy nạp thêm: quotakeeper limits topup {0} (cũng bị chặn vì {1})"
    ),
    "waited {} s": "đã chờ {0} s",
    "did not wait: {}": "không chờ: {0!t}",
    "an event loop runs in this thread: await areserve, or call from another thread": (
        "có event loop chạy trong luồng này: hãy await areserve, hoặc gọi từ luồng khác"
    ),
    "the caller's own thread or task holds a reservation in this limit": (
        "chính luồng hoặc tác vụ này đang giữ chỗ trong hạn mức"
    ),
    "another call of this thread or task is already waiting": (
        "một lượt gọi khác của luồng hoặc tác vụ này đang chờ"
    ),
    "the limit has room again only after a longer wait than wait_seconds": (
        "hạn mức chỉ có chỗ trở lại sau thời gian dài hơn wait_seconds"
    ),
    "the output cap cannot be lowered: {...}": "không hạ được mức trần đầu ra: {0}",
    "fewer output tokens are left than clamp_least = {}": (
        "số token đầu ra còn lại ít hơn clamp_least = {0}"
    ),
    "no amount that quotakeeper counts": ("không có lượng nào được đếm"),
    "set {} in the request": "đặt {0} trong yêu cầu",
    "ask for less output": "yêu cầu đầu ra ngắn hơn",
    'set on_busy = "wait"': 'đặt on_busy = "wait"',
    'set on_limit = "wait"': 'đặt on_limit = "wait"',
    'set on_limit = "clamp"': 'đặt on_limit = "clamp"',
    'set hold = "typical"': 'đặt hold = "typical"',
    "raise wait_seconds": "tăng wait_seconds",
    "raise busy_seconds": "tăng busy_seconds",
    "raise the limit": "nâng hạn mức",
    "add credit": "nạp thêm tín dụng",
    "{...}, or raise the limit": "{0!t}, hoặc nâng hạn mức",
    "{...}, or add credit": "{0!t}, hoặc nạp thêm tín dụng",
    "{...}, or {}": "{0!t}, hoặc {1!t}",
    "no price is known for {}, so the hard limit {} cannot count its cost": (
        "không biết giá của {0}, nên hạn mức cứng {1} không tính được chi phí"
    ),
    "write a [[price]] for it in a file that price_files names, or set on_unpriced to "
    "price_as_highest (the highest price of the provider counts) or count_only (its cost stays "
    "unknown)": (
        "hãy viết [[price]] cho nó trong một tệp nêu ở price_files, hoặc đặt on_unpriced là "
        "price_as_highest (tính theo giá cao nhất của nhà cung cấp) hay count_only (không rõ chi "
        "phí)"
    ),
    "event id {} was already used for a different call": "mã {0} đã dùng cho một lượt gọi khác",
    "an id counts only once: use a new id for a new call": (
        "mỗi mã chỉ được tính một lần: hãy dùng mã mới cho lượt gọi mới"
    ),
    "cannot {} reservation {}: it is {}": "không {0} được giữ chỗ {1}: nó đang là {2}",
    "ledger {}: {...}": "sổ {0}: {1!t}",
    "this call cannot be counted, because quotakeeper itself failed ({})": (
        "không đếm được lượt gọi này vì chính quotakeeper gặp lỗi ({0})"
    ),
    'it was not sent. on_store_failure = "allow" sends such calls': (
        'lượt gọi chưa được gửi. on_store_failure = "allow" thì vẫn gửi'
    ),
}
