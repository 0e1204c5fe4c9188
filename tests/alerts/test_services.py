"""The channel "service" sends through Apprise, and shows no token."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from quotakeeper.alerts.channels import make_channel
from quotakeeper.alerts.message import AlertMessage, Receipt
from quotakeeper.alerts.services import Services
from quotakeeper.config.alert_settings import ChannelSettings
from quotakeeper.errors import ConfigError, MissingExtraError
from quotakeeper.testing import FakeClock
from tests.alerts.receivers import web_receiver
from tests.matrix.environments import ROOT, UnavailableError, prepare

MESSAGE = AlertMessage("alert_1", "Đã dùng 80%", "Còn lại: 1", {})
TOKEN = "123456789:abcdefg_hijklmnop"


# The parts of Apprise 2 that are used: a Telegram that does what the file "mode" says.
LIBRARY = """
import json
import os
import threading
from pathlib import Path
from types import SimpleNamespace

HERE = Path(__file__).parent
MODE = (HERE / "mode").read_text()


class Service:
    service_name = "Telegram"

    def __init__(self, url):
        self.targets = url.removeprefix("tgram://").strip("/").split("/")[1:]

    def __len__(self):
        return len(self.targets)


class Apprise(list):
    def add(self, urls):
        for url in urls.split(","):
            if not url.strip().startswith("tgram://"):
                return False
            self.append(Service(url.strip()))
        return True

    def notify(self, **given):
        with (HERE / "notified").open("a") as file:
            file.write(json.dumps(given) + chr(10))
        if MODE == "hangs":
            (HERE / "pid").write_text(str(os.getpid()))
            threading.Event().wait()
        if MODE == "crashes":
            raise RuntimeError("TOKEN")
        print("a line that a service prints")
        return MODE == "takes"


class LogCapture:
    def __init__(self, **given):
        pass

    def __enter__(self):
        said = "Failed to send to 12315544: botTOKEN abcdefg_hijklmnop is unknown" + chr(10)
        return SimpleNamespace(getvalue=lambda: said)

    def __exit__(self, *given):
        pass
""".replace("TOKEN", TOKEN)


@dataclass
class FakeLibrary:
    """A library in a folder that comes before all others, here and in the processes."""

    folder: Path

    def behave(self, mode: str) -> None:
        (self.folder / "mode").write_text(mode)

    @property
    def notified(self) -> list[dict[str, str]]:
        file = self.folder / "notified"
        return [json.loads(each) for each in file.read_text().splitlines()] if file.exists() else []


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeLibrary:
    folder = tmp_path / "library"
    folder.mkdir()
    (folder / "apprise.py").write_text(LIBRARY)
    monkeypatch.delitem(sys.modules, "apprise", raising=False)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(folder), str(ROOT / "src")]))
    fake = FakeLibrary(folder)
    fake.behave("takes")
    return fake


def channel(folder: Path, text: str = f"tgram://{TOKEN}/12315544/") -> ChannelSettings:
    file = folder / "address"
    file.write_text(text)
    file.chmod(0o600)
    return ChannelSettings("phone", "service", secret_file=file)


def test_the_texts_are_sent(library: FakeLibrary, tmp_path: Path) -> None:
    found = make_channel(channel(tmp_path), FakeClock()).send(MESSAGE)
    assert found == Receipt(True, "taken by Telegram")
    assert library.notified == [{"title": "Đã dùng 80%", "body": "Còn lại: 1"}]


def test_the_answer_has_no_part_of_the_address(library: FakeLibrary, tmp_path: Path) -> None:
    library.behave("fails")
    found = make_channel(channel(tmp_path), FakeClock()).send(MESSAGE)
    assert found == Receipt(
        False, "not taken by Telegram: Failed to send to ***: bot***:*** *** is unknown"
    )


def test_a_service_that_crashes_is_said_without_its_error(
    library: FakeLibrary, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    library.behave("crashes")
    found = make_channel(channel(tmp_path), FakeClock()).send(MESSAGE)
    assert found == Receipt(False, "Apprise failed with exit code 1")
    assert capfd.readouterr() == ("", "")


@pytest.mark.skipif(os.name == "nt", reason="a signal of 0 would end a process of Windows")
def test_a_service_that_hangs_is_ended_at_the_deadline(
    library: FakeLibrary, tmp_path: Path
) -> None:
    """No second process can still send when another one has the claim."""
    library.behave("hangs")
    found = Services(channel(tmp_path), patience_seconds=4).send(MESSAGE)
    assert found == Receipt(False, "Apprise did not end within 4 seconds")
    assert len(library.notified) == 1
    with pytest.raises(ProcessLookupError):
        os.kill(int((library.folder / "pid").read_text()), 0)


@pytest.mark.skipif(os.name == "nt", reason="a signal of 0 would end a process of Windows")
def test_the_process_ends_itself_if_the_one_that_started_it_has_gone(library: FakeLibrary) -> None:
    library.behave("hangs")
    given = {"address": f"tgram://{TOKEN}/1", "title": "a", "text": "b", "seconds": 1}
    ended = subprocess.run(
        [sys.executable, "-P", "-m", "quotakeeper.alerts.service_process"],
        input=json.dumps(given).encode(), capture_output=True, timeout=60, check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout, ended.stderr) == (1, b"", b"")


@pytest.mark.parametrize(
    ("text", "problem"),
    [(f"tgram://{TOKEN}/1\ntgram://{TOKEN}/2\n", "has 2 addresses"),
     (f"tgram://{TOKEN}/1/2", "has an address with several receivers"),
     (f"tgram://{TOKEN}/1, tgram://{TOKEN}/2", "has an address with several receivers")],
)  # fmt: skip
def test_a_channel_with_several_receivers_is_refused_and_nothing_is_sent(
    library: FakeLibrary, tmp_path: Path, text: str, problem: str
) -> None:
    with pytest.raises(ConfigError) as raised:
        make_channel(channel(tmp_path, text), FakeClock()).send(MESSAGE)
    said = str(raised.value)
    assert problem in said and "write a channel for each receiver" in said and "'phone'" in said
    assert "abcdefg" not in said and library.notified == []


def test_an_unknown_address_is_refused_and_not_shown(library: FakeLibrary, tmp_path: Path) -> None:
    with pytest.raises(ConfigError) as raised:
        make_channel(channel(tmp_path, "bogus://geheim"), FakeClock()).send(MESSAGE)
    assert "geheim" not in str(raised.value) and library.notified == []


def test_modules_in_the_folder_of_the_command_are_not_loaded(
    library: FakeLibrary, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "there"
    there.mkdir()
    (there / "json.py").write_text("raise SystemExit(7)")
    monkeypatch.chdir(there)
    assert make_channel(channel(tmp_path), FakeClock()).send(MESSAGE).is_taken


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
