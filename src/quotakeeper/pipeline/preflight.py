"""Checks before a step is paid: disk space for the outputs, ffmpeg, the network, and both API keys.

The output folder is checked before each paid step, so that every paid reply can be saved. The other
checks run once per run, and their requests are free.
"""

from __future__ import annotations

import errno
import hashlib
import os
import subprocess
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from urllib.parse import quote, urlsplit

from quotakeeper.pipeline.atomic_files import scratch_beside
from quotakeeper.pipeline.errors import MediaFileError, PipelineError, SetupError
from quotakeeper.pipeline.file_job import JobSettings
from quotakeeper.pipeline.http_transport import (
    HttpReply,
    HttpRequest,
    HttpTransport,
    ReplyLostError,
    RequestNotSentError,
)
from quotakeeper.pipeline.retry_policy import is_refused_key, said_by
from quotakeeper.pipeline.wording import message

# Larger than the outputs of several hours of speech. The check writes a file of this size,
# because only a write shows a disk quota or a full disk.
ROOM_BYTES = 4 * 1024 * 1024
_KEY_SECONDS = 30.0
_FFMPEG_SECONDS = 30
_NO_SPACE = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))


class Preflight:
    """Runs the checks. Call it with the output folder before each paid step.

    Raises MediaFileError if only this output folder cannot be written to. Raises SetupError if the
    run must stop: no disk space, no ffmpeg, no network, or a refused key.
    """

    def __init__(
        self, settings: JobSettings, transport: HttpTransport, redact: Callable[[str], str]
    ) -> None:
        self._settings = settings
        self._transport = transport
        self._redact = redact
        self._passed = False

    def __call__(self, folder: Path) -> None:
        """Check the output folder. The first call also checks ffmpeg, the network and both keys."""
        check_room(folder, is_shared=self._settings.out is not None)
        if self._passed:
            return
        check_ffmpeg(self._settings.ffmpeg)
        self._check_deepgram()
        self._check_gemini()
        self._passed = True

    def _check_deepgram(self) -> None:
        deepgram = self._settings.deepgram
        headers = {"Authorization": f"Token {deepgram.key.reveal()}"}
        reply = self._asked("deepgram", f"{deepgram.base_url}/v1/auth/token", headers)
        if reply.status == 401:  # a 403 only says that this key may not use this address
            raise self._refused("deepgram", "DEEPGRAM_API_KEY", reply)

    def _check_gemini(self) -> None:
        gemini = self._settings.gemini
        model = quote(gemini.model.removeprefix("models/"), safe="-._")
        headers = {"x-goog-api-key": gemini.key.reveal()}
        reply = self._asked("gemini", f"{gemini.base_url}/v1beta/models/{model}", headers)
        if is_refused_key(reply):
            raise self._refused("gemini", "GEMINI_API_KEY", reply)

    def _asked(self, provider: str, url: str, headers: dict[str, str]) -> HttpReply:
        request = HttpRequest(url, headers, b"", _KEY_SECONDS, method="GET")
        try:
            return self._transport(request)
        except (RequestNotSentError, ReplyLostError) as error:
            raise SetupError(
                "{provider}: {host} cannot be reached: {why}; nothing was sent or paid; check the "
                "network, then run the same command again",
                provider=provider, host=urlsplit(url).netloc, why=self._redact(str(error)),
            ) from None  # fmt: skip

    def _refused(self, provider: str, variable: str, reply: HttpReply) -> SetupError:
        return SetupError(
            "{provider} refuses the key in {variable}: it answered {status}: {said}; nothing was "
            "paid; check the key",
            provider=provider, variable=variable, status=reply.status,
            said=self._redact(said_by(reply)),
        )  # fmt: skip


def check_room(folder: Path, *, is_shared: bool) -> None:
    """Check that the outputs can be written: write a file of ROOM_BYTES to the folder and delete it.

    Raises SetupError if the disk is full or `is_shared`, else MediaFileError. `is_shared` means
    that all files of the run have this output folder.
    """
    scratch = scratch_beside(folder / "room")
    try:
        with scratch.open("xb") as file:
            file.write(hashlib.shake_256(b"quotakeeper").digest(ROOM_BYTES))
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise _no_room(folder, error, stops=is_shared) from None
    finally:
        with suppress(OSError):
            scratch.unlink()


def _no_room(folder: Path, error: OSError, *, stops: bool) -> PipelineError:
    told = message(
        "the outputs cannot be written to {folder}: {why}; nothing more was paid; free some "
        "space there, or choose another folder with --out",
        folder=folder, why=error.strerror or error,
    )  # fmt: skip
    return SetupError(told) if stops or error.errno in _NO_SPACE else MediaFileError(told)


def check_ffmpeg(program: str) -> None:
    """Run `program -version`. Raises SetupError if ffmpeg does not run. Does nothing if `program`
    is ""."""
    if not program:
        return
    try:
        done = subprocess.run(
            [program, "-version"],
            stdin=subprocess.DEVNULL, capture_output=True, timeout=_FFMPEG_SECONDS, check=False,
        )  # fmt: skip
    except OSError as error:
        why: object = error.strerror or error
    except subprocess.TimeoutExpired:
        why = message("it did not answer in {seconds} s", seconds=_FFMPEG_SECONDS)
    else:
        if done.returncode == 0:
            return
        why = message("it ended with code {code}", code=done.returncode)
    raise SetupError(
        "{program} does not run: {why}; nothing was paid; repair ffmpeg, or work without it: "
        "--ffmpeg off",
        program=program, why=why,
    )  # fmt: skip
