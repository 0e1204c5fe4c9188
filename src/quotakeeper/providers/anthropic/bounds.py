"""Bounds the cost of a message: texts, thinking, images, documents, tools and the output cap."""

from __future__ import annotations

from quotakeeper.providers.contract import CountText
from quotakeeper.providers.formats.base64_text import decoded
from quotakeeper.providers.formats.declared import Declarations
from quotakeeper.providers.formats.encrypted import signature_tokens, usual_signature_tokens
from quotakeeper.providers.formats.image_sizes import image_size
from quotakeeper.providers.formats.json_values import (
    Json,
    child,
    dumps,
    items,
    objects,
    text_of,
    whole,
)
from quotakeeper.providers.formats.pdf_pages import most_pages
from quotakeeper.providers.formats.text_counts import count_text
from quotakeeper.providers.reading.token_split import added
from quotakeeper.value_classes import dataclass, field

MOST_INPUT = 1_000_000
MOST_OUTPUT = 128_000
TYPICAL_OUTPUT = 1_024
# An image has width x height / 750 tokens after Anthropic scales it down; the caps are Anthropic's.
_PIXELS_PER_TOKEN = 750
_MOST_IMAGE, _MOST_IMAGE_3 = 4_784, 1_600
# A page is billed as text (1,500 to 3,000 tokens by Anthropic's guide) and as an image.
_PAGE_TEXT, _USUAL_PAGE = 4_000, 3_000
_HEAD = 512 * 1024
_OVERHEAD = 8
_MOST_DEPTH = 10
_FILE_TYPICAL = 20_000
_DECLARED_HALVES = 3
_TOOL_PROMPT = 1_000  # what tools add to the system prompt: 313 to 804 tokens by Anthropic's guide
_OWN_TOOLS = ("bash_", "text_editor_", "computer_", "memory_", "tool_search_")
_OWN_TOOL_TOKENS = 2_000
_SERVED_TOKENS = 65_536  # the most that code execution returns
_SEARCH_TOKENS = 20_000  # the most that one search returns
_MOST_SEARCHES = 10
_ENCRYPTED = ("signature", "encrypted_content", "encrypted_index")
_WRITTEN = ("tool_use", "server_tool_use", "mcp_tool_use")
_KNOWN = ("text", "thinking", "tool_result", "search_result", "web_search_tool_result",
    "web_search_result", "web_fetch_tool_result", "web_fetch_result", "mcp_tool_result",
    "code_execution_tool_result", "code_execution_result", "bash_code_execution_tool_result",
    "bash_code_execution_result", "text_editor_code_execution_tool_result",
    "tool_reference", "web_search_tool_result_error", "compaction")  # fmt: skip
_QUIET = ("type", "cache_control", "id", "tool_use_id", "citations", "is_error", "page_age")


