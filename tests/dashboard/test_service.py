"""Who may ask the dashboard for what: hosts, origins, tokens, cookies, headers and files."""

from __future__ import annotations

import asyncio
import gzip
import re

import aiohttp
import pytest

from quotakeeper import Keeper
from quotakeeper.dashboard.files import FOLDER, page_files
from quotakeeper.dashboard.service import CSP
from quotakeeper.dashboard.sign_in import MOST_FAILURES, SESSION_SECONDS
from quotakeeper.testing import FakeClock
from tests.dashboard.serving import Served, run, serving

API = (("GET", "/api/session"), ("DELETE", "/api/session"), ("GET", "/api/overview"),
       ("GET", "/api/stream"))  # fmt: skip


def empty() -> tuple[Keeper, FakeClock]:
    """A keeper without calls and limits."""
    clock = FakeClock()
    return Keeper("memory:", {"default_limits": False, "timezone": "UTC"}, clock=clock), clock


async def status(served: Served, method: str, path: str, **headers: str) -> int:
    """Send a request. Returns the status of the answer."""
    async with served.client.request(method, served.url + path, headers=headers) as answer:
        return answer.status


def test_without_a_session_no_route_tells_a_figure() -> None:
    async def test() -> None:
        async with serving(*empty()) as served:
            for method, path in API:
                asked = await status(served, method, path, Origin=served.url)
                assert asked == 401, (method, path)
            with_any = f"quotakeeper_{served.url.rpartition(':')[2]}=x"
            assert await status(served, "GET", "/api/overview", Cookie=with_any) == 401

    run(test)


def test_every_route_is_either_the_sign_in_or_needs_a_session() -> None:
    async def test() -> None:
        async with serving(*empty()) as served:
            handler = served.dashboard.service
            assert set(handler.routes) == {*API, ("POST", "/api/session")}

    run(test)


def test_the_cookie_is_strict_and_hidden_from_scripts_and_ends_with_the_session() -> None:
    async def test() -> None:
        async with serving(*empty()) as served:
            answer = await served.sign_in()
            assert answer.status == 200
            cookie = answer.headers["Set-Cookie"]
            for part in ("; HttpOnly", "; SameSite=Strict", "; Path=/", "; Max-Age=43200"):
                assert part in cookie
            assert served.token not in cookie
            assert await status(served, "GET", "/api/overview") == 200
            served.clock.advance(seconds=SESSION_SECONDS)
            assert await status(served, "GET", "/api/overview") == 401

    run(test)


def test_signing_out_ends_the_session_at_the_server_too() -> None:
    async def test() -> None:
        async with serving(*empty()) as served:
            cookie = (await served.sign_in()).headers["Set-Cookie"].partition(";")[0]
            assert await status(served, "DELETE", "/api/session", Origin=served.url) == 200
            assert await status(served, "GET", "/api/overview", Cookie=cookie) == 401

    run(test)


def test_many_wrong_tokens_stop_every_sign_in_for_a_minute() -> None:
    async def test() -> None:
        async with serving(*empty()) as served:
            for number in range(MOST_FAILURES):
                assert (await served.sign_in(f"wrong {number}")).status == 401
            throttled = await served.sign_in()
            assert (throttled.status, throttled.headers["Retry-After"]) == (429, "60")
            served.clock.advance(seconds=61)
            assert (await served.sign_in()).status == 200

    run(test)


@pytest.mark.parametrize(
    "body", [b"", b"[]", b'{"token": 1', b"x" * 2_000, b'{"other": 1}', b"[" * 1_024]
)
def test_a_sign_in_without_a_token_is_a_bad_request(body: bytes) -> None:
    async def test() -> None:
        async with serving(*empty()) as served:
            answer = await served.client.post(
                f"{served.url}/api/session", data=body, headers={"Origin": served.url}
            )
            assert answer.status == 400

    run(test)


def test_a_page_of_another_origin_can_neither_sign_in_nor_read() -> None:
    async def test() -> None:
        async with serving(*empty()) as served:
            port = served.url.rpartition(":")[2]
            for origin in ("http://evil.example", "null", f"https://127.0.0.1:{port}",
                           "http://127.0.0.1:1", f"http://127.0.0.1:{port}.evil.example"):  # fmt: skip
                assert (await served.sign_in(Origin=origin)).status == 403, origin
            missing = await served.client.post(f"{served.url}/api/session", json={"token": ""})
            assert missing.status == 403
            assert (await served.sign_in()).status == 200
            assert await status(served, "GET", "/api/overview", Origin="http://evil.example") == 403
            crossing = {"Sec-Fetch-Site": "cross-site"}
            assert await status(served, "GET", "/api/overview", **crossing) == 403

    run(test)


