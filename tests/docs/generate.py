"""Writes the reference pages that follow from the code: `python -m tests.docs.generate`.

These are the pages on errors, and on events and JSON documents. Other pages have generated parts: the
admin API, the signatures of the keeper, the commands and options, and the settings. Each page is in both
languages.
A test holds every page to what is written here.
"""

from __future__ import annotations

import dataclasses
import inspect
import re
import sys
import textwrap
from collections.abc import Iterator

from quotakeeper import errors
from quotakeeper.domain import observations
from quotakeeper.domain.usage import UsageEvent
from tests.docs.admin_page import admin_page
from tests.docs.command_pages import code_in_table, with_commands
from tests.docs.documents import Document, documents
from tests.docs.pages import DOCS, LANGUAGES, ROOT
from tests.docs.reference_texts import ERRORS, OBSERVED, TEXTS
from tests.docs.setting_pages import with_settings

SIGNATURES = ("<!-- signatures -->", "<!-- end of signatures -->")


def error_classes() -> list[type[errors.QuotakeeperError]]:
    """Every error of the package, a parent before its children."""
    found: list[type[errors.QuotakeeperError]] = []

    def walk(kind: type[errors.QuotakeeperError]) -> None:
        found.append(kind)
        for child in kind.__subclasses__():
            if child.__module__ == errors.__name__:
                walk(child)

    walk(errors.QuotakeeperError)
    return found


def errors_page(language: str) -> str:
    """The page on errors: the tree, and what each error means."""
    text = TEXTS[language]
    lines = [
        f"# {text['errors']}",
        "",
        text["errors_kind"],
        "",
        text["errors_start"],
        "",
        "```text",
    ]
    lines += [_branch(kind) for kind in error_classes()]
    lines += ["```", ""]
    for kind in error_classes():
        meaning, remedy = ERRORS[kind.__name__][language]
        lines += [f"## {kind.__name__}", "", *textwrap.wrap(meaning, 120), ""]
        if facts := _facts(kind):
            lines += [f"{text['facts']} {', '.join(f'`{name}`' for name in facts)}.", ""]
        lines += [*textwrap.wrap(f"{text['remedy']} {remedy}", 120, break_long_words=False), ""]
    return "\n".join(lines)


def _branch(kind: type[errors.QuotakeeperError]) -> str:
    depth = len([each for each in kind.__mro__ if issubclass(each, errors.QuotakeeperError)]) - 1
    plain = [each.__name__ for each in kind.__bases__ if each in (ValueError, Exception)]
    also = f"  ({', '.join(plain)})" if plain and depth else ""
    public = "" if kind.__name__ in _public() else "  quotakeeper.errors"
    return f"{'    ' * depth}{kind.__name__}{also}{public}"


def _public() -> set[str]:
    import quotakeeper

    return set(quotakeeper.__all__)


def _facts(kind: type[errors.QuotakeeperError]) -> list[str]:
    """The attributes that the error sets on itself, its parents' first."""
    found: list[str] = []
    for each in reversed(kind.__mro__):
        if "__init__" in each.__dict__ and issubclass(each, errors.QuotakeeperError):
            source = inspect.getsource(each.__dict__["__init__"])
            found += re.findall(r"^\s+self\.(\w+)(?::[^=]+)? =", source, re.MULTILINE)
    return list(dict.fromkeys(found))


def events_page(language: str) -> str:
    """The page on events: of Python, and as JSON documents."""
    text = TEXTS[language]
    lines = [f"# {text['events']}", "", text["events_kind"], "", f"## {text['usage_event']}", ""]
    lines += [text["usage_event_start"], "", *_fields(UsageEvent, text), ""]
    lines += [f"## {text['observed']}", "", text["observed_start"], "", text["observed_head"]]
    lines += ["|---|---|---|"]
    for name in sorted(set(observations.__all__) - {"Observation"}):
        kind = getattr(observations, name)
        fields = ", ".join(f"`{each.name}`" for each in dataclasses.fields(kind))
        lines.append(f"| `{name}` | {fields} | {OBSERVED[name][language]} |")
    lines += ["", f"## {text['documents']}", "", text["documents_start"], ""]
    for each in documents():
        lines += [*_document(each, text), ""]
    return "\n".join(lines).rstrip() + "\n"


def _fields(kind: type, text: dict[str, str]) -> Iterator[str]:
    yield text["fields_head"]
    yield "|---|---|"
    for each in dataclasses.fields(kind):
        yield f"| `{each.name}` | {code_in_table(str(each.type))} |"


def _document(document: Document, text: dict[str, str]) -> Iterator[str]:
    yield f"### {document.name}"
    yield ""
    commands = ", ".join(f"`{each}`" for each in document.commands)
    yield text["document"].format(number=document.number, commands=commands)
    yield ""
    yield text["keys_head"]
    yield "|---|---|"
    for path, kind in document.keys:
        yield f"| `{path}` | {kind} |"


def signatures() -> str:
    """The signatures of the keeper and of a reservation, from the public surface."""
    surface = (ROOT / "tests" / "project" / "public_surface.txt").read_text(encoding="utf-8")
    lines: list[str] = []
    for name in ("Keeper", "Reservation"):
        for line in surface.splitlines():
            found = re.match(rf"(async def |def )quotakeeper\.{name}\.((?!_)\w+\(.*)", line)
            if found:
                lines.append(f"{found[1]}{name}.{found[2]}")
    return "\n".join(["```python", *lines, "```"])


def with_signatures(page: str) -> str:
    """A page with the signatures between its two marks."""
    begin, end = SIGNATURES
    before, _, rest = page.partition(begin)
    _, _, after = rest.partition(end)
    return f"{before}{begin}\n\n{signatures()}\n\n{end}{after}"


def pages() -> dict[str, str]:
    """Each generated page by its path from the root."""
    made = {}
    for language in LANGUAGES:
        folder = f"docs/{language}/reference"
        keeper, cli, config, admin = (
            (DOCS / language / "reference" / f"{name}.md").read_text(encoding="utf-8")
            for name in ("keeper", "cli", "config", "admin-api")
        )
        made[f"{folder}/admin-api.md"] = admin_page(admin, language)
        made[f"{folder}/errors.md"] = errors_page(language)
        made[f"{folder}/events.md"] = events_page(language)
        made[f"{folder}/keeper.md"] = with_signatures(keeper)
        made[f"{folder}/cli.md"] = with_commands(cli, language)
        made[f"{folder}/config.md"] = with_settings(config, language)
    return made


def main() -> int:
    """Write every page."""
    for name, text in pages().items():
        (ROOT / name).write_text(text, encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
