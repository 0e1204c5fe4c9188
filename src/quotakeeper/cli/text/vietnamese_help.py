"""Vietnamese translations of the help of commands and options; each key is the English text."""

from __future__ import annotations

HELP = {
    "Counts what an AI pipeline spends while it runs, and stops the pipeline before it exceeds a "
    "limit.": (
        "Đếm chi phí của pipeline AI trong lúc nó chạy, và dừng pipeline trước khi vượt hạn mức."
    ),
    "All other commands (watch, report, limits, prices, ...) need three small packages. In the clone: "
    'pip install ".[cli]"': (
        "Các lệnh khác (watch, report, limits, prices, ...) cần ba gói nhỏ. Trong bản sao của kho mã: "
        'pip install ".[cli]"'
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
    "As JSON, with the origin of each value.": "Dạng JSON, kèm nguồn.",
    "As CSV.": "Dạng CSV.",
    # status, watch, report, events
    "Show the current use of every limit.": "Mức dùng hiện tại của từng hạn mức.",
    "Exit with code 3 if a hard limit is exceeded, and with 4 if a limit is almost reached or "
    "its use is unknown.": (
        "Mã thoát 3: đã vượt một hạn mức cứng; 4: sắp chạm một hạn mức, hoặc không rõ mức dùng."
    ),
    "Show limits live: use, rate, time of exhaustion, and the latest calls.": (
        "Màn hình trực tiếp: mức dùng, tốc độ, lúc hết hạn mức và các lượt gọi mới nhất."
    ),
    "Print one frame, then exit.": "In một khung rồi thoát.",
    "Print frames as JSON, one per line; with --once, only one.": (
        "In các khung dạng JSON, mỗi dòng một khung; với --once thì chỉ một khung."
    ),
    "Seconds between frames.": "Số giây giữa hai khung.",
    "Show usage and cost, summed by the columns that you choose.": (
        "Mức dùng và chi phí, cộng theo các cột bạn chọn."
    ),
    "Columns to sum by: provider, model, operation, job, day, hour, outcome, provenance, "
    "scope.NAME.": (
        "Các cột để cộng theo: provider, model, operation, job, day, hour, outcome, "
        "provenance, scope.TÊN."
    ),
    "Start at this date or time.": "Từ ngày hoặc lúc này.",
    "End at this time, or at the end of this date.": "Đến lúc này, hoặc đến hết ngày này.",
    'The last "24h", "7d", ...': 'Khoảng "24h", "7d", ... gần nhất.',
    "List the latest calls, newest first.": "Các lượt gọi gần đây, mới nhất trước.",
    "Number of calls to list.": "Liệt kê bao nhiêu lượt gọi.",
    "Only calls to this provider.": "Chỉ lượt gọi tới nhà cung cấp này.",
    "Only this operation.": "Chỉ thao tác này.",
    # export, verify
    "Write all calls to a file or to stdout, for other programs.": (
        "Ghi mọi lượt gọi ra tệp hoặc stdout, cho chương trình khác đọc."
    ),
    "Output format.": "Định dạng đầu ra.",
    "Write to this file, not to stdout.": "Ghi vào đây thay vì stdout.",
    "CSV that Excel reads as UTF-8.": "CSV để Excel đọc đúng UTF-8.",
    "Delete old individual calls; balances and reports stay.": (
        "Xóa từng lượt gọi đã cũ; số dư và báo cáo giữ nguyên."
    ),
    "Keep individual calls for this long; at least 35d.": (
        "Giữ từng lượt gọi trong bao lâu; ít nhất 35d."
    ),
    "Return the freed space to the disk; this copies the whole file.": (
        "Trả chỗ trống lại cho đĩa; phải chép lại cả tệp."
    ),
    # prices, estimate
    "Show the prices at which calls are counted.": "Xem bảng giá dùng để tính tiền các lượt gọi.",
    "List all prices, each with its date, source and confidence.": (
        "Mọi giá đang có, kèm ngày, nguồn và độ tin cậy."
    ),
    "Only prices of this provider.": "Chỉ giá của nhà cung cấp này.",
    "Show the prices of one model that are in force.": "Giá đang có hiệu lực của một model.",
    "Prices in force at this time; default: now.": "Giá có hiệu lực vào lúc này; không nêu thì là bây giờ.",
    "Estimate the tokens, minutes and cost of text and audio files before you send them.": (
        "Ước tính số token, số phút và chi phí của tệp văn bản và âm thanh trước khi gửi."
    ),
    "Compares many models, without history. To see when a folder fits your limits: "
    "quotakeeper plan.": (
        "So nhiều model, không dùng lịch sử. Muốn biết khi nào hạn mức đủ cho cả thư mục: "
        "quotakeeper plan."
    ),
    "Show the cost on every model that has a price.": "Xem chi phí với mọi model có giá.",
    "Show the cost on this model only; repeatable.": (
        "Chỉ xem chi phí với model này; nêu được nhiều lần."
    ),
    "Estimate the tokens, language and cost of a text FILE (- is stdin).": (
        "Ước tính số token, ngôn ngữ và chi phí của một TỆP văn bản (- là stdin)."
    ),
    "The text to estimate, instead of a file.": "Văn bản cần ước tính, thay cho tệp.",
    "Estimate the minutes and cost of audio FILES from their headers.": (
        "Ước tính số phút và chi phí của các TỆP âm thanh theo phần đầu tệp."
    ),
    "Estimate all text and audio files in a FOLDER together.": (
        "Ước tính chung mọi tệp văn bản và âm thanh trong một THƯ MỤC."
    ),
    # tokens, doctor, config, sandbox
    "Install the local tokenizer, or measure the built-in estimate.": (
        "Cài bộ tách token tại máy, hoặc đo độ chính xác của ước tính có sẵn."
    ),
    "Install the local tokenizer: a fixed version, whose hash is checked.": (
        "Cài bộ tách token tại máy: một phiên bản cố định, có kiểm tra mã băm."
    ),
    'A tokenizer file, or "npm" to download it with the npm client.': (
        'Một tệp bộ tách token, hoặc "npm" để tải về bằng npm.'
    ),
    "Measure the built-in estimate on the texts in a FOLDER.": (
        "Đo ước tính có sẵn trên các văn bản trong một THƯ MỤC."
    ),
    "Check the whole set-up, and say what to fix.": (
        "Kiểm tra toàn bộ thiết lập và cho biết cần sửa gì."
    ),
    "Show the settings in force.": "Xem các thiết lập đang có hiệu lực.",
    "Show every setting and its value.": "Xem mọi thiết lập và giá trị.",
    "Show where each value comes from.": "Cho biết mỗi giá trị lấy từ đâu.",
    "Imitate Gemini and Deepgram on this machine: no key, no network, no cost.": (
        "Giả lập Gemini và Deepgram ngay trên máy: không cần khóa, không cần mạng, không tốn tiền."
    ),
    "Port on this machine; 0: any free port.": "Cổng trên máy này; 0: cổng trống bất kỳ.",
    "Make requests fail: KIND[:SECONDS][@FROM[-TO]][=OPERATION], such as 429@2; repeatable.": (
        "Làm yêu cầu bị lỗi: KIND[:SECONDS][@FROM[-TO]][=OPERATION], như 429@2; nêu được nhiều lần."
    ),
}
