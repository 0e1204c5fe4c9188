"""Vietnamese translations for `export`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    "CSV for Excel: local times, and the separators of your locale.": (
        "CSV cho Excel: giờ địa phương, và dấu phân cách theo locale của bạn."
    ),
    "Separator between cells with --excel; default: the separator of your locale.": (
        "Dấu ngăn cách ô khi dùng --excel; không nêu thì theo locale."
    ),
}
