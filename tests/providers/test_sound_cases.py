"""Sound files from practice: fragments, joined files, late starts, six channels, and noise."""

from __future__ import annotations

import random
import struct

import pytest

from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.audio import (
    Sound,
    UnreadReason,
    longest_milliseconds,
    read_sound,
    sound_or_reason,
)
from tests.providers import sounds
from tests.providers.support import post, understood

LISTEN = "https://api.deepgram.com/v1/listen?model=nova-3"
COVER = b"ID3\x03\0\0" + bytes([0, 5, 0, 0]) + bytes(5 << 14)  # a picture of more than 64 KB
TAG = b"ID3\x04\0\0\0\0\0\x0a" + bytes(10)
FRAME = 1152 / 44_100 * 1e6


def length_of(data: bytes) -> int:
    """The length in microseconds of a file that must be read exactly."""
    sound = read_sound(data)
    assert sound is not None and sound.exact
    return sound.microseconds


def test_fragments_are_added_to_the_samples_in_the_index() -> None:
    data = sounds.fragments(4, first=3)
    assert length_of(data) == round(7 * 50 * 1024 * 1_000_000 / 48_000)
    # Without the beginning, the rest of the file is unknown, so there is no length.
    assert read_sound(data[:-10], total=len(data)) is None


def test_joined_segments_of_aac_are_all_counted() -> None:
    part = sounds.adts(50)
    for between in (TAG, b"damage" * 30, b"", bytes(100_000)):
        data = TAG + between.join([part] * 10)
        assert abs(length_of(data) - 500 * 1024 / 44_100 * 1e6) < 20, between[:10]
    late_tag = sounds.adts(1) + TAG + sounds.adts(90)
    assert abs(length_of(TAG + late_tag) - 91 * 1024 / 44_100 * 1e6) < 20


def test_joined_mp3_files_are_all_counted() -> None:
    part = sounds.xing(230, 231 * 417) + sounds.mp3_frame() * 230
    short = sounds.xing(20, 21 * 417) + sounds.mp3_frame() * 20
    for data, frames in (
        (COVER + part + COVER + part, 461),
        (part + short, 251),
        (part + b"TAG" + bytes(125) + short, 251),
        (part + b"\0" * 70_000 + part, 461),
    ):
        assert abs(length_of(data) - frames * FRAME) < 5, frames


def test_a_stream_that_starts_late_has_its_playing_time() -> None:
    five_hours = 5 * 3_600 * 48_000
    assert length_of(sounds.opus(9.5, late=five_hours)) == 9_500_000
    vorbis = read_sound(sounds.vorbis(7.25, late=9 * 10**9))
    assert vorbis is not None and not vorbis.exact
    assert 7_250_000 <= vorbis.microseconds < 7_300_000


def test_consecutive_streams_are_added_and_parallel_streams_are_not() -> None:
    one, two = sounds.opus(4), sounds.opus(6, serial=2)
    assert length_of(one + two) == 10_000_000
    assert length_of(one + one) == 8_000_000  # the same serial number again
    head, rest = len(sounds.opus_head(1)), len(sounds.opus_head(2))
    assert length_of(one[:head] + two[:rest] + one[head:] + two[rest:]) == 6_000_000


# AAC at 336 kbit/s has a byte 05 in its bit rate, before the descriptor with tag 05.
AAC_51 = b"\x40\x15\0\0\0" + struct.pack(">II", 0x052080, 336_000)


@pytest.mark.parametrize(
    ("name", "configuration", "channels"),
    [
        (b"mp4a", sounds.esds(AAC_51, 2 << 11 | 4 << 7 | 6 << 3), 6),
        (b"mp4a", sounds.esds(AAC_51, 2 << 11 | 4 << 7 | 7 << 3), 8),
        (b"mp4a", sounds.esds(AAC_51, 29 << 11 | 4 << 7 | 1 << 3), 2),  # stereo from one channel
        (b"ac-3", sounds.box(b"dac3", (7 << 11 | 1 << 10).to_bytes(3, "big")), 6),
        (b"ec-3", sounds.box(b"dec3", b"\0\0" + (7 << 9 | 1 << 8).to_bytes(3, "big")), 6),
        (b"samr", b"", 1),
        (b"Opus", sounds.box(b"dOps", bytes([0, 6])), 6),
        (b"alac", sounds.box(b"alac", bytes(13) + b"\x08" + bytes(10)), 8),
    ],
)  # fmt: skip
def test_the_codec_decides_the_number_of_channels(
    name: bytes, configuration: bytes, channels: int
) -> None:
    data = sounds.mp4(7_300, entry=name, configuration=configuration)
    sound = read_sound(data)
    assert sound is not None and sound.channels == channels
    _, call = understood(post(f"{LISTEN}&multichannel=true", data, {"content-type": "video/mp4"}))
    assert call.bound["audio_milliseconds"] == 7_300 * channels


