"""Reads answers that report tokens as running totals.

Only the last total counts. Totals are not added, and a higher earlier total is ignored. A missing
figure is estimated from the lengths of the texts, and marked as estimated. An answer that was cut
is recorded as the last total plus the text after it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.providers.contract import Call, Usage
from quotakeeper.providers.formats.framing import Document
from quotakeeper.providers.formats.json_values import Json
from quotakeeper.providers.formats.text_counts import TextTally
from quotakeeper.providers.reading.response_reader import REQUEST, ResponseReader
from quotakeeper.providers.reading.token_split import added, tokens_of
from quotakeeper.providers.reading.waiting_documents import TotalKeys, WaitingDocuments

OUTPUTS = ("output_tokens", "thought_tokens")
_SURELY = 2  # a text has at least half of the tokens that its length suggests
_MANY = 2_048  # bytes; fewer are seldom more than one event
_PACKED_PER_TOKEN = 2  # bytes of compressed text per token


class TokenReader(ResponseReader):
    """Reads a response that reports tokens as running totals, of which the last one counts.

    `totals` describes how to find the totals without parsing. If it is None, each document is
    parsed when it arrives.
    """

    totals: ClassVar[TotalKeys | None] = None

    def __init__(self, call: Call, status: int, headers: Mapping[str, str]) -> None:
        self.text = TextTally()  # the answer's text, by length
        self.told = TextTally()  # the part of `text` that came before the last total
        self.latest: dict[str, int] | None = None
        self.counted = False  # the provider reported a figure, even 0
        self.most_output: dict[str, int] = {}
        self.most_thoughts: dict[str, int] = {}
        self.told_most = TextTally()  # the part of `text` that came before the largest output total
        self.streamed = False
        self.ended = False  # the provider has said that the answer is over
        self.model_served = ""
        self.response_id = ""
        self.tier = ""
        self.prepaid = False
        self.searches = 0
        self.notes: list[str] = []
        totals = self.totals
        self._waiting = WaitingDocuments(totals, super()._document) if totals else None
        super().__init__(call, status, headers)

    def _document(self, document: Document) -> None:
        if self._waiting is None:
            super()._document(document)
        else:
            self._waiting.add(document)

    def _split(self, plain: bytes) -> None:
        """Split the next decompressed bytes into documents. Leaves out events that a later total in
        these bytes replaces.
        """
        if self._waiting is not None and len(plain) > _MANY:
            first = 0 if self._framing.in_events else self._waiting.first_end(plain)
            if first:
                super()._split(plain[:first])
            if self._framing.in_events and self._framing.is_between:
                first += self._waiting.replaced(plain[first:])
            plain = plain[first:]
        super()._split(plain)

    def finish(self, *, complete: bool) -> Usage:
        """Return what the call used, according to all bytes so far.

        `complete` is True if the whole body arrived.
        """
        self._close()
        self._read_waiting()
        return super().finish(complete=complete)

    def _read_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.read_all()

    def read(self, body: Json, document: Document) -> None:
        """Read one document. If no other document can follow, mark the answer as complete."""
        self.streamed = self.streamed or document.streamed
        if not document.streamed:
            self.ended = True

    def snapshot(self, quantities: dict[str, int]) -> None:
        """Replace the running total with `quantities`."""
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
                if meter == "output_tokens":
                    self.told_most = self.told

    def note(self, text: str) -> None:
        """Add a note for people who check the figures; a note that exists is not added again."""
        if text not in self.notes:
            self.notes.append(text)

    def request_id(self) -> str:
        """Return the provider's id of the call; "" if unknown."""
        return self.response_id

    def usage(self, *, complete: bool) -> Usage:
        """Return the usage of a call that was served, and how its figures are known."""
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
            return quantities, Provenance.REPORTED  # the provider reports that there is no answer
        # The last total does not include the answer that was read: keep the largest output total,
        # and add the text after it.
        kept = added(quantities, self.most_output)
        if "thought_tokens" not in kept:
            kept = added(kept, self.most_thoughts)
        after = self.text.since(self.told_most).tokens
        return added(kept, {"output_tokens": after} if after else {}), Provenance.ESTIMATED

    def so_far(self) -> Mapping[str, int]:
        """Return the last total, plus the fewest tokens that the later text can have."""
        self._read_waiting()
        after = self.text.since(self.told).tokens // _SURELY
        return added(self.latest or {}, {"output_tokens": after, "searches": self.searches})

    def told_in(self, chunk: bytes) -> int | None:
        """Return the output and thought tokens that the stream reports at the end of a chunk.

        `chunk` is as received. It is not parsed, so this takes little time. Returns None if the
        answer must be read to know the tokens.
        """
        return self.totals.last_total(chunk) if self.totals and self.is_plain else None

    def _as_far_as_read(self, quantities: dict[str, int]) -> dict[str, int]:
        """Return the usage of an answer that was cut: the last total, plus the text after it."""
        after = {"output_tokens": self.text.since(self.told).tokens}
        lost = {}  # a later, lower total does not reduce the output
        for meter, most in zip(OUTPUTS, (self.most_output, self.most_thoughts), strict=True):
            lost[meter] = max(0, sum(most.values()) - tokens_of(quantities, meter))
        more = added(after, lost)
        return added(quantities, {meter: amount for meter, amount in more.items() if amount})

    def estimate(self, whole: bool) -> dict[str, int]:
        """Return estimated quantities for an answer without any total.

        `whole` is True if the answer is complete. The input is the request's typical input. The
        output is estimated from the text. If no text was read, a complete answer has no output and
        a cut answer has the typical output.
        """
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
        """Return the output tokens above the typical output, for an answer that cannot be
        decompressed.

        The total output is estimated as one token per two compressed bytes.
        """
        usual, most = (
            sum(tokens_of(amounts, meter) for meter in OUTPUTS)
            for amounts in (self.call.typical, self.call.bound)
        )
        more = min(self.bytes_seen // _PACKED_PER_TOKEN, most) - usual
        return {"output_tokens": more} if more > 0 else {}
