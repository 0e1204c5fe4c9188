"""The models whose price changes soon are found without parsing the whole catalogue."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from quotakeeper.catalogue import dated_rows, load_snapshot
from quotakeeper.catalogue.dated_rows import models_with_new_prices
from quotakeeper.domain.windows import SECOND, instant
from quotakeeper.errors import ConfigError

DAY = 86_400 * SECOND
FILE = """
[defaults]
source = "contract"
provider = "gemini"

[[price]]
model = "gemini-2.0-flash"
meter = "input_tokens"
usd = "0.1"
per = 1_000_000
from = {begins}
{more}
"""


def at(text: str) -> int:
    return instant(datetime.fromisoformat(text))


def expected(overrides: list[Path], after: int, until: int) -> set[tuple[str, str]]:
    rows = load_snapshot(overrides).rows()
    return {(row.provider, row.model) for row in rows if after < row.from_at <= until}


def test_the_same_models_are_found_as_in_the_whole_catalogue() -> None:
    found = 0
    for number in range(0, 1_500, 13):
        after = at("2023-06-01T00:00:00Z") + number * DAY
        models = models_with_new_prices((), after, after + 60 * DAY)
        assert models == expected([], after, after + 60 * DAY), number
        found += len(models)
    assert found > 20


@pytest.mark.parametrize(
    ("begins", "hours"),
    [
        ("2027-03-01", 0),
        ("2027-03-01T23:30:00-11:00", 34.5),
        ("2027-03-01T00:30:00+14:00", -13.5),
    ],
)
@pytest.mark.parametrize("less", [0, 1])
def test_a_date_with_an_offset_is_found_to_the_second(
    begins: str, hours: float, less: int, tmp_path: Path
) -> None:
    path = tmp_path / "own.toml"
    path.write_text(FILE.format(begins=begins, more=""), "utf-8")
    begin = at("2027-03-01T00:00:00Z") + round(hours * 3_600) * SECOND
    after = begin - 1 + less
    models = models_with_new_prices([path], after, after + 10 * DAY)
    assert models == expected([path], after, after + 10 * DAY)
    assert (("gemini", "gemini-2.0-flash") in models) is (less == 0)


def test_a_date_that_all_prices_of_a_file_share_is_found(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    text = FILE.format(begins="2020-01-01", more="").replace("from = 2020-01-01\n", "")
    path.write_text(text.replace("[defaults]", "[defaults]\nfrom = 2027-03-01"), "utf-8")
    after = at("2027-02-01T00:00:00Z")
    found = models_with_new_prices([path], after, after + 60 * DAY)
    assert ("gemini", "gemini-2.0-flash") in found
    assert found == expected([path], after, after + 60 * DAY)


def test_an_error_in_a_file_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "own.toml"
    path.write_text(FILE.format(begins="2027-03-01", more="usd = 3"), "utf-8")
    after = at("2027-02-01T00:00:00Z")
    with pytest.raises(ConfigError, match=r"own\.toml"):
        models_with_new_prices([path], after, after + 60 * DAY)


def test_files_without_a_date_in_the_span_are_not_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[int] = []
    whole = dated_rows.parse_price_file

    def counted(text: str, name: str, *, own: bool) -> object:
        found = whole(text, name, own=own)
        parsed.append(len(found.rows))
        return found

    monkeypatch.setattr(dated_rows, "parse_price_file", counted)
    after = at("2026-12-04T00:00:00Z")
    assert models_with_new_prices((), after, after + 60 * DAY)
    assert 0 < sum(parsed) < len(list(load_snapshot().rows()))
