"""Emoji and Vietnamese text on streams that cannot encode them: characters are replaced, nothing raises."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator

import pytest

from quotakeeper.calculator.stream_text import fitted, log_line, make_legible
from quotakeeper.calculator.summary import WARNING_LINES

TEXT = "📊 Cảnh báo: hạn mức ≥ 80 % — 中文"


def stream_of(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, errors="strict", newline="")


def written(stream: io.TextIOWrapper) -> str:
    stream.flush()
    raw = stream.buffer
    assert isinstance(raw, io.BytesIO)
    return raw.getvalue().decode(stream.encoding)


@pytest.fixture
def logger() -> Iterator[logging.Logger]:
    own = logging.getLogger("tests.legible")
    own.setLevel(logging.INFO)
    own.propagate = False
    yield own
    own.handlers.clear()


@pytest.mark.parametrize("encoding", ["cp1252", "cp1258", "ascii"])
def test_each_log_handler_gets_text_that_it_can_write(
    logger: logging.Logger, encoding: str
) -> None:
    weak, strong = stream_of(encoding), stream_of("utf-8")
    problems: list[object] = []
    for stream in (weak, strong):
        handler = logging.StreamHandler(stream)
        handler.handleError = problems.append  # type: ignore[assignment,method-assign]
        logger.addHandler(handler)
    log_line(logger, logging.INFO, TEXT)
    assert problems == []
    assert written(strong) == TEXT + "\n"
    assert "80 %" in written(weak) and "?" in written(weak)
    assert weak.errors == "strict"


@pytest.mark.parametrize("encoding", ["cp1252", "cp1258", "ascii"])
def test_a_scripts_console_gets_readable_text(encoding: str) -> None:
    stream = stream_of(encoding)
    make_legible(stream)
    for line in WARNING_LINES.values():
        print(line, file=stream)
    assert "Gemini API approaching daily limits" in written(stream)


def test_a_handlers_formatter_and_level_are_kept(logger: logging.Logger) -> None:
    stream = stream_of("ascii")
    handler = logging.StreamHandler(stream)
    handler.setFormatter(logging.Formatter("%(levelname)s|%(message)s|%(funcName)s"))
    quiet_stream = stream_of("utf-8")
    quiet = logging.StreamHandler(quiet_stream)
    quiet.setLevel(logging.ERROR)
    logger.addHandler(handler)
    logger.addHandler(quiet)
    log_line(logger, logging.INFO, "x")
    assert written(stream).startswith("INFO|x|")
    assert written(quiet_stream) == ""


def test_a_stream_that_replaces_characters_itself_is_not_changed() -> None:
    stream = io.TextIOWrapper(io.BytesIO(), encoding="ascii", errors="backslashreplace")
    assert fitted(TEXT, stream) == TEXT
    assert fitted(TEXT, object()) == TEXT
