"""Vietnamese translations for `limits`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # limits per label, limits that are raised
    'Count only calls with this label; repeatable. --scope "" removes all labels of the limit.': (
        'Chỉ tính lượt gọi có nhãn này; nêu được nhiều lần. --scope "" bỏ mọi nhãn của hạn mức.'
    ),
    'Apply the limit to each value of this label separately. --per "" removes this setting.': (
        'Áp dụng hạn mức riêng cho từng giá trị của nhãn này. --per "" bỏ thiết lập này.'
    ),
    "Warn when these parts of the amount are used, such as 0.5,0.8.": (
        "Cảnh báo khi đã dùng tới các phần này của hạn mức, như 0.5,0.8."
    ),
    'Raise the limit to --amount for this time only, such as "1d"; the file is not changed.': (
        'Chỉ nâng hạn mức lên --amount trong thời gian này, như "1d"; không sửa tệp.'
    ),
    "The reason, with --for.": "Lý do, đi cùng --for.",
    "Raise a limit for some time, in every process that uses the ledger; the raise ends by "
    "itself.": (
        "Nâng hạn mức trong một thời gian, cho mọi tiến trình đang dùng sổ; hết thời gian "
        "thì tự trở lại mức cũ."
    ),
    "The new amount, in the limit's unit.": "Mức mới, theo đơn vị của hạn mức.",
    'How long the limit stays raised, such as "1d".': 'Nâng trong bao lâu, như "1d".',
    "Add credit to a prepaid limit, which is a limit with --window none.": (
        "Nạp tín dụng vào một hạn mức trả trước, tức hạn mức có --window none."
    ),
    "When the unused credit expires; default: never.": (
        "Lúc phần chưa dùng hết hạn; không nêu thì không bao giờ."
    ),
    # limits
    "Show or change limits.": "Xem hoặc sửa hạn mức.",
    "List the limits in force.": "Các hạn mức đang có hiệu lực.",
    "Create a limit, or change the given values of one.": (
        "Tạo một hạn mức, hoặc sửa các giá trị được nêu của nó."
    ),
    "Changes the config file in use, else your user config file, and keeps its comments.": (
        "Sửa tệp cấu hình đang dùng, nếu không có thì sửa tệp cấu hình của người dùng; giữ "
        "nguyên chú thích trong tệp."
    ),
    "Count only calls to this provider; default: all.": (
        "Chỉ tính lượt gọi tới nhà cung cấp này; không nêu thì tính tất cả."
    ),
    'Count only calls to this model; "gemini-2.5-*" matches all models that begin with '
    '"gemini-2.5-".': ('Chỉ tính model này; "gemini-2.5-*" là mọi tên bắt đầu bằng "gemini-2.5-".'),
    "Count only calls of this operation; default: all.": "Chỉ tính thao tác này; không nêu thì tính tất cả.",
    "What the limit counts.": "Hạn mức đếm đại lượng nào.",
    'Period: minute, hour, day, week, month, "rolling 24h", or none (prepaid).': (
        'Kỳ: minute, hour, day, week, month, "rolling 24h", hoặc none (trả trước).'
    ),
    "Amount, in the meter's unit: tokens, minutes, US dollars, ...": (
        "Mức, theo đơn vị của đại lượng: token, phút, đô la Mỹ, ..."
    ),
    "What happens to a call that would exceed the limit: hard refuses it, soft warns, shadow "
    "only records it.": (
        "Lượt gọi sẽ vượt hạn mức thì: hard từ chối, soft cảnh báo, shadow chỉ ghi lại."
    ),
    "Time zone that decides when a day ends.": "Múi giờ để làm mới lúc 00:00.",
    "Allow a model that no price list contains, because it is new or your own.": (
        "Cho phép model không có trong bảng giá nào, vì còn mới hoặc của riêng bạn."
    ),
    "Remove a limit from the config file.": "Xóa một hạn mức khỏi tệp cấu hình.",
    # limits per label, limits that are raised
    "each {label}": "mỗi {label}",
    "and {n} more values with less use": ("và {n} giá trị nữa dùng ít hơn"),
    "limit {name!r} is raised to {amount} until {at}, in {left}: {why}": (
        "hạn mức {name!r} được nâng lên {amount} tới {at}, còn {left}: {why}"
    ),
    "never; {left} left": "không bao giờ; còn {left}",
    "limit {name!r}: {amount} added; the balance is {left}": (
        "hạn mức {name!r}: đã nạp {amount}; số dư là {left}"
    ),
    "limit {name!r}: {amount} added, until {at}; the balance is {left}": (
        "hạn mức {name!r}: đã nạp {amount}, hết hạn {at}; số dư là {left}"
    ),
    # limits
    "Quotas at {at} ({zone})": "Hạn mức lúc {at} ({zone})",
    "No limits are set. See: quotakeeper limits set --help": (
        "Chưa đặt hạn mức nào. Xem: quotakeeper limits set --help"
    ),
    "open reservations: {n}": "phần giữ chỗ đang mở: {n}",
    "calls today without a known price: {n} (their cost is not in these figures)": (
        "lượt gọi hôm nay chưa có giá: {n} (chi phí của chúng không nằm trong các số này)"
    ),
    "calls today whose result is unknown, counted with an assumed use: {n}": (
        "lượt gọi hôm nay chưa rõ kết quả, tính theo giả định: {n}"
    ),
    "{at}, in {left}": "{at}, còn {left}",
    "reserved {amount}": "đang giữ {amount}",
    "resets {when}": "làm mới lúc {when}",
    "{amount} an hour": "{amount} mỗi giờ",
    "not exhausted at this rate": "với tốc độ này sẽ không chạm hạn mức",
    "exhausted": "hết",
    "exhausted {at}, in {left}": "hết lúc {at}, còn {left}",
    "q: quit": "q: thoát",
    "the ledger cannot be reached; still trying: {why}": (
        "không truy cập được sổ; vẫn đang thử: {why}"
    ),
    "LIMIT": "HẠN MỨC",
    "USED": "ĐÃ DÙNG",
    "RESERVED": "ĐANG GIỮ",
    "OF": "MỨC TRẦN",
    "RESETS": "LÀM MỚI LÚC",
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
    "limit {name!r} removed from {file}": "đã xóa hạn mức {name!r} khỏi {file}",
    "the default limits were also written to that file, so that they continue to apply": (
        "các hạn mức mặc định cũng được ghi vào tệp đó để vẫn còn hiệu lực"
    ),
    # help
    "List presets of the providers' own limits; with NAME, show the limits of one.": (
        "Các mẫu hạn mức của chính nhà cung cấp; nêu NAME để xem các hạn mức trong mẫu đó."
    ),
    "Every figure has a date and a source, and says how it is known.": (
        "Mỗi con số đều có ngày, có nguồn, và cho biết nhờ đâu mà biết."
    ),
    "Write the limits of the preset to the config file.": "Ghi các hạn mức trong mẫu vào tệp cấu hình.",
    # status, watch, plan
    "The providers' own quotas (shown, not enforced):": (
        "Quota của chính nhà cung cấp (chỉ hiển thị, không áp dụng):"
    ),
    "{n} calls at once": "{n} lượt gọi cùng lúc",
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
    "all figures of one preset: {command}": "xem đủ một mẫu: {command}",
    "quotas of concurrent calls are only shown: quotakeeper cannot limit concurrent calls": (
        "quota về số lượt gọi cùng lúc chỉ để hiển thị: quotakeeper không giới hạn được số lượt gọi "
        "cùng lúc"
    ),
    "the preset was only shown; use --write to save it to {file}": (
        "mới chỉ xem mẫu; thêm --write để lưu vào {file}"
    ),
    "preset {name!r}: {n} limits written to {file}; quotakeeper status shows them": (
        "mẫu {name!r}: đã ghi {n} hạn mức vào {file}; xem bằng quotakeeper status"
    ),
    # descriptions in the presets
    "pay as you go: calls at once for each project": (
        "trả theo mức dùng: số lượt gọi cùng lúc của mỗi dự án"
    ),
    "growth plan: calls at once for each project, where they differ from pay as you go": (
        "gói growth: số lượt gọi cùng lúc của mỗi dự án, ở những chỗ khác với trả theo mức dùng"
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