def test_an_edit_list_decides_the_playing_time() -> None:
    for edits, plays in (
        ([(3_000, 0)], 3_000),
        ([(2_000, -1), (3_000, 1_000)], 3_000),  # leading silence does not count
        ([(1_000, 0), (2_000, 5_000)], 3_000),
        ([(0, 300)], 7_000),
        ([(90_000, 300)], 7_000),
    ):
        assert length_of(sounds.mp4(7_300, edits=edits)) == plays * 1_000, edits


def test_noise_is_not_taken_for_mp3() -> None:
    seed = 20_261_130
    print(f"seed {seed}")
    rng = random.Random(seed)
    read = 0
    for _ in range(1_500):
        found = sound_or_reason(rng.randbytes(rng.randint(100, 6_000)))
        read += isinstance(found, Sound)
    assert read == 0
    lone = sounds.mp3_frame()
    other = b"\xff\xfb\x94\0" + bytes(380)  # the next header has another rate
    assert sound_or_reason(b"\1" + lone + other + b"\1" * 3_000) is UnreadReason.NO_MEDIA
    assert sound_or_reason(b"\1" * 2_000 + lone[:300]) is UnreadReason.NO_MEDIA
    assert sound_or_reason(b"MPC " + bytes(3_000)) is UnreadReason.UNSUPPORTED
    assert length_of(lone * 2) == 52_245


def test_raw_samples_have_the_length_of_their_rate() -> None:
    raw = b"\1" * 500 + sounds.mp3_frame() * 8 + b"\1" * 28_164
    assert read_sound(raw) is not None  # valid frames, by chance
    place = f"{LISTEN}&encoding=linear16&sample_rate=8000"
    _, call = understood(post(place, raw, {"content-type": "audio/raw"}))
    assert call.bound["audio_milliseconds"] == len(raw) // 16 + 1
    assert call.bound_is is Provenance.ESTIMATED
    _, call = understood(post(place, sounds.wav(9, rate=4_000), {"content-type": "audio/wav"}))
    assert call.bound["audio_milliseconds"] == 9_000


def test_flac_without_a_stated_length_is_read_from_its_last_frame() -> None:
    data = sounds.piped_flac(frames=25, last=1_000)
    assert length_of(data) == (24 * 4_096 + 1_000) * 1_000_000 // 16_000
    cut = read_sound(data[:-3])
    assert cut is not None and not cut.exact and cut.microseconds >= 24 * 4_096 * 62
    two = sounds.piped_flac(frames=25, last=1_000) + sounds.flac(16_000, 16_000, 1)
    assert length_of(two) == length_of(data) + 1_000_000


def test_each_reason_for_an_unknown_length_is_given() -> None:
    film = sounds.mp4(7_300, kind=b"vide")
    for data, reason in (
        (b"", UnreadReason.EMPTY),
        (b"This is a letter, and no sound.", UnreadReason.NO_MEDIA),
        (b"RIFF\0\0\0\0WAVE", UnreadReason.DAMAGED),
        (b"MThd" + bytes(40), UnreadReason.UNSUPPORTED),
        (b"FLV\1\1\0\0\0\x09\0\0\0\0" + b"\x09\0\0\1" + bytes(12), UnreadReason.NO_SOUND),
    ):
        assert sound_or_reason(data) is reason, data[:20]
    assert sound_or_reason(film[:60], total=len(film)) is UnreadReason.PART
    mute = sound_or_reason(film)
    assert isinstance(mute, Sound)
    assert (mute.microseconds, mute.film_microseconds) == (0, 7_300_000)


def test_a_video_longer_than_its_sound_is_bounded_by_its_pictures() -> None:
    import base64

    film = base64.b64encode(sounds.mp4(1_000, film=9_000)).decode()
    body = {"contents": [{"parts": [{"inlineData": {"mimeType": "video/mp4", "data": film}}]}]}
    url = "https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash:generateContent"
    _, call = understood(post(url, body))
    assert call.bound["input_tokens@video"] == 9 * 263


def test_an_unreadable_file_is_bounded_by_what_its_size_can_hold() -> None:
    _, call = understood(post(LISTEN, b"\1" * 75_000, {"content-type": "audio/x"}))
    assert call.bound["audio_milliseconds"] == longest_milliseconds(75_000) == 100_000
