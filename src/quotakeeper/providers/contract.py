"""What passes between a provider's adapter and whoever watches the wire: requests, calls, usage.

Adapters are sans-I/O: they see bytes and headers, keep lengths and counts, and never a text or a
key. Nothing here raises for what a provider or a program sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.value_classes import dataclass, field

NOTHING: Mapping[str, str] = MappingProxyType({})
NO_QUANTITIES: Mapping[str, int] = MappingProxyType({})
NO_RESPONSE = 0  # the status of a call that got no answer at all


class TextCount(Protocol):
    """How many tokens a text is, and the most it can plausibly be."""

    @property
    def tokens(self) -> int:
        """The estimate."""

    @property
    def upper_bound(self) -> int:
        """What nearly every text of this size stays within."""


CountText = Callable[[str], TextCount]


@dataclass(frozen=True, slots=True)
class Request:
    """One request as it leaves: `headers` have lower-case names, `body` None was not seen.

    `body_size` is the length when it is known though the bytes are not. `is_replaceable`: whoever
    sends it can send another body in its place.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    body: bytes | None = None
    body_size: int | None = None
    is_replaceable: bool = False

    def __repr__(self) -> str:
        """A request without what may be secret: keys stand in URLs, headers and bodies."""
        size = len(self.body) if self.body is not None else self.body_size
        where = self.url.split("?")[0] if isinstance(self.url, str) else ""
        return f"Request({self.method} {where.rpartition('@')[2]}, {size} bytes)"

    def header(self, name: str) -> str:
        """A header's text, or "" when it is absent."""
        return header_text(self.headers, name)


@dataclass(frozen=True, slots=True)
class Call:
    """A request understood: who is asked for what, and what it can cost at most.

    `billed` False: it costs nothing, count at most the request. `bound` is the upper bound (empty:
    nothing of it is counted, it goes out as it is), `typical` what it will probably be; `bound_is`
    ASSUMED says that the request does not tell (an address instead of audio). `options` are for the
    price catalogue. `facts` are the adapter's own notes, which its reader needs; they hold no text
    of anybody.
    """

    provider: str
    model: str
    operation: str
    billed: bool = True
    bound: Mapping[str, int] = field(default_factory=lambda: NO_QUANTITIES)
    typical: Mapping[str, int] = field(default_factory=lambda: NO_QUANTITIES)
    options: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    streaming: bool = False
    bound_is: Provenance = Provenance.ESTIMATED
    note: str = ""
    facts: Mapping[str, str] = field(default_factory=lambda: NOTHING)


@dataclass(frozen=True, slots=True)
class Usage:
    """What a call used, as far as its answer tells. `complete` False: the answer was cut short.

    `quantities` are those of domain/units.py, without zeros. `options` are what was served where
    that differs from what was asked for or is said at all (the service tier). `prepaid`: it was
    served from capacity that is paid for by itself, and this call costs nothing more.
    """

    quantities: Mapping[str, int]
    provenance: Provenance
    outcome: Outcome = Outcome.OK
    model_served: str = ""
    options: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    request_id: str = ""
    complete: bool = True
    note: str = ""
    prepaid: bool = False


@dataclass(frozen=True, slots=True)
class QuotaReading:
    """What a reply says of one of the provider's own quotas.

    `quota_id` is the provider's name for it. `meter` is a meter of domain/units.py, `window` a
    window's text; each is "" where it is not said. `timezone` is the zone whose midnight ends a day.
    `amount` and `remaining` are in base units of the meter; None where they are not said. `model` ""
    is that of the call. It resets `resets_in_us` microseconds after the reply, or at `resets_at`,
    microseconds since 1970 UTC. `in_headers` says that it stood in the headers, not in an error.
    """

    quota_id: str
    meter: str = ""
    window: str = ""
    timezone: str = ""
    amount: int | None = None
    remaining: int | None = None
    model: str = ""
    resets_in_us: int | None = None
    resets_at: int | None = None
    in_headers: bool = False


@dataclass(frozen=True, slots=True)
class ProviderFault:
    """An error as the provider tells it. `kind` is one of FAULT_KINDS.

    `quota` is the provider's own id of the quota that ran out; of several, of one that comes back
    only with the next day, else of the first. `per_day` says that one of them is such a quota.
    `retry_after_seconds` is the longest wait that is told. `message` has no secrets and at most 300
    characters. `quotas` are all the quotas that it names.
    """

    status: int
    kind: str
    billed: bool = False
    quota: str = ""
    per_day: bool = False
    retry_after_seconds: float | None = None
    message: str = ""
    quotas: tuple[QuotaReading, ...] = ()


FAULT_KINDS = ("quota", "payment", "auth", "bad_request", "server", "other")


@dataclass(frozen=True, slots=True)
class Refusal:
    """An answer in the provider's own shape, for a call that was not let out."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class UsageReader(Protocol):
    """Reads one response as it passes. Neither verb ever raises, whatever the bytes are."""

    @property
    def fault(self) -> ProviderFault | None:
        """The provider's error, once it has been seen."""

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes of the body, in pieces of any size, as they came off the wire."""

    def finish(self, *, complete: bool) -> Usage:
        """What was used; `complete` says whether the body came to its end. Repeatable."""

    def so_far(self) -> Mapping[str, int]:
        """What has been used for sure by what was read of a stream; no less is billed."""

    @property
    def is_plain(self) -> bool:
        """Whether the body is not packed, so that something can be put behind what has passed."""

    @property
    def is_between(self) -> bool:
        """Whether what was fed ends where a document of the stream does."""

    @property
    def in_events(self) -> bool:
        """Whether the stream is of server-sent events, which blank lines end."""


class LiveSession(Protocol):
    """Meters one WebSocket. Messages are bytes or text, exactly as they passed."""

    @property
    def call(self) -> Call:
        """What this session is; a first message may still change it (the model, the rate)."""

    @property
    def fault(self) -> ProviderFault | None:
        """The provider's error, once it has been seen."""

    @property
    def audio_milliseconds_sent(self) -> int:
        """Length of the audio sent so far, per channel billed, by its bytes."""

    def sent(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Take a message of the client; returns the usage so far. `elapsed_ms`: since opening."""

    def received(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Take a message of the provider; returns the usage so far."""

    def finish(self, *, complete: bool = True, elapsed_ms: int = 0) -> Usage:
        """What was used in all. Repeatable."""


class Adapter(Protocol):
    """One provider. Adapters keep no state between calls and may be used by many threads.

    `adapter.ProviderAdapter` has most of this; a class that only follows this protocol does too.
    """

    @property
    def name(self) -> str:
        """The provider's name in ledgers, limits and prices."""

    def recognise(
        self,
        request: Request,
        *,
        known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> Call | None:
        """Understand a request, or None when it is not this provider's.

        `known_hosts` maps "host[:port][/prefix]" to an adapter's name; elsewhere only the
        provider's own hosts and, by the shape of the path, loopback are recognised.
        """

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """A reader for the response to a call; `status` NO_RESPONSE when none will come."""

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """The provider's own kind of answer to a call over a limit: 402 hard, 429 short."""

    def interruption(self, call: Call, *, message: str) -> bytes:
        """The provider's own in-band error, to end an open stream with; b"" when it has none."""

    def live(
        self,
        request: Request,
        *,
        known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> LiveSession | None:
        """A meter for the WebSocket that this request opens, or None when it opens none."""


def header_text(headers: Mapping[str, str], name: str) -> str:
    """A header's text, or "" when it is absent or no text; `name` is lower case."""
    value: object = headers.get(name, "")
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""
