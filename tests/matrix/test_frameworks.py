"""The examples for FastAPI and LangChain run, refuse at the limit, and show what each user has cost."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from tests.matrix.environments import UnavailableError, prepare

PROXIES = ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")


def example(repository: Path, name: str) -> list[str]:
    """The lines that an example prints in its environment."""
    try:
        python = prepare("frameworks")
    except UnavailableError as error:
        pytest.skip(f"frameworks: {error}")  # CI refuses this skip
    kept = {name: value for name, value in os.environ.items()
            if name not in PROXIES and not name.startswith(("QUOTAKEEPER", "LANGSMITH"))}  # fmt: skip
    environ = {**kept, "PYTHONPATH": str(repository / "src"), "PYTHONUTF8": "1"}
    done = subprocess.run(
        [str(python), str(repository / "examples" / name)],
        env=environ, capture_output=True, encoding="utf-8", check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.splitlines()


@pytest.mark.slow
def test_fastapi_holds_each_user_to_a_budget(repository: Path) -> None:
    first, second, third, other, *costs = example(repository, "fastapi_budget.py")
    assert first.startswith("an: 200 ") and second.startswith("an: 200 ")
    assert third.startswith("an: 429 ") and "your budget for today is used up" in third
    assert other.startswith("binh: 200 ")
    assert [line.split(" has cost $")[0] for line in costs] == ["an", "binh"]
    an, binh = (float(line.split("$")[1].split()[0]) for line in costs)
    assert an > binh > 0


@pytest.mark.slow
def test_langchain_is_counted_and_refused_without_a_change_to_the_chain(repository: Path) -> None:
    first, second, third, other, *costs = example(repository, "langchain_budget.py")
    assert "refused" not in first + second + other
    assert third.startswith("an: refused: ")
    assert [line.split(":")[0] for line in costs] == [
        "an gemini-3.5-flash-lite", "binh gemini-3.5-flash-lite",
    ]  # fmt: skip
    assert "2 calls, $0.0" in costs[0] and "1 calls, $0.0" in costs[1]
