"""The channel "service" sends through Apprise, and shows no token."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from quotakeeper.alerts.channels import make_channel
from quotakeeper.alerts.message import AlertMessage, Receipt
from quotakeeper.config.alert_settings import ChannelSettings
from quotakeeper.errors import ConfigError, MissingExtraError
from quotakeeper.testing import FakeClock
from tests.alerts.receivers import web_receiver
from tests.matrix.environments import ROOT, UnavailableError, prepare

MESSAGE = AlertMessage("alert_1", "Đã dùng 80%", "Còn lại: 1", {})
TOKEN = "123456789:abcdefg_hijklmnop"


class FakeApprise:
    """The parts of Apprise 2 that are used: a Telegram that takes messages, or says why not."""

    def __init__(self) -> None:
        self.notified: list[dict[str, str]] = []
        self.takes = True
        fake = self

        class Apprise(list[Any]):
            def add(self, url: str) -> bool:
                if not url.startswith("tgram://"):
                    return False
                self.append(SimpleNamespace(service_name="Telegram"))
                return True

            def notify(self, **given: str) -> bool:
                fake.notified.append(given)
                return fake.takes

        class LogCapture:
            def __init__(self, **given: object) -> None:
                pass

            def __enter__(self) -> Any:
                said = f"Failed to send to 12315544: bot{TOKEN} abcdefg_hijklmnop is unknown\n"
                return SimpleNamespace(getvalue=lambda: said)

            def __exit__(self, *given: object) -> None:
                pass

        self.Apprise, self.LogCapture = Apprise, LogCapture


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch) -> FakeApprise:
    fake = FakeApprise()
    monkeypatch.setitem(sys.modules, "apprise", fake)  # type: ignore[arg-type]
    return fake


def channel(folder: Path, text: str = f"tgram://{TOKEN}/12315544/") -> ChannelSettings:
    file = folder / "address"
    file.write_text(text)
    file.chmod(0o600)
    return ChannelSettings("phone", "service", secret_file=file)


def test_the_texts_are_sent(library: FakeApprise, tmp_path: Path) -> None:
    found = make_channel(channel(tmp_path), FakeClock()).send(MESSAGE)
    assert found == Receipt(True, "taken by Telegram")
    assert library.notified == [{"title": "Đã dùng 80%", "body": "Còn lại: 1"}]


def test_the_answer_has_no_part_of_the_address(library: FakeApprise, tmp_path: Path) -> None:
    library.takes = False
    found = make_channel(channel(tmp_path), FakeClock()).send(MESSAGE)
    assert found == Receipt(
        False, "not taken by Telegram: Failed to send to ***: bot***:*** *** is unknown"
    )


def test_an_unknown_address_is_refused_and_not_shown(library: FakeApprise, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        make_channel(channel(tmp_path, "bogus://geheim"), FakeClock()).send(MESSAGE)
    assert "geheim" not in str(raised.value) and library.notified == []


def test_without_the_library_the_error_names_the_extra(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "apprise", None)
    with pytest.raises(MissingExtraError, match=r"\.\[alerts\]"):
        make_channel(channel(tmp_path), FakeClock()).send(MESSAGE)


SENDER = """
import json
import os
import subprocess
import sys
from pathlib import Path

from quotakeeper.alerts.channels import make_channel
from quotakeeper.alerts.message import AlertMessage
from quotakeeper.clocks import SystemClock
from quotakeeper.config.alert_settings import ChannelSettings

channel = ChannelSettings("phone", "service", secret_file=Path(sys.argv[1]))
message = AlertMessage("alert_1", "80% used", "Left: 1", {})
receipt = make_channel(channel, SystemClock()).send(message)
print(receipt.is_taken, receipt.text)
"""


@pytest.mark.slow
def test_the_real_library_sends_and_its_answer_shows_no_token(tmp_path: Path) -> None:
    try:
        python = prepare("apprise")
    except UnavailableError as error:
        pytest.skip(f"apprise: {error}")  # CI refuses this skip

    def said(address: str) -> str:
        file = channel(tmp_path, address).secret_file
        environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
        ended = subprocess.run(
            [str(python), "-c", SENDER, str(file)], env=environment, capture_output=True, text=True,
            timeout=120, check=False,
        )  # fmt: skip
        assert ended.returncode == 0, ended.stderr
        return ended.stdout.strip()

    with web_receiver() as receiver:
        address = f"json://127.0.0.1:{receiver.port}/geheim-token"
        assert said(address) == "True taken by JSON"
        receiver.answer = lambda: (403, b"", {})
        answer = said(address)
    assert json.loads(receiver.requests[0][2])["title"] == "80% used"
    assert answer.startswith("False not taken by JSON: ") and "geheim" not in answer
    with pytest.raises(AssertionError, match="an address that Apprise does not know"):
        said("bogus://geheim")
