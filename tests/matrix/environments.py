"""Environments with SDKs and frameworks: made once from hashed requirements, and cached by their hash."""

from __future__ import annotations

from pathlib import Path

from tools.environments import Shelf, UnavailableError

__all__ = ["REQUIREMENTS", "WANTED", "UnavailableError", "prepare", "requirements", "version"]

ROOT = Path(__file__).resolve().parent.parent.parent
REQUIREMENTS = ROOT / "requirements" / "matrix"

# The requirements of each environment. `python tests/matrix/lock.py` pins them.
WANTED: dict[str, tuple[str, ...]] = {
    "genai3": ("google-genai>=3,<4", "aiohttp"),
    "genai2": ("google-genai>=2,<3",),
    "generativeai": ("google-generativeai",),
    "deepgram3": ("deepgram-sdk>=3,<4",),
    "deepgram4": ("deepgram-sdk>=4,<5",),
    "deepgram6": ("deepgram-sdk>=6,<7",),
    "deepgram7": ("deepgram-sdk>=7,<8",),
    "libraries": ("requests", "urllib3", "httpx", "httpx2", "aiohttp"),
    "green": ("gevent", "eventlet", "gunicorn", "packaging", "requests"),
    "otel": ("opentelemetry-instrumentation",),
    "encodings": ("brotli", "httpx", "zstandard"),
    "mocks": ("httpx", "requests", "respx", "responses", "pook"),
    # Apart from `libraries`, because urllib3-future replaces urllib3.
    "niquests": ("niquests", "requests"),
    "openai": ("openai",),
    "anthropic": ("anthropic",),
    "celery": ("celery",),
    "apprise": ("apprise>=2.2,<3",),
    # The examples of the pages and of examples/ run in it.
    "frameworks": (
        "fastapi>=0.120",
        "httpx",
        "langchain-core>=1,<2",
        "langchain-google-genai>=4,<5",
    ),
}

_SHELF = Shelf(REQUIREMENTS, ROOT / ".cache" / "matrix")
requirements, version, prepare = _SHELF.pins, _SHELF.version, _SHELF.prepare
