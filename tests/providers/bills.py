"""Requests like 237 that were billed, and their bounds compared with the bills.

`python -m tests.providers.bills` prints the table. The recordings have only the numbers of each
request; this module makes texts, schemas and media of those sizes.
"""

from __future__ import annotations

import base64
import csv
import json
import random
import statistics
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from quotakeeper.providers import Call
from quotakeeper.providers.contract import CountText, TextCount
from quotakeeper.providers.formats.text_counts import RoughCount
from quotakeeper.tokens import estimate_tokens
from tests.providers import sounds
from tests.providers.support import GEMINI, post, understood

SEED = 20_261_129
FACTS = Path(__file__).parents[3] / "shared" / "recorded" / "gemini_input_facts.csv"
PROSE = (
    "the meter counts what a pipeline sends before it leaves and settles what came back after it "
    "was billed so that a limit of the day holds for every worker on every host and nobody has to "
    "guess how many tokens a long answer took while the others were still waiting"
)
WORDS = tuple(PROSE.split())
COLUMNS = {
    "text": "text_tokens_exact", "parts": "text_parts", "signature": "signature_characters",
    "declared": "function_declarations_json_tokens", "calls": "function_calls_json_tokens",
    "responses": "function_responses_json_tokens", "schema": "response_schema_json_tokens",
    "prompt": "prompt_tokens", "fed_back": "tool_use_prompt_tokens", "candidates": "candidates",
    "thoughts": "thoughts",
}  # fmt: skip
KINDS = (
    "plain text", "signatures", "declarations", "calls and responses", "schema", "image", "pdf",
    "audio", "video", "text file", "tools of Google's", "only pointed to",
)  # fmt: skip
UNTOLD = ("only pointed to", "tools of Google's")
Shape = Callable[["Row"], list[Any]]


@dataclass(frozen=True)
class Row:
    """One billed request: its numbers by the names in COLUMNS, its tools and its media."""

    model: str
    numbers: dict[str, int]
    tools: tuple[str, ...]
    media: tuple[str, ...]

    def __getattr__(self, name: str) -> int:
        try:
            return self.numbers[name]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def billed_input(self) -> int:
        return self.prompt + self.fed_back

    @property
    def billed_output(self) -> int:
        return self.candidates + self.thoughts

    @property
    def is_cached(self) -> bool:
        """Whether the bill has more prompt than the request explains: cached content."""
        known = self.text + self.declared + self.calls + self.responses + self.schema
        return not (self.tools or self.media or self.signature) and self.prompt > 20 * known

    @property
    def kind(self) -> str:
        """The part of the request that is most expensive to bound."""
        if self.is_cached or any(medium.startswith("fileData") for medium in self.media):
            return "only pointed to"
        if self.tools:
            return "tools of Google's"
        for medium in self.media:
            return {"image": "image", "audio": "audio", "video": "video", "text": "text file"}.get(
                medium.partition("/")[0], "pdf"
            )
        names = ("signature", "responses", "schema", "declared")
        words = ("signatures", "calls and responses", "schema", "declarations")
        found = (word for name, word in zip(names, words, strict=True) if getattr(self, name))
        return next(found, "plain text")


def rows(path: Path = FACTS) -> list[Row]:
    """The billed requests."""
    with path.open(encoding="utf-8", newline="") as file:
        return [
            Row(
                line["model"].removeprefix("models/"),
                {name: int(line[column] or 0) for name, column in COLUMNS.items()},
                tuple(line["provider_tools"].split()),
                tuple(line["media"].split()),
            )
            for line in csv.DictReader(file)
        ]


def prose(tokens: int) -> str:
    """English text of this many tokens or slightly more, by the estimate."""
    text = ""
    words = iter(range(10**6))
    while tokens and estimate_tokens(text, with_language=False).tokens < tokens:
        text += ("" if not text else " ") + WORDS[next(words) % len(WORDS)]
    return text


