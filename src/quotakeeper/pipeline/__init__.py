"""The translation pipeline: turns media files into Vietnamese subtitles, text, titles and captions.

Needs only the standard library and quotakeeper's core, so a plain `python3` can run it. Deepgram
transcribes; Gemini translates and rewrites. Each paid call is reserved against the limits before it
is sent. Each call is settled with the usage that the provider reports.
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
    # A command line that only prints its help needs the option table and no other module.
    if name in __all__:
        from quotakeeper.pipeline import options, translation_run  # noqa: PLC0415 - see above

        return getattr(translation_run if hasattr(translation_run, name) else options, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
