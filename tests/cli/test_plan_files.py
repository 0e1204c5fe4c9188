"""`quotakeeper plan`: names that differ look different, and what is done is left out."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from quotakeeper.cli.text.table import columns_of, names_that_differ
from quotakeeper.pipeline.checkpoint import TOOL
from quotakeeper.pipeline.finished_files import finished_operations
from tests.cli.conftest import CommandLine
from tests.cli.test_prices import sound

SEGMENTS = [
    {"start_ms": 0, "end_ms": 1_000, "text": "你好"},
    {"start_ms": 1_000, "end_ms": 2_000, "text": "再见"},
]
SPEECH = {"key": "k", "language": "zh", "confidence": 0.9, "segments": SEGMENTS}
ALL = {
    "speech_to_text": SPEECH,
    "translate": {"key": "k", "lines": {"0": "xin chào", "1": "tạm biệt"}},
    "rewrite": {"key": "k"},
}


def checkpoint(media: Path, steps: dict[str, object], folder: Path | None = None) -> Path:
    source = {"name": media.name, "sha256": "0" * 64, "bytes": media.stat().st_size}
    path = (folder or media.parent) / f"{media.stem}.json"
    record = {"schema": 1, "tool": TOOL, "source": source, "steps": steps}
    path.write_text(json.dumps(record), encoding="utf-8")
    return path


@pytest.fixture
def films(cli: CommandLine) -> CommandLine:
    folder = cli.folder / "phim"
    folder.mkdir()
    for number in range(3):
        sound(folder / f"{number}.wav", 60 + number)
    return cli


def test_a_finished_file_is_left_out_and_counted(films: CommandLine) -> None:
    checkpoint(films.folder / "phim" / "1.wav", ALL)
    record = json.loads(films.run("plan", "phim", "--json").out)
    assert [Path(each["name"]).name for each in record["files"]] == ["0.wav", "2.wav"]
    assert [Path(each).name for each in record["done"]] == ["1.wav"]
    assert (
        "1 file already has its outputs; with --again it is planned too"
        in films.run("plan", "phim").out
    )
    assert "1 tệp đã có kết quả" in films.run("plan", "phim", "--lang", "vi").out
    again = json.loads(films.run("plan", "phim", "--again", "--json").out)
    assert (len(again["files"]), again["done"]) == (3, [])


def test_outputs_may_lie_in_another_folder(films: CommandLine) -> None:
    out = films.folder / "out"
    out.mkdir()
    for number in range(3):
        checkpoint(films.folder / "phim" / f"{number}.wav", ALL, out)
    assert len(json.loads(films.run("plan", "phim", "--json").out)["files"]) == 3
    result = films.run("plan", "phim", "--out", "out", "--check")
    assert result.code == 0
    assert "3 files already have their outputs" in result.out


def test_only_the_operations_asked_for_have_to_be_done(films: CommandLine) -> None:
    checkpoint(films.folder / "phim" / "1.wav", {"speech_to_text": SPEECH})
    record = json.loads(films.run("plan", "phim", "--json").out)
    assert record["done"] == []
    record = json.loads(films.run("plan", "phim", "--operations", "speech_to_text", "--json").out)
    assert len(record["done"]) == 1


@pytest.mark.parametrize(
    ("steps", "done"),
    [
        ({}, set()),
        (ALL, {"speech_to_text", "translate", "rewrite"}),
        ({**ALL, "translate": {"lines": {"0": "xin chào"}}}, {"speech_to_text", "rewrite"}),
        (
            {"speech_to_text": {**SPEECH, "segments": []}},
            {"speech_to_text", "translate", "rewrite"},
        ),
        ({"speech_to_text": "broken"}, set()),
        ({"speech_to_text": {"segments": 5}}, set()),
    ],
)
def test_what_a_checkpoint_says(tmp_path: Path, steps: dict[str, object], done: set[str]) -> None:
    media = tmp_path / "a.wav"
    sound(media, 10)
    path = checkpoint(media, steps)
    assert finished_operations(media) == done
    media.write_bytes(media.read_bytes() + b"more")
    assert finished_operations(media) == set(), "another file by now"
    path.write_text('{"tool": "another", "steps": {}}', encoding="utf-8")
    assert finished_operations(media) == set()
    path.unlink()
    assert finished_operations(media) == set()
    assert finished_operations(tmp_path / "absent.wav") == set()


@pytest.mark.parametrize("columns", [12, 20, 40])
def test_different_names_stay_different(columns: int) -> None:
    names = [
        "phim/mùa 1/Tập 01 - một cái tên thật là dài, phần đầu.mp4",
        "phim/mùa 1/Tập 02 - một cái tên thật là dài, phần đầu.mp4",
        "phim/mùa 1/Tập 02 - một cái tên thật là dài, phần cuối.mp4",
        "第一集第一集第一集第一集第一集第一集.mp4",
        "a.mp4",
    ]
    shown = names_that_differ(names, columns)
    assert len(set(shown)) == len(names)
    assert max(map(columns_of, shown)) <= columns
    assert shown[-1] == "a.mp4"
    assert names_that_differ(["same", "same"], 10) == ["same", "same"]


def test_in_a_narrow_table_the_ends_of_names_are_seen(cli: CommandLine) -> None:
    folder = cli.folder / "một thư mục có cái tên dài"
    folder.mkdir()
    for number in range(3):
        sound(folder / f"cùng một cái tên rất dài, tập {number}.wav", 60)
    cli.environment.setenv("COLUMNS", "80")
    out = cli.run("plan", folder.name).out
    assert all(f"tập {number}.wav" in out for number in range(3))
