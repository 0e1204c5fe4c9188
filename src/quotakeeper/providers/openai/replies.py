"""Reads OpenAI's answers that are no text, and writes its errors."""

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
    """Speech made from text: the answer is sound, and what was billed is what was sent."""

    def look(self, chunk: bytes) -> None:
        """An error is text; sound has nothing to read."""
        if self.refused:
            super().look(chunk)

    def usage(self, *, complete: bool) -> Usage:
        """The characters that were sent."""
        quantities = added({k: n for k, n in self.call.typical.items() if k != "requests"}, REQUEST)
        return Usage(
            quantities, Provenance.ESTIMATED, request_id=self.request_id(), complete=complete
        )


def refuse(*, hard: bool, message: str, retry_after_seconds: float | None) -> Refusal:
    """402 for a limit that stays: OpenAI's SDK does not try it again; 429 for one that goes."""
    body = {"error": error_object(message, hard=hard)}
    return refusal_with(body, hard=hard, retry_after_seconds=retry_after_seconds)


def error_object(message: str, *, hard: bool) -> dict[str, object]:
    """An error in OpenAI's shape."""
    code = "insufficient_quota" if hard else "rate_limit_exceeded"
    return {"message": own_message(message), "type": code, "param": None, "code": code}


def reader_of(call: Call, status: int, headers: Mapping[str, str]) -> ChatReader:
    """The reader for an operation."""
    kind = SpeechReader if call.operation == "speech" else ChatReader
    return kind(call, status, headers)
