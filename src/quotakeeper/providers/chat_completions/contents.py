"""Collects the content of a request in OpenAI's form: texts, media, and parts of unknown size."""

from __future__ import annotations

from quotakeeper.providers.chat_completions.media import HEAD, Both, MediaRules
from quotakeeper.providers.contract import CountText
from quotakeeper.providers.formats.base64_text import data_url, decoded
from quotakeeper.providers.formats.encrypted import signature_tokens, usual_signature_tokens
from quotakeeper.providers.formats.json_values import Json, as_object, child, text_of
from quotakeeper.providers.formats.text_counts import count_text
from quotakeeper.providers.reading.token_split import added

_OVERHEAD = 8
_MOST_DEPTH = 12
_IMAGES = ("image_url", "input_image", "image", "computer_screenshot")
_FILES = ("file", "input_file")
_ENCRYPTED = ("encrypted_content", "thought_signature", "thoughtSignature", "signature")
_NAMES = (
    "role",
    "type",
    "id",
    "call_id",
    "tool_call_id",
    "status",
    "detail",
)  # values that are not prompt text
# Kinds whose cost is only their text; any other kind is counted as text and marked as unknown.
_KNOWN = ("", "text", "input_text", "output_text", "refusal", "summary_text", "reasoning_text",
    "message", "function", "function_call", "function_call_output", "custom", "custom_tool_call",
    "custom_tool_call_output", "reasoning", "compaction", "web_search_call", "file_search_call",
    "code_interpreter_call", "computer_call", "computer_call_output", "local_shell_call",
    "local_shell_call_output", "shell_call", "shell_call_output", "apply_patch_call",
    "apply_patch_call_output", "mcp_list_tools", "mcp_call", "mcp_approval_request",
    "mcp_approval_response", "tool", "click", "double_click", "drag", "keypress", "move",
    "screenshot", "scroll", "type", "wait", "exec", "logs", "url_citation", "file_citation",
    "container_file_citation", "file_path", "search", "open_page", "find", "url", "input_json",
    "object", "string")  # fmt: skip


class Contents:
    """Collects the texts of a request for one count. `rules` count the media."""

    def __init__(self, rules: MediaRules) -> None:
        self.rules = rules
        self.found: list[str] = []
        self.notes: list[str] = []
        self.parts = self.numbers = self.unknown = 0
        self.encrypted = self.usual_encrypted = 0
        self._media: Both = ({}, {})

    def add(self, value: object, depth: int = 0) -> None:
        """Add a message, a part, or a list of messages or parts. A list of whole numbers is a list
        of tokens.
        """
        if depth > _MOST_DEPTH:
            self.mark("content in an unknown format")
        elif isinstance(value, str):
            self.found.append(value)
            self.parts += 1
        elif isinstance(value, list):
            if all(type(item) is int for item in value):
                self.numbers += len(value)
                return
            for item in value:
                self.add(item, depth + 1)
        elif isinstance(value, dict):
            self._object(value, depth)
        elif value is not None:
            self.found.append(str(value))

    def mark(self, note: str) -> None:
        """Add a note, and count one more part of unknown size."""
        self.unknown += 1
        self.note(note)

    def note(self, text: str) -> None:
        """Add a note about the figures; a note that exists is not added again."""
        if text not in self.notes:
            self.notes.append(text)

    def _object(self, value: Json, depth: int) -> None:
        kind = text_of(value.get("type"))
        if kind in _IMAGES:
            self._image(value)
        elif kind == "input_audio":
            sound = child(value, "input_audio")
            self._take(self.rules.sound(text_of(sound.get("format")), text_of(sound.get("data"))))
        elif kind in _FILES:
            self._file(as_object(value.get("file")) or value)
        elif kind == "image_generation_call":
            self._take(self.rules.image(decoded(text_of(value.get("result"))[:HEAD]), "high"))
        else:
            if kind not in _KNOWN:
                self.mark("a part of an unknown kind")
            self._texts(value, depth)

    def _texts(self, value: Json, depth: int) -> None:
        if value.get("type") == "item_reference" or "file_id" in value:
            self.mark("content that the request only refers to; its length is unknown")
        for name, inner in value.items():
            if name in _ENCRYPTED:
                self.encrypted += signature_tokens(text_of(inner))
                self.usual_encrypted += usual_signature_tokens(text_of(inner))
            elif name == "audio" and isinstance(inner, dict):
                self.mark("an earlier spoken answer of unknown length")
            elif name not in _NAMES:
                self.add(inner, depth + 1)

    def _image(self, value: Json) -> None:
        given = value.get("image_url") or value.get("url")
        place = as_object(given)
        address = text_of(given) or text_of(place.get("url"))
        detail = text_of(place.get("detail") or value.get("detail"))
        inside = data_url(address)
        data = decoded(inside[1][:HEAD]) if inside else b""
        self._take(self.rules.image(data, detail))

    def _file(self, file: Json) -> None:
        given = text_of(file.get("file_data"))
        if not given:
            self.mark("a file of unknown length")
            return
        mime, encoded = data_url(given) or ("", given)
        name = text_of(file.get("filename")).lower()
        if mime.startswith("text/") or name.endswith((".txt", ".md", ".csv", ".json", ".html")):
            self.found.append(decoded(encoded).decode("utf-8", "replace"))
            self.parts += 1
        elif (
            mime == "application/pdf" or (not mime and name.endswith(".pdf")) or not (mime or name)
        ):
            self.note("a document: the text of its pages is not known")
            self._take(self.rules.document(encoded))
        else:
            self.mark("a file of an unknown kind")

    def _take(self, both: Both) -> None:
        self.parts += 1
        self._media = (added(self._media[0], both[0]), added(self._media[1], both[1]))

    def quantities(self, count: CountText | None) -> Both:
        """Return (upper bound, typical) quantities of input. Deletes the texts after the count."""
        counted = count_text("\n".join(self.found), count)
        self.found.clear()
        fixed = self.numbers + self.encrypted
        most = counted.upper_bound + _OVERHEAD * self.parts + fixed
        usual = counted.tokens + 4 * self.parts + self.numbers + self.usual_encrypted
        return (
            added(self._media[0], {"input_tokens": most}),
            added(self._media[1], {"input_tokens": usual}),
        )
