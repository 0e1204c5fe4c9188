"""What adapters exchange with the hooks and the gateway: requests, calls, usage.

Adapters do no I/O. An adapter reads bytes and headers, and keeps only lengths and counts, never a
text or a key. No function here raises, whatever bytes a provider or a program sends.
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
    """The number of tokens in a text: an estimate and a likely upper bound."""

    @property
    def tokens(self) -> int:
        """The estimated number of tokens."""

    @property
    def upper_bound(self) -> int:
        """An upper bound of the tokens, correct for nearly every text."""


CountText = Callable[[str], TextCount]


@dataclass(frozen=True, slots=True)
class Request:
    """One request before it is sent.

    `headers` have names in lower case. `body` is None if its bytes are unknown; `body_size` may
    still be its length in bytes. If `is_replaceable` is True, another body can be sent instead. If
    `is_partial` is True, `body` is only the beginning of `body_size` bytes. `sender` is the name of
    the sender's key at a gateway. Retries are recognised for each sender.
    """

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=lambda: NOTHING)
    body: bytes | None = None
    body_size: int | None = None
    is_replaceable: bool = False
    is_partial: bool = False
    sender: str = ""

    def __repr__(self) -> str:
        """Return method, URL and size, and nothing that may hold a key (query, headers, body)."""
        size = len(self.body) if self.body is not None else self.body_size
        where = self.url.split("?")[0] if isinstance(self.url, str) else ""
        return f"Request({self.method} {where.rpartition('@')[2]}, {size} bytes)"

    def header(self, name: str) -> str:
        """Return a header's text, or "" if it is absent."""
        return header_text(self.headers, name)


@dataclass(frozen=True, slots=True)
class Call:
    """What a request asks for: provider, model, operation, and the most that it can use.

    - `billed`: False if the call is free. At most the request itself is counted then.
    - `bound`: the upper bound of the use. If it is empty, nothing is counted and the call is sent
      unchanged.
    - `typical`: the likely use.
    - `options`: the options that select the price in the price catalogue.
    - `bound_is`: ASSUMED if the request does not state how much it can use, for example if it has a
      URL in place of audio.
    - `facts`: notes from the adapter to its own reader, without any text of a prompt.
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
    """What a call used according to its answer.

    - `quantities`: by the names of domain/units.py, without zeros.
    - `options`: the price options (the service tier) that the provider says it applied.
    - `complete`: False if the answer was cut short.
    - `prepaid`: True if the call used capacity that is paid separately, so it costs nothing more.
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

    - `quota_id`: the provider's name for the quota.
    - `meter`: a meter of domain/units.py; "" if unknown.
    - `window`: the period of the quota ("day"); "" if unknown.
    - `timezone`: the zone whose midnight ends a day.
    - `amount`, `remaining`: in base units of the meter; None if unknown.
    - `model`: "" means the model of the call.
    - `resets_in_us`: the time from the reply to the reset, in microseconds; None if unknown.
    - `resets_at`: the instant of the reset, in microseconds since 1970 UTC; None if unknown.
    - `in_headers`: True if the reply's headers report the quota, False if its error does.
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

    - `quota`: the provider's id of the exhausted quota. If there are several: the first daily one,
      else the first.
    - `per_day`: one of the exhausted quotas resets only with the next day.
    - `retry_after_seconds`: the longest wait in the error; None if it states none.
    - `message`: the provider's text without secrets, at most 300 characters.
    - `quotas`: all quotas in the error.
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
    """The answer for a refused call, in the form of the provider's errors."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class UsageReader(Protocol):
    """Reads one response while it arrives. `feed` and `finish` never raise."""

    @property
    def fault(self) -> ProviderFault | None:
        """The provider's error; None if none was read so far."""

    def feed(self, chunk: bytes) -> None:
        """Read the next bytes of the body, exactly as they were received, in chunks of any size."""

    def finish(self, *, complete: bool) -> Usage:
        """Return what the call used. `complete` says whether the whole body arrived.

        `finish` may be called again.
        """

    def so_far(self) -> Mapping[str, int]:
        """Return the least that the open stream has used so far; the provider bills at least this."""

    @property
    def is_plain(self) -> bool:
        """Whether the body is not compressed, so that an error can be appended to the sent bytes."""

    @property
    def is_between(self) -> bool:
        """Whether the bytes so far end exactly at the end of an event or JSON value."""

    @property
    def in_events(self) -> bool:
        """Whether the stream consists of server-sent events, which end with blank lines."""


class LiveSession(Protocol):
    """Meters one WebSocket. Messages are bytes or text, exactly as they were sent."""

    @property
    def call(self) -> Call:
        """The call of this session. The first messages may change the call (the model, the sample
        rate).
        """

    @property
    def fault(self) -> ProviderFault | None:
        """The provider's error; None if none was read so far."""

    @property
    def audio_milliseconds_sent(self) -> int:
        """The milliseconds of audio sent so far, times the billed channels, computed from the
        bytes.
        """

    def sent(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Count a message of the client, and return the usage so far.

        `elapsed_ms` is the time since the WebSocket opened, in milliseconds.
        """

    def received(self, data: bytes | str, *, elapsed_ms: int = 0) -> Usage:
        """Count a message of the provider, and return the usage so far."""

    def finish(self, *, complete: bool = True, elapsed_ms: int = 0) -> Usage:
        """Return the usage of the whole session. `finish` may be called again."""


class Adapter(Protocol):
    """Reads the calls of one provider. An adapter keeps no state between calls, and threads may
    share it.

    `adapter.ProviderAdapter` implements most of this protocol, but a class with these methods needs
    no base class.
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
        """Return the call that a request makes; None if the request is not for this provider.

        `known_hosts` maps "host[:port][/prefix]" to an adapter's name. Other hosts match only if
        they are the provider's own, or loopback with a path in the provider's form.
        """

    def reader(self, call: Call, status: int, headers: Mapping[str, str]) -> UsageReader:
        """Return a reader for the response to a call.

        `status` is NO_RESPONSE if no response will arrive.
        """

    def refusal(
        self, call: Call, *, hard: bool, message: str, retry_after_seconds: float | None = None
    ) -> Refusal:
        """Return the answer for a refused call, in the form of the provider's errors.

        With `hard`, the program must not retry: the status is 402, which no SDK retries. Otherwise
        the status is 429.
        """

    def interruption(self, call: Call, *, message: str) -> bytes:
        """Return the bytes of an error that ends an open stream; b"" if the provider has no such
        error.
        """

    def live(
        self,
        request: Request,
        *,
        known_hosts: Mapping[str, str] = NOTHING,
        count: CountText | None = None,
    ) -> LiveSession | None:
        """Return the meter for the WebSocket that a request opens; None if it opens none."""


def header_text(headers: Mapping[str, str], name: str) -> str:
    """Return a header's text, or "" if it is absent or not a text; `name` is in lower case."""
    value: object = headers.get(name, "")
    if isinstance(value, bytes):
        return value.decode("latin-1")
    return value if isinstance(value, str) else ""
