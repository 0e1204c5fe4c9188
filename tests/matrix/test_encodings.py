"""Compression with br and zstd, unpacked by the program's libraries: whole, in pieces, and bombs."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.matrix.environments import ROOT, UnavailableError, prepare

PROGRAM = """
import json
import brotli, zstandard
from quotakeeper.providers.formats.encodings import Decoder, decode_all

def in_pieces(packed, encoding, step):
    decoder = Decoder(encoding)
    data = b"".join(decoder.feed(packed[at : at + step]) for at in range(0, len(packed), step))
    data += b"".join(decoder.close())
    return None if decoder.opaque else data

for size in (0, 1, 50, 20_000):
    data = json.dumps({"usageMetadata": {"n": 1}, "text": [n * 0.7 for n in range(size)]}).encode()
    packed = [("br", brotli.compress(data, quality=quality)) for quality in (1, 5, 11)]
    packed += [("zstd", zstandard.compress(data))]
    for encoding, body in packed:
        for step in (1, 2, 7, 1_000, len(body)):
            assert in_pieces(body, encoding, step) == data, (encoding, size, step)
        for step in (1, 2, 7, 1_000, len(data)):  # it says so, and was decoded before us
            assert in_pieces(data, encoding, step) == data, (encoding, size, step)
assert decode_all(zstandard.compress(b"\\0one") + zstandard.compress(b"two"), "zstd") == b"\\0onetwo"
for encoding in ("br", "zstd"):
    assert decode_all(b"\\xff\\xfe" * 500, encoding) is None
blanks = bytes(200_000_000)
for encoding, bomb in (("br", brotli.compress(blanks, quality=5)), ("zstd", zstandard.compress(blanks))):
    decoder = Decoder(encoding)
    seen = sum(map(len, decoder.pieces(bomb)))
    assert decoder.opaque and seen < 17_000_000, (encoding, seen)
print("fine")
"""
WITHOUT = """
import sys
sys.modules["brotli"] = sys.modules["zstandard"] = None
from quotakeeper.providers.formats.encodings import decode_all
assert decode_all(b"\\x8b\\x02abc", "br") is None
assert decode_all(b"\\x28\\xb5\\x2f\\xfdabc", "zstd") is None
assert decode_all(b'{"a": 1}' * 20, "br") == b'{"a": 1}' * 20
print("fine")
"""


@pytest.mark.slow
@pytest.mark.parametrize("program", [PROGRAM, WITHOUT], ids=["installed", "missing"])
def test_an_encoding_that_the_program_can_unpack_is_read(program: str, tmp_path: Path) -> None:
    try:
        python = prepare("encodings")
    except UnavailableError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"encodings: {error}")
    (tmp_path / "program.py").write_text(program)
    ran = subprocess.run(
        [str(python), "program.py"], env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
        cwd=tmp_path, capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert (ran.returncode, ran.stdout) == (0, "fine\n"), ran.stderr