@dataclass(slots=True)
class Message:
    """The content of a message: texts, media, and the number of parts of unknown size.

    The texts are deleted when they are counted.
    """

    model: str
    texts: list[str] = field(default_factory=list)
    most: int = 0
    usual: int = 0
    unknown: int = 0
    notes: list[str] = field(default_factory=list)

    @property
    def assumed(self) -> bool:
        """Whether the bound is assumed, because the size of some part is unknown."""
        return any("unknown" in note or "not known" in note for note in self.notes)

    def quantities(
        self, body: Json, count: CountText | None
    ) -> tuple[dict[str, int], dict[str, int]]:
        """Read the request's body; return (upper bound, typical) quantities that it uses."""
        if not isinstance(body.get("messages"), list):
            self.mark("a message in an unknown format")
        for message in objects(body.get("messages")):
            self.add(message.get("content"))
        self.add(body.get("system"))
        for name in ("output_format", "output_config"):
            if name in body:
                self.texts.append(dumps(body[name]))
        if items(body.get("mcp_servers")):
            self.mark("MCP servers: the length of their tools' results is not known")
        searches = self._tools(body, count)
        pieces = len(self.texts)
        counted = count_text("\n".join(self.texts), count)
        self.texts.clear()
        most = counted.upper_bound + _OVERHEAD * pieces + self.most
        usual = counted.tokens + 2 * pieces + self.usual
        if self.unknown:
            usual += min(_FILE_TYPICAL * self.unknown, max(0, MOST_INPUT - most))
            most = max(most, MOST_INPUT)
        cap = whole(body.get("max_tokens")) or MOST_OUTPUT
        return (
            added({"input_tokens": most, "output_tokens": cap, "searches": searches}),
            {"input_tokens": usual, "output_tokens": min(cap, TYPICAL_OUTPUT)},
        )

    def mark(self, note: str) -> None:
        """Add a note, and count one more part of unknown size."""
        self.unknown += 1
        self.note(note)

    def note(self, text: str) -> None:
        """Add a note about the figures; a note that exists is not added again."""
        if text not in self.notes:
            self.notes.append(text)

    def _take(self, most: int, usual: int) -> None:
        self.most += most
        self.usual += usual

    def _tools(self, body: Json, count: CountText | None) -> int:
        """Count the tokens of the tools; return how many searches the tools may make."""
        declared = Declarations()
        searches = 0
        for tool in objects(body.get("tools")):
            kind = text_of(tool.get("type"))
            if kind in ("", "custom"):
                declared.add(tool)
            elif kind.startswith("web_search_"):
                asked = whole(tool.get("max_uses")) or _MOST_SEARCHES
                searches += asked
                self._take(_SEARCH_TOKENS * asked, 0)
                self.note("a search: the size of its results is not known in advance")
            elif kind.startswith("code_execution_"):
                self._take(_SERVED_TOKENS, 0)
                self.note("code execution: the size of its results is not known in advance")
            elif kind.startswith(_OWN_TOOLS):
                self._take(_OWN_TOOL_TOKENS, _OWN_TOOL_TOKENS // 4)
                self.texts.append(dumps(tool))
            else:  # web_fetch_: pages of any length
                self.texts.append(dumps(tool))
                self.mark("a tool: the length of its results is not known")
        if items(body.get("tools")):
            self._take(_TOOL_PROMPT, 346)
        self._take(*declared.quantities(count, _DECLARED_HALVES))
        if declared.cut:
            self.mark("tool declarations of unknown size")
        return searches

    def add(self, content: object, depth: int = 0) -> None:
        """Add content: a text, a content block, or a list of blocks."""
        if depth > _MOST_DEPTH:
            self.mark("content in an unknown format")
        elif isinstance(content, str):
            self.texts.append(content)
        elif isinstance(content, list):
            for block in content:
                self.add(block, depth + 1)
        elif isinstance(content, dict):
            self._block(content, depth)
        elif content is not None:
            self.texts.append(str(content))

    def _block(self, block: Json, depth: int) -> None:
        kind = text_of(block.get("type"))
        source = child(block, "source")
        if kind == "image":
            self._image(source)
        elif kind == "document":
            self._document(block, source, depth)
        elif kind in _WRITTEN:
            self.texts += [text_of(block.get("name")), dumps(block.get("input"))]
        elif kind == "redacted_thinking":
            data = text_of(block.get("data"))
            self._take(signature_tokens(data), usual_signature_tokens(data))
        else:
            if kind not in _KNOWN or "file_id" in block:
                self.mark("a block of an unknown kind")
            for name, inner in block.items():
                if name in _ENCRYPTED:
                    sealed = text_of(inner)
                    self._take(signature_tokens(sealed), usual_signature_tokens(sealed))
                elif name not in _QUIET:
                    self.add(inner, depth + 1)

    def _image(self, source: Json) -> None:
        cap = _MOST_IMAGE_3 if "claude-3" in self.model else _MOST_IMAGE
        size = image_size(decoded(text_of(source.get("data"))[:_HEAD]))
        tokens = cap
        if size is not None:
            tokens = min(cap, max(1, -(-size[0] * size[1] // _PIXELS_PER_TOKEN)))
        self._take(tokens + _OVERHEAD, min(tokens, _MOST_IMAGE_3))

    def _document(self, block: Json, source: Json, depth: int) -> None:
        for name in ("title", "context"):
            self.texts.append(text_of(block.get(name)))
        data = text_of(source.get("data"))
        if "content" in source:
            self.add(source["content"], depth + 1)
        elif not data:
            self.mark("a file of unknown length")
        elif text_of(source.get("media_type")).startswith("text/") or source.get("type") == "text":
            self.texts.append(data)
        else:
            raw = decoded(data)
            pages = most_pages(raw, len(raw))
            self._take(pages * (_PAGE_TEXT + _MOST_IMAGE), pages * _USUAL_PAGE)
            self.note("a document: the text of its pages is not known")
