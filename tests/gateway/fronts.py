"""nginx and Caddy in front of a gateway, with TLS, from the examples in deploy/."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.gateway.test_tls import certificate
from tests.ports import free_port

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
FRONTS = ("nginx", "caddy")
SECONDS = 30
_PLACES = f"{os.environ.get('PATH', '')}{os.pathsep}/usr/sbin"
_NGINX = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{ }}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/site.conf;
}}
"""
_CADDY = """
{{
	admin off
	auto_https off
	storage file_system {folder}
}}
"""


class Front(NamedTuple):
    """A running server. `trusting` accepts its certificate."""

    url: str
    trusting: ssl.SSLContext


def program(name: str) -> str | None:
    """The path of nginx or Caddy; None if it is not here."""
    return shutil.which(name, path=_PLACES)


def site(name: str, folder: Path, port: int, gateway: str) -> str:
    """The example of deploy/ with other addresses, and else as it is."""
    pem, key = folder / "first.pem", folder / "first.key"
    inner = gateway.removeprefix("http://")
    if name == "nginx":
        example, changes = "nginx.conf", {
            "127.0.0.1:8787;": f"{inner};", "listen 443 ssl;": f"listen 127.0.0.1:{port} ssl;",
            "/etc/ssl/ai.example.com.pem": str(pem),
            "/etc/ssl/private/ai.example.com.key": str(key),
            "/var/log/nginx/quotakeeper.error.log": str(folder / "site.log"),
        }  # fmt: skip
    else:
        example, changes = "Caddyfile", {
            "\nai.example.com {": f"\nhttps://127.0.0.1:{port} {{\n\tbind 127.0.0.1\n\ttls {pem} {key}",
            "reverse_proxy 127.0.0.1:8787": f"reverse_proxy {inner}",
        }  # fmt: skip
    text = (DEPLOY / example).read_text(encoding="utf-8")
    for old, new in changes.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def command(name: str, folder: Path, port: int, gateway: str) -> list[str]:
    """Write the configuration of a server. Returns the command that starts it."""
    found = program(name)
    assert found is not None
    made = site(name, folder, port, gateway)
    if name == "nginx":
        (folder / "site.conf").write_text(made, encoding="utf-8")
        user = "user root;" if os.geteuid() == 0 else ""
        main = folder / "nginx.conf"
        main.write_text(_NGINX.format(folder=folder, user=user), encoding="utf-8")
        return [found, "-p", str(folder), "-e", str(folder / "error.log"), "-c", str(main)]
    main = folder / "Caddyfile"
    main.write_text(_CADDY.format(folder=folder) + made, encoding="utf-8")
    return [found, "run", "--adapter", "caddyfile", "--config", str(main)]


@contextmanager
def in_front(name: str, folder: Path, gateway: str, port: int | None = None) -> Iterator[Front]:
    """Run nginx or Caddy in front of a gateway at this address."""
    folder = folder / f"front-{time.monotonic_ns()}"
    folder.mkdir()
    file, _ = certificate(folder, "first")
    port = port or free_port()
    environ = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder),
               "XDG_DATA_HOME": str(folder)}  # fmt: skip
    with (
        (folder / "said.txt").open("w", encoding="utf-8") as said,
        subprocess.Popen(
            command(name, folder, port, gateway),
            cwd=folder,
            env=environ,
            stdin=subprocess.DEVNULL,
            stdout=said,
            stderr=said,
        ) as process,
    ):
        try:
            _until_it_listens(process, port, folder / "said.txt")
            yield Front(f"https://127.0.0.1:{port}", ssl.create_default_context(cafile=str(file)))
        finally:
            # nginx ends its workers. Caddy waits for its clients, for ever by default.
            process.send_signal(signal.SIGTERM if name == "nginx" else signal.SIGKILL)


def _until_it_listens(process: subprocess.Popen[bytes], port: int, said: Path) -> None:
    end = time.monotonic() + SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=SECONDS).close()
            return
        except ConnectionRefusedError:
            assert process.poll() is None, said.read_text(encoding="utf-8")
            assert time.monotonic() < end, said.read_text(encoding="utf-8")
            time.sleep(0.02)
