"""Builds the wheel and the source archive twice, compares the builds, and writes the files to publish.

`python tools/release.py [--out DIST] [--tag vX.Y.Z]`, with the Python of .venv. The two builds differ
in folder, file times, time zone and hash seed; every byte must be the same. Beside the archives it
writes an SBOM (CycloneDX 1.6, from the metadata and requirements/extras.lock) and SHA256SUMS. The file
times in the archives are SOURCE_DATE_EPOCH if it is set, else the time of the commit.
"""

from __future__ import annotations

import argparse
import email.parser
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import uuid
import zipfile
from collections.abc import Mapping
from datetime import UTC, datetime
from email.message import Message
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
LOCK = Path("requirements") / "extras.lock"
NO_COMMIT = 1_580_601_600  # 2020-02-02, hatchling's default, for a source tree without git
NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".venv.lock", ".cache", "build", "dist", "out", "__pycache__", ".hypothesis",
    "*_cache", "*.egg-info", "*.db*", ".coverage*",
)  # fmt: skip
SEEDS = ({"PYTHONHASHSEED": "0", "TZ": "UTC"}, {"PYTHONHASHSEED": "1", "TZ": "Asia/Ho_Chi_Minh"})
# The type of a Python package in the package URL specification (purl).
PURL = "pkg:py" + "pi"
_PIN = re.compile(r"^([a-z0-9][\w.-]*)==([^\s;\\]+)(?:\s*;\s*([^\\\n]+?))?\s*\\?$", re.MULTILINE)
_NAME = re.compile(r"[\w.-]+")


class ReleaseError(Exception):
    """The release cannot be made. The message is one line for the screen."""


class Pin(NamedTuple):
    """A library that an extra may install. `marker` says on which systems; "" means on all."""

    name: str
    version: str
    marker: str


def source_date(root: Path, environment: Mapping[str, str]) -> int:
    """The file time in the archives, in seconds since 1970 UTC."""
    given = environment.get("SOURCE_DATE_EPOCH")
    if given is not None:
        return int(given)
    asked = ["git", "-C", str(root), "log", "-1", "--format=%ct"]
    try:
        ran = subprocess.run(asked, capture_output=True, encoding="utf-8", check=False)
    except OSError:
        return NO_COMMIT
    return int(ran.stdout) if ran.returncode == 0 and ran.stdout.strip() else NO_COMMIT


def build(root: Path, out: Path, epoch: int, seeds: Mapping[str, str]) -> dict[str, str]:
    """Build both archives. Returns the sha256 of each by its file name."""
    ran = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", str(out)],
        cwd=root, env={**os.environ, **seeds, "SOURCE_DATE_EPOCH": str(epoch)},
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False,
    )  # fmt: skip
    if ran.returncode:
        raise ReleaseError(f"the build failed:\n{ran.stdout}")
    return {path.name: sha256(path) for path in sorted(out.iterdir())}


def build_twice(root: Path, out: Path, epoch: int) -> dict[str, str]:
    """Build here and in a copy of the checkout. Raises ReleaseError unless every byte is the same."""
    out.mkdir(parents=True, exist_ok=True)
    if any(out.iterdir()):
        raise ReleaseError(f"the folder {out} is not empty; give an empty or new one with --out")
    with tempfile.TemporaryDirectory() as folder:
        copy, here, there = Path(folder, "copy"), Path(folder, "here"), Path(folder, "there")
        shutil.copytree(root, copy, ignore=NOT_COPIED, copy_function=shutil.copy)
        first = build(root, here, epoch, SEEDS[0])
        second = build(copy, there, epoch, SEEDS[1])
        if first != second:
            names = sorted({name for name, _ in first.items() ^ second.items()})
            raise ReleaseError(f"two builds differ: {', '.join(names)}")
        for name in first:
            shutil.copyfile(here / name, out / name)
    return first


