"""`quotakeeper prices import genai-prices`."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from tests.cli.conftest import CommandLine

MODELS = [
    {"id": "new-model", "match": {"equals": "new-model"},
     "prices": {"input_mtok": 1.25, "output_mtok": 10, "cache_write_mtok": 2}},
    {"id": "whisper-1", "match": {"equals": "whisper-1"}, "prices": {"input_mtok": 9}},
]  # fmt: skip


@pytest.fixture
def data(tmp_path: Path) -> Path:
    file = tmp_path / "data.json"
    file.write_text(json.dumps([{"id": "openai", "models": MODELS}]))
    return file


def test_an_imported_model_has_a_price_that_says_where_it_comes_from(
    cli: CommandLine, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "genai-prices.toml"
    made = cli.run("prices", "import", "genai-prices", "--file", str(data), "--out", str(out))
    assert made.code == 0, made.err
    told = made.err.splitlines()
    assert told == [
        f"2 prices of 1 models are in {out}",
        "left out: 1 models that the catalogue has",
        "left out: 1 prices for cache_write_mtok, which the catalogue cannot express",
        f"to use them, add {out} to price_files in the config",
    ]
    config = tmp_path / "use.toml"
    config.write_text(f"price_files = [{json.dumps(str(out))}]\n")
    shown = cli.run("--config", str(config), "prices", "show", "new-model")
    assert shown.code == 0, shown.err
    assert "1.25" in shown.out
    assert "source: genai-prices (MIT)" in shown.out
    assert "note: genai-prices data file, read " in shown.out
    again = cli.run(
        "--config", str(config), "prices", "import", "genai-prices", "--file", str(data),
        "--out", str(out), "--provider", "openai",
    )  # fmt: skip
    assert again.code == 0, again.err
    assert "to use them" not in again.err
    assert "bỏ qua: 1 model đã có trong bảng giá" in cli.run(
        "--lang", "vi", "prices", "import", "genai-prices", "--file", str(data), "--out", str(out)
    ).err  # fmt: skip


def test_a_file_of_another_origin_is_not_replaced(
    cli: CommandLine, data: Path, tmp_path: Path
) -> None:
    out = tmp_path / "mine.toml"
    out.write_text("[[price]]\n")
    made = cli.run("prices", "import", "genai-prices", "--file", str(data), "--out", str(out))
    assert made.code == 2
    assert f"{out} was not made by this command" in made.err
    assert out.read_text() == "[[price]]\n"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{", "is not JSON"),
        ("[NaN]", "is not JSON"),
        ("[" * 100_000, "is not JSON"),
        ("{}", "has no list of providers with models"),
        ('[{"id": "openai", "models": [{"id": 1}]}]', "has no list of providers with models"),
    ],
)
def test_a_file_of_another_form_is_refused(
    cli: CommandLine, tmp_path: Path, text: str, problem: str
) -> None:
    file, out = tmp_path / "data.json", tmp_path / "out.toml"
    file.write_text(text)
    made = cli.run("prices", "import", "genai-prices", "--file", str(file), "--out", str(out))
    assert made.code == 78
    assert f"data.json: {problem}" in made.err
    assert not out.exists()


def test_an_unknown_provider_is_refused(cli: CommandLine, data: Path, tmp_path: Path) -> None:
    made = cli.run(
        "prices", "import", "genai-prices", "--file", str(data), "--provider", "nobody",
        "--out", str(tmp_path / "out.toml"),
    )  # fmt: skip
    assert made.code == 2
    assert "no prices of 'nobody'" in made.err
    assert "there are: openai" in made.err


def test_without_the_package_the_command_says_how_to_install_it(
    cli: CommandLine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "genai_prices.data", None)
    made = cli.run("prices", "import", "genai-prices", "--out", str(tmp_path / "out.toml"))
    assert made.code == 69
    assert "needs the extra 'prices'" in made.err
    assert 'pip install ".[prices]"' in made.err
