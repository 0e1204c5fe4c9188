"""The channels command and e-mail, and the settings of all channels."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.alerts.channels import make_channel
from quotakeeper.alerts.message import AlertMessage, Receipt
from quotakeeper.config import load_settings
from quotakeeper.config.alert_settings import ChannelSettings
from quotakeeper.errors import ConfigError
from quotakeeper.testing import FakeClock
from tests.alerts.receivers import mail_receiver

MESSAGE = AlertMessage("alert_1", "Đã dùng 80%", "Còn lại: 1\nLúc: 2", {"id": "alert_1"})

# The library's parser of addresses fails for some of these.
ADDRESSES = ("a@", '"', "<", "x <", "@", "(", "=?utf-8?q?=0a?=", "a@b, c@d")


def send(settings: ChannelSettings) -> Receipt:
    return make_channel(settings, FakeClock()).send(MESSAGE)


def command(*words: str) -> ChannelSettings:
    return ChannelSettings("script", "command", command=words)


def test_a_command_gets_the_texts_as_arguments_and_the_document_on_its_input(
    tmp_path: Path,
) -> None:
    program = (
        "import json, sys; open(sys.argv[1], 'w', encoding='utf-8').write("
        "json.dumps([sys.argv[2:], json.load(sys.stdin)]))"
    )
    out = tmp_path / "out"
    found = send(command(sys.executable, "-c", program, str(out), "{title}", "a {text}; $(b)"))
    assert found == Receipt(True, "exit code 0")
    assert json.loads(out.read_text("utf-8")) == [
        ["Đã dùng 80%", "a Còn lại: 1\nLúc: 2; $(b)"], {"id": "alert_1"},
    ]  # fmt: skip


def test_a_text_that_contains_a_placeholder_is_not_replaced_again() -> None:
    """A client may choose a model "{text}", and its name is in the title."""
    message = AlertMessage("alert_1", "gemini {text}", "the text {title}", {})
    program = "import sys; print(*sys.argv[1:], sep='|')"
    channel = make_channel(command(sys.executable, "-c", program, "{title}", "{text}"), FakeClock())
    assert channel.send(message) == Receipt(True, "exit code 0: gemini {text}|the text {title}")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no named pipes in folders")
def test_a_command_ends_although_a_process_that_it_started_goes_on(tmp_path: Path) -> None:
    """With a pipe for the output, the wait would end at the deadline, and the alert come again."""
    gate = tmp_path / "gate"
    os.mkfifo(gate)
    child = f"open({str(gate)!r}).read()"
    program = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {child!r}])"
    try:
        assert send(command(sys.executable, "-c", program)) == Receipt(True, "exit code 0")
    finally:
        gate.write_text("")  # waits for the child, which then ends


def test_a_command_that_fails_is_said_with_its_output() -> None:
    found = send(command(sys.executable, "-c", "import sys; print('no bell'); sys.exit(3)"))
    assert found == Receipt(False, "exit code 3: no bell")
    found = send(command("/does/not/exist"))
    assert not found.is_taken and "cannot be started" in found.text


def mail(port: int, **given: object) -> ChannelSettings:
    return ChannelSettings(
        "mail", "email", server="127.0.0.1", port=port, tls="none", sender="quota@example.org",
        to=("an@example.org", "chi@example.org"), **given,  # type: ignore[arg-type]
    )  # fmt: skip


def test_a_mail_has_the_texts_and_the_same_id_each_time() -> None:
    with mail_receiver() as mailbox:
        for _ in range(2):
            assert send(mail(mailbox.port)) == Receipt(True, "accepted by 127.0.0.1")
    first, second = mailbox.mails
    assert first["Message-ID"] == second["Message-ID"] == "<alert_1@quotakeeper.invalid>"
    assert first["To"] == "an@example.org, chi@example.org"
    assert first["Date"] == "Mon, 23 Nov 2026 12:00:00 +0000"
    assert "Subject" in first and "\n" not in str(first["Subject"])
    body = first.get_payload(decode=True)
    assert isinstance(body, bytes) and body.decode().splitlines() == ["Còn lại: 1", "Lúc: 2"]


def test_a_mail_server_that_refuses_is_said() -> None:
    with mail_receiver() as mailbox:
        mailbox.refuses = b"550 go away"
        assert send(mail(mailbox.port)) == Receipt(False, "SMTP 550: go away")
    assert mailbox.mails == []


@pytest.mark.parametrize(("code", "is_taken"), [(550, True), (450, False)])
def test_a_mail_is_not_sent_again_for_an_address_that_is_refused_for_good(
    code: int, is_taken: bool
) -> None:
    with mail_receiver() as mailbox:
        mailbox.unknown = f"{code} no such user".encode()
        found = send(mail(mailbox.port))
    assert found == Receipt(is_taken, "accepted by 127.0.0.1, refused for: chi@example.org")
    assert len(mailbox.mails) == 1


def test_a_mail_that_was_accepted_is_not_sent_again_because_of_a_farewell() -> None:
    with mail_receiver() as mailbox:
        mailbox.farewell = b"421 too many connections"
        assert send(mail(mailbox.port)) == Receipt(True, "accepted by 127.0.0.1")


def test_a_server_without_tls_gets_no_password(tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("hunter2")
    password.chmod(0o600)
    with mail_receiver() as mailbox:
        settings = mail(mailbox.port, user="an", secret_file=password)
        found = send(ChannelSettings(**{**_fields(settings), "tls": "starttls"}))
    assert not found.is_taken and "hunter2" not in found.text
    assert mailbox.mails == []


def _fields(settings: ChannelSettings) -> dict[str, Any]:
    from quotakeeper.value_classes import fields

    return {each.name: getattr(settings, each.name) for each in fields(ChannelSettings)}


WEBHOOK = {"name": "phone", "kind": "webhook", "url": "https://example.org/hook"}


def read(*channels: object, **more: object) -> Any:
    return load_settings(
        "memory:", {"alerts": {"channel": list(channels), **more}}, environ={}
    ).alerts


def test_the_table_is_read() -> None:
    found = read(
        {**WEBHOOK, "networks": ["10.0.0.0/8"], "secret_variable": "HOOK"},
        {"name": "mail", "kind": "email", "server": "smtp.example.org", "tls": "tls",
         "from": "q@example.org", "to": ["an@example.org"], "secret_file": "pw"},
        language="vi", rules=["refused"], thresholds=["0.8"],
    )  # fmt: skip
    phone, by_mail = found.channels
    assert (phone.networks, phone.secret_variable) == (("10.0.0.0/8",), "HOOK")
    assert (by_mail.port, by_mail.sender, by_mail.secret_file.name) == (465, "q@example.org", "pw")
    assert (found.language, found.rules, [str(each) for each in found.thresholds]) == (
        "vi", ("refused",), ["0.8"],
    )  # fmt: skip
    assert load_settings("memory:", {}, environ={}).alerts is None


@pytest.mark.parametrize(
    ("channel", "problem"),
    [
        ("x", "is not a table"),
        ({}, "kind"),
        ({**WEBHOOK, "kind": "webhok"}, "did you mean 'webhook'"),
        ({"name": "a", "kind": "webhook"}, "url is missing"),
        ({**WEBHOOK, "command": ["x"]}, "unknown key 'command'"),
        ({**WEBHOOK, "url": "ftp://example.org"}, "not the address of a web server"),
        ({**WEBHOOK, "url": "https://u:geheim@example.org"}, "has a user name, a password"),
        ({**WEBHOOK, "url": "https://example.org:99999"}, "not the address of a web server"),
        ({**WEBHOOK, "url": "https://exa mple.org"}, "not the address of a web server"),
        ({**WEBHOOK, "url": "https://example.org/\r\nX: y"}, "not a printable text"),
        ({**WEBHOOK, "networks": ["10.0.0.1/8"]}, "not an IP network"),
        ({**WEBHOOK, "secret_variable": "whsec_geheim"}, "not the name of an environment variable"),
        ({"name": "a", "kind": "command", "command": "rm -rf"}, "is not a list"),
        ({"name": "a", "kind": "email", "server": "s", "from": "a@b", "to": ["a@b"], "port": 0},
         "is not a port"),
        *(({"name": "a", "kind": "email", "server": "s", "from": text, "to": ["a@b"]},
           "is not one e-mail address") for text in ADDRESSES),
        *(({"name": "a", "kind": "email", "server": "s", "from": "a@b", "to": ["a@b", text]},
           "is not one e-mail address") for text in ADDRESSES),
        ({**WEBHOOK, "name": "x" * 65}, "longer than 64"),
    ],
)  # fmt: skip
def test_a_wrong_channel_is_named_and_no_secret_is_shown(channel: object, problem: str) -> None:
    with pytest.raises(ConfigError) as raised:
        read(channel)
    assert problem in str(raised.value) and "channel 1" in str(raised.value)
    assert "geheim" not in str(raised.value)


def test_two_channels_need_two_names() -> None:
    with pytest.raises(ConfigError, match="used twice"):
        read(WEBHOOK, WEBHOOK)


@pytest.mark.parametrize(
    "more", [{"rules": ["x"]}, {"thresholds": [2]}, {"language": "de"}, {"x": 1}]
)
def test_a_wrong_setting_is_refused(more: dict[str, object]) -> None:
    with pytest.raises(ConfigError, match="alerts"):
        read(**more)
