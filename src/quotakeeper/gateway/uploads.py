"""Addresses of resumable uploads: those of the gateway in place of the provider's.

Gemini answers the start of an upload with an address for the file's bytes. SDKs send no key there.
So the gateway answers with an address of its own: a random name that stands for one upload of one
key. It is valid until the upload is finished, and only while the key is.
"""

from __future__ import annotations

import base64
from collections import OrderedDict
from collections.abc import Callable

from quotakeeper.app.virtual_keys.presenting import PresentedKey
from quotakeeper.gateway.routes import Routed
from quotakeeper.http_server.heads import Headers, RequestHead
from quotakeeper.identifiers import random_bytes
from quotakeeper.providers.formats.json_values import child, parse_object, text_of
from quotakeeper.value_classes import dataclass

PREFIX = "/__upload__/"
UPLOAD = "upload"  # the operation that starts or continues an upload
_URL, _COMMAND = "x-goog-upload-url", "x-goog-upload-command"
_RANDOM_BYTES = 20
MOST_OF_A_KEY = 100  # open uploads
_MOST_OPEN = 10_000  # the oldest upload is forgotten first


@dataclass(frozen=True, slots=True)
class OpenUpload:
    """An upload that was started: its key, its address at the provider, and when it ends."""

    presented: PresentedKey
    routed: Routed
    until: float


class Uploads:
    """The uploads that were started at this gateway and are not finished.

    The address of an upload is valid for `seconds`. `monotonic` returns seconds that never decrease.
    If a key has too many, its oldest one is forgotten.
    """

    def __init__(self, seconds: float, monotonic: Callable[[], float]) -> None:
        self._seconds = seconds
        self._monotonic = monotonic
        self._open: OrderedDict[str, OpenUpload] = OrderedDict()
        self._files: OrderedDict[tuple[str, str], None] = OrderedDict()  # key's id, file's name

    def find(self, path: str) -> OpenUpload | None:
        """Return the upload at a path; None if there is none."""
        self._forget_old()
        return self._open.get(path.removeprefix(PREFIX)) if path.startswith(PREFIX) else None

    def rewritten(
        self, head: RequestHead, routed: Routed, presented: PresentedKey, received: Headers
    ) -> Headers:
        """Return the header with the gateway's address of an upload; () if the answer has none.

        An address at another host than the provider's is left out: nothing is ever sent there.
        """
        base = routed.upstream.base_url
        urls = [value for name, value in received if name.lower() == _URL]
        if len(urls) != 1 or not urls[0].startswith(f"{base}/"):
            return ()
        name = base64.b32encode(random_bytes(_RANDOM_BYTES)).decode("ascii").lower()
        self._forget_old()
        target, until = urls[0][len(base) :], self._monotonic() + self._seconds
        self._open[name] = OpenUpload(presented, Routed(routed.upstream, target), until)
        mine = [
            each for each, one in self._open.items() if one.presented.key.id == presented.key.id
        ]
        if len(mine) > MOST_OF_A_KEY:
            del self._open[mine[0]]
        if len(self._open) > _MOST_OPEN:
            self._open.popitem(last=False)
        return (("X-Goog-Upload-URL", f"http://{head.value('host')}{PREFIX}{name}"),)

    def _forget_old(self) -> None:
        now = self._monotonic()
        while self._open and next(iter(self._open.values())).until <= now:
            self._open.popitem(last=False)

    def sent(self, head: RequestHead, status: int) -> None:
        """Forget an upload that its last part has finished."""
        command = head.value(_COMMAND).lower()
        if 200 <= status < 300 and ("finalize" in command or "cancel" in command):
            self._open.pop(head.path.removeprefix(PREFIX), None)

    def note_file(self, presented: PresentedKey, answer: bytes) -> None:
        """Note the file that an answer names, so that the key may read its state."""
        name = text_of(child(parse_object(answer), "file").get("name"))
        if name:
            self._files[presented.key.id, name] = None
            if len(self._files) > _MOST_OPEN:
                self._files.popitem(last=False)

    def has_uploaded(self, presented: PresentedKey, name: str) -> bool:
        """Whether a key has uploaded a file, such as "files/abc", while this gateway has run."""
        return (presented.key.id, name) in self._files
