"""Addresses of resumable uploads: those of the gateway in place of the provider's.

Gemini answers the start of an upload with an address for the file's bytes. SDKs send no key there.
So the gateway answers with an address of its own: a random name that stands for one upload of one
key. It is valid until the upload is finished, and only while the key is.
"""

from __future__ import annotations

import base64
from collections.abc import Callable

from quotakeeper.app.virtual_keys.presenting import PresentedKey
from quotakeeper.gateway.routes import Routed
from quotakeeper.gateway.upload_shelves import MemoryShelf, OpenUpload, UploadShelf, tag_of
from quotakeeper.http_server.heads import Headers, RequestHead
from quotakeeper.identifiers import random_bytes
from quotakeeper.providers.formats.json_values import child, parse_object, text_of

PREFIX = "/__upload__/"
UPLOAD = "upload"  # the operation that starts or continues an upload
_URL, _COMMAND = "x-goog-upload-url", "x-goog-upload-command"
_RANDOM_BYTES = 20


class Uploads:
    """The uploads that were started at this gateway and are not finished.

    The address of an upload is valid for `seconds`. `monotonic` returns seconds that never decrease.
    `base_url` is the gateway's address for its clients, without a slash at the end. "": what each client
    calls it, with `scheme`.
    """

    def __init__(
        self, seconds: float, monotonic: Callable[[], float], shelf: UploadShelf | None = None,
        scheme: str = "http", base_url: str = "",
    ) -> None:  # fmt: skip
        self._seconds = seconds
        self._monotonic = monotonic
        self._shelf = shelf or MemoryShelf()
        self._scheme = scheme
        self._base_url = base_url

    def find(self, path: str) -> OpenUpload | None:
        """Return the upload at a path; None if there is none."""
        if not path.startswith(PREFIX):
            return None
        return self._shelf.get(path.removeprefix(PREFIX), self._monotonic())

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
        random = base64.b32encode(random_bytes(_RANDOM_BYTES)).decode("ascii").lower()
        name = tag_of(presented.key.id) + random
        target, until = urls[0][len(base) :], self._monotonic() + self._seconds
        self._shelf.put(name, OpenUpload(presented, Routed(routed.upstream, target), until))
        own = self._base_url or f"{self._scheme}://{head.value('host')}"
        return (("X-Goog-Upload-URL", f"{own}{PREFIX}{name}"),)

    def sent(self, head: RequestHead, status: int) -> None:
        """Forget an upload that its last part has finished."""
        command = head.value(_COMMAND).lower()
        if 200 <= status < 300 and ("finalize" in command or "cancel" in command):
            self._shelf.drop(head.path.removeprefix(PREFIX))

    def note_file(self, presented: PresentedKey, answer: bytes) -> None:
        """Note the file that an answer names, so that the key may read its state."""
        name = text_of(child(parse_object(answer), "file").get("name"))
        if name:
            self._shelf.note_file(presented.key.id, name)

    def has_uploaded(self, presented: PresentedKey, name: str) -> bool:
        """Whether a key has uploaded a file, such as "files/abc", while this gateway has run."""
        return self._shelf.has_file(presented.key.id, name)
