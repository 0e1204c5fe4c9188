"""The texts that fit_tokens.py fits on: odd NTREX-128 documents, and texts generated from them.

Generated texts are subtitles, JSON, tables of numbers, identifiers, addresses, markup and emoji. The
source code of Python's standard library is added. One seeded generator makes every choice.
"""

from __future__ import annotations

import json
import random
import string
import sysconfig
import tarfile
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path

from fit_colloquial import spoken

SKIPPED_LANGUAGE = "my"  # NTREX Burmese has twice the usual tokens: not representative
_DECOMPOSED = frozenset(("vi", "ko", "fr", "de", "es", "pt", "cs", "pl"))
ARCHIVE = "ntrex-61-languages.tar.xz"

LONG = " long"  # suffix of the group of a language's joined sentences
LONG_SENTENCES = 45

Text = tuple[str, str]  # (group, text)


def read_ntrex(corpora: Path, parity: int) -> dict[str, list[str]]:
    """Return the sentences of every language from documents number parity, parity + 2, ..."""
    files: dict[str, list[str]] = {}
    with tarfile.open(corpora / ARCHIVE) as archive:
        for member in archive.getmembers():
            stream = archive.extractfile(member) if member.isfile() else None
            if stream is not None:
                files[Path(member.name).name] = stream.read().decode("utf-8").split("\n")
    ids = [line.split("\t")[0].strip() for line in files.pop("DOCUMENT_IDS.tsv") if line.strip()]
    number = {name: index for index, name in enumerate(dict.fromkeys(ids))}
    return {
        name.removesuffix(".txt"): [
            line
            for line, document in zip(lines, ids, strict=False)
            if number[document] % 2 == parity and line.strip()
        ]
        for name, lines in sorted(files.items())
        if name.endswith(".txt")
    }


def _part(draw: random.Random, sentences: list[str]) -> str:
    sentence = draw.choice(sentences)
    words = sentence.split(" ")
    if len(words) > 3:
        size = draw.randrange(1, 12)
        start = draw.randrange(max(1, len(words) - size))
        return " ".join(words[start : start + size])
    size = draw.randrange(3, 25)
    start = draw.randrange(max(1, len(sentence) - size))
    return sentence[start : start + size]


def _clock(milliseconds: int, mark: str) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    clock = f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    return f"{clock}{mark}{rest:03d}"


def _subtitles(draw: random.Random, sentences: list[str]) -> str:
    cues = []
    at = draw.randrange(4_000_000)
    mark = draw.choice(",,.")
    for _ in range(draw.randrange(2, 9)):
        at += draw.randrange(100, 9000)
        end = at + draw.randrange(500, 7000)
        lines = "\n".join(_part(draw, sentences) for _ in range(draw.choice((1, 1, 2))))
        cues.append(
            f"{draw.randrange(1, 2000)}\n{_clock(at, mark)} --> {_clock(end, mark)}\n{lines}\n"
        )
        at = end
    return "\n".join(cues)


def _json(draw: random.Random, sentences: list[str]) -> str:
    rows = [
        {
            draw.choice(("start", "begin", "id", "offset")): round(draw.random() * 1000, 3),
            draw.choice(("end", "stop", "duration")): round(draw.random() * 1000, 2),
            draw.choice(("text", "speech", "content")): _part(draw, sentences),
            draw.choice(("speaker", "lang", "name")): draw.choice(("A", None, True, "spk_01")),
            draw.choice(("words", "items", "tags")): _part(draw, sentences).split(" ")[:4],
        }
        for _ in range(draw.randrange(1, 5))
    ]
    return json.dumps(rows, indent=draw.choice((None, 1, 2, 4)), ensure_ascii=draw.random() < 0.1)


def _markup(draw: random.Random, sentences: list[str]) -> str:
    one, two, three = (_part(draw, sentences) for _ in range(3))
    shapes = (
        f'<p class="{draw.choice(string.ascii_lowercase)}-note">{one}</p>\n<ul>\n'
        f'  <li>{two}</li>\n  <li><a href="/a/{draw.randrange(99)}">{three}</a></li>\n</ul>',
        f"# {one}\n\n- {two}\n- **{three}**\n\n```\n$ run --all\n```\n",
        f"## {one}\n\n| {two} | {three} |\n|---|---|\n| `x` | {draw.randrange(999)} |\n",
        f'<div id="main">\n    <h2>{one}</h2>\n    <span>{two}</span> {three}\n</div>',
        f'<tr>\n  <td>{one}</td>\n  <td><img src="/s/{draw.randrange(99)}.png" alt="{two}"></td>\n</tr>',
        f"> {one}\n\n1. {two}\n2. `{draw.choice(string.ascii_lowercase)}_id`: {three}\n\n---\n",
        f"[{one}](https://example.org/{draw.randrange(999)}) \u2014 {two}: \u201c{three}\u201d\u2026",
        f"{one}\u2026 \u2014 {two}! \u00ab{three}\u00bb\n\n\u201c{one}?\u201d \u2013 {two}.",
    )
    return draw.choice(shapes)


