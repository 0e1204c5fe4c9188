"""Reads OpenAI's answers that are not text, and writes its errors."""

from __future__ import annotations

from collections.abc import Mapping

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.chat_completions.replies import ChatReader
from quotakeeper.providers.contract import Call, Refusal, Usage
from quotakeeper.providers.reading.redaction import own_message
from quotakeeper.providers.reading.refusals import refusal_with
from quotakeeper.providers.reading.response_reader import REQUEST
from quotakeeper.providers.reading.token_split import added


class SpeechReader(ChatReader):
    """Reads speech: the answer is audio, and the sent text is billed."""

    def look(self, chunk: bytes) -> None:
        """Read an error, which is text; audio has no figures."""
        if self.refused:
            super().look(chunk)

    def usage(self, *, complete: bool) -> Usage:
        """Return the characters of the sent text."""
        quantities = added({k: n for k, n in self.call.typical.items() if k != "requests"}, REQUEST)
        return Usage(
            quantities, Provenance.ESTIMATED, request_id=self.request_id(), complete=complete
        )


def refuse(*, hard: bool, message: str, retry_after_seconds: float | None) -> Refusal:
    """Return a refusal: 402 if `hard`, which OpenAI's SDK does not retry; else 429."""
    body = {"error": error_object(message, hard=hard)}
    return refusal_with(body, hard=hard, retry_after_seconds=retry_after_seconds)


def error_object(message: str, *, hard: bool) -> dict[str, object]:
    """Return an error in the form of OpenAI's errors."""
    code = "insufficient_quota" if hard else "rate_limit_exceeded"
    return {"message": own_message(message), "type": code, "param": None, "code": code}


def reader_of(call: Call, status: int, headers: Mapping[str, str]) -> ChatReader:
    """Return the reader for an operation."""
    kind = SpeechReader if call.operation == "speech" else ChatReader
    return kind(call, status, headers)
