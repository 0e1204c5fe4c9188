"""The tables of the page on the config file: settings and keys of a limit, from the schema.

Names, variables, defaults and values come from the code, the meanings from `setting_texts`.
"""

from __future__ import annotations

import re

from quotakeeper.config import load_settings
from quotakeeper.config.key_names import KEYS
from quotakeeper.config.limit_tables import LIMIT_KEYS
from quotakeeper.config.settings import ALERTS, CHOICES, TOP_KEYS, WHOLE_NUMBERS, variable_of
from quotakeeper.domain.limits import Mode
from quotakeeper.domain.units import METERS
from tests.docs.setting_texts import DEFAULTS, LIMIT_KEY_TEXTS, SETTINGS

_SETTINGS = re.compile(r"(<!-- settings -->).*?(<!-- end of settings -->)", re.DOTALL)
_LIMIT_KEYS = re.compile(r"(<!-- limit keys -->).*?(<!-- end of limit keys -->)", re.DOTALL)
_FILE_ONLY = ("default_limits", KEYS, ALERTS)
_TEXTS = {
    "en": {
        "settings": "| setting | variable | default | meaning |", "keys": "| key | meaning |",
        "none": "none", "one": "One of: {names}.", "range": "From {least} to {most}.",
    },
    "vi": {
        "settings": "| thiết lập | biến | mặc định | nghĩa |", "keys": "| khóa | nghĩa |",
        "none": "không có", "one": "Một trong: {names}.", "range": "Từ {least} đến {most}.",
    },
}  # fmt: skip


def with_settings(page: str, lang: str) -> str:
    """A page with the table of all settings, and that of a limit's keys, between their marks."""
    settings = [_TEXTS[lang]["settings"], "|---|---|---|---|"]
    settings += [_setting(name, lang) for name in (*TOP_KEYS, KEYS, ALERTS)]
    keys = [_TEXTS[lang]["keys"], "|---|---|"]
    keys += [f"| `{name}` | {_limit_key(name, lang)} |" for name in LIMIT_KEYS]
    return _between(_LIMIT_KEYS, _between(_SETTINGS, page, settings), keys)


def _between(marks: re.Pattern[str], page: str, rows: list[str]) -> str:
    body = "\n".join(rows)
    return marks.sub(lambda found: f"{found[1]}\n\n{body}\n\n{found[2]}", page)


def _setting(name: str, lang: str) -> str:
    shown = f"`[{name}]`" if name in (KEYS, ALERTS) else f"`{name}`"
    variable = "" if name in _FILE_ONLY else f"`{variable_of(name)}`"
    meaning = " ".join([SETTINGS[name][lang], *_values(name, lang)])
    return f"| {shown} | {variable} | {_default(name, lang)} | {meaning} |"


def _default(name: str, lang: str) -> str:
    if name in DEFAULTS:
        return DEFAULTS[name][lang]
    settings = load_settings(config={}, environ={})
    value = settings.key_names if name == KEYS else getattr(settings, name)
    return f"`{value}`" if value else _TEXTS[lang]["none"]


def _values(name: str, lang: str) -> list[str]:
    text = _TEXTS[lang]
    for choice in CHOICES:
        if choice.name == name:
            return [text["one"].format(names=_listed(choice.words))]
    for number in WHOLE_NUMBERS:
        if number.name == name:
            least, most = (_grouped(each, lang) for each in (number.least, number.most))
            return [text["range"].format(least=least, most=most)]
    return []


def _limit_key(name: str, lang: str) -> str:
    known = {"meter": tuple(METERS), "mode": tuple(str(mode) for mode in Mode)}.get(name)
    told = [LIMIT_KEY_TEXTS[name][lang]]
    return " ".join([*told, _TEXTS[lang]["one"].format(names=_listed(known))] if known else told)


def _listed(words: tuple[str, ...]) -> str:
    return ", ".join(f"`{word}`" for word in words)


def _grouped(number: int, lang: str) -> str:
    return f"{number:,}" if lang == "en" else f"{number:,}".replace(",", ".")
