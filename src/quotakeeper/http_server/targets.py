"""Checks the target of a request: origin form, without a second spelling of the same path.

A path that two programs can read in two ways is refused. So the path that a meter recognises is the
path that the provider serves.
"""

from __future__ import annotations

import re

from quotakeeper.http_server.head_errors import RequestRefusedError

# Printable ASCII without the characters that no URL holds unescaped. `#` starts a fragment.
_ALLOWED = re.compile(r"/[!$&-;=?-\[\]^-~%]*")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
# Escapes in a path that some servers decode to a separator, a dot or a control character, and the
# escape of `%` itself, which some servers decode twice.
_HIDDEN = re.compile(r"%(?:[01][0-9A-Fa-f]|2[35EeFf]|3[Ff]|5[Cc]|7[Ff])")
_DOTS = (".", "..")


def checked_target(target: str) -> str:
    """Return a target if it has one reading only. Raises RequestRefusedError.

    An empty query is dropped: `/v1/models?` becomes `/v1/models`, because HTTP clients drop it too.
    """
    if not _ALLOWED.fullmatch(target):
        raise RequestRefusedError("the target is not a path in origin form")
    if _BAD_ESCAPE.search(target):
        raise RequestRefusedError("the target has an invalid percent escape")
    path, mark, query = target.partition("?")
    if "//" in path:
        raise RequestRefusedError("the path has an empty segment")
    if _HIDDEN.search(path):
        raise RequestRefusedError("the path hides a separator or a control character in an escape")
    # Some servers cut parameters off a segment: `..;x` is then `..`.
    if any(part.partition(";")[0] in _DOTS for part in path.split("/")):
        raise RequestRefusedError("the path has a dot segment")
    return f"{path}{mark}{query}" if query else path
