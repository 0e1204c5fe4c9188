"""The errors of the admin API, in the form of RFC 9457: `application/problem+json`."""

from __future__ import annotations

import json

from quotakeeper.http_server.heads import Headers
from quotakeeper.http_server.seam import Exchange

TITLES = {
    400: "the request is not valid", 401: "the admin token is missing or wrong",
    403: "the token may not do this", 404: "there is no such thing", 405: "wrong method",
    409: "this conflicts with what is stored", 412: "somebody else changed it first",
    413: "the body is too large", 415: "the body is not JSON",
    422: "a value is not valid", 428: "the version is missing",
    500: "the admin API failed", 503: "the ledger cannot be used now",
}  # fmt: skip


class AdminProblem(Exception):  # noqa: N818 - the word of RFC 9457
    """The admin API answers with an error. `code` names the reason for programs, `field` the field."""

    def __init__(self, status: int, code: str, text: str, field: str = "") -> None:
        self.status = status
        self.code = code
        self.text = text
        self.field = field
        self.headers: Headers = ()
        super().__init__(f"{status} {code}: {text}")

    def record(self) -> dict[str, object]:
        """Return the error as a JSON record."""
        return {
            "type": "about:blank", "title": TITLES[self.status], "status": self.status,
            "detail": self.text, "code": self.code, "field": self.field,
        }  # fmt: skip


async def send(
    exchange: Exchange, status: int, record: object, headers: Headers = (),
    kind: str = "application/json",
) -> None:  # fmt: skip
    """Answer with a JSON record that no browser or proxy may keep."""
    body = json.dumps(record).encode("ascii") + b"\n"
    named: Headers = (
        ("Content-Type", kind), ("Cache-Control", "no-store"),
        ("X-Content-Type-Options", "nosniff"), *headers,
    )  # fmt: skip
    await exchange.reply(status, named, body)


async def send_problem(exchange: Exchange, problem: AdminProblem) -> None:
    """Answer with an error."""
    await send(
        exchange, problem.status, problem.record(), problem.headers, "application/problem+json"
    )
