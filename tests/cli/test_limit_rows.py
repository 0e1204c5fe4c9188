"""The line under a limit: what fits, in which form."""

from __future__ import annotations

import pytest

from quotakeeper.cli.views.limit_rows import fitting

USED = ("5 / 10",)
EXHAUSTED = (
    "exhausted 18:18, in 1 h (18:01 to 18:46)",
    "exhausted 18:18, in 1 h",
    "exhausted 18:18",
)
RESETS = ("resets 00:00, in 7 h", "resets 00:00")


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (72, ["5 / 10", EXHAUSTED[0], RESETS[0]]),
        (71, ["5 / 10", EXHAUSTED[0], RESETS[1]]),
        (63, ["5 / 10", EXHAUSTED[1], RESETS[0]]),
        (46, ["5 / 10", EXHAUSTED[2], RESETS[1]]),
        (38, ["5 / 10", EXHAUSTED[1]]),
        (31, ["5 / 10", EXHAUSTED[2]]),
        (23, ["5 / 10", RESETS[1]]),
        (3, ["5 / 10"]),
    ],
)
def test_texts_are_shortened_before_one_is_left_out(width: int, shown: list[str]) -> None:
    found = fitting([USED, EXHAUSTED, ("",), RESETS], width, 3)
    assert found == shown
    assert len(" · ".join(found)) <= max(width, len(USED[0]))
