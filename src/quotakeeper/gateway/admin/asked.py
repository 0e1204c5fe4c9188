"""One request to the admin API, after its checks, and the answer to it."""

from __future__ import annotations

from typing import Any

from quotakeeper.gateway.admin.problems import AdminProblem
from quotakeeper.http_server.heads import Headers
from quotakeeper.value_classes import dataclass, field


@dataclass(frozen=True, slots=True)
class Asked:
    """A checked request. `version` is that of `If-Match`; None if the route needs none."""

    path: dict[str, str]
    query: dict[str, Any]
    body: dict[str, Any]
    actor: str
    version: int | None = None

    @property
    def why(self) -> str:
        """The reason that was given, or ""."""
        why: str = self.body.get("why", "")
        return why


@dataclass(frozen=True, slots=True)
class AdminAnswer:
    """The answer to a request. `headers` are those beside the usual ones."""

    record: object
    headers: Headers = field(default_factory=tuple)


def etag(version: int) -> str:
    """Return the ETag of a version of a key."""
    return f'"{version}"'


def version_of(if_match: str) -> int:
    """Return the version in `If-Match`. Raises AdminProblem: 428 without one, 400 for another form.

    `*` is refused: with it, a change could undo another one that its sender has not seen.
    """
    if not if_match:
        text = (
            "a change needs If-Match with the ETag that you read, so that no other change is lost"
        )
        raise AdminProblem(428, "version_missing", text, "If-Match")
    inner = if_match[1:-1] if if_match[:1] == if_match[-1:] == '"' and len(if_match) > 2 else ""
    if not (inner.isascii() and inner.isdigit() and len(inner) <= 18):
        text = 'write one ETag as you read it, such as If-Match: "3"'
        raise AdminProblem(400, "version_form", text, "If-Match")
    return int(inner)
