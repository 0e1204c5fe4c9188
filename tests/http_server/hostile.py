"""Requests that the server must refuse, and requests that it must accept, as raw bytes.

The names say which rule of HTTP a request breaks. Each list is written by hand.
"""

from __future__ import annotations

GOOD_HOST = b"Host: gateway.example\r\n"


def _head(line: bytes, *headers: bytes, host: bytes = GOOD_HOST) -> bytes:
    return line + b"\r\n" + host + b"".join(each + b"\r\n" for each in headers) + b"\r\n"


def _post(*headers: bytes, body: bytes = b"") -> bytes:
    return _head(b"POST /v1/x HTTP/1.1", *headers) + body


def _get(target: bytes) -> bytes:
    return _head(b"GET " + target + b" HTTP/1.1")


def _host(value: bytes) -> bytes:
    return _head(b"GET /v1/x HTTP/1.1", host=b"Host: " + value + b"\r\n")


def _chunked(body: bytes) -> bytes:
    return _post(b"Transfer-Encoding: chunked", body=body)


_WEBSOCKET = (b"Upgrade: websocket", b"Connection: Upgrade",
              b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", b"Sec-WebSocket-Version: 13")  # fmt: skip
_LINES = {
    "no version": b"GET /v1/x",
    "HTTP/0.9": b"GET /v1/x\r\n",
    "HTTP/1.0": _head(b"GET /v1/x HTTP/1.0"),
    "HTTP/2.0": _head(b"GET /v1/x HTTP/2.0"),
    "HTTP/1.10": _head(b"GET /v1/x HTTP/1.10"),
    "lower-case version": _head(b"GET /v1/x http/1.1"),
    "preface of HTTP/2": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "two blanks before the target": _head(b"GET  /v1/x HTTP/1.1"),
    "two blanks before the version": _head(b"GET /v1/x  HTTP/1.1"),
    "tab in place of a blank": _head(b"GET\t/v1/x HTTP/1.1"),
    "blank after the version": _head(b"GET /v1/x HTTP/1.1 "),
    "blank before the method": _head(b" GET /v1/x HTTP/1.1"),
    "empty line first": b"\r\n" + _get(b"/v1/x"),
    "vertical tab": _head(b"GET\x0b/v1/x HTTP/1.1"),
    "lower-case method": _head(b"get /v1/x HTTP/1.1"),
    "mixed-case method": _head(b"Post /v1/x HTTP/1.1", b"Content-Length: 0"),
    "unknown method": _head(b"BREW /v1/x HTTP/1.1"),
    "CONNECT": _head(b"CONNECT host:443 HTTP/1.1"),
    "TRACE": _head(b"TRACE /v1/x HTTP/1.1"),
    "method with a control character": _head(b"GE\x01T /v1/x HTTP/1.1"),
    "bytes of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(40) + b"\r\n\r\n",
    "zero bytes": bytes(64) + b"\r\n\r\n",
}
_TARGETS = {
    "absolute form": _get(b"http://gateway.example/v1/x"),
    "absolute form of another host": _get(b"http://169.254.169.254/latest"),
    "authority form": _get(b"gateway.example:80"),
    "asterisk form": _head(b"OPTIONS * HTTP/1.1"),
    "two slashes first": _get(b"//evil.example/v1/x"),
    "two slashes inside": _get(b"/v1//x"),
    "two slashes last": _get(b"/v1/x//"),
    "dot segment": _get(b"/v1/./x"),
    "two dots": _get(b"/v1/../x"),
    "two dots last": _get(b"/v1/.."),
    "dots with a parameter": _get(b"/v1/..;a=b/x"),
    "escaped dots": _get(b"/v1/%2e%2e/x"),
    "escaped dots, upper case": _get(b"/v1/%2E%2E/x"),
    "one escaped dot": _get(b"/v1/.%2e/x"),
    "dots escaped twice": _get(b"/v1/%252e%252e/x"),
    "escaped slash": _get(b"/v1/a%2fb"),
    "escaped slash, upper case": _get(b"/v1/a%2Fb"),
    "slash escaped twice": _get(b"/v1/a%252fb"),
    "backslash": _get(b"/v1\\x"),
    "escaped backslash": _get(b"/v1/a%5cb"),
    "escaped NUL": _get(b"/v1/x%00"),
    "escaped line end": _get(b"/v1/x%0d%0aHost:%20evil"),
    "escaped DEL": _get(b"/v1/x%7f"),
    "escaped question mark": _get(b"/v1/x%3fkey=1"),
    "escaped number sign": _get(b"/v1/x%23a"),
    "fragment": _get(b"/v1/x#a"),
    "fragment in the query": _get(b"/v1/x?a=1#b"),
    "incomplete escape": _get(b"/v1/x%"),
    "escape of one digit": _get(b"/v1/x%4"),
    "escape without digits": _get(b"/v1/x%zz"),
    "escape without digits in the query": _get(b"/v1/x?a=%zz"),
    "control character": _get(b"/v1/x\x01"),
    "DEL": _get(b"/v1/x\x7f"),
    "UTF-8": _get("/v1/xé".encode()),
    "Latin-1": _get(b"/v1/x\xe9"),
    "quotation mark": _get(b'/v1/"x"'),
    "angle brackets": _get(b"/v1/<x>"),
    "no slash first": _get(b"v1/x"),
    "only a query": _get(b"?a=1"),
    "20 KB target": _get(b"/v1/" + b"a" * 20_000),
}
_HOSTS = {
    "no Host": _head(b"GET /v1/x HTTP/1.1", host=b""),
    "two equal Hosts": _head(b"GET /v1/x HTTP/1.1", b"Host: gateway.example"),
    "two Hosts": _head(b"GET /v1/x HTTP/1.1", b"Host: evil.example"),
    "empty Host": _host(b""),
    "Host with a path (CVE-2026-49468)": _host(b"a:4000/#@b"),
    "Host with a slash": _host(b"gateway.example/x"),
    "Host with a user": _host(b"user@gateway.example"),
    "Host with a blank": _host(b"gateway.example evil.example"),
    "Host with a comma": _host(b"gateway.example,evil.example"),
    "Host with a letter in the port": _host(b"gateway.example:8o"),
    "Host with port 0": _host(b"gateway.example:0"),
    "Host with port 65536": _host(b"gateway.example:65536"),
    "Host with a signed port": _host(b"gateway.example:+80"),
    "Host with an empty port": _host(b"gateway.example:"),
    "Host with two ports": _host(b"gateway.example:80:81"),
    "Host with an open bracket": _host(b"[::1"),
    "Host with a name in brackets": _host(b"[gateway.example]"),
    "Host with text after the bracket": _host(b"[::1]evil"),
    "Host of IPv6 without brackets": _host(b"::1"),
    "Host with a zone": _host(b"[fe80::1%25eth0]"),
    "unspecified Host": _host(b"0.0.0.0:8787"),
    "unspecified Host of IPv6": _host(b"[::]:8787"),
    "Host with a percent sign": _host(b"gateway%2eexample"),
    "Host with empty labels": _host(b"gateway..example"),
    "Host with a question mark": _host(b"gateway.example?x"),
    "Host of 300 characters": _host(b"a" * 300),
}
_HEADERS = {
    "blank before the colon": _post(b"Content-Length : 0"),
    "tab before the colon": _post(b"X-A\t: 0"),
    "folded header": _post(b"X-A: 1", b" 2"),
    "folded Transfer-Encoding": _post(b"Transfer-Encoding:", b" chunked", body=b"0\r\n\r\n"),
    "header without a colon": _post(b"X-A"),
    "empty name": _post(b": 1"),
    "blank in a name": _post(b"X A: 1"),
    "NUL in a value": _post(b"X-A: 1\x002"),
    "control character in a value": _post(b"X-A: 1\x022"),
    "CR in a value": _post(b"X-A: 1\r2"),
    "LF alone ends a header": _post(b"X-A: 1\nX-B: 2"),
    "LF alone ends the head": b"GET /v1/x HTTP/1.1\nHost: gateway.example\n\n",
    "CR alone ends a header": b"GET /v1/x HTTP/1.1\r" + GOOD_HOST + b"\r\n",
    "Latin-1 in a value": _post(b"X-A: \xe9"),
    "101 headers": _post(*[b"X-%d: 1" % n for n in range(101)]),
    "17 KB of headers": _post(*[b"X-%d: %s" % (n, b"a" * 1_000) for n in range(17)]),
    "one header of 17 KB": _post(b"X-A: " + b"a" * 17_000),
    "200 KB of headers": _post(b"X-A: " + b"a" * 200_000),
    "underscore in Content_Length": _post(b"Content_Length: 5"),
    "underscore in Transfer_Encoding": _post(b"Transfer_Encoding: chunked"),
    "two Content-Types": _post(b"Content-Type: text/plain", b"Content-Type: application/json"),
    "two keys": _post(b"X-Api-Key: one", b"X-Api-Key: two"),
    "two Authorizations": _post(b"Authorization: Bearer a", b"Authorization: Bearer b"),
    "unknown Expect": _post(b"Expect: 200-ok", b"Content-Length: 1", body=b"x"),
    "Connection removes the key": _post(b"Connection: close, authorization"),
    "Connection removes the length": _post(b"Connection: content-length", b"Content-Length: 0"),
    "Connection is no token": _post(b"Connection: a b"),
    "handshake by POST": _head(b"POST /v1/x HTTP/1.1", *_WEBSOCKET),
    "handshake without Connection": _head(b"GET /v1/x HTTP/1.1", _WEBSOCKET[0], *_WEBSOCKET[2:]),
    "handshake with a body": _head(b"GET /v1/x HTTP/1.1", *_WEBSOCKET, b"Content-Length: 1") + b"x",
    "handshake of version 8": _head(b"GET /v1/x HTTP/1.1", *_WEBSOCKET[:3],
                                    b"Sec-WebSocket-Version: 8"),
    "handshake with a short key": _head(b"GET /v1/x HTTP/1.1", *_WEBSOCKET[:2], _WEBSOCKET[3],
                                        b"Sec-WebSocket-Key: c2hvcnQ="),
    "handshake with two keys": _head(b"GET /v1/x HTTP/1.1", *_WEBSOCKET, _WEBSOCKET[2]),
}  # fmt: skip
_FRAMING = {
    "CL and TE": _post(b"Content-Length: 5", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "TE and CL": _post(b"Transfer-Encoding: chunked", b"Content-Length: 5", body=b"0\r\n\r\n"),
    "two lengths": _post(b"Content-Length: 1", b"Content-Length: 2", body=b"xx"),
    "two equal lengths": _post(b"Content-Length: 1", b"Content-Length: 1", body=b"x"),
    "list of lengths": _post(b"Content-Length: 1, 1", body=b"x"),
    "signed length": _post(b"Content-Length: +1", body=b"x"),
    "negative length": _post(b"Content-Length: -1", body=b"x"),
    "hexadecimal length": _post(b"Content-Length: 0x1", body=b"x"),
    "length with a zero first": _post(b"Content-Length: 01", body=b"x"),
    "length with an underscore": _post(b"Content-Length: 1_0", body=b"x" * 10),
    "empty length": _post(b"Content-Length:", body=b""),
    "length with a blank inside": _post(b"Content-Length: 1 0", body=b"x" * 10),
    "length in other digits": _post("Content-Length: ١".encode(), body=b"x"),
    "length of 2^64 + 5": _post(b"Content-Length: 18446744073709551621", body=b"xxxxx"),
    "TE twice": _post(b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked", body=b"0\r\n\r\n"),
    "TE identity": _post(b"Transfer-Encoding: identity"),
    "TE gzip, chunked": _post(b"Transfer-Encoding: gzip, chunked", body=b"0\r\n\r\n"),
    "TE chunked, identity": _post(b"Transfer-Encoding: chunked, identity", body=b"0\r\n\r\n"),
    "TE chunked, chunked": _post(b"Transfer-Encoding: chunked, chunked", body=b"0\r\n\r\n"),
    "TE xchunked": _post(b"Transfer-Encoding: xchunked", body=b"0\r\n\r\n"),
    "TE quoted": _post(b'Transfer-Encoding: "chunked"', body=b"0\r\n\r\n"),
    "TE with a parameter": _post(b"Transfer-Encoding: chunked;q=1", body=b"0\r\n\r\n"),
    "TE empty": _post(b"Transfer-Encoding:", body=b"0\r\n\r\n"),
    "chunked in HTTP/1.0": _head(b"POST /v1/x HTTP/1.0", b"Transfer-Encoding: chunked") + b"0\r\n\r\n",
}  # fmt: skip
_CHUNKS = {
    "size without digits": _chunked(b"\r\n\r\n"),
    "size with a sign": _chunked(b"+1\r\nx\r\n0\r\n\r\n"),
    "negative size": _chunked(b"-1\r\nx\r\n0\r\n\r\n"),
    "size with 0x": _chunked(b"0x1\r\nx\r\n0\r\n\r\n"),
    "size with a blank first": _chunked(b" 1\r\nx\r\n0\r\n\r\n"),
    "size with an underscore": _chunked(b"1_0\r\n" + b"x" * 16 + b"\r\n0\r\n\r\n"),
    "size of 2^64": _chunked(b"10000000000000000\r\nx\r\n0\r\n\r\n"),
    "size of 2^64 + 1": _chunked(b"10000000000000001\r\nx\r\n0\r\n\r\n"),
    "size with many zeros": _chunked(b"0" * 64 + b"1\r\nx\r\n0\r\n\r\n"),
    "size ends with LF": _chunked(b"1\nx\r\n0\r\n\r\n"),
    "size ends with CR": _chunked(b"1\rx\r\n0\r\n\r\n"),
    "data end with LF": _chunked(b"1\r\nx\n0\r\n\r\n"),
    "data without an end": _chunked(b"1\r\nx0\r\n\r\n"),
    "data longer than the size": _chunked(b"1\r\nxx\r\n0\r\n\r\n"),
    "data shorter than the size": _chunked(b"3\r\nx\r\n0\r\n\r\n"),
    "last chunk ends with LF": _chunked(b"1\r\nx\r\n0\n\n"),
    "extension of 17 KB": _chunked(b"1;a=" + b"b" * 17_000 + b"\r\nx\r\n0\r\n\r\n"),
    "extensions of 17 KB in all": _chunked(b"1;a=bbbbbbbbbbbb\r\nx\r\n" * 1_000 + b"0\r\n\r\n"),
    "10,000 chunks of one byte": _chunked(b"1\r\nx\r\n" * 10_000 + b"0\r\n\r\n"),
    "control character in an extension": _chunked(b"1;a=\x01\r\nx\r\n0\r\n\r\n"),
    "NUL in the size": _chunked(b"1\x00\r\nx\r\n0\r\n\r\n"),
    "trailer without a colon": _chunked(b"0\r\nX-A\r\n\r\n"),
    "trailer that ends with LF": _chunked(b"0\r\nX-A: 1\n\r\n"),
    "folded trailer": _chunked(b"0\r\nX-A: 1\r\n 2\r\n\r\n"),
    "trailer of 17 KB": _chunked(b"0\r\nX-A: " + b"a" * 17_000 + b"\r\n\r\n"),
    "trailer of 1 MB": _chunked(b"0\r\nX-A: " + b"a" * 1_000_000 + b"\r\n\r\n"),
}  # fmt: skip

HOSTILE: dict[str, bytes] = {**_LINES, **_TARGETS, **_HOSTS, **_HEADERS, **_FRAMING, **_CHUNKS}

PATHS = (
    b"/", b"/v1/x", b"/v1beta/models/gemini-2.5-flash:generateContent",
    b"/v1beta/models/gemini-2.5-flash:streamGenerateContent?alt=sse", b"/v1/listen?model=nova-3",
    b"/v1/listen?model=nova-3&keyterm=a%20b&punctuate=true", b"/v1/listen?callback=https://a.example/b//c",
    b"/v1/x?", b"/v1/x?a", b"/v1/x?a=&b=", b"/v1/x?a=1&a=2", b"/v1/x?q=%E4%BD%A0", b"/v1/x?q=[1,2]",
    b"/v1/x?q={a}|b^c`d", b"/v1/x?a=..", b"/v1/x?a=%2e%2e%2f", b"/v1/x?a=b/../c", b"/v1/x?a=?b",
    b"/v1/x?%23=1", b"/v1/x;v=1", b"/v1/x,y", b"/v1/x@y", b"/v1/x!y$&'()*+", b"/v1/a.b.c", b"/v1/...",
    b"/v1/.well-known", b"/v1/%E4%BD%A0%E5%A5%BD", b"/v1/a%20b", b"/v1/~a_b-c", b"/V1/X", b"/v1/x/",
    b"/v1/projects/5a9dbeef-0000-4000-8000-000000000001/usage?start=2026-11-01&end=2026-11-30",
    b"/v1/models/a%3Ab", b"/v1beta/corpora/a:query", b"/" + b"a" * 4_000, b"/v1/x?" + b"a" * 8_000,
)  # fmt: skip
_GOOD_HOSTS = (
    b"gateway.example", b"gateway.example:8787", b"localhost", b"localhost:1", b"127.0.0.1:65535",
    b"[::1]", b"[::1]:8787", b"GATEWAY.Example", b"quota_keeper:8787", b"a", b"10.0.0.1",
    b"xn--bcher-kva.example", b"gateway.example.", b"a-b.c-d.example",
)  # fmt: skip
_GOOD_HEADERS = (
    b"Accept: */*", b"User-Agent: curl/7.88.1", b"X-Empty:", b"X-A:1", b"X-A:  1  ", b"X-A:\t1\t",
    b"X-A: a\tb", "X-Title: Xin chào".encode(), b"Authorization: Bearer qk_abc", b"x-goog-api-key: a",
    b"Authorization: Token abc", b"Accept-Encoding: gzip, deflate, br, zstd", b"Connection: keep-alive",
    b"Connection: close", b"Connection: Keep-Alive, Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\n"
    b"HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA", b"TE: trailers", b"Connection: TE\r\nTE: trailers",
    b"Proxy-Connection: keep-alive", b"Keep-Alive: timeout=5", b"Cookie: a=1; b=2", b"X_A: 1",
    b"X-Stainless-Lang: python\r\nX-Stainless-Os: Linux", b"Accept: a\r\nAccept: b", b"Via: 1.1 proxy",
    b"Forwarded: for=192.0.2.1", b"X-Forwarded-For: 192.0.2.1, 198.51.100.1", b"Range: bytes=0-",
    b"X-A: " + b"a" * 8_000, b"X-!#$%&'*+.^`|~: 1", b"Content-Type: application/json; charset=utf-8",
    b"".join(b"X-%d: 1\r\n" % n for n in range(98)) + b"X-A: 1", b"Content-Length: 0",
)  # fmt: skip
_GOOD_BODIES = {
    "length 0": _post(b"Content-Length: 0"),
    "no length": _post(),
    "length 1": _post(b"Content-Length: 1", body=b"x"),
    "length 100,000": _post(b"Content-Length: 100000", body=b"x" * 100_000),
    "lower-case header": _post(b"content-length: 2", body=b"ab"),
    "GET with a body": _head(b"GET /v1/x HTTP/1.1", b"Content-Length: 2") + b"ab",
    "body of line ends": _post(b"Content-Length: 8", body=b"\r\n\r\n\r\n\r\n"),
    "body like a request": _post(b"Content-Length: 22", body=b"GET /admin HTTP/1.1\r\n\n"),
    "chunks": _chunked(b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n"),
    "upper-case Chunked": _post(b"Transfer-Encoding: Chunked", body=b"1\r\nx\r\n0\r\n\r\n"),
    "upper-case size": _chunked(b"A\r\n" + b"x" * 10 + b"\r\n0\r\n\r\n"),
    "lower-case size": _chunked(b"a\r\n" + b"x" * 10 + b"\r\n0\r\n\r\n"),
    "size with zeros": _chunked(b"0001\r\nx\r\n000\r\n\r\n"),
    "extension": _chunked(b"1;a=b\r\nx\r\n0\r\n\r\n"),
    "quoted extension": _chunked(b'1;a="b c"\r\nx\r\n0;last\r\n\r\n'),
    "blank before an extension": _chunked(b"1 ;a=b\r\nx\r\n0\r\n\r\n"),
    "trailer": _chunked(b"1\r\nx\r\n0\r\nX-Sum: abc\r\n\r\n"),
    "two trailers": _chunked(b"1\r\nx\r\n0\r\nX-Sum: abc\r\nX-B:\r\n\r\n"),
    "no chunk but the last": _chunked(b"0\r\n\r\n"),
    "1,000 small chunks": _chunked(b"1\r\nx\r\n" * 1_000 + b"0\r\n\r\n"),
    "10,000 chunks of 64 bytes": _chunked((b"40\r\n" + b"x" * 64 + b"\r\n") * 10_000 + b"0\r\n\r\n"),
    "Expect": _post(b"Expect: 100-continue", b"Content-Length: 1", body=b"x"),
    "Expect, upper case": _post(b"Expect: 100-Continue", b"Content-Length: 1", body=b"x"),
}  # fmt: skip

VALID: dict[str, bytes] = {
    **{f"target {path[:60].decode()}": _get(path) for path in PATHS},
    **{f"host {name.decode()}": _host(name) for name in _GOOD_HOSTS},
    **{f"header {line[:60]!r}": _head(b"GET /v1/x HTTP/1.1", line) for line in _GOOD_HEADERS},
    **{
        f"method {name}": _head(name.encode() + b" /v1/x HTTP/1.1")
        for name in ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
    },
    **_GOOD_BODIES,
}
