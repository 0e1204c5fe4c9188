"""The tools of a request: functions that it declares, and Google's own, which feed back input."""

from __future__ import annotations

from quotakeeper.providers.formats.json_values import Json, items, objects, text_of
from quotakeeper.value_classes import dataclass

_SEARCH = ("googleSearch", "google_search", "googleSearchRetrieval", "google_maps", "googleMaps",
    "google_search_retrieval", "enterpriseWebSearch", "enterprise_web_search", "parallelAiSearch",
    "parallel_ai_search")  # fmt: skip
_BOUNDED = ("codeExecution", "code_execution", "fileSearch", "file_search", "retrieval",
    "computerUse", "computer_use")  # fmt: skip
_UNBOUNDED = ("urlContext", "url_context", "mcpServers", "mcp_servers", "mcp_server")
_FUNCTIONS = ("functionDeclarations", "function_declarations")
# A tool's results are input by toolUsePromptTokenCount, by promptTokenCount on 3.x, or by both. Of
# 21 recorded requests, search took 400 tokens at most, file search 1,436, code execution 1,973.
_SEARCH_TOKENS = 20_000
_BOUNDED_TOKENS = 65_536


@dataclass(slots=True)
class ServedTools:
    """Google's own tools in a request. `tokens`: what they feed back at most, where that is bounded.

    `unbounded`: a tool fetches pages or calls servers, whose answers may fill the prompt.
    """

    searching: int = 0
    others: int = 0
    unbounded: int = 0

    @property
    def tokens(self) -> int:
        """Input that the bounded ones feed back, at most."""
        return self.searching * _SEARCH_TOKENS + self.others * _BOUNDED_TOKENS


def tools_of(body: Json) -> tuple[ServedTools, list[Json], list[Json]]:
    """(Google's own tools, functions that are declared, tools of a kind that is not known)."""
    served = ServedTools()
    functions: list[Json] = []
    strange: list[Json] = []
    for tool in objects(body.get("tools")):
        named = [text_of(tool["type"])] if isinstance(tool.get("type"), str) else list(tool)
        for name in named:
            if name in _SEARCH:
                served.searching += 1
            elif name in _BOUNDED:
                served.others += 1
            elif name in _UNBOUNDED:
                served.unbounded += 1
            elif name in _FUNCTIONS:
                functions += objects(items(tool.get(name)))
            elif name == "function":
                functions.append(tool)
            else:
                strange.append(tool)
    return served, functions, strange
