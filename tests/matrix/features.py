"""The features to run in each environment, the faults, and the expected result of each."""

from __future__ import annotations

from dataclasses import dataclass

# How a call in the ledger is compared with the bill. EXACT: the call, its quantities and its cost
# are equal to the last unit, and all are reported. READ: the figures are equal, but the answer did
# not mark them as final, so they are estimated. OPEN: the text that arrived, or the typical amount,
# is estimated, because the provider sent no more. While the call was open, at least the billed
# amount was reserved. ASSUMED: no answer came, so the reserved amount is booked. It is at least the
# billed amount.
EXACT, READ, OPEN, ASSUMED = "exact", "read", "open", "assumed"
# The faults: a stream is billed whole, or as far as it was sent; an answer in one piece breaks off;
# a timeout.
STREAM_CUT, STREAM_STOPPED, BROKEN, SLOW = "cut", "cut-early", "broken", "slow"


@dataclass(frozen=True, slots=True)
class Case:
    """One feature under one fault. `calls` is the number of HTTP calls; `ok` means that the feature succeeds.

    `first` is how the first call is compared, if a retry after it is compared in another way.
    """

    feature: str
    fault: str = ""
    calls: int = 1
    ok: bool = True
    held: str = EXACT
    live: bool = False
    row: str = ""  # the row of the page, if not the feature's own
    first: str = ""

    @property
    def name(self) -> str:
        return f"{self.feature} {self.fault}".strip()

    @property
    def column(self) -> str:
        """The column of the page's table."""
        return f"retried {self.fault}" if self.calls > 1 and self.fault else self.fault

    @property
    def holds(self) -> list[str]:
        """How each call is compared."""
        return [self.first or self.held, *[self.held] * (self.calls - 1)]


@dataclass(frozen=True, slots=True)
class Setting:
    """An environment, its driver, and the cases to run in it."""

    environment: str
    distribution: str
    driver: str
    server: str
    cases: tuple[Case, ...]


def _faults(
    plain: str, stream: str = "", *, cut: tuple[str, str] = (OPEN, READ), broken: str = OPEN,
    notices: bool = True,
) -> list[Case]:  # fmt: skip
    """The faults of one call, in one piece or as a stream. `notices`: the SDK raises on a half answer."""
    cases = [
        Case(plain, "429", ok=False), Case(plain, "500", ok=False),
        Case(plain, BROKEN, ok=not notices, held=broken),
    ]  # fmt: skip
    if stream:
        whole, early = cut
        cases += [
            Case(stream, "429", ok=False), Case(stream, "500", ok=False),
            Case(stream, STREAM_CUT, ok=False, held=whole),
            Case(stream, STREAM_STOPPED, ok=False, held=early),
        ]  # fmt: skip
    return cases


def _again(row: str, *, retry: str = "", late: str = "", timeout: str = "") -> list[Case]:
    """The faults after which the SDK retries, or stops retrying."""
    cases = []
    if retry:
        cases += [Case(retry, fault, calls=2, row=row) for fault in ("429", "500")]
    if late:
        cases.append(Case(late, SLOW, calls=2, row=row, first=ASSUMED))
    if timeout:
        cases.append(Case(timeout, SLOW, ok=False, held=ASSUMED, row=row))
    return cases


