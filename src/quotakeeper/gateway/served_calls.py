"""Which calls the gateway serves: billed ones that it can meter, and a few that are free.

Every other call is refused, because it would use the operator's key without being counted. Batches,
videos, fine-tuning, keys and projects are such calls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from quotakeeper.providers.contract import Call

# Provider -> operations that one POST makes, and whose answer reports their usage.
_METERED: Mapping[str, frozenset[str]] = MappingProxyType({
    "anthropic": frozenset({"message"}),
    "deepgram": frozenset({"listen", "read", "speak"}),
    "gemini": frozenset({
        "cache", "chat", "chat_embed", "embed", "generate", "images", "interaction", "predict",
        "stream",
    }),
    "openai": frozenset({
        "chat", "embed", "images", "responses", "speech", "transcribe",
    }),
})  # fmt: skip
_NEVER = ("other", "manage")  # operations of a plug-in that its adapter cannot meter
_LONG_RUNNING = ":predictLongRunning"  # videos: a later request fetches the result
_VERSION, _NAME = "/v1(?:beta|alpha)?", r"[A-Za-z0-9][A-Za-z0-9._-]*"
# Provider -> method, path and operation of the calls that cost nothing and change nothing.
_FREE: Mapping[str, tuple[tuple[str, re.Pattern[str], str], ...]] = MappingProxyType({
    "anthropic": (
        ("GET", re.compile(f"/v1/models(?:/{_NAME})?"), "models"),
        ("POST", re.compile("/v1/messages/count_tokens"), "count_tokens"),
    ),
    "deepgram": (("GET", re.compile(f"/v1/models(?:/{_NAME})?"), "models"),),
    "gemini": (
        ("GET", re.compile(f"{_VERSION}(?:/openai)?/models(?:/{_NAME})?"), "models"),
        ("POST", re.compile(f"{_VERSION}/models/{_NAME}:countTokens"), "count_tokens"),
        ("POST", re.compile(f"/upload{_VERSION}/files"), "upload"),
        ("PUT", re.compile(f"/upload{_VERSION}/files"), "upload"),
    ),
    "openai": (("GET", re.compile(r"/v1/models(?:/[A-Za-z0-9][A-Za-z0-9._:-]*)?"), "models"),),
})  # fmt: skip
_FILE = re.compile(f"{_VERSION}/(files/{_NAME})")


def free_operation(provider: str, method: str, target: str) -> str:
    """Return the operation of a call that costs nothing and that every key may make; else ""."""
    path = target.partition("?")[0]
    for each, form, operation in _FREE.get(provider, ()):
        if method == each and form.fullmatch(path):
            return operation
    return ""


def file_read(provider: str, method: str, target: str) -> str:
    """Return the name of the file whose state a call reads, such as "files/abc"; else ""."""
    found = _FILE.fullmatch(target.partition("?")[0])
    return found[1] if found and (provider, method) == ("gemini", "GET") else ""


def is_metered(call: Call, method: str, url: str) -> bool:
    """Whether a recognised call is billed by an answer that the gateway can read."""
    path = url.partition("?")[0]
    if not call.billed or method != "POST" or path.endswith(_LONG_RUNNING):
        return False
    operations = _METERED.get(call.provider)
    return call.operation not in _NEVER if operations is None else call.operation in operations
