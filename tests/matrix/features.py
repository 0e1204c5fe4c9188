"""What is tried in each environment, how it is spoiled, and what it has to come to."""

from __future__ import annotations

from dataclasses import dataclass

# How a case is held. EXACT: calls, quantities and cost, all reported. Where the provider's last
# figures never arrived, nobody on this side can know them; the calls are exact all the same, and
# CUT: marked as not reported, never nothing. ASSUMED: no less than was billed, marked too.
EXACT, CUT, ASSUMED = "exact", "cut", "assumed"


@dataclass(frozen=True, slots=True)
class Case:
    """One feature under one fault; `calls` are the wire calls it makes, `ok` that it succeeds."""

    feature: str
    fault: str = ""
    calls: int = 1
    ok: bool = True
    held: str = EXACT
    live: bool = False
    row: str = ""  # the feature it is shown with, if not its own

    @property
    def name(self) -> str:
        return f"{self.feature} {self.fault}".strip()


@dataclass(frozen=True, slots=True)
class Setting:
    """An environment, its driver, and what is played in it."""

    environment: str
    distribution: str
    driver: str
    server: str
    cases: tuple[Case, ...]


def _faults(
    plain: str, stream: str = "", *, retry: str = "", timeout: str = "", held: str = CUT
) -> list[Case]:
    cases = [Case(plain, "429", ok=False), Case(plain, "500", ok=False)]
    if stream:
        cases += [Case(stream, "cut", ok=False, held=held), Case(stream, "500", ok=False)]
    if retry:
        cases.append(Case(retry, "500", calls=2, row=plain))
    if timeout:
        cases.append(Case(timeout, "slow", ok=False, held=ASSUMED, row=plain))
    return cases


GENAI = (
    Case("generate"), Case("stream"), Case("async-generate"), Case("async-stream"),
    Case("chat-tools", calls=4), Case("embed"), Case("count-tokens"),
    *_faults("generate", "stream", retry="retry", timeout="timeout"),
    *_faults("async-generate", "async-stream"), Case("live", live=True),
)  # fmt: skip
LEGACY = (
    Case("generate"), Case("stream"), Case("chat", calls=2), Case("embed"),
    # It reads a list, not events: a cut takes its last bracket and none of its figures.
    *_faults("generate", "stream", retry="retry", held=EXACT),
)  # fmt: skip
_DEEPGRAM = (
    Case("prerecorded"), Case("url"), Case("async-prerecorded"), Case("speak"),
    Case("async-speak"), *_faults("prerecorded"), *_faults("async-prerecorded"),
    Case("speak", "500", ok=False),
    Case("live", live=True), Case("async-live", live=True),
)  # fmt: skip
DEEPGRAM_OLD = _DEEPGRAM
DEEPGRAM_NEW = (
    *_DEEPGRAM, Case("retry", "500", calls=2, row="prerecorded"),
    Case("timeout", "slow", ok=False, held=ASSUMED, row="prerecorded"),
)  # fmt: skip
OPENAI = (
    Case("chat"), Case("stream"), Case("async-chat"), Case("async-stream"), Case("responses"),
    Case("embeddings"), *_faults("chat", "stream", retry="retry", timeout="timeout"),
    *_faults("async-chat", "async-stream"),
)  # fmt: skip
ANTHROPIC = (
    Case("messages"), Case("stream"), Case("async-messages"), Case("async-stream"),
    *_faults("messages", "stream", retry="retry", timeout="timeout"),
    *_faults("async-messages", "async-stream"),
)  # fmt: skip


def _library(name: str) -> list[Case]:
    plain, stream = f"{name}-generate", f"{name}-stream"
    return [Case(plain), Case(stream), *_faults(plain, stream, timeout=f"{name}-timeout")]


_RETRIED = Case("requests-retry", "500", calls=2, row="requests-generate")
LIBRARIES = {
    "urllib.request": _library("urllib"),
    "requests": [*_library("requests"), _RETRIED],
    "urllib3": _library("urllib3"),
    "httpx": [*_library("httpx"), *_library("httpx-async")],
    "httpx2": [*_library("httpx2"), *_library("httpx2-async")],
    "aiohttp": _library("aiohttp"),
}

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
    "libraries": Setting(
        "libraries", "requests", "libraries", "sandbox",
        tuple(case for cases in LIBRARIES.values() for case in cases),
    ),
}  # fmt: skip
# Without --matrix and outside of CI: the newest of each kind, the plain features and one fault each.
COMPACT = ("genai3", "deepgram7", "libraries")
