"""Vietnamese translations of errors about alerts and their channels.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "is {}, where alerts are not kept yet": "ở {0!t}, nơi chưa lưu được cảnh báo",
    "name a file: --ledger PATH": "hãy nêu một tệp: --ledger PATH",
    "on a server": "trên máy chủ",
    "in memory": "trong bộ nhớ",
    "write it as [alerts]": "hãy viết thành [alerts]",
    "is not a list of at most {} tables": "không phải danh sách tối đa {0} bảng",
    "write each channel as [[alerts.channel]]": "hãy viết mỗi kênh thành [[alerts.channel]]",
    "the name {} is used twice": "tên {0} dùng hai lần",
    "give each channel a name of its own": "hãy đặt cho mỗi kênh một tên riêng",
    "write {}": "hãy viết {0}",
    "is not a printable text": "không phải văn bản in được",
    'write it like "text"': 'hãy viết như "text"',
    "is longer than {} characters": "dài hơn {0} ký tự",
    "shorten it": "hãy rút ngắn",
    "is not a list": "không phải danh sách",
    'write it like ["a", "b"]': 'hãy viết như ["a", "b"]',
    "is not the address of a web server": "không phải địa chỉ của máy chủ web",
    'write it like "https://example.org/hook"': 'hãy viết như "https://example.org/hook"',
    "has a user name, a password or a fragment, which is not sent": (
        "có tên người dùng, mật khẩu hoặc phần sau dấu #, những phần này không được gửi đi"
    ),
    "leave it out; the receiver checks the signature": "hãy bỏ đi; nơi nhận kiểm tra chữ ký",
    "{} is not an IP network": "{0} không phải mạng IP",
    'write it like "10.0.0.0/8"': 'hãy viết như "10.0.0.0/8"',
    "write its name; the secret stays in the environment": (
        "hãy viết tên biến; mã bí mật ở lại trong môi trường"
    ),
    "{} is not one e-mail address": "{0} không phải một địa chỉ email",
    'write it like "an@example.org"': 'hãy viết như "an@example.org"',
    "is not a port": "không phải số cổng",
    "write a number from 1 to 65535": "hãy viết một số từ 1 đến 65535",
    "write the secret in its first line": "hãy viết mã bí mật ở dòng đầu",
    "{} is missing": "thiếu {0}",
    'write secret_file = "service.address"; the address of a service has tokens in it': (
        'hãy viết secret_file = "service.address"; địa chỉ của dịch vụ có token trong đó'
    ),
    "has an address that Apprise does not know": "có địa chỉ mà Apprise không biết",
    "write it as the pages of Apprise show it, such as tgram://TOKEN/CHAT": (
        "hãy viết như các trang của Apprise hướng dẫn, chẳng hạn tgram://TOKEN/CHAT"
    ),
    "has {} addresses": "có {0} địa chỉ",
    "has an address with several receivers": "có một địa chỉ gồm nhiều nơi nhận",
    "write a channel for each receiver; each is then tried again on its own": (
        "hãy viết mỗi nơi nhận thành một kênh; khi đó mỗi nơi được gửi lại riêng"
    ),
    'a channel of the kind "service"': 'kênh loại "service"',
    "{} is not a part of a day": "{0} không phải một khoảng trong ngày",
    'write it like "22:00-07:00"': 'hãy viết như "22:00-07:00"',
    "is not set": "chưa được đặt",
    "set it to the secret": "hãy đặt nó bằng mã bí mật",
    "it is not UTF-8 text": "không phải văn bản UTF-8",
    "has a secret that is not whsec_ and Base64 of {} to {} bytes": (
        "có mã bí mật không phải whsec_ và Base64 của {0} đến {1} byte"
    ),
    'make one: echo "whsec_$(openssl rand -base64 32)"': (
        'hãy tạo một mã: echo "whsec_$(openssl rand -base64 32)"'
    ),
    "names no channel for alerts": "không nêu kênh nào cho cảnh báo",
    "add one: [[alerts.channel]] with name, kind and url; see docs/en/how-to/alerts.md": (
        "hãy thêm một kênh: [[alerts.channel]] với name, kind và url; xem docs/vi/how-to/alerts.md"
    ),
    "there is no channel {}": "không có kênh {0}",
    "has alerts of schema version {}; this quotakeeper supports versions up to {}": (
        "có cảnh báo theo phiên bản lược đồ {0}; bản quotakeeper này hỗ trợ tới phiên bản {1}"
    ),
}
