"""The brief's module: `from token_calculator import TokenCalculator`.

It works in a checkout with a bare `python3`, and wherever quotakeeper is installed.
"""

from __future__ import annotations

import sys
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 - said here, not by an import that fails
    sys.exit("quotakeeper needs Python 3.11 or newer, this is %d.%d" % sys.version_info[:2])  # noqa: UP031

_SOURCE = Path(__file__).resolve().parent.parent / "src"
if _SOURCE.is_dir() and str(_SOURCE) not in sys.path:
    sys.path.insert(0, str(_SOURCE))

from quotakeeper.calculator import TokenCalculator  # noqa: E402

__all__ = ["TokenCalculator"]
