"""What can go wrong in a run, by what it stops: one file, the run for now, or the run for good.

PipelineError
├── MediaFileError     this file cannot be done; the others go on
├── LimitReachedError  nothing more fits until `resets_at` (0: no time is known)
└── SetupError         nothing can work as it is set up: a refused key, no credit, a broken ledger
"""

from __future__ import annotations

from quotakeeper.pipeline.wording import RunMessage, Wording


class PipelineError(Exception):
    """Root of what the pipeline raises on purpose; its text is fit to be shown.

    `text` has {places} that `values` fill in. `str` gives it in English, `told` in a language.
    """

    def __init__(self, text: str | RunMessage, **values: object) -> None:
        self.message = text if isinstance(text, RunMessage) else RunMessage(text, values)
        super().__init__(str(self.message))

    def told(self, words: Wording) -> str:
        """The text in a language."""
        return self.message.told(words)


class MediaFileError(PipelineError):
    """This one file cannot be done."""


class LimitReachedError(PipelineError):
    """Our own limit, or the provider's quota, has no room: `resets_at` is when it has again.

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
    """The whole run cannot go on; `exit_code` says how it ends."""

    def __init__(self, text: str | RunMessage, *, exit_code: int = 1, **values: object) -> None:
        self.exit_code = exit_code
        super().__init__(text, **values)
