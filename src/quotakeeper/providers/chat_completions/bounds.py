"""Bounds the cost of a request in the form of OpenAI's API: texts, tools, media, output caps."""

from __future__ import annotations

from quotakeeper.providers.chat_completions.contents import Contents
from quotakeeper.providers.chat_completions.media import MediaRules
from quotakeeper.providers.contract import CountText
from quotakeeper.providers.formats.declared import Declarations
from quotakeeper.providers.formats.json_values import Json, dumps, items, objects, text_of, whole
from quotakeeper.providers.reading.token_split import added
from quotakeeper.value_classes import dataclass, field

# For a request without a cap. OpenAI publishes one for each model; this is the largest.
MOST_OUTPUT = 128_000
TYPICAL_OUTPUT = 1_024
MOST_INPUT = 1_000_000
_FILE_TYPICAL = 20_000
_SAID = ("messages", "input", "instructions", "system", "prompt", "suffix", "prediction")
_SHAPES = ("response_format", "text")
_EARLIER = ("previous_response_id", "conversation")
_FUNCTIONS = ("", "function", "custom")
_SEARCH_TOOLS = ("web_search", "web_search_preview", "web_search_preview_2025_03_11",
    "web_search_2025_08_26", "web_search_20250305")  # fmt: skip
_LOCAL_TOOLS = ("local_shell", "shell", "apply_patch", "computer_use_preview", "computer",
    "tool_search", "namespace")  # fmt: skip
# The most input that a hosted tool returns. OpenAI bills the results of a search as input; a file
# search returns at most 50 pieces of 800 tokens.
_TOOL_TOKENS = {"file_search": 65_536, "code_interpreter": 65_536}
_SEARCH_TOKENS = 20_000
_MOST_SEARCHES = 10
_LOCAL_TOKENS = 2_000  # the text that OpenAI adds for its own tool that the caller runs
_DECLARED_HALVES = 3  # OpenAI writes functions as TypeScript, which is shorter than their JSON


@dataclass(frozen=True, slots=True)
class Bounded:
    """The most and the typical use of a request, with notes about what is unknown."""

    bound: dict[str, int]
    typical: dict[str, int]
    notes: list[str] = field(default_factory=list)

    @property
    def assumed(self) -> bool:
        """Whether the bound is assumed, because the size of some part is unknown."""
        said = ("unknown", "not known", "not seen")
        return any(word in note for note in self.notes for word in said)


def chat_bound(
    body: Json,
    count: CountText | None,
    rules: MediaRules,
    *,
    most: int = MOST_OUTPUT,
    most_input: int = MOST_INPUT,
    declared_halves: int = _DECLARED_HALVES,
) -> Bounded:
    """Bound a chat completion, response or completion: all that is sent, and the longest answer.

    - `most`: the output tokens to assume if the request sets no cap.
    - `most_input`: the input tokens to assume if the request has a part of unknown size.
    - `declared_halves`: the factor for the texts of function declarations, in halves (3 means 1.5).
    """
    contents = Contents(rules)
    for name in _SAID:
        said = body.get(name)
        if name == "prompt" and isinstance(said, dict):
            contents.mark("a stored prompt of unknown length")
        contents.add(said)
    for name in _SHAPES:
        if name in body:
            contents.found.append(dumps(body[name]))
    if any(body.get(name) for name in _EARLIER):
        contents.mark("an earlier conversation of unknown length")
    if not any(name in body for name in ("messages", "input", "prompt")):
        contents.mark("a request in an unknown format")
    declared, tools = _tools(body, contents)
    told, likely = declared.quantities(count, declared_halves)
    bound, typical = contents.quantities(count)
    bound = added(bound, tools, {"input_tokens": told})
    typical = added(typical, {"input_tokens": likely})
    if contents.unknown or declared.cut:
        contents.note("a part of unknown length")
        rest = max(0, most_input - sum(n for k, n in bound.items() if k != "searches"))
        bound = added(bound, {"input_tokens": rest})
        typical = added(
            typical, {"input_tokens": min(rest, _FILE_TYPICAL * max(1, contents.unknown))}
        )
    asked = (whole(body.get(name)) for name in
        ("max_completion_tokens", "max_output_tokens", "max_tokens"))  # fmt: skip
    cap = next((value for value in asked if value), most)
    wanted = max(whole(body.get("n")) or 1, whole(body.get("best_of")) or 1)
    answers = max(1, min(wanted, 128))
    bound = added(bound, {"output_tokens": cap * answers})
    typical = added(typical, {"output_tokens": min(cap, TYPICAL_OUTPUT) * answers})
    return Bounded(bound, typical, contents.notes)


def _tools(body: Json, contents: Contents) -> tuple[Declarations, dict[str, int]]:
    """Return (the declared functions, the most that the tools of the provider use)."""
    declared = Declarations()
    brought: dict[str, int] = {}
    searching = int("web_search_options" in body)
    for tool in [*objects(body.get("tools")), *objects(body.get("functions"))]:
        kind = text_of(tool.get("type"))
        if kind in _FUNCTIONS:
            declared.add(tool)
        elif kind in _SEARCH_TOOLS:
            searching += 1
        elif kind in _TOOL_TOKENS:
            contents.note("the provider's tools: the size of their results is not known in advance")
            brought = added(brought, {"input_tokens": _TOOL_TOKENS[kind]})
        elif kind in _LOCAL_TOOLS:
            declared.add(tool)
            brought = added(brought, {"input_tokens": _LOCAL_TOKENS})
        else:
            contents.found.append(dumps(tool))
            contents.mark("a tool of an unknown kind")
    if searching:
        contents.note("a search: the size of its results is not known in advance")
        found = {"searches": _MOST_SEARCHES, "input_tokens": _SEARCH_TOKENS * _MOST_SEARCHES}
        brought = added(brought, found)
    return declared, brought


def embedding_bound(body: Json, count: CountText | None, rules: MediaRules) -> Bounded:
    """Bound a request for embeddings, whose input is texts or lists of token numbers."""
    given = body.get("input")
    contents = Contents(rules)
    numbers = sum(1 for item in items(given) if isinstance(item, int))
    numbers += sum(len(item) for item in items(given) if isinstance(item, list))
    contents.add([item for item in items(given) if isinstance(item, str)] or text_of(given) or None)
    bound, typical = contents.quantities(count)
    tokens = {"input_tokens": numbers}
    return Bounded(added(bound, tokens), added(typical, tokens))