def bill_of_materials(
    root: Path, out: Path, sums: Mapping[str, str], epoch: int
) -> dict[str, object]:
    """The SBOM: what the release contains and what it may install, as a CycloneDX 1.6 document."""
    (wheel,) = (name for name in sums if name.endswith(".whl"))
    told = _metadata(out / wheel)
    name, version = str(told["Name"]), str(told["Version"])
    reference = f"{PURL}/{name}@{version}"
    lock = (root / LOCK).read_bytes()
    found = pins(lock.decode("utf-8"))
    direct = {_normal(str(each)) for each in told.get_all("Requires-Dist", [])}
    files = [
        {"type": "file", "name": file, "hashes": [{"alg": "SHA-256", "content": content}]}
        for file, content in sums.items()
    ]
    return {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": uuid.uuid5(uuid.NAMESPACE_URL, sums[wheel]).urn,
        "version": 1,
        "metadata": {
            "timestamp": datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "library", "bom-ref": reference, "name": name, "version": version,
                "purl": reference, "licenses": [{"expression": str(told["License-Expression"])}],
                "components": files,
            },
            "properties": [
                {"name": f"{name}:{LOCK.as_posix()}:sha256", "value": hashlib.sha256(lock).hexdigest()}
            ],
        },
        "components": [_component(pin, name) for pin in found],
        "dependencies": [
            {"ref": reference, "dependsOn": sorted(_purl(each) for each in found if each.name in direct)}
        ],
        # The lock does not say which library requires which.
        "compositions": [{"aggregate": "incomplete", "dependencies": [reference]}],
    }  # fmt: skip


def pins(lock: str) -> list[Pin]:
    """Every library of a lock, in the order of the lock."""
    return [Pin(name, version, marker) for name, version, marker in _PIN.findall(lock)]


def sha256(path: Path) -> str:
    """The hash of a file, in hexadecimal."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def release(root: Path, out: Path, epoch: int, tag: str = "") -> list[str]:
    """Build, compare and write all files. Returns the lines of SHA256SUMS."""
    sums = build_twice(root, out, epoch)
    bill = bill_of_materials(root, out, sums, epoch)
    (wheel,) = (name for name in sums if name.endswith(".whl"))
    version = str(_metadata(out / wheel)["Version"])
    if tag and tag != f"v{version}":
        raise ReleaseError(f"the tag is {tag}, the version is {version}")
    name = f"quotakeeper-{version}.cdx.json"
    (out / name).write_text(json.dumps(bill, indent=2) + "\n", encoding="utf-8", newline="\n")
    lines = [f"{each}  {file}" for file, each in {**sums, name: sha256(out / name)}.items()]
    text = "".join(f"{line}\n" for line in lines)
    (out / "SHA256SUMS").write_text(text, encoding="ascii", newline="\n")
    return lines


def main(arguments: list[str]) -> int:
    """Make a release. Returns 1 if it cannot be made."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "dist", help="an empty or new folder")
    parser.add_argument("--tag", default="", help="for example v1.2.3; must match the version")
    given = parser.parse_args(arguments)
    try:
        lines = release(ROOT, given.out.resolve(), source_date(ROOT, os.environ), given.tag)
    except ReleaseError as error:
        print(f"release: {error}", file=sys.stderr)
        return 1
    print(*lines, sep="\n")
    return 0


def _metadata(wheel: Path) -> Message:
    with zipfile.ZipFile(wheel) as archive:
        (name,) = (each for each in archive.namelist() if each.endswith(".dist-info/METADATA"))
        return email.parser.Parser().parsestr(archive.read(name).decode("utf-8"))


def _component(pin: Pin, product: str) -> dict[str, object]:
    marker = [{"name": f"{product}:marker", "value": pin.marker}] if pin.marker else []
    return {
        "type": "library", "bom-ref": _purl(pin), "name": pin.name, "version": pin.version,
        "scope": "optional", "purl": _purl(pin), **({"properties": marker} if marker else {}),
    }  # fmt: skip


def _purl(pin: Pin) -> str:
    return f"{PURL}/{pin.name}@{pin.version}"


def _normal(requirement: str) -> str:
    found = _NAME.match(requirement)
    return re.sub(r"[-_.]+", "-", found[0]).lower() if found else ""


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
