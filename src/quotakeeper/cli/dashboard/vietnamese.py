"""Vietnamese translations for `dashboard`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Show the ledger on a web page of this machine: limits, cost, calls. Changes nothing.": (
        "Xem sổ trên một trang web của máy này: hạn mức, chi phí, lượt gọi. Không thay đổi gì."
    ),
    "Experimental. Only this machine can open the page, with the token in the printed address.": (
        "Đang thử nghiệm. Chỉ máy này mở được trang, bằng mã truy cập trong địa chỉ được in ra."
    ),
    "Port of 127.0.0.1 to listen on; 0: any free port.": (
        "Cổng của 127.0.0.1 để lắng nghe; 0: cổng trống bất kỳ."
    ),
    # messages
    "use another port, or port 0": "hãy dùng cổng khác, hoặc cổng 0",
    "dashboard on {url} (Ctrl-C stops it)": "bảng theo dõi tại {url} (Ctrl-C để dừng)",
    "the address contains the token: open it on this machine only": (
        "địa chỉ này chứa mã truy cập: chỉ mở trên máy này"
    ),
    "the dashboard has stopped": "bảng theo dõi đã dừng",
}
