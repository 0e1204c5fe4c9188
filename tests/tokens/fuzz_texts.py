"""Texts that try to exceed a bound: every kind, from one seeded generator."""

from __future__ import annotations

import base64
import json
import random
import string
import unicodedata
from collections.abc import Callable, Iterator
from typing import Final

BLANKS: Final = " \n\t\r\u00a0\u3000\u2009\u200b\x0b\x0c\x1f\x85"
TAGS: Final = ("<b>", "</b>", "<td>", "<h1>", "> </", "> </div>", "<bos>", "<unused7>", "\u2581")
WORDS: Final = (
    *("the", "because", "water", "information", "kh\u00f4ng", "ng\u01b0\u1eddi", "que", "und"),
    *("\u043a\u043e\u0442\u043e\u0440\u044b\u0439", "\u0914\u0930", "\u0645\u0646", "nicht", "self"),
    *("\u7684", "\u6211\u4eec", "\u3067\u3059", "\uc788\ub2e4", "\u0e04\u0e27\u0e32\u0e21"),
)  # fmt: skip
SCRIPTS: Final = tuple(
    range(first, last)
    for first, last in (
        *((0x20, 0x7F), (0xA0, 0x250), (0x300, 0x370), (0x370, 0x530), (0x530, 0x5FF)),
        *((0x600, 0x780), (0x900, 0xA00), (0xA00, 0xB00), (0xB00, 0xD00), (0xD00, 0xE00)),
        *((0xE00, 0xF00), (0xF00, 0xFD5), (0x1000, 0x1100), (0x1200, 0x1380), (0x1780, 0x1800)),
        *((0x2000, 0x2100), (0x2190, 0x2600), (0x3040, 0x3100), (0x4E00, 0x5200), (0xAC00, 0xB000)),
    )
)


def _any(draw: random.Random, size: int) -> str:
    return "".join(map(chr, draw.choices(range(0x110000), k=size)))  # surrogates too


def _basic(draw: random.Random, size: int) -> str:
    return "".join(map(chr, draw.choices(range(0x10000), k=size)))


def _script(draw: random.Random, size: int) -> str:
    codes = draw.choice(SCRIPTS)
    return "".join(map(chr, draw.choices(codes, k=size)))


def _few_letters(draw: random.Random, size: int) -> str:
    letters = [chr(draw.choice(draw.choice(SCRIPTS))) for _ in range(draw.randrange(2, 6))]
    return "".join(draw.choices(letters, k=size))


def _rare_han(draw: random.Random, size: int) -> str:
    codes = draw.choice((range(0x3400, 0x4DC0), range(0x9000, 0xA000), range(0x20000, 0x2A6E0)))
    return "".join(map(chr, draw.choices(codes, k=size)))


def _base64(draw: random.Random, size: int) -> str:
    return base64.b64encode(draw.randbytes(size)).decode()


def _ids(draw: random.Random, size: int) -> str:
    one = f"{draw.getrandbits(128):032x}"
    return draw.choice((one, one.upper(), f"{one[:8]}-{one[8:12]}-{one[12:]}"))[: size + 4]


def _code(draw: random.Random, size: int) -> str:
    names = ("a", "b", "fn", "x1", "return", "const", "=>", "===", "&&", "||", "i++", "null")
    marks = "(){}[];,.:=+-*/!?<>&|^%$#@~`'\"\\"
    return "".join(draw.choice(names) + draw.choice(marks) for _ in range(size))


def _repeated(draw: random.Random, size: int) -> str:
    unit = _script(draw, draw.randrange(1, 4))
    return unit * draw.choice((1, 2, 7, 31, 32, 33, 64, size))


def _blanks(draw: random.Random, size: int) -> str:
    parts = (draw.choice(BLANKS) * draw.choice((1, 1, 2, 30, 31, 32, 33)) for _ in range(6))
    return draw.choice(WORDS).join(parts)[: size * 9]


def _emoji(draw: random.Random, size: int) -> str:
    signs = [chr(draw.choice(range(0x1F300, 0x1FAFF))) for _ in range(size)]
    return draw.choice(("", "\u200d", "\ufe0f", "\U0001f3fd")).join(signs)


def _controls(draw: random.Random, size: int) -> str:
    return "".join(map(chr, draw.choices((*range(32), *range(127, 160), 97, 32), k=size)))


def _words(draw: random.Random, size: int) -> str:
    marks = ("", "", ",", ".", "!?", '."', "\u2026", "\u00bb", "'s", "-", ")")
    gaps = (" ", " ", " ", "\n", "  ", "\u00a0", "")
    chosen = range(1 + size // 4)
    return "".join(draw.choice(WORDS) + draw.choice(marks) + draw.choice(gaps) for _ in chosen)


def _letters(draw: random.Random, size: int) -> str:
    letters = string.ascii_lowercase + draw.choice(("", "     ", string.ascii_uppercase, "_-'."))
    return "".join(draw.choices(letters, k=size))


def _tags(draw: random.Random, size: int) -> str:
    parts = (*TAGS, *WORDS[:3], ">", "</", " ", "a>")
    return "".join(draw.choices(parts, k=1 + size // 3))


def _escaped(draw: random.Random, size: int) -> str:
    return json.dumps(draw.choice((_script, _emoji, _words))(draw, size))


def _decomposed(draw: random.Random, size: int) -> str:
    return unicodedata.normalize("NFD", _script(draw, size))


KINDS: Final[tuple[Callable[[random.Random, int], str], ...]] = (
    *(_any, _basic, _script, _few_letters, _rare_han, _base64, _ids, _code, _repeated, _blanks),
    *(_emoji, _controls, _words, _letters, _tags, _escaped, _decomposed),
)


def fuzz(seed: int, texts: int) -> Iterator[tuple[str, str]]:
    """Yield (kind, text): every kind in turn; every second text mixes two or three kinds."""
    draw = random.Random(seed)
    for number in range(texts):
        kind = KINDS[number % len(KINDS)]
        text = kind(draw, draw.randrange(1, 60))
        if number % 2:
            yield kind.__name__[1:], text
            continue
        others = draw.choices(KINDS, k=draw.randrange(1, 3))
        parts = [text, *(other(draw, draw.randrange(1, 20)) for other in others)]
        draw.shuffle(parts)
        yield "mixed", draw.choice(("", " ", "\n", "> </")).join(parts)
