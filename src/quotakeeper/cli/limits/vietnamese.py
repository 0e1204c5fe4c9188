"""The Vietnamese of the providers' own quotas and of their presets, by their English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Presets of the providers' own limits; with NAME, what it would set.": (
        "Các mẫu hạn mức của chính nhà cung cấp; với NAME, in ra những gì mẫu đó sẽ đặt."
    ),
    "Every figure has a date, a source, and says how it is known.": (
        "Mỗi con số đều có ngày, có nguồn, và nói rõ nhờ đâu mà biết."
    ),
    "Set it in the config file.": "Ghi mẫu đó vào tệp cấu hình.",
    # status, watch, plan
    "The providers' own quotas (shown, not enforced):": (
        "Quota của chính nhà cung cấp (chỉ hiển thị, không áp dụng):"
    ),
    "{n} calls at once": "{n} lời gọi cùng lúc",
    "{n} left": "còn {n}",
    "per minute": "mỗi phút",
    "per hour": "mỗi giờ",
    "per day": "mỗi ngày",
    "per week": "mỗi tuần",
    "per month": "mỗi tháng",
    "per {span}": "mỗi {span}",
    "{source}, {age}": "{source}, {age}",
    "429 reply": "phản hồi 429",
    "response header": "header của phản hồi",
    "preset, {date} ({known})": "mẫu, {date} ({known})",
    "documentation": "tài liệu",
    "reports": "người dùng báo lại",
    "historic": "bảng cũ",
    # limits preset
    "PRESET": "MẪU",
    "QUOTAS": "QUOTA",
    "QUOTA": "QUOTA",
    "AS OF": "TÍNH ĐẾN",
    "SHOWN": "HIỂN THỊ",
    "WHAT": "NỘI DUNG",
    "KNOWN BY": "BIẾT NHỜ",
    "yes": "có",
    "one in full: {command}": "xem đủ một mẫu: {command}",
    "calls at once are only shown: no limit counts calls under way": (
        "số lời gọi cùng lúc chỉ được hiển thị: không hạn mức nào đếm các lời gọi đang chạy"
    ),
    "nothing is written; add --write to set it in {file}": (
        "chưa ghi gì; thêm --write để ghi vào {file}"
    ),
    "preset {name!r}: {n} limits written to {file}; status shows its quotas": (
        "mẫu {name!r}: đã ghi {n} hạn mức vào {file}; status hiển thị các quota của mẫu"
    ),
    # what the presets say of themselves
    "pay as you go: calls at once for each project": (
        "trả theo mức dùng: số lời gọi cùng lúc của mỗi dự án"
    ),
    "growth plan: calls at once for each project, where they differ from pay as you go": (
        "gói growth: số lời gọi cùng lúc của mỗi dự án, ở những chỗ khác với trả theo mức dùng"
    ),
    "free tier: requests a day for each project and model": (
        "bậc miễn phí: số yêu cầu mỗi ngày của mỗi dự án và model"
    ),
    "free tier as of mid-2025: an example; today's figures are lower for some models": (
        "bậc miễn phí giữa năm 2025: chỉ là ví dụ; nay vài model có con số thấp hơn"
    ),
    "tier 1, with a billing account: spending, and what 429 replies said of tokens a minute": (
        "bậc 1, có tài khoản thanh toán: mức chi, và số token mỗi phút theo các phản hồi 429"
    ),
    "tier 1 as of mid-2025: an example": "bậc 1 giữa năm 2025: chỉ là ví dụ",
    "tier 2: spending": "bậc 2: mức chi",
    "tier 2 as of mid-2025: an example": "bậc 2 giữa năm 2025: chỉ là ví dụ",
    "tier 3: spending in ten minutes; the cap of a month differs by account": (
        "bậc 3: mức chi trong mười phút; trần của tháng tùy từng tài khoản"
    ),
    "requests a minute": "số yêu cầu mỗi phút",
    "requests a day": "số yêu cầu mỗi ngày",
    "input tokens a minute": "số token đầu vào mỗi phút",
    "spending in ten minutes": "mức chi trong mười phút",
    "spending a month": "mức chi mỗi tháng",
    "pre-recorded: nova, enhanced, base": "âm thanh ghi sẵn: nova, enhanced, base",
    "streaming: nova, enhanced, base": "truyền trực tiếp: nova, enhanced, base",
    "streaming: flux": "truyền trực tiếp: flux",
    "pre-recorded: whisper": "âm thanh ghi sẵn: whisper",
    "pre-recorded: diarization": "âm thanh ghi sẵn: tách người nói",
    "text to speech: REST": "chuyển văn bản thành giọng nói: REST",
    "text to speech: WebSocket": "chuyển văn bản thành giọng nói: WebSocket",
    "voice agent": "trợ lý giọng nói",
    "summarize, topics, intents, sentiment": "tóm tắt, chủ đề, ý định, cảm xúc",
    "entity detection": "nhận diện thực thể",
    "reports of users and 429 replies (2026); Google publishes no table any more": (
        "người dùng báo lại và các phản hồi 429 (2026); Google không còn công bố bảng nào"
    ),
    "429 replies of the paid tier (2026)": "các phản hồi 429 của bậc trả phí (2026)",
    "Google's documentation of rate limits (2026)": "tài liệu của Google về giới hạn tốc độ (2026)",
    "Google's table of rate limits of mid-2025, from memory; it is not published any more": (
        "bảng giới hạn tốc độ của Google giữa năm 2025, theo trí nhớ; nay không còn công bố"
    ),
    "Deepgram's documentation of rate limits (2026)": (
        "tài liệu của Deepgram về giới hạn tốc độ (2026)"
    ),
}
