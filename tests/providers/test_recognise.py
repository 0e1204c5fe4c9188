"""Which provider a request belongs to, for which operation, and on which hosts."""

from __future__ import annotations

import pytest

from quotakeeper.providers import Request, recognise
from quotakeeper.providers.registry import BUILT_IN
from tests.providers.support import ANTHROPIC, DEEPGRAM, GEMINI, OPENAI

VERTEX = "https://us-central1-aiplatform.googleapis.com/v1beta1/projects/p/locations/us-central1"
LIVE = "google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent"

# Method and URL; adapter, operation, billed or free, model.
KNOWN = """
POST   GEMINI/v1/models/gemini-2.5-flash:generateContent
    gemini generate billed gemini-2.5-flash
POST   GEMINI/v1alpha/models/gemini-2.5-flash%3AgenerateContent?key=k
    gemini generate billed gemini-2.5-flash
POST   GEMINI/v1beta/tunedModels/mine:generateContent
    gemini generate billed tunedModels/mine
POST   GEMINI/v1beta/models/g:streamGenerateContent?alt=sse
    gemini stream billed g
POST   GEMINI/v1beta/models/g:countTokens
    gemini count_tokens free g
POST   GEMINI/v1beta/models/g:embedContent
    gemini embed billed g
POST   GEMINI/v1beta/models/g:batchEmbedContents
    gemini embed billed g
POST   GEMINI/v1beta/models/g:batchGenerateContent
    gemini batch billed g
POST   GEMINI/v1beta/models/g:asyncBatchEmbedContent
    gemini batch_embed billed g
GET    GEMINI/v1beta/batches/b-1
    gemini batch_result free
POST   GEMINI/v1beta/batches/b-1:cancel
    gemini batch_result free
POST   GEMINI/v1beta/cachedContents
    gemini cache billed
PATCH  GEMINI/v1beta/cachedContents/c-1
    gemini cache billed
GET    GEMINI/v1beta/cachedContents/c-1
    gemini cache free
DELETE GEMINI/v1beta/cachedContents/c-1
    gemini cache free
POST   GEMINI/upload/v1beta/files
    gemini files free
GET    GEMINI/v1beta/models
    gemini models free
POST   GEMINI/v1beta/interactions
    gemini interaction billed
GET    GEMINI/v1beta/interactions/i-1
    gemini interaction_result free
POST   GEMINI/v1beta/openai/chat/completions
    gemini chat billed
POST   GEMINI/v1beta/openai/embeddings
    gemini chat_embed billed
GET    GEMINI/v1beta/openai/models
    gemini files free
GET    GEMINI/ws/LIVE?key=k
    gemini live billed
POST   GEMINI/v1beta/fileSearchStores/s:uploadToFileSearchStore
    gemini index billed
POST   GEMINI/v9/something:new
    gemini other billed
POST   VERTEX/publishers/google/models/gemini-2.5-pro:generateContent
    gemini generate billed gemini-2.5-pro
POST   VERTEX/endpoints/123:generateContent
    gemini generate billed endpoints/123
POST   VERTEX/publishers/google/models/text-embedding-005:predict
    gemini predict billed text-embedding-005
POST   https://aiplatform.googleapis.com/v1/publishers/google/models/g:generateContent
    gemini generate billed g
POST   https://aiplatform.eu.rep.googleapis.com/v1/projects/p/locations/eu/publishers/google/models/g:generateContent
    gemini generate billed g
POST   DEEPGRAM/v1/listen?model=nova-3
    deepgram listen billed nova-3
POST   DEEPGRAM/v1/listen
    deepgram listen billed base-general
POST   DEEPGRAM/v1/listen?tier=enhanced&model=meeting
    deepgram listen billed enhanced-meeting
POST   DEEPGRAM/v1/listen?tier=nova
    deepgram listen billed nova-general
POST   https://api.eu.deepgram.com/v1/speak?model=aura-2-thalia-en
    deepgram speak billed aura-2-thalia-en
POST   https://abc.us-west.api.deepgram.com/v1/read
    deepgram read billed
GET    wss://api.deepgram.com/v1/listen?model=nova-3
    deepgram listen_live billed nova-3
GET    wss://api.deepgram.com/v2/listen?model=flux-general-en
    deepgram flux billed flux-general-en
GET    wss://api.deepgram.com/v1/speak?model=aura-asteria-en
    deepgram speak_live billed aura-asteria-en
GET    wss://agent.deepgram.com/v1/agent/converse
    deepgram agent billed agent-standard
GET    DEEPGRAM/v1/projects/p/balances
    deepgram manage free
POST   DEEPGRAM/v1/auth/grant
    deepgram manage free
POST   OPENAI/v1/chat/completions
    openai chat billed
POST   OPENAI/v1/responses
    openai responses billed
POST   OPENAI/v1/embeddings
    openai embed billed
POST   OPENAI/v1/audio/transcriptions
    openai transcribe billed
POST   OPENAI/v1/audio/speech
    openai speech billed
GET    OPENAI/v1/models
    openai other free
POST   ANTHROPIC/v1/messages
    anthropic message billed
POST   ANTHROPIC/v1/messages/count_tokens
    anthropic count_tokens free
"""
NAMES = {
    "GEMINI": GEMINI,
    "DEEPGRAM": DEEPGRAM,
    "OPENAI": OPENAI,
    "ANTHROPIC": ANTHROPIC,
    "VERTEX": VERTEX,
    "LIVE": LIVE,
}


