"""Every example of the tutorials, the how-to pages and the README runs, and prints what the page shows."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs import page_run
from tests.docs.command_server import serve_commands
from tests.docs.page_run import (
    PROGRAM,
    RUN,
    needed_environment,
    needed_programs,
    run_page,
)
from tests.docs.pages import DOCS, LANGUAGES, READMES, ROOT, blocks
from tests.matrix.environments import UnavailableError, prepare

needs_sh = pytest.mark.skipif(os.name == "nt", reason="the examples are typed into a POSIX shell")


def tried(language: str) -> list[Path]:
    """The pages whose examples run."""
    folders = (DOCS / language / "tutorial", DOCS / language / "how-to")
    return [READMES[language], *(page for each in folders for page in sorted(each.glob("*.md")))]


def named(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


def environment_of(page: Path) -> str:
    """The Python that a page needs: ours, or one with other people's libraries."""
    for program in needed_programs(page):
        if shutil.which(program) is None:
            pytest.skip(f"no {program} here")  # CI refuses this skip on Linux
    name = needed_environment(page)
    try:
        return str(prepare(name)) if name else sys.executable
    except UnavailableError as error:
        pytest.skip(f"{name}: {error}")  # CI refuses this skip


@pytest.fixture(scope="module")
def commands(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "src")}
    with serve_commands(tmp_path_factory.mktemp("commands"), environment) as program:
        yield program


@needs_sh
@pytest.mark.slow
@pytest.mark.parametrize("page", [*tried("en"), *tried("vi")], ids=named)
def test_the_examples_of_a_page_run(page: Path, tmp_path: Path, commands: str) -> None:
    """The English README runs the program itself, the others the same commands from the server."""
    program = PROGRAM if page == READMES["en"] else commands
    ran = run_page(page, tmp_path, environment_of(page), program)
    assert ran.exit_code == 0, ran.told
    stale = [each.block.line for each in ran.shown if not each.is_kept]
    assert stale == [], f"renew with: python -m tests.docs.renew {named(page)}\n{ran.told}"


@pytest.mark.parametrize("page", tried("en"), ids=named)
def test_every_page_has_an_example_that_runs_and_shows_its_output(page: Path) -> None:
    found = blocks(page)
    runs = [
        block for block in found
        if block.kind in RUN and not block.title and (block.is_run or block.is_run_on_a_server)
    ]  # fmt: skip
    assert runs, f"{named(page)} has no example that runs"
    assert [block for block in found if block.kind == "text"], f"{named(page)} shows no output"


@pytest.mark.parametrize("page", tried("en"), ids=named)
def test_both_languages_have_the_same_examples(page: Path) -> None:
    """They differ in comments and in what the commands answer, and in nothing else."""
    is_readme = page == READMES["en"]
    other = READMES["vi"] if is_readme else DOCS / "vi" / page.relative_to(DOCS / "en")
    for english, vietnamese in zip(blocks(page), blocks(other), strict=True):
        assert (english.kind, english.title) == (vietnamese.kind, vietnamese.title)
        if english.kind != "text":
            assert english.bare == vietnamese.bare, f"{named(other)}:{vietnamese.line}"
        assert bool(english.note) == bool(vietnamese.note), f"{named(other)}:{vietnamese.line}"


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_block_that_does_not_run_says_why(language: str) -> None:
    """Each block of the README and of the task pages is run, written to a file, or let off with a reason."""
    silent = [
        f"{named(page)}:{block.line}"
        for page in tried(language)
        for block in blocks(page)
        if block.kind not in (*RUN, "text", "mermaid") and not block.title and not block.note
    ]
    assert silent == []


def test_a_wrong_output_is_found(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "```sh\necho one 17 two\n```\n\n```text\none ... two\n```\n\n```sh\necho 3\n```\n\n```text\n4\n```\n",
        encoding="utf-8",
    )
    folder = tmp_path / "run"
    folder.mkdir()
    ran = run_page(page, folder)
    assert [each.is_kept for each in ran.shown] == [True, False]
    page.write_text("```sh\nfalse\n```\n", encoding="utf-8")
    folder = tmp_path / "again"
    folder.mkdir()
    assert run_page(page, folder).exit_code == 1


_SERVER = """
import fcntl, sys, time
file = open("lock", "w")
fcntl.flock(file, fcntl.LOCK_EX)
print("ready", flush=True)
time.sleep(1_000)
"""


@needs_sh
def test_a_server_of_a_page_that_takes_too_long_ends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import fcntl

    work = tmp_path / "work"
    work.mkdir()
    (work / "server.py").write_text(_SERVER, encoding="utf-8")
    script = f'mkfifo ready; "{sys.executable}" server.py > ready & read line < ready; touch began; wait\n'
    (tmp_path / "page.sh").write_text(script, encoding="utf-8")
    monkeypatch.setattr(page_run, "SECONDS", 5)
    with pytest.raises(subprocess.TimeoutExpired):
        page_run._run_script(work, dict(os.environ))
    assert (work / "began").exists()
    with open(work / "lock", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)  # the server has let go of it, so it has ended
