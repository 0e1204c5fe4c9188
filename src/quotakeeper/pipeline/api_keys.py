"""Reads API keys from the environment. A key is sent only in headers and is never shown."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from quotakeeper.pipeline.errors import SetupError

_SHOWN = "[key]"
_SHORTEST_REAL = 8
# The characters that a header can hold. Any other character would break the request.
_USABLE = re.compile(r"[\x21-\x7e]{1,512}")


class ApiKey:
    """An API key. Its repr and str do not contain the key; only `reveal` returns it."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def __repr__(self) -> str:
        return f"Key({_SHOWN})"

    __str__ = __repr__

    def __reduce__(self) -> tuple[object, ...]:
        raise TypeError("a key cannot be pickled")

    def reveal(self) -> str:
        """Return the key as text, for a request header."""
        return self._value

    def redact(self, text: str) -> str:
        """Return the text with "[key]" in place of the key.

        A key shorter than 8 characters is probably a placeholder such as "any". Such a key is
        replaced only where it is a whole word.
        """
        if len(self._value) >= _SHORTEST_REAL:
            return text.replace(self._value, _SHOWN)
        alone = rf"(?<![\w\[]){re.escape(self._value)}(?![\w\]])"
        return re.sub(alone, lambda _: _SHOWN, text)


def check_keys_are_set(environ: Mapping[str, str], *keys: Sequence[str]) -> None:
    """Raise SetupError if a key is missing. The error names all missing keys.

    Each item of `keys` has the names of the variables that may hold one key.
    """
    missing = [names for names in keys if not any(environ.get(n, "").strip() for n in names)]
    if missing:
        raise _no_key(missing)


def _no_key(missing: Sequence[Sequence[str]]) -> SetupError:
    return SetupError(
        "no key: set {names} in the environment (to try it without a real key: start python -m "
        "quotakeeper sandbox, set the variables that it shows, and use any text as the key)",
        exit_code=2, names=", ".join(" or ".join(names) for names in missing),
    )  # fmt: skip


def key_from(environ: Mapping[str, str], *names: str) -> ApiKey:
    """Return the key from the first of the variables `names` that is set.

    Raises SetupError if none is set or the value cannot be a key. The error does not contain the
    value.
    """
    for name in names:
        value = environ.get(name, "").strip()
        if not value:
            continue
        if not _USABLE.fullmatch(value):
            raise SetupError(
                "{name} does not look like a key: it has spaces, line breaks or special "
                "characters; copy it again",
                exit_code=2, name=name,
            )  # fmt: skip
        return ApiKey(value)
    raise _no_key([names])
