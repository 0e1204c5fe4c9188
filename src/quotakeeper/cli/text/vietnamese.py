"""The Vietnamese of every message, by its English text.

A command's own texts may stand in its folder: the dictionary TEXTS in `cli/<name>/vietnamese.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from quotakeeper.cli.text.vietnamese_help import HELP

_MESSAGES = {
    # errors
    "error": "lỗi",
    "why": "vì sao",
    "try": "thử",
    "an optional part is not installed": "thiếu một phần cài thêm",
    "the configuration cannot be used": "cấu hình không dùng được",
    "that cannot be used": "giá trị này không dùng được",
    "the ledger cannot be used": "sổ không dùng được",
    "the ledger is damaged": "sổ bị hỏng",
    "{ledger}: entry {seq} cannot be read: {what}": "{ledger}: không đọc được mục {seq}: {what}",
    "{ledger}: entry {seq} (call {id!r}) cannot be read: {what}": (
        "{ledger}: không đọc được mục {seq} (lời gọi {id!r}): {what}"
    ),
    "it was left as it is: keep a copy; `quotakeeper verify` lists all damage; then restore a "
    "backup or name another file": (
        "tệp được giữ nguyên: hãy giữ một bản sao; `quotakeeper verify` liệt kê mọi chỗ hỏng; rồi "
        "khôi phục bản sao lưu hoặc chỉ ra tệp khác"
    ),
    "is a database of another program": "là cơ sở dữ liệu của chương trình khác",
    "name another file for the ledger": "hãy chỉ ra tệp khác cho sổ",
    "a limit is reached": "đã chạm hạn mức",
    "calls are paused": "các lời gọi đang tạm dừng",
    "the tokenizer cannot be used": "bộ tách token không dùng được",
    "that did not work": "không thực hiện được",
    "quotakeeper doctor shows the whole set-up": "xem toàn bộ thiết lập: quotakeeper doctor",
    # limits per label, limits that are raised
    "each {label}": "mỗi {label}",
    "and {n} more, each used less": "và {n} giá trị nữa, mỗi giá trị dùng ít hơn",
    "limit {name!r} is raised to {amount} until {at}, in {left}: {why}": (
        "hạn mức {name!r} được nâng lên {amount} tới {at}, còn {left}: {why}"
    ),
    "never; {left} left": "không bao giờ; còn {left}",
    "limit {name!r}: {amount} paid in; the balance is {left}": (
        "hạn mức {name!r}: đã nạp {amount}; số dư là {left}"
    ),
    "limit {name!r}: {amount} paid in, until {at}; the balance is {left}": (
        "hạn mức {name!r}: đã nạp {amount}, hết hạn {at}; số dư là {left}"
    ),
    # report: spend beside budget
    "BUDGET": "NGÂN SÁCH",
    "PERIOD": "KỲ",
    "LEFT": "CÒN LẠI",
    "and {n} more; all with --json": "và {n} dòng nữa; xem hết bằng --json",
    # pause, resume
    "PAUSED: calls to {provider}, since {since}, {until}, by {by}: {why}": (
        "TẠM DỪNG: lời gọi tới {provider}, từ {since}, {until}, do {by}: {why}"
    ),
    "until resumed": "tới khi có lệnh resume",
    "until {at}, in {left}": "tới {at}, còn {left}",
    "all providers": "mọi nhà cung cấp",
    "undo it with: {command}": "cho đi tiếp bằng: {command}",
    "calls to {provider} go out again": "lời gọi tới {provider} lại được đi",
    "still paused: calls to {provider}": "vẫn tạm dừng: lời gọi tới {provider}",
    "nothing was paused": "không có gì đang tạm dừng",
    "no such pause": "không có lệnh tạm dừng nào như vậy",
    # limits that match nothing, calls without a price
    "warning: limit {limit!r}: no call has had the operation {name!r} yet": (
        "cảnh báo: hạn mức {limit!r}: chưa có lời gọi nào mang thao tác {name!r}"
    ),
    "warning: limit {limit!r}: no call has had the label {name!r} yet": (
        "cảnh báo: hạn mức {limit!r}: chưa có lời gọi nào mang nhãn {name!r}"
    ),
    "; did you mean {near!r}?": "; có phải ý bạn là {near!r}?",
    "unpriced: {n} calls, cost unknown": "chưa có giá: {n} lời gọi, không rõ chi phí",
    "cost unknown": "không rõ chi phí",
    # run
    "{program} is started with {detail}, which keeps the meter out: its calls will not be counted": (
        "{program} chạy với {detail} nên bộ đo không vào được: các lời gọi của nó sẽ không được đếm"
    ),
    "the first line of {program} starts Python with {detail}, which keeps the meter out: "
    "its calls will not be counted": (
        "dòng đầu của {program} chạy Python với {detail} nên bộ đo không vào được: "
        "các lời gọi của nó sẽ không được đếm"
    ),
    "{program} passes no environment on ({detail}): "
    "the calls of what it starts will not be counted": (
        "{program} không chuyển tiếp môi trường ({detail}): "
        "lời gọi của chương trình nó chạy sẽ không được đếm"
    ),
    "{program} is a static binary: only Python programs that it starts are counted": (
        "{program} là tệp nhị phân tĩnh: chỉ đếm được các chương trình Python mà nó chạy"
    ),
    "leave the flag out, or call quotakeeper.watch() in the program": (
        "bỏ cờ đó đi, hoặc gọi quotakeeper.watch() trong chương trình"
    ),
    "a ledger in memory ends with its process: this run will have no summary": (
        "sổ trong bộ nhớ mất theo tiến trình: lần chạy này sẽ không có tổng kết"
    ),
    "no call to a known provider was seen": "không thấy lời gọi nào tới nhà cung cấp đã biết",
    "no Python program loaded the meter: nothing was counted": (
        "không chương trình Python nào nạp bộ đo: chưa đếm được gì"
    ),
    "Python {version} is too old to be metered: nothing of it is counted": (
        "Python {version} quá cũ để đo: không đếm được gì của nó"
    ),
    "calls to providers were refused: {reason}": (
        "các lời gọi tới nhà cung cấp đã bị từ chối: {reason}"
    ),
    "the meter could not start ({error}): calls were not counted": (
        "bộ đo không khởi động được ({error}): các lời gọi không được đếm"
    ),
    "{calls} calls, {cost}, in {time}": "{calls} lời gọi, {cost}, trong {time}",
    "{n} calls": "{n} lời gọi",
    "and {n} more models": "và {n} model nữa",
    "refused by a limit: {n}": "bị hạn mức từ chối: {n}",
    "refused while calls were paused: {n}": "bị từ chối trong lúc tạm dừng: {n}",
    "without a known price: {n}": "chưa rõ giá: {n}",
    "estimated: {n}": "ước tính: {n}",
    "assumed, outcome unknown: {n}": "giả định, chưa rõ kết quả: {n}",
    # limits
    "Quotas at {at} ({zone})": "Hạn mức lúc {at} ({zone})",
    "No limits are set. See: quotakeeper limits set --help": (
        "Chưa đặt hạn mức nào. Xem: quotakeeper limits set --help"
    ),
    "open reservations: {n}": "phần giữ chỗ đang mở: {n}",
    "calls today without a known price: {n} (their cost is not in these figures)": (
        "lời gọi hôm nay chưa có giá: {n} (chi phí của chúng không nằm trong các số này)"
    ),
    "calls today whose end is not known, counted as assumed: {n}": (
        "lời gọi hôm nay chưa rõ kết quả, tính theo giả định: {n}"
    ),
    "{at}, in {left}": "{at}, còn {left}",
    "reserved {amount}": "đang giữ {amount}",
    "resets {when}": "đặt lại {when}",
    "{amount} an hour": "{amount} mỗi giờ",
    "not exhausted at this rate": "với tốc độ này thì không hết",
    "exhausted": "đã hết",
    "exhausted {at}, in {left}": "hết lúc {at}, còn {left}",
    "q: quit": "q: thoát",
    "the ledger cannot be reached; still trying: {why}": (
        "không truy cập được sổ; vẫn đang thử: {why}"
    ),
    "LIMIT": "HẠN MỨC",
    "USED": "ĐÃ DÙNG",
    "RESERVED": "ĐANG GIỮ",
    "OF": "TRÊN",
    "RESETS": "ĐẶT LẠI",
    "FOR": "CHO",
    "WINDOW": "KỲ",
    "MODE": "CHẾ ĐỘ",
    "TIME ZONE": "MÚI GIỜ",
    "any": "mọi nơi",
    "from: {origin}": "từ: {origin}",
    "default": "mặc định",
    "argument": "tham số",
    "limit {name!r} made in {file}": "đã tạo hạn mức {name!r} trong {file}",
    "limit {name!r} changed in {file}": "đã sửa hạn mức {name!r} trong {file}",
    "limit {name!r} taken out of {file}": "đã bỏ hạn mức {name!r} khỏi {file}",
    "the default limits are now written out in that file, so that they still hold": (
        "các hạn mức mặc định nay được ghi vào tệp đó, để vẫn còn hiệu lực"
    ),
    # usage
    "Usage from {since} to {until} ({zone})": "Mức dùng từ {since} đến {until} ({zone})",
    "the beginning": "lúc bắt đầu",
    "No calls in this time.": "Không có lời gọi nào trong thời gian này.",
    "No calls yet.": "Chưa có lời gọi nào.",
    "total": "tổng",
    "+{n} unpriced": "+{n} chưa có giá",
    "{n} in, {m} out": "{n} vào, {m} ra",
    "events written to {file}: {n}": "số sự kiện đã ghi vào {file}: {n}",
    "TIME": "LÚC",
    "PROVIDER": "HÃNG",
    "MODEL": "MODEL",
    "OPERATION": "THAO TÁC",
    "DAY": "NGÀY",
    "HOUR": "GIỜ",
    "OUTCOME": "KẾT QUẢ",
    "PROVENANCE": "NGUỒN SỐ LIỆU",
    "AMOUNT": "LƯỢNG",
    "COST": "CHI PHÍ",
    "CALLS": "LỜI GỌI",
    "INPUT": "VÀO",
    "CACHED": "VÀO (CACHE)",
    "OUTPUT": "RA",
    "THOUGHT": "SUY NGHĨ",
    "AUDIO MINUTES": "PHÚT ÂM THANH",
    "SESSION MINUTES": "PHÚT PHIÊN",
    "CHARACTERS": "KÝ TỰ",
    "SEARCHES": "LƯỢT TÌM",
    "IMAGES": "ẢNH",
    "reported": "nhà cung cấp báo",
    "tokenizer": "đếm tại máy",
    "estimated": "ước tính",
    "assumed": "giả định",
    "unknown": "không rõ",
    # the ledger
    "{ledger}: no problems": "{ledger}: không có vấn đề",
    "{ledger}: {n} calls from before {since} let go": (
        "{ledger}: đã bỏ {n} lời gọi từ trước ngày {since}"
    ),
    "size: {before} bytes, now {after}; balances and reports are as they were": (
        "kích thước: {before} byte, nay {after}; số dư và báo cáo vẫn như cũ"
    ),
    "the room is used again; --shrink gives it back to the disk": (
        "chỗ trống sẽ được dùng lại; --shrink trả nó lại cho đĩa"
    ),
    "{ledger}: problems found: {n}": "{ledger}: số vấn đề tìm thấy: {n}",
    # reconcile
    "the account cannot be read": "không đọc được tài khoản",
    "not in this ledger": "sổ này không có",
    "not in the account": "tài khoản không có",
    "another quantity": "khác lượng",
    "another cost": "khác chi phí",
    "now known": "nay đã rõ",
    "not certain which": "chưa chắc là cái nào",
    "WHAT": "KHÁC GÌ",
    "HERE": "Ở ĐÂY",
    "THERE": "Ở ĐÓ",
    "CALL": "LỜI GỌI",
    "UNCERTAIN": "CHƯA CHẮC",
    "{provider}, {source}: {since} to {until} ({zone})": (
        "{provider}, {source}: từ {since} đến {until} ({zone})"
    ),
    "{provider}, {source}: by day ({zone}) and model": (
        "{provider}, {source}: theo ngày ({zone}) và model"
    ),
    "and {n} more; --json has them all": "và {n} dòng nữa; --json có đủ",
    "without a difference: {n}": "không khác: {n}",
    "with a difference: {n}": "có khác: {n}",
    "here: {what}": "ở đây: {what}",
    "in the account: {what}": "trong tài khoản: {what}",
    "left in the account: {what}": "còn trong tài khoản: {what}",
    "written as new entries: {n}": "đã ghi thành dòng mới: {n}",
    "left as they are: {n}": "để nguyên: {n}",
    "nothing was changed; --apply writes what is certain": (
        "chưa đổi gì; --apply sẽ ghi những gì chắc chắn"
    ),
    "not tokens: {sku}, {cost}": "không phải token: {sku}, {cost}",
    "--apply wrote nothing: a bill by day and SKU does not say which call a figure belongs to": (
        "--apply không ghi gì: hóa đơn theo ngày và SKU không cho biết số nào thuộc lời gọi nào"
    ),
    # prices and estimates
    "METER": "ĐẠI LƯỢNG",
    "USD": "USD",
    "PER": "MỖI",
    "FROM": "TỪ",
    "CONFIDENCE": "ĐỘ TIN CẬY",
    "Prices of {model} at {at}": "Giá của {model} lúc {at}",
    "source: {source}": "nguồn: {source}",
    "note: {note}": "ghi chú: {note}",
    "factor {factor} on {what} from {date}": "hệ số {factor} cho {what} từ {date}",
    "price list {version}": "bảng giá {version}",
    "TEXT": "VĂN BẢN",
    "LANGUAGE": "NGÔN NGỮ",
    "TOKENS": "TOKEN",
    "AT MOST": "NHIỀU NHẤT",
    "SOUND": "ÂM THANH",
    "MINUTES": "PHÚT",
    "KNOWN FROM": "BIẾT TỪ",
    "its size: at most this": "suy từ dung lượng: nhiều nhất là vậy",
    "Text is priced as input; what a model writes comes on top.": (
        "Văn bản tính giá đầu vào; phần model viết ra tính thêm."
    ),
    # the set-up
    "SETTING": "THIẾT LẬP",
    "VALUE": "GIÁ TRỊ",
    "none; the defaults hold": "không có; dùng mặc định",
    "config file: {file}": "tệp cấu hình: {file}",
    "each may be set by its variable, like {variable}": (
        "mỗi mục có thể đặt bằng biến môi trường, như {variable}"
    ),
    "the tokenizer is installed: {file}": "đã cài bộ tách token: {file}",
    "TEXTS": "SỐ VĂN BẢN",
    "MEAN ERROR": "SAI SỐ TB",
    "BIAS": "ĐỘ LỆCH",
    "95 % BELOW": "95 % DƯỚI",
    "WITHIN BOUND": "TRONG CẬN TRÊN",
    "python": "python",
    "config": "cấu hình",
    "timezone": "múi giờ",
    "limits": "hạn mức",
    "durability": "độ bền",
    "ledger": "sổ",
    "permissions": "quyền tệp",
    "clock": "đồng hồ",
    "reservations": "giữ chỗ",
    "file system": "hệ tệp",
    "disk": "đĩa",
}


def _of_commands() -> Iterator[tuple[str, str]]:
    for file in sorted(Path(__file__).parents[1].glob("*/vietnamese.py")):
        if file.parent.name != "text":
            yield from import_module(f"quotakeeper.cli.{file.parent.name}.vietnamese").TEXTS.items()


VIETNAMESE = {**HELP, **dict(_of_commands()), **_MESSAGES}
