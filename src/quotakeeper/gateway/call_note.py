"""What the access log tells about one request. Never a key, a query, a header or a body."""

from __future__ import annotations

from quotakeeper.value_classes import dataclass


@dataclass(slots=True)
class CallNote:
    """Notes about one request while it is answered."""

    key: str = ""
    project: str = ""
    provider: str = ""
    model: str = ""
    operation: str = ""
    call_id: str = ""
    outcome: str = ""
