"""The generated pages are what the code says today."""

from __future__ import annotations

import pytest

from quotakeeper import errors
from tests.docs.documents import documents
from tests.docs.generate import error_classes, pages
from tests.docs.pages import ROOT
from tests.docs.reference_texts import ERRORS


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
