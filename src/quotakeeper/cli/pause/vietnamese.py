"""Vietnamese translations for `pause` and `resume`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Stop the calls of every process on the ledger.": (
        "Dừng các lời gọi của mọi tiến trình dùng chung sổ."
    ),
    "The provider to stop calls to; all, if not given.": (
        "Nhà cung cấp cần dừng lời gọi; không ghi thì dừng tất cả."
    ),
    'For how long, like "2h"; until resume, if not given.': (
        'Dừng trong bao lâu, như "2h"; không ghi thì dừng tới khi có lệnh resume.'
    ),
    "The reason; every refused call shows it.": "Lý do; mọi lời gọi bị từ chối đều nêu lý do này.",
    "Let calls out again that were paused.": "Cho các lời gọi đang tạm dừng đi tiếp.",
    "The provider whose pause to end; every pause, if not given.": (
        "Nhà cung cấp cần cho đi tiếp; không ghi thì bỏ mọi lệnh tạm dừng."
    ),
    "The reason, for the journal.": "Lý do, để ghi vào nhật ký.",
    # messages
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
}
