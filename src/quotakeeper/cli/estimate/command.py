"""`quotakeeper estimate`: what texts and sound files would need and cost, before any is sent."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from quotakeeper import clocks
from quotakeeper.app.planning.media_files import MEDIA, AudioSize, audio_size, files_in, unreadable
from quotakeeper.catalogue import PriceSnapshot, load_snapshot
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.text import figures
from quotakeeper.cli.text.table import table_lines
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.units import METERS, Quantities, units_text
from quotakeeper.errors import InvalidInputError
from quotakeeper.schemas import Schema

_TEXTS = "txt srt vtt md json csv html htm xml ass"
# Shown unless asked for others: what people mostly choose between today, all current models.
USUAL = frozenset(
    {
        "gemini-2.5-flash-lite", "gemini-2.5-flash", "gemini-2.5-pro", "gemini-3-flash-preview",
        "gemini-3.1-flash-lite", "gemini-3.1-pro-preview", "gemini-3.8-flash",
        "nova-2", "nova-3", "whisper-1",
    }
)  # fmt: skip
TEXTS = frozenset(f".{name}" for name in _TEXTS.split())


@dataclass(frozen=True, slots=True)
class TextSize:
    """How many tokens a text is; `upper_bound` holds for nearly all texts."""

    name: str
    tokens: int
    upper_bound: int
    language: str
    provenance: str = "estimated"


def run_text(
    session: context.CommandContext,
    file: str | None,
    text: str | None,
    models: Sequence[str],
    *,
    every: bool = False,
    as_json: bool,
) -> int:
    """Estimate one text: a file, `-` for stdin, or given on the command line."""
    if (file is None) == (text is None):
        raise InvalidInputError("estimate text", "needs one text", "give a FILE, -, or --text")
    size = text_size("--text", text) if text is not None else text_size(str(file), _read(str(file)))
    return _print(session, [size], [], models, every=every, as_json=as_json)


def run_audio(
    session: context.CommandContext,
    files: Sequence[str],
    models: Sequence[str],
    *,
    every: bool = False,
    as_json: bool,
) -> int:
    """Estimate sound files by their headers."""
    return _print(
        session,
        [],
        [audio_size(Path(file)) for file in files],
        models,
        every=every,
        as_json=as_json,
    )


def run_folder(
    session: context.CommandContext,
    folder: str,
    models: Sequence[str],
    *,
    every: bool = False,
    as_json: bool,
) -> int:
    """Estimate every text and sound file in a folder and the folders in it."""
    files = files_in(folder)
    audio = [audio_size(path) for path in files if path.suffix.lower() in MEDIA]
    texts = [text_size(str(p), _read(str(p))) for p in files if p.suffix.lower() in TEXTS]
    if not audio and not texts:
        raise InvalidInputError("FOLDER", f"{folder} has no text or sound files", "name another")
    return _print(session, texts, audio, models, every=every, as_json=as_json)


def text_size(name: str, text: str) -> TextSize:
    """Count a text by the local tokenizer where it is installed, else by the built-in estimate."""
    from quotakeeper.tokens import count_tokens

    found = count_tokens(text)
    return TextSize(name, found.tokens, found.upper_bound, found.language, str(found.provenance))


def _read(file: str) -> str:
    try:
        data = sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
    except (OSError, ValueError) as error:
        raise unreadable(file, error) from None
    for mark, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(encoding, "replace")
    return data.decode("utf-8-sig", "replace")


def _print(
    session: context.CommandContext,
    texts: Sequence[TextSize],
    audio: Sequence[AudioSize],
    models: Sequence[str],
    *,
    every: bool,
    as_json: bool,
) -> int:
    snapshot = load_snapshot(session.settings().price_files)
    tokens = {"input_tokens": sum(each.tokens for each in texts)}
    length = {"audio_milliseconds": sum(each.milliseconds for each in audio)}
    costs = [*_costs(snapshot, tokens, models), *_costs(snapshot, length, models)]
    unknown = [name for name in models if all(name.split("/")[-1] not in each[0] for each in costs)]
    if unknown:
        raise InvalidInputError(
            "--model", f"no price of {unknown[0]!r} fits", "quotakeeper prices list shows them all"
        )
    if not models and not every:
        costs = [each for each in costs if each[0].partition("/")[2] in USUAL]
    if as_json:
        console.say(json.dumps(_record(texts, audio, costs), indent=2))
    else:
        for line in _lines(session, texts, audio, costs):
            console.say(line)
    return exit_codes.OK


def _costs(
    snapshot: PriceSnapshot, quantities: Quantities, models: Sequence[str]
) -> Iterator[tuple[str, int]]:
    if not any(quantities.values()):
        return
    now = clocks.SystemClock().now()
    # A price for any model of a provider (Deepgram's add-ons) does not make each of them one for
    # this meter: only models with a row of their own are shown.
    own = {(row.provider, row.model) for row in snapshot.rows() if row.key in quantities}
    found = []
    for provider in snapshot.providers():
        names = [snapshot.canonical_model(provider, name.split("/")[-1]) for name in models]
        for model in snapshot.models(provider):
            if (provider, model) not in own or (models and model not in names):
                continue
            cost = snapshot.price(provider, model, quantities, now).cost_pico
            if cost is not None:
                found.append((f"{provider}/{model}", cost))
    yield from sorted(found, key=lambda each: (each[1], each[0]))


def _record(
    texts: Sequence[TextSize], audio: Sequence[AudioSize], costs: Sequence[tuple[str, int]]
) -> dict[str, object]:
    milliseconds = sum(each.milliseconds for each in audio)
    return {
        "schema": Schema.ESTIMATE,
        "provenance": _known_by(texts),
        "tokens": sum(each.tokens for each in texts),
        "upper_bound": sum(each.upper_bound for each in texts),
        "audio_seconds": units_text(milliseconds, METERS["audio_seconds"]),
        "texts": [
            {
                "name": each.name,
                "tokens": each.tokens,
                "upper_bound": each.upper_bound,
                "language": each.language,
                "provenance": each.provenance,
            }
            for each in texts
        ],
        "audio": [
            {
                "name": each.name,
                "seconds": units_text(each.milliseconds, METERS["audio_seconds"]),
                "exact": each.exact,
                "form": each.form,
            }
            for each in audio
        ],
        "costs": [{"model": name, "cost_usd": usd_text(cost)} for name, cost in costs],
    }


def _known_by(texts: Sequence[TextSize]) -> str:
    # Of several, the weaker word: a sum is as good as its worst part.
    return "tokenizer" if texts and all(x.provenance == "tokenizer" for x in texts) else "estimated"


def _lines(
    session: context.CommandContext,
    texts: Sequence[TextSize],
    audio: Sequence[AudioSize],
    costs: Sequence[tuple[str, int]],
) -> Iterator[str]:
    words, lang = session.words, session.lang
    if texts:
        header = [words(each) for each in ("TEXT", "LANGUAGE", "TOKENS", "AT MOST", "KNOWN FROM")]
        rows = [[x.name, x.language, figures.whole(x.tokens, lang),
                 figures.whole(x.upper_bound, lang), words(x.provenance)] for x in texts]  # fmt: skip
        if len(texts) > 1:
            total, bound = sum(x.tokens for x in texts), sum(x.upper_bound for x in texts)
            rows.append(
                [words("total"), "", figures.whole(total, lang), figures.whole(bound, lang), ""]
            )
        yield from _table(session, header, rows, {2, 3})
    if audio:
        header = [words(each) for each in ("SOUND", "MINUTES", "KNOWN FROM")]
        minutes = METERS["audio_minutes"]
        rows = [[x.name, figures.quantity(x.milliseconds, minutes, lang),
                 x.form if x.exact else words("its size: at most this")] for x in audio]  # fmt: skip
        if len(audio) > 1:
            total = sum(x.milliseconds for x in audio)
            rows.append([words("total"), figures.quantity(total, minutes, lang), ""])
        yield from _table(session, header, rows, {1})
    header = [words("MODEL"), words("COST")]
    yield from _table(session, header, [[n, figures.money(c, lang)] for n, c in costs], {1})
    if texts:
        yield words("Text is priced as input; what a model writes comes on top.")


def _table(
    session: context.CommandContext, header: list[str], rows: list[list[str]], right: set[int]
) -> Iterator[str]:
    yield from table_lines(
        header,
        rows,
        right=frozenset(right),
        width=console.width(),
        ellipsis=session.glyphs.ellipsis,
    )
    yield ""
