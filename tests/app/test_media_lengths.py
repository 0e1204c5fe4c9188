"""Folders are walked alike, and ffprobe is asked where a file's own bytes do not tell its length."""

from __future__ import annotations

import stat
import sys
from pathlib import Path

import pytest

from quotakeeper.app.media.folders import CONTENT_TYPES, SkipReason, files_in, find_media
from quotakeeper.app.media.lengths import MediaLength, find_ffprobe, measure
from quotakeeper.app.planning.planner import media_of
from quotakeeper.providers.audio import UnreadReason
from tests.providers import sounds

NO_SHELL = pytest.mark.skipif(sys.platform == "win32", reason="a script is no program there")


def fill(folder: Path) -> None:
    wav = sounds.wav(1)
    for name in ("b.WAV", "a.aiff", "in/c.mp2", ".h/d.wav", ".e.flac", "in/f.dat"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(wav)
    (folder / "script.ts").write_text("export const a = 1")
    (folder / "letter.txt").write_text("hello")


def test_all_commands_find_the_same_files_and_name_the_same_others(tmp_path: Path) -> None:
    fill(tmp_path)
    found = find_media([tmp_path, tmp_path / "b.WAV"], recursive=True)
    assert [path.relative_to(tmp_path).as_posix() for path in found.files] == [
        "a.aiff", "b.WAV", "in/c.mp2",
    ]  # fmt: skip
    assert {(each.path.name, each.reason) for each in found.skipped} == {
        ("d.wav", SkipReason.HIDDEN.value),
        (".e.flac", SkipReason.HIDDEN.value),
        ("f.dat", SkipReason.ENDING.value),
    }
    assert media_of([str(tmp_path)]) == found
    flat = find_media([tmp_path], recursive=False)
    assert [path.name for path in flat.files] == ["a.aiff", "b.WAV"]
    assert ("c.mp2", SkipReason.BELOW.value) in {(x.path.name, x.reason) for x in flat.skipped}
    assert [path.name for path in files_in(tmp_path)] == [
        "a.aiff", "b.WAV", "letter.txt", "script.ts", "c.mp2", "f.dat",
    ]  # fmt: skip


def test_all_endings_that_people_use_are_known() -> None:
    for ending in ("aiff", "au", "mp2", "flv", "ts", "wmv", "mpg", "m4b", "3gp", "caf", "avi"):
        assert f".{ending}" in CONTENT_TYPES


def test_a_transport_stream_is_known_by_its_packets(tmp_path: Path) -> None:
    (tmp_path / "film.ts").write_bytes((b"\x47\x1f\xff\x10" + bytes(184)) * 20)
    (tmp_path / "code.ts").write_text("export const a = 1\n" * 200)
    assert [path.name for path in find_media([tmp_path], recursive=False).files] == ["film.ts"]


def fake_ffprobe(folder: Path, answer: str) -> str:
    path = folder / "ffprobe"
    path.write_text(f"#!/bin/sh\ncat <<'END'\n{answer}\nEND\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


@NO_SHELL
def test_ffprobe_is_asked_only_where_the_bytes_do_not_tell(tmp_path: Path) -> None:
    told = '{"streams": [{"codec_type": "audio", "duration": "20.5", "channels": 2}]}'
    ffprobe = fake_ffprobe(tmp_path, told)
    known, unknown = tmp_path / "a.wav", tmp_path / "b.ra"
    known.write_bytes(sounds.wav(4))
    unknown.write_bytes(b".ra\xfd" + bytes(75_000))
    assert measure(known, ffprobe) == MediaLength(4_000, True, "wav", 1)
    # The last frame that ffprobe may leave out is added: 250 ms.
    assert measure(unknown, ffprobe) == MediaLength(20_751, True, "ffprobe", 2)
    assert measure(unknown) == MediaLength(100_006, False, reason=UnreadReason.UNSUPPORTED)


@NO_SHELL
@pytest.mark.parametrize("answer", ["", "[]", "{", '{"streams": [{"codec_type": "video"}]}',
    '{"streams": [{"codec_type": "audio", "duration": "inf"}]}',
    '{"streams": [{"codec_type": "audio", "duration": "N/A"}]}'])  # fmt: skip
def test_an_answer_of_ffprobe_that_is_no_length_is_left(tmp_path: Path, answer: str) -> None:
    unknown = tmp_path / "b.ra"
    unknown.write_bytes(b".ra\xfd" + bytes(7_496))
    found = measure(unknown, fake_ffprobe(tmp_path, answer))
    assert (found.milliseconds, found.exact) == (10_000, False)


@NO_SHELL
def test_the_ffprobe_beside_a_given_ffmpeg_is_taken(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    assert find_ffprobe() == ""
    ffprobe = fake_ffprobe(tmp_path, "{}")
    assert find_ffprobe(str(tmp_path / "ffmpeg")) == ffprobe


def test_a_file_without_sound_says_so(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    for data, reason in (
        (b"", UnreadReason.EMPTY),
        (sounds.mp4(3_000, kind=b"vide"), UnreadReason.NO_SOUND),
    ):
        path.write_bytes(data)
        length = measure(path)
        assert (length.milliseconds, length.reason, length.has_no_sound) == (0, reason, True)
