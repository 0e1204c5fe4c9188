"""Vietnamese translations for `forget`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Remove a label's value from the ledger; calls and totals stay.": (
        "Xóa giá trị của một nhãn khỏi sổ; lượt gọi và tổng vẫn còn."
    ),
    "The label and the value to remove, such as user=an.": "Nhãn và giá trị cần xóa, như user=an.",
    "Change the ledger without asking.": "Sửa sổ luôn, không hỏi.",
    # messages
    "{name}={value}: {calls}, last used {last}": "{name}={value}: {calls}, dùng lần cuối {last}",
    "  changed: the label's value, also in the names of the limits per {name}": (
        "  thay đổi: giá trị của nhãn, kể cả trong tên các hạn mức theo {name}"
    ),
    "  deleted: the notes of these calls ({n})": "  xóa: ghi chú của các lượt gọi này ({n})",
    "  changed in virtual keys and in their audit: {n}": (
        "  thay đổi trong khóa ảo và nhật ký quản trị của chúng: {n}"
    ),
    "forgotten: {calls} now have {name}={instead}": "đã xóa: {calls} nay mang {name}={instead}",
    "  kept: times, models, amounts, costs and ids of the calls; every total and balance": (
        "  giữ nguyên: thời điểm, model, lượng, chi phí và id của các lượt gọi; mọi tổng và số dư"
    ),
    "  limits per {name}: new calls of {value} start from 0": (
        "  hạn mức theo {name}: lượt gọi mới của {value} tính lại từ 0"
    ),
    "  this backup still has the value: {file}": "  bản sao lưu này vẫn còn giá trị đó: {file}",
    "nothing was changed; --yes makes these changes": "chưa thay đổi gì; --yes sẽ thực hiện các thay đổi này",
    "Remove this value from the ledger? This cannot be undone.": (
        "Xóa giá trị này khỏi sổ? Không thể hoàn tác."
    ),
}
