"""The errors of a run. All are subclasses of `PipelineError`.

- MediaFileError stops one file. The run continues with the other files.
- LimitReachedError stops the run until `resets_at`. 0 means that the time is unknown.
- SetupError ends the run, for example if a key is refused or the ledger cannot be used.
"""

from __future__ import annotations

from quotakeeper.pipeline.wording import RunMessage, Wording


class PipelineError(Exception):
    """Base class of the pipeline's errors. Their texts can be shown to the user.

    `text` has {placeholders} for `values`. `str` returns the English text; `told` returns another
    language.
    """

    def __init__(self, text: str | RunMessage, **values: object) -> None:
        self.message = text if isinstance(text, RunMessage) else RunMessage(text, values)
        super().__init__(str(self.message))

    def told(self, words: Wording) -> str:
        """Return the text in the language of `words`."""
        return self.message.told(words)


class MediaFileError(PipelineError):
    """One file cannot be processed. The run continues with the other files."""


class LimitReachedError(PipelineError):
    """A limit or a provider quota refuses calls until `resets_at`.

    `resets_at` is in microseconds since 1970 UTC; 0 means unknown. `zone` is the time zone of the
    limit. `never_fits` is True if the call alone is larger than the limit, so waiting does not
    help.
    """

    def __init__(
        self,
        text: str | RunMessage,
        *,
        resets_at: int = 0,
        zone: str = "",
        never_fits: bool = False,
        **values: object,
    ) -> None:
        self.resets_at = resets_at
        self.zone = zone
        self.never_fits = never_fits
        super().__init__(text, **values)


class SetupError(PipelineError):
    """The run cannot continue. The program ends with `exit_code`."""

    def __init__(self, text: str | RunMessage, *, exit_code: int = 1, **values: object) -> None:
        self.exit_code = exit_code
        super().__init__(text, **values)
