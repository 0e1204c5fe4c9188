"""The click command `quotakeeper serve` and its options."""

from __future__ import annotations

from typing import Any

import click

from quotakeeper.cli.context import CommandContext


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True,
              help="Address to listen on; 0.0.0.0: every address of this machine.")  # fmt: skip
@click.option(
    "--port", type=click.IntRange(0, 65_535), default=8_787, show_default=True,
    help="Port to listen on; 0: any free port.",
)  # fmt: skip
@click.option("--upstream", "upstreams", multiple=True, metavar="PROVIDER=URL",
              help="Send a provider's calls to this address, such as gemini=http://127.0.0.1:8765; "
                   "repeatable.")  # fmt: skip
@click.option("--key-file", metavar="FILE",
              help='TOML file with the providers\' keys, such as gemini = "..."; only its owner may '
                   "read it. Default: the variables that the SDKs use, such as GEMINI_API_KEY.")  # fmt: skip
@click.option("--allow-host", "hosts", multiple=True, metavar="HOST",
              help="Serve requests for this host name too; repeatable.")  # fmt: skip
@click.option("--admin", metavar="HOST:PORT",
              help="Serve the admin API on this address, such as 127.0.0.1:8788; default: not at "
                   "all.")  # fmt: skip
@click.option("--admin-token-file", metavar="FILE",
              help="File with the admin token; only its owner may use it. Default: the variable "
                   "QUOTAKEEPER_ADMIN_TOKEN, else a new token that is printed once.")  # fmt: skip
@click.option("--dashboard", type=click.IntRange(0, 65_535), metavar="PORT",
              help="Serve the dashboard of this ledger on this port of 127.0.0.1; 0: any free port. "
                   "Default: not at all.")  # fmt: skip
@click.option("--tls-cert", metavar="FILE",
              help="Serve TLS with the certificate in this PEM file; needs --tls-key.")  # fmt: skip
@click.option("--tls-key", metavar="FILE",
              help="PEM file with the certificate's key; only its owner may use it.")  # fmt: skip
@click.option("--workers", type=click.IntRange(1, 64), default=1, show_default=True,
              help="Processes that serve on the same port and ledger (Unix).")  # fmt: skip
@click.option("--public-url", metavar="URL",
              help="The gateway's address for clients, if a server such as nginx is in front of it, "
                   "such as https://ai.example.com.")  # fmt: skip
@click.option("--trusted-proxy", "proxies", multiple=True, metavar="NETWORK",
              help="Address or network of such a server: its X-Forwarded-For is believed; "
                   "repeatable.")  # fmt: skip
@click.option("--quiet", is_flag=True, help="Print no access log.")
@click.pass_obj
def serve(session: CommandContext, /, **given: Any) -> int:
    """Serve a gateway that meters and limits the calls of other programs by their keys.

    Experimental. Clients change their base URL and use a key of `quotakeeper keys create`.
    """
    from quotakeeper.cli.serve.command import ServeOptions, run_serve

    return run_serve(session, ServeOptions(**given))
