"""The generated pages are what the code says today."""

from __future__ import annotations

import pytest

from quotakeeper import errors
from quotakeeper.config.key_names import KEYS
from quotakeeper.config.limit_tables import LIMIT_KEYS
from quotakeeper.config.settings import ALERTS, TOP_KEYS
from tests.docs.command_pages import ALL, commands, named_in
from tests.docs.documents import documents
from tests.docs.generate import error_classes, pages
from tests.docs.pages import DOCS, LANGUAGES, ROOT
from tests.docs.reference_texts import ERRORS
from tests.docs.setting_texts import LIMIT_KEY_TEXTS, SETTINGS


@pytest.fixture(scope="module")
def generated() -> dict[str, str]:
    return pages()


def test_the_pages_are_up_to_date(generated: dict[str, str]) -> None:
    stale = [
        name
        for name, text in generated.items()
        if (ROOT / name).read_text(encoding="utf-8") != text
    ]
    assert stale == [], "write them with: python -m tests.docs.generate"


def test_every_error_of_the_module_is_on_the_page() -> None:
    defined = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, errors.QuotakeeperError)
    }
    assert defined == {kind.__name__ for kind in error_classes()} == set(ERRORS)


def test_every_document_has_its_schema_first_and_keys_below_it() -> None:
    for document in documents():
        assert document.keys[0] == ("schema", "integer"), document.name
        assert len(document.keys) > 1, document.name


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_options_of_every_command_are_on_the_page_once(lang: str) -> None:
    named = named_in((DOCS / lang / "reference" / "cli.md").read_text(encoding="utf-8"))
    assert sorted(named) == sorted([ALL, *commands(lang)])


def test_every_setting_and_every_key_of_a_limit_has_its_meaning_in_both_languages() -> None:
    assert set(SETTINGS) == {*TOP_KEYS, KEYS, ALERTS}
    assert set(LIMIT_KEY_TEXTS) == set(LIMIT_KEYS)
    for texts in (*SETTINGS.values(), *LIMIT_KEY_TEXTS.values()):
        assert set(texts) == set(LANGUAGES)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_no_cell_of_a_table_ends_inside_code(lang: str) -> None:
    cut = [
        f"{page.name}: {line}"
        for page in (DOCS / lang).rglob("*.md")
        for line in page.read_text(encoding="utf-8").splitlines()
        if line.startswith("|") and any("|" in code for code in line.split("`")[1::2])
    ]
    assert cut == [], "write a bar in code in a table as <code>a&#124;b</code>"
