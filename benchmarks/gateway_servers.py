"""Servers that pass calls on to the same upstream: nginx, ours, and LiteLLM's proxy."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.loopback import MODEL, Loopback
from benchmarks.measuring import PYTHON, ROOT, child_environment, say
from benchmarks.overhead import BODY
from benchmarks.peers import python_of

GENERATE = f"/v1beta/models/{MODEL}:generateContent"
STREAM = f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse&slow=1"
UNMETERED = f"/v1beta/models/{MODEL}:countTokens"  # passed on, but neither reserved nor billed
_CHAT = json.dumps(
    {"model": MODEL, "max_tokens": 800,
     "messages": [{"role": "user", "content": "Please translate this line. " * 40}]}
).encode()  # fmt: skip
_PATIENCE_SECONDS = 60.0
_CONFIG = """default_limits = false
[[limit]]
name = "money"
meter = "cost"
window = "day"
amount = "1000000"
"""
_NGINX = """worker_processes 1;
daemon off;
pid nginx.pid;
error_log error.log crit;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path proxy;
  fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi;
  scgi_temp_path scgi;
  upstream provider {{ server 127.0.0.1:{upstream}; keepalive 2048; }}
  server {{
    listen 127.0.0.1:{port} backlog=2048;
    keepalive_requests 1000000;
    location / {{
      proxy_pass http://provider;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_buffering off;
    }}
  }}
}}
"""


@dataclass(frozen=True)
class Server:
    """A server that is measured. `process` is 0 for the bare upstream, whose time does not count."""

    port: int
    process: int = 0
    path: str = GENERATE
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = BODY

    def request(self, path: str = "") -> bytes:
        """The bytes of one call."""
        lines = [
            f"POST {path or self.path} HTTP/1.1", f"Host: 127.0.0.1:{self.port}",
            "Content-Type: application/json", f"Content-Length: {len(self.body)}",
            *(f"{name}: {value}" for name, value in self.headers.items()), "", "",
        ]  # fmt: skip
        return "\r\n".join(lines).encode() + self.body


def processes(root: int) -> list[int]:
    """A process and all that it has started."""
    found, known = [root], {root}
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            stat = (folder / "stat").read_text()
        except OSError:
            continue  # it has ended
        children.setdefault(int(stat.rpartition(")")[2].split()[1]), []).append(int(folder.name))
    for each in found:
        found += [child for child in children.get(each, []) if child not in known]
        known.update(found)
    return found


def processor_seconds(root: int) -> float:
    """Processor time of a process and of all that it has started."""
    ticks = 0
    for each in processes(root):
        fields = Path(f"/proc/{each}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks / os.sysconf("SC_CLK_TCK")


def resident_kib(root: int) -> int:
    """Memory of a process and of all that it has started, in KiB."""
    found = 0
    for each in processes(root):
        status = Path(f"/proc/{each}/status").read_text()
        shown = re.search(r"VmRSS:\s+(\d+) kB", status)
        found += int(shown[1]) if shown else 0
    return found


def free_port() -> int:
    """A port that is free now."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        return int(found.getsockname()[1])


@contextmanager
def nginx(upstream: Loopback) -> Iterator[Server | None]:
    """Debian's nginx with one worker; None if it is not installed."""
    program = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
    if program is None:
        say("nginx: skipped, it is not installed")
        yield None
        return
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as folder:
        Path(folder).chmod(0o755)
        config = Path(folder) / "nginx.conf"
        upstream_port = upstream.base.rpartition(":")[2]
        config.write_text(_NGINX.format(upstream=upstream_port, port=port), encoding="utf-8")
        command = [program, "-p", folder, "-c", str(config), "-e", "error.log"]
        with _running(command, port) as process:
            yield Server(port, process.pid)


@contextmanager
def ours(upstream: Loopback, ledger: str = "", **variables: str) -> Iterator[Server]:
    """Our gateway with one process, a key, and a limit that no call reaches.

    `ledger` is the URL of a ledger on a server; "": a file. `variables` are settings, such as LEASE.
    """
    with tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as folder:
        config = Path(folder) / "quotakeeper.toml"
        config.write_text(_CONFIG, encoding="utf-8")
        environ = {
            **child_environment(), "HOME": folder, "GEMINI_API_KEY": "any",
            "QUOTAKEEPER_CONFIG": str(config), "QUOTAKEEPER_TIMEZONE": "UTC",
            "QUOTAKEEPER_LEDGER": ledger or str(Path(folder) / "ledger.db"),
            **{f"QUOTAKEEPER_{name}": value for name, value in variables.items()},
        }  # fmt: skip
        command = [PYTHON, "-m", "quotakeeper"]
        made = subprocess.run([*command, "keys", "create", "bench"], env=environ, text=True,
                              capture_output=True, check=True)  # fmt: skip
        key = re.search(r"qk_[a-z0-9]{38}", made.stdout)
        assert key is not None, made.stdout
        port = free_port()
        command += [
            "serve",
            "--port",
            str(port),
            "--quiet",
            "--upstream",
            f"gemini={upstream.base}",
        ]
        with _running(command, port, environ) as process:
            yield Server(port, process.pid, headers={"x-goog-api-key": key[0]})


@contextmanager
def litellm(upstream: Loopback) -> Iterator[Server | None]:
    """LiteLLM's proxy with one worker and its master key, without budgets; None if it cannot be installed."""
    python = python_of("litellm-proxy")
    if python is None:
        yield None
        return
    port = free_port()
    with tempfile.TemporaryDirectory(prefix="quotakeeper-bench-") as folder:
        config = Path(folder) / "config.json"  # JSON is YAML
        params = {"model": f"gemini/{MODEL}", "api_base": upstream.generate.rpartition(":")[0],
                  "api_key": "any"}  # fmt: skip
        secret = f"sk-{secrets.token_hex(32)}"
        models = [{"model_name": MODEL, "litellm_params": params}]
        config.write_text(json.dumps({"model_list": models}), encoding="utf-8")
        environ = {
            **os.environ, "HOME": folder, "LITELLM_LOCAL_MODEL_COST_MAP": "True",
            "LITELLM_LOG": "ERROR", "LITELLM_TELEMETRY": "False", "LITELLM_MASTER_KEY": secret,
        }  # fmt: skip
        command = [str(python.parent / "litellm"), "--config", str(config), "--host", "127.0.0.1",
                   "--port", str(port), "--num_workers", "1"]  # fmt: skip
        with _running(command, port, environ) as process:
            headers = {"Authorization": f"Bearer {secret}"}
            yield Server(port, process.pid, "/v1/chat/completions", headers, _CHAT)


@contextmanager
def _running(
    command: list[str], port: int, environ: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Start a server, wait until it listens, and end it after use. Raises RuntimeError."""
    process = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL,
                               stderr=subprocess.DEVNULL)  # fmt: skip
    try:
        until = time.monotonic() + _PATIENCE_SECONDS
        while not _listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError(f"{command[0]} does not start")
            time.sleep(0.05)
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
