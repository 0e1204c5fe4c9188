"""The access log: what it may not show."""

from __future__ import annotations

import asyncio
import errno
import json
import logging
from types import SimpleNamespace
from typing import Any

import pytest

from quotakeeper.gateway.access_log import AccessLog
from quotakeeper.gateway.call_note import CallNote
from quotakeeper.http_server.head_errors import RequestRefusedError
from tests.gateway.billing_server import billing_server
from tests.gateway.harness import gate, run


def test_the_access_log_shows_no_key_in_a_path_or_in_a_models_name() -> None:
    lines: list[str] = []
    secret = f"qk_{'a' * 38}"
    head = SimpleNamespace(method="GET", path=f"/v1/me/usage/{secret}")
    exchange: Any = SimpleNamespace(head=head, remote="127.0.0.1", status=404, bytes_sent=0)
    AccessLog(lines.append).log(exchange, CallNote(model=f"m;x={secret}"), 0, 0.0)
    (line,) = lines
    assert "/v1/me/usage/(removed)" in line and "m;x=(removed)" in line
    assert secret not in line


def test_a_request_without_a_valid_head_is_logged_without_its_bytes() -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            port = int(through.url.rpartition(":")[2])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /v1/x?key=qk_secret HTTP/3.0\r\nHost: a\r\n\r\n")
            await reader.read(-1)
            writer.close()
            line = await through.logged()
            assert (line["status"], line["outcome"]) == (505, "bad_request")
            assert line["remote"] == "127.0.0.1" and "qk_secret" not in json.dumps(line)

    run(test)


def test_a_log_on_a_full_disk_is_told_once_and_ends_no_request(
    caplog: pytest.LogCaptureFixture,
) -> None:
    lines: list[str] = []
    is_full = True

    def write(line: str) -> None:
        if is_full:
            raise OSError(errno.ENOSPC, "No space left on device")
        lines.append(line)

    told = AccessLog(write, lambda: 0)
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            told.refused("127.0.0.1", RequestRefusedError("no"))
        assert [each.exc_info for each in caplog.records] == [None]
        is_full = False
        told.refused("127.0.0.1", RequestRefusedError("no"))
        is_full = True
        told.refused("127.0.0.1", RequestRefusedError("no"))
    assert (len(lines), len(caplog.records)) == (1, 2)
