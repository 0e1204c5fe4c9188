"""Vietnamese translations for `leases`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Show which host and process holds which lease, and lost hosts.": (
        "Cho biết máy và tiến trình nào đang giữ phần thuê nào, và các máy đã mất."
    ),
    "Count the leases of this lost host as used, before they expire.": (
        "Tính các phần thuê của máy đã mất này là đã dùng, trước khi chúng hết hạn."
    ),
    # the table
    "HOST": "MÁY",
    "PROCESS": "TIẾN TRÌNH",
    "REST": "CÒN LẠI",
    "SINCE": "TỪ LÚC",
    "UNTIL": "ĐẾN LÚC",
    "STATE": "TRẠNG THÁI",
    "in use": "đang dùng",
    "host lost": "máy đã mất",
    "counted as used": "tính là đã dùng",
    # messages
    "No process holds a lease.": "Không có tiến trình nào giữ phần thuê.",
    "lost: {host}, last seen {at}; open leases: {n}, counted as used: {m}": (
        "đã mất: {host}, thấy lần cuối {at}; phần thuê còn mở: {n}, tính là đã dùng: {m}"
    ),
    "  count them as used now: quotakeeper leases --write-off {host}": (
        "  tính ngay chúng là đã dùng: quotakeeper leases --write-off {host}"
    ),
    "host {host}: leases counted as used: {n}; if the host returns, only its calls count": (
        "máy {host}: phần thuê tính là đã dùng: {n}; nếu máy trở lại, chỉ các lượt gọi của nó được tính"
    ),
}
