"""Vietnamese translations for `today`, `statusline` and `watch`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Show today's cost so far, and the limit that needs attention first.": (
        "Hôm nay đã tốn bao nhiêu, và hạn mức nào cần để ý trước."
    ),
    "Show today's use in one line, for a shell prompt or tmux.": (
        "Mức dùng hôm nay trên một dòng, cho dấu nhắc lệnh hoặc tmux."
    ),
    "As JSON, on one line.": "Dạng JSON, trên một dòng.",
    "Maximum width of the line, in columns.": "Độ rộng tối đa của dòng, tính bằng cột.",
    # messages
    "Today, {at} ({zone})": "Hôm nay, {at} ({zone})",
    "No calls yet today.": "Hôm nay chưa có lượt gọi nào.",
    "{cost} spent": "đã tiêu {cost}",
    "{n} call": "{n} lượt gọi",
    "{n} calls": "{n} lượt gọi",
    "{n} without a price": "{n} chưa có giá",
    "yesterday by this time: {cost}": "hôm qua tới giờ này: {cost}",
    "$ per hour": "US$ mỗi giờ",
    "calls per hour": "lượt gọi mỗi giờ",
    "and {n} more limit: quotakeeper status": "và {n} hạn mức nữa: quotakeeper status",
    "and {n} more limits: quotakeeper status": "và {n} hạn mức nữa: quotakeeper status",
    "There is no ledger yet; the first call creates {ledger}.": (
        "Chưa có sổ nào; lượt gọi đầu tiên sẽ tạo {ledger}."
    ),
    "Set the time zone and a budget: quotakeeper init": (
        "Đặt múi giờ và ngân sách: quotakeeper init"
    ),
    "Count a program's calls: quotakeeper run -- python your_program.py": (
        "Đếm lượt gọi của một chương trình: quotakeeper run -- python your_program.py"
    ),
    "{name!r} is used up, so its calls are refused. To raise it: {command}": (
        "{name!r}: lượt gọi bị chặn vì hết hạn mức. Muốn nâng: {command}"
    ),
    "CLOCK NOT TRUSTED": "ĐỒNG HỒ KHÔNG ĐÁNG TIN",
    "PAUSED": "TẠM DỪNG",
    "{cost} today": "hôm nay {cost}",
    "exhausted about now": "hết vào khoảng lúc này",
    # watch
    "+{n} more limit": "+{n} hạn mức nữa",
    "+{n} more limits": "+{n} hạn mức nữa",
    "{n} of them above": "trong đó {n} ở trên",
    "arrows, j, k: scroll": "mũi tên, j, k: cuộn",
    "ledger last read: {age}": "đọc sổ lần cuối: {age}",
    "the ledger does not answer: {why}; the figures are from {age}": (
        "sổ không trả lời: {why}; số liệu từ {age}"
    ),
}
