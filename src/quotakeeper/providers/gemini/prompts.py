"""Looks through a request's contents: the texts to count, the media, what is only pointed to."""

from __future__ import annotations

from dataclasses import dataclass, field

from quotakeeper.providers.contract import CountText
from quotakeeper.providers.formats.json_values import (
    Json,
    as_object,
    child,
    dumps,
    items,
    objects,
    text_of,
)
from quotakeeper.providers.formats.text_counts import count_text
from quotakeeper.providers.gemini.media import media_tokens
from quotakeeper.providers.gemini.models import MOST_INPUT, MediaRates
from quotakeeper.providers.reading.token_split import added

_MOST_DEPTH = 8
_SEARCH_TOOLS = ("googleSearch", "google_search", "googleSearchRetrieval", "google_maps",
    "googleMaps", "google_search_retrieval", "enterpriseWebSearch")  # fmt: skip
_OTHER_TOOLS = ("urlContext", "url_context", "codeExecution", "code_execution", "fileSearch",
    "file_search", "retrieval", "computerUse", "computer_use", "mcpServers")  # fmt: skip
# What a tool of Google's feeds back is billed as input and cannot be known before.
TOOL_TOKENS = 20_000
_FILE_TYPICAL = 20_000
_OVERHEAD = 8  # tokens a part or turn may take beyond its text


@dataclass(slots=True)
class Prompt:
    """What a request sends: texts (held while they are counted, no longer), media, unknowns."""

    rates: MediaRates
    texts: list[str] = field(default_factory=list)
    media: dict[str, int] = field(default_factory=dict)
    parts: int = 0
    unknown: int = 0  # pieces whose size the request does not tell
    notes: list[str] = field(default_factory=list)

    def add_contents(self, value: object, depth: int = 0) -> None:
        """Contents in any of the shapes that are accepted: text, part, content, lists of them."""
        if depth > _MOST_DEPTH:
            return
        if isinstance(value, str):
            self.texts.append(value)
            self.parts += 1
        elif isinstance(value, list):
            for item in value:
                self.add_contents(item, depth + 1)
        elif isinstance(value, dict):
            if "parts" in value:
                self.add_contents(value["parts"], depth + 1)
            else:
                self.add_part(value)

    def add_part(self, part: Json) -> None:
        """One part: text, data that lies in it, data that it points to, a call or its result."""
        self.parts += 1
        if isinstance(part.get("text"), str):
            self.texts.append(text_of(part["text"]))
        inline = child(part, "inlineData") or child(part, "inline_data")
        if inline:
            mime = text_of(inline.get("mimeType") or inline.get("mime_type"))
            self.media = added(
                self.media, media_tokens(mime, text_of(inline.get("data")), self.rates)
            )
        run_in_thread = child(part, "fileData") or child(part, "file_data")
        if run_in_thread:
            mime = text_of(run_in_thread.get("mimeType") or run_in_thread.get("mime_type"))
            if mime.startswith("image/"):
                image = self.rates.image * (16 if self.rates.tile else 1)
                self.media = added(self.media, {"input_tokens@image": image})
            else:
                self.unknown += 1
                self.note("a file of unknown length")
        for name in ("functionCall", "functionResponse", "executableCode", "codeExecutionResult",
                     "function_call", "function_response", "toolCall", "toolResponse"):  # fmt: skip
            if name in part:
                self.texts.append(dumps(part[name]))

    def add_settings(self, body: Json) -> None:
        """Instructions, tools and schemas: all of it is input."""
        for name in ("systemInstruction", "system_instruction"):
            self.add_contents(body.get(name))
        tools = items(body.get("tools"))
        if tools:
            self.texts.append(dumps(tools))
        settings = child(body, "generationConfig") or child(body, "generation_config")
        for name in (
            "responseSchema",
            "responseJsonSchema",
            "response_schema",
            "_responseJsonSchema",
        ):
            if name in settings:
                self.texts.append(dumps(settings[name]))
        if body.get("cachedContent") or body.get("cached_content"):
            self.unknown += 1
            self.note("cached content of unknown size")

    def note(self, text: str) -> None:
        """Something that the figure does not tell by itself, once."""
        if text not in self.notes:
            self.notes.append(text)

    def quantities(
        self, count: CountText | None, served_tools: int
    ) -> tuple[dict[str, int], dict[str, int]]:
        """(at most, typically) as quantities of input."""
        counted = count_text("\n".join(self.texts), count)
        self.texts.clear()
        overhead = _OVERHEAD * self.parts
        typical = added(self.media, {"input_tokens": counted.tokens + 2 * self.parts})
        bound = added(self.media, {"input_tokens": counted.upper_bound + overhead})
        if served_tools:
            self.note("tools of Google's: what they feed back is not known before")
            bound = added(bound, {"input_tokens": TOOL_TOKENS * served_tools})
        if self.unknown:
            rest = max(0, MOST_INPUT - sum(bound.values()))
            bound = added(bound, {"input_tokens": rest})
            typical = added(typical, {"input_tokens": min(rest, _FILE_TYPICAL * self.unknown)})
        return bound, typical


def tools_of(body: Json) -> tuple[int, int]:
    """(tools that search, other tools that Google runs) of a request."""
    named = [name for tool in objects(body.get("tools")) for name in as_object(tool)]
    named += [text_of(tool.get("type")) for tool in objects(body.get("tools"))]
    searching = sum(1 for name in named if name in _SEARCH_TOOLS)
    return searching, sum(1 for name in named if name in _OTHER_TOOLS)
