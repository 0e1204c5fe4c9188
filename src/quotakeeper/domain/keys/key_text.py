"""The text of a virtual key: `qk_`, 160 random bits and a checksum. Only its SHA-256 is stored.

The text has 41 characters: the prefix, 32 characters for the random bits and 6 for the checksum.
The alphabet is that of Crockford's base 32 in lower case: digits and letters without i, l, o and u.
"""

from __future__ import annotations

import re
from hashlib import sha256
from hmac import compare_digest

PREFIX = "qk_"
RANDOM_BYTES = 20
_LETTERS = "0123456789abcdefghjkmnpqrstvwxyz"
_BODY, _CHECKSUM = 32, 6
LENGTH = len(PREFIX) + _BODY + _CHECKSUM
_FORM = re.compile(f"{PREFIX}[{_LETTERS}]{{{_BODY + _CHECKSUM}}}", re.ASCII)
ADMIN_PREFIX = "qa_"  # of a token that the gateway makes for its admin API, followed by 64 digits
_ADMIN_FORM = re.compile(f"{ADMIN_PREFIX}[0-9a-f]{{64}}", re.ASCII)


def key_text(random: bytes) -> str:
    """Return the text of a new key from 20 random bytes."""
    if len(random) != RANDOM_BYTES:
        raise ValueError(f"a key needs {RANDOM_BYTES} random bytes")
    number = int.from_bytes(random, "big")
    body = PREFIX + _in_letters(number, _BODY)
    return body + _checksum(body)


def digest_of(text: object) -> bytes | None:
    """Return the SHA-256 of a key's text; None if the form or the checksum is wrong.

    The time does not depend on how much of the checksum is right. A long text is not read.
    """
    if not isinstance(text, str) or len(text) != LENGTH or not _FORM.fullmatch(text):
        return None
    body, given = text[:-_CHECKSUM], text[-_CHECKSUM:]
    if not compare_digest(given, _checksum(body)):
        return None
    return sha256(text.encode("ascii")).digest()


def has_secret(text: str) -> bool:
    """Return whether a text contains something in the form of a key or of an admin token.

    Such a text must not be stored.
    """
    return _FORM.search(text) is not None or _ADMIN_FORM.search(text) is not None


def last_four(text: str) -> str:
    """Return the last four characters, by which a person recognises the key."""
    return text[-4:]


def same_digest(one: bytes, other: bytes) -> bool:
    """Compare two digests in a time that does not depend on where they differ."""
    return compare_digest(one, other)


def _checksum(body: str) -> str:
    # The first 30 bits of a hash. A mistyped key passes by chance once in 2**30.
    number = int.from_bytes(sha256(body.encode("ascii")).digest()[:4], "big") >> 2
    return _in_letters(number, _CHECKSUM)


def _in_letters(number: int, count: int) -> str:
    return "".join(_LETTERS[number >> shift & 31] for shift in range(5 * (count - 1), -1, -5))
