"""Vietnamese translations for `report`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    "JOB": "CÔNG VIỆC",
    "MEDIA MINUTES": "SỐ PHÚT MEDIA",
    "COST A MINUTE": "CHI PHÍ MỖI PHÚT",
    "COST IN {code}": "CHI PHÍ ({code})",
    "COMPARED": "ĐEM SO SÁNH",
    "AS IF": "NẾU DÙNG MODEL KIA",
    "{code} is assumed: {rate}": "{code} là mức giả định: {rate}",
    "AS IF: what the calls in COMPARED would cost on {model}; assumed: the same quantities, at "
    "the list price of the day of each call": (
        "NẾU DÙNG MODEL KIA: các lượt gọi ở cột ĐEM SO SÁNH sẽ tốn bao nhiêu trên {model}; mức giả "
        "định: cùng số lượng, tính từng lượt gọi, theo giá niêm yết của ngày gọi"
    ),
    "{n} calls are not compared: {model} has no price for their meters, or the cost of these "
    "calls is unknown": (
        "{n} lượt gọi không so sánh được: {model} không có giá cho thứ đã dùng, hoặc không rõ chi phí "
        "của chính lượt gọi"
    ),
    "Write the overview of the dashboard to this file instead, as one page to forward. Experimental.": (
        "Thay vào đó, ghi trang tổng quan của bảng theo dõi vào tệp này, thành một trang để chuyển tiếp. "
        "Đang thử nghiệm."
    ),
    "the page was written to {path}": "đã ghi trang vào {path}",
    "cannot be used with another option of report": "không dùng cùng tùy chọn khác của report được",
    "give --html FILE alone": "chỉ nêu --html TỆP",
    "Also show what the same calls would cost on this model.": (
        "Thêm chi phí của chính các lượt gọi đó nếu dùng model này."
    ),
}
