"""The real SDKs, unchanged: the ledger equals the server's bill, call by call.

`./dev test` runs a small set. `./dev test --matrix` and CI run all cases.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.matrix.environments import UnavailableError
from tests.matrix.features import COMPACT, SETTINGS
from tests.matrix.harness import LIVE, play

IN_CI = os.environ.get("CI", "").lower() in ("1", "true", "yes")
FULL = IN_CI or os.environ.get("QUOTAKEEPER_MATRIX") == "full"


@pytest.mark.slow
@pytest.mark.parametrize("name", SETTINGS if FULL else COMPACT)
def test_the_ledger_equals_the_bill(name: str, tmp_path: Path) -> None:
    setting = SETTINGS[name]
    cases = [case for case in setting.cases if LIVE or not case.live]
    try:
        results = play(setting, tmp_path, cases)
    except UnavailableError as error:
        if IN_CI:
            raise
        pytest.skip(f"{name}: {error}")
    assert {each.case.name: each.problem for each in results if each.problem} == {}
