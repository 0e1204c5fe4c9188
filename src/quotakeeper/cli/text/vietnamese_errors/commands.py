"""Vietnamese translations of errors about arguments and files, and of the findings of `doctor`.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "power: an acknowledged write survives a power cut; each write waits for the disk": (
        "power: lần ghi đã xác nhận vẫn còn sau khi mất điện; mỗi lần ghi chờ đĩa"
    ),
    "process: an acknowledged write survives kill -9; a power cut may lose the last writes": (
        "process: lần ghi đã xác nhận vẫn còn sau kill -9; mất điện có thể mất vài lần ghi cuối"
    ),
    "calls of the last 24 hours whose result is unknown: {}": (
        "lượt gọi trong 24 giờ qua không rõ kết quả: {0}"
    ),
    "free some space": "hãy dọn bớt chỗ trên đĩa",
    "let no other program write to the ledger file": "đừng để chương trình khác ghi vào tệp sổ",
    "not behind the ledger; quotakeeper detects when the clock jumps ahead ({})": (
        "không chậm hơn sổ; quotakeeper phát hiện được khi đồng hồ nhảy tới trước ({0!t})"
    ),
    "not behind the ledger; this system cannot detect when the clock jumps ahead": (
        "không chậm hơn sổ; hệ thống này không phát hiện được khi đồng hồ nhảy tới trước"
    ),
    "not installed": "chưa cài",
    'in the clone: pip install ".[{}]"': 'trong bản sao của kho mã: pip install ".[{0}]"',
    "put the ledger on a local disk of this machine": "hãy đặt sổ trên đĩa của máy này",
    "correct the clock if it is wrong; if it is right: quotakeeper doctor --repair-clock": (
        "nếu đồng hồ sai thì chỉnh lại; nếu đúng: quotakeeper doctor --repair-clock"
    ),
    "shared with group {} (mode {})": "dùng chung với nhóm {0} (quyền {1})",
    "the clock is {} behind the newest event in the ledger, so no new period begins": (
        "đồng hồ chậm {0} so với lượt gọi mới nhất trong sổ, nên chưa có kỳ mới nào bắt đầu"
    ),
    "{} bytes free in {}": "còn trống {0!v} byte trong {1}",
    "{} can be read or written by other users (mode {})": (
        "người dùng khác đọc hoặc ghi được {0} (quyền {1})"
    ),
    "{} is on {}: locks and the write-ahead log are not safe over a network": (
        "{0} nằm trên {1}: khóa tệp và nhật ký ghi trước không an toàn qua mạng"
    ),
    "{} open; of these, {} belong to calls that were already sent": (
        "{0} giữ chỗ chưa đóng, trong đó {1} thuộc lượt gọi đã gửi"
    ),
    "{}, {} bytes": "{0}, {1!v} byte",
    "{}: does not exist yet; the first call creates it": (
        "{0}: chưa có; lượt gọi đầu tiên sẽ tạo ra"
    ),
    "{}: in memory; it is lost when the program ends": "{0}: trong bộ nhớ; mất khi chương trình kết thúc",
    "{}: versions before 3.51.3 can damage a file if one connection writes while another does a "
    "checkpoint; quotakeeper prevents this with its own lock": (
        "{0}: các bản trước 3.51.3 có thể làm hỏng tệp nếu một kết nối ghi trong khi kết nối "
        "khác làm checkpoint; quotakeeper ngăn điều này bằng khóa riêng"
    ),
    "the ledger does not yet contain all calls of programs that have ended ({})": (
        "sổ chưa ghi hết lượt gọi của các chương trình đã kết thúc ({0})"
    ),
    "limit {} in {} uses this label": "hạn mức {0} trong {1} có dùng giá trị này",
    "remove that limit first: quotakeeper limits remove {}": (
        "hãy xóa hạn mức đó trước: quotakeeper limits remove {0}"
    ),
    "run quotakeeper status, then try again; see: quotakeeper doctor --paths": (
        "hãy chạy quotakeeper status rồi thử lại; xem: quotakeeper doctor --paths"
    ),
    "write it like --label user=an": "hãy viết như --label user=an",
    "{} is not NAME=VALUE": "{0} không có dạng TÊN=GIÁ_TRỊ",
    "make it first": "hãy tạo thư mục đó trước",
    "choose a file in a folder that belongs to you": ("hãy chọn tệp trong một thư mục của bạn"),
    "choose a folder that you can write to": ("hãy chọn thư mục mà bạn ghi được"),
    "give an existing ledger with --ledger PATH": ("hãy nêu sổ đã có bằng --ledger ĐƯỜNG_DẪN"),
    "name another file": "hãy nêu tệp khác",
    "choose another file, or replace this one with --force": (
        "hãy chọn tệp khác, hoặc ghi đè tệp này bằng --force"
    ),
    "there is no folder {}": "không có thư mục {0}",
    "there is no ledger {}": "không có sổ {0}",
    "{} already exists": "{0} đã có rồi",
    "{} cannot be written: {}": "không ghi được {0}: {1}",
    "{} is the ledger itself": "{0} chính là tệp sổ",
    "did you mean {}?": "có phải ý bạn là {0}?",
    "ledgers in that folder: {}": "các sổ trong thư mục đó: {0}",
    "give the path of an existing ledger; the first call of a program creates one": (
        "hãy nêu đường dẫn của sổ đã có; lượt gọi đầu tiên của một chương trình sẽ tạo sổ"
    ),
    "there is no file {}": "không có tệp {0}",
    "changing the config file": "sửa tệp cấu hình",
    "choose another file with --config": ("hãy chọn tệp khác bằng --config"),
    "there are no limits": "chưa có hạn mức nào",
    "there are: {}": "đang có: {0}",
    "there is no limit {}": "không có hạn mức {0}",
    "to see all models with a price: quotakeeper prices list": (
        "xem các model có giá: quotakeeper prices list"
    ),
    "{} is not a known operation": "không có thao tác {0}",
    "choose a file that you can read": ("hãy chọn tệp mà bạn đọc được"),
    "give a folder that contains the files": "hãy nêu một thư mục chứa tệp",
    "{} cannot be read: {}": "không đọc được {0}: {1}",
    "{} is not a folder": "{0} không phải là thư mục",
    "name another folder": "hãy nêu thư mục khác",
    "{} has no price for these files": ("{0} không có giá cho các tệp này"),
    "{} has no text or audio files": "{0} không có tệp văn bản hay âm thanh nào",
    "{} has no audio or video files": "{0} không có tệp âm thanh hay video nào",
    "no price is known for {}": "không biết giá của {0}",
    "no prices of {}": "không có giá nào của {0}",
    "give --since {} or later": "hãy nêu --since từ {0} trở đi",
    "the individual calls before {} were deleted when the ledger was compacted": (
        "từng lượt gọi trước {0} đã bị xóa khi thu gọn sổ"
    ),
    "write {}": "hãy viết {0}",
    "several providers have a model {}": "nhiều nhà cung cấp có model {0}",
    "give the name of a file in that folder": "hãy nêu một tệp trong thư mục đó",
    "{} is a folder": "{0} là một thư mục",
    "one of: {}": "một trong: {0}",
    "unknown format {}": "không có định dạng {0}",
    "cannot be read: {}": "không đọc được: {0}",
    "download the export again": "hãy tải lại tệp xuất",
    "is a web page, not an export (perhaps a login page)": (
        "là một trang web, không phải tệp xuất (có thể là trang đăng nhập)"
    ),
    "is empty": "là tệp rỗng",
    "is not UTF-8 text": "không phải văn bản UTF-8",
    "is not text": "không phải văn bản",
    "give the path of an existing file": "hãy nêu tệp đã có",
    "save it as UTF-8": "hãy lưu dạng UTF-8",
    "change it with quotakeeper limits set, or replace it with --force": (
        "hãy sửa bằng quotakeeper limits set, hoặc ghi đè bằng --force"
    ),
    "give the name of the variable, not the key: {}": "hãy nêu tên biến, không phải khóa: {0}",
    "the text after = is not the name of an environment variable (A-Z, 0-9 and _)": (
        "phần sau dấu = không phải tên biến môi trường (A-Z, 0-9 và _)"
    ),
    "{} is not a provider whose key quotakeeper can use": (
        "quotakeeper không biết cách dùng khóa của nhà cung cấp {0}"
    ),
    "the command {}": "lệnh {0}",
    "call a method of its keeper in that process, such as Keeper.pause": (
        "hãy gọi phương thức của keeper trong chính tiến trình đó, như Keeper.pause"
    ),
    "does not exist": "không tồn tại",
    "is in the memory of one process": "nằm trong bộ nhớ của một tiến trình",
    "give the ledger that your programs use: --ledger PATH": (
        "hãy nêu sổ mà các chương trình của bạn dùng: --ledger ĐƯỜNG_DẪN"
    ),
    "copy the key again": "hãy chép lại khóa",
    "the value is not a key": "giá trị này không phải là khóa",
    "first accept the clock, if it is right; then repair the ledger, if its time is ahead of the "
    "clock": ("nếu đồng hồ đúng thì xác nhận nó trước; sau đó, nếu sổ đi trước đồng hồ thì sửa sổ"),
    "cannot be used with --repair-clock": "không dùng cùng --repair-clock được",
    "cannot be used with {}": "không dùng cùng {0} được",
    "give --repair-clock with it": "hãy thêm --repair-clock",
    "give one at a time": "hãy nêu từng cái một",
    "has no effect without --repair-clock": "không có tác dụng nếu thiếu --repair-clock",
    "give a FILE, -, or --text": "hãy nêu TỆP, - hoặc --text",
    "needs one text": "cần đúng một văn bản",
    "add --excel": "hãy thêm --excel",
    "is for --excel only": "chỉ dùng cùng --excel",
    "is for CSV only": "chỉ dùng cho CSV",
    "cannot be used with --format {}": "không dùng cùng --format {0} được",
    "is missing": "còn thiếu",
    "leave it out, or use --format csv": "hãy bỏ nó, hoặc dùng --format csv",
    "leave one of them out: --excel writes CSV": "hãy bỏ một trong hai: --excel ghi CSV",
    "give the file name, such as --out usage.xlsx": "hãy nêu tên tệp, như --out usage.xlsx",
    "a sheet holds at most {} events": "một trang tính chứa nhiều nhất {0} lượt gọi",
    "export --format xlsx": "export --format xlsx",
    "give --since and --until": "hãy nêu --since và --until",
    "cannot be used with --config": "không dùng cùng --config được",
    "give one of them": "hãy nêu một trong hai",
    "the value is not PROVIDER=VARIABLE": "giá trị không có dạng NHÀ_CUNG_CẤP=BIẾN",
    "write it like --key gemini=GEMINI_API_KEY": "hãy viết như --key gemini=GEMINI_API_KEY",
    "give --amount, --window, --mode ...": "hãy nêu --amount, --window, --mode ...",
    "give these options too": "hãy nêu cả những tùy chọn đó",
    "no change is given": "chưa nêu thay đổi nào",
    "{} would be a new limit and needs {}": "{0} sẽ là hạn mức mới nên cần {1}",
    "give it once": "hãy nêu một lần",
    'write "0.5,0.8"': 'hãy viết "0.5,0.8"',
    'write it like "project=phim-01"': 'hãy viết như "project=phim-01"',
    "{} is given twice": "{0} được nêu hai lần",
    "{} is not LABEL=VALUE": "{0} không có dạng NHÃN=GIÁ_TRỊ",
    "give the name of the preset to save": ("hãy nêu tên mẫu cần lưu"),
    "give the reason in a few words": "hãy nêu lý do bằng vài từ",
    "can only be used with --amount": "chỉ dùng với riêng --amount",
    "with --for, give only --amount and --why; to change other values, leave out --for": (
        "khi có --for, chỉ nêu --amount và --why; các giá trị khác hãy sửa mà không có --for"
    ),
    'give it in a few words, such as --why "a runaway loop"': (
        'hãy nêu bằng vài từ, như --why "a runaway loop"'
    ),
    "write it like team=phim": "hãy viết như team=phim",
    "write it like https://HOST": "hãy viết như https://HOST",
    "use https://, or an address on this machine": (
        "hãy dùng https://, hoặc một địa chỉ trên máy này"
    ),
    "would send the key unencrypted": "sẽ gửi khóa mà không mã hóa",
    "{} is not a valid address": "{0} không phải địa chỉ hợp lệ",
    "copy it again": "hãy chép lại",
    "is not a key": "không phải là khóa",
    "is not set": "chưa được đặt",
    "choose one with --project, or set {}": ("hãy chọn một dự án bằng --project, hoặc đặt {0}"),
    "set it to a key that has the right to read usage, or use --file": (
        "hãy đặt bằng khóa được đọc mức dùng, hoặc dùng --file"
    ),
    "the answer is not JSON ({})": ("câu trả lời không phải JSON ({0})"),
    "the key has {} projects ({})": "khóa này có {0} dự án ({1})",
    "give only one of them": "chỉ nêu một trong hai",
    "is for deepgram only": "chỉ dùng cho deepgram",
    "cannot be used with --base-url or --project": "không dùng cùng --base-url hay --project được",
    "is required: Google has no API for Gemini's bill": (
        "phải có: Google không có API cho hóa đơn Gemini"
    ),
    "leave it out": "hãy bỏ đi",
    "save the cost table of the Cloud Billing console as CSV, and give that file with --file": (
        "hãy lưu bảng chi phí trên trang Cloud Billing dạng CSV rồi nêu tệp đó bằng --file"
    ),
    "cannot be used with --json": "không dùng cùng --json được",
    "'run' is the label of the run itself": "'run' là nhãn của chính lần chạy",
    "cannot be run": "không chạy được",
    "check its name and its permissions": "hãy kiểm tra tên và quyền của nó",
    "was not found": "không tìm thấy",
    "leave some out": "hãy bỏ bớt",
    "quotakeeper run -- python program.py": "quotakeeper run -- python program.py",
    "there are more than {}": "có hơn {0} nhãn",
    "use another name": "hãy dùng tên khác",
    "write --tag team=subtitles": "hãy viết --tag team=subtitles",
    "write a short text": "hãy viết ngắn gọn",
    "{} cannot be written": "không ghi được {0}",
    "{} is not a valid label": "{0} không phải nhãn hợp lệ",
    "port {} cannot be used: {}": "không dùng được cổng {0}: {1}",
    "use another port, or 0": "hãy dùng cổng khác, hoặc 0",
    "give {} to {} columns": "hãy nêu từ {0} đến {1} cột",
    "{} columns are out of range": "{0} cột nằm ngoài khoảng cho phép",
    "give a later time": "hãy nêu thời điểm muộn hơn",
    "cannot be used with --since": "không dùng cùng --since được",
    "is not after --since": "không sau --since",
    'write "2026-11-23", "2026-11-23T08:30", "today", "yesterday", or "7d" for 7 days ago': (
        'hãy viết "2026-11-23", "2026-11-23T08:30", "today", "yesterday", hoặc "7d" cho 7 ngày '
        "trước"
    ),
    'write "24h" or "7d"': 'hãy viết "24h" hoặc "7d"',
    "{} is not a date or time": "{0} không phải ngày hay thời điểm",
    "{} is not a time span": "{0} không phải khoảng thời gian",
    "give 0.2 to 86400 seconds": "hãy nêu từ 0.2 đến 86400 giây",
    "the live screen": "màn hình trực tiếp",
    "{} is out of range": "{0} nằm ngoài khoảng cho phép",
}
