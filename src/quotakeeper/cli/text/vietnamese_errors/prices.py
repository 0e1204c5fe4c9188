"""Vietnamese translations of errors about price files that are imported."""

from __future__ import annotations

TEXTS = {
    "is not JSON": "không phải JSON",
    "has no list of providers with models": "không có danh sách nhà cung cấp kèm model",
    "give the file data.json that genai-prices publishes": (
        "hãy nêu tệp data.json do genai-prices công bố"
    ),
    "is larger than 64 MB": "lớn hơn 64 MB",
    "{} was not made by this command": "{0} không do lệnh này tạo ra",
    "choose a file that does not exist": "hãy chọn một tệp chưa có",
    "prices import genai-prices": "prices import genai-prices",
    "names no model": "không nêu tên model",
    "name one, or leave unknown_models_only out": "hãy nêu một tên, hoặc bỏ unknown_models_only",
    "allows only prices and aliases of single models": (
        "chỉ cho phép giá và tên khác của từng model"
    ),
    "write the other tables in a file of their own": "hãy viết các bảng còn lại vào một tệp riêng",
    "is not true or false": "không phải true hay false",
    "write true": "hãy viết true",
}
