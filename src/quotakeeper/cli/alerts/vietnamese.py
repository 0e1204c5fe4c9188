"""Vietnamese translations for `alerts`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Tell people about thresholds, refusals, unpriced calls and pauses, where they look.": (
        "Báo cho mọi người biết, ở nơi họ hay xem: chạm ngưỡng, bị từ chối, chưa có giá, tạm dừng."
    ),
    "Go on until a signal ends the command.": "Chạy tiếp cho tới khi có tín hiệu dừng lệnh.",
    "With --follow: the pause between two looks.": "Với --follow: thời gian nghỉ giữa hai lần xem.",
    "SECONDS": "GIÂY",
    "Read what is new in the journal, and send all alerts that are due.": (
        "Đọc những gì mới trong nhật ký và gửi mọi cảnh báo đã đến lúc gửi."
    ),
    "Any number of processes may run this at once: each alert is sent by one of them. Exit code 4: "
    "a receiver did not take an alert. It is tried again for a day, or never if the receiver refused "
    "it for good.": (
        "Nhiều tiến trình có thể cùng chạy lệnh này: mỗi cảnh báo chỉ do một tiến trình gửi. Mã "
        "thoát 4: có nơi nhận không nhận cảnh báo. Cảnh báo đó được gửi lại trong một ngày, hoặc "
        "không gửi lại nếu bị từ chối hẳn."
    ),
    "Only this channel; default: all channels.": "Chỉ kênh này; không nêu thì là mọi kênh.",
    "Send a test to each channel, and show the receiver's answer. Exit code 1: one failed.": (
        "Gửi thử tới từng kênh và hiện câu trả lời của nơi nhận. Mã thoát 1: có kênh không gửi được."
    ),
    "How far back, such as 24h or 7d.": "Lùi lại bao lâu, như 24h hoặc 7d.",
    "The most rows to print.": "Số dòng nhiều nhất được in.",
    "Show the newest alerts, with each channel's last answer.": (
        "Cho xem các cảnh báo mới nhất, kèm câu trả lời gần nhất của từng kênh."
    ),
    "Show which alerts the journal would have made. Nothing is sent or stored.": (
        "Cho xem nhật ký lẽ ra đã tạo những cảnh báo nào. Không gửi và không ghi gì."
    ),
    "Refusals are not in the journal, so they are not shown.": (
        "Lượt gọi bị từ chối không có trong nhật ký nên không hiện ở đây."
    ),
    # titles
    "{limit}: {percent} used": "{limit}: đã dùng {percent}",
    "{limit}: {percent} used, further calls are refused": (
        "{limit}: đã dùng {percent}, các lượt gọi tiếp theo bị từ chối"
    ),
    "{limit}: a call was refused": "{limit}: có lượt gọi bị từ chối",
    "{name}: a call has no price": "{name}: có lượt gọi chưa có giá",
    "calls to {provider} are paused": "lượt gọi tới {provider} đang tạm dừng",
    "a test of quotakeeper": "quotakeeper gửi thử",
    "{n} alerts in the quiet hours": "{n} cảnh báo trong giờ yên lặng",
    "and {n} more": "và {n} cảnh báo nữa",
    # texts
    "Used: {used} of {amount}. Left: {left}.": "Đã dùng: {used} trên {amount}. Còn lại: {left}.",
    "The call asked for {asked}. Left: {left}. Used: {used} of {amount}; reserved for running "
    "calls: {reserved}.": (
        "Lượt gọi cần {asked}. Còn lại: {left}. Đã dùng: {used} trên {amount}; giữ chỗ cho các lượt "
        "gọi đang chạy: {reserved}."
    ),
    "It may fit when running calls end.": "Có thể đủ chỗ khi các lượt gọi đang chạy kết thúc.",
    "Later refusals of this limit in the same period are not told.": (
        "Những lần từ chối sau đó của hạn mức này trong cùng kỳ sẽ không báo nữa."
    ),
    "It never resets: add credit with quotakeeper limits topup": (
        "Hạn mức này không bao giờ làm mới: nạp thêm bằng quotakeeper limits topup"
    ),
    "Use becomes less as it leaves the window ({window}).": (
        "Mức dùng giảm dần khi ra khỏi cửa sổ thời gian ({window})."
    ),
    "It resets at {at}, {left} after this alert.": "Làm mới lúc {at}, {left} sau cảnh báo này.",
    "Calls go on: the limit only warns. It resets at {at}, {left} after this alert.": (
        "Các lượt gọi vẫn tiếp tục: hạn mức này chỉ cảnh báo. Làm mới lúc {at}, {left} sau cảnh báo "
        "này."
    ),
    "Its cost is unknown, so limits on cost do not count it.": (
        "Không rõ chi phí nên các hạn mức chi phí không tính lượt gọi này."
    ),
    "Add a price to a price file; see: quotakeeper prices list": (
        "Hãy thêm giá vào một tệp giá; xem: quotakeeper prices list"
    ),
    "By {by}: {why}": "Người ra lệnh: {by}. Lý do: {why}",
    "It ends at {until}.": "Kết thúc lúc {until}.",
    "It ends with: quotakeeper resume": "Kết thúc bằng: quotakeeper resume",
    "Alerts arrive here. An alert says what is used and what is left.": (
        "Cảnh báo sẽ đến đây. Mỗi cảnh báo nêu phần đã dùng và phần còn lại."
    ),
    "Time: {at}": "Lúc: {at}",
    # output
    "no alert is due": "không có cảnh báo nào cần gửi",
    "{channel}: sent: {title} ({answer})": "{channel}: đã gửi: {title} ({answer})",
    "{channel}: given up after a day: {title}: {answer}": (
        "{channel}: thôi gửi sau một ngày: {title}: {answer}"
    ),
    "{channel}: refused for good, not sent again: {title}: {answer}": (
        "{channel}: bị từ chối hẳn, không gửi lại: {title}: {answer}"
    ),
    "{channel}: not taken: {title}: {answer}; the next attempt is at {at}": (
        "{channel}: chưa nhận: {title}: {answer}; lần gửi tiếp theo lúc {at}"
    ),
    "{channel}: taken: {answer}": "{channel}: đã nhận: {answer}",
    "{channel}: not taken: {answer}": "{channel}: không nhận: {answer}",
    "There are no alerts in this time range.": "Không có cảnh báo nào trong khoảng thời gian này.",
    "channel {channel!r} does not take alerts; see its answer: quotakeeper alerts test": (
        "kênh {channel!r} không nhận cảnh báo; xem câu trả lời của nó: quotakeeper alerts test"
    ),
    "channel {channel!r} did not take {n} alert, which is not sent again": (
        "kênh {channel!r} không nhận {n} cảnh báo; cảnh báo này không được gửi lại"
    ),
    "channel {channel!r} did not take {n} alerts, which are not sent again": (
        "kênh {channel!r} không nhận {n} cảnh báo; các cảnh báo này không được gửi lại"
    ),
    "warning: the receiver of channel {channel!r} refused {n} alert, which is not sent again; see its "
    "answer: quotakeeper alerts show": (
        "cảnh báo: nơi nhận của kênh {channel!r} từ chối {n} cảnh báo, và cảnh báo này không được gửi "
        "lại; xem câu trả lời: quotakeeper alerts show"
    ),
    "warning: the receiver of channel {channel!r} refused {n} alerts, which are not sent again; see "
    "its answers: quotakeeper alerts show": (
        "cảnh báo: nơi nhận của kênh {channel!r} từ chối {n} cảnh báo, và các cảnh báo này không được "
        "gửi lại; xem các câu trả lời: quotakeeper alerts show"
    ),
    "There would have been {n} alert.": "Lẽ ra đã có {n} cảnh báo.",
    "There would have been {n} alerts.": "Lẽ ra đã có {n} cảnh báo.",
    "ALERT": "CẢNH BÁO",
    "CHANNEL": "KÊNH",
    "ATTEMPTS": "SỐ LẦN GỬI",
    "ANSWER": "TRẢ LỜI",
    "waiting": "đang chờ",
    "sent": "đã gửi",
    "failed": "không gửi được",
}
