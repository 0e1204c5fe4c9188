"""JSON that is part of a prompt, as the texts that it decodes to and the signs between them."""

from __future__ import annotations

from collections.abc import Mapping

# Tokens of the signs that JSON writes around a member, an element and a container, where each text
# stands on a line of its own: the line's end counts for the sign that stands there.
_PER_MEMBER, _PER_ELEMENT, _PER_CONTAINER = 2, 1, 2


def json_texts(value: object, texts: list[str]) -> int:
    """Append the names, strings and numbers of a value to `texts`; returns its signs.

    Strings are decoded: a letter counts as itself however it was escaped on the wire.
    """
    signs = 0
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, Mapping):
            texts += item
            pending += item.values()
            signs += _PER_CONTAINER + _PER_MEMBER * len(item)
        elif isinstance(item, list):
            pending += item
            signs += _PER_CONTAINER + _PER_ELEMENT * len(item)
        elif isinstance(item, str):
            texts.append(item)
        else:
            texts.append("null" if item is None else str(item))
    return signs
