"""Bounds the tokens of function declarations and their schemas.

A provider rewrites declarations for its model. The provider removes JSON's brackets, quotes and
keywords, and adds its own words for each function and parameter. So the JSON text alone is not an
upper bound.
"""

from __future__ import annotations

from quotakeeper.providers.contract import CountText
from quotakeeper.providers.formats.json_values import Json, as_object, text_of
from quotakeeper.providers.formats.text_counts import count_text
from quotakeeper.value_classes import dataclass, field

_MOST_PIECES = 4_000  # pieces to read; a recursive schema has no end
_MOST_DEPTH = 40
# {"function": {"parameters": {"properties"}}}; a schema below that is nested.
_DEPTH_OF_PARAMETERS = 2
_MOST_REFERENCES = 6  # references inside each other
# Keywords of JSON Schema and of declarations, which are not the program's text.
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
# If no schema is nested, a provider does not lengthen the first tokens of the texts.
_PLAIN_TOKENS = 32


@dataclass(slots=True)
class Declarations:
    """The texts of function declarations, and the numbers of functions and of parts.

    `cut` is True if some parts were not read, because the schema is too large or too deep.
    """

    texts: list[str] = field(default_factory=list)
    functions: int = 0
    pieces: int = 0  # parameters, schemas inside schemas, and followed references
    nested: bool = False  # whether a schema is inside another one, or is referred to
    cut: bool = False

    def add(self, function: Json) -> None:
        """Add one function declaration in the form of Gemini, OpenAI or Anthropic."""
        self.functions += 1
        roots = [function, *(as_object(value) for value in function.values())]
        tables = [as_object(root.get(name)) for root in roots for name in _DEFINITIONS]
        known = {name: value for table in tables for name, value in table.items()}
        self._walk(function, known, 0, 0)

    def quantities(self, count: CountText | None, halves: int) -> tuple[int, int]:
        """Return (upper bound, typical number) of tokens; (0, 0) without a function.

        The provider may lengthen names and keywords. `halves` is the factor to assume, in halves: 3
        means 1.5. If no schema is nested, the first 32 tokens are counted without this factor. The
        bound is at least five quarters of the texts' own upper bound. The texts are deleted after
        the count.
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
            )  # once here, and once where it is referred to
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
