"""Reads lengths of MP4, M4A and MOV from the index of the audio track, or from the fragments."""

from __future__ import annotations

from quotakeeper.providers.audio.byte_view import AudioLength, ByteView, MissingBytes, micros
from quotakeeper.providers.audio.mp4_boxes import Box, boxes, clock, known
from quotakeeper.providers.audio.mp4_channels import sound_entry
from quotakeeper.value_classes import dataclass, field

_WHOLE_FRAMES = (b"mp4a", b"ac-3", b"ec-3", b".mp3", b"samr", b"sawb")
_LONGEST_FRAME = 4  # an audio frame is at most 1/4 s


@dataclass(frozen=True, slots=True)
class _Edit:
    """One entry of an edit list: a part that is played.

    `plays` is the part's length in the file's time units; `start` is where it starts in the track,
    in the track's time units.
    """

    plays: int
    start: int


@dataclass(slots=True)
class _Track:
    """One track. Times are in the track's units (`scale` per second); `plays` is in the file's
    units.
    """

    number: int = 0
    scale: int = 0
    duration: int = 0
    plays: int = 0
    kind: bytes = b""
    codec: bytes = b""
    channels: int = 0
    samples: int = 0  # the length of the samples in the index
    frame: int = 1
    default: int = 0  # the length of a sample in a fragment
    fragments: int = 0
    edits: list[_Edit] = field(default_factory=list)

    def microseconds(self, film_scale: int) -> int:
        """Return the length of the track; 0 if unknown.

        Samples that the edit list leaves out are not counted. `film_scale` is the number of the
        file's time units per second.
        """
        media = self.samples + self.fragments or self.duration
        if not media or not self.scale:
            return micros(self.plays, film_scale) if self.plays and film_scale else 0
        length, begun = 0, False
        for edit in self.edits:
            if edit.start < 0 or edit.start >= media:
                continue  # leading silence, or nothing
            stop = media
            if edit.plays and film_scale and not self.fragments:
                stop = edit.start + edit.plays * self.scale // film_scale
                stop = min(media, -(-stop // self.frame) * self.frame)
            length, begun = length + max(0, stop - edit.start), True
        return micros(length if begun else media, self.scale)


@dataclass(slots=True)
class _Film:
    tracks: dict[int, _Track] = field(default_factory=dict)
    scale: int = 0
    length: int = 0
    fragmented: int = 0
    goes_on: bool = False  # fragments follow the index


def read_mp4(view: ByteView, start: int = 0) -> AudioLength | None:
    """Return the lengths of the audio track and of the video; a video without audio has length 0.

    The samples of all fragments are added to the samples of the index. If some fragments are
    unknown, the total length in the index gives an upper bound.
    """
    film, seen = _Film(), False
    for box in boxes(view, start, view.total, outer=True):
        if box.name == b"moov":
            seen = True
            _moov(view, box, film)
        elif box.name == b"moof" and seen:
            film.goes_on = True
            _moof(view, box, film)
    if not seen:
        return None
    plays = max((t.microseconds(film.scale) for t in film.tracks.values()), default=0)
    whole = max(plays, micros(film.length, film.scale) if film.length and film.scale else 0)
    sounds = [track for track in film.tracks.values() if track.kind == b"soun"]
    if film.tracks and not sounds and all(track.kind for track in film.tracks.values()):
        return AudioLength("mp4", 0, 0, film=whole) if whole and _is_all(view, film) else None
    sound = max(sounds, key=lambda track: track.microseconds(film.scale), default=_Track())
    length = sound.microseconds(film.scale)
    stated = micros(film.fragmented, film.scale) if film.fragmented and film.scale else 0
    if not _is_all(view, film):
        if stated and stated >= length:
            return AudioLength("mp4", stated, sound.channels, False, max(whole, stated))
        return None
    length = length or stated or whole
    if not length:
        return None
    return AudioLength("mp4", length, sound.channels, film=whole if len(film.tracks) > 1 else 0)


def _is_all(view: ByteView, film: _Film) -> bool:
    return view.whole or not film.goes_on


def _moov(view: ByteView, moov: Box, film: _Film) -> None:
    defaults: dict[int, int] = {}
    for box in boxes(view, moov.start, moov.end):
        if box.name == b"mvhd":
            film.scale, film.length = clock(view, box)
        elif box.name == b"trak":
            track = _trak(view, box)
            film.tracks[track.number] = track
        elif box.name == b"mvex":
            film.goes_on = True
            for part in boxes(view, box.start, box.end):
                if part.name == b"mehd":
                    wide = view.number(part.start, 1) == 1
                    film.fragmented = view.number(part.start + 4, 8 if wide else 4)
                elif part.name == b"trex":
                    number = view.number(part.start + 4, 4)
                    defaults[number] = view.number(part.start + 12, 4)
    for number, default in defaults.items():
        if number in film.tracks:
            film.tracks[number].default = default


def _trak(view: ByteView, trak: Box) -> _Track:
    track = _Track()
    for box in boxes(view, trak.start, trak.end):
        if box.name == b"tkhd":
            wide = view.number(box.start, 1) == 1
            track.number = view.number(box.start + (20 if wide else 12), 4)
            plays = view.number(box.start + (28 if wide else 20), 8 if wide else 4)
            track.plays = known(plays)
        elif box.name == b"edts":
            for part in boxes(view, box.start, box.end):
                if part.name == b"elst":
                    track.edits = _edits(view, part)
        elif box.name == b"mdia":
            _media(view, box, track)
    return track


def _edits(view: ByteView, elst: Box) -> list[_Edit]:
    width = 8 if view.number(elst.start, 1) == 1 else 4
    count = min(view.number(elst.start + 4, 4), (elst.end - elst.start - 8) // (2 * width + 4))
    found = []
    for number in range(count):
        view.step()
        at = elst.start + 8 + number * (2 * width + 4)
        start = int.from_bytes(view.take(at + width, width), "big", signed=True)
        found.append(_Edit(known(view.number(at, width)), start))
    return found


def _media(view: ByteView, mdia: Box, track: _Track) -> None:
    for box in boxes(view, mdia.start, mdia.end):
        if box.name == b"mdhd":
            track.scale, track.duration = clock(view, box)
        elif box.name == b"hdlr":
            track.kind = view.take(box.start + 8, 4)
        elif box.name == b"minf":
            _information(view, box, track)


def _information(view: ByteView, box: Box, track: _Track) -> None:
    for part in boxes(view, box.start, box.end):
        if part.name == b"stbl":
            _information(view, part, track)
        elif part.name == b"stsd" and track.kind == b"soun":
            track.codec, track.channels = sound_entry(view, part)
        elif part.name == b"stts":
            track.samples, track.frame = _times(view, part, track)


def _times(view: ByteView, stts: Box, track: _Track) -> tuple[int, int]:
    """Return (the length of all samples, the length of one audio frame), in the track's time units."""
    count = min(view.number(stts.start + 4, 4), (stts.end - stts.start - 8) // 8)
    total = frame = 0
    for number in range(count):
        view.step()
        at = stts.start + 8 + 8 * number
        samples, size = view.number(at, 4), view.number(at + 4, 4)
        total += samples * size
        frame = frame or size
    # The index often says that the last sample is shorter than a frame; decoders play all of it.
    fits = track.codec in _WHOLE_FRAMES and 1 < frame <= track.scale // _LONGEST_FRAME
    return (-(-total // frame) * frame, frame) if fits else (total, 1)


def _moof(view: ByteView, moof: Box, film: _Film) -> None:
    for traf in boxes(view, moof.start, moof.end):
        if traf.name != b"traf":
            continue
        track, default = _Track(), 0
        for box in boxes(view, traf.start, traf.end):
            if box.name == b"tfhd":
                flags = view.number(box.start, 4)
                track = film.tracks.get(view.number(box.start + 4, 4), track)
                default = track.default
                if flags & 8:
                    at = box.start + 8 + 8 * (flags & 1) + 4 * (flags >> 1 & 1)
                    default = view.number(at, 4)
            elif box.name == b"trun":
                track.fragments += _run(view, box, default)


def _run(view: ByteView, box: Box, default: int) -> int:
    """Return the length of the samples of one run, in the track's time units."""
    flags, samples = view.number(box.start, 4), view.number(box.start + 4, 4)
    if not flags & 0x100:
        return samples * default
    entry = 4 * sum(flags >> bit & 1 for bit in (8, 9, 10, 11))
    at = box.start + 8 + 4 * (flags & 1) + 4 * (flags >> 2 & 1)
    if at + samples * entry > box.end:
        raise MissingBytes
    view.step(samples)
    return sum(view.number(at + index * entry, 4) for index in range(samples))
