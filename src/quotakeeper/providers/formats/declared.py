"""Function declarations and their schemas, as texts and pieces to be counted.

A provider writes declarations anew for its model: JSON's own signs and keywords go, and each
function and parameter gets words of the provider's. Their JSON text is no bound of that.
"""

from __future__ import annotations

from quotakeeper.providers.contract import CountText
from quotakeeper.providers.formats.json_values import Json, as_object, text_of
from quotakeeper.providers.formats.text_counts import count_text
from quotakeeper.value_classes import dataclass, field

_MOST_PIECES = 4_000  # looked at; recursive schemas have no end
_MOST_DEPTH = 40
_DEPTH_OF_PARAMETERS = 2  # {"function": {"parameters": {"properties"}}}; deeper ones are nested
_MOST_REFERENCES = 6  # within each other
# Keywords of JSON Schema and of declarations, which are no text of the caller's.
_KEYWORDS = frozenset(
    ("name", "description", "parameters", "properties", "type", "items", "required", "enum",
     "anyOf", "oneOf", "allOf", "$ref", "ref", "$defs", "defs", "definitions", "format", "nullable",
     "title", "default", "additionalProperties", "prefixItems", "functionDeclarations",
     "function_declarations", "parametersJsonSchema", "parameters_json_schema", "response",
     "responseJsonSchema", "response_json_schema", "function", "input_schema", "strict", "const",
     "minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "examples",
     "propertyOrdering", "property_ordering", "behavior")
)  # fmt: skip
_DEFINITIONS = ("$defs", "defs", "definitions")
_NESTING = ("$ref", "ref", "anyOf", "oneOf", "allOf", "items", "prefixItems")
_PER_FUNCTION, _PER_PIECE = 20, 12
_PLAIN_TOKENS = 32  # of texts that are not written at greater length, where no schema is nested


@dataclass(slots=True)
class Declarations:
    """Texts of declarations and how many pieces they have; `cut`: not all of it was looked at."""

    texts: list[str] = field(default_factory=list)
    functions: int = 0
    pieces: int = 0  # parameters and schemas inside of schemas, references followed
    nested: bool = False  # whether a schema lies in a schema, or is referred to
    cut: bool = False

    def add(self, function: Json) -> None:
        """One function, in the shape of Gemini, OpenAI or Anthropic."""
        self.functions += 1
        roots = [function, *(as_object(value) for value in function.values())]
        tables = [as_object(root.get(name)) for root in roots for name in _DEFINITIONS]
        known = {name: value for table in tables for name, value in table.items()}
        self._walk(function, known, 0, 0)

    def quantities(self, count: CountText | None, halves: int) -> tuple[int, int]:
        """(tokens at most, tokens typically).

        `halves`: how often the texts' tokens count, in halves: all of them where schemas lie in each
        other, else those beyond the first 32. What grows is names and keywords; a text itself is
        copied, so that its bound counts five quarters. The texts are dropped once counted.
        """
        if not self.functions:
            return 0, 0
        told = count_text("\n".join(self.texts), count)
        self.texts.clear()
        once = 0 if self.nested else min(told.tokens, _PLAIN_TOKENS)
        grown = once + -(-(told.tokens - once) * halves // 2)
        copied = -(-told.upper_bound * 5 // 4)
        around = _PER_FUNCTION * self.functions + _PER_PIECE * self.pieces
        return max(grown, copied) + around, told.tokens + 3 * self.pieces

    def _walk(self, value: object, known: Json, depth: int, referred: int) -> None:
        if self.pieces > _MOST_PIECES or depth > _MOST_DEPTH:
            self.cut = True
        elif isinstance(value, dict):
            for name, inner in value.items():
                self._entry(name, inner, known, depth, referred)
        elif isinstance(value, list):
            for item in value:
                self.pieces += isinstance(item, dict)
                self._walk(item, known, depth + 1, referred)
        elif value is not None:
            self.texts.append(value if isinstance(value, str) else str(value))

    def _entry(self, name: str, inner: object, known: Json, depth: int, referred: int) -> None:
        if name in _DEFINITIONS and isinstance(inner, dict):
            name, referred = (
                "properties",
                _MOST_REFERENCES,
            )  # here once, and where it is referred to
        if name in _NESTING:
            self.nested = True
        if name in ("$ref", "ref"):
            target = known.get(text_of(inner).rpartition("/")[2], inner)
            self.pieces += 1
            if referred < _MOST_REFERENCES:
                self._walk(target, known, depth + 1, referred + 1)
            return
        if name not in _KEYWORDS:
            self.texts.append(name)
        if name == "properties" and isinstance(inner, dict):
            self.nested = self.nested or depth > _DEPTH_OF_PARAMETERS
            for parameter, schema in inner.items():
                self.pieces += 1
                self.texts.append(parameter)
                self._walk(schema, known, depth + 2, referred)
            return
        self.pieces += isinstance(inner, dict) and name in ("items", "additionalProperties")
        self._walk(inner, known, depth + 1, referred)
