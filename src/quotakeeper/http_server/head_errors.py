"""The error for a request that the server refuses before any route sees it."""

from __future__ import annotations

REASONS = {
    400: "Bad Request", 405: "Method Not Allowed", 408: "Request Timeout",
    417: "Expectation Failed", 421: "Misdirected Request",
    431: "Request Header Fields Too Large", 501: "Not Implemented",
    505: "HTTP Version Not Supported",
}  # fmt: skip


class RequestRefusedError(Exception):
    """A request breaks a rule of HTTP or of this server.

    `status` is the status of the answer. `problem` says which rule, and never quotes the request,
    which may hold a key.
    """

    def __init__(self, problem: str, status: int = 400) -> None:
        self.status = status
        self.problem = problem
        super().__init__(f"{status}: {problem}")
