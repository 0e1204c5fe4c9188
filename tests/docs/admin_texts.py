"""The texts of the page on the admin API, in both languages."""

from __future__ import annotations

WORDS = {
    "en": {
        "operations": "Operations", "operation": "operation", "does": "what it does", "token": "token",
        "parameter": "parameter", "value": "value", "meaning": "meaning", "body": "Body",
        "headers": "Headers", "answer": "Answer", "errors": "Errors", "objects": "Objects",
        "field": "field", "needed": " Always present.", "or": "or", "list": "list of {item}, at most {most}",
        "integer": "whole number, {least} to {most}", "instant": "instant (RFC 3339)", "string": "text",
        "sized": "text, {least} to {most} characters", "boolean": "true or false", "object": "object",
        "null": "null",
    },
    "vi": {
        "operations": "Thao tác", "operation": "thao tác", "does": "làm gì", "token": "mã",
        "parameter": "tham số", "value": "giá trị", "meaning": "nghĩa", "body": "Nội dung",
        "headers": "Header", "answer": "Trả lời", "errors": "Lỗi", "objects": "Đối tượng",
        "field": "trường", "needed": " Luôn có.", "or": "hoặc", "list": "danh sách {item}, nhiều nhất {most}",
        "integer": "số nguyên, {least} đến {most}", "instant": "thời điểm (RFC 3339)", "string": "chữ",
        "sized": "chữ, {least} đến {most} ký tự", "boolean": "true hoặc false", "object": "đối tượng",
        "null": "null",
    },
}  # fmt: skip
VIETNAMESE = {
    "This description.": "Chính bản mô tả này.",
    "List keys.": "Liệt kê khóa.",
    "Only keys in this state.": "Chỉ các khóa ở trạng thái này.",
    "Only the key with this name.": "Chỉ khóa có tên này.",
    "The cursor of the page before.": "Con trỏ của trang trước.",
    "The most entries of a page; default: 100.": "Số mục nhiều nhất của một trang; mặc định: 100.",
    "Create a key.": "Tạo khóa.",
    "Read one key.": "Đọc một khóa.",
    "Change fields of a key.": "Sửa các trường của khóa.",
    "Give a key a new secret.": "Cấp mã bí mật mới cho khóa.",
    "Refuse a key for ever.": "Thu hồi khóa vĩnh viễn.",
    "Refuse a key until it is enabled.": "Tắt khóa cho tới khi được bật lại.",
    "Accept a disabled key again.": "Bật lại một khóa đang tắt.",
    "Add a limit to a key.": "Thêm hạn mức cho khóa.",
    "Replace a limit of a key.": "Thay một hạn mức của khóa.",
    "Remove a limit from a key.": "Bỏ một hạn mức của khóa.",
    "List all limits with their use. Those of the config file are read-only here.": (
        "Liệt kê mọi hạn mức cùng mức dùng. Hạn mức của tệp cấu hình ở đây chỉ đọc được."
    ),
    "The state and forecast of every limit that the gateway has in force.": (
        "Trạng thái và dự báo của mọi hạn mức đang có hiệu lực ở gateway."
    ),
    "Usage, added up.": "Mức dùng, cộng gộp.",
    'Dimensions, such as "provider,model,scope.key".': 'Các chiều, như "provider,model,scope.key".',
    "From this instant on.": "Từ thời điểm này.",
    "Before this instant.": "Trước thời điểm này.",
    "The ledger's entries about calls, by cursor.": "Các bản ghi của sổ về lượt gọi, theo con trỏ.",
    "The cursor: entries after this number.": "Con trỏ: các mục sau số này.",
    "Who changed which key, and how.": "Ai đã sửa khóa nào, sửa thế nào.",
    "Only this key.": "Chỉ khóa này.",
    "The state of the config file.": "Tình trạng của tệp cấu hình.",
    "A page of keys, the oldest first.": "Một trang khóa, cũ nhất trước.",
    "The version of this form of answer.": "Phiên bản của dạng trả lời này.",
    "When the keys were read.": "Lúc đọc các khóa.",
    "The keys.": "Các khóa.",
    "The cursor for the next page: give it as `after`.": (
        "Con trỏ cho trang sau: đưa vào tham số `after`."
    ),
    "A virtual key. Its secrets are never shown again.": (
        "Một khóa ảo. Mã bí mật của khóa không bao giờ hiện lại."
    ),
    "The key's identifier. It never changes.": "Mã định danh của khóa, không bao giờ đổi.",
    "The key's name, and the label `key` of its calls.": (
        "Tên khóa, cũng là nhãn `key` của các lượt gọi bằng khóa."
    ),
    "The last four characters of the newest secret.": "Bốn ký tự cuối của mã bí mật mới nhất.",
    "Whether the key may be used.": "Khóa có dùng được không.",
    "The state, or expired.": "Trạng thái, hoặc expired.",
    'The label "project" of each call; "" for none.': (
        'Nhãn "project" của mọi lượt gọi; "" nghĩa là không có.'
    ),
    "Further labels of each call.": "Các nhãn khác của mọi lượt gọi.",
    "When the key expires; null for never.": "Lúc khóa hết hạn; null nghĩa là không bao giờ.",
    'The allowed providers. ["*"] allows all, [] denies all.': (
        'Các nhà cung cấp được phép. ["*"] cho phép tất cả, [] từ chối tất cả.'
    ),
    'The allowed models, or prefixes like "gemini-2.5-*".': (
        'Các model được phép, hoặc phần đầu tên như "gemini-2.5-*".'
    ),
    "The IP addresses and networks that may use the key.": "Các địa chỉ IP và mạng được dùng khóa.",
    "The most calls at once; null for any number.": (
        "Số lượt gọi cùng lúc nhiều nhất; null nghĩa là bao nhiêu cũng được."
    ),
    "What happens to a call whose client has gone.": "Xử lý thế nào khi máy khách đã ngắt.",
    "What a hard limit does; null as in the config.": (
        "Hạn mức cứng xử lý thế nào; null nghĩa là theo tệp cấu hình."
    ),
    "The limits that belong to the key.": "Các hạn mức thuộc về khóa.",
    "When the key was created.": "Lúc tạo khóa.",
    "Grows by one with each change. The ETag contains it.": (
        "Tăng một sau mỗi thay đổi. ETag chứa số này."
    ),
    "All secrets, the oldest first.": "Mọi mã bí mật, cũ nhất trước.",
    "A limit that belongs to a key.": "Một hạn mức thuộc về một khóa.",
    "The limit's name, unique within the key.": "Tên hạn mức, không trùng trong cùng một khóa.",
    "What is counted.": "Đại lượng được đếm.",
    'The period: "day", "month", "none", "rolling 24h".': (
        'Chu kỳ: "day", "month", "none", "rolling 24h".'
    ),
    "The most in each period, as decimal text.": "Lượng nhiều nhất trong mỗi chu kỳ, dạng chữ thập phân.",
    "Only calls to this provider.": "Chỉ lượt gọi tới nhà cung cấp này.",
    'Only this model, or a prefix that ends in "*".': (
        'Chỉ model này, hoặc phần đầu tên kết thúc bằng "*".'
    ),
    "Only this operation.": "Chỉ thao tác này.",
    "What happens to a call over the limit.": "Xử lý thế nào với lượt gọi vượt hạn mức.",
    "The unit of the amount.": "Đơn vị của lượng.",
    "A secret of a key, without its text.": "Một mã bí mật của khóa, không kèm nội dung mã.",
    "The last four characters of the secret.": "Bốn ký tự cuối của mã bí mật.",
    "When the secret was made.": "Lúc tạo mã bí mật.",
    "From when it is refused; null if it was not replaced.": (
        "Từ lúc nào mã bị từ chối; null nghĩa là mã chưa bị thay."
    ),
    "Whether the secret is accepted now.": "Mã có được chấp nhận lúc này không.",
    "A key to create.": "Một khóa cần tạo.",
    "The key's name. A name is never used again.": "Tên khóa. Một tên không bao giờ được dùng lại.",
    "The reason. It is stored in the audit.": "Lý do, được ghi vào nhật ký quản trị.",
    "A limit for the calls of one key.": "Một hạn mức cho các lượt gọi của một khóa.",
    "The most in each period, in the unit of the meter.": (
        "Lượng nhiều nhất trong mỗi chu kỳ, theo đơn vị của đại lượng."
    ),
    "A key with its new secret, which is shown only here.": (
        "Một khóa cùng mã bí mật mới, mã chỉ hiện ở đây."
    ),
    "The secret. Store it now.": "Mã bí mật. Hãy cất ngay.",
    "The key.": "Khóa.",
    "One key.": "Một khóa.",
    "The fields of a key to change. Fields that are left out stay.": (
        "Các trường của khóa cần sửa. Trường không nêu thì giữ nguyên."
    ),
    "How a key gets a new secret.": "Cách cấp mã bí mật mới cho khóa.",
    "How long older secrets work; default: 86400.": "Các mã cũ còn dùng được bao lâu; mặc định: 86400.",
    "An act on a key.": "Một việc làm với khóa.",
    "The values of a limit that replace the old ones.": "Các giá trị mới thay cho giá trị cũ của hạn mức.",
    "All limits.": "Mọi hạn mức.",
    "When the limits were read.": "Lúc đọc các hạn mức.",
    "The limits: those of the config, then those of keys.": (
        "Các hạn mức: của tệp cấu hình trước, của các khóa sau."
    ),
    "A limit in force, with its use.": "Một hạn mức đang có hiệu lực, cùng mức dùng.",
    "The limit's name.": "Tên hạn mức.",
    "Where the limit is defined.": "Hạn mức được định nghĩa ở đâu.",
    "Whether only the config file can change it.": "Có phải chỉ tệp cấu hình mới sửa được không.",
    "The id of the key that owns the limit.": "Mã định danh của khóa có hạn mức này.",
    "The limit as it was defined.": "Hạn mức như đã định nghĩa.",
    "The use; null for a rule.": "Mức dùng; null với quy tắc theo nhãn.",
    "A page of the ledger's entries about calls, the oldest first.": (
        "Một trang bản ghi của sổ về lượt gọi, cũ nhất trước."
    ),
    "The entries.": "Các bản ghi.",
    "The cursor for the next page: give it as `after`. null: nothing follows.": (
        "Con trỏ cho trang sau: đưa vào tham số `after`. null: không còn gì."
    ),
    "One entry of the ledger about a call.": "Một bản ghi của sổ về một lượt gọi.",
    "The number of the entry.": "Số thứ tự của bản ghi.",
    "What happened to the call.": "Điều đã xảy ra với lượt gọi.",
    "When the entry was written.": "Lúc ghi.",
    "The id of the call.": "Mã định danh của lượt gọi.",
    "The labels; only in the first entry of a call.": "Các nhãn; chỉ có ở bản ghi đầu của lượt gọi.",
    "The figures of the call.": "Các số liệu của lượt gọi.",
    "A page of the audit, the oldest row first.": "Một trang nhật ký quản trị, dòng cũ nhất trước.",
    "The rows.": "Các dòng.",
    "One change, which is never changed or deleted.": (
        "Một thay đổi; dòng này không bao giờ bị sửa hay xóa."
    ),
    "The number of the row.": "Số thứ tự của dòng.",
    "The id of the key.": "Mã định danh của khóa.",
    "What was done.": "Đã làm gì.",
    "Who did it.": "Ai làm.",
    "When.": "Lúc nào.",
    "The reason that was given.": "Lý do đã nêu.",
    "The key before; null for a new key.": "Khóa trước đó; null với khóa mới.",
    "The key after.": "Khóa sau đó.",
    "The config in force, and the last attempt to reload it.": (
        "Cấu hình đang có hiệu lực, và lần nạp lại gần nhất."
    ),
    "The config file.": "Tệp cấu hình.",
    "When the config in force was read.": "Lúc đọc cấu hình đang có hiệu lực.",
    "When the last attempt was made.": "Lúc thử nạp lại gần nhất.",
    'Why the last attempt failed; "" if it did not.': (
        'Vì sao lần gần nhất thất bại; "" nghĩa là không thất bại.'
    ),
    "An error (RFC 9457).": "Một lỗi (RFC 9457).",
    "Always about:blank.": "Luôn là about:blank.",
    "The kind of error.": "Loại lỗi.",
    "The HTTP status.": "Mã trạng thái HTTP.",
    "What happened, and what to do.": "Điều đã xảy ra, và cách sửa.",
    "The reason, for programs.": "Lý do, dành cho chương trình.",
    "The field that is not valid.": "Trường không hợp lệ.",
}