def json_of(tokens: int, make: Callable[[int], Any]) -> Any:
    """Return `make(n)` for the smallest n that gives this many tokens of compact JSON."""
    number = 0
    while True:
        value = make(number)
        text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
        if estimate_tokens(text, with_language=False).tokens >= tokens:
            return value
        number += 1


def described(row: Row) -> list[Any]:
    """One function with a long description."""
    made: list[Any] = json_of(
        row.declared,
        lambda n: [{"name": "get_place", "description": " ".join(WORDS[i % 48] for i in range(n)),
            "parameters": {"type": "object", "properties": {}}}],
    )  # fmt: skip
    return made


def typed(row: Row) -> list[Any]:
    """One function with many parameters."""
    made: list[Any] = json_of(
        row.declared,
        lambda n: [{"name": "get_place", "parametersJsonSchema": {"type": "object", "properties": {
            f"{WORDS[i % 48]}_{i}": {"type": "string"} for i in range(n)}}}],
    )  # fmt: skip
    return made


def several(row: Row) -> list[Any]:
    """Many functions with one parameter each."""
    made: list[Any] = json_of(
        row.declared,
        lambda n: [{"name": f"{WORDS[i % 48]}_{i}", "description": WORDS[i % 48],
            "parameters": {"type": "object", "properties": {"place": {"type": "string"}}}}
            for i in range(n + 1)],
    )  # fmt: skip
    return made


SHAPES: dict[str, Shape] = {"described": described, "typed": typed, "several": several}


def png(width: int, height: int) -> bytes:
    """The first bytes of a PNG."""
    return b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + width.to_bytes(4, "big") + height.to_bytes(4, "big")


def medium(text: str) -> dict[str, Any]:
    """A part with a medium as the recordings name it: "image/png:400x301", "fileData:video/mp4"."""
    mime, _, size = text.partition(":")
    if mime == "fileData":
        about = {} if size == "None" else {"mimeType": size}
        return {"fileData": {"fileUri": "https://example.org/file", **about}}
    if mime.startswith("image/"):
        width, _, height = size.partition("x")
        data = png(int(width), int(height))
    else:
        number = int(size.partition("B")[0])
        data = _data(mime, number)
    return {"inlineData": {"mimeType": mime, "data": base64.b64encode(data).decode()}}


