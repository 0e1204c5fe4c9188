"""Driver of google-generativeai, the legacy SDK, over REST."""

from __future__ import annotations

import sys
import warnings

warnings.simplefilter("ignore")

import google.generativeai as genai  # noqa: E402 - it warns when imported
from google.api_core import retry as api_retry  # noqa: E402
from stage import KEY, TEXT, play  # noqa: E402

ONCE = {"retry": None, "timeout": 20}


def _model(address: str) -> genai.GenerativeModel:
    genai.configure(api_key=KEY, transport="rest", client_options={"api_endpoint": address})
    return genai.GenerativeModel("gemini-2.5-flash")


def generate(address: str) -> None:
    _model(address).generate_content(TEXT, request_options=ONCE)


def stream(address: str) -> None:
    list(_model(address).generate_content(TEXT, stream=True, request_options=ONCE))


def chat(address: str) -> None:
    session = _model(address).start_chat()
    session.send_message(TEXT, request_options=ONCE)
    session.send_message(TEXT, request_options=ONCE)


def embed(address: str) -> None:
    _model(address)
    genai.embed_content(model="models/gemini-embedding-001", content=TEXT, request_options=ONCE)


def retry(address: str) -> None:
    again = api_retry.Retry(initial=0.01, maximum=0.02, timeout=10)
    _model(address).generate_content(TEXT, request_options={"retry": again, "timeout": 20})


FEATURES = {
    "generate": generate, "stream": stream, "chat": chat, "embed": embed, "retry": retry,
}  # fmt: skip

if __name__ == "__main__":
    sys.exit(play(FEATURES))
