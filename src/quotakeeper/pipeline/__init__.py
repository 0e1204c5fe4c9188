"""The brief's pipeline: media in, Vietnamese subtitles, text, titles and captions out.

Standard library and quotakeeper's core only, so that it runs with a bare `python3`. Deepgram
transcribes, Gemini translates and rewrites. Every paid call is reserved against the limits before
it leaves and settled by what the provider reports.
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from quotakeeper.pipeline.options import TranslateOptions, options_from, read_options
    from quotakeeper.pipeline.translation_run import TranslationRun, translate_files

__all__ = [
    "TranslateOptions",
    "TranslationRun",
    "options_from",
    "read_options",
    "translate_files",
]


def __getattr__(name: str) -> Any:
    # A command line that only shows its help needs the option table and nothing else.
    if name in __all__:
        from quotakeeper.pipeline import options, translation_run  # noqa: PLC0415 - see above

        return getattr(translation_run if hasattr(translation_run, name) else options, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
