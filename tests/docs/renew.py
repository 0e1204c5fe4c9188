"""Runs the examples of pages, and writes what they print now into the pages.

`python -m tests.docs.renew PAGE...`. Output that is as the page shows it stays as it is, `...`
included. Look at the difference afterwards: a page should show what it speaks of.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

from tests.docs.page_run import needed_environment, run_page
from tests.matrix.environments import prepare


def renew(page: Path) -> int:
    """Renew one page; its exit code."""
    name = needed_environment(page)
    python = str(prepare(name)) if name else sys.executable
    with tempfile.TemporaryDirectory() as folder:
        ran = run_page(page, Path(folder), python)
    if ran.exit_code:
        print(f"{page}: {ran.told}")
        return ran.exit_code
    lines = page.read_text(encoding="utf-8").splitlines()
    for shown in reversed(ran.shown):
        if shown.is_kept:
            continue
        begin = lines.index("```text", shown.block.line) + 1
        end = lines.index("```", begin)
        lines[begin:end] = shown.output.strip("\n").splitlines()
        print(f"{page}:{begin + 1}: renewed")
    page.write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(max([0, *(renew(Path(name).resolve()) for name in sys.argv[1:])]))
