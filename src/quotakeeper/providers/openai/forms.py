"""Reads forms with an audio file, and bounds the transcription of the file."""

from __future__ import annotations

from quotakeeper.providers.audio import longest_milliseconds, read_sound
from quotakeeper.providers.chat_completions.media import AUDIO_TOKENS_PER_SECOND, Both
from quotakeeper.providers.formats.multipart import form_parts
from quotakeeper.providers.reading.token_split import added


def form_fields(content_type: str, body: bytes) -> tuple[dict[str, str], bytes | None]:
    """Return (name -> text of the form's small fields, the file's bytes or None)."""
    fields: dict[str, str] = {}
    file: bytes | None = None
    for part in form_parts(content_type, body):
        if part.filename or part.name == "file":
            file = part.data
        elif len(part.data) <= 1_000_000:
            fields[part.name] = part.data.decode("utf-8", "replace")
    return fields, file


def audio_bound(model: str, file: bytes | None, size: int | None) -> Both:
    """Return (upper bound, typical) use of a transcription.

    Whisper is billed by the length of the audio, other models by tokens of audio and text.
    """
    sound = read_sound(file) if file else None
    most = longest_milliseconds(len(file) if file is not None else size or 25 * 1024 * 1024)
    length = sound.billed_milliseconds if sound else most
    upper = sound.milliseconds if sound else most
    if not model.startswith("gpt"):
        return {"audio_milliseconds": upper}, {"audio_milliseconds": length}
    seconds = -(-upper // 1000)
    spoken = {"input_tokens@audio": seconds * AUDIO_TOKENS_PER_SECOND}
    return (
        added(spoken, {"output_tokens": max(200, 12 * seconds)}),
        added(spoken, {"output_tokens": max(10, 4 * seconds)}),
    )
