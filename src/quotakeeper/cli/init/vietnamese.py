"""Vietnamese translations for `init`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Write the config file: time zone, daily budget, and the variables of your API keys.": (
        "Tạo tệp cấu hình: múi giờ, ngân sách mỗi ngày, và biến môi trường chứa khóa API."
    ),
    "Time zone that decides when a day ends; default: the time zone of this machine.": (
        "Múi giờ để làm mới lúc 00:00; không nêu thì theo máy này."
    ),
    "Daily budget in US dollars; 0: no budget.": (
        "Ngân sách mỗi ngày bằng đô la Mỹ; 0: không đặt."
    ),
    "Environment variable that holds a provider's API key; repeatable.": (
        "Biến môi trường chứa khóa API của một nhà cung cấp; nêu được nhiều lần."
    ),
    "Write quotakeeper.toml in this folder.": "Ghi quotakeeper.toml vào thư mục này.",
    "Ask no questions; for values that are not given, use the defaults.": (
        "Không hỏi; giá trị nào không nêu thì giữ mặc định."
    ),
    "Replace an existing file; the old one is kept as .bak.": (
        "Ghi đè tệp; tệp cũ được giữ lại với đuôi .bak."
    ),
    # comments in the config file
    "# Settings of quotakeeper. Each value and its origin: quotakeeper config show --origin": (
        "# Cấu hình của quotakeeper. Xem từng giá trị và nguồn: quotakeeper config show --origin"
    ),
    "# Daily limits reset at midnight in this time zone.": (
        "# Hạn mức theo ngày được làm mới lúc 00:00 theo múi giờ này."
    ),
    "# The built-in limits of Gemini and Deepgram apply in addition to your own.": (
        "# Các hạn mức có sẵn của Gemini và Deepgram áp dụng cùng với hạn mức của bạn."
    ),
    "# The variables that hold the API keys. The keys stay in the environment.": (
        "# Các biến môi trường chứa khóa API. Khóa vẫn chỉ nằm trong biến môi trường."
    ),
    "# US dollars a day, for all providers together. A call that would exceed it is refused.": (
        "# Số US$ mỗi ngày cho mọi nhà cung cấp. Lượt gọi vượt mức này bị từ chối."
    ),
    # questions
    "Time zone that decides when a day ends": "Múi giờ để tính hết ngày",
    "Daily budget in US dollars (0: no budget)": "Ngân sách mỗi ngày bằng US$, 0 là không đặt",
    "Variable with the API key of {provider}": "Biến chứa khóa API của {provider}",
    # messages
    "written: {file}": "đã ghi: {file}",
    "  the old file is now {file}": "  tệp cũ nay là {file}",
    "  time zone: {zone}": "  múi giờ: {zone}",
    "  budget: none; the built-in limits of Gemini and Deepgram apply": (
        "  ngân sách: không đặt; vẫn áp dụng hạn mức có sẵn của Gemini và Deepgram"
    ),
    "  budget: {amount} a day, in addition to the built-in limits": (
        "  ngân sách: {amount} mỗi ngày, cùng với các hạn mức có sẵn"
    ),
    "  key of {provider}: {name} is set": "  khóa của {provider}: đã có {name}",
    "  key of {provider}: {name} is not set yet": "  khóa của {provider}: chưa đặt {name}",
    "next:": "tiếp theo:",
    "checks the set-up and tests the keys": "kiểm tra thiết lập và thử khóa",
    "counts a program's calls": "đếm lượt gọi của một chương trình",
    "shows today's use": "xem mức dùng hôm nay",
}
