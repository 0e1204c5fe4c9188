"""The tool that checks names finds a class that occurs twice, and an old term."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.names import main, offences


@pytest.mark.parametrize(
    ("name", "text", "word"),
    [
        ("src/quotakeeper/engine/lane.py", "", "lane"),
        ("src/quotakeeper/engine/a.py", "class Housekeeping: ...\n", "maintenance"),
        ("src/quotakeeper/engine/a.py", "class SweepTicket: ...\n", "work_item"),
        ("src/quotakeeper/engine/a.py", "def give_aside() -> None: ...\n", "offload"),
        ("src/quotakeeper/engine/a.py", "async def slot_start() -> None: ...\n", "time bucket"),
        ("tests/stores/test_slotted.py", "", "bucket_sums"),
        ("tests/stores/a.py", "class House: ...\n", "layout"),
    ],
)
def test_an_old_term_is_found(name: str, text: str, word: str) -> None:
    (found,) = offences(name, text)
    assert word in found


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("tests/domain/test_a.py", "def test_of_two_the_closer_one_holds() -> None: ...\n"),
        ("src/quotakeeper/keeper.py", "class Keeper:\n    def slots(self) -> None: ...\n"),
        ("src/quotakeeper/intercept/import_hook.py", "class HookFinder: ...\n"),
    ],
)
def test_other_words_are_accepted(name: str, text: str) -> None:
    assert list(offences(name, text)) == []


def test_a_class_name_that_occurs_twice_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    package = tmp_path / "src" / "quotakeeper"
    package.mkdir(parents=True)
    (package / "a.py").write_text("class Frame: ...\nclass _Sum: ...\n", encoding="utf-8")
    (package / "b.py").write_text("class _Sum: ...\n", encoding="utf-8")
    assert main([str(tmp_path)]) == 0
    (package / "b.py").write_text("class Frame: ...\n", encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    assert "class Frame occurs more than once" in capsys.readouterr().out
