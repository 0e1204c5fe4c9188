"""Reads from a media file's checkpoint which operations `translate` has finished."""

from __future__ import annotations

from pathlib import Path

from quotakeeper.pipeline import rewriting, speech_to_text, translation
from quotakeeper.pipeline.atomic_files import read_json
from quotakeeper.pipeline.checkpoint import TOOL, output_base


def finished_operations(media: Path, out: Path | None = None) -> frozenset[str]:
    """Return the operations that `translate` has finished for a media file. `out` is the output folder.

    The media file is not read: its size must match the checkpoint. With another model or other
    languages, `translate` may still repeat a step.
    """
    base = output_base(media, out)
    found = read_json(base.with_name(f"{base.name}.json")) or {}
    source, steps = found.get("source"), found.get("steps")
    if found.get("tool") != TOOL or not isinstance(source, dict) or not isinstance(steps, dict):
        return frozenset()
    try:
        if source.get("bytes") != media.stat().st_size:
            return frozenset()
    except OSError:
        return frozenset()
    segments = _part(steps, speech_to_text.OPERATION, "segments")
    if not isinstance(segments, list):
        return frozenset()
    if not segments:  # no speech was found, so there is nothing to translate
        return frozenset((speech_to_text.OPERATION, translation.OPERATION, rewriting.OPERATION))
    done = {speech_to_text.OPERATION}
    lines = _part(steps, translation.OPERATION, "lines")
    if isinstance(lines, dict) and len(lines) >= len(segments):
        done.add(translation.OPERATION)
    if isinstance(steps.get(rewriting.OPERATION), dict):
        done.add(rewriting.OPERATION)
    return frozenset(done)


def _part(steps: dict[str, object], step: str, name: str) -> object:
    found = steps.get(step)
    return found.get(name) if isinstance(found, dict) else None
