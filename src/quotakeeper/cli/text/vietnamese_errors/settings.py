"""Vietnamese translations of errors about settings, prices and names.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "check the path": "hãy kiểm tra đường dẫn",
    "is larger than 4 MB": "lớn hơn 4 MB",
    "is a second price for the same kind of call, with the same start date as {}": (
        "là giá thứ hai cho cùng loại lượt gọi, trùng ngày bắt đầu với {0}"
    ),
    "keep one of the two, or change the start date of one": "hãy giữ một trong hai, hoặc đổi ngày bắt đầu",
    "leave the alias out, or choose another name": "hãy bỏ tên khác này, hoặc chọn tên khác",
    "choose a model that has a [[price]]": ("hãy chọn model có [[price]]"),
    "{} has no price at {}": "{0} không có giá ở {1}",
    "{} is already the name of a model of {}": ("{0} đã là tên một model của {1}"),
    "is nested too deeply": "lồng quá nhiều lớp",
    "is not a date": "không phải ngày",
    "is not a known key": "không phải khóa cấu hình đã biết",
    "is not a list of plain names": "không phải danh sách tên đơn giản",
    "is not a list of tables": "không phải danh sách bảng",
    "write [[{}]]": "hãy viết [[{0}]]",
    "write a smaller number": "hãy viết số nhỏ hơn",
    "write it like as_of = 2026-11-23": "hãy viết như as_of = 2026-11-23",
    'write it like usd = "0.30"': 'hãy viết như usd = "0.30"',
    "write plain tables": "hãy viết bảng đơn giản",
    'write providers = ["mistral"]': 'hãy viết providers = ["mistral"]',
    'they look like "gemini/gemini-2.5-flash@2026-10-14#batch"': (
        'mã giá có dạng "gemini/gemini-2.5-flash@2026-10-14#batch"'
    ),
    "{} is not a price id": "{0} không phải mã giá",
    "is not a list of presets": "không phải danh sách mẫu",
    "there is no preset {}": "không có mẫu {0}",
    "write each as [[preset]]": "hãy viết mỗi mẫu thành [[preset]]",
    "write it as TOML": "hãy viết dạng TOML",
    "give zero or more": "hãy nêu số từ 0 trở lên",
    "load the price files that contain it": ("hãy nạp các tệp giá có mã này"),
    "{} is not in this price list ({})": ("{0} không có trong bảng giá này ({1})"),
    "{} is negative": "{0} là số âm",
    "is not a table": "không phải là bảng",
    "write it as [[price]] with its fields": "hãy viết thành [[price]] với các trường của nó",
    "install the time zone database: pip install tzdata": (
        "hãy cài cơ sở dữ liệu múi giờ: pip install tzdata"
    ),
    "unknown time zone {}": "không có múi giờ {0}",
    "{} (for TZ, or for QUOTAKEEPER_TIMEZONE)": "{0!t} (cho TZ, hoặc cho QUOTAKEEPER_TIMEZONE)",
    "cannot read {}": "không đọc được {0}",
    "is not a JSON object whose values are strings": (
        "không phải đối tượng JSON có giá trị là chuỗi"
    ),
    "write gemini=https://host": "hãy viết gemini=https://host",
    'write {"team": "subtitles"}': 'hãy viết {"team": "subtitles"}',
    "code {} is not the code of a currency (USD is not allowed here)": (
        "code {0} không phải mã tiền tệ (không dùng USD ở đây)"
    ),
    "date {} is not a date": "date {0} không phải là ngày",
    "write it like 26_300": "hãy viết như 26_300",
    "per_usd {} is not a valid rate": "per_usd {0} không phải tỷ giá hợp lệ",
    'write three capital letters, like "VND"': 'hãy viết ba chữ in hoa, như "VND"',
    "write it like 2026-11-28": "hãy viết như 2026-11-28",
    'write it like code = "VND", per_usd = 26_300, date = 2026-11-28, source = "my bank"': (
        'hãy viết như code = "VND", per_usd = 26_300, date = 2026-11-28, source = "my bank"'
    ),
    "{} is missing": "thiếu {0}",
    "{} is not a known key": "{0} không phải khóa cấu hình đã biết",
    "is not a list of names": "không phải danh sách tên",
    "use small letters and digits; after the first character, . _ - are also allowed": (
        "hãy dùng chữ thường và số; từ ký tự thứ hai có thể dùng thêm . _ -"
    ),
    'write it like ["mistral"]': 'hãy viết như ["mistral"]',
    "{} is not a plain name": "{0} không phải tên đơn giản",
    "is not a provider whose key quotakeeper can use": (
        "không phải nhà cung cấp mà quotakeeper biết cách dùng khóa"
    ),
    "is not the name of an environment variable (A-Z, 0-9 and _)": (
        "không phải tên biến môi trường (A-Z, 0-9 và _)"
    ),
    "write it as [keys]": "hãy viết thành [keys]",
    'write its name, like {} = "{}"; the key stays in the environment': (
        'hãy viết tên biến, như {0} = "{1}"; khóa vẫn nằm trong môi trường'
    ),
    'write it like group = "team"': 'hãy viết như group = "team"',
    "{} is not the name of a Unix group": "{0} không phải tên nhóm Unix",
    "write 0.8 for 80 %": "hãy viết 0.8 cho 80 %",
    "did you mean {}? ({})": "có phải ý bạn là {0}? ({1!t})",
    'give a name like "Asia/Ho_Chi_Minh"': 'hãy nêu tên như "Asia/Ho_Chi_Minh"',
    "give each limit a different name": "hãy đặt cho mỗi hạn mức một tên khác nhau",
    "is not a list of numbers": "không phải danh sách số",
    "is not true or false": "không phải true hay false",
    "remove it from per or from scope": "hãy bỏ nó khỏi per hoặc scope",
    "write it as [[limit]]": "hãy viết thành [[limit]]",
    'write it as { project = "phim-01" }': 'hãy viết thành { project = "phim-01" }',
    "write it like [0.8, 0.95, 1.0]": "hãy viết như [0.8, 0.95, 1.0]",
    "write true or false": "hãy viết true hoặc false",
    "{} already has a fixed value in scope (in the limit {})": (
        "{0} đã có giá trị cố định trong scope (ở hạn mức {1})"
    ),
    "{} is already the name of limit[{}]": "{0} đã là tên của limit[{1}]",
    "{} is not a valid value": "{0} không phải giá trị hợp lệ",
    "{} is not between 0 and 1": "{0} không nằm giữa 0 và 1",
    "{} is not text": "{0} không phải văn bản",
    "create it, or remove it from the list": "hãy tạo tệp đó, hoặc bỏ nó khỏi danh sách",
    'give a path, or "memory:"': 'hãy nêu đường dẫn, hoặc "memory:"',
    "give a path, or leave it out": "hãy nêu đường dẫn, hoặc bỏ đi",
    "has a NUL character in it": "có chứa ký tự NUL",
    "is not a list of files": "không phải danh sách tệp",
    'write it like ["prices.toml"]': 'hãy viết như ["prices.toml"]',
    "{} is not a path": "{0} không phải đường dẫn",
    "cannot be found": "không tìm thấy",
    "set HOME": "hãy đặt HOME",
    "give {} to {}": "hãy nêu từ {0} đến {1}",
    "use off, auto, or a number of calls from {} to {}": (
        "hãy dùng off, auto, hoặc số lượt gọi từ {0} đến {1}"
    ),
    "{} is not a valid lease setting": "{0} không phải giá trị hợp lệ cho lease",
    "{} is not a whole number": "{0} không phải số nguyên",
    'TOML is written like: name = "text"': 'TOML viết như: name = "text"',
    "check its permissions": "hãy kiểm tra quyền của tệp",
    "create it, or use another file": "hãy tạo tệp đó, hoặc nêu tệp khác",
    "is a folder": "là một thư mục",
    "is written in UTF-16": "được viết bằng UTF-16",
    "use a config file of quotakeeper": "hãy nêu tệp cấu hình của quotakeeper",
    "unknown provider {}": "không có nhà cung cấp {0}",
    '{} (for a provider that quotakeeper does not know, set providers = ["{}"] in the config)': (
        '{0!t} (với nhà cung cấp mà quotakeeper chưa biết, hãy đặt providers = ["{1}"] trong '
        "tệp cấu hình)"
    ),
    "{} matches no known model{}": "{0} không khớp model nào đã biết{1!t}",
    "give a path, or memory:": "hãy nêu đường dẫn, hoặc memory:",
    "there is no store for {}": "không có loại sổ cho {0}",
    "unknown durability {}": "không có durability {0}",
    " of {}": " của {0}",
    "{} hours ahead of UTC is {}": "nhanh hơn UTC {0} giờ là {1}",
    "{} hours behind it is {}": "chậm hơn UTC {0} giờ là {1}",
    "an offset is not a time zone, and it can be read in two ways: {} hours ahead of UTC is {}, "
    "{} hours behind it is {}": (
        "độ lệch giờ không phải múi giờ và hiểu được hai cách: nhanh hơn UTC {0} giờ là {1}, chậm "
        "hơn UTC {2} giờ là {3}"
    ),
    "an offset is not a time zone, and it can be read in two ways: {} hours ahead of UTC is {}": (
        "độ lệch giờ không phải múi giờ: nhanh hơn UTC {0} giờ là {1}"
    ),
    'give an IANA name like "Asia/Ho_Chi_Minh"; if that name is right, install a newer time zone '
    "database: pip install tzdata": (
        'hãy nêu tên IANA như "Asia/Ho_Chi_Minh"; nếu tên đó đúng, hãy cài cơ sở dữ liệu múi giờ '
        "mới hơn: pip install tzdata"
    ),
    "did you mean {}? (for a new or private model, set unlisted = true in the limit)": (
        "có phải ý bạn là {0}? (với model mới hoặc của riêng bạn, hãy đặt unlisted = true trong "
        "hạn mức)"
    ),
    "{...} (for a new or private model, set unlisted = true in the limit)": (
        "{0!t} (với model mới hoặc của riêng bạn, hãy đặt unlisted = true trong hạn mức)"
    ),
    "(for a new or private model, set unlisted = true in the limit)": (
        "(với model mới hoặc của riêng bạn, hãy đặt unlisted = true trong hạn mức)"
    ),
    "known: {}": "đã biết: {0}",
    "{} needs the extra '{}'": "{0!t} cần gói tùy chọn '{1}'",
    "needs the extra '{}'": "cần gói tùy chọn '{0}'",
    'install it in the clone of quotakeeper: pip install ".[{}]"': (
        'hãy cài trong bản sao kho mã của quotakeeper: pip install ".[{0}]"'
    ),
    'give it one, like name = "gemini daily tokens"': (
        'hãy đặt tên, như name = "gemini daily tokens"'
    ),
    'say what is counted, like meter = "tokens"': 'hãy nêu đại lượng, như meter = "tokens"',
    'set the period, like window = "day"': 'hãy nêu kỳ, như window = "day"',
    "say how much, like amount = 15_000_000": "hãy nêu mức, như amount = 15_000_000",
    "the end of the file": "cuối tệp",
    "{} is too long or not printable": "{0} quá dài hoặc không in được",
}
