"""Reads a response as it passes: decoding, framing, faults, and figures with their provenance.

The rules that all adapters share stand here: a call that was sent is never booked as nothing, and
one without any answer may have cost all it can, so that is its figure. See `token_reader` for tokens.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.providers.contract import (
    NO_QUANTITIES,
    NO_RESPONSE,
    Call,
    ProviderFault,
    QuotaReading,
    Usage,
    UsageReader,
    header_text,
)
from quotakeeper.providers.formats.encodings import Decoder
from quotakeeper.providers.formats.framing import Document, Framing
from quotakeeper.providers.formats.json_values import Json, parse_json
from quotakeeper.providers.reading.durations import microseconds_of
from quotakeeper.providers.reading.token_split import added
from quotakeeper.value_classes import replace

REQUEST = {"requests": 1}
_SWITCHING = 101  # to a WebSocket: let in
_MOST_ERROR = 64 * 1024
_MOST_DECODED = 256 * 1024 * 1024  # passes by; `framing` keeps 16 MB of it


class ResponseReader:
    """A response's figures. Subclasses say what a document means and what an error is."""

    def __init__(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        self.call = call
        self.status = status
        self.headers = headers
        self.fault: ProviderFault | None = None
        self.bytes_seen = 0
        self._error = bytearray()
        self._decoder = Decoder(header_text(headers, "content-encoding"), _MOST_DECODED)
        self._framing = Framing(self._document)
        self._closed = False
        if self.refused:
            self.fault = self.fault_of(b"")

    @property
    def refused(self) -> bool:
        """Whether the status says that the call was not served."""
        return self.status not in (NO_RESPONSE, _SWITCHING) and not 200 <= self.status < 300

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body."""
        if self._closed or not chunk:
            return
        self.bytes_seen += len(chunk)
        self.look(bytes(chunk))

    def look(self, chunk: bytes) -> None:
        """Read what was taken; a reader of audio has nothing to look at."""
        self._look(self._decoder.pieces(chunk))

    def _look(self, pieces: Iterable[bytes]) -> None:
        for plain in pieces:
            if self.refused:
                self._error += plain[: _MOST_ERROR - len(self._error)]
            elif plain:
                self._framing.feed(plain)

    def finish(self, *, complete: bool) -> Usage:
        """What was used, by all that was fed."""
        if not self._closed:
            self._closed = True
            self._look(self._decoder.close())
            self._framing.close()
            if self.refused:
                self.fault = self.fault_of(bytes(self._error))
                self._error.clear()
        if not self.call.billed:
            return self._unbilled(complete)
        if self.status == NO_RESPONSE:
            return Usage(
                added(self.call.bound, {} if "requests" in self.call.bound else REQUEST),
                Provenance.ASSUMED,
                Outcome.UNKNOWN,
                complete=False,
                note="no response",
            )
        if self.fault is not None and not self.fault.billed:
            return Usage(
                REQUEST, Provenance.REPORTED, Outcome.ERROR, request_id=self.request_id(),
                complete=complete,
            )  # fmt: skip
        return self.usage(complete=complete)

    def so_far(self) -> Mapping[str, int]:
        """What has been used for sure by what was read of a stream."""
        return NO_QUANTITIES

    @property
    def is_plain(self) -> bool:
        """Whether the body is not packed."""
        return not self._decoder.is_packed

    @property
    def is_between(self) -> bool:
        """Whether what was fed ends where a document of the stream does."""
        return self._framing.is_between

    @property
    def in_events(self) -> bool:
        """Whether the stream is of server-sent events."""
        return self._framing.in_events

    def _unbilled(self, complete: bool) -> Usage:
        outcome = Outcome.OK if complete else Outcome.UNKNOWN
        if self.fault is not None:
            outcome = Outcome.ERROR
        return Usage(
            REQUEST, Provenance.REPORTED, outcome, request_id=self.request_id(), complete=complete
        )

    def _document(self, document: Document) -> None:
        value = document.value
        if value is None and document.whole:
            value = parse_json(document.data)
        if isinstance(value, dict):
            self.read(value, document)
        elif document.data.strip() != b"[DONE]":
            self.read_ends(document.head, document.data)
        else:
            self.done()

    # What a provider's reader says for itself.

    def read(self, body: Json, document: Document) -> None:
        """A whole document."""

    def read_ends(self, head: bytes, tail: bytes) -> None:
        """A document that was cut or too large; `head` is empty where `tail` is all of it."""
        self.read_part(tail)

    def read_part(self, data: bytes) -> None:
        """A document that was cut or too large: its end."""

    def done(self) -> None:
        """The provider said that the stream is over."""

    def request_id(self) -> str:
        """The provider's own id of the call."""
        return ""

    def fault_of(self, body: bytes) -> ProviderFault:
        """The error that a status and a body are."""
        return ProviderFault(self.status, "other")

    def usage(self, *, complete: bool) -> Usage:
        """The figures of a call that was served."""
        return Usage(REQUEST, Provenance.REPORTED, complete=complete)

    def quotas_in_headers(self) -> tuple[QuotaReading, ...]:
        """What the headers say of the provider's own quotas."""
        return ()

    def quotas(self) -> tuple[QuotaReading, ...]:
        """What the reply says of the provider's own quotas: by its error, then by its headers."""
        of_fault = self.fault.quotas if self.fault is not None else ()
        return (*of_fault, *self.quotas_in_headers())


def quotas_of(reader: UsageReader) -> tuple[QuotaReading, ...]:
    """What a reply says of quotas, once it has been read; nothing where a reader cannot tell."""
    if isinstance(reader, ResponseReader):
        return reader.quotas()
    return reader.fault.quotas if reader.fault is not None else ()


def with_retry_after(fault: ProviderFault, headers: Mapping[str, str]) -> ProviderFault:
    """A fault with the wait that the headers ask for, unless it has a longer one of its own."""
    told = retry_after_us(headers)
    if told is None or told <= (fault.retry_after_seconds or 0) * 1_000_000:
        return fault
    return replace(fault, retry_after_seconds=told / 1_000_000)


def retry_after_us(headers: Mapping[str, str]) -> int | None:
    """The wait that the headers ask for, in microseconds; None where they ask for none.

    `retry-after-ms` goes before `retry-after`: it is the same wait, told more exactly.
    """
    exact = header_text(headers, "retry-after-ms").strip()
    told = microseconds_of(f"{exact}ms") if exact else None
    return told if told is not None else microseconds_of(header_text(headers, "retry-after"))


def kind_of_status(status: int) -> str:
    """What an error status means where nothing more is said."""
    kinds = {401: "auth", 402: "payment", 403: "auth", 429: "quota"}
    if status in kinds:
        return kinds[status]
    if 400 <= status < 500:
        return "bad_request"
    return "server" if 500 <= status < 600 else "other"
