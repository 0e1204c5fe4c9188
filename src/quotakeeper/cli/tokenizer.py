"""`quotakeeper tokens`: install the local tokenizer, measure the built-in estimate."""

from __future__ import annotations

from quotakeeper.cli import failures, sessions, streams


def run_install(session: sessions.Session, source: str) -> int:
    """Install the tokenizer and say where it is."""
    from quotakeeper.tokens import exact

    place = exact.install(source)
    streams.tell(session.words("the tokenizer is installed in {folder}", folder=place))
    return failures.OK


def run_accuracy(session: sessions.Session, folder: str, *, as_json: bool) -> int:
    """Print the error of the estimate for each language of some texts."""
    return failures.OK
