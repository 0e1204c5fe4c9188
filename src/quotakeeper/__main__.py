"""`python -m quotakeeper` and the `quotakeeper` command: the full CLI, or a smaller one without
click."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

_AT_PROMPTS = "statusline"  # runs at every prompt, and click would slow it down
_QUICK = ("status", "run")  # scripts run them often; click explains what argparse cannot read


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code."""
    from quotakeeper.cli.arguments import command_of, hoisted
    from quotakeeper.cli.console import make_streams_safe

    make_streams_safe()
    arguments = list(sys.argv[1:] if argv is None else argv)
    name = command_of(hoisted(arguments))
    if name == _AT_PROMPTS or find_spec("click") is None:
        from quotakeeper.cli.bare import main as plain

        return plain(arguments)
    if name in _QUICK:
        from quotakeeper.cli.bare import run_if_understood

        code = run_if_understood(arguments)
        if code is not None:
            return code
    from quotakeeper.cli.app import main as full

    return full(arguments)


if __name__ == "__main__":
    sys.exit(main())
