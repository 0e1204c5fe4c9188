"""Makes Vietnamese subtitles, text, titles and captions from Chinese video or sound, within the quota.

It runs the same code as `quotakeeper translate`, with a bare `python3`: `python3 all_in_one_backup.py
--help`. It works in a checkout, and wherever quotakeeper is installed.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if sys.version_info < (3, 11):  # noqa: UP036 - said here, not by an import that fails
    sys.exit("quotakeeper needs Python 3.11 or newer, this is %d.%d" % sys.version_info[:2])  # noqa: UP031

HERE = Path(__file__).resolve().parent
for _folder in (HERE, HERE.parent / "src"):
    if _folder.is_dir() and str(_folder) not in sys.path:
        sys.path.insert(0, str(_folder))

from quotakeeper.cli.arguments import asked_language  # noqa: E402
from quotakeeper.cli.text.words import Words  # noqa: E402
from quotakeeper.config.terminal import language  # noqa: E402
from quotakeeper.pipeline.options import read_options  # noqa: E402
from quotakeeper.pipeline.translation_run import TranslationRun, translate_files  # noqa: E402

if TYPE_CHECKING:
    from quotakeeper import Keeper


class AllInOneBackup(TranslationRun):
    """The brief's main script. Its calculator comes from `token_calculator.py` in this folder."""

    def start_calculator(self, keeper: Keeper) -> None:
        """Set `token_calculator`. If the module cannot be imported, the run shows plain text."""
        from token_calculator import TokenCalculator

        self.token_calculator = TokenCalculator(keeper=keeper)


def main(arguments: Sequence[str], environ: Mapping[str, str]) -> int:
    """Run the script. Returns its exit code."""
    words = Words(asked_language(list(arguments)) or language(environ))
    return translate_files(
        lambda: read_options(arguments, environ, words=words),
        run_class=AllInOneBackup,
        words=words,
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
