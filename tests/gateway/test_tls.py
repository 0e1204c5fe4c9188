"""`quotakeeper serve --tls-cert --tls-key`: a certificate made by the test, and what is refused."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from quotakeeper.cli.serve.command import _certificate
from quotakeeper.errors import ConfigError, InvalidInputError
from quotakeeper.gateway.certificates import Certificate
from quotakeeper.sandbox.server import Sandbox
from tests.gateway.harness import GENERATE, prompt
from tests.gateway.serve_process import served, until

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
pytestmark = pytest.mark.skipif(
    os.name == "nt" or not (shutil.which("openssl") or IN_CI),
    reason="no openssl here, or Windows, which has no file modes: apt-get install openssl",
)


def certificate(folder: Path, name: str, *more: str) -> tuple[Path, Path]:
    """Make a certificate for 127.0.0.1 that signs itself. Returns its file and that of its key."""
    file, key = folder / f"{name}.pem", folder / f"{name}.key"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-days", "3650", "-subj", f"/CN={name}", "-addext", "subjectAltName=IP:127.0.0.1",
         "-keyout", str(key), "-out", str(file), *(more or ("-nodes",))],
        check=True, capture_output=True, timeout=60,
    )  # fmt: skip
    key.chmod(0o600)
    return file, key


def _subject(port: int) -> str:
    """The name in the certificate that a new connection gets."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with (
        socket.create_connection(("127.0.0.1", port), timeout=30) as bare,
        context.wrap_socket(bare) as wrapped,
    ):
        shown = wrapped.getpeercert(binary_form=True)
    assert shown is not None
    return next(name for name in ("first", "second") if name.encode() in shown)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_client_that_trusts_the_certificate_is_served(tmp_path: Path, workers: str) -> None:
    """HTTP/1.1 is chosen by ALPN. After SIGHUP, new connections get the new certificate."""
    file, key = certificate(tmp_path, "first")
    options = ("--tls-cert", str(file), "--tls-key", str(key), "--workers", workers)
    with Sandbox() as sandbox, served(tmp_path, {"gemini": sandbox.base_url}, *options) as gateway:
        assert gateway.url.startswith("https://127.0.0.1:")
        trusting = ssl.create_default_context(cafile=str(file))
        named = {"content-type": "application/json", "x-goog-api-key": gateway.key}
        request = urllib.request.Request(
            gateway.url + GENERATE, json.dumps(prompt()).encode(), named, method="POST"
        )
        with urllib.request.urlopen(request, timeout=30, context=trusting) as got:
            assert got.status == 200
        port = int(gateway.url.rpartition(":")[2])
        trusting.set_alpn_protocols(["h2", "http/1.1"])
        with (
            socket.create_connection(("127.0.0.1", port), timeout=30) as bare,
            trusting.wrap_socket(bare, server_hostname="127.0.0.1") as wrapped,
        ):
            assert wrapped.selected_alpn_protocol() == "http/1.1"
        second, second_key = certificate(tmp_path, "second")
        key.write_bytes(second_key.read_bytes())
        gateway.process.send_signal(signal.SIGHUP)  # the pair does not fit yet
        told = tmp_path / "told.txt"
        until(lambda: "the old one stays" in told.read_text(encoding="utf-8"))
        assert _subject(port) == "first"
        file.write_bytes(second.read_bytes())
        gateway.process.send_signal(signal.SIGHUP)
        alike = 0
        end = time.monotonic() + 30
        while alike < 8:  # each connection may get to another worker
            alike = alike + 1 if _subject(port) == "second" else 0
            assert time.monotonic() < end
        code, log, _ = gateway.stop()
        assert (code, len(log.splitlines())) == (0, 1)
        assert len(sandbox.bill.charges) == 1


def test_a_key_that_others_can_use_is_refused(tmp_path: Path) -> None:
    file, key = certificate(tmp_path, "first")
    Certificate(str(file), str(key))
    key.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        Certificate(str(file), str(key))


def test_files_that_are_no_pair_are_refused_without_a_question(tmp_path: Path) -> None:
    file, key = certificate(tmp_path, "first")
    other, other_key = certificate(tmp_path, "second")
    for pair in ((file, other_key), (other, key), (key, key)):
        with pytest.raises(ConfigError, match="are not a certificate and its key"):
            Certificate(*map(str, pair))
    with pytest.raises(ConfigError, match="cannot be read"):
        Certificate(str(tmp_path / "none.pem"), str(key))
    with pytest.raises(ConfigError, match="cannot be read"):
        Certificate(str(file), str(tmp_path / "none.key"))
    locked, locked_key = certificate(tmp_path, "locked", "-passout", "pass:abcdef")
    with pytest.raises(ConfigError, match="has no password"):
        Certificate(str(locked), str(locked_key))


def test_one_file_without_the_other_is_refused(tmp_path: Path) -> None:
    assert _certificate(None, None) is None
    for pair in (("a.pem", None), (None, "a.key")):
        with pytest.raises(InvalidInputError, match="needs --tls-"):
            _certificate(*pair)
