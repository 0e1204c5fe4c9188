"""Files as people have them: odd names, damage, silence, clashes, no ffmpeg, no rights."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import unicodedata
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from quotakeeper.app.media.folders import SkipReason, find_media
from quotakeeper.pipeline.atomic_files import short_stem, write_atomically
from quotakeeper.pipeline.audio_extraction import extracted_audio, find_ffmpeg
from quotakeeper.pipeline.checkpoint import output_base
from quotakeeper.pipeline.errors import MediaFileError, SetupError
from quotakeeper.pipeline.media import open_media

if TYPE_CHECKING:
    from tests.pipeline.conftest import Bench

NEEDS_FFMPEG = pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg here")


@pytest.mark.parametrize(
    "name",
    [
        "Phim hay nhất – tập 1.wav",
        "中文 视频.wav",
        unicodedata.normalize("NFD", "Chợ đêm.wav"),
        "-rf.wav",
        "a'b\"c $(x) %d.wav",
        "x" * 251 + ".wav",
        "ờ" * 83 + ".wav",
        "no-ending",
    ],
)
def test_odd_names_are_names_like_others(bench: Bench, name: str) -> None:
    path = bench.wav(name, 5_000)
    run = bench.run(inputs=[path])
    assert run.exit_code == 0, run.text
    srt, txt, state = (list(bench.out.glob(f"*{e}")) for e in (".srt", ".txt", ".json"))
    assert len(srt) == len(txt) == len(state) == 1
    assert [p for p in bench.out.iterdir() if p.name.startswith(".qk")] == []
    assert bench.run(inputs=[path]).exit_code == 0
    assert len(list(bench.out.iterdir())) == 3


@pytest.mark.skipif(sys.platform in ("win32", "darwin"), reason="names must be Unicode there")
def test_a_name_that_is_no_text_is_shown_and_done(bench: Bench) -> None:
    plain = bench.wav("a.wav", 5_000)
    odd = os.fsencode(bench.media) + b"/\xff\xfe.wav"
    os.rename(plain, odd)
    run = bench.run()
    assert run.exit_code == 0, run.text
    assert len(list(bench.out.glob("*.srt"))) == 1


def bad_files(bench: Bench) -> None:
    (bench.media / "1-empty.wav").write_bytes(b"")
    (bench.media / "2-text.mp3").write_text("this is not sound")
    (bench.media / "3-cut.flac").write_bytes(b"fLaC\0\0")
    (bench.media / "4-folder.wav").mkdir()
    bench.wav("5-silent.wav", 3_000, level=0)
    bench.wav("6-good.wav", 5_000)


def test_bad_files_fail_one_by_one_with_a_reason_and_the_good_one_is_done(bench: Bench) -> None:
    bad_files(bench)
    missing = bench.media / "0-missing.wav"
    files = [missing, *sorted(bench.media.iterdir())]
    run = bench.run(inputs=files)
    assert run.exit_code == 1
    failed = {
        line.split("] ")[1].split(": FAILED: ")[0]: line.split(": FAILED: ")[1]
        for line in run.text.splitlines()
        if ": FAILED: " in line
    }
    assert failed == {
        "0-missing.wav": "there is no such file",
        "1-empty.wav": "the file is empty",
        "2-text.mp3": "it is damaged, or is not a mp3 file at all",
        "3-cut.flac": "it is damaged, or is not a flac file at all",
        "5-silent.wav": "no speech was recognised in it (tried: zh, vi)",
    }
    assert [path.name for path in bench.out.glob("*.srt")] == ["6-good.srt"]
    listened = [c for c in bench.sandbox.bill.charges if c.operation == "listen"]
    assert len(listened) == 3  # silence is paid for, twice; what cannot be read is not
    assert bench.totals() == bench.sandbox.bill.totals()


def test_a_file_that_may_not_be_read_is_said_to_be_so(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = bench.wav("a.wav", 5_000)

    def refuse(self: Path, *args: object, **kwargs: object) -> object:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(MediaFileError, match="cannot be read: Permission denied"):
        open_media(path)


def test_an_empty_folder_is_a_usage_error_and_a_second_mention_is_no_second_file(
    bench: Bench,
) -> None:
    assert bench.run().exit_code == 2
    path = bench.wav("a.wav", 5_000)
    assert find_media([path, bench.media, path], recursive=False).files == (path,)


def test_folders_of_folders_are_entered_only_when_asked(bench: Bench) -> None:
    bench.wav("deep/er/a.wav", 1_000)
    bench.wav(".hidden/b.wav", 1_000)
    (bench.media / "notes.txt").write_text("no")
    shallow = find_media([bench.media], recursive=False)
    assert shallow.files == ()
    assert [(each.path.name, each.reason) for each in shallow.skipped] == [
        ("b.wav", SkipReason.HIDDEN.value),
        ("a.wav", SkipReason.BELOW.value),
    ]
    found = find_media([bench.media], recursive=True)
    assert [path.name for path in found.files] == ["a.wav"]
    assert [each.path.name for each in found.skipped] == ["b.wav"]


def test_two_files_of_one_name_and_subtitles_made_by_hand_keep_their_places(bench: Bench) -> None:
    bench.wav("talk.wav", 5_000)
    shutil.copy(bench.media / "talk.wav", bench.media / "talk.wave")
    os.rename(bench.media / "talk.wave", bench.media / "talk.ogg")  # another file, same stem
    bench.out.mkdir()
    (bench.out / "talk.srt").write_text("made by hand")
    for _ in range(2):
        run = bench.run()
        assert run.exit_code == 0, run.text
    assert (bench.out / "talk.srt").read_text() == "made by hand"
    names = sorted(path.name for path in bench.out.glob("*.srt"))
    assert names == ["talk (2).srt", "talk (3).srt", "talk.srt"]
    sources = {
        json.loads((bench.out / f"talk ({n}).json").read_text())["source"]["name"] for n in (2, 3)
    }
    assert sources == {"talk.wav", "talk.ogg"}
    assert len(bench.sandbox.bill.charges) == 6


def test_without_out_the_files_lie_beside_the_media(tmp_path: Path) -> None:
    assert output_base(tmp_path / "a.wav", None) == tmp_path / "a"
    assert output_base(tmp_path / "a.wav", tmp_path / "o") == tmp_path / "o" / "a"


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"tool": "quotakeeper all_in_one_backup"}'])
def test_a_damaged_memory_is_no_reason_to_fail(bench: Bench, damage: str) -> None:
    bench.wav("a.wav", 5_000)
    bench.run()
    (bench.out / "a.json").write_text(damage)
    (bench.out / "a.srt").unlink()
    (bench.out / "a.txt").unlink()
    run = bench.run()
    assert run.exit_code == 0, run.text
    assert len(list(bench.out.glob("*.srt"))) == 1
    assert bench.totals() == bench.sandbox.bill.totals()


@pytest.mark.parametrize(
    "step",
    [
        {"speech_to_text": {"segments": "x"}},
        {"speech_to_text": {"segments": [{"start_ms": "x"}]}},
        {"translate": {"lines": [1]}},
        {"rewrite": {"titles": 5}},
    ],
)
def test_a_damaged_step_is_done_again(bench: Bench, step: dict[str, dict[str, object]]) -> None:
    bench.wav("a.wav", 5_000)
    bench.run()
    state = json.loads(bench.output("a.json"))
    (name,) = step
    for stored in state["steps"]:
        if stored.partition(":")[0] == name:  # the recognition itself, and what was settled on
            state["steps"][stored] |= step[name]
    (bench.out / "a.json").write_text(json.dumps(state))
    assert bench.run().exit_code == 0
    assert len(bench.sandbox.bill.charges) == 4


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    write_atomically(path, "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        write_atomically(path, "new")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("a.txt", "old")]


def test_a_full_disk_stops_the_run_and_the_summary_is_still_shown(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench.wav("a.wav", 5_000)

    def full(path: Path, text: str) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("quotakeeper.pipeline.checkpoint.write_json", full)
    run = bench.run()
    assert run.exit_code == 1
    assert "error: " in run.text and "a.json cannot be written: No space left" in run.text
    assert "TOKEN USAGE & QUOTA SUMMARY" in run.text


def test_a_long_stem_is_cut_to_whole_characters_and_stays_different() -> None:
    one, two = short_stem("ờ" * 90 + "a"), short_stem("ờ" * 90 + "b")
    assert one != two
    assert all(len(os.fsencode(stem)) <= 240 for stem in (one, two))
    assert short_stem("ngắn") == "ngắn"


@NEEDS_FFMPEG
def test_a_film_gives_its_voice_and_one_without_sound_says_so(bench: Bench) -> None:
    import subprocess

    sound = bench.wav("s.wav", 5_000)
    make = ["ffmpeg", "-v", "error", "-f", "lavfi", "-i", "color=size=32x32:duration=5"]
    subprocess.run([*make, "-i", sound, "-shortest", bench.media / "film.mkv"], check=True)
    subprocess.run([*make, bench.media / "mute.mp4"], check=True)
    sound.unlink()
    run = bench.run(ffmpeg="auto")
    assert run.exit_code == 1
    assert "mute.mp4: FAILED: it has no audio" in run.text
    assert "film.mkv: done" in run.text
    assert bench.totals() == bench.sandbox.bill.totals()


@NEEDS_FFMPEG
def test_the_voice_is_as_long_as_the_sound_and_gone_afterwards(bench: Bench) -> None:
    media = open_media(bench.wav("s.wav", 5_000))
    with extracted_audio(media, find_ffmpeg("auto")) as voice:
        assert (voice.content_type, voice.milliseconds) == ("audio/flac", 5_000)
        kept = voice.path
    assert not kept.exists()


def test_without_ffmpeg_the_file_goes_as_it_is(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(bench.folder))
    assert find_ffmpeg("auto") == ""
    assert find_ffmpeg("off") == ""
    bench.wav("s.wav", 5_000)
    assert bench.run(ffmpeg="auto").exit_code == 0
    with pytest.raises(SetupError, match="no program"):
        find_ffmpeg("/no/such/ffmpeg")


@pytest.mark.skipif(sys.platform == "win32", reason="a script cannot stand for a program there")
@pytest.mark.parametrize("body", ["[ $1 = -version ] || exit 3", "exit 0"])
def test_an_ffmpeg_that_fails_fails_the_file(bench: Bench, body: str) -> None:
    fake = bench.folder / "fake-ffmpeg"
    fake.write_text(f"#!/bin/sh\n{body}\n")
    fake.chmod(fake.stat().st_mode | stat.S_IXUSR)
    bench.wav("s.wav", 5_000)
    run = bench.run(ffmpeg=str(fake))
    assert run.exit_code == 1
    assert "no audio could be extracted from it" in run.text
    assert bench.events() == []


def test_headers_that_do_not_say_the_length_are_no_damage(bench: Bench) -> None:
    flac = bytearray((Path(__file__).parents[2] / "samples" / "cho-dem.flac").read_bytes())
    flac[21] &= 0xF0
    flac[22:26] = bytes(4)  # a stream that was written without going back
    (bench.media / "a.flac").write_bytes(flac)
    fragment = b"\0\0\0\x18ftypdash" + bytes(12) + (124).to_bytes(4, "big") + b"moov"
    fragment += (116).to_bytes(4, "big") + b"mvhd" + bytes(12) + (1_000).to_bytes(4, "big")
    (bench.media / "b.mp4").write_bytes(fragment + bytes(60_092))
    by_size = -(-(bench.media / "b.mp4").stat().st_size * 4 // 3)
    for name, length in (("a.flac", 11_181), ("b.mp4", by_size)):
        media = open_media(bench.media / name)
        assert (media.exact, media.milliseconds) == (name == "a.flac", length)
    bench.limit("audio_minutes", "1")
    run = bench.run()
    assert (
        "b.mp4: FAILED: this file alone exceeds the limit (its length is unknown without ffmpeg"
        in run.text
    )


def test_an_unknown_container_is_held_at_the_longest_it_can_be(bench: Bench) -> None:
    path = bench.media / "a.webm"
    path.write_bytes(b"\x1aE\xdf\xa3" + bytes(8_996))
    media = open_media(path)
    assert (media.milliseconds, media.exact) == (12_000, False)