def _escaped(draw: random.Random, sentences: list[str]) -> str:
    """JSON with characters beyond ASCII written as \\uXXXX, as many programs write it."""
    parts = [_part(draw, sentences) for _ in range(draw.randrange(1, 5))]
    shapes = (
        {"text": parts[0]},
        parts,
        [{"id": i, "content": part} for i, part in enumerate(parts)],
    )
    return json.dumps(draw.choice(shapes), indent=draw.choice((None, None, 2)))


def _decomposed(draw: random.Random, sentences: list[str]) -> str:
    """Text with diacritics as separate characters, as some keyboards and file systems write it."""
    return unicodedata.normalize("NFD", draw.choice(sentences))


def _stylesheet(draw: random.Random, sentences: list[str]) -> str:
    del sentences
    names = ("color", "margin", "padding-left", "font-size", "display", "border", "width")
    rules = "\n".join(
        f"  {draw.choice(names)}: {draw.choice(('auto', 'none', '1.5rem', '#fff', '12px'))};"
        for _ in range(draw.randrange(1, 6))
    )
    return f".{draw.choice(names)}-box > a:hover,\n#main {{\n{rules}\n}}\n"


def _numbers(draw: random.Random) -> str:
    kind = draw.randrange(3)
    if kind == 0:
        mark = draw.choice(",;\t|")
        return "\n".join(
            mark.join(
                str(round(draw.random() * 10 ** draw.randrange(9), draw.randrange(5)))
                for _ in range(5)
            )
            for _ in range(6)
        )
    if kind == 1:
        return " ".join(str(draw.randrange(10 ** draw.randrange(1, 12))) for _ in range(30))
    return "\n".join(
        f"{draw.randrange(1990, 2030)}-{draw.randrange(1, 13):02d}-{draw.randrange(1, 29):02d} "
        f"{_clock(draw.randrange(86_400_000), '.')} {draw.random():.3f}%"
        for _ in range(5)
    )


def _identifiers(draw: random.Random) -> str:
    kind = draw.randrange(4)
    if kind == 0:
        return " ".join(f"{draw.getrandbits(128):032x}" for _ in range(4))
    if kind == 1:
        alphabet = string.ascii_letters + string.digits + "+/"
        return " ".join("".join(draw.choices(alphabet, k=40)) for _ in range(3))
    if kind == 2:
        digits = [f"{draw.getrandbits(128):032x}" for _ in range(4)]
        return "\n".join("-".join((d[:8], d[8:12], d[12:16], d[16:20], d[20:])) for d in digits)
    letters = string.ascii_lowercase + "-_"
    parts = ("".join(draw.choices(letters, k=draw.randrange(3, 12))) for _ in range(5))
    return "https://" + "/".join(parts)


def _emoji(draw: random.Random) -> str:
    ranges = (range(0x1F300, 0x1F650), range(0x1F680, 0x1F6FC), range(0x2600, 0x27BF))
    signs = [chr(code) for codes in ranges for code in codes]
    return " ".join("".join(draw.choices(signs, k=draw.randrange(1, 4))) for _ in range(8))


def standard_library(draw: random.Random) -> Iterator[Text]:
    folders = (sysconfig.get_path("stdlib"), sysconfig.get_path("include"))
    for folder, suffix in zip(folders, ("*.py", "*.h"), strict=True):
        files = sorted(Path(folder).glob(suffix)) + sorted(Path(folder).glob("*/" + suffix))
        files = [file for file in files if not {"site-packages", "test"} & set(file.parts)]
        for file in draw.sample(files, min(150, len(files))):
            lines = file.read_text("utf-8", "replace").split("\n")
            for start in range(0, min(len(lines), 135), 9):
                yield "code" + suffix, "\n".join(lines[start : start + 9])


def training_texts(corpora: Path, seed: int) -> list[Text]:
    """Return (group, text) for every text to fit on. The same seed gives the same list."""
    draw = random.Random(seed)
    texts: list[Text] = []
    made: tuple[tuple[str, Callable[[random.Random, list[str]], str], int], ...] = (
        ("subtitles", _subtitles, 12),
        ("json", _json, 6),
        ("markup", _markup, 16),
        ("stylesheet", _stylesheet, 2),
        ("escaped", _escaped, 4),
    )
    for language, sentences in read_ntrex(corpora, 0).items():
        if language == SKIPPED_LANGUAGE:
            continue
        texts += [(language, sentence) for sentence in sentences]
        texts += [
            (language + LONG, "\n".join(sentences[start : start + LONG_SENTENCES]))
            for start in range(0, len(sentences), LONG_SENTENCES)
        ]
        for group, make, times in made:
            texts += [(group, make(draw, sentences)) for _ in range(times)]
        if language == "vi":
            texts += [("escaped vi", _escaped(draw, sentences)) for _ in range(200)]
        if language in _DECOMPOSED:
            texts += [("decomposed", _decomposed(draw, sentences)) for _ in range(150)]
    texts += [("spoken", spoken(draw)) for _ in range(400)]
    texts += list(standard_library(draw))
    for group, plain in (("numbers", _numbers), ("identifiers", _identifiers), ("emoji", _emoji)):
        texts += [(group, plain(draw)) for _ in range(300)]
    return [(group, text) for group, text in texts if text.strip()]
