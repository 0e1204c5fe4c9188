"""The access log: what it may not show."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from quotakeeper.gateway.access_log import AccessLog
from quotakeeper.gateway.call_note import CallNote


def test_the_access_log_shows_no_key_in_a_path_or_in_a_models_name() -> None:
    lines: list[str] = []
    secret = f"qk_{'a' * 38}"
    head = SimpleNamespace(method="GET", path=f"/v1/me/usage/{secret}")
    exchange: Any = SimpleNamespace(head=head, remote="127.0.0.1", status=404, bytes_sent=0)
    AccessLog(lines.append).log(exchange, CallNote(model=f"m;x={secret}"), 0, 0.0)
    (line,) = lines
    assert "/v1/me/usage/(removed)" in line and "m;x=(removed)" in line
    assert secret not in line
