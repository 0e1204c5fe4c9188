"""Bounds a Gemini request: its model, its tier, the most that it can use, and the typical use."""

from __future__ import annotations

from collections.abc import Mapping

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.contract import Call, CountText, Request
from quotakeeper.providers.formats.json_values import (
    Json,
    child,
    items,
    milliseconds,
    name_of,
    objects,
    text_of,
    whole,
)
from quotakeeper.providers.gemini.interaction_input import add_input
from quotakeeper.providers.gemini.models import (
    MOST_IMAGE_OUTPUT,
    MOST_INPUT,
    is_second_generation,
    most_input,
    most_output,
    output_key,
)
from quotakeeper.providers.gemini.prompts import Prompt
from quotakeeper.providers.gemini.routes import Route
from quotakeeper.providers.reading.token_split import added
from quotakeeper.value_classes import replace

PROVIDER = "gemini"
TYPICAL_OUTPUT = 1_024
# More searches than any recorded answer of a 3.x model has made.
_MOST_QUERIES = 10
_DEFAULT_TTL_MS = 3_600_000
_MOST_TTL_MS = 24 * 3_600_000
_TIERS = {
    "standard": "standard", "flex": "flex", "priority": "priority", "batch": "batch",
    "on_demand": "standard", "on_demand_flex": "flex", "on_demand_priority": "priority",
    "on_demand_offpeak": "standard", "default": "standard",
}  # fmt: skip
# A session has no bound: one minute in each direction is reserved, and more while it is open.
_LIVE_MINUTE = {"requests": 1, "input_tokens@audio": 60 * 32, "output_tokens@audio": 60 * 25}
_ONE = {"requests": 1}
LIVE_NOTE = "one minute is reserved, and more while the session is open"

Both = tuple[dict[str, int], dict[str, int]]  # (upper bound, typical)


def tier_of(value: object) -> str:
    """Return the price tier for a service tier or traffic type; "" if `value` is neither."""
    name = text_of(value).lower().removeprefix("service_tier_")
    return _TIERS.get(name, "")


def call_for(
    route: Route, request: Request, body: Json | None, size: int | None, count: CountText | None
) -> Call:
    """Return the call that a request makes.

    `body` is None if the body was not seen. `size` is the body's size in bytes; None if unknown.
    """
    named = name_of((body or {}).get("model") or (body or {}).get("agent"))
    model = route.model or named.removeprefix("models/")
    streaming = route.operation in ("stream", "live")
    if not route.billed:
        facts = {"name": name_of(route.name)}
        return Call(PROVIDER, model, route.operation, False, {"requests": 1}, {"requests": 1},
                    streaming=streaming, facts=facts)  # fmt: skip
    asked = tier_of((body or {}).get("serviceTier") or (body or {}).get("service_tier"))
    asked = asked or tier_of(request.header("x-vertex-ai-llm-shared-request-type"))
    tier = "batch" if route.operation.startswith("batch") else asked
    options: Mapping[str, str] = {"tier": tier} if tier else {}
    facts = {"name": name_of(route.name)} if route.name else {}
    call = Call(PROVIDER, model, route.operation, True, {"requests": 1}, {"requests": 1},
                options, streaming, facts=facts)  # fmt: skip
    if route.operation == "live":
        return replace(
            call, bound=_LIVE_MINUTE, typical=_LIVE_MINUTE, bound_is=Provenance.ASSUMED,
            note=LIVE_NOTE,
        )  # fmt: skip
    if body is None or route.operation == "index":
        return _unseen(call, size)
    return _bounded(call, body, count)


