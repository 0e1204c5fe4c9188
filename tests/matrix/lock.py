"""Writes requirements/matrix/*.txt: pinned and hashed for every platform, without a host name. Needs uv.

Run it by hand: `python tests/matrix/lock.py [--upgrade] [NAME ...]`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

from tests.matrix.environments import REQUIREMENTS, WANTED, requirements


def main(arguments: list[str]) -> int:
    """Compile the named files, or all. Returns uv's exit code if uv fails."""
    names = [each for each in arguments if not each.startswith("-")] or list(WANTED)
    options = [each for each in arguments if each.startswith("-")]
    REQUIREMENTS.mkdir(parents=True, exist_ok=True)
    for name in names:
        command = ["uv", "pip", "compile", "--quiet", "--universal", "--python-version", "3.11"]
        command += ["--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"]
        command += ["--no-annotate", "--custom-compile-command", "python tests/matrix/lock.py"]
        command += [*options, "-", "-o", str(requirements(name))]
        asked = "".join(f"{each}\n" for each in WANTED[name])
        ran = subprocess.run(
            command, input=asked, text=True, stdout=subprocess.DEVNULL, check=False
        )
        if ran.returncode:
            return ran.returncode
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
