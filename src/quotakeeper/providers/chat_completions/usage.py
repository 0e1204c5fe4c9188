"""Converts OpenAI's usage objects to quantities.

The prompt includes cached tokens, and the output includes reasoning tokens. The names differ
between chat, responses and audio; the meaning does not.
"""

from __future__ import annotations

from collections.abc import Callable

from quotakeeper.providers.formats.json_values import Json, child, count, whole
from quotakeeper.providers.reading.token_split import Parts, fit, quantities_of, split_cached

Note = Callable[[str], None]
BROKEN_TOTAL = "the provider's total is not the sum of its parts"


def token_usage(usage: Json, note: Note, *, hidden_thoughts: bool = False) -> dict[str, int]:
    """Return the quantities of a usage object with token counts.

    With `hidden_thoughts`, the reasoning tokens are the total minus prompt and answer, because the
    answer's count leaves them out. Gemini's endpoint in OpenAI's form reports and bills reasoning
    in this way.
    """
    prompt = count(usage.get("prompt_tokens", usage.get("input_tokens")))
    answer = count(usage.get("completion_tokens", usage.get("output_tokens")))
    total = whole(usage.get("total_tokens"))
    given = _details(usage, "prompt_tokens_details", "input_tokens_details", "input_token_details")
    made = _details(
        usage, "completion_tokens_details", "output_tokens_details", "output_token_details"
    )
    thoughts = min(count(made.get("reasoning_tokens")), answer)
    visible = answer - thoughts
    if total is not None and total != prompt + answer:
        if hidden_thoughts and total > prompt + answer:
            thoughts += total - prompt - answer
        else:
            note(BROKEN_TOTAL)
    cached = _parts(child(given, "cached_tokens_details"), count(given.get("cached_tokens")))
    fresh, hit = split_cached(_parts(given, prompt), cached)
    return quantities_of(
        ("input_tokens", fresh),
        ("cached_input_tokens", hit),
        ("output_tokens", _parts(made, visible)),
        ("thought_tokens", {"": thoughts}),
    )


def _parts(details: Json, total: int) -> Parts:
    """Return `total` by modality. Tokens that the details assign to no other modality are text."""
    named = {kind: count(details.get(f"{kind}_tokens")) for kind in ("audio", "image") if details}
    return fit({kind: amount for kind, amount in named.items() if amount}, total)


def _details(usage: Json, *names: str) -> Json:
    return next((found for name in names if (found := child(usage, name))), {})


def is_counted(usage: Json) -> bool:
    """Return whether a usage object has token counts."""
    return any(name in usage for name in ("prompt_tokens", "input_tokens", "total_tokens"))
