"""Where a gateway keeps its open uploads: in its memory, or in a folder that its workers share."""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections import OrderedDict
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from quotakeeper.app.virtual_keys.presenting import PresentedKey
from quotakeeper.domain.keys.virtual_key import VirtualKey
from quotakeeper.gateway.routes import Routed
from quotakeeper.gateway.upstreams import Upstream
from quotakeeper.value_classes import dataclass

MOST_OF_A_KEY = 100  # open uploads
_MOST_OPEN = 10_000  # the oldest upload is forgotten first
_TAG_BYTES = 5
_UPLOAD, _FILE = "upload-", "file-"


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload that was started: its key, its address at the provider, and when it ends.

    Of the key, only its id and the SHA-256 of its secret count: it is looked up again.
    """

    presented: PresentedKey
    routed: Routed
    until: float


class UploadShelf(Protocol):
    """Keeps open uploads under their names, and the files that each key has uploaded."""

    def put(self, name: str, upload: OpenUpload) -> None:
        """Keep an upload. If its key has too many, the oldest one is forgotten."""

    def get(self, name: str, now: float) -> OpenUpload | None:
        """Return an upload; None if there is none, or if it has ended."""

    def drop(self, name: str) -> None:
        """Forget an upload."""

    def note_file(self, key_id: str, name: str) -> None:
        """Note that a key has uploaded a file."""

    def has_file(self, key_id: str, name: str) -> bool:
        """Whether a key has uploaded a file."""


def tag_of(key_id: str) -> str:
    """Return the beginning of the names of a key's uploads. It tells nothing about the key."""
    digest = hashlib.sha256(key_id.encode()).digest()[:_TAG_BYTES]
    return base64.b32encode(digest).decode("ascii").lower()


class MemoryShelf:
    """The uploads of one process."""

    def __init__(self) -> None:
        self._open: OrderedDict[str, OpenUpload] = OrderedDict()
        self._files: OrderedDict[tuple[str, str], None] = OrderedDict()  # key's id, file's name

    def put(self, name: str, upload: OpenUpload) -> None:
        """See UploadShelf."""
        self._open[name] = upload
        mine = [each for each in self._open if each.startswith(tag_of(upload.presented.key.id))]
        if len(mine) > MOST_OF_A_KEY:
            del self._open[mine[0]]
        if len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)

    def get(self, name: str, now: float) -> OpenUpload | None:
        """See UploadShelf."""
        while self._open and next(iter(self._open.values())).until <= now:
            self._open.popitem(last=False)
        return self._open.get(name)

    def drop(self, name: str) -> None:
        """See UploadShelf."""
        self._open.pop(name, None)

    def note_file(self, key_id: str, name: str) -> None:
        """See UploadShelf."""
        self._files[key_id, name] = None
        if len(self._files) > _MOST_OPEN:
            self._files.popitem(last=False)

    def has_file(self, key_id: str, name: str) -> bool:
        """See UploadShelf."""
        return (key_id, name) in self._files


class FolderShelf:
    """The uploads of all workers of one gateway, as files in a folder that only its user can read.

    A file has the upload's address at the provider, the id of the key, and the SHA-256 of its secret.
    `monotonic` seconds are the same in all processes of a machine.
    """

    def __init__(self, folder: Path, upstreams: Sequence[Upstream]) -> None:
        self._folder = folder
        self._upstreams = {each.name: each for each in upstreams}

    def put(self, name: str, upload: OpenUpload) -> None:
        """See UploadShelf."""
        record = {
            "key": upload.presented.key.id, "digest": upload.presented.digest.hex(),
            "provider": upload.routed.upstream.name, "target": upload.routed.target,
            "until": upload.until,
        }  # fmt: skip
        new = self._folder / f"new-{name}"
        new.write_text(json.dumps(record), encoding="utf-8")
        os.replace(new, self._upload(name))  # no worker reads half a file
        self._forget_oldest(f"{_UPLOAD}{tag_of(upload.presented.key.id)}", MOST_OF_A_KEY)
        self._forget_oldest(_UPLOAD, _MOST_OPEN)

    def get(self, name: str, now: float) -> OpenUpload | None:
        """See UploadShelf."""
        if not (name.isascii() and name.isalnum()):
            return None
        try:
            record = json.loads(self._upload(name).read_text(encoding="utf-8"))
        except OSError:
            return None
        if record["until"] <= now:
            self.drop(name)
            return None
        key = VirtualKey(id=record["key"], name="")
        routed = Routed(self._upstreams[record["provider"]], record["target"])
        return OpenUpload(
            PresentedKey(key, bytes.fromhex(record["digest"])), routed, record["until"]
        )

    def drop(self, name: str) -> None:
        """See UploadShelf."""
        if name.isascii() and name.isalnum():
            self._upload(name).unlink(missing_ok=True)

    def note_file(self, key_id: str, name: str) -> None:
        """See UploadShelf."""
        self._file(key_id, name).touch()
        self._forget_oldest(_FILE, _MOST_OPEN)

    def has_file(self, key_id: str, name: str) -> bool:
        """See UploadShelf."""
        return self._file(key_id, name).exists()

    # -- inside

    def _upload(self, name: str) -> Path:
        return self._folder / f"{_UPLOAD}{name}"

    def _file(self, key_id: str, name: str) -> Path:
        digest = hashlib.sha256(f"{key_id}\n{name}".encode()).hexdigest()
        return self._folder / f"{_FILE}{digest}"

    def _forget_oldest(self, beginning: str, most: int) -> None:
        names = [each for each in os.listdir(self._folder) if each.startswith(beginning)]
        if len(names) <= most:
            return
        with suppress(FileNotFoundError):  # another worker has forgotten one
            oldest = min(names, key=lambda each: (self._folder / each).stat().st_mtime_ns)
            (self._folder / oldest).unlink(missing_ok=True)
