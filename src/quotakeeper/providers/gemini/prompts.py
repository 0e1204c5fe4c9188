"""Collects the content of a request: texts to count, media, and parts of unknown size."""

from __future__ import annotations

from quotakeeper.providers.contract import CountText
from quotakeeper.providers.formats.base64_text import decoded
from quotakeeper.providers.formats.declared import Declarations
from quotakeeper.providers.formats.encrypted import signature_tokens, usual_signature_tokens
from quotakeeper.providers.formats.json_texts import json_texts
from quotakeeper.providers.formats.json_values import Json, child, objects, text_of
from quotakeeper.providers.formats.text_counts import count_text
from quotakeeper.providers.gemini.media import Both, image_tokens, media_tokens
from quotakeeper.providers.gemini.models import media_rates, most_input
from quotakeeper.providers.gemini.tools import ServedTools, tools_of
from quotakeeper.providers.reading.token_split import added
from quotakeeper.value_classes import dataclass, field

_MOST_DEPTH = 8
_DATA = ("inlineData", "inline_data")
_FILE = ("fileData", "file_data")
_SIGNATURES = ("thoughtSignature", "thought_signature")
_ANSWERS = ("functionResponse", "function_response")
_WRITTEN = ("functionCall", "function_call", "executableCode", "executable_code",
    "codeExecutionResult", "code_execution_result", "toolCall", "tool_call", "toolResponse",
    "tool_response")  # fmt: skip
_ABOUT = ("thought", "videoMetadata", "video_metadata", "mediaResolution", "media_resolution",
    "type", "role", "mime_type", "mimeType")  # fmt: skip
_KINDS = (*_DATA, *_FILE, *_SIGNATURES, *_ANSWERS, *_WRITTEN, "text")
_SCHEMAS = ("responseSchema", "responseJsonSchema", "response_schema", "response_json_schema",
    "_responseJsonSchema", "response_format")  # fmt: skip
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/javascript",
    "application/x-javascript", "application/x-python", "application/rtf")  # fmt: skip
_FILE_TYPICAL = 20_000
# Tokens besides the texts: in 237 recorded requests at most one per part, and once 16 per request.
_PER_PART, _PER_REQUEST = 4, 16
# Google rewrites declarations: 332 tokens of JSON were billed as 742, 100 as 135, and up to 91 as
# fewer. So the texts of long or nested ones count three times.
DECLARED_HALVES = 6


