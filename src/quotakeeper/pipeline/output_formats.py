"""Formats the subtitles and the text file. Does no I/O."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from quotakeeper.pipeline.rewriting import Rewriting
from quotakeeper.pipeline.speech_to_text import SpeechSegment


def srt_text(segments: Sequence[SpeechSegment], lines: Mapping[int, str]) -> str:
    """Return SubRip subtitles, which show the translated lines at the times of the speech."""
    blocks = [
        f"{number}\n{_stamp(segment.start_ms)} --> {_stamp(segment.end_ms)}\n"
        f"{lines.get(number, segment.text)}\n"
        for number, segment in enumerate(segments, 1)
    ]
    return "\n".join(blocks)


def plain_text(
    segments: Sequence[SpeechSegment], lines: Mapping[int, str], rewriting: Rewriting | None
) -> str:
    """Return the text file: titles, body, captions, call to action, translation, and original text.

    If `rewriting` is None, only the translation and the original are included.
    """
    parts: list[str] = []
    if rewriting is not None:
        titles = (f"{number}. {title}" for number, title in enumerate(rewriting.titles, 1))
        captions = (f"- {caption}" for caption in rewriting.captions)
        parts += _section("TIÊU ĐỀ", titles) + _section("BÀI VIẾT", [rewriting.body])
        parts += _section("CHÚ THÍCH", captions)
        parts += _section("KÊU GỌI HÀNH ĐỘNG", [rewriting.call_to_action])
    translated = [lines.get(number, each.text) for number, each in enumerate(segments, 1)]
    parts += _section("LỜI THOẠI", translated)
    original = [each.text for each in segments]
    if original != translated:
        parts += _section("NGUYÊN VĂN", original)
    return "\n".join(parts)


def _section(title: str, lines: Iterable[str]) -> list[str]:
    return [title, *lines, ""]


def _stamp(milliseconds: int) -> str:
    seconds, rest = divmod(milliseconds, 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02},{rest:03}"
