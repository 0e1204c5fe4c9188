"""A WSGI program for the matrix of hosts, and its gunicorn configuration.

`GET /NUMBER` makes a call. `GET /exit/NUMBER` and `/kill/NUMBER` end the worker right after it, without
an answer.
"""

from __future__ import annotations

import json
import os
import signal
import urllib.request
from collections.abc import Callable, Iterable
from typing import Any

ADDRESS, END = os.environ["MATRIX_ADDRESS"], os.environ["MATRIX_END"]
if END == "max_requests":
    max_requests = 1  # of gunicorn, as are the functions below


def post_worker_init(worker: Any) -> None:
    """Called in a worker that is about to accept connections."""
    os.write(1, b"ready\n")  # in one piece: two workers write at once


def worker_exit(server: Any, worker: Any) -> None:
    """Called in a worker that ends."""
    if END == "call at exit":
        call(9)


def call(number: int) -> int:
    """Make a call to Gemini's path at this address. Returns the status."""
    body = json.dumps({"contents": [{"parts": [{"text": "chào " * (number + 1)}]}]}).encode()
    url = f"{ADDRESS}/v1beta/models/gemini-2.5-flash:generateContent"
    headers = {"x-goog-api-key": "any", "content-type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, body, headers)) as got:
        got.read()
        return int(got.status)


def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
    """Make the call that the path asks for, and answer with its status."""
    how, _, number = environ["PATH_INFO"].strip("/").rpartition("/")
    status = call(int(number))
    if how == "exit":
        os._exit(7)
    if how == "kill":
        os.kill(os.getpid(), signal.SIGKILL)
    start("200 OK", [("content-type", "text/plain")])
    return [f"{number}: {status}".encode()]
