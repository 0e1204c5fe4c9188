"""Runs `quotakeeper leases`: shows the leases of all processes, and writes off those of a lost
host."""

from __future__ import annotations

import json

from quotakeeper.app import lease_holders
from quotakeeper.cli import console, context, exit_codes
from quotakeeper.cli.leases.view import lease_lines, written_off_line


def run_leases(
    session: context.CommandContext, *, write_off: str | None = None, as_json: bool = False
) -> int:
    """Print the leases and the lost hosts. With `write_off`, the name of a lost host, first count
    the leases of this host as used. Returns the exit code."""
    with context.open_existing(session) as keeper:
        written_off = 0 if write_off is None else lease_holders.write_off(keeper, write_off)
        report = lease_holders.lease_report(keeper)
        zone = keeper.zone
    if as_json:
        console.say(json.dumps(lease_holders.leases_record(report, written_off), indent=2))
        return exit_codes.OK
    if write_off is not None:
        console.tell(written_off_line(write_off, written_off, session))
    for line in lease_lines(report, zone, session, console.width()):
        console.say(line)
    return exit_codes.OK
