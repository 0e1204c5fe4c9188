"""What the gateway serves: calls that it can meter, and a few that are free. All else is refused."""

from __future__ import annotations

import json

import pytest

from quotakeeper.domain.keys.virtual_key import KeyState
from tests.gateway.billing_server import billing_server
from tests.gateway.harness import GEMINI, GENERATE, chat, gate, prompt, run

_MODELS = "/gemini/v1beta/models"
REFUSED = (
    "POST /openai/v1/batches", "POST /openai/v1/videos", "POST /openai/v1/fine_tuning/jobs",
    "POST /openai/v1/realtime/client_secrets", "POST /openai/v1/responses/compact",
    "POST /openai/v1/threads/runs", "POST /openai/v1/images/variations", "GET /openai/v1/files",
    "GET /openai/v1/files/file-a/content", "DELETE /openai/v1/files/file-a",
    "DELETE /openai/v1/models/ft:a", "GET /openai/v1/responses/resp_a", "GET /openai/v1/embeddings",
    "POST /anthropic/v1/messages/batches", "GET /anthropic/v1/messages/batches",
    "POST /anthropic/v1/complete", "GET /anthropic/v1/organizations/api_keys",
    f"POST {_MODELS}/veo-3:generateVideos", f"POST {_MODELS}/veo-3:predictLongRunning",
    f"POST {_MODELS}/aqa:generateAnswer", f"POST {_MODELS}/gemini-2.5-flash:batchGenerateContent",
    f"POST {_MODELS}/gemini-2.5-flash:asyncBatchEmbedContent",
    "POST /gemini/v1beta/openai/videos", "POST /gemini/v1beta/openai/batches",
    "POST /gemini/v1beta/tunedModels", "POST /gemini/v1alpha/auth_tokens",
    "GET /gemini/v1beta/files", "GET /gemini/v1beta/files/abc", "DELETE /gemini/v1beta/files/abc",
    "GET /gemini/v1beta/cachedContents", "DELETE /gemini/v1beta/cachedContents/a",
    "GET /gemini/v1beta/interactions/a", "GET /gemini/v1beta/operations/a",
    "POST /gemini/upload/v1beta/fileSearchStores/a:uploadToFileSearchStore",
    "POST /gemini/$rpc/google.ai.generativelanguage.v1beta.GenerativeService/GenerateContent",
    "POST /gemini/ws/google.ai.generativelanguage.v1beta.GenerativeService.BidiGenerateContent",
    "POST /deepgram/v1/auth/grant", "POST /deepgram/v1/projects/p/keys",
    "GET /deepgram/v1/projects", "DELETE /deepgram/v1/projects/p", "GET /deepgram/v1/listen",
)  # fmt: skip
FREE = (
    "GET /openai/v1/models", "GET /openai/v1/models/ft:gpt-4o:a::b", "GET /anthropic/v1/models",
    "GET /anthropic/v1/models/claude-haiku-4-5", "POST /anthropic/v1/messages/count_tokens",
    "GET /gemini/v1beta/models", "GET /gemini/v1beta/models/gemini-2.5-flash",
    f"POST {GEMINI}:countTokens", "GET /gemini/v1beta/openai/models", "GET /deepgram/v1/models",
)  # fmt: skip


def test_a_call_that_cannot_be_metered_never_reaches_the_provider() -> None:
    """The operator's key is used for nothing that is not counted."""

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            named = {"x-goog-api-key": through.key()}
            for each in REFUSED:
                method, path = each.split(" ")
                body = None if method == "GET" else {"model": "gpt-5-pro"}
                async with through.client.request(
                    method, through.url + path, headers=named, json=body
                ) as got:
                    reason = json.loads(await got.read())["error"]["reason"]
                assert (got.status, reason, provider.requests) == (404, "not_metered", []), each
            assert await through.events() == []

    run(test)


def test_a_policy_that_allows_sends_nothing_that_cannot_be_metered() -> None:
    async def test() -> None:
        config = {"on_store_failure": "allow"}
        async with billing_server() as provider, gate(provider.url, config) as through:
            status, _, _ = await through.post("/openai/v1/batches", {}, through.key())
            assert (status, provider.requests) == (404, [])

    run(test)


@pytest.mark.parametrize("path", ["/openai/v1/batches", "/openai/v1/models"])
def test_a_revoked_key_makes_no_call_of_any_kind(path: str) -> None:
    async def test() -> None:
        async with billing_server() as provider, gate(provider.url) as through:
            key = through.key(state=KeyState.REVOKED)
            async with through.client.get(through.url + path, headers={"x-api-key": key}) as got:
                assert (got.status, provider.requests) == (401, [])

    run(test)


def test_what_is_free_is_served_without_a_limit_and_counts_nothing() -> None:
    """A spent cost limit refuses no list of models and no count of tokens (O4)."""
    limit = {"name": "each key", "per": "key", "meter": "cost", "amount": 0, "window": "day"}

    async def test() -> None:
        async with billing_server() as provider, gate(provider.url, {"limit": [limit]}) as through:
            key = through.key()
            assert (await through.post(GENERATE, prompt(), key))[0] in (402, 429)
            for each in FREE:
                method, path = each.split(" ")
                body = None if method == "GET" else chat()
                async with through.client.request(
                    method, through.url + path, headers={"x-goog-api-key": key}, json=body
                ) as got:
                    assert got.status == 200, (each, await got.read())
            assert len(provider.requests) == len(FREE)
            assert await through.events() == []

    run(test)
