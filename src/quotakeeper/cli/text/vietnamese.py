"""Vietnamese translations of all messages; each key is the English text.

A command may keep its own texts in its folder: the dictionary TEXTS in `cli/<name>/vietnamese.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from quotakeeper.cli.text.vietnamese_help import HELP

_MESSAGES = {
    # errors
    "error": "lỗi",
    "why": "lý do",
    "try": "cách sửa",
    "an optional package is not installed": "thiếu một gói tùy chọn",
    "the configuration cannot be used": "cấu hình không dùng được",
    "a value cannot be used": "giá trị này không dùng được",
    "the ledger cannot be used": "sổ không dùng được",
    "the ledger is damaged": "sổ bị hỏng",
    "{ledger}: entry {seq} cannot be read: {what}": "{ledger}: không đọc được mục {seq}: {what}",
    "{ledger}: entry {seq} (call {id!r}) cannot be read: {what}": (
        "{ledger}: không đọc được mục {seq} (lượt gọi {id!r}): {what}"
    ),
    "the file was not changed: keep a copy; `quotakeeper verify` lists all damage; then restore "
    "a backup or use another file": (
        "tệp được giữ nguyên: hãy giữ một bản sao; `quotakeeper verify` liệt kê mọi chỗ hỏng; rồi "
        "khôi phục bản sao lưu hoặc chỉ ra tệp khác"
    ),
    "is a database of another program": "là cơ sở dữ liệu của chương trình khác",
    "use another file for the ledger": "hãy chỉ ra tệp khác cho sổ",
    "a file cannot be used": "không dùng được tệp",
    "use another file or folder, or check its permissions": (
        "hãy dùng tệp hoặc thư mục khác, hoặc kiểm tra quyền của nó"
    ),
    "a limit is reached": "đã chạm hạn mức",
    "calls are paused": "các lượt gọi đang tạm dừng",
    "the tokenizer cannot be used": "bộ tách token không dùng được",
    "the command failed": "không thực hiện được",
    "to check the whole set-up: quotakeeper doctor": "kiểm tra toàn bộ thiết lập: quotakeeper doctor",
    # report: spend compared with budget
    "BUDGET": "NGÂN SÁCH",
    "PERIOD": "KỲ",
    "LEFT": "CÒN LẠI",
    "and {n} more; --json lists all of them": "và {n} dòng nữa; xem hết bằng --json",
    # limits that match no call, calls without a price
    "warning: limit {limit!r}: no call has had the operation {name!r} yet": (
        "cảnh báo: hạn mức {limit!r}: chưa có lượt gọi nào mang thao tác {name!r}"
    ),
    "warning: limit {limit!r}: no call has had the label {name!r} yet": (
        "cảnh báo: hạn mức {limit!r}: chưa có lượt gọi nào mang nhãn {name!r}"
    ),
    "; did you mean {near!r}?": "; có phải ý bạn là {near!r}?",
    "unpriced: {n} call, cost unknown": "chưa có giá: {n} lượt gọi, không rõ chi phí",
    "unpriced: {n} calls, cost unknown": "chưa có giá: {n} lượt gọi, không rõ chi phí",
    "cost unknown": "không rõ chi phí",
    # future price changes
    "price change on {date}: {model}: {prices} USD for {per}": (
        "đổi giá từ {date}: {model}: {prices} USD cho {per}"
    ),
    "and {n} more price changes; see quotakeeper prices list": (
        "và {n} lần đổi giá nữa; xem quotakeeper prices list"
    ),
    "and 1 more price change; see quotakeeper prices list": (
        "và 1 lần đổi giá nữa; xem quotakeeper prices list"
    ),
    # usage
    "Usage from {since} to {until} ({zone})": "Mức dùng từ {since} đến {until} ({zone})",
    "the beginning": "lúc bắt đầu",
    "No calls in this time range.": "Không có lượt gọi nào trong khoảng thời gian này.",
    "No calls yet.": "Chưa có lượt gọi nào.",
    "total": "tổng",
    "+{n} unpriced": "+{n} chưa có giá",
    "{n} in, {m} out": "{n} vào, {m} ra",
    "events written to {file}: {n}": "số sự kiện đã ghi vào {file}: {n}",
    "TIME": "LÚC",
    "PROVIDER": "NHÀ CUNG CẤP",
    "MODEL": "MODEL",
    "OPERATION": "THAO TÁC",
    "DAY": "NGÀY",
    "HOUR": "GIỜ",
    "OUTCOME": "KẾT QUẢ",
    "PROVENANCE": "NGUỒN",
    "AMOUNT": "LƯỢNG",
    "COST": "CHI PHÍ",
    "CALLS": "LƯỢT GỌI",
    "INPUT": "VÀO",
    "CACHED": "VÀO (CACHE)",
    "OUTPUT": "RA",
    "THOUGHT": "TOKEN SUY LUẬN",
    "AUDIO MINUTES": "PHÚT AUDIO",
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
    "{ledger}: deleted {n} call that was older than {since}": (
        "{ledger}: đã xóa {n} lượt gọi từ trước ngày {since}"
    ),
    "{ledger}: deleted {n} calls that were older than {since}": (
        "{ledger}: đã xóa {n} lượt gọi từ trước ngày {since}"
    ),
    "size: {before} bytes, now {after}; balances and reports did not change": (
        "kích thước: {before} byte, nay {after}; số dư và báo cáo không đổi"
    ),
    "balances and reports did not change; the server reuses the freed space": (
        "số dư và báo cáo không đổi; máy chủ sẽ dùng lại chỗ trống"
    ),
    "new calls reuse the freed space; --shrink returns it to the disk": (
        "lượt gọi mới sẽ dùng lại chỗ trống; --shrink trả nó lại cho đĩa"
    ),
    "{ledger}: problems found: {n}": "{ledger}: số vấn đề tìm thấy: {n}",
    # prices and estimates
    "METER": "ĐẠI LƯỢNG",
    "USD": "USD",
    "PER": "MỖI",
    "FROM": "TỪ",
    "CONFIDENCE": "ĐỘ TIN CẬY",
    "Prices of {model} at {at}": "Giá của {model} lúc {at}",
    "source: {source}": "nguồn: {source}",
    "note: {note}": "ghi chú: {note}",
    "price factor {factor} for {what}, from {date}": "hệ số giá {factor} cho {what}, từ {date}",
    "price list {version}": "bảng giá {version}",
    "TEXT": "VĂN BẢN",
    "LANGUAGE": "NGÔN NGỮ",
    "TOKENS": "TOKEN",
    "AT MOST": "NHIỀU NHẤT",
    "SOUND": "ÂM THANH",
    "MINUTES": "PHÚT",
    "KNOWN FROM": "NGUỒN",
    "file size (upper bound)": "dung lượng tệp (cận trên)",
    "Text is priced as input; the model's output is not included.": (
        "Văn bản tính giá đầu vào; chưa gồm phần model viết ra."
    ),
    # the set-up
    "SETTING": "THIẾT LẬP",
    "VALUE": "GIÁ TRỊ",
    "none; the defaults apply": "không có; dùng mặc định",
    "config file: {file}": "tệp cấu hình: {file}",
    "every setting can also be set by its environment variable, such as {variable}": (
        "mỗi mục cũng đặt được bằng biến môi trường của nó, như {variable}"
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
