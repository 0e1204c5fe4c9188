"""Parses the head of a request from its raw bytes, more strictly than HTTP asks for.

The parsed head is written out again for the HTTP library (`written_out`). So the library sees only
what was checked here, in one spelling.
"""

from __future__ import annotations

import base64
import binascii
import re

from quotakeeper.http_server.head_errors import RequestRefusedError
from quotakeeper.http_server.hosts import checked_host
from quotakeeper.http_server.targets import checked_target
from quotakeeper.value_classes import dataclass

MOST_HEAD_BYTES = 16 * 1024
MOST_HEADERS = 100
_METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
_NEVER = ("CONNECT", "TRACE")
_VERSION = "HTTP/1.1"
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_LINE = re.compile(r"([!#$%&'*+.^_`|~0-9A-Za-z-]{1,32}) ([^ ]+) (HTTP/[0-9]\.[0-9])")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,17}")  # below 2**63
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")
# Headers that a request has once. Two of one kind are read differently by different servers.
_SINGLE = frozenset({
    "authorization", "content-length", "content-type", "expect", "host", "sec-websocket-key",
    "sec-websocket-version", "transfer-encoding", "upgrade", "x-api-key", "x-goog-api-key",
})  # fmt: skip
# Headers about this connection alone. They are written again from what was understood.
_OF_CONNECTION = frozenset({
    "connection", "keep-alive", "proxy-connection", "te", "trailer", "upgrade", "http2-settings",
    "expect",
})  # fmt: skip
# A `Connection` header must not remove what framing, routing or authentication depends on.
_KEPT = frozenset({"content-length", "host", "transfer-encoding", "authorization", "x-api-key",
    "x-goog-api-key", "content-type", "content-encoding"})  # fmt: skip

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class RequestHead:
    """A checked head. `headers` are as they were sent, without those about the connection.

    `length` is the body's length in bytes; None for a body in chunks.
    """

    method: str
    target: str
    host: str
    headers: Headers
    length: int | None
    closes: bool = False
    is_websocket: bool = False
    expects_continue: bool = False

    @property
    def path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def has_body(self) -> bool:
        """Whether a body follows the head."""
        return self.length != 0

    def values(self, name: str) -> list[str]:
        """Return the values of all headers with a name, which is in lower case."""
        return [value for each, value in self.headers if each.lower() == name]

    def value(self, name: str) -> str:
        """Return the first value of a header; "" if it is absent. `name` is in lower case."""
        found = self.values(name)
        return found[0] if found else ""


def parse_head(data: bytes) -> RequestHead:
    """Return the head in `data`, which ends with an empty line. Raises RequestRefusedError."""
    if len(data) > MOST_HEAD_BYTES:
        raise RequestRefusedError("the head is longer than 16 KiB", 431)
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise RequestRefusedError("the head is not UTF-8") from None
    first, *lines = text.removesuffix("\r\n\r\n").split("\r\n")
    if any("\r" in line or "\n" in line for line in (first, *lines)):
        raise RequestRefusedError("a line of the head ends without CRLF")
    method, target = _request_line(first)
    if len(lines) > MOST_HEADERS:
        raise RequestRefusedError("there are more than 100 headers", 431)
    named = [_header(line) for line in lines]
    by_name: dict[str, list[str]] = {}
    for name, value in named:
        by_name.setdefault(name.lower(), []).append(value)
    _check_single(by_name)
    options = _connection_options(by_name)
    length = _length(by_name)
    expects = _expects_continue(by_name)
    return RequestHead(
        method, target, checked_host(by_name["host"][0]),
        tuple((name, value) for name, value in named if name.lower() not in _OF_CONNECTION
            and name.lower() not in options),
        length, "close" in options,
        _is_websocket(method, by_name, options, length), expects,
    )  # fmt: skip


def written_out(head: RequestHead) -> bytes:
    """Return the bytes of a head for the HTTP library, with one spelling of everything."""
    lines = [f"{head.method} {head.target} {_VERSION}"]
    lines += [f"{name}: {value}" for name, value in head.headers]
    if head.is_websocket:
        lines += ["Connection: Upgrade", "Upgrade: websocket"]
    elif head.closes:
        lines.append("Connection: close")
    return "\r\n".join((*lines, "", "")).encode()


def _request_line(line: str) -> tuple[str, str]:
    found = _LINE.fullmatch(line)
    if found is None:
        raise RequestRefusedError("the first line is not a method, a target and a version")
    method, target, version = found.groups()
    if version != _VERSION:
        raise RequestRefusedError("only HTTP/1.1 is served", 505)
    if method in _NEVER:
        raise RequestRefusedError("the method is not served", 405)
    if method not in _METHODS:
        raise RequestRefusedError("the method is not known", 501)
    return method, checked_target(target)


def _header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon or not _TOKEN.fullmatch(name):
        raise RequestRefusedError("a line of the head is not a header")
    # Some servers read `_` as `-`. They would find a second length or key.
    if "_" in name and name.lower().replace("_", "-") in _SINGLE:
        raise RequestRefusedError("a header's name has an underscore in place of a hyphen")
    value = value.strip(" \t")
    if _UNPRINTABLE.search(value):
        raise RequestRefusedError("a header has a control character")
    return name, value


def _check_single(by_name: dict[str, list[str]]) -> None:
    if "host" not in by_name:
        raise RequestRefusedError("there is no Host header")
    for name in _SINGLE.intersection(by_name):
        if len(by_name[name]) > 1:
            raise RequestRefusedError(f"the header {name} occurs twice")


def _connection_options(by_name: dict[str, list[str]]) -> frozenset[str]:
    found = [
        each.strip().lower() for line in by_name.get("connection", ()) for each in line.split(",")
    ]
    options = frozenset(each for each in found if each)
    if not all(_TOKEN.fullmatch(each) for each in options) or options & _KEPT:
        raise RequestRefusedError("the Connection header names a header that must stay")
    return options


def _length(by_name: dict[str, list[str]]) -> int | None:
    coding = by_name.get("transfer-encoding")
    length = by_name.get("content-length")
    if coding is not None:
        if length is not None:
            raise RequestRefusedError("there are both Content-Length and Transfer-Encoding")
        if coding[0].lower() != "chunked":
            raise RequestRefusedError("the Transfer-Encoding is not chunked", 501)
        return None
    if length is None:
        return 0
    if not _LENGTH.fullmatch(length[0]):
        raise RequestRefusedError("the Content-Length is not a whole number")
    return int(length[0])


def _expects_continue(by_name: dict[str, list[str]]) -> bool:
    expected = by_name.get("expect")
    if expected is None:
        return False
    if expected[0].lower() != "100-continue":
        raise RequestRefusedError("the Expect header is not 100-continue", 417)
    return True


def _is_websocket(
    method: str, by_name: dict[str, list[str]], options: frozenset[str], length: int | None
) -> bool:
    if by_name.get("upgrade", [""])[0].lower() != "websocket":
        return False  # another protocol: the request is served in HTTP/1.1, as RFC 9110 allows
    if "upgrade" not in options or method != "GET" or length != 0:
        raise RequestRefusedError("the handshake is not a GET request with Connection: Upgrade")
    try:
        nonce = base64.b64decode(by_name.get("sec-websocket-key", [""])[0], validate=True)
    except (binascii.Error, ValueError):
        nonce = b""
    if len(nonce) != 16 or by_name.get("sec-websocket-version") != ["13"]:
        raise RequestRefusedError("the handshake is not one of WebSocket version 13")
    return True
