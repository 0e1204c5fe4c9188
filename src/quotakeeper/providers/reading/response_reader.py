"""Reads a response as it arrives: decompresses it, splits it, and reads errors and figures.

All adapters share these rules. A call that was sent is never recorded with a use of zero. A call
without any answer is recorded at its upper bound, because it may have used this much. See
`token_reader` for tokens.
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
_SWITCHING = 101  # to a WebSocket: the handshake was accepted
_MOST_ERROR = 64 * 1024
_MOST_DECODED = 256 * 1024 * 1024  # bytes to decode; `framing` keeps 16 MB of them


class ResponseReader:
    """Reads the figures of a response. Subclasses define how to read a document and an error."""

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
        """Whether the HTTP status says that the provider did not serve the call."""
        return self.status not in (NO_RESPONSE, _SWITCHING) and not 200 <= self.status < 300

    def feed(self, chunk: bytes) -> None:
        """Read the next bytes of the body."""
        if self._closed or not chunk:
            return
        self.bytes_seen += len(chunk)
        self.look(bytes(chunk))

    def look(self, chunk: bytes) -> None:
        """Decode and read the next bytes. A reader of audio overrides this to ignore the audio."""
        self._look(self._decoder.pieces(chunk))

    def _look(self, pieces: Iterable[bytes]) -> None:
        for plain in pieces:
            if self.refused:
                self._error += plain[: _MOST_ERROR - len(self._error)]
            elif plain:
                self._split(plain)

    def _split(self, plain: bytes) -> None:
        """Split the next decompressed bytes into documents, and read them."""
        self._framing.feed(plain)

    def finish(self, *, complete: bool) -> Usage:
        """Return what the call used, according to all bytes so far.

        `complete` is True if the whole body arrived.
        """
        self._close()
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

    def _close(self) -> None:
        if self._closed:
            return
        self._closed = True
        self._look(self._decoder.close())
        self._framing.close()
        if self.refused:
            self.fault = self.fault_of(bytes(self._error))
            self._error.clear()

    def so_far(self) -> Mapping[str, int]:
        """Return the least that the open stream has used so far."""
        return NO_QUANTITIES

    @property
    def is_plain(self) -> bool:
        """Whether the body is not compressed."""
        return not self._decoder.is_packed

    @property
    def is_between(self) -> bool:
        """Whether the bytes so far end exactly at the end of an event or JSON value."""
        return self._framing.is_between

    @property
    def in_events(self) -> bool:
        """Whether the stream consists of server-sent events."""
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

    # The following methods are for subclasses.

    def read(self, body: Json, document: Document) -> None:
        """Read one JSON object of the response."""

    def read_ends(self, head: bytes, tail: bytes) -> None:
        """Read a document that was cut or is too large.

        `head` is the beginning of the document and `tail` its end. `head` is empty if `tail` is the
        whole document.
        """
        self.read_part(tail)

    def read_part(self, data: bytes) -> None:
        """Read the end of a document that was cut or is too large."""

    def done(self) -> None:
        """Note that the stream has ended. Called when the provider sends [DONE]."""

    def request_id(self) -> str:
        """Return the provider's id of the call; "" if unknown."""
        return ""

    def fault_of(self, body: bytes) -> ProviderFault:
        """Return the error that the response's status and `body` state."""
        return ProviderFault(self.status, "other")

    def usage(self, *, complete: bool) -> Usage:
        """Return the usage of a call that was served."""
        return Usage(REQUEST, Provenance.REPORTED, complete=complete)

    def quotas_in_headers(self) -> tuple[QuotaReading, ...]:
        """Return the provider's quotas that the headers report."""
        return ()

    def quotas(self) -> tuple[QuotaReading, ...]:
        """Return the provider's quotas: first those in the error, then those in the headers."""
        of_fault = self.fault.quotas if self.fault is not None else ()
        return (*of_fault, *self.quotas_in_headers())


def quotas_of(reader: UsageReader) -> tuple[QuotaReading, ...]:
    """Return the provider's quotas in a reply that was read; () if it reports none.

    For a plug-in's own reader, only the quotas in the error are returned.
    """
    if isinstance(reader, ResponseReader):
        return reader.quotas()
    return reader.fault.quotas if reader.fault is not None else ()


def with_retry_after(fault: ProviderFault, headers: Mapping[str, str]) -> ProviderFault:
    """Return `fault` with the wait in the headers, if this wait is longer than the fault's own."""
    told = retry_after_us(headers)
    if told is None or told <= (fault.retry_after_seconds or 0) * 1_000_000:
        return fault
    return replace(fault, retry_after_seconds=told / 1_000_000)


def retry_after_us(headers: Mapping[str, str]) -> int | None:
    """Return the wait that the headers state, in microseconds; None if they state none.

    The header `retry-after-ms` is preferred to `retry-after`, because it is more exact.
    """
    exact = header_text(headers, "retry-after-ms").strip()
    told = microseconds_of(f"{exact}ms") if exact else None
    return told if told is not None else microseconds_of(header_text(headers, "retry-after"))


def kind_of_status(status: int) -> str:
    """Return the kind of error (one of FAULT_KINDS) for an HTTP status without further details."""
    kinds = {401: "auth", 402: "payment", 403: "auth", 429: "quota"}
    if status in kinds:
        return kinds[status]
    if 400 <= status < 500:
        return "bad_request"
    return "server" if 500 <= status < 600 else "other"
