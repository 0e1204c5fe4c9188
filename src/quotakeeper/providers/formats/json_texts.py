"""Splits JSON in a prompt into its decoded texts, and counts the brackets and commas between them."""

from __future__ import annotations

from collections.abc import Mapping

# Tokens of JSON's punctuation around a member, an element and a container. Each text is counted on
# its own line, so the newline already counts as one punctuation mark.
_PER_MEMBER, _PER_ELEMENT, _PER_CONTAINER = 2, 1, 2


def json_texts(value: object, texts: list[str]) -> int:
    """Append the names, strings and numbers in `value` to `texts`; return the tokens of the
    punctuation.

    The strings are decoded, so an escaped letter counts as the letter.
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
