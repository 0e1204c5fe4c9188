"""`quotakeeper serve --dashboard` as a process: the page beside the gateway, on this machine."""

from __future__ import annotations

import json
import re
import socket
import urllib.error
import urllib.request
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.sandbox.server import Sandbox
from tests.gateway.harness import GENERATE, prompt
from tests.gateway.serve_process import Served, served, until
from tests.gateway.test_serve_command import _post

SECONDS = 30.0
LIMIT = '[[limit]]\nname = "all"\nmeter = "requests"\nwindow = "none"\namount = 2\nmode = "hard"\n'


class Page:
    """A browser's view of the page, without the browser."""

    def __init__(self, url: str) -> None:
        self.origin, _, self.token = url.partition("/#")
        cookies = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(cookies)

    def sign_in(self) -> None:
        body = json.dumps({"token": self.token}).encode()
        request = urllib.request.Request(
            f"{self.origin}/api/session", body, {"Origin": self.origin}
        )
        self._opener.open(request, timeout=SECONDS).close()

    def overview(self) -> dict[str, Any]:
        with self._opener.open(f"{self.origin}/api/overview", timeout=SECONDS) as answer:
            found: dict[str, Any] = json.loads(answer.read())
        return found


def _page(gateway: Served) -> Page:
    until(lambda: "/#" in gateway.told)
    (url,) = re.findall(r"http://127\.0\.0\.1:\d+/#\S+", gateway.told)
    return Page(url)


@pytest.mark.parametrize("more", [(), ("--workers", "2")], ids=["one", "workers"])
def test_the_page_shows_the_calls_of_the_gateway_and_who_made_them(
    more: tuple[str, ...], tmp_path: Path
) -> None:
    """With workers, only one of them has the page, and it shows the calls of all."""
    with (
        Sandbox() as sandbox,
        served(
            tmp_path, {"gemini": sandbox.base_url}, "--dashboard", "0", *more,
            config="default_limits = false\n" + LIMIT,
        ) as gateway,
    ):  # fmt: skip
        page = _page(gateway)
        with pytest.raises(urllib.error.HTTPError, match="401"):
            page.overview()
        page.sign_in()
        for _ in range(2):
            assert _post(gateway.url + GENERATE, gateway.key, prompt("hello"))[0] == 200
        until(lambda: page.overview()["today"]["calls"] == 2)
        found = page.overview()
        assert found["judgement"]["word"] == "blocked"
        assert [each["key"] for each in found["spenders"]] == ["an"]
        code, log, told = gateway.stop()
    assert code == 0 and page.token not in log and told.count("/#") == 1


def test_a_port_in_use_names_the_option_and_the_gateway_does_not_start(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AssertionError) as caught, served(
            tmp_path, {"gemini": "http://127.0.0.1:9"}, "--dashboard", str(port)
        ):  # fmt: skip
            pass
    assert "--dashboard" in str(caught.value) and f"127.0.0.1:{port} cannot be used" in str(
        caught.value
    )
    assert "gateway on" not in str(caught.value)
