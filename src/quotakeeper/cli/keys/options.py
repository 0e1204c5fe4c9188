"""The click command `quotakeeper keys` and its options."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.context import CommandContext


@click.group()
def keys() -> None:
    """Create and manage virtual keys, which a gateway accepts instead of a provider's key."""


@keys.command("create")
@click.argument("name")
@click.option("--project", default="", help="The label project of each call with this key.")
@click.option("--label", "labels", multiple=True, metavar="NAME=VALUE",
              help="A label of each call with this key; repeatable.")  # fmt: skip
@click.option("--expires", metavar="TIME", help="When the key expires; default: never.")
@click.option("--provider", "providers", multiple=True,
              help="Allow only this provider; repeatable. An empty text denies all; default: "
                   "all.")  # fmt: skip
@click.option("--model", "models", multiple=True,
              help='Allow only this model, or a prefix such as "gemini-2.5-*"; repeatable. An empty '
                   "text denies all; default: all.")  # fmt: skip
@click.option("--network", "networks", multiple=True,
              help="Allow only this IP address or network; repeatable. An empty text denies all; "
                   "default: all.")  # fmt: skip
@click.option(
    "--concurrency", type=int, help="The most calls at the same time; default: any number."
)
@click.option("--on-gone", type=click.Choice(["cancel", "drain"]), default="cancel",
              show_default=True,
              help="When the client has gone: cancel the call, or drain the answer for its true "
                   "use. A WebSocket is always cancelled.")  # fmt: skip
@click.option("--on-limit", type=click.Choice(["raise", "wait", "clamp", "warn"]),
              help="What a hard limit does with a call that does not fit; default: the value in the "
                   "config. Audio and WebSockets have no output cap to lower, so that clamp refuses "
                   "them.")  # fmt: skip
@click.option("--why", default="", metavar="TEXT", help="The reason, which is stored in the audit.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def create(session: CommandContext, /, name: str, **given: Any) -> int:
    """Create a key and print its secret.

    The secret is shown only this once: the ledger stores its SHA-256 and its last four characters.
    """
    from quotakeeper.cli.keys.command import run_create

    return run_create(session, name, given)


@keys.command("list")
@click.option("--all", "with_revoked", is_flag=True, help="Include revoked keys.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def list_keys(session: CommandContext, with_revoked: bool, as_json: bool) -> int:
    """List the keys with their state, expiry and limits."""
    from quotakeeper.cli.keys.command import run_list

    return run_list(session, with_revoked=with_revoked, as_json=as_json)


@keys.command("show")
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def show(session: CommandContext, name: str, as_json: bool) -> int:
    """Show what a key may do, its limits, its secrets, and who changed it."""
    from quotakeeper.cli.keys.command import run_show

    return run_show(session, name, as_json=as_json)


@keys.command("audit")
@click.option("--key", "name", metavar="NAME", help="Only the changes of this key.")
@click.option("--after", type=click.IntRange(min=0), default=0, metavar="NUMBER",
              help="Only the changes after this number.")  # fmt: skip
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True,
              help="The most changes to print.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="As JSON, with the key before and after.")
@click.pass_obj
def audit(session: CommandContext, name: str | None, after: int, limit: int, as_json: bool) -> int:
    """List who changed which key, when and why, the oldest change first.

    The ledger's database refuses to change or delete these rows.
    """
    from quotakeeper.cli.keys.audit import run_audit

    return run_audit(session, name, after, limit, as_json=as_json)


@keys.command("rotate")
@click.argument("name")
@click.option("--grace", default="24h", metavar="SPAN", show_default=True,
              help='How long the older secrets stay valid, such as "24h"; "0m" ends them now.')  # fmt: skip
@click.option("--why", default="", metavar="TEXT", help="The reason, which is stored in the audit.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def rotate(session: CommandContext, name: str, grace: str, why: str, as_json: bool) -> int:
    """Give a key a new secret and print it. Both secrets work during the grace period."""
    from quotakeeper.cli.keys.command import run_rotate

    return run_rotate(session, name, grace, why, as_json=as_json)


@keys.command("revoke")
@click.argument("name")
@click.option("--why", default="", metavar="TEXT", help="The reason, which is stored in the audit.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def revoke(session: CommandContext, name: str, why: str, as_json: bool) -> int:
    """Refuse a key for ever, in every process within 5 seconds."""
    from quotakeeper.cli.keys.command import run_change

    return run_change(session, "revoke", name, why, as_json=as_json)


@keys.command("disable")
@click.argument("name")
@click.option("--why", default="", metavar="TEXT", help="The reason, which is stored in the audit.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def disable(session: CommandContext, name: str, why: str, as_json: bool) -> int:
    """Refuse a key until it is enabled again, in every process within 5 seconds."""
    from quotakeeper.cli.keys.command import run_change

    return run_change(session, "disable", name, why, as_json=as_json)


@keys.command("enable")
@click.argument("name")
@click.option("--why", default="", metavar="TEXT", help="The reason, which is stored in the audit.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
@click.pass_obj
def enable(session: CommandContext, name: str, why: str, as_json: bool) -> int:
    """Accept a disabled key again."""
    from quotakeeper.cli.keys.command import run_change

    return run_change(session, "enable", name, why, as_json=as_json)
