"""The click command `quotakeeper sandbox` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.console import tell
from quotakeeper.cli.context import CommandContext
from quotakeeper.cli.exit_codes import OK
from quotakeeper.errors import InvalidInputError


@click.command()
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8_765, show_default=True,
    help="Port on this machine; 0: any free port.",
)  # fmt: skip
@click.option(
    "--fault",
    "faults",
    multiple=True,
    metavar="FAULT",
    help="Make requests fail: KIND[:SECONDS][@FROM[-TO]][=OPERATION], such as 429@2; repeatable.",
)
@click.pass_obj
def sandbox(session: CommandContext, port: int, faults: tuple[str, ...]) -> int:
    """Imitate Gemini and Deepgram on this machine: no key, no network, no cost."""
    from quotakeeper.sandbox import run_sandbox

    try:
        run_sandbox(port, faults, tell)
    except OSError as error:
        raise InvalidInputError(
            "--port",
            f"port {port} cannot be used: {error.strerror or error}",
            "use another port, or 0",
        ) from None
    return OK
