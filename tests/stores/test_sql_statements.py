"""A SQL dialect may replace a shared statement by name."""

from __future__ import annotations

import sys

import pytest

from quotakeeper.stores.sql.statements import statements

OWN = """
-- name: hold_count
SELECT count(*)::bigint FROM hold

-- fragment: only_ends
kind IN (4, 5, 6, 7)
-- by age
ORDER BY seq
"""


@pytest.fixture
def dialect(tmp_path, monkeypatch):
    """The name of a package with its own SQL files."""
    (tmp_path / "own_dialect").mkdir()
    (tmp_path / "own_dialect" / "__init__.py").touch()
    (tmp_path / "own_dialect" / "statements.sql").write_text(OWN, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    yield "own_dialect"
    sys.modules.pop("own_dialect", None)
    statements.cache_clear()


def test_a_dialect_replaces_a_statement_by_name(dialect):
    own, shared = statements(dialect), statements()
    assert own["hold_count"] == "SELECT count(*)::bigint FROM hold"
    assert own.keys() == shared.keys()
    changed = {name for name in shared if own[name] != shared[name]}
    assert changed == {"hold_count", "ends", "ends_of"}
    assert own["ends"].endswith("WHERE ref = ? AND kind IN (4, 5, 6, 7)\nORDER BY seq")


def test_no_loaded_statement_has_a_fragment_or_a_comment():
    for text in statements().values():
        assert "{" not in text and "--" not in text
