"""Vietnamese translations for `limits`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # limits per label, limits that are raised
    "Only calls with this label; repeatable. Empty: for all calls again.": (
        "Chỉ tính lời gọi có nhãn này; lặp lại được. Để trống: lại tính mọi lời gọi."
    ),
    "A limit of its own for each value of this label. Empty: no more.": (
        "Mỗi giá trị của nhãn này có hạn mức riêng. Để trống: thôi chia riêng."
    ),
    "Where to warn, as parts of 1: 0.5,0.8.": "Cảnh báo ở những phần nào của 1: 0.5,0.8.",
    'Raise --amount for this long only, like "1d"; the file stays as it is.': (
        'Chỉ nâng --amount trong chừng ấy thời gian, như "1d"; tệp giữ nguyên.'
    ),
    "The reason, with --for.": "Lý do, đi cùng --for.",
    "Give a limit more for a time, in every process on the ledger; it lapses by itself.": (
        "Nâng hạn mức trong một thời gian, cho mọi tiến trình dùng chung sổ; hết hạn tự trở lại."
    ),
    "The larger amount, in its unit.": "Mức lớn hơn, theo đơn vị của hạn mức.",
    'For how long, like "1d".': 'Trong bao lâu, như "1d".',
    "Pay credit into a prepaid limit, one with --window none.": (
        "Nạp tín dụng vào một hạn mức trả trước, tức hạn mức có --window none."
    ),
    "When what is left of it lapses; never, if not given.": (
        "Lúc nào phần còn lại hết hạn; không ghi thì không bao giờ."
    ),
    # limits
    "See and change the limits.": "Xem và sửa các hạn mức.",
    "The limits in force.": "Các hạn mức đang có hiệu lực.",
    "Make a limit, or change the given parts of one.": (
        "Tạo một hạn mức, hoặc sửa những phần được nêu của nó."
    ),
    "The config file in force is changed, else the user's own; comments in it are kept.": (
        "Sửa tệp cấu hình đang dùng, nếu không có thì tệp riêng của người dùng; giữ nguyên chú thích."
    ),
    "The provider it is for; any, if not given.": "Cho nhà cung cấp nào; không nêu thì mọi nơi.",
    'The model it is for; "gemini-2.5-*" is all that begin so.': (
        'Cho model nào; "gemini-2.5-*" là mọi tên bắt đầu như vậy.'
    ),
    "The operation it is for.": "Cho thao tác nào.",
    "What is counted.": "Đếm đại lượng nào.",
    'Per minute, hour, day, week, month, "rolling 24h", or none (prepaid).': (
        'Theo minute, hour, day, week, month, "rolling 24h", hoặc none (trả trước).'
    ),
    "How much: tokens, minutes, US dollars, ...": "Bao nhiêu: token, phút, đô la Mỹ, ...",
    "What passing it does.": "Vượt qua thì làm gì.",
    "The zone whose midnight it resets at.": "Đặt lại vào nửa đêm của múi giờ nào.",
    "The model is new or your own: no price list need have it.": (
        "Model còn mới hoặc của riêng bạn: không bảng giá nào cần có nó."
    ),
    "Take a limit out of the config file.": "Bỏ một hạn mức khỏi tệp cấu hình.",
    # limits per label, limits that are raised
    "each {label}": "mỗi {label}",
    "and {n} more, each used less": "và {n} giá trị nữa, mỗi giá trị dùng ít hơn",
    "limit {name!r} is raised to {amount} until {at}, in {left}: {why}": (
        "hạn mức {name!r} được nâng lên {amount} tới {at}, còn {left}: {why}"
    ),
    "never; {left} left": "không bao giờ; còn {left}",
    "limit {name!r}: {amount} paid in; the balance is {left}": (
        "hạn mức {name!r}: đã nạp {amount}; số dư là {left}"
    ),
    "limit {name!r}: {amount} paid in, until {at}; the balance is {left}": (
        "hạn mức {name!r}: đã nạp {amount}, hết hạn {at}; số dư là {left}"
    ),
    # limits
    "Quotas at {at} ({zone})": "Hạn mức lúc {at} ({zone})",
    "No limits are set. See: quotakeeper limits set --help": (
        "Chưa đặt hạn mức nào. Xem: quotakeeper limits set --help"
    ),
    "open reservations: {n}": "phần giữ chỗ đang mở: {n}",
    "calls today without a known price: {n} (their cost is not in these figures)": (
        "lời gọi hôm nay chưa có giá: {n} (chi phí của chúng không nằm trong các số này)"
    ),
    "calls today whose end is not known, counted as assumed: {n}": (
        "lời gọi hôm nay chưa rõ kết quả, tính theo giả định: {n}"
    ),
    "{at}, in {left}": "{at}, còn {left}",
    "reserved {amount}": "đang giữ {amount}",
    "resets {when}": "đặt lại {when}",
    "{amount} an hour": "{amount} mỗi giờ",
    "not exhausted at this rate": "với tốc độ này thì không hết",
    "exhausted": "đã hết",
    "exhausted {at}, in {left}": "hết lúc {at}, còn {left}",
    "q: quit": "q: thoát",
    "the ledger cannot be reached; still trying: {why}": (
        "không truy cập được sổ; vẫn đang thử: {why}"
    ),
    "LIMIT": "HẠN MỨC",
    "USED": "ĐÃ DÙNG",
    "RESERVED": "ĐANG GIỮ",
    "OF": "TRÊN",
    "RESETS": "ĐẶT LẠI",
    "FOR": "CHO",
    "WINDOW": "KỲ",
    "MODE": "CHẾ ĐỘ",
    "TIME ZONE": "MÚI GIỜ",
    "any": "mọi nơi",
    "from: {origin}": "từ: {origin}",
    "default": "mặc định",
    "argument": "tham số",
    "limit {name!r} made in {file}": "đã tạo hạn mức {name!r} trong {file}",
    "limit {name!r} changed in {file}": "đã sửa hạn mức {name!r} trong {file}",
    "limit {name!r} taken out of {file}": "đã bỏ hạn mức {name!r} khỏi {file}",
    "the default limits are now written out in that file, so that they still hold": (
        "các hạn mức mặc định nay được ghi vào tệp đó, để vẫn còn hiệu lực"
    ),
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
    # descriptions in the presets
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
