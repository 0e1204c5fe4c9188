"""The Vietnamese of `doctor` and of what is said about a clock, by the English text."""

from __future__ import annotations

TEXTS = {
    "the clock has jumped ahead": "đồng hồ đã nhảy về phía trước",
    "CLOCK NOT TRUSTED: it jumped ahead by {ahead} and shows {shown}; the last trusted time is "
    "{trusted}. Hard limits admit no call. Set the clock right; or, if it is right: {command}": (
        "ĐỒNG HỒ KHÔNG ĐÁNG TIN: nó đã nhảy tới trước {ahead} và chỉ {shown}; thời điểm đáng tin gần "
        "nhất là {trusted}. Hạn mức cứng không nhận lời gọi nào. Hãy chỉnh lại đồng hồ; nếu đồng hồ "
        "đang đúng: {command}"
    ),
    "the clock is accepted, {ahead} ahead of what was known: hard limits admit calls again": (
        "đã công nhận đồng hồ, nhanh hơn {ahead} so với những gì đã biết: hạn mức cứng lại nhận lời gọi"
    ),
    "the clock is trusted already: nothing was changed": (
        "đồng hồ vốn đã được tin: không có gì thay đổi"
    ),
    "the ledger is not ahead of this clock ({now}): nothing to repair": (
        "sổ không đi trước đồng hồ này ({now}): không có gì phải sửa"
    ),
    "the ledger is {ahead} ahead: its newest entry is of {newest}, this clock shows {now}": (
        "sổ đi trước {ahead}: mục mới nhất ghi lúc {newest}, đồng hồ này chỉ {now}"
    ),
    "{entries} entries ({calls} calls among them) were moved to {now}; no call is lost": (
        "đã chuyển {entries} mục (trong đó có {calls} lời gọi) về {now}; không mất lời gọi nào"
    ),
    "the ledger as it was: {file}": "sổ như trước khi sửa: {file}",
    "the time service of this machine confirms its clock": (
        "dịch vụ giờ của máy này xác nhận đồng hồ"
    ),
    "nothing confirms this clock: make sure that it is right": (
        "không có gì xác nhận đồng hồ này: hãy kiểm tra xem nó có đúng không"
    ),
    "--yes copies the ledger and moves {entries} entries ({calls} calls among them) to now": (
        "--yes sẽ sao lưu sổ và chuyển {entries} mục (trong đó có {calls} lời gọi) về hiện tại"
    ),
    # --help
    "The clock jumped ahead, and it is right: let hard limits admit calls again.": (
        "Đồng hồ đã nhảy về phía trước và đang đúng: cho hạn mức cứng nhận lời gọi trở lại."
    ),
    "Show how far a wrong clock has carried the ledger ahead; with --yes, set it back.": (
        "Cho biết đồng hồ sai đã đưa sổ đi trước bao xa; có --yes thì đưa sổ về hiện tại."
    ),
    "With --repair-clock: copy the ledger, and set it back.": (
        "Đi với --repair-clock: sao lưu sổ rồi đưa sổ về hiện tại."
    ),
    "The reason, for the journal.": "Lý do, ghi vào nhật ký.",
}
