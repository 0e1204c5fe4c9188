"""Vietnamese translations for `prices import`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    # help
    "Write a price file for models that the catalogue does not have.": (
        "Ghi tệp giá cho các model mà bảng giá chưa có."
    ),
    "A price of the catalogue, or of another price file, is never changed.": (
        "Giá của bảng giá và của các tệp giá khác không bao giờ bị đổi."
    ),
    "The JSON file that genai-prices publishes; default: the installed package.": (
        "Tệp JSON do genai-prices công bố; không nêu thì lấy từ gói đã cài."
    ),
    "Only this provider; repeatable. Default: those whose calls quotakeeper can meter.": (
        "Chỉ nhà cung cấp này; nêu được nhiều lần. Không nêu thì lấy những nhà cung cấp mà quotakeeper "
        "đo được lượt gọi."
    ),
    "The price file to write; default: genai-prices.toml beside the config file.": (
        "Tệp giá cần ghi; không nêu thì là genai-prices.toml cạnh tệp cấu hình."
    ),
    # output
    "{rows} prices of {models} models are in {path}": "{path} có {rows} giá của {models} model",
    "to use them, add {path} to price_files in the config": (
        "để dùng, hãy thêm {path} vào price_files trong cấu hình"
    ),
    "left out: {n} models that the catalogue has": "bỏ qua: {n} model đã có trong bảng giá",
    "left out: {n} models that no single name means": (
        "bỏ qua: {n} model không có tên nào chỉ riêng model đó"
    ),
    "left out: {n} models without a price that the catalogue can express": (
        "bỏ qua: {n} model không có giá nào mà bảng giá biểu diễn được"
    ),
    "left out: {n} prices for {unit}, which the catalogue cannot express": (
        "bỏ qua: {n} giá tính theo {unit}, vì bảng giá không biểu diễn được"
    ),
}
