"""Signs webhooks in the form of Standard Webhooks: HMAC-SHA-256 over id, time and body.

Source: the specification at standardwebhooks.com, "Signature scheme".
"""

from __future__ import annotations

import hmac
from base64 import b64decode, b64encode
from binascii import Error
from collections.abc import Sequence
from hashlib import sha256

from quotakeeper.errors import ConfigError

_PREFIX = "whsec_"
_SHORTEST, _LONGEST = 24, 64  # bytes of a secret, by the specification


def signing_key(secret: str, where: str) -> bytes:
    """Return the key bytes of a secret "whsec_" and Base64.

    Raises ConfigError that names `where`, and never shows the secret.
    """
    try:
        key = b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (Error, ValueError):
        key = b""
    if not secret.startswith(_PREFIX) or not _SHORTEST <= len(key) <= _LONGEST:
        raise ConfigError(
            where, f"has a secret that is not whsec_ and Base64 of {_SHORTEST} to {_LONGEST} bytes",
            'make one: echo "whsec_$(openssl rand -base64 32)"',
        )  # fmt: skip
    return key


def signature(keys: Sequence[bytes], message_id: str, seconds: int, body: bytes) -> str:
    """Return the value of the header `webhook-signature`: one signature for each key."""
    signed = f"{message_id}.{seconds}.".encode() + body
    parts = (b64encode(hmac.digest(key, signed, sha256)).decode("ascii") for key in keys)
    return " ".join(f"v1,{part}" for part in parts)
