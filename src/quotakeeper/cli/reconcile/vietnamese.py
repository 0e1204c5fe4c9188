"""Vietnamese translations for `reconcile`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Compare the ledger with the provider's account, and list every difference.": (
        "So sổ với tài khoản ở nhà cung cấp và liệt kê từng chỗ khác nhau."
    ),
    "Exit with code 5 if there is a difference; with --apply: if a difference could not be "
    "corrected.": ("Mã thoát 5: có chỗ khác nhau; với --apply: còn chỗ khác nhau chưa sửa được."),
    "Read a saved export, not the provider's account; repeatable.": (
        "Đọc tệp đã tải về thay vì hỏi tài khoản; nêu được nhiều lần."
    ),
    "Write the corrections that are certain as new entries.": "Ghi những sửa đổi chắc chắn thành mục mới.",
    "Address of the account API, if it differs from the usual address.": (
        "Địa chỉ API của tài khoản, nếu khác địa chỉ thông thường."
    ),
    "Id of the project at the provider.": "Mã dự án ở nhà cung cấp.",
    # messages
    "the provider's account cannot be read": ("không đọc được tài khoản ở nhà cung cấp"),
    "not in this ledger": "sổ này không có",
    "not in the account": "tài khoản không có",
    "another quantity": "khác lượng",
    "another cost": "khác chi phí",
    "now known": "nay đã rõ",
    "not certain which call": "chưa chắc là lượt gọi nào",
    "WHAT": "KHÁC GÌ",
    "HERE": "Ở ĐÂY",
    "THERE": "Ở ĐÓ",
    "CALL": "LƯỢT GỌI",
    "UNCERTAIN": "CHƯA CHẮC",
    "{provider}, {source}: {since} to {until} ({zone})": (
        "{provider}, {source}: từ {since} đến {until} ({zone})"
    ),
    "{provider}, {source}: by day ({zone}) and model": (
        "{provider}, {source}: theo ngày ({zone}) và model"
    ),
    "and {n} more; --json lists all of them": "và {n} dòng nữa; --json có đủ",
    "without a difference: {n}": "không khác: {n}",
    "with a difference: {n}": "có khác: {n}",
    "here: {what}": "ở đây: {what}",
    "in the account: {what}": "trong tài khoản: {what}",
    "balance of the provider's account: {what}": "còn trong tài khoản: {what}",
    "written as new entries: {n}": "đã ghi thành mục mới: {n}",
    "not corrected: {n}": "chưa sửa: {n}",
    "nothing was changed; --apply writes the corrections that are certain": (
        "chưa thay đổi gì; --apply ghi các sửa đổi chắc chắn"
    ),
    "not tokens: {sku}, {cost}": "không phải token: {sku}, {cost}",
    "--apply wrote nothing: the bill has sums by day and SKU, so it does not show the cost of a "
    "single call": (
        "--apply không ghi gì: hóa đơn chỉ có tổng theo ngày và SKU nên không cho biết chi phí "
        "từng lượt gọi"
    ),
}
