"""The tool that checks prose finds a long sentence and a banned word, and ignores code."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.prose import BANNED, main, offences, sentences

LONG = "Word" + " word" * 25 + "."
ENOUGH = "Word" + " word" * 24 + "."


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("docs/en/a.md", LONG),
        ("docs/en/a.md", f"# Title\n\n{ENOUGH}\n\n- an item\n- {LONG}\n"),
        ("docs/en/a.md", f"| name | text |\n|---|---|\n| a | {LONG} |\n"),
        ("docs/en/a.md", LONG.replace("word word", "[word](a/long/address.md) `word`", 1)),
        ("docs/en/a.md", LONG.replace("word word", "word e.g. word", 1)),
        ("docs/vi/a.md", " ".join(["từ"] * 41)),
        ("src/quotakeeper/a.py", f'"""{LONG}"""\n'),
        ("src/quotakeeper/a.py", f'def b() -> None:\n    """One.\n\n    {LONG}\n    """\n'),
    ],
)  # fmt: skip
def test_a_long_sentence_is_found(place: str, text: str) -> None:
    (found,) = offences(place, text)
    assert "words" in found.problem
    assert found.line <= text.count("\n") + 1


@pytest.mark.parametrize(
    ("place", "text"),
    [
        ("docs/en/a.md", f"{ENOUGH} {ENOUGH}\n"),
        ("docs/en/a.md", ENOUGH.replace(" word", " `two words`", 1)),
        ("docs/en/a.md", f"```\n{LONG}\n```\n"),
        ("docs/en/a.md", f"- {ENOUGH}\n- {ENOUGH}\n"),
        ("docs/en/a.md", f"`{LONG} orphan`\n"),
        ("docs/vi/a.md", " ".join(["từ"] * 40)),
        ("src/quotakeeper/a.py", f'"""{ENOUGH}"""\nA = "{LONG}"\n'),
    ],
)
def test_short_sentences_and_code_are_accepted(place: str, text: str) -> None:
    assert list(offences(place, text)) == []


def test_a_banned_word_is_found_with_the_word_to_write() -> None:
    (found,) = offences("src/quotakeeper/a.py", '"""An orphan is not free."""\n')
    assert "'orphan'" in found.problem and BANNED["orphan"] in found.problem


def test_a_sentence_ends_at_its_full_stop_and_not_at_an_abbreviation() -> None:
    assert list(sentences("See e.g. Section 4. It says (why). `run` starts it.")) == [
        "See e.g. Section 4.", "It says (why).", "Code starts it.",
    ]  # fmt: skip


def test_main_prints_the_place_of_each_and_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("README.md", "README.vi.md", "CONTRIBUTING.md", "SECURITY.md"):
        (tmp_path / name).write_text(ENOUGH, encoding="utf-8")
    assert main([str(tmp_path)]) == 0
    (tmp_path / "SECURITY.md").write_text(f"{ENOUGH}\n\n{LONG}", encoding="utf-8")
    assert main([str(tmp_path)]) == 1
    assert "SECURITY.md:3: 26 words: Word" in capsys.readouterr().out
