"""Reads the tools in a request: the declared functions, and the tools that Google runs.

The results of Google's tools are billed as input.
"""

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
# A tool's results are input in toolUsePromptTokenCount, in promptTokenCount on 3.x, or in both. In
# 21 recorded requests, search had at most 400 tokens, file search 1,436, code execution 1,973.
_SEARCH_TOKENS = 20_000
_BOUNDED_TOKENS = 65_536


@dataclass(slots=True)
class ServedTools:
    """The tools in a request that Google itself runs, counted by kind.

    - `searching`: searches.
    - `others`: other tools whose results are limited.
    - `unbounded`: tools that fetch pages or call servers, whose results may fill the prompt.
    """

    searching: int = 0
    others: int = 0
    unbounded: int = 0

    @property
    def tokens(self) -> int:
        """The most input tokens that the results of the limited tools have."""
        return self.searching * _SEARCH_TOKENS + self.others * _BOUNDED_TOKENS


def tools_of(body: Json) -> tuple[ServedTools, list[Json], list[Json]]:
    """Return (the tools that Google runs, the declared functions, the tools of an unknown kind)."""
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
