"""The errors of a run, by what they stop; all are subclasses of `PipelineError`.

- MediaFileError stops one file. The others continue.
- LimitReachedError stops the run until `resets_at` (0: no time is known).
- SetupError stops the run for good: a refused key, no credit, a broken ledger.
"""

from __future__ import annotations

from quotakeeper.pipeline.wording import RunMessage, Wording


class PipelineError(Exception):
    """Base class of the pipeline's errors; their texts can be shown to the user.

    `text` has {placeholders} that `values` fill in. `str` returns English; `told` returns another
    language.
    """

    def __init__(self, text: str | RunMessage, **values: object) -> None:
        self.message = text if isinstance(text, RunMessage) else RunMessage(text, values)
        super().__init__(str(self.message))

    def told(self, words: Wording) -> str:
        """The text in the language of `words`."""
        return self.message.told(words)


class MediaFileError(PipelineError):
    """One file cannot be processed; the run continues with the others."""


class LimitReachedError(PipelineError):
    """A limit or a provider's quota has no room until `resets_at` (microseconds; 0: unknown).

    `never_fits` means that waiting does not help: the call alone is larger than the limit.
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
    """The whole run cannot continue; `exit_code` is the exit code of the program."""

    def __init__(self, text: str | RunMessage, *, exit_code: int = 1, **values: object) -> None:
        self.exit_code = exit_code
        super().__init__(text, **values)