def known() -> list[tuple[str, str, str, str, bool, str]]:
    lines = KNOWN.strip().splitlines()
    rows = []
    for asked, answer in zip(lines[::2], lines[1::2], strict=True):
        method, url = asked.split()
        for name, text in NAMES.items():
            url = url.replace(name, text)
        name, operation, billed, *model = answer.split()
        rows.append((method, url, name, operation, billed == "billed", "".join(model)))
    return rows


@pytest.mark.parametrize(("method", "url", "name", "operation", "billed", "model"), known())
def test_a_request_is_recognised(
    method: str, url: str, name: str, operation: str, billed: bool, model: str
) -> None:
    found = recognise(Request(method, url), among=BUILT_IN)
    assert found is not None
    adapter, call = found
    assert (adapter.name, call.operation, call.billed) == (name, operation, billed)
    assert call.model == model
    assert call.provider == name
    assert call.bound.get("requests", 0) == (0 if operation == "manage" else 1)


@pytest.mark.parametrize(
    "url",
    [
        "https://example.org/v1/models/gemini-2.5-flash:generateContent",
        "https://generativelanguage.googleapis.com.example.org/v1/models/g:generateContent",
        "https://notapi.deepgram.com.example.org/v1/listen",
        "http://localhost:8000/v1/files",
        "http://localhost:8000/v1/models",
        "http://localhost:8000/",
        "ftp://api.deepgram.com/v1/listen",
        "not an address",
        "http://[::1/v1/listen",
        "",
    ],
)
def test_a_request_to_no_provider_is_left_alone(url: str) -> None:
    assert recognise(Request("POST", url), among=BUILT_IN) is None


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "localhost", "[::1]:9000", "a.localhost:1"])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/gw/v1beta/models/g:generateContent", "gemini"),
        ("/v1/listen", "deepgram"),
        ("/openai/v1/chat/completions", "openai"),
        ("/v1/messages", "anthropic"),
    ],
)
def test_loopback_is_recognised_by_the_shape_of_the_path(host: str, path: str, name: str) -> None:
    found = recognise(Request("POST", f"http://{host}{path}"), among=BUILT_IN)
    assert found is not None
    assert found[0].name == name


def test_a_configured_host_belongs_to_its_adapter() -> None:
    hosts = {
        "gw.example.org:8443/speech": "deepgram",
        "gw.example.org": "gemini",
        "127.0.0.1": "openai",
    }
    gemini = "https://gw.example.org/team/v1beta/models/g:generateContent"
    cases = {
        gemini: "gemini",
        "https://gw.example.org:8443/speech/v1/listen": "deepgram",
        "https://gw.example.org:8443/v1/models/g:generateContent": "gemini",
        "http://127.0.0.1:5000/v1/chat/completions": "openai",
    }
    for url, name in cases.items():
        found = recognise(Request("POST", url), known_hosts=hosts, among=BUILT_IN)
        assert found is not None, url
        assert found[0].name == name
    listen = Request("POST", "https://gw.example.org/v1/listen")
    unknown = recognise(listen, known_hosts=hosts, among=BUILT_IN)
    assert unknown is not None
    assert (unknown[0].name, unknown[1].operation) == ("gemini", "other")
    local = Request("POST", "http://127.0.0.1/v1/messages")
    assert recognise(local, known_hosts=hosts, among=BUILT_IN) is not None


def test_price_options_follow_the_url() -> None:
    url = (
        f"{DEEPGRAM}/v1/listen?model=nova-3&language=multi&diarize=true&redact=pci&redact=ssn"
        "&keyterm=Hanoi&detect_entities=false&smart_format=true"
    )
    found = recognise(Request("POST", url), among=BUILT_IN)
    assert found is not None
    assert found[1].options == {
        "mode": "prerecorded", "language": "multi", "addons": "diarize,keyterm,redact",
    }  # fmt: skip
    live = recognise(Request("GET", url.replace("https", "wss")), among=BUILT_IN)
    assert live is not None
    assert live[1].options["mode"] == "streaming"


def test_a_request_shows_neither_its_key_nor_its_body_in_its_text() -> None:
    request = Request("POST", f"{GEMINI}/v1/x?key=SECRET", {"authorization": "SECRET"}, b"SECRET")
    assert "SECRET" not in repr(request)
