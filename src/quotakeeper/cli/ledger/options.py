"""The click command `quotakeeper ledger` and its options."""

from __future__ import annotations

import click

from quotakeeper.cli.context import CommandContext


@click.group()
def ledger() -> None:
    """Check, create and move a ledger on a PostgreSQL server."""


@ledger.command("accept")
@click.option(
    "--why", metavar="TEXT", default="", help="The reason, which is stored in the journal."
)
@click.pass_obj
def accept(session: CommandContext, why: str) -> int:
    """Accept a ledger that lacks calls after a restore or a failover; hard limits then admit calls."""
    from quotakeeper.cli.ledger.command import run_accept

    return run_accept(session, why)


@ledger.command("check")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def check(session: CommandContext, as_json: bool) -> int:
    """Show what the server's settings guarantee, and what rights this user has."""
    from quotakeeper.cli.ledger.command import run_check

    return run_check(session, as_json=as_json)


@ledger.command("init")
@click.option("--app", default="", metavar="ROLE",
              help="Role for programs that record calls; created without login.")  # fmt: skip
@click.option("--reader", default="", metavar="ROLE",
              help="Role that reads the views only; created without login.")  # fmt: skip
@click.option("--auditor", default="", metavar="ROLE",
              help="Role that reads all tables; created without login.")  # fmt: skip
@click.option("--keys", default="", metavar="ROLE",
              help="Role that manages virtual keys; created without login.")  # fmt: skip
@click.option("--sql", "only_sql", is_flag=True, help="Only print the SQL; change nothing.")
@click.pass_obj
def init(session: CommandContext, /, *, only_sql: bool, **roles: str) -> int:
    """Create the ledger's schema and tables, and the roles that you name."""
    from quotakeeper.cli.ledger.command import run_init

    return run_init(session, roles, only_sql=only_sql)


@ledger.command("migrate")
@click.option("--contract", is_flag=True,
              help="Also remove what only older programs use.")  # fmt: skip
@click.option("--anyway", is_flag=True,
              help="With --contract: also while older programs run; their calls are refused.")  # fmt: skip
@click.option("--sql", "only_sql", is_flag=True, help="Only print the SQL; change nothing.")
@click.pass_obj
def migrate(session: CommandContext, contract: bool, anyway: bool, only_sql: bool) -> int:
    """Bring the ledger's schema up to date; programs of both versions count calls meanwhile."""
    from quotakeeper.cli.ledger.command import run_migrate

    return run_migrate(session, contract=contract, anyway=anyway, only_sql=only_sql)


@ledger.command("move")
@click.option("--from", "source", required=True, metavar="FILE|URL",
              help="The ledger to copy: a file, or the URL of a server.")  # fmt: skip
@click.pass_obj
def move(session: CommandContext, source: str) -> int:
    """Copy a ledger to an empty ledger on a server, or to a new file, and compare both."""
    from quotakeeper.cli.ledger.command import run_move

    return run_move(session, source)


@ledger.command("unfreeze")
@click.pass_obj
def unfreeze(session: CommandContext) -> int:
    """Let a ledger on a server take calls again after it was moved."""
    from quotakeeper.cli.ledger.command import run_unfreeze

    return run_unfreeze(session)