# OpenAI sends no usage before the end, and Anthropic no output usage. So a cut stream is counted by
# the text that was read.
_BY_TEXT = (OPEN, OPEN)
GENAI = (
    Case("generate"), Case("stream"), Case("async-generate"), Case("async-stream"),
    Case("chat-tools", calls=4), Case("embed"), Case("count-tokens"),
    *_faults("generate", "stream"), *_faults("async-generate", "async-stream"),
    *_again("generate", retry="retry", timeout="timeout"), Case("live", live=True),
)  # fmt: skip
LEGACY = (
    Case("generate"), Case("stream"), Case("chat", calls=2), Case("embed"),
    # The SDK reads a list, not events. A cut removes the list's last bracket and no figure.
    *_faults("generate", "stream", cut=(EXACT, EXACT)), *_again("generate", retry="retry"),
)  # fmt: skip
_DEEPGRAM = (
    Case("prerecorded"), Case("url"), Case("async-prerecorded"), Case("speak"),
    # An answer starts with its length, so half of it has the same figures as all of it.
    Case("async-speak"), *_faults("prerecorded", broken=EXACT),
    *_faults("async-prerecorded", broken=EXACT), *_faults("speak", broken=EXACT),
    Case("live", live=True), Case("async-live", live=True),
)  # fmt: skip
DEEPGRAM_OLD = _DEEPGRAM
DEEPGRAM_NEW = (*_DEEPGRAM, *_again("prerecorded", retry="retry", timeout="timeout"))
OPENAI = (
    Case("chat"), Case("stream"), Case("async-chat"), Case("async-stream"), Case("responses"),
    Case("embeddings"), *_faults("chat", "stream", cut=_BY_TEXT),
    *_faults("async-chat", "async-stream", cut=_BY_TEXT),
    *_again("chat", retry="retry", late="late", timeout="timeout"),
)  # fmt: skip
ANTHROPIC = (
    Case("messages"), Case("stream"), Case("async-messages"), Case("async-stream"),
    *_faults("messages", "stream", cut=_BY_TEXT),
    *_faults("async-messages", "async-stream", cut=_BY_TEXT),
    *_again("messages", retry="retry", late="late", timeout="timeout"),
)  # fmt: skip


def _library(name: str) -> list[Case]:
    plain, stream = f"{name}-generate", f"{name}-stream"
    return [
        Case(plain), Case(stream), *_faults(plain, stream, notices=name != "urllib"),
        *_again(plain, timeout=f"{name}-timeout"),
    ]  # fmt: skip


_RETRIED = _again("requests-generate", retry="requests-retry", late="requests-late")
LIBRARIES = {
    "urllib.request": _library("urllib"),
    "requests": [*_library("requests"), *_RETRIED],
    "urllib3": _library("urllib3"),
    "httpx": [*_library("httpx"), *_library("httpx-async")],
    "httpx2": [*_library("httpx2"), *_library("httpx2-async")],
    "aiohttp": _library("aiohttp"),
}
NIQUESTS = (
    *_library("niquests"), *_library("niquests-async"), *_library("requests-beside"),
    Case("niquests-multiplexed", calls=2),
)  # fmt: skip

SETTINGS: dict[str, Setting] = {
    "genai3": Setting("genai3", "google-genai", "genai", "sandbox", GENAI),
    "genai2": Setting("genai2", "google-genai", "genai", "sandbox", GENAI),
    "generativeai": Setting(
        "generativeai", "google-generativeai", "generativeai", "sandbox", LEGACY
    ),
    "deepgram3": Setting("deepgram3", "deepgram-sdk", "deepgram_old", "sandbox", DEEPGRAM_OLD),
    "deepgram4": Setting("deepgram4", "deepgram-sdk", "deepgram_old", "sandbox", DEEPGRAM_OLD),
    "deepgram6": Setting("deepgram6", "deepgram-sdk", "deepgram_new", "sandbox", DEEPGRAM_NEW),
    "deepgram7": Setting("deepgram7", "deepgram-sdk", "deepgram_new", "sandbox", DEEPGRAM_NEW),
    "openai": Setting("openai", "openai", "openai_sdk", "shapes", OPENAI),
    "anthropic": Setting("anthropic", "anthropic", "anthropic_sdk", "shapes", ANTHROPIC),
    "niquests": Setting("niquests", "niquests", "niquests_lib", "sandbox", NIQUESTS),
    "libraries": Setting(
        "libraries", "requests", "libraries", "sandbox",
        tuple(case for cases in LIBRARIES.values() for case in cases),
    ),
}  # fmt: skip
# Without --matrix and outside CI: the newest of each SDK, its plain features, and one fault each.
COMPACT = ("genai3", "deepgram7", "libraries")