def _data(mime: str, size: int) -> bytes:
    """A file of that type. Its length is one that the bills show: 3.25, 4.5, 1.375 or 10.03 s."""
    if mime == "application/pdf":
        return b"%PDF-1.4 /Type /Pages /Count 1 /Type /Page ".ljust(size, b" ")
    if mime == "audio/mpeg":
        frame = sounds.mp3_frame(9 if size < 53_000 else 7)
        return frame * -(-size // len(frame))
    if mime == "video/mp4":
        length = {626_552: 1_375, 788_493: 10_030}.get(size)
        return sounds.mp4(length, film=length) if length else bytes(size)
    return " ".join(WORDS[i % 48][:4] for i in range(size)).encode()[:size]  # 4 bytes a token


def body(row: Row, shape: Shape) -> dict[str, Any]:
    """A request with the sizes of the row."""
    each, left = divmod(row.text, max(1, row.parts))
    parts: list[Any] = [
        {"text": prose(each + (left if i == 0 else 0))} for i in range(max(1, row.parts))
    ]
    contents: list[Any] = [{"role": "user", "parts": parts}]
    signed = {"thoughtSignature": "A" * row.signature} if row.signature else {}
    if row.calls or row.responses:
        call = json_of(row.calls, lambda n: {"name": "f", "args": {f"a{i}": 1 for i in range(n)}})
        answer = json_of(
            row.responses, lambda n: {"name": "f", "response": {"r": " ".join(WORDS[:n] * 1)}}
            if n <= len(WORDS) else {"name": "f", "response": {"r": " ".join(WORDS * (n // 48 + 1))}},
        )  # fmt: skip
        contents += [
            {"role": "model", "parts": [{"functionCall": call, **signed}]},
            {"role": "user", "parts": [{"functionResponse": answer}]},
        ]
    elif signed:
        contents.append({"role": "model", "parts": [{"text": "", **signed}]})
    contents[-1]["parts"] += [medium(text) for text in row.media]
    made: dict[str, Any] = {"contents": contents}
    tools: list[Any] = [{name: {}} for name in row.tools]
    if row.declared:
        tools.append({"functionDeclarations": shape(row)})
    if tools:
        made["tools"] = tools
    if row.schema:
        made["generationConfig"] = {"responseSchema": json_of(
            row.schema, lambda n: {"type": "object", "properties": {
                f"p{i}": {"type": "string"} for i in range(n)}})}  # fmt: skip
    if row.is_cached:
        made["cachedContent"] = "cachedContents/c-1"
    return made


def estimated(text: str) -> TextCount:
    """Count a text as the meter does."""
    return estimate_tokens(text, with_language=False)


def exactly(text: str) -> TextCount:
    """Count a text as if the estimate were exact, so that the ratio shows only the other parts."""
    tokens = estimate_tokens(text, with_language=False).tokens
    return RoughCount(tokens, tokens)


def call_of(row: Row, shape: Shape, count: CountText = estimated) -> Call:
    """The call of a request with the sizes of the row."""
    url = f"{GEMINI}/v1beta/models/{row.model}:generateContent"
    return understood(post(url, body(row, shape)), count=count)[1]


def total(quantities: Any, meters: tuple[str, ...]) -> int:
    """The tokens of some meters, all modalities together."""
    return sum(n for key, n in quantities.items() if key.partition("@")[0] in meters)


@dataclass(frozen=True)
class Compared:
    """A bound and a typical figure, and the bill."""

    row: Row
    bound: int
    typical: int
    output_bound: int

    @property
    def is_passed(self) -> bool:
        """Whether the bill exceeds the bound."""
        return self.row.billed_input > self.bound or self.row.billed_output > self.output_bound


def compared(shape: Shape, path: Path = FACTS, count: CountText = estimated) -> Iterator[Compared]:
    """Every billed request with its bound."""
    for row in rows(path):
        call = call_of(row, shape, count)
        yield Compared(
            row, total(call.bound, ("input_tokens",)), total(call.typical, ("input_tokens",)),
            total(call.bound, ("output_tokens",)),
        )  # fmt: skip


def halves(found: list[Compared]) -> tuple[list[Compared], list[Compared]]:
    """Split the rows: (the half that the rules were made from, the other half)."""
    mixed = list(found)
    random.Random(SEED).shuffle(mixed)
    return mixed[: len(mixed) // 2], mixed[len(mixed) // 2 :]


def table(found: list[Compared]) -> str:
    """A table by kind: rows, bills above their bound, bound / bill (least and median), typical / bill.

    "told" means all rows except those whose size the request does not show.
    """
    lines = [
        f"{'kind':22}{'rows':>5}{'above':>6}{'least':>7}{'bound/bill':>11}{'typical/bill':>13}"
    ]
    groups = {kind: [e for e in found if e.row.kind == kind] for kind in KINDS}
    groups["told"] = [each for each in found if each.row.kind not in UNTOLD]
    groups["all"] = found
    for kind, group in groups.items():
        billed = [each for each in group if each.row.billed_input]
        most = [each.bound / each.row.billed_input for each in billed]
        usual = statistics.median(each.typical / each.row.billed_input for each in billed)
        above = sum(each.is_passed for each in group)
        lines.append(
            f"{kind:22}{len(group):5}{above:6}{min(most):7.2f}{statistics.median(most):11.2f}{usual:13.2f}"
        )
    return "\n".join(lines)


def main() -> None:
    """Print the tables."""
    for counting in (estimated, exactly):
        for name, shape in SHAPES.items():
            found = list(compared(shape, count=counting))
            looked, held = (sum(each.is_passed for each in half) for half in halves(found))
            print(f"texts counted: {counting.__name__}; declarations: {name}; above the bound: "
                f"{looked} in one half, {held} in the half held out (seed {SEED})")  # fmt: skip
            print(table(found), end="\n\n")


if __name__ == "__main__":
    main()
