"""Answers the free requests that check an API key or describe a model. Pure functions."""

from __future__ import annotations

import re

from quotakeeper.sandbox import deepgram, gemini
from quotakeeper.sandbox.messages import Reply, SandboxRequest, SandboxTurn, json_reply

TOKEN_PATH = "/v1/auth/token"
_MODEL_PATH = re.compile(r"/(?:v1|v1beta)/models/(?P<model>[^/:]+)")
_REFUSED_KEY = "API key not valid. Please pass a valid API key."


def is_key_check(request: SandboxRequest) -> bool:
    """Return whether a request checks an API key or asks for the description of a model."""
    if request.method != "GET":
        return False
    return request.path == TOKEN_PATH or _MODEL_PATH.fullmatch(request.path) is not None


def reply_to(request: SandboxRequest, turn: SandboxTurn) -> Reply:
    """Answer a request for which `is_key_check` is True. Any key is accepted; a missing key is
    refused.
    """
    found = _MODEL_PATH.fullmatch(request.path)
    if found is None:
        if not deepgram.has_key(request):
            return deepgram.error_reply(401, "INVALID_AUTH", "Invalid credentials.", turn)
        return json_reply(200, {"api_key_id": "sandbox", "scopes": ["usage:write"]})
    if not gemini.has_key(request):
        reason = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}
        return gemini.error_reply(400, "INVALID_ARGUMENT", _REFUSED_KEY, [{**reason}])
    return json_reply(200, {
        "name": f"models/{found['model']}",
        "supportedGenerationMethods": ["generateContent", "countTokens"],
    })  # fmt: skip
