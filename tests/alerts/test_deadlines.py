"""A receiver that is slow on purpose does not hold a delivery longer than a claim lasts."""

from __future__ import annotations

import itertools
import os
import shutil
import ssl
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest

from quotakeeper.alerts.commands import COMMAND_SECONDS
from quotakeeper.alerts.email import EMAIL_SECONDS, Email
from quotakeeper.alerts.message import AlertMessage, Receipt
from quotakeeper.alerts.services import SERVICE_SECONDS
from quotakeeper.alerts.webhook import WEBHOOK_SECONDS, Webhook
from quotakeeper.config.alert_settings import ChannelSettings
from quotakeeper.domain.alerts.delivery import CLAIMED_FOR
from quotakeeper.domain.windows import SECOND
from quotakeeper.testing import FakeClock
from quotakeeper.value_classes import replace
from tests.alerts.receivers import mail_receiver
from tests.gateway.test_tls import IN_CI, certificate

MESSAGE = AlertMessage("alert_1", "80% used", "Left: 1", {})
LATE = Receipt(False, "the server did not answer in time")


@dataclass
class Seconds:
    """A clock that the server of a test sets ahead."""

    at: float = 0.0

    def __call__(self) -> float:
        return self.at


def mail(port: int, host: str = "127.0.0.1", **given: object) -> ChannelSettings:
    return ChannelSettings(
        "mail", "email", server=host, port=port, tls="none", sender="quota@example.org",
        to=("an@example.org",), **given,  # type: ignore[arg-type]
    )  # fmt: skip


@pytest.mark.parametrize(
    "seconds", [COMMAND_SECONDS, EMAIL_SECONDS, SERVICE_SECONDS, WEBHOOK_SECONDS]
)
def test_every_channel_ends_in_half_of_the_time_of_a_claim(seconds: float) -> None:
    """The other half is for the lock of the ledger, before the delivery and after it."""
    assert 0 < seconds * SECOND <= CLAIMED_FOR // 2


def test_a_mail_server_that_needs_15_seconds_for_each_step_ends_at_the_deadline() -> None:
    """Each step alone is quick enough. MAIL, RCPT, DATA and the mail together are not."""
    now, commands = Seconds(), []
    with mail_receiver() as mailbox:

        def wait(command: bytes) -> None:
            commands.append(command)
            now.at += 15

        mailbox.before = wait
        found = Email(mail(mailbox.port), FakeClock(), now=now).send(MESSAGE)
    assert found == LATE
    assert commands == [b"EHLO", b"MAIL", b"RCPT", b"DATA"] and mailbox.mails == []


def test_a_mail_server_whose_reply_has_no_end_ends_at_the_deadline() -> None:
    ticks = itertools.count()
    with mail_receiver() as mailbox:
        mailbox.is_endless = True
        found = Email(mail(mailbox.port), FakeClock(), now=lambda: float(next(ticks))).send(MESSAGE)
    assert found == LATE


def test_a_mail_that_was_accepted_in_the_last_second_is_not_sent_again() -> None:
    now = Seconds()

    def wait(command: bytes) -> None:
        if command == b".":
            now.at = EMAIL_SECONDS - 1
        if command == b"QUIT":
            now.at = EMAIL_SECONDS + 1

    with mail_receiver() as mailbox:
        mailbox.before = wait
        found = Email(mail(mailbox.port), FakeClock(), now=now).send(MESSAGE)
    assert found == Receipt(True, "accepted by 127.0.0.1")
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize("kind", ["email", "webhook"])
def test_name_servers_that_never_answer_end_at_the_deadline(kind: str) -> None:
    ended = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        ended.wait()
        return ["127.0.0.1"]

    try:
        if kind == "email":
            channel = mail(25, "smtp.example.org")
            found = Email(channel, FakeClock(), resolve, patience_seconds=0.3).send(MESSAGE)
        else:
            hook = ChannelSettings("phone", "webhook", "https://example.org/", ())
            found = Webhook(hook, FakeClock(), resolve, patience_seconds=0.3).send(MESSAGE)
    finally:
        ended.set()
    assert not found.is_taken and "did not answer in time" in found.text


def test_a_mail_goes_to_the_next_address_if_nobody_listens_at_the_first() -> None:
    with mail_receiver() as mailbox:
        channel = mail(mailbox.port, "smtp.example.org")
        found = Email(channel, FakeClock(), lambda *_: ["127.0.0.2", "127.0.0.1"]).send(MESSAGE)
    assert found == Receipt(True, "accepted by smtp.example.org")


@pytest.mark.skipif(
    os.name == "nt" or not (shutil.which("openssl") or IN_CI),
    reason="no openssl here, or Windows, which has no file modes: apt-get install openssl",
)
@pytest.mark.parametrize("tls", ["tls", "starttls"])
def test_a_mail_and_its_password_are_sent_inside_tls_to_a_trusted_server_only(
    tls: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file, key = certificate(tmp_path, "first")
    password = tmp_path / "password"
    password.write_text("hunter2")
    password.chmod(0o600)
    with mail_receiver() as mailbox:
        mailbox.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        mailbox.context.load_cert_chain(file, key)
        mailbox.is_tls = tls == "tls"
        channel = replace(mail(mailbox.port, user="an", secret_file=password), tls=tls)
        found = Email(channel, FakeClock()).send(MESSAGE)
        assert not found.is_taken and "certificate" in found.text
        assert "hunter2" not in found.text and "AUTH" not in mailbox.spoken

        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        mailbox.spoken.clear()
        assert Email(channel, FakeClock()).send(MESSAGE) == Receipt(True, "accepted by 127.0.0.1")
    outside = [] if tls == "tls" else ["EHLO", "STARTTLS"]
    assert mailbox.spoken == [*outside, "*EHLO", "*AUTH", "*MAIL", "*RCPT", "*DATA", "*QUIT"]
    assert len(mailbox.mails) == 1
