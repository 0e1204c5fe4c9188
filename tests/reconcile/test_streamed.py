"""JSON objects from a text of any size: the result does not depend on how the text is cut into pieces."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal

import pytest

from quotakeeper.errors import InvalidInputError
from quotakeeper.providers.formats.json_stream import objects_listed

OBJECTS: list[dict[str, object]] = [
    {"request_id": "a", "usd": 0.1, "n": 12345, "text": 'quote " and \\ and ế \U0001f3ac'},
    {"request_id": "b", "requests": None, "list": [1, [2.50, {}], "]}"], "ok": True},
    {"request_id": "c", "response": {"requests": [1, 2]}, "e": -1.5e-7},
]
PAGE = json.dumps({"page": 0, "limit": 10, "requests": OBJECTS, "after": {"x": [1]}}, indent=1)


def pieces(text: str, size: int) -> Iterator[str]:
    return (text[at : at + size] for at in range(0, len(text), size))


def read(text: str, size: int = 64) -> list[dict[str, object]]:
    return list(objects_listed(pieces(text, size), "requests", "request"))


def test_pieces_of_any_size_give_the_same_objects() -> None:
    whole = json.loads(PAGE, parse_float=Decimal)["requests"]
    for size in [*range(1, 70), len(PAGE), len(PAGE) + 1]:
        assert read(PAGE, size) == whole, size
    assert isinstance(read(PAGE)[0]["usd"], Decimal)


@pytest.mark.parametrize(
    "text",
    [
        PAGE, f"[{PAGE}]", f"  [{PAGE} , {PAGE}]\n", PAGE + PAGE, PAGE + "\r\n" + PAGE,
        json.dumps(OBJECTS), "\n".join(map(json.dumps, OBJECTS)),
        ",\n".join(map(json.dumps, OBJECTS)),
        "".join(json.dumps({"request": each}) for each in OBJECTS),
    ],
)  # fmt: skip
def test_every_form_of_a_page_is_read(text: str) -> None:
    found = [each["request_id"] for each in read(text, 7)]
    assert found in (["a", "b", "c"], ["a", "b", "c"] * 2)


@pytest.mark.parametrize(
    "text", ['{"requests": []}', "[]", "", " \n", '{"requests": [ ]}{"requests":[]}']
)
def test_an_empty_page_gives_no_objects(text: str) -> None:
    assert read(text, 3) == []


def test_every_cut_of_a_page_is_an_error() -> None:
    for end in range(1, len(PAGE)):
        with pytest.raises(InvalidInputError):
            read(PAGE[:end], 16)


def test_a_value_that_is_too_long_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="larger than 4 MB"):
        read('{"requests": [{"a": "' + "x" * 5_000_000, 65_536)
