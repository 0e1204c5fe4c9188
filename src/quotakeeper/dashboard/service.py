"""The dashboard as a handler of requests: the files of the page, sign-in, and the live overview."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable

from quotakeeper.dashboard.files import PageFile, page_files
from quotakeeper.dashboard.live import LiveOverview, News
from quotakeeper.dashboard.sign_in import SESSION_SECONDS, SignIn, ThrottledError
from quotakeeper.http_server.heads import Headers, RequestHead
from quotakeeper.http_server.seam import BodyTooLargeError, Exchange

CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
SESSION_PATH, OVERVIEW_PATH, STREAM_PATH = "/api/session", "/api/overview", "/api/stream"
_COMMON: Headers = (
    ("Content-Security-Policy", CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
)
_SECRET_STATE: Headers = (*_COMMON, ("Cache-Control", "no-store"))
_JSON = ("Content-Type", "application/json")
_MOST_BODY = 1_024
_BEATS = 6
_Answer = Callable[[Exchange], Awaitable[None]]


class Dashboard:
    """Answers the requests of browsers on this machine. Only a session may read the figures.

    `origins` are the addresses of the page itself, such as `http://127.0.0.1:8788`. A request that
    names another origin is refused, so no other page can use a session.
    """

    def __init__(self, live: LiveOverview, sign_in: SignIn, origins: frozenset[str]) -> None:
        self._live = live
        self._sign_in = sign_in
        self._origins = origins
        self._files = page_files()
        # Two dashboards on one machine share the cookies of a host, so the name has the port.
        self._cookie = f"quotakeeper_{max(origin.rpartition(':')[2] for origin in origins)}"
        self.routes: dict[tuple[str, str], _Answer] = {
            ("POST", SESSION_PATH): self._open_session,
            ("GET", SESSION_PATH): self._signed_in(self._tell_session),
            ("DELETE", SESSION_PATH): self._signed_in(self._close_session),
            ("GET", OVERVIEW_PATH): self._signed_in(self._tell_overview),
            ("GET", STREAM_PATH): self._signed_in(self._stream),
        }

    async def __call__(self, exchange: Exchange) -> None:
        """Answer one request."""
        head = exchange.head
        if f"http://{head.value('host')}" not in self._origins:
            await _tell(exchange, 421, "host")
            return
        if not self._is_own_page(head):
            await _tell(exchange, 403, "origin")
            return
        answer = self.routes.get((head.method, head.path))
        if answer is not None:
            await answer(exchange)
        elif head.path not in self._files:
            await _tell(exchange, 404, "path")
        elif head.method != "GET":
            await _tell(exchange, 405, "method")
        else:
            await _send_file(exchange, self._files[head.path])

    # -- who asks

    def _is_own_page(self, head: RequestHead) -> bool:
        origins = head.values("origin")
        if any(each not in self._origins for each in origins):
            return False
        if head.method not in ("GET", "HEAD") and not origins:
            return False  # browsers send the origin with every other method
        is_navigation = not head.path.startswith("/api/")
        site = head.value("sec-fetch-site")
        return is_navigation or site in ("", "same-origin", "none")

    def _signed_in(self, answer: _Answer) -> _Answer:
        async def guarded(exchange: Exchange) -> None:
            if self._sign_in.is_open(self._secret(exchange.head)):
                await answer(exchange)
            else:
                await _tell(exchange, 401, "sign_in")

        return guarded

    def _secret(self, head: RequestHead) -> str:
        for line in head.values("cookie"):
            for pair in line.split(";"):
                name, _, value = pair.strip().partition("=")
                if name == self._cookie:
                    return value
        return ""

    async def _open_session(self, exchange: Exchange) -> None:
        try:
            body = await exchange.read_body(_MOST_BODY, lambda _: None)
            token = json.loads(body)["token"]
        except (BodyTooLargeError, ValueError, KeyError, TypeError, RecursionError):
            await _tell(exchange, 400, "body")
            return
        try:
            secret = self._sign_in.open(str(token))
        except ThrottledError:
            await _tell(exchange, 429, "throttled", (("Retry-After", "60"),))
            return
        if secret is None:
            await _tell(exchange, 401, "token")
            return
        cookie = f"{self._cookie}={secret}; Path=/; Max-Age={int(SESSION_SECONDS)}; HttpOnly"
        await _tell(exchange, 200, "", (("Set-Cookie", f"{cookie}; SameSite=Strict"),))

    async def _tell_session(self, exchange: Exchange) -> None:
        await _tell(exchange, 200, "")

    async def _close_session(self, exchange: Exchange) -> None:
        self._sign_in.close(self._secret(exchange.head))
        gone = f"{self._cookie}=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict"
        await _tell(exchange, 200, "", (("Set-Cookie", gone),))

    # -- the figures

    async def _tell_overview(self, exchange: Exchange) -> None:
        news = None
        for _ in range(_BEATS):  # the first reading of a large ledger takes longer than one beat
            news = news or await self._live.after(0)
        if news is None or not news.overview:
            await _tell(exchange, 503, "ledger")
        else:
            await exchange.reply(200, (*_SECRET_STATE, _JSON), news.overview)

    async def _stream(self, exchange: Exchange) -> None:
        """Send the overview, then each newer one. A viewer that reads slowly misses older ones."""
        secret, number = self._secret(exchange.head), 0
        headers = (
            *_SECRET_STATE,
            ("Content-Type", "text/event-stream"),
            ("X-Accel-Buffering", "no"),
        )
        await exchange.begin(200, headers, None)
        await exchange.write(b"retry: 2000\n\n")
        while self._sign_in.is_open(secret):
            news = await self._live.after(number)
            if news is None and number and self._live.is_late:
                news = News(0, b"", "late")  # after the next read, the newest news is sent again
            if news is None:
                await exchange.write(b"event: alive\ndata: \n\n")
                continue
            number = news.number
            await exchange.write(_event(news))
        await exchange.write(b"event: ended\ndata: \n\n")
        await exchange.finish()


def _event(news: News) -> bytes:
    if news.trouble:
        trouble = json.dumps({"trouble": news.trouble}).encode()
        return b"event: stale\ndata: " + trouble + b"\n\n"
    return b"event: overview\ndata: " + news.overview + b"\n\n"


async def _send_file(exchange: Exchange, file: PageFile) -> None:
    headers = (
        *_COMMON,
        ("Cache-Control", "no-cache"),
        ("ETag", file.tag),
        ("Vary", "Accept-Encoding"),
    )
    head = exchange.head
    if head.value("if-none-match") == file.tag:
        await exchange.reply(304, headers, b"")
        return
    headers = (*headers, ("Content-Type", file.media_type))
    if "gzip" in head.value("accept-encoding"):
        await exchange.reply(200, (*headers, ("Content-Encoding", "gzip")), file.packed)
    else:
        await exchange.reply(200, headers, file.content)


async def _tell(exchange: Exchange, status: int, problem: str, more: Headers = ()) -> None:
    body = json.dumps({"problem": problem} if problem else {"signed_in": True}).encode()
    await exchange.reply(status, (*_SECRET_STATE, _JSON, *more), body)
