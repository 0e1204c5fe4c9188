"""Vietnamese translations of errors about virtual keys.

`{}` stands for a value; `quotakeeper.cli.text.finished` describes the form.
"""

from __future__ import annotations

TEXTS = {
    "contains the secret of a key": "có chứa mã bí mật của một khóa",
    "give a name; if others can see the secret, run: quotakeeper keys rotate NAME": (
        "hãy nêu một cái tên; nếu người khác thấy được mã, hãy chạy: quotakeeper keys rotate NAME"
    ),
    "there is no key {}": "không có khóa {0}",
    "see: quotakeeper keys list --all": "xem: quotakeeper keys list --all",
    "there is already a key {} ({})": "đã có khóa {0} ({1!t})",
    "give another name: the name of a key is never used again": (
        "hãy đặt tên khác: tên của một khóa không bao giờ được dùng lại"
    ),
    "key {} is already {}": "khóa {0} hiện đã ở trạng thái: {1!t}",
    "there is nothing to change": "không có gì để thay đổi",
    "key {} is revoked for ever": "khóa {0} đã bị thu hồi vĩnh viễn",
    "create a key with another name": "hãy tạo một khóa với tên khác",
    "is not in the future": "không nằm trong tương lai",
    "give a later time": "hãy nêu một thời điểm muộn hơn",
    "is after the year 9999 in UTC": "nằm sau năm 9999 theo giờ UTC",
    "give an earlier time, or none for never": (
        "hãy nêu một thời điểm sớm hơn, hoặc không nêu nếu khóa không bao giờ hết hạn"
    ),
    "is longer than 90 days": "dài hơn 90 ngày",
    "give up to 90 days": "hãy nêu nhiều nhất 90 ngày",
    "the label {} cannot be given here": "không nêu nhãn {0} ở đây được",
    "give it as {}": "hãy nêu bằng {0}",
    "has {} entries": "có {0} mục",
    "{} has a * that is not at the end": "{0} có dấu * không nằm ở cuối",
    'write a prefix like "gemini-2.5-*"': 'hãy viết phần đầu, như "gemini-2.5-*"',
    "{} is not an IP address or network": "{0} không phải địa chỉ IP hay mạng",
    'write it like "10.0.0.0/8" or "2001:db8::/32"': (
        'hãy viết như "10.0.0.0/8" hoặc "2001:db8::/32"'
    ),
    "is in memory, so it cannot have virtual keys": "nằm trong bộ nhớ nên không thể có khóa ảo",
    "name a file or a server: --ledger PATH": "hãy chỉ ra một tệp hoặc máy chủ: --ledger PATH",
    "this user has no right to use its virtual keys": (
        "người dùng này không có quyền dùng các khóa ảo của sổ"
    ),
    "ask an administrator: quotakeeper ledger init --keys ROLE, then GRANT ROLE": (
        "hãy nhờ người quản trị: quotakeeper ledger init --keys ROLE, rồi GRANT ROLE"
    ),
    "has virtual keys of schema version {}": "có khóa ảo theo schema phiên bản {0}",
    "has virtual keys of schema version {}, which an unreleased quotakeeper made": (
        "có khóa ảo theo schema phiên bản {0}, do một bản quotakeeper chưa phát hành tạo ra"
    ),
    "create the keys again in a new ledger": "hãy tạo lại các khóa trong một sổ mới",
    "{} already has virtual keys": "{0} đã có khóa ảo",
    "the virtual key {} has this label and is not revoked": (
        "khóa ảo {0} mang nhãn này và chưa bị thu hồi"
    ),
    "revoke that key first: quotakeeper keys revoke {}": (
        "hãy thu hồi khóa đó trước: quotakeeper keys revoke {0}"
    ),
    "virtual key {} differs from the newest row of its audit": (
        "khóa ảo {0} khác với dòng mới nhất trong nhật ký quản trị của khóa"
    ),
    "virtual key {} is in the audit but is missing": (
        "khóa ảo {0} có trong nhật ký quản trị nhưng không còn trong bảng khóa"
    ),
    "the audit of virtual keys has no row {}": "nhật ký quản trị khóa ảo thiếu dòng {0}",
    "virtual keys: {...}": "khóa ảo: {0}",
    "has {} limits": "có {0} hạn mức",
    "{} is not a valid name of a limit of a key": "{0} không phải tên hợp lệ cho hạn mức của khóa",
    "use up to 64 letters a-z, digits, dots, underscores and hyphens": (
        "hãy dùng nhiều nhất 64 ký tự gồm chữ a-z, chữ số, dấu chấm, gạch dưới và gạch nối"
    ),
}
