"""One call to Gemini: the request, the upper bound of its usage, and the answer."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

from quotakeeper.pipeline.accounting import CallPlan
from quotakeeper.pipeline.api_client import ApiClient, Json, PaidCall
from quotakeeper.pipeline.api_keys import ApiKey
from quotakeeper.pipeline.errors import MediaFileError
from quotakeeper.pipeline.http_transport import HttpRequest
from quotakeeper.pipeline.reported_usage import gemini_usage
from quotakeeper.pipeline.wording import message
from quotakeeper.tokens import estimate_tokens
from quotakeeper.value_classes import dataclass

# Tokens that the service adds around the texts: roles, separators.
_FRAME_TOKENS = 32
# The most tokens for thoughts if the model decides. Lite models use very few.
_THOUGHT_TOKENS, _LITE_THOUGHT_TOKENS = 4_096, 512


@dataclass(frozen=True, slots=True)
class GeminiSettings:
    """The address, key and model for calls to Gemini.

    `thinking_budget` is in tokens; None means that the model decides.
    """

    base_url: str
    key: ApiKey
    model: str
    timeout_seconds: float
    thinking_budget: int | None


@dataclass(frozen=True, slots=True)
class GeminiPrompt:
    """A prompt: the instruction, the text, and the maximum number of tokens in the answer.

    `schema` is a JSON schema for the answer; None asks for plain text.
    """

    operation: str
    instruction: str
    text: str
    most_output_tokens: int
    schema: Json | None = None


@dataclass(frozen=True, slots=True)
class GeminiAnswer:
    """The model's answer. `cut` is True if the answer was cut off at the output cap."""

    text: str
    cut: bool


def default_thinking_budget(model: str) -> int | None:
    """Return 0 (no thinking) for the 2.5 Flash models, and None (the model decides) for the others.

    Translation does not need thinking, and the 2.5 Flash models allow 0.
    """
    return 0 if re.match(r"gemini-2\.5-flash", model) else None


def output_cap(prompt: GeminiPrompt, settings: GeminiSettings) -> int:
    """Return `maxOutputTokens`: the maximum for the answer plus the maximum for thoughts.

    Gemini counts the tokens of both against this cap.
    """
    room = settings.thinking_budget
    if room is None or room < 0:
        room = _LITE_THOUGHT_TOKENS if "lite" in settings.model else _THOUGHT_TOKENS
    return prompt.most_output_tokens + room


def gemini_plan(prompt: GeminiPrompt, settings: GeminiSettings) -> CallPlan:
    """Return the CallPlan for the prompt. It has the upper bound of the usage."""
    asked = estimate_tokens(f"{prompt.instruction}\n{prompt.text}").upper_bound + _FRAME_TOKENS
    most = {"requests": 1, "input_tokens": asked, "output_tokens": output_cap(prompt, settings)}
    return CallPlan("gemini", settings.model, prompt.operation, most, settings.timeout_seconds)


def ask_gemini(prompt: GeminiPrompt, settings: GeminiSettings, client: ApiClient) -> GeminiAnswer:
    """Send the prompt, and return the answer.

    Raises MediaFileError if the text was blocked or the answer is empty. Also raises the errors of
    `ApiClient.call`.
    """
    body = client.call(_call(prompt, settings))
    feedback = body.get("promptFeedback")
    if isinstance(feedback, dict) and feedback.get("blockReason"):
        raise MediaFileError("Gemini refused the text: {why}", why=feedback["blockReason"])
    candidates = body.get("candidates")
    first = candidates[0] if isinstance(candidates, list) and candidates else {}
    finish = str(first.get("finishReason", "")) if isinstance(first, dict) else ""
    text = _text(body)
    if not text.strip():
        why = finish or message("no reason given")
        raise MediaFileError("Gemini gave no answer ({why})", why=why)
    return GeminiAnswer(text, finish == "MAX_TOKENS")


def _call(prompt: GeminiPrompt, settings: GeminiSettings) -> PaidCall:
    config: Json = {"maxOutputTokens": output_cap(prompt, settings)}
    if settings.thinking_budget is not None:
        config["thinkingConfig"] = {"thinkingBudget": settings.thinking_budget}
    if prompt.schema is not None:
        config |= {"responseMimeType": "application/json", "responseSchema": prompt.schema}
    body = {
        "systemInstruction": {"parts": [{"text": prompt.instruction}]},
        "contents": [{"role": "user", "parts": [{"text": prompt.text}]}],
        "generationConfig": config,
    }
    model = quote(settings.model.removeprefix("models/"), safe="-._")
    request = HttpRequest(
        f"{settings.base_url}/v1beta/models/{model}:generateContent",
        {"x-goog-api-key": settings.key.reveal(), "Content-Type": "application/json"},
        json.dumps(body, ensure_ascii=False).encode("utf-8", "replace"),
        settings.timeout_seconds,
    )

    def estimate(reply: Json) -> dict[str, int]:
        asked = estimate_tokens(f"{prompt.instruction}\n{prompt.text}").tokens
        said = estimate_tokens(_text(reply)).tokens
        return {"requests": 1, "input_tokens": asked, "output_tokens": said}

    return PaidCall(gemini_plan(prompt, settings), request, gemini_usage, estimate)


def _text(body: Json) -> str:
    """Return the text of the reply's first candidate, without thoughts."""
    candidates = body.get("candidates")
    first = candidates[0] if isinstance(candidates, list) and candidates else None
    content = first.get("content") if isinstance(first, dict) else None
    parts = content.get("parts") if isinstance(content, dict) else None
    return "".join(
        str(part.get("text", ""))
        for part in (parts if isinstance(parts, list) else [])
        if isinstance(part, dict) and not part.get("thought")
    )
