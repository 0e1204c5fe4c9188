"""Vietnamese translations for `pause` and `resume`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Stop the calls of every process that uses the ledger.": (
        "Dừng lượt gọi của mọi tiến trình đang dùng sổ này."
    ),
    "Stop only calls to this provider; default: all providers.": (
        "Chỉ dừng lượt gọi tới nhà cung cấp này; không nêu thì dừng tất cả."
    ),
    'Length of the pause, such as "2h"; default: until quotakeeper resume.': (
        'Dừng trong bao lâu, như "2h"; không nêu thì dừng tới khi có quotakeeper resume.'
    ),
    "The reason; each refused call shows it.": (
        "Lý do; mọi lượt gọi bị từ chối đều nêu lý do này."
    ),
    "End a pause, so that calls are sent again.": (
        "Kết thúc lệnh tạm dừng để các lượt gọi lại được gửi đi."
    ),
    "End only the pause of this provider; default: every pause.": (
        "Chỉ kết thúc lệnh tạm dừng của nhà cung cấp này; không nêu thì kết thúc mọi lệnh tạm dừng."
    ),
    "The reason, which is stored in the journal.": "Lý do, được ghi vào nhật ký.",
    # messages
    "PAUSED: calls to {provider}, since {since}, {until}, by {by}: {why}": (
        "TẠM DỪNG: lượt gọi tới {provider}, từ {since}, {until}, do {by}: {why}"
    ),
    "until resumed": "tới khi có lệnh resume",
    "until {at}, in {left}": "tới {at}, còn {left}",
    "all providers": "mọi nhà cung cấp",
    "undo it with: {command}": "bỏ tạm dừng bằng: {command}",
    "calls to {provider} are sent again": "đã bỏ tạm dừng: lượt gọi tới {provider} lại được gửi đi",
    "still paused: calls to {provider}": "vẫn tạm dừng: lượt gọi tới {provider}",
    "nothing was paused": "không có gì đang tạm dừng",
    "there is no pause of calls to {provider}": "không có lệnh tạm dừng lượt gọi tới {provider}",
}
