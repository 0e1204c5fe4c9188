"""Make the sample speech files again: `python samples/make_samples.py` (needs espeak-ng, ffmpeg).

Each sentence is spoken on its own and the pieces are joined with a pause, so the times in the
transcripts are exact. Lengths are rounded up to whole milliseconds.
"""

from __future__ import annotations

import subprocess
import tempfile
import wave
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
RATE = 16_000
PER_MILLISECOND = RATE // 1000
PAUSE_MS = 350


@dataclass(frozen=True)
class Sentence:
    """What is written in the transcript, and what the synthesiser is given to say."""

    text: str
    spoken: str


@dataclass(frozen=True)
class Sample:
    """One speech file: espeak-ng's voice, the file to write, and its sentences."""

    name: str
    language: str
    voice: str
    encoder: tuple[str, ...]
    sentences: tuple[Sentence, ...]


SAMPLES = (
    Sample(
        "xin-chao.wav",
        "zh",
        "cmn-latn-pinyin",
        ("-c:a", "pcm_s16le"),
        (
            Sentence("大家好，欢迎来到我们的频道。", "dàjiā hǎo, huānyíng láidào wǒmen de píndào"),
            Sentence("今天我们聊一聊越南咖啡。", "jīntiān wǒmen liáo yì liáo yuènán kāfēi"),
            Sentence(
                "早上喝一杯冰奶咖啡，很舒服。", "zǎoshang hē yì bēi bīng nǎi kāfēi, hěn shūfu"
            ),
            Sentence("谢谢大家，下次再见。", "xièxie dàjiā, xiàcì zàijiàn"),
        ),
    ),
    Sample(
        "cho-dem.flac",
        "zh",
        "cmn-latn-pinyin",
        ("-c:a", "flac", "-compression_level", "12"),
        (
            Sentence("晚上八点，夜市开始热闹了。", "wǎnshang bā diǎn, yèshì kāishǐ rènao le"),
            Sentence("这里的小吃又便宜又好吃。", "zhèlǐ de xiǎochī yòu piányi yòu hǎochī"),
            Sentence("请记得带一点现金。", "qǐng jìde dài yìdiǎn xiànjīn"),
        ),
    ),
    Sample(
        "ha-noi.mp3",
        "vi",
        "vi",
        ("-c:a", "libmp3lame", "-b:a", "32k"),
        (
            Sentence(
                "Xin chào các bạn, hôm nay chúng ta đi thăm Hà Nội.",
                "Xin chào các bạn, hôm nay chúng ta đi thăm Hà Nội.",
            ),
            Sentence("Hồ Gươm buổi sáng rất yên tĩnh.", "Hồ Gươm buổi sáng rất yên tĩnh."),
            Sentence("Các bạn nhớ thử một bát phở nóng.", "Các bạn nhớ thử một bát phở nóng."),
        ),
    ),
)


def run(*command: str) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def speak(voice: str, text: str, folder: Path) -> bytes:
    """16-bit mono samples at 16 kHz of one sentence, padded to whole milliseconds."""
    spoken, resampled = folder / "spoken.wav", folder / "resampled.wav"
    run("espeak-ng", "-v", voice, "-s", "150", "-w", str(spoken), text)
    run("ffmpeg", "-y", "-i", str(spoken), "-ar", str(RATE), "-ac", "1", str(resampled))
    with wave.open(str(resampled)) as reader:
        frames = reader.readframes(reader.getnframes())
    spare = -(len(frames) // 2) % PER_MILLISECOND
    return frames + bytes(2 * spare)


def milliseconds(frames: bytes) -> int:
    return len(frames) // 2 // PER_MILLISECOND


def make(sample: Sample, folder: Path) -> None:
    pause = bytes(2 * PAUSE_MS * PER_MILLISECOND)
    audio, lines = pause, []
    for sentence in sample.sentences:
        start = milliseconds(audio)
        audio += speak(sample.voice, sentence.spoken, folder)
        lines.append(f"{start}\t{milliseconds(audio)}\t{sentence.text}")
        audio += pause
    plain = folder / "plain.wav"
    with wave.open(str(plain), "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(RATE)
        writer.writeframes(audio)
    target = HERE / sample.name
    quiet = ("-map_metadata", "-1", "-fflags", "+bitexact", "-flags:a", "+bitexact")
    run("ffmpeg", "-y", "-i", str(plain), *sample.encoder, *quiet, str(target))
    header = f"# {sample.name}: {milliseconds(audio)} ms. start, end (ms), text; tabs between"
    transcript = target.with_suffix(f".{sample.language}.txt")
    transcript.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        for each in SAMPLES:
            make(each, Path(scratch))
