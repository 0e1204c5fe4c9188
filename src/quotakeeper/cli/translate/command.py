"""Runs `quotakeeper translate`: the translation pipeline with the configured ledger and limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from quotakeeper.cli import context
from quotakeeper.config.key_names import with_usual_names
from quotakeeper.config.run_environment import own_environment
from quotakeeper.pipeline.options import options_from
from quotakeeper.pipeline.translation_run import translate_files


def run_translate(session: context.CommandContext, given: Mapping[str, Any]) -> int:
    """Translate the inputs, and return the exit code.

    `given` has a value for every option in the pipeline's option table.
    """
    environ = own_environment()
    return translate_files(
        lambda: options_from(given, with_usual_names(environ, session.settings().key_names)),
        open_keeper=lambda: context.open_keeper(session),
        words=session.words,
    )
