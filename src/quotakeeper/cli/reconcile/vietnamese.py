"""Vietnamese translations for `reconcile`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Hold the ledger against the provider's own account and name every difference.": (
        "Đối chiếu sổ với tài khoản của chính nhà cung cấp và nêu từng chỗ khác nhau."
    ),
    "Exit 5 when something differs; with --apply, when something that differs could not be "
    "written.": (
        "Mã thoát 5 khi có chỗ khác; với --apply thì chỉ khi còn chỗ khác không ghi được."
    ),
    "A saved export instead of the account itself; repeatable.": (
        "Tệp đã tải về thay cho việc hỏi tài khoản; lặp lại được."
    ),
    "Write what is certain, as new entries.": "Ghi những gì chắc chắn, thành dòng mới.",
    "Another address of the account.": "Địa chỉ khác của tài khoản.",
    "The project at the provider.": "Dự án ở nhà cung cấp.",
    # messages
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
}
