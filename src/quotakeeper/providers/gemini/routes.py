"""Finds Gemini's endpoint for a path: the Developer API, Vertex AI, OpenAI's form, WebSockets."""

from __future__ import annotations

from functools import lru_cache

from quotakeeper.providers.addresses import Address
from quotakeeper.value_classes import dataclass

VERSIONS = ("v1", "v1beta", "v1alpha", "v1beta1", "beta")
SOCKETS = ("BidiGenerateContent", "BidiGenerateContentConstrained", "LlmBidiService")

# Method after the colon -> operation.
_METHODS = {
    "generateContent": "generate",
    "streamGenerateContent": "stream",
    "countTokens": "count_tokens",
    "computeTokens": "count_tokens",
    "embedContent": "embed",
    "batchEmbedContents": "embed",
    "batchGenerateContent": "batch",
    "asyncBatchEmbedContent": "batch_embed",
    "predict": "predict",
    "predictLongRunning": "predict",
    "rawPredict": "other",
    "streamRawPredict": "other",
    "serverStreamingPredict": "other",
}
_OPENAI = {
    ("chat", "completions"): "chat",
    ("embeddings",): "chat_embed",
    ("images", "generations"): "images",
}
# Resources that are free to read, write or delete.
_FREE = ("files", "models", "operations", "auth_tokens", "tunedModels", "corpora", "webhooks")


@dataclass(frozen=True, slots=True)
class Route:
    """An endpoint: its operation, its model, and whether it is billed.

    `model` is "" if the request's body names the model. `name` is the name of a resource, such as a
    cache.
    """

    operation: str
    model: str = ""
    billed: bool = True
    name: str = ""  # of the resource


def route_of(method: str, place: Address) -> Route | None:
    """Return the endpoint that a request calls; None if the URL is not clearly Gemini's.

    `method` is in upper case.
    """
    if any(part.split(".")[-1] in SOCKETS or part in SOCKETS for part in place.path):
        return Route("live")
    for tail in place.tails(VERSIONS):
        route = _route(method, tail)
        if route is not None:
            # Many local services have their own /v1/files or /v1/models.
            return None if route.operation in ("files", "models") and not place.sure else route
    if not place.sure:
        return None
    return Route("other", billed=method == "POST")


@lru_cache(maxsize=512)
def _route(method: str, tail: tuple[str, ...]) -> Route | None:
    if not tail:
        return None
    if tail[0] == "openai":
        return _openai(method, tail[1:])
    last, colon, verb = tail[-1].rpartition(":")
    if colon and verb in _METHODS:
        operation = _METHODS[verb]
        return Route(operation, _model((*tail[:-1], last)), operation != "count_tokens")
    tail = _within_project(tail)
    if not tail:
        return None
    if colon and verb == "uploadToFileSearchStore":
        return Route("index", name=last)
    if tail[0] == "cachedContents":
        return Route("cache", billed=method in ("POST", "PATCH"), name="/".join(tail[:2]))
    if tail[0] == "batches" or tail[0] == "batchPredictionJobs":
        creates = tail == ("batchPredictionJobs",) and method == "POST"
        return Route("batch" if creates else "batch_result", billed=creates, name="/".join(tail))
    if tail[0] == "interactions":
        creates = len(tail) == 1 and method == "POST"
        operation = "interaction" if creates else "interaction_result"
        return Route(operation, billed=creates, name="/".join(tail[:2]))
    if tail[0].partition(":")[0] in _FREE or tail[0] == "fileSearchStores":
        return Route("files" if tail[0] != "models" else "models", billed=False)
    return None


def _openai(method: str, tail: tuple[str, ...]) -> Route:
    operation = _OPENAI.get(tail, "")
    if operation:
        return Route(operation, billed=method == "POST")
    return Route("batch_result" if tail[:1] == ("batches",) else "files", billed=False)


def _within_project(tail: tuple[str, ...]) -> tuple[str, ...]:
    """Return the path after projects/P/locations/L, or the whole path without such a beginning."""
    if len(tail) >= 4 and tail[0] == "projects" and tail[2] == "locations":
        return tail[4:]
    return tail


def _model(parts: tuple[str, ...]) -> str:
    """Return the model in a path: the name after "models", or the path of a tuned model or
    endpoint.
    """
    for kind in ("models", "tunedModels", "endpoints"):
        if kind in parts[:-1]:
            at = len(parts) - 2 - parts[::-1][1:].index(kind)
            name = "/".join(parts[at + 1 :])
            return name if kind == "models" else f"{kind}/{name}"
    return parts[-1]
