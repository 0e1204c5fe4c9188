"""Whose word on a client's address is believed."""

from __future__ import annotations

import pytest

from quotakeeper.http_server.proxies import TrustedProxies, trusted_proxies

MINE = trusted_proxies(["127.0.0.1", "10.0.0.0/8", "2001:db8::/32"])


@pytest.mark.parametrize(
    ("address", "forwarded", "client"),
    [
        ("127.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["192.0.2.66, 192.0.2.1"], "192.0.2.1"),  # the first is the client's word
        ("127.0.0.1", ["192.0.2.66", "192.0.2.1, 10.0.0.9"], "192.0.2.1"),
        ("2001:db8::1", ["2001:db9::5"], "2001:db9::5"),
        ("::ffff:127.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["10.0.0.3, 10.0.0.2"], "10.0.0.3"),  # the client is one of them
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", [""], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.1, unknown"], ""),  # a key for 127.0.0.1 must not pass
        ("127.0.0.1", ["192.0.2.1, unknown, 10.0.0.2"], ""),
        ("127.0.0.1", ["192.0.2.1,"], ""),
        ("127.0.0.1", ["192.0.2.1:port"], ""),
        ("127.0.0.1", ["192.0.2.66, 192.0.2.1:80"], "192.0.2.1"),
        ("127.0.0.1", ["192.0.2.1:80, 10.0.0.2:443"], "192.0.2.1"),
        ("127.0.0.1", ["[2001:db9::5]:80"], "2001:db9::5"),
        ("127.0.0.1", ["[2001:db9::5]"], "2001:db9::5"),
        ("127.0.0.1", ["2001:db9::5%\x1b[31m"], "2001:db9::5"),
        ("192.0.2.9", ["192.0.2.1"], "192.0.2.9"),  # no such server
        ("127.0.0.2", ["192.0.2.1"], "127.0.0.2"),
        ("", ["192.0.2.1"], ""),
    ],
)
def test_only_what_trusted_servers_have_added_is_read(
    address: str, forwarded: list[str], client: str
) -> None:
    assert MINE.client_of(address, forwarded) == client
    assert TrustedProxies().client_of(address, forwarded) == address


def test_a_list_without_end_is_read_in_part() -> None:
    assert MINE.client_of("127.0.0.1", ["192.0.2.1" + ", 10.0.0.2" * 5_000]) == "10.0.0.2"


@pytest.mark.parametrize("text", ["", "nginx", "10.0.0.1/8", "10.0.0.0/33"])
def test_what_is_no_network_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        trusted_proxies([text])
