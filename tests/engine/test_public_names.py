"""The public names of a keeper and its reservations are exactly those in the documentation."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from quotakeeper.engine.leases.leased_reservation import LeasedReservation
from quotakeeper.engine.pending_reservation import PendingReservation
from tests.engine.conftest import MakeKeeper
from tests.engine.support import ROOT, limit

PAGES = [ROOT / "docs" / language / "reference" / "keeper.md" for language in ("en", "vi")]


def public(thing: object) -> set[str]:
    return {name for name in dir(thing) if not name.startswith("_")}


def documented(page: Path) -> set[str]:
    """Every word in the code of a page: in code blocks, and between backticks."""
    # The generated signatures at the end do not say what a name is for.
    text = page.read_text(encoding="utf-8").partition("<!-- signatures -->")[0]
    blocks = re.findall(r"```.*?```", text, re.DOTALL)
    inline = re.findall(r"`[^`\n]+`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))
    return set(re.findall(r"\w+", " ".join((*blocks, *inline))))


@pytest.mark.parametrize("page", PAGES, ids=["en", "vi"])
def test_every_public_name_is_documented(make: MakeKeeper, page: Path) -> None:
    keeper, leasing = make(limit(10)), make(limit(1_000), lease=10)
    call, leased = keeper.reserve("gemini"), leasing.reserve("gemini")
    assert isinstance(leased, LeasedReservation)
    for thing in (keeper, call, leased):
        assert public(thing) - documented(page) == set(), type(thing).__name__
    assert public(PendingReservation) == set()
    assert public(leased) == public(call)
    assert {"worker", "leases", "ask_for", "granted", "booked", "standing"} & public(
        keeper
    ) == set()
