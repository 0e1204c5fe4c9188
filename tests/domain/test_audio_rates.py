"""Rates of a past run: what each minute of sound used in the ledger predicts the next run."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from quotakeeper.domain.forecasting.audio_rates import MINUTE_MS, Rate, rates_from
from quotakeeper.domain.usage import CallLabels, Outcome, Provenance, UsageEvent
from quotakeeper.domain.windows import SECOND

HOUR = 3_600 * SECOND


class Story:
    """Events at intervals of one minute."""

    def __init__(self) -> None:
        self.events: list[UsageEvent] = []
        self.at = 0

    def call(
        self, provider: str, operation: str, model: str = "m", scope: str = "",
        provenance: Provenance = Provenance.REPORTED, **quantities: int,
    ) -> Story:  # fmt: skip
        self.at += 60 * SECOND
        labels = CallLabels(provider, model, operation, (("project", scope),) if scope else ())
        used = {"requests": 1, **quantities}
        event = UsageEvent(str(len(self.events)), self.at, labels, used, 0, provenance=provenance)
        self.events.append(event)
        return self

    def heard(self, minutes: int, scope: str = "") -> Story:
        return self.call(
            "deepgram", "speech_to_text", "nova-3", scope, audio_milliseconds=minutes * MINUTE_MS
        )

    def file(self, minutes: int, each: int, calls: int = 1, scope: str = "") -> Story:
        self.heard(minutes, scope)
        for _ in range(calls):
            self.call("gemini", "translate", scope=scope, input_tokens=minutes * each // calls)
        return self.call("gemini", "rewrite", scope=scope, output_tokens=30)


def by_operation(story: Story) -> dict[str, Rate]:
    return {rate.operation: rate for rate in rates_from(story.events)}


def test_without_sound_there_are_no_rates() -> None:
    assert rates_from([]) == ()
    assert rates_from(Story().call("gemini", "translate", input_tokens=5).events) == ()


def test_rates_are_total_use_over_total_length() -> None:
    story = Story()
    for minutes, each in ((10, 100), (30, 200), (10, 100), (10, 100), (10, 100), (10, 100)):
        story.file(minutes, each, calls=minutes // 10)
    found = by_operation(story)
    assert list(found) == ["speech_to_text", "translate", "rewrite"]
    hearing, translate, rewrite = found.values()
    assert (hearing.is_hearing, translate.is_hearing) == (True, False)
    assert hearing.per_minute == {"audio_milliseconds": Fraction(MINUTE_MS)}
    assert (hearing.low, hearing.high, hearing.calls_per_file) == (1, 1, 1)
    assert translate.per_minute == {"input_tokens": Fraction(11_000, 80)}
    assert translate.low == Fraction(100 * 80, 11_000)
    assert translate.high == Fraction(200 * 80, 11_000)
    assert (translate.calls_per_file, translate.calls(40 * MINUTE_MS)) == (None, 4)
    assert (rewrite.calls_per_file, rewrite.calls(40 * MINUTE_MS)) == (1, 1)
    assert {(rate.basis, rate.files) for rate in found.values()} == {("history", 6)}


def test_a_file_that_was_transcribed_twice_counts_as_one_file() -> None:
    story = Story().heard(10).heard(10).call("gemini", "translate", input_tokens=1_000)
    hearing, translate = rates_from(story.events)
    assert hearing.per_minute == {"audio_milliseconds": Fraction(2 * MINUTE_MS)}
    assert hearing.uses(7 * MINUTE_MS) == [{"audio_milliseconds": 7 * MINUTE_MS, "requests": 1}] * 2
    assert translate.per_minute == {"input_tokens": Fraction(100)}
    assert translate.files == 1


def test_few_files_give_a_wide_spread() -> None:
    (_, translate, _) = rates_from(Story().file(10, 100).events)
    assert (translate.low, translate.high) == (Fraction(1, 2), Fraction(2))


def test_calls_that_belong_to_no_file_are_left_out() -> None:
    story = Story().call("gemini", "chat", input_tokens=9).file(10, 100, scope="film")
    story.call("gemini", "chat", input_tokens=9)
    story.call("gemini", "chat", scope="other", input_tokens=9)
    story.call("deepgram", "speech_to_text", "nova-3", "film")  # refused: nothing was transcribed
    story.at += 7 * HOUR
    story.call("gemini", "chat", scope="film", input_tokens=9)
    assert list(by_operation(story)) == ["speech_to_text", "translate", "rewrite"]
    assert by_operation(story)["speech_to_text"].calls_per_file == 1


def test_two_projects_at_the_same_time_are_kept_apart() -> None:
    story = Story().heard(10, "a").heard(20, "b")
    story.call("gemini", "translate", scope="a", input_tokens=100)
    story.call("gemini", "translate", scope="b", input_tokens=400)
    translate = by_operation(story)["translate"]
    assert translate.per_minute == {"input_tokens": Fraction(500, 30)}
    assert translate.files == 2


def test_the_last_model_and_the_worst_provenance_are_shown() -> None:
    story = Story().file(10, 100).heard(10)
    story.call("gemini", "translate", "newer", provenance=Provenance.ESTIMATED, input_tokens=2_000)
    found = by_operation(story)
    assert found["translate"].model == "newer"
    assert found["translate"].per_minute == {"input_tokens": Fraction(150)}
    assert found["translate"].provenance is Provenance.ESTIMATED
    assert found["speech_to_text"].provenance is Provenance.REPORTED
    assert found["rewrite"].calls_per_file is None, "one file had none of it"
    assert story.events[0].outcome is Outcome.OK


@given(
    st.integers(0, 10**9), st.integers(0, 5_000), st.integers(1, 9), st.fractions(0, 3),
)  # fmt: skip
def test_the_calls_of_a_file_add_up_to_the_whole(
    milliseconds: int, each: int, calls: int, factor: Fraction
) -> None:
    rate = Rate("p", "m", "o", False, {"input_tokens": Fraction(each)}, Fraction(1), Fraction(1),
                calls_per_minute=Fraction(calls, 7))  # fmt: skip
    uses = rate.uses(milliseconds, factor)
    assert len(uses) == rate.calls(milliseconds) >= 1
    whole = Fraction(each * milliseconds, MINUTE_MS) * factor
    amounts = [use["input_tokens"] for use in uses]
    assert abs(sum(amounts) - whole) <= Fraction(1, 2)
    assert max(amounts) - min(amounts) <= 1


def test_operations_that_count_only_calls_have_no_spread() -> None:
    story = Story()
    for _ in range(3):
        story.heard(10).call("gemini", "translate")
    found = by_operation(story)["translate"]
    assert (found.per_minute, found.low, found.high) == ({}, Fraction(1), Fraction(1))
    assert found.calls_per_minute == Fraction(1, 10)


def test_a_rate_applies_to_another_model_too() -> None:
    found = by_operation(Story().file(10, 100))["translate"]
    other = found.by_model("other", "larger")
    assert (other.provider, other.model) == ("other", "larger")
    assert other.by_model(found.provider, found.model) == found != other
