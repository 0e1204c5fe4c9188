"""Vietnamese translations for `keys`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Create and manage virtual keys, which a gateway accepts instead of a provider's key.": (
        "Tạo và quản lý khóa ảo, loại khóa mà gateway chấp nhận thay cho khóa của nhà cung cấp."
    ),
    "Create a key and print its secret.": "Tạo một khóa và in ra mã bí mật của khóa.",
    "The secret is shown only this once: the ledger stores its SHA-256 and its last four "
    "characters.": ("Mã bí mật chỉ hiện một lần này: sổ chỉ lưu SHA-256 và bốn ký tự cuối của mã."),
    "The label project of each call with this key.": "Nhãn project của mọi lượt gọi bằng khóa này.",
    "A label of each call with this key; repeatable.": (
        "Một nhãn của mọi lượt gọi bằng khóa này; nêu được nhiều lần."
    ),
    "When the key expires; default: never.": "Lúc khóa hết hạn; không nêu thì không bao giờ.",
    "Allow only this provider; repeatable. An empty text denies all; default: all.": (
        "Chỉ cho phép nhà cung cấp này; nêu được nhiều lần. Để trống thì từ chối tất cả; không nêu thì "
        "cho phép tất cả."
    ),
    'Allow only this model, or a prefix such as "gemini-2.5-*"; repeatable. An empty text denies '
    "all; default: all.": (
        'Chỉ cho phép model này, hoặc các tên bắt đầu như "gemini-2.5-*"; nêu được nhiều lần. Để trống '
        "thì từ chối tất cả; không nêu thì cho phép tất cả."
    ),
    "Allow only this IP address or network; repeatable. An empty text denies all; default: all.": (
        "Chỉ cho phép địa chỉ IP hoặc mạng này; nêu được nhiều lần. Để trống thì từ chối tất cả; không "
        "nêu thì cho phép tất cả."
    ),
    "The most calls at the same time; default: any number.": (
        "Số lượt gọi cùng lúc nhiều nhất; không nêu thì bao nhiêu cũng được."
    ),
    "When the client has gone: cancel the call, or drain the answer for its true use. A WebSocket is "
    "always cancelled.": (
        "Khi máy khách đã ngắt: cancel hủy lượt gọi, drain đọc nốt câu trả lời để biết mức dùng thật. "
        "WebSocket thì luôn bị hủy."
    ),
    "What a hard limit does with a call that does not fit; default: the value in the config. Audio "
    "and WebSockets have no output cap to lower, so that clamp refuses them.": (
        "Hạn mức cứng xử lý thế nào với lượt gọi không vừa; không nêu thì theo tệp cấu hình. "
        "Âm thanh và WebSocket không có trần đầu ra để hạ, nên clamp từ chối chúng."
    ),
    "The reason, which is stored in the audit.": "Lý do, được ghi vào nhật ký quản trị.",
    "List the keys with their state, expiry and limits.": (
        "Các khóa cùng trạng thái, hạn dùng và hạn mức của chúng."
    ),
    "Include revoked keys.": "Kể cả các khóa đã thu hồi.",
    "Show what a key may do, its limits, its secrets, and who changed it.": (
        "Khóa được làm gì, có hạn mức nào, mã bí mật nào, và ai đã thay đổi."
    ),
    'How long the older secrets stay valid, such as "24h"; "0m" ends them now.': (
        'Các mã cũ còn dùng được bao lâu, như "24h"; "0m" thì hết hiệu lực ngay.'
    ),
    "Give a key a new secret and print it. Both secrets work during the grace period.": (
        "Cấp mã bí mật mới cho khóa và in ra. Trong thời gian chuyển tiếp, cả hai mã đều dùng được."
    ),
    "Refuse a key for ever, in every process within 5 seconds.": (
        "Thu hồi khóa vĩnh viễn; mọi tiến trình từ chối khóa trong vòng 5 giây."
    ),
    "Refuse a key until it is enabled again, in every process within 5 seconds.": (
        "Tạm khóa lại cho tới khi được bật; mọi tiến trình từ chối khóa trong vòng 5 giây."
    ),
    "List who changed which key, when and why, the oldest change first.": (
        "Ai đã thay đổi khóa nào, lúc nào và vì lý do gì; cũ nhất trước."
    ),
    "The ledger's database refuses to change or delete these rows.": (
        "Cơ sở dữ liệu của sổ từ chối sửa hoặc xóa các dòng này."
    ),
    "Only the changes of this key.": "Chỉ những thay đổi của khóa này.",
    "Only the changes after this number.": "Chỉ những thay đổi sau số thứ tự này.",
    "The most changes to print.": "Số thay đổi nhiều nhất được in.",
    "As JSON, with the key before and after.": "Dạng JSON, kèm khóa trước và sau thay đổi.",
    "Accept a disabled key again.": "Bật lại một khóa đang bị tắt.",
    # messages
    "store this secret now: it is not shown again": (
        "hãy cất mã bí mật này ngay: mã sẽ không hiện lại lần nào nữa"
    ),
    "key {name!r} was created; its calls have the label key={name}": (
        "đã tạo khóa {name!r}; các lượt gọi bằng khóa này mang nhãn key={name}"
    ),
    "key {name!r} has a new secret; its older secrets are refused from {at} on": (
        "khóa {name!r} có mã bí mật mới; các mã cũ bị từ chối từ {at}"
    ),
    "key {name!r} is revoked: every process refuses it within 5 seconds, for ever": (
        "đã thu hồi khóa {name!r}: mọi tiến trình từ chối khóa trong vòng 5 giây, vĩnh viễn"
    ),
    "key {name!r} is disabled: every process refuses it within 5 seconds; undo it with: "
    "quotakeeper keys enable {name!r}": (
        "đã tắt khóa {name!r}: mọi tiến trình từ chối khóa trong vòng 5 giây; bật lại bằng: "
        "quotakeeper keys enable {name!r}"
    ),
    "key {name!r} is enabled: every process accepts it within 5 seconds": (
        "đã bật khóa {name!r}: mọi tiến trình chấp nhận khóa trong vòng 5 giây"
    ),
    "There are no keys. See: quotakeeper keys create --help": (
        "Chưa có khóa nào. Xem: quotakeeper keys create --help"
    ),
    "There are no changes of keys.": "Chưa có thay đổi nào của khóa.",
    "more changes follow; see: quotakeeper keys audit --after {number}": (
        "còn thay đổi tiếp theo; xem: quotakeeper keys audit --after {number}"
    ),
    # table and lines of one key
    "NUMBER": "SỐ",
    "KEY": "KHÓA",
    "ACT": "VIỆC",
    "BY": "NGƯỜI LÀM",
    "REASON": "LÝ DO",
    "NAME": "TÊN",
    "SECRET": "MÃ BÍ MẬT",
    "STATE": "TRẠNG THÁI",
    "PROJECT": "DỰ ÁN",
    "EXPIRES": "HẾT HẠN",
    "active": "đang dùng",
    "disabled": "đang tắt",
    "revoked": "đã thu hồi",
    "expired": "hết hạn",
    "all": "tất cả",
    "none": "không có",
    "state": "trạng thái",
    "labels": "nhãn",
    "expires": "hết hạn",
    "providers": "nhà cung cấp",
    "models": "model",
    "networks": "mạng",
    "calls at once": "lượt gọi cùng lúc",
    "any number": "bao nhiêu cũng được",
    "client gone": "khi máy khách ngắt",
    "at a limit": "khi chạm hạn mức",
    "as in the config": "theo tệp cấu hình",
    "secrets:": "mã bí mật:",
    "limits:": "hạn mức:",
    "limits: none selects this key": "hạn mức: không hạn mức nào áp dụng riêng cho khóa này",
    "changes:": "thay đổi:",
    "{act} by {actor}": "{act}, do {actor}",
    "{secret}: valid": "{secret}: còn hiệu lực",
    "{secret}: refused": "{secret}: bị từ chối",
    "{secret}: valid until {at}": "{secret}: còn hiệu lực tới {at}",
    "{secret}: refused since {at}": "{secret}: bị từ chối từ {at}",
    "create": "tạo",
    "change": "sửa",
    "rotate": "đổi mã",
    "disable": "tắt",
    "enable": "bật",
    "revoke": "thu hồi",
}