@dataclass(slots=True)
class Prompt:
    """The content of a request: texts, media, and the number of parts of unknown size.

    The texts are deleted when they are counted.
    """

    model: str
    resolution: str = ""  # of media that set no resolution themselves
    texts: list[str] = field(default_factory=list)
    declared: Declarations = field(default_factory=Declarations)
    media: dict[str, int] = field(default_factory=dict)
    usual_media: dict[str, int] = field(default_factory=dict)
    parts: int = 0
    signs: int = 0  # tokens of JSON's punctuation
    signatures: int = 0
    usual_signatures: int = 0
    unknown: int = 0  # parts whose size the request does not state
    unknown_key: str = "input_tokens"  # the most expensive quantity that such a part can be
    served: ServedTools = field(default_factory=ServedTools)
    notes: list[str] = field(default_factory=list)

    def add_contents(self, value: object, depth: int = 0) -> None:
        """Add contents in any form that the API accepts: a text, a part, a content, or a list."""
        if depth > _MOST_DEPTH:
            self.mark("content in an unknown format")
        elif isinstance(value, str):
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

    def add_part(self, part: Json, depth: int = 0) -> None:
        """Add one part: text, media, a reference to a file, a function call, or a function's
        result.
        """
        self.parts += 1
        for name, value in part.items():
            if name == "text" and isinstance(value, str):
                self.texts.append(value)
            elif name in _SIGNATURES:
                self.signatures += signature_tokens(text_of(value))
                self.usual_signatures += usual_signature_tokens(text_of(value))
            elif name in _DATA:
                self._inline(child(part, name), part)
            elif name in _FILE:
                self._file(child(part, name), part)
            elif name in _ANSWERS and depth < _MOST_DEPTH:
                self._answer(child(part, name), depth)
            elif name not in _ABOUT:
                self.add_json(value)
        if part and not any(name in part for name in _KINDS):
            self.mark("a part of an unknown kind")

    def _inline(self, inline: Json, part: Json) -> None:
        mime = text_of(inline.get("mimeType") or inline.get("mime_type"))
        data = text_of(inline.get("data"))
        if mime.lower().startswith(_TEXT_TYPES):
            self.texts.append(decoded(data).decode("utf-8", "replace"))
            return
        rates = media_rates(self.model, _resolution(part) or self.resolution)
        self._media(media_tokens(mime, data, rates, _frames(part)))

    def _file(self, file: Json, part: Json) -> None:
        mime = text_of(file.get("mimeType") or file.get("mime_type")).lower()
        if mime.startswith("image/"):
            rates = media_rates(self.model, _resolution(part) or self.resolution)
            most, usual = image_tokens(b"", rates)
            self._media(({"input_tokens@image": most}, {"input_tokens@image": usual}))
            return
        heard = not mime or mime.startswith(("audio/", "video/"))
        self.mark("a file of unknown length", "input_tokens@audio" if heard else "input_tokens")

    def _answer(self, answer: Json, depth: int) -> None:
        """Add the result of a function: its text, and the media that it contains."""
        pieces = list(objects(answer.get("parts")))
        rest = {name: value for name, value in answer.items() if name != "parts"}
        self.add_json(rest if pieces else answer)
        for piece in pieces:
            self.add_part(piece, depth + 1)

    def _media(self, both: Both) -> None:
        self.media = added(self.media, both[0])
        self.usual_media = added(self.usual_media, both[1])

    def add_settings(self, body: Json) -> None:
        """Add instructions, tools and schemas, which are all billed as input."""
        for name in ("systemInstruction", "system_instruction"):
            self.add_contents(body.get(name))
        self.served, functions, strange = tools_of(body)
        for function in functions:
            self.declared.add(function)
        for tool in strange:
            self.add_json(tool)
            self.mark("a tool of an unknown kind")
        if self.served.unbounded:
            self.mark("Google's tools that fetch pages: the length of their results is not known")
        settings = child(body, "generationConfig") or child(body, "generation_config")
        for where in (settings, body):
            for name in _SCHEMAS:
                if name in where:
                    self.add_json(where[name])
        if body.get("cachedContent") or body.get("cached_content"):
            self.mark("cached content of unknown size", "input_tokens@audio")

    def add_json(self, value: object) -> None:
        """Add a value that the model reads as JSON, or as text that Google makes from the JSON."""
        self.signs += json_texts(value, self.texts)

    def mark(self, note: str, key: str = "input_tokens") -> None:
        """Add a note, and count one more part of unknown size.

        `key` is the name of the most expensive quantity that the part can have.
        """
        self.unknown += 1
        if key != "input_tokens":
            self.unknown_key = key
        self.note(note)

    def note(self, text: str) -> None:
        """Add a note about the figures; a note that exists is not added again."""
        if text not in self.notes:
            self.notes.append(text)

    def quantities(self, count: CountText | None) -> Both:
        """Return (upper bound, typical) quantities of input. Deletes the texts after the count."""
        counted = count_text("\n".join(self.texts), count)
        self.texts.clear()
        most = counted.upper_bound + _PER_PART * self.parts + self.signs + self.signatures
        usual = counted.tokens + self.parts + self.signs // 4 + self.usual_signatures
        if self.parts:
            most += _PER_REQUEST
        told, likely = self.declared.quantities(count, DECLARED_HALVES)
        if self.declared.cut:
            self.mark("tool declarations of unknown size")
        most, usual = most + told, usual + likely
        bound = added(self.media, {"input_tokens": most})
        typical = added(self.usual_media, {"input_tokens": usual})
        if self.served.tokens:
            self.note("Google's tools: the size of their results is not known in advance")
            bound = added(bound, {"input_tokens": self.served.tokens})
        if self.unknown:
            rest = max(0, most_input(self.model) - sum(bound.values()))
            bound = added(bound, {self.unknown_key: rest})
            typical = added(typical, {"input_tokens": min(rest, _FILE_TYPICAL * self.unknown)})
        return bound, typical


def _resolution(part: Json) -> str:
    """Return the resolution that a part sets for its media; "" if it sets none."""
    value = part.get("mediaResolution", part.get("media_resolution"))
    return (
        text_of(value)
        or text_of(child(part, "mediaResolution").get("level"))
        or text_of(child(part, "media_resolution").get("level"))
    )


def _frames(part: Json) -> int:
    """Return the video frames per second that a part requests, rounded up; 1 by default."""
    about = child(part, "videoMetadata") or child(part, "video_metadata")
    asked = about.get("fps")
    if isinstance(asked, bool) or not isinstance(asked, int | float) or not 0 < asked <= 1_000:
        return 1
    return -int(-asked // 1)
