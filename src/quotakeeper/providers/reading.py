"""Reads a response as it passes: decoding, framing, faults, and figures with their provenance.

The rules that all adapters share stand here. The last running total wins, never a sum and never a
blind maximum; what is missing is estimated from the lengths seen and says so; a call that was sent
is never booked as nothing. An answer that broke off is booked as far as it is known: the last total
and the text after it. A call without any answer may have cost all it can, so that is its figure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.providers.exchange import (
    NO_QUANTITIES,
    NO_RESPONSE,
    Call,
    ProviderFault,
    Usage,
    header_text,
)
from quotakeeper.providers.partition import added, tokens_of
from quotakeeper.providers.wire.encodings import Decoder
from quotakeeper.providers.wire.framing import Document, Framing
from quotakeeper.providers.wire.tallies import Tally
from quotakeeper.providers.wire.values import Json, parse_json

REQUEST = {"requests": 1}
OUTPUTS = ("output_tokens", "thought_tokens")
_SWITCHING = 101  # to a WebSocket: let in
_MOST_ERROR = 64 * 1024
_SURELY = 2  # a text has at least the half of the tokens that its length makes likely
_PACKED_PER_TOKEN = 2  # bytes of packed text that make a token


class Reader:
    """A response's figures. Subclasses say what a document means and what an error is."""

    def __init__(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        self.call = call
        self.status = status
        self.headers = headers
        self.fault: ProviderFault | None = None
        self.bytes_seen = 0
        self._error = bytearray()
        self._decoder = Decoder(header_text(headers, "content-encoding"))
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
        plain = self._decoder.feed(chunk)
        if self.refused:
            self._error += plain[: _MOST_ERROR - len(self._error)]
        elif plain:
            self._framing.feed(plain)

    def finish(self, *, complete: bool) -> Usage:
        """What was used, by all that was fed."""
        if not self._closed:
            self._closed = True
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
            self.read_part(document.data)
        else:
            self.done()

    # What a provider's reader says for itself.

    def read(self, body: Json, document: Document) -> None:
        """A whole document."""

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


class TokenReader(Reader):
    """A response whose usage is tokens: running totals, the last of which counts."""

    def __init__(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        self.text = Tally()  # what was answered, by length
        self.told = Tally()  # that much of it was there when the latest total came
        self.latest: dict[str, int] | None = None
        self.counted = False  # a figure of the provider's was seen, be it zero
        self.most_output: dict[str, int] = {}
        self.most_thoughts: dict[str, int] = {}
        self.streamed = False
        self.ended = False  # the provider said that this is all
        self.model_served = ""
        self.response_id = ""
        self.tier = ""
        self.prepaid = False
        self.searches = 0
        self.notes: list[str] = []
        super().__init__(call, status, headers)

    def read(self, body: Json, document: Document) -> None:
        """A whole document; where no other can follow it, it is the end."""
        self.streamed = self.streamed or document.streamed
        if not document.streamed:
            self.ended = True

    def snapshot(self, quantities: dict[str, int]) -> None:
        """A running total: it replaces the one before."""
        self.latest = quantities
        self.told = self.text.copy()
        self.counted = True
        for meter, most in (
            ("output_tokens", self.most_output),
            ("thought_tokens", self.most_thoughts),
        ):
            told = {key: n for key, n in quantities.items() if key.partition("@")[0] == meter}
            if sum(told.values()) >= sum(most.values()):
                most.clear()
                most.update(told)

    def note(self, text: str) -> None:
        """Something that a person who checks the figures should know, once."""
        if text not in self.notes:
            self.notes.append(text)

    def request_id(self) -> str:
        """The provider's own id of the call."""
        return self.response_id

    def usage(self, *, complete: bool) -> Usage:
        """The figures of a call that was served, and how they are known."""
        unreadable = complete and self._decoder.opaque
        quantities, provenance = self._figures()
        if self.searches:
            quantities = added(quantities, {"searches": self.searches})
        if unreadable:
            self.note("the body's encoding could not be read")
        outcome = Outcome.OK if self.ended or unreadable else Outcome.UNKNOWN
        if self.fault is not None:
            outcome = Outcome.ERROR
        return Usage(
            added(quantities, REQUEST),
            provenance,
            outcome,
            self.model_served,
            {"tier": self.tier} if self.tier else {},
            self.request_id(),
            self.ended or unreadable,
            "; ".join(self.notes),
            self.prepaid,
        )

    def _figures(self) -> tuple[dict[str, int], Provenance]:
        if self.latest is None:
            return self.estimate(self.ended), Provenance.ESTIMATED
        quantities = dict(self.latest)
        if any(key.partition("@")[0] == "output_tokens" for key in quantities):
            if self.ended:
                return quantities, Provenance.REPORTED
            return self._as_far_as_read(quantities), Provenance.ESTIMATED
        if self.ended and not (self.streamed and (self.most_output or self.text.tokens)):
            return quantities, Provenance.REPORTED  # nothing was answered, and it says so
        # The last total of a stream lacks the answer that was seen: keep the most it ever said.
        kept = added(quantities, self.most_output)
        if "thought_tokens" not in kept:
            kept = added(kept, self.most_thoughts)
        return self._at_least_seen(kept), Provenance.ESTIMATED

    def so_far(self) -> Mapping[str, int]:
        """The last total; of the text after it no more than it is in any case."""
        after = self.text.since(self.told).tokens // _SURELY
        return added(self.latest or {}, {"output_tokens": after, "searches": self.searches})

    def _as_far_as_read(self, quantities: dict[str, int]) -> dict[str, int]:
        """The last total of an answer that broke off, and the text that came after it."""
        after = {"output_tokens": self.text.since(self.told).tokens}
        lost = {}  # where a total went back, what was made stays made
        for meter, most in zip(OUTPUTS, (self.most_output, self.most_thoughts), strict=True):
            lost[meter] = max(0, sum(most.values()) - tokens_of(quantities, meter))
        more = added(after, lost)
        return added(quantities, {meter: amount for meter, amount in more.items() if amount})

    def _at_least_seen(self, quantities: dict[str, int]) -> dict[str, int]:
        """An answer that was cut was at least as long as the text that arrived."""
        missing = self.text.tokens - tokens_of(quantities, "output_tokens")
        return added(quantities, {"output_tokens": missing}) if missing > 0 else quantities

    def estimate(self, whole: bool) -> dict[str, int]:
        """Figures without any of the provider's: the input as it was typical of the request, the
        output as the text that was seen, or as typical where none could be seen."""
        given = self.call.typical
        inputs = {
            k: n for k, n in given.items() if k.partition("@")[0] not in (*OUTPUTS, "requests")
        }
        if self._decoder.opaque:
            return added({k: n for k, n in given.items() if k != "requests"}, self._packed_output())
        seen = self.text.tokens
        if seen:
            return added(inputs, {"output_tokens": seen})
        if whole:
            return inputs
        return {key: n for key, n in given.items() if key != "requests"}

    def _packed_output(self) -> dict[str, int]:
        """What an answer that could not be unpacked has more than is typical, by its size."""
        usual, most = (
            sum(tokens_of(amounts, meter) for meter in OUTPUTS)
            for amounts in (self.call.typical, self.call.bound)
        )
        more = min(self.bytes_seen // _PACKED_PER_TOKEN, most) - usual
        return {"output_tokens": more} if more > 0 else {}


def with_retry_after(fault: ProviderFault, headers: Mapping[str, str]) -> ProviderFault:
    """A fault with the wait that the headers ask for, unless it has one of its own."""
    if fault.retry_after_seconds is not None:
        return fault
    for name, scale in (("retry-after-ms", 1000), ("retry-after", 1)):
        seconds = seconds_of(header_text(headers, name))
        if seconds is not None:
            return replace(fault, retry_after_seconds=seconds / scale)
    return fault


def seconds_of(text: str) -> float | None:
    """Seconds from "45", "45.8" or "45s"; None for anything else (a date needs a clock)."""
    digits = text.strip().removesuffix("s")
    whole, _, fraction = digits.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 10):
        return None
    if fraction and not (fraction.isascii() and fraction.isdigit()):
        return None
    return float(digits)


def kind_of_status(status: int) -> str:
    """What an error status means where nothing more is said."""
    kinds = {401: "auth", 402: "payment", 403: "auth", 429: "quota"}
    if status in kinds:
        return kinds[status]
    if 400 <= status < 500:
        return "bad_request"
    return "server" if 500 <= status < 600 else "other"
