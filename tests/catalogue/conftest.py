"""Fixtures of the catalogue's tests: the shipped prices, and the price facts that they come from."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.catalogue import PriceSnapshot, load_snapshot

FACTS = Path(__file__).parents[3] / "shared" / "prices"


@pytest.fixture(scope="session")
def prices() -> PriceSnapshot:
    return load_snapshot()


@pytest.fixture(scope="session")
def at() -> Callable[[str], int]:
    """An RFC 3339 text, or a date (00:00 UTC), as microseconds since 1970 UTC."""

    def instant(text: str) -> int:
        moment = datetime.fromisoformat(text)
        moment = moment.replace(tzinfo=moment.tzinfo or UTC)
        return round((moment - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds()) * 10**6

    return instant


@pytest.fixture(scope="session")
def now(at: Callable[[str], int]) -> int:
    """The day on which the facts were collected."""
    return at("2026-11-23T12:00:00Z")


@pytest.fixture(scope="session")
def facts() -> Callable[[str], Any]:
    """A file of the price facts. The test is skipped if the facts are not there."""

    def load(name: str) -> Any:
        if not (FACTS / name).is_file():
            pytest.skip(f"the price facts ../shared/prices/{name} are not beside the project")
        return json.loads((FACTS / name).read_text(encoding="utf-8"), parse_float=Decimal)

    return load
