"""`report --html FILE`: one page to forward, in the language of the command."""

from __future__ import annotations

import pytest

from tests.cli.conftest import CommandLine


@pytest.mark.parametrize(
    ("lang", "title", "told"),
    [("en", "Overview", "the page was written to"), ("vi", "Tổng quan", "đã ghi trang vào")],
)
def test_the_page_has_the_language_of_the_command(
    cli: CommandLine, lang: str, title: str, told: str
) -> None:
    with cli.keeper() as keeper:
        keeper.record("deepgram", model="nova-3", operation="listen", audio_seconds=60)
    page = cli.folder / "page.html"
    result = cli.run("--lang", lang, "report", "--html", str(page))
    assert (result.code, result.out) == (0, "")
    assert told in result.err and str(page) in result.err
    text = page.read_text(encoding="utf-8")
    assert f'<html lang="{lang}">' in text and f"<title>{title} " in text
    assert '"calls":1' in text and "nova-3" in text


@pytest.mark.parametrize("other", [("--json",), ("--csv",), ("--by", "day"), ("--last", "7d")])
def test_it_takes_no_option_that_it_would_ignore(cli: CommandLine, other: tuple[str, ...]) -> None:
    with cli.keeper() as keeper:
        keeper.record("deepgram", model="nova-3", operation="listen", audio_seconds=60)
    page = cli.folder / "page.html"
    result = cli.run("report", "--html", str(page), *other)
    assert result.code == 2 and "--html" in result.err
    assert not page.exists()