def _unseen(call: Call, size: int | None) -> Call:
    """Return the call with a bound for a body that was not seen.

    The input is at most one token per byte, and at most the model's longest prompt.
    """
    longest = most_input(call.model)
    given = longest if size is None else min(size, longest)
    bound = {"requests": 1, "input_tokens": given}
    typical = {"requests": 1, "input_tokens": max(1, min(given // 4, 4_000))}
    if call.operation in ("generate", "stream", "chat", "interaction", "batch"):
        bound[output_key(call.model)] = most_output(call.model)
        typical["output_tokens"] = TYPICAL_OUTPUT
    return replace(
        call,
        bound=bound,
        typical=typical,
        bound_is=Provenance.ASSUMED,
        note="a file to be indexed" if call.operation == "index" else "body not seen",
    )


def _bounded(call: Call, body: Json, count: CountText | None) -> Call:
    """Return the call with the bounds that follow from its body."""
    notes: list[str] = []
    make = _MAKERS.get(call.operation)
    if make is None:
        return call
    bound, typical = make(call, body, count, notes)
    assumed = any("unknown" in note or "not known" in note for note in notes)
    # Written out, because every call runs this and `replace` looks up its fields each time.
    return Call(
        call.provider, call.model, call.operation, call.billed, added(bound, _ONE),
        added(typical, _ONE), call.options, call.streaming,
        Provenance.ASSUMED if assumed else Provenance.ESTIMATED, "; ".join(notes), call.facts,
    )  # fmt: skip


def _generate(call: Call, body: Json, count: CountText | None, notes: list[str]) -> Both:
    settings = child(body, "generationConfig") or child(body, "generation_config")
    resolution = settings.get("mediaResolution", settings.get("media_resolution"))
    prompt = Prompt(call.model, text_of(resolution))
    prompt.add_contents(body.get("contents"))
    prompt.add_settings(body)
    if not isinstance(body.get("contents"), list | dict | str):
        prompt.mark("contents in an unknown format")
    searching = prompt.served.searching
    bound, typical = prompt.quantities(count)
    cap = whole(settings.get("maxOutputTokens", settings.get("max_output_tokens")))
    candidates = max(1, min(whole(settings.get("candidateCount")) or 1, 8))
    answer = output_key(call.model)
    if cap and answer == "output_tokens@image":
        cap = max(cap, MOST_IMAGE_OUTPUT)  # an output cap does not cut an image
    most = (cap or most_output(call.model)) * candidates
    bound[answer], typical[answer] = most, min(most, TYPICAL_OUTPUT)
    if searching:
        queries = 1 if is_second_generation(call.model) else _MOST_QUERIES
        bound["searches"], typical["searches"] = queries * searching, searching
    notes += prompt.notes
    return bound, typical


def _embed(call: Call, body: Json, count: CountText | None, notes: list[str]) -> Both:
    prompt = Prompt(call.model)
    prompt.add_contents(body.get("content"))
    for request in objects(body.get("requests")):
        prompt.add_contents(request.get("content"))
    notes += prompt.notes
    return prompt.quantities(count)


def _batch(call: Call, body: Json, count: CountText | None, notes: list[str]) -> Both:
    """Return the bounds of all requests in a batch. For requests in a file, the size is unknown."""
    config = child(body, "batch", "inputConfig") or child(body, "batch", "input_config")
    inlined = items(child(config, "requests").get("requests"))
    if not inlined:
        notes.append("a batch file of unknown size")
        return {"input_tokens": MOST_INPUT}, {"input_tokens": 20_000}
    bound: dict[str, int] = {}
    typical: dict[str, int] = {}
    for entry in objects(inlined):
        request = child(entry, "request")
        make = _embed if call.operation == "batch_embed" else _generate
        most, usual = make(call, request, count, notes)
        bound, typical = added(bound, most), added(typical, usual)
    return bound, typical


def _cache(call: Call, body: Json, count: CountText | None, notes: list[str]) -> Both:
    """Return the bounds of a request for a context cache.

    A new cache is billed for its tokens once, and for its storage by the hour. A PATCH is billed
    only for the storage.
    """
    prompt = Prompt(call.model)
    prompt.add_contents(body.get("contents"))
    prompt.add_settings(body)
    holds = prompt.parts or prompt.declared.functions
    bound, typical = prompt.quantities(count) if holds else ({}, {})
    ttl = ttl_milliseconds(body.get("ttl"))
    kept = ttl if ttl is not None else _MOST_TTL_MS if "expireTime" in body else _DEFAULT_TTL_MS
    if not bound:
        notes.append("a cache of unknown size")
        return {"cache_token_hours": 1}, {"cache_token_hours": 1}
    hours = {"cache_token_hours": token_hours(sum(bound.values()), kept)}
    usual = {"cache_token_hours": token_hours(sum(typical.values()), kept)}
    notes += prompt.notes
    return added(bound, hours), added(typical, usual)


def token_hours(tokens: int, kept_ms: int) -> int:
    """Return the token-hours for `tokens` that are stored for `kept_ms` milliseconds, rounded up."""
    return -(-tokens * kept_ms // 3_600_000)


def ttl_milliseconds(value: object) -> int | None:
    """Return the milliseconds in a duration of Google's form ("300s", "1.5s"); None for other
    values.
    """
    text = text_of(value)
    digits = text.removesuffix("s")
    if text == digits or len(digits) > 16 or not digits.replace(".", "", 1).isdigit():
        return None
    return milliseconds(float(digits)) if digits.isascii() and digits != "." else None


def _interaction(call: Call, body: Json, count: CountText | None, notes: list[str]) -> Both:
    prompt = Prompt(call.model)
    add_input(prompt, body.get("input"))
    prompt.add_settings(body)
    searching = prompt.served.searching
    if body.get("previous_interaction_id"):
        prompt.mark("an earlier conversation of unknown length", "input_tokens@audio")
    if not body.get("model"):
        prompt.mark("an agent: its steps are not known in advance")
    bound, typical = prompt.quantities(count)
    cap = whole(child(body, "generation_config").get("max_output_tokens"))
    most = cap or most_output(call.model)
    notes += prompt.notes
    bound = added(bound, {output_key(call.model): most})
    typical = added(typical, {output_key(call.model): min(most, TYPICAL_OUTPUT)})
    if searching:
        bound = added(bound, {"searches": _MOST_QUERIES * searching})
    return bound, typical


def _predict(call: Call, body: Json, count: CountText | None, notes: list[str]) -> Both:
    """Return the bounds for Vertex's older endpoint: images by number, embeddings by their text.

    Video and music are not metered.
    """
    name = call.model.rpartition("/")[2]
    if name.startswith("imagen"):
        images = {"images": whole(child(body, "parameters").get("sampleCount")) or 1}
        return images, images
    if name.startswith(("veo", "lyria")):
        notes.append("billed per second or per item, which quotakeeper does not meter")
        return {}, {}
    prompt = Prompt(call.model)
    for instance in objects(body.get("instances")):
        prompt.add_contents(instance.get("content"))
    return prompt.quantities(count)


def _images(call: Call, body: Json, count: CountText | None, notes: list[str]) -> Both:
    images = {"images": whole(body.get("n")) or 1}
    return images, images


_MAKERS = {
    "generate": _generate, "stream": _generate, "embed": _embed, "batch": _batch,
    "batch_embed": _batch, "cache": _cache, "interaction": _interaction,
    "predict": _predict, "images": _images,
}  # fmt: skip
