"""What a run tells while it goes, what stands last, and in which language."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from quotakeeper.app.media.folders import SkipReason
from quotakeeper.app.records.amounts import money
from quotakeeper.cli.text.vietnamese import VIETNAMESE
from quotakeeper.cli.text.words import Words
from quotakeeper.domain.money import ExchangeRate
from quotakeeper.domain.usage import CallLabels, Provenance, UsageEvent
from quotakeeper.pipeline import batch_run
from quotakeeper.pipeline.file_job import STEPS
from quotakeeper.pipeline.job_labels import JobLabels
from quotakeeper.pipeline.step_costs import FileCost, StepCosts, cost_text
from quotakeeper.pipeline.wording import ENGLISH, RunMessage, message
from quotakeeper.providers.audio import UnreadReason

if TYPE_CHECKING:
    from tests.pipeline.conftest import Bench, BenchWith

_TELLS = {"words", "message", "MediaFileError", "SetupError", "LimitReachedError"}


def told_texts(tree: ast.AST) -> Iterator[str]:
    """The constant texts that are put into words somewhere in a module."""
    for node in ast.walk(tree):
        if not (isinstance(node, ast.Call) and node.args):
            continue
        name = getattr(node.func, "attr", "") or getattr(node.func, "id", "")
        first = node.args[0]
        if name in _TELLS and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def test_everything_a_run_says_has_its_vietnamese(repository: Path) -> None:
    files = sorted((repository / "src/quotakeeper/pipeline").glob("*.py"))
    told = {text for file in files for text in told_texts(ast.parse(file.read_text("utf-8")))}
    assert len(told) > 50
    by_name = {batch_run._AGAIN, batch_run._AGAIN_WITHOUT_FORCE, batch_run._ALL_DONE_BEFORE}
    reasons = {*map(str, SkipReason), *map(str, UnreadReason)}
    wanted = {*told, *by_name, *STEPS, *reasons}
    assert sorted(wanted - set(VIETNAMESE)) == []


def test_a_message_is_told_with_the_messages_in_it_and_without_keys() -> None:
    inner = message(
        "{provider} answered {status}: {said}", provider="gemini", status=429, said="k3y"
    )
    outer = message("{reason} (check the key)", reason=inner)
    assert str(outer) == outer.told(ENGLISH) == "gemini answered 429: k3y (check the key)"
    hidden = outer.redacted(lambda text: text.replace("k3y", "[key]"))
    assert hidden.told(Words("vi")) == "gemini trả lời 429: [key] (hãy kiểm tra khóa)"
    assert str(RunMessage("a {brace} without values")) == "a {brace} without values"


def test_each_step_says_what_it_cost_when_it_ends_and_the_file_says_it_by_the_minute(
    bench: Bench,
) -> None:
    bench.wav("a.wav", 30_000)
    lines = bench.run().text.splitlines()
    costs = {event.labels.operation: event.cost_pico or 0 for event in bench.events()}
    at = [index for index, line in enumerate(lines) if line.startswith("  ")]
    shown = [lines[index].strip() for index in at if "(reported)" in lines[index]]
    total = sum(costs.values())
    assert shown == [
        f"speech to text: {money(costs['speech_to_text'], 'en')} (reported)",
        f"translation: {money(costs['translate'], 'en')} (reported)",
        f"rewriting: {money(costs['rewrite'], 'en')} (reported)",
        f"cost of this file: {money(total, 'en')} (reported); "
        f"{money(total * 2, 'en')} a minute, for 0.50 minutes of media",
    ]
    after = lines.index(f"  {shown[0]}")
    assert lines[after - 1] == "[1/1] a.wav: speech to text"
    assert lines[after + 1] == "[1/1] a.wav: translation"


def test_a_call_without_a_price_makes_no_sum_and_no_cost_a_minute() -> None:
    priced = UsageEvent("1", 0, CallLabels("gemini"), {"requests": 1}, 2 * 10**12)
    unpriced = UsageEvent("2", 0, CallLabels("gemini"), {"requests": 1}, None)
    assert cost_text([unpriced], ENGLISH) == "cost unknown, no price for 1 calls (reported)"
    assert cost_text([priced, unpriced], ENGLISH) == "$2.00 and 1 calls without a price (reported)"
    assert cost_text([priced], Words("vi")) == "2,00 US$ (nhà cung cấp báo)"
    shown: list[str] = []
    costs = StepCosts()
    file = FileCost(costs, ENGLISH, shown.append)
    file.labels = JobLabels("a.wav", 30_000)
    file.begin_step("translation")
    costs.note(priced)
    costs.note(unpriced)
    file.end_step()
    file.end_step()  # nothing more was booked
    file.end_file()
    text = "$2.00 and 1 calls without a price (reported)"
    assert shown == [f"  translation: {text}", f"  cost of this file: {text}"]


def test_a_second_currency_stands_beneath_the_cost_of_a_file() -> None:
    shown: list[str] = []
    costs = StepCosts()
    costs.currency = ExchangeRate("VND", Decimal(26_300), "2026-11-20", "my bank")
    file = FileCost(costs, ENGLISH, shown.append)
    file.begin_step("translation")
    costs.note(UsageEvent("1", 0, CallLabels("gemini"), {"requests": 1}, 2 * 10**12))
    file.end_step()
    file.end_file()
    rate = "1 USD = 26,300 VND, 2026-11-20, my bank"
    assert shown[1:] == [
        "  cost of this file: $2.00 (reported)",
        f"    52,600 VND (assumed: {rate})",
    ]
    assert costs.models == {("gemini", "")}


def test_a_run_reads_the_rate_from_the_config_and_names_the_next_price_changes(
    bench: Bench,
) -> None:
    bench.clock.set("2026-12-04T12:00:00Z")
    bench.currency = {
        "code": "VND", "per_usd": 26_300, "date": "2026-11-20", "source": "my bank",
    }  # fmt: skip
    bench.wav("a.wav", 30_000)
    lines = bench.run("--model", "gemini-3.6-flash").text.splitlines()
    assert [line for line in lines if " VND (assumed: 1 USD = 26,300 VND, " in line]
    changes = [line for line in lines if line.startswith("price change on 2027-01-01: gemini/")]
    assert changes and lines[-len(changes) :] == changes  # below the summary
    assert "price change" not in bench.run("--force").text  # another model


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_what_went_wrong_is_the_last_thing_on_the_screen(bench: Bench, lang: str) -> None:
    bench.words = Words(lang)
    bench.wav("a.wav", 5_000)
    (bench.media / "b.wav").write_bytes(b"")
    lines = bench.run().text.splitlines()
    summary = lines.index("📊 TOKEN USAGE & QUOTA SUMMARY")
    problem = {
        "en": ["FAILED: 1 of 2 file(s)", "  b.wav: the file is empty"],
        "vi": ["LỖI: 1 trên 2 tệp", f"  b.wav: {VIETNAMESE['the file is empty']}"],
    }[lang]
    assert lines[-2:] == problem
    assert summary < len(lines) - 2


def test_a_stop_at_a_limit_is_the_last_thing_on_the_screen(bench: Bench) -> None:
    for name in ("1.wav", "2.wav"):
        bench.wav(name, 12_000)
    bench.limit("audio_minutes", "0.3")
    lines = bench.run().text.splitlines()
    stop = next(i for i, line in enumerate(lines) if line.startswith("STOPPED AT A LIMIT"))
    assert lines[stop - 1] == "=" * 70
    assert lines[-1].startswith("  run the same command again then")


def test_a_run_is_told_in_vietnamese(bench_with: BenchWith) -> None:
    bench = bench_with("429@1=generateContent")
    bench.words = Words("vi")
    bench.wav("a.wav", 30_000)
    text = bench.run().text
    for part in (
        "1 tệp, cần nhận dạng 1 tệp: 0,50 phút",
        "[1/1] a.wav: nhận dạng tiếng nói",
        "thử lại sau 7 giây",
        "chi phí của tệp này: ",
        " US$ ",
        "[1/1] a.wav: xong: a.txt, a.srt, a.json",
    ):
        assert part in text, part


def test_each_call_is_labelled_with_its_file_and_how_long_it_plays(bench: Bench) -> None:
    bench.wav("a.wav", 5_500)
    bench.run("--scope", "project=phim-01")
    scopes = {event.labels.scope for event in bench.events()}
    assert scopes == {(("job", "a.wav"), ("media_seconds", "5.5"), ("project", "phim-01"))}


def test_labels_of_ones_own_come_first_and_room_for_labels_is_kept(bench: Bench) -> None:
    bench.wav("a.wav", 5_000)
    bench.run("--scope", "job=phim-01")
    assert {dict(event.labels.scope)["job"] for event in bench.events()} == {"phim-01"}
    many = [item for n in range(16) for item in ("--scope", f"label{n}=x")]
    assert bench.run("--force", *many).exit_code == 0
    assert len(bench.events()[-1].labels.scope) == 16


def test_a_length_that_the_file_does_not_tell_is_learnt_from_the_reply() -> None:
    labels = JobLabels("a.mkv")
    heard = UsageEvent("1", 0, CallLabels("deepgram"), {"audio_milliseconds": 61_250})
    assert labels.added_to({}) == {"job": "a.mkv"}
    labels.learn(replace(heard, provenance=Provenance.ASSUMED))
    labels.learn(replace(heard, quantities={"requests": 1}))
    assert labels.milliseconds == 0
    labels.learn(heard)
    labels.learn(replace(heard, quantities={"audio_milliseconds": 1}))
    assert labels.added_to({"user": "an"}) == {
        "job": "a.mkv", "media_seconds": "61.25", "user": "an",
    }  # fmt: skip
