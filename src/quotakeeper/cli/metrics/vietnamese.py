"""Vietnamese translations for `metrics`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    "Print the ledger's figures for Prometheus, once.": "In số liệu của sổ cho Prometheus, một lần.",
    "For the textfile collector of node_exporter. `quotakeeper serve --admin` has them at /metrics.": (
        "Dùng với textfile collector của node_exporter. `quotakeeper serve --admin` cung cấp các số "
        "liệu này tại /metrics."
    ),
    "Write to this file, whole or not at all; default: print.": (
        "Ghi vào tệp này, ghi trọn vẹn hoặc không ghi; không nêu thì in ra màn hình."
    ),
    "the counters are not in a file, so they may fall after a correction: {why}": (
        "bộ đếm không được lưu vào tệp, nên có thể giảm sau một lần hiệu chỉnh: {why}"
    ),
    "this user has no data folder that can be written to": (
        "người dùng này không có thư mục dữ liệu nào ghi được"
    ),
    "{path} cannot be used": "không dùng được {path}",
}
