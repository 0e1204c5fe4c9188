"""Estimating tokens: megabytes of UTF-8 a second, in pure Python and with numpy where it is there."""

from __future__ import annotations

import json
import subprocess

from benchmarks.measuring import PYTHON, Line, child_environment, line

# Made for this purpose; repeated with a number in each line, so that no line is like another.
TEXTS = {
    "English": "The ferry leaves at seven, and whoever misses it walks around the bay in the rain. ",
    "Vietnamese": "Chuyến phà rời bến lúc bảy giờ, ai lỡ thì phải đi bộ quanh vịnh dưới mưa. ",
    "Chinese": "渡船七点离开码头，错过的人只好冒着雨绕着海湾走回去，一路上谁也没有说话。",
}
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


def run(rounds: int) -> list[Line]:
    """One line a language, and one more with numpy."""
    lines: list[Line] = []
    for language, text in TEXTS.items():
        for vector in (False, True):
            given = json.dumps([text, rounds, vector])
            done = subprocess.run(
                [PYTHON, "-c", _CODE],
                input=given,
                capture_output=True,
                text=True,
                env=child_environment(),
                check=False,
            )
            how = "with numpy" if vector else "pure Python"
            if done.returncode:
                if "numpy" not in done.stderr:
                    raise RuntimeError(done.stderr)
                print(f"  estimate, {language}, {how}: skipped, numpy is not installed here")
                continue
            lines.append(line(f"estimate, {language}, {how}", json.loads(done.stdout), "MB/s"))
    return lines