def test_another_host_name_is_refused_so_a_rebound_name_reads_nothing() -> None:
    async def test() -> None:
        async with serving(*empty()) as served:
            port = served.url.rpartition(":")[2]
            for host in ("evil.example", f"evil.example:{port}", f"localhost.evil.example:{port}",
                         f"127.0.0.1.evil.example:{port}", "other.localhost"):  # fmt: skip
                assert await status(served, "GET", "/", Host=host) == 421, host
            for host in (f"127.0.0.1:{port}", f"localhost:{port}"):
                assert await status(served, "GET", "/", Host=host) == 200
            for host in ("127.0.0.1:1", "localhost"):  # the name is right, the port is not
                assert await status(served, "GET", "/", Host=host) == 421, host

    run(test)


def test_every_answer_has_the_policy_that_allows_only_own_scripts() -> None:
    async def test() -> None:
        async with serving(*empty()) as served:
            paths = [*page_files(), "/nothing", "/api/overview"]
            for path in paths:
                async with served.client.get(served.url + path) as answer:
                    assert answer.headers["Content-Security-Policy"] == CSP
                    assert answer.headers["X-Content-Type-Options"] == "nosniff"
                    assert answer.headers["Referrer-Policy"] == "no-referrer"
                    kept = answer.headers.get("Cache-Control")
                    assert kept == ("no-cache" if path in page_files() else "no-store")

    run(test)
    assert CSP == (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
    )


def test_files_are_sent_compressed_and_not_again_if_unchanged() -> None:
    async def test() -> None:
        async with serving(*empty()) as served:
            path = f"{served.url}/app.js"
            async with served.client.get(path, headers={"Accept-Encoding": "gzip"}) as answer:
                assert answer.headers["Content-Encoding"] == "gzip"
                assert await answer.read() == (FOLDER / "app.js").read_bytes()
                tag = answer.headers["ETag"]
            async with served.client.get(path, headers={"If-None-Match": tag}) as answer:
                assert (answer.status, await answer.read()) == (304, b"")
            async with served.client.post(path, headers={"Origin": served.url}) as answer:
                assert answer.status == 405
            for absent in ("/vendor/preact.LICENSE.txt", "/app.py", "/index.html"):
                assert await status(served, "GET", absent) == 404

    run(test)


@pytest.mark.parametrize("other", ["/en.json", "/vi.json"])
def test_what_a_browser_loads_stays_within_its_budget(other: str) -> None:
    # A browser loads the texts of one language.
    files = [each for path, each in page_files().items() if path != other]
    assert sum(len(each.content) for each in files) <= 120 * 1024
    assert sum(len(each.packed) for each in files) <= 45 * 1024
    assert all(gzip.decompress(each.packed) == each.content for each in files)


def test_no_file_of_the_page_names_another_host_or_makes_code_from_text() -> None:
    # Addresses that are names of formats or licences, not places that a browser visits.
    names = ("http://www.w3.org/",)
    for path in sorted(FOLDER.rglob("*")):
        if path.suffix in (".js", ".mjs", ".css", ".html", ".json", ".svg"):
            text = path.read_text(encoding="utf-8")
            found = [
                each
                for each in re.findall(r"https?://[\w./-]+", text)
                if not each.startswith(names)
            ]
            is_licence = path.parent.name == "vendor" and all(
                "github.com" in each for each in found
            )
            assert not found or is_licence, (path, found)
            if path.parent.name != "vendor":
                assert not re.search(r"innerHTML|eval\(|new Function|style=\"|onclick=", text), path


def test_a_second_dashboard_has_another_token_and_another_cookie() -> None:
    async def test() -> None:
        async with serving(*empty()) as first, serving(*empty()) as second:
            assert first.token != second.token and len(first.token) == 32
            assert (await second.sign_in(first.token)).status == 401
            one, two = [(await each.sign_in()).headers["Set-Cookie"] for each in (first, second)]
            assert one.partition("=")[0] != two.partition("=")[0]

    run(test)


def test_a_stream_ends_when_its_session_ends() -> None:
    async def test() -> None:
        async with serving(*empty()) as served:
            await served.sign_in()
            timeout = aiohttp.ClientTimeout(total=10)
            async with served.client.get(f"{served.url}/api/stream", timeout=timeout) as stream:
                await stream.content.readuntil(b"event: overview")
                served.clock.advance(seconds=SESSION_SECONDS)
                rest = await asyncio.wait_for(stream.content.read(), 5)
                assert rest.endswith(b"event: ended\ndata: \n\n")

    run(test)
