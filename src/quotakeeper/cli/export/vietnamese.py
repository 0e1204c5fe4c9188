"""Vietnamese translations for `export`; each key is the English text."""

from __future__ import annotations

TEXTS = {
    "CSV for Excel: local times, and separators that your locale uses.": (
        "CSV cho Excel: giờ địa phương, và dấu phân cách theo locale của bạn."
    ),
    "What parts the cells with --excel; by locale if not given.": (
        "Dấu ngăn cách ô khi dùng --excel; không nêu thì theo locale."
    ),
}
