"""What adapters exchange with the hooks and the gateway: requests, calls, usage.

Adapters do no I/O: they see bytes and headers, and keep lengths and counts, never a text or a key.
Nothing here raises because of what a provider or a program sends.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Protocol

from quotakeeper.domain.usage import Outcome, Provenance
from quotakeeper.value_classes import dataclass, field

NOTHING: Mapping[str, str] = MappingProxyType({})
NO_QUANTITIES: Mapping[str, int] = MappingProxyType({})
NO_RESPONSE = 0  # the status of a call without any answer


class TextCount(Protocol):
    """The tokens of a text: an estimate and a likely upper bound."""

    @property
    def tokens(self) -> int:
        """The estimate."""

    @property
    def upper_bound(self) -> int:
        """Nearly every text of this size has at most this many tokens."""


CountText = Callable[[str], TextCount]


@dataclass(frozen=True, slots=True)
class Request:
    """One request before it is sent: `headers` have names in lower case; `body` None: unknown.

    `body_size` is the length in bytes, if it is known without the bytes. `is_replaceable`: the hook
    can send another body in its place.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    body: bytes | None = None
    body_size: int | None = None
    is_replaceable: bool = False

    def __repr__(self) -> str:
        """Return method, URL and size without secrets: URLs, headers and bodies hold keys."""
        size = len(self.body) if self.body is not None else self.body_size
        where = self.url.split("?")[0] if isinstance(self.url, str) else ""
        return f"Request({self.method} {where.rpartition('@')[2]}, {size} bytes)"

    def header(self, name: str) -> str:
        """Return a header's text, or "" if it is absent."""
        return header_text(self.headers, name)


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks for: provider, model, operation, and the most that it can use.

    `billed` False: the call is free, and at most the request is counted. `bound` is the upper
    bound; if it is empty, nothing is counted and the call is sent unchanged. `typical` is the
    likely use. `bound_is` ASSUMED means that the request does not tell the bound (an address in
    place of audio). `options` are for the price catalogue. `facts` are the adapter's notes for its
    reader; they hold no text of a prompt.
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
    """What a call used according to its answer. `complete` False: the answer was cut short.

    `quantities` have the names of domain/units.py, without zeros. `options` are the served ones
    (the service tier), if the answer states them. `prepaid`: the call used capacity that is paid
    separately, so it costs nothing more.
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
    """One of the provider's own quotas, as a reply reports it.

    `quota_id` is the provider's name for it. `meter` is a meter of domain/units.py, `window` the
    text of a window; each is "" if unknown. `timezone` is the zone whose midnight ends a day.
    `amount` and `remaining` are in base units of the meter; None if unknown. `model` "" means that
    of the call. The quota resets `resets_in_us` microseconds after the reply, or at `resets_at`, in
    microseconds since 1970 UTC. `in_headers`: the reading comes from the headers, not from an
    error.
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
    """An error of the provider. `kind` is one of FAULT_KINDS.

    `quota` is the provider's id of the exhausted quota; of several, one that resets only with the
    next day, else the first. `per_day`: one of them is such a daily quota. `retry_after_seconds` is
    the longest wait in the error. `message` has no secrets and at most 300 characters. `quotas` are
    all quotas in the error.
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
    """An answer in the form of the provider's errors, for a call that is refused."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class UsageReader(Protocol):
    """Reads one response while it arrives. `feed` and `finish` never raise, whatever the bytes are."""

    @property
    def fault(self) -> ProviderFault | None:
        """The provider's error, once it has been read."""

    def feed(self, chunk: bytes) -> None:
        """Add the next bytes of the body, in pieces of any size, as they were received."""

    def finish(self, *, complete: bool) -> Usage:
        """Return what was used; `complete` says whether the body is whole. May be called again."""

    def so_far(self) -> Mapping[str, int]:
        """Return what a stream has used for certain so far; the provider bills at least that."""

    @property
    def is_plain(self) -> bool:
        """Whether the body is not compressed, so that bytes can be added after what was sent on."""

    @property
    def is_between(self) -> bool:
        """Whether the bytes so far end where a document of the stream ends."""

    @property
    def in_events(self) -> bool:
        """Whether the stream has server-sent events, which end with blank lines."""


class LiveSession(Protocol):
    """Meters one WebSocket. Messages are bytes or text, exactly as they were sent."""

    @property
    def call(self) -> Call:
        """The call of this session; its first messages may change it (the model, the sample rate)."""

    @property
    def fault(self) -> ProviderFault | None:
        """The provider's error, once it has been read."""

    @property
    def audio_milliseconds_sent(self) -> int:
        """The milliseconds of audio sent so far, per billed channel, computed from the bytes."""

    def sent(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Count a message of the client; return the usage so far. `elapsed_ms`: since the opening."""

    def received(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Count a message of the provider; return the usage so far."""

    def finish(self, *, complete: bool = True, elapsed_ms: int = 0) -> Usage:
        """Return the usage of the whole session. May be called again."""


class Adapter(Protocol):
    """One provider. Adapters keep no state between calls, and threads may share them.

    `adapter.ProviderAdapter` implements most of this; any class with these methods is an adapter
    too.
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
        """Return the call that a request makes; None if it is not this provider's.

        `known_hosts` maps "host[:port][/prefix]" to an adapter's name. Other hosts are recognised
        only if they are the provider's own, or loopback with the form of the provider's paths.
        """

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """Return a reader for the response to a call; `status` is NO_RESPONSE if none will come."""

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """Return the answer for a refused call in the form of the provider's errors: 402 if `hard`,
        else 429.
        """

    def interruption(self, call: Call, *, message: str) -> bytes:
        """Return the provider's error inside a stream, to end the stream; b"" if it has none."""

    def live(
        self,
        request: Request,
        *,
        known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> LiveSession | None:
        """Return the meter for the WebSocket that this request opens; None if it opens none."""


def header_text(headers: Mapping[str, str], name: str) -> str:
    """Return a header's text, or "" if it is absent or not a text; `name` is in lower case."""
    value: object = headers.get(name, "")
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""
