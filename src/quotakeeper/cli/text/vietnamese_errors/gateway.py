"""Vietnamese translations of errors about a gateway.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "no provider has a key or an address": "không nhà cung cấp nào có khóa hay địa chỉ",
    "set one of {}, or give --key-file or --upstream": (
        "hãy đặt một trong các biến {0}, hoặc nêu --key-file hay --upstream"
    ),
    "there is no key for {}": "không có khóa cho {0}",
    "set {}, or name the key in --key-file; a server that needs none gets any text": (
        "hãy đặt biến {0}, hoặc ghi khóa vào --key-file; máy chủ không cần khóa thì ghi chữ bất kỳ"
    ),
    "has no =": "không có dấu =",
    "write --upstream gemini=http://127.0.0.1:8765": (
        "hãy viết --upstream gemini=http://127.0.0.1:8765"
    ),
    "unknown provider {}": "không có nhà cung cấp {0}",
    "the address of {} is not a URL like https://host:port/prefix": (
        "địa chỉ của {0} không phải URL có dạng https://máy:cổng/tiền-tố"
    ),
    "the provider {} states no address": "nhà cung cấp {0} không nêu địa chỉ",
    "write --upstream {}=https://...": "hãy viết --upstream {0}=https://...",
    "worker {} could not start: {}": "không khởi động được tiến trình phục vụ {0}: {1}",
    "use fewer workers, or raise the limits of processes, files and memory": (
        "hãy dùng ít tiến trình hơn, hoặc nâng giới hạn về số tiến trình, số tệp và bộ nhớ"
    ),
    "{}:{} cannot be used: {}": "không dùng được {0}:{1}: {2}",
    "use another address or port, or port 0": "hãy dùng địa chỉ hoặc cổng khác, hoặc cổng 0",
    "the key of {}": "khóa của {0}",
    "has a character that no key has": "có ký tự mà không khóa nào có",
    "copy it again": "hãy sao chép lại",
    "can be used by other users (mode {})": "người dùng khác dùng được (quyền {0})",
    "run: chmod 600 {}": "hãy chạy: chmod 600 {0}",
    "the key of {} is not a text": "khóa của {0} không phải chuỗi",
    'write NAME = "KEY"': 'hãy viết TÊN = "KHÓA"',
    "{} is not an address with a port": "{0} không phải địa chỉ kèm cổng",
    "is not a token of {} to {} printable characters without blanks": (
        "không phải mã từ {0} đến {1} ký tự in được, không có dấu cách"
    ),
    "make one, for example with: openssl rand -hex 32": (
        "hãy tạo một mã, ví dụ bằng: openssl rand -hex 32"
    ),
    "is the token that may also change keys": "trùng với mã được phép sửa khóa",
    "make another token": "hãy tạo một mã khác",
    "name a file that you can read": "hãy nêu một tệp mà bạn đọc được",
    "{} cannot be read: {}": "không đọc được {0}: {1}",
    "{} and {} are not a certificate and its key ({})": (
        "{0} và {1} không phải một chứng chỉ và khóa của nó ({2})"
    ),
    "name PEM files that belong together; the key has no password": (
        "hãy nêu hai tệp PEM thuộc về nhau; khóa không đặt mật khẩu"
    ),
    "needs {}": "phải đi cùng {0}",
    "name both files: add {} FILE": "hãy nêu cả hai tệp: thêm {0} TỆP",
    "more than one process is possible on Unix only": "chỉ trên Unix mới chạy được nhiều tiến trình",
    "use --workers 1": "hãy dùng --workers 1",
    "{} is not a URL like https://host:port/prefix": (
        "{0} không phải URL có dạng https://máy:cổng/tiền-tố"
    ),
    "write --public-url https://ai.example.com": "hãy viết --public-url https://ai.example.com",
    "write --trusted-proxy 127.0.0.1, or a network like 10.0.0.0/8": (
        "hãy viết --trusted-proxy 127.0.0.1, hoặc một mạng như 10.0.0.0/8"
    ),
    "was changed, and a running gateway cannot change it": (
        "đã bị sửa, mà gateway đang chạy thì không đổi được thiết lập này"
    ),
    "restart the gateway, or change it back": "hãy khởi động lại gateway, hoặc sửa lại như cũ",
}
