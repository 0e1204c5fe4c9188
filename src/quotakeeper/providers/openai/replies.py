"""Reads OpenAI's speech output, and writes errors in OpenAI's form."""

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
    """Reads speech output. The answer is audio; the characters of the sent text are billed."""

    def look(self, chunk: bytes) -> None:
        """Read the text of an error. Audio has no figures, so it is ignored."""
        if self.refused:
            super().look(chunk)

    def usage(self, *, complete: bool) -> Usage:
        """Return the number of characters in the sent text."""
        quantities = added({k: n for k, n in self.call.typical.items() if k != "requests"}, REQUEST)
        return Usage(
            quantities, Provenance.ESTIMATED, request_id=self.request_id(), complete=complete
        )


def refuse(*, hard: bool, message: str, retry_after_seconds: float | None) -> Refusal:
    """Return the answer for a refused call.

    With `hard`, the program must not retry: the status is 402. Otherwise it is 429.
    """
    body = {"error": error_object(message, hard=hard)}
    return refusal_with(body, hard=hard, retry_after_seconds=retry_after_seconds)


def error_object(message: str, *, hard: bool) -> dict[str, object]:
    """Return an error object in the form of OpenAI's errors."""
    code = "insufficient_quota" if hard else "rate_limit_exceeded"
    return {"message": own_message(message), "type": code, "param": None, "code": code}


def reader_of(call: Call, status: int, headers: Mapping[str, str]) -> ChatReader:
    """Return a reader for the response to a call."""
    kind = SpeechReader if call.operation == "speech" else ChatReader
    return kind(call, status, headers)
