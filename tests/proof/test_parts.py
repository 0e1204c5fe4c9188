"""`./dev proof` and its page: parts are found, a part that dies is reported, the page shows the findings."""

from __future__ import annotations

import inspect
import json
import sys
from dataclasses import asdict
from pathlib import Path

import pytest

from tests.proof import __main__ as verb
from tests.proof import cancels, cuts, page, parts, promotions
from tests.proof.parts import Part

OURS = {"simulation", "races", "outages", "cancels", "cuts", "museum", "mutants", "lost_messages",
        "server_kills", "promotions", "server_races"}  # fmt: skip


def test_every_part_has_the_required_functions() -> None:
    assert set(parts.names()) >= OURS
    for name in parts.names():
        module = parts.load(name)
        assert list(inspect.signature(module.run).parameters) == ["minutes", "seed", "report"]
        assert parts.weight(name) > 0
    for name in OURS:
        module = parts.load(name)
        assert module.PROMISE and module.PROMISE_VI and module.PROMISE != module.PROMISE_VI
        assert "\n" not in module.PROMISE + module.PROMISE_VI


def test_a_part_survives_being_written_to_json() -> None:
    part = Part("x", "promised", 3, ["broken"], 7, 1.5, ("a", "b"), (("case", 1, 2),))
    assert parts.from_json(parts.as_json(part)) == part


def test_an_unknown_part_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert verb.main(["--only", "simulation,nothing"]) == 2
    assert "no part nothing; there are: " in capsys.readouterr().err
    assert verb.main(["--only", "races", "--write"]) == 2


def test_a_part_that_dies_counts_as_a_finding(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    fake = tmp_path / "python"
    fake.write_text("#!/bin/sh\nexit 3\n", encoding="utf-8")
    fake.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(fake))
    (part,) = verb.run_parts(["races"], 0.01, 5)
    assert part.found and part.found[0].startswith("the part itself died")
    assert "--only races --seed 5" in part.found[0]
    assert "FAIL races" in capsys.readouterr().out


def test_the_exit_code_is_zero_without_findings_and_one_with_findings(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for found, code in (([], 0), (["I1: passed"], 1)):
        monkeypatch.setattr(verb, "run_parts", lambda *_, f=found: [Part("x", "y", 1, f)])
        assert verb.main(["--seed", "1"]) == code


RESULT = {
    "at": "2026-11-25 21:00 UTC", "minutes": 5.0, "seed": 7, "seconds": 301, "commit": "abc1234",
    "python": "3.11.7", "sqlite": "3.40.1", "machine": "Linux x86_64, 2 processors",
    "parts": [asdict(Part("simulation", "one|two", 1_234_567, [], 7, 60.4, ("quick",))),
              asdict(Part("races", "all", 5, ["I5: twice"], 8, 1.0))],
}  # fmt: skip


def test_the_page_shows_each_promise_its_cases_and_its_findings() -> None:
    english, vietnamese = (page.rendered(RESULT, language) for language in ("en", "vi"))
    assert "1,234,567 | none | 7 | 60 s |" in english
    assert "1.234.567 | không | 7 | 60 s |" in vietnamese
    for text in (english, vietnamese):
        assert "| **1** | 8 |" in text and "  - I5: twice" in text and "  - quick" in text
        assert "./dev proof --minutes 60 --seed 7" in text
        assert "litellm#30684" in text and "NFS" in text
    assert "one\\|two" in english
    assert parts.load("simulation").PROMISE_VI in vietnamese


def test_the_page_shows_the_table_of_a_part() -> None:
    rows = tuple((case.name, 1, 12_345, 0, 0, 0, 0, 0) for case in promotions.CASES)
    part = asdict(Part("promotions", "all", 5, [], 8, 1.0, (), rows))
    english, vietnamese = (page.rendered({**RESULT, "parts": [part]}, x) for x in ("en", "vi"))
    assert "| synchronous, lives on | 1 | 12,345 | 0 | 0 | 0 | 0 | 0 |" in english
    assert "| đồng bộ, vẫn chạy | 1 | 12.345 | 0 | 0 | 0 | 0 | 0 |" in vietnamese
    assert english.count("| 12,345 |") == vietnamese.count("| 12.345 |") == len(promotions.CASES)
    head = promotions.TABLE["en"]["head"]
    assert len(head) == len(promotions.TABLE["vi"]["head"]) == 1 + len(promotions.COLUMNS)


@pytest.mark.parametrize("language", ["en", "vi"])
def test_the_pages_match_the_last_written_run(language: str) -> None:
    result = page.last_result()
    assert page.PAGES[language].read_text(encoding="utf-8") == page.rendered(result, language)
    assert json.dumps(result, ensure_ascii=False, indent=1) + "\n" == page.RESULT.read_text(
        encoding="utf-8"
    )
    assert [each["found"] for each in result["parts"]] == [[] for _ in result["parts"]]


# -- the short forms of parts whose drivers are in other tests


@pytest.mark.parametrize("library", list(cuts.WAYS))
def test_a_stream_cut_on_a_socket_gives_the_same_bytes_with_metering(library: str) -> None:
    for end in (len(cuts.STREAMED), len(cuts.STREAMED) + 30, len(cuts.WIRE) - 9, len(cuts.WIRE)):
        cuts.on_the_wire(library, end)


@pytest.mark.parametrize("name", list(cancels.AWAITED))
def test_a_stream_cancelled_after_some_turns_is_settled(name: str) -> None:
    for turns in (0, 1, 3, 8, 20):
        assert cancels._stream(name, turns) == []
