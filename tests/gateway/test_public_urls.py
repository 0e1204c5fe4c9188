"""`--public-url` and `--trusted-proxy`: what is accepted, and which hosts are then served."""

from __future__ import annotations

import pytest

from quotakeeper.cli.serve.command import _proxies
from quotakeeper.errors import InvalidInputError
from quotakeeper.gateway.public_urls import public_url
from quotakeeper.gateway.running import Listening


@pytest.mark.parametrize(
    ("text", "shown", "host", "port"),
    [
        ("https://ai.example.com", "https://ai.example.com", "ai.example.com", 443),
        (
            "HTTPS://AI.example.com:8443/ai/",
            "https://ai.example.com:8443/ai",
            "ai.example.com",
            8443,
        ),
        ("http://[::1]/a/b-c", "http://[::1]/a/b-c", "[::1]", 80),
    ],
)
def test_a_url_with_a_path_is_read(text: str, shown: str, host: str, port: int) -> None:
    made = public_url(text)
    assert (made.text, made.host, made.port) == (shown, host, port)
    assert made.is_encrypted == shown.startswith("https")


@pytest.mark.parametrize(
    "text",
    ["", "ai.example.com", "ftp://a", "https://", "https://u:p@a", "https://a?x=1", "https://a#x",
     "https://a/../b", "https://a//b", "https://a/%2e", "https://a:0", "https://a:99999",
     "https://0.0.0.0", "https://a b", "https://a\r\nX: y"],
)  # fmt: skip
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(InvalidInputError, match="is not a URL like"):
        public_url(text)


@pytest.mark.parametrize(
    "text", ["https://u:canary@example.com", "https://example.com/?key=canary"]
)
def test_a_secret_in_a_refused_url_is_not_shown(text: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        public_url(text)
    assert "canary" not in str(raised.value) and "example.com" in str(raised.value)


def test_the_public_name_is_served_on_loopback_and_no_other_name() -> None:
    hosts = Listening(public=public_url("https://ai.example.com/ai")).server_settings.hosts
    assert hosts == frozenset({"127.0.0.1", "*", "ai.example.com"})
    assert Listening().server_settings.hosts == frozenset({"127.0.0.1", "*"})


def test_a_proxy_that_is_no_network_is_refused() -> None:
    assert _proxies(("10.0.0.0/8",)).trusts("10.1.2.3")
    with pytest.raises(InvalidInputError, match="'nginx' is not an IP address or network"):
        _proxies(("nginx",))
