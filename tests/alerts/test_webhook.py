"""A webhook is signed, and reaches only what its config allows."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from quotakeeper.alerts.message import AlertMessage
from quotakeeper.alerts.reach import reach
from quotakeeper.alerts.webhook import Webhook
from quotakeeper.config.alert_settings import ChannelSettings
from quotakeeper.errors import ConfigError
from quotakeeper.testing import FakeClock
from tests.alerts.receivers import web_receiver

MESSAGE = AlertMessage("alert_1", "Đã dùng 80%", "text", {"title": "Đã dùng 80%"})
LOOPBACK = ("127.0.0.0/8",)
NEW, OLD = (base64.b64encode(bytes([n]) * 32).decode() for n in (1, 2))


def channel(url: str, networks: tuple[str, ...] = LOOPBACK, **given: object) -> ChannelSettings:
    return ChannelSettings("phone", "webhook", url, networks, **given)  # type: ignore[arg-type]


def send(settings: ChannelSettings, patience: float = 10.0, **given: object) -> tuple[bool, str]:
    found = Webhook(settings, FakeClock(), patience_seconds=patience, **given).send(MESSAGE)  # type: ignore[arg-type]
    return found.is_taken, found.text


def test_the_body_and_the_headers_are_those_of_standard_webhooks(tmp_path: Path) -> None:
    secrets = tmp_path / "secrets"
    secrets.write_text(f"whsec_{NEW}\nwhsec_{OLD}\n")
    secrets.chmod(0o600)
    with web_receiver() as receiver:
        assert send(channel(receiver.url, secret_file=secrets)) == (True, "HTTP 204 No Content")
    [(path, headers, body)] = receiver.requests
    assert path == "/hook?a=1"
    assert json.loads(body) == MESSAGE.payload
    assert headers["webhook-timestamp"] == str(FakeClock().now() // 1_000_000)
    # Written after the specification, and not after our code.
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    parts = [
        "v1,"
        + base64.b64encode(hmac.new(bytes([n]) * 32, signed, hashlib.sha256).digest()).decode()
        for n in (1, 2)
    ]
    assert headers["webhook-signature"].split(" ") == parts


def test_the_example_of_the_specification_has_its_signature() -> None:
    from quotakeeper.alerts.signing import signature, signing_key

    # The example of the specification at standardwebhooks.com.
    key = signing_key("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "test")
    found = signature([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1_614_265_330, b'{"test": 2432232314}')
    assert found == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


@pytest.mark.parametrize("secret", ["", "abc", "whsec_short", "whsec_!!!!", NEW])
def test_a_secret_of_another_form_is_refused_and_not_shown(tmp_path: Path, secret: str) -> None:
    file = tmp_path / "secret"
    file.write_text(secret)
    file.chmod(0o600)
    with pytest.raises(ConfigError) as raised:
        send(channel("http://127.0.0.1:1/", secret_file=file))
    assert not secret or secret not in str(raised.value)


def test_a_secret_file_that_others_can_read_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(f"whsec_{NEW}")
    file.chmod(0o644)
    with pytest.raises(ConfigError, match="can be used by other users"):
        send(channel("http://127.0.0.1:1/", secret_file=file))


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_is_not_followed(status: int) -> None:
    with web_receiver() as inner, web_receiver() as receiver:
        receiver.answer = lambda: (status, b"", {"Location": inner.url})
        is_taken, text = send(channel(receiver.url))
    assert not is_taken and "redirects are not followed" in text
    assert inner.requests == []


@pytest.mark.parametrize("status", [199, 400, 404, 410, 429, 500, 503])
def test_another_status_is_not_taken_and_is_shown(status: int) -> None:
    with web_receiver() as receiver:
        receiver.answer = lambda: (status, b"no such\n\x1b[31m hook", {})
        is_taken, text = send(channel(receiver.url), patience=1.0)
    assert not is_taken
    assert "\x1b" not in text and "\n" not in text
    if status >= 200:
        assert text.startswith(f"HTTP {status}") and text.endswith("no such [31m hook")


PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fc00::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:169.254.169.254", "64:ff9b::7f00:1", "2002:7f00:1::",
    "64:ff9b::a9fe:a9fe", "2001:db8::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_a_private_address_is_refused(address: str) -> None:
    with pytest.raises(OSError, match=r"inner.example \(.+\) is not a public address"):
        reach("inner.example", 443, (), lambda host, port: [address])
    with pytest.raises(OSError, match="not a public address"):
        reach("inner.example", 443, (), lambda host, port: ["8.8.8.8", address])


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111"])
def test_a_public_address_is_allowed(address: str) -> None:
    [found] = reach("example.org", 443, (), lambda host, port: [address])
    assert (found.address, found.is_named) == (address, False)


def test_a_named_network_is_allowed_also_in_its_ipv6_form() -> None:
    named = ("10.0.0.0/8", "fd00::/8")
    for address in ("10.1.2.3", "::ffff:10.1.2.3", "fd00::5"):
        [found] = reach("inner.example", 443, named, lambda host, port, one=address: [one])
        assert found.is_named
    with pytest.raises(OSError, match="not a public address"):
        reach("inner.example", 443, named, lambda host, port: ["192.168.0.1"])


def test_without_a_named_network_nothing_is_sent_to_this_machine() -> None:
    with web_receiver() as receiver:
        is_taken, text = send(channel(receiver.url, ()))
        assert (is_taken, receiver.requests) == (False, [])
    assert text == (
        "127.0.0.1 is not a public address; name its network in the channel's networks to allow it"
    )


def test_the_checked_address_is_the_connected_one() -> None:
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["10.0.0.1"]

    with web_receiver() as receiver:
        settings = channel(f"http://rebinding.example:{receiver.port}/x")
        assert send(settings, resolve=resolve) == (True, "HTTP 204 No Content")
    [(_, headers, _)] = receiver.requests
    assert headers["host"] == f"rebinding.example:{receiver.port}"
    assert asked == ["rebinding.example"], "a second look-up could give another address"


def test_http_to_a_public_address_is_refused() -> None:
    is_taken, text = send(
        channel("http://example.org/", ()), resolve=lambda host, port: ["8.8.8.8"]
    )
    assert not is_taken and text.endswith("use https")


def test_a_name_without_an_address_is_said() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(-2, "Name or service not known")

    is_taken, text = send(channel("https://nowhere.example/"), resolve=resolve)
    assert not is_taken and text.startswith("nowhere.example has no address")


@contextmanager
def raw_receiver(serve: Callable[[socket.socket, threading.Event], None]) -> Iterator[str]:
    """A server that does with its one connection what `serve` does. The event is set at the end."""
    ended = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def work() -> None:
            connection, _ = listening.accept()
            with connection:
                serve(connection, ended)

        thread = threading.Thread(target=work)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}/"
        ended.set()
        thread.join()


@pytest.mark.parametrize(
    ("status", "is_refused"),
    [(400, True), (401, True), (404, True), (410, True), (413, True), (422, True), (499, True),
     (204, False), (307, False), (408, False), (429, False), (500, False), (503, False)],
)  # fmt: skip
def test_a_status_4xx_is_final_except_the_two_that_ask_for_another_attempt(
    status: int, is_refused: bool
) -> None:
    with web_receiver() as receiver:
        receiver.answer = lambda: (status, b"", {})
        found = Webhook(channel(receiver.url), FakeClock()).send(MESSAGE)
    assert found.is_refused is is_refused


def test_a_receiver_that_never_answers_ends_at_the_deadline() -> None:
    with raw_receiver(lambda connection, ended: ended.wait() and None) as url:
        assert send(channel(url), 0.2) == (False, "the receiver did not answer in time")


def test_a_receiver_that_sends_byte_by_byte_ends_at_the_deadline() -> None:
    def drip(connection: socket.socket, ended: threading.Event) -> None:
        while not ended.wait(0.02):
            try:
                connection.sendall(b"H")
            except OSError:
                return

    with raw_receiver(drip) as url:
        is_taken, text = send(channel(url), 0.3)
    assert not is_taken and text


def test_an_answer_that_is_not_http_is_said() -> None:
    def serve(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(b"220 ready\r\n\r\n")

    with raw_receiver(serve) as url:
        assert send(channel(url), 2) == (False, "the receiver's answer is not HTTP")


def test_an_endless_answer_is_read_only_in_part() -> None:
    def serve(connection: socket.socket, ended: threading.Event) -> None:
        connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
        try:
            while not ended.is_set():
                connection.sendall(b"x" * 65_536)
        except OSError:
            return

    with raw_receiver(serve) as url:
        is_taken, text = send(channel(url), 5)
    assert is_taken and len(text) <= 200


def test_a_port_where_nobody_listens_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    is_taken, text = send(channel(f"http://127.0.0.1:{port}/"))
    assert not is_taken and "refused" in text.lower()
