"""Each recognition is paid for by itself, and so it is stored by itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from quotakeeper.pipeline.http_transport import HttpReply, HttpRequest, send

if TYPE_CHECKING:
    from tests.pipeline.conftest import Bench

VIETNAMESE = "samples/ha-noi.mp3"  # Chinese gives next to nothing; 12 seconds


def listens(bench: Bench) -> int:
    return [charge.operation for charge in bench.sandbox.bill.charges].count("listen")


def languages_asked(bench: Bench) -> list[str]:
    """Watches what is asked for from now on; ends the first Vietnamese asking by Ctrl-C."""
    asked: list[str] = []

    def watch(request: HttpRequest) -> HttpReply:
        if "/v1/listen" in request.url:
            asked.append(request.url.partition("language=")[2][:2])
            if asked == ["zh", "vi"]:
                raise KeyboardInterrupt
        return send(request)

    bench.transport = watch
    return asked


def test_ctrl_c_in_the_second_language_does_not_lose_the_first(
    bench: Bench, repository: object
) -> None:
    asked = languages_asked(bench)
    assert bench.run(inputs=[f"{repository}/{VIETNAMESE}"]).exit_code == 130
    again = bench.run(inputs=[f"{repository}/{VIETNAMESE}"])
    assert again.exit_code == 0
    assert asked == ["zh", "vi", "vi"]


@pytest.mark.parametrize("more", [[], ["--wait"], ["--wait", "--force"]])
def test_a_limit_between_one_and_two_lengths_takes_two_days_and_no_more(
    bench: Bench, repository: object, more: list[str]
) -> None:
    source = [f"{repository}/{VIETNAMESE}"]
    bench.limit("audio_minutes", "0.3")
    first = bench.run(*more, inputs=source)
    if not more:
        assert first.exit_code == 3 and listens(bench) == 1
        assert (
            "1 of 1 files fit in the quota now if each is transcribed once, 0 if each" in first.text
        )
        assert bench.run(inputs=source).exit_code == 3 and listens(bench) == 1
        bench.clock.advance(hours=14)
        first = bench.run(inputs=source)
    assert first.exit_code == 0
    assert listens(bench) == 2
    assert sum(bench.clock.slept) <= 15 * 3_600
    assert bench.totals() == bench.sandbox.bill.totals()


def test_silence_is_paid_for_once_in_each_language(bench: Bench) -> None:
    bench.wav("silent.wav", 3_000, level=0)
    assert bench.run().exit_code == 1
    again = bench.run()
    assert again.exit_code == 1 and "--force tries again" in again.text
    assert listens(bench) == 2


def test_the_forecast_counts_requests_too(bench: Bench) -> None:
    for name in ("1.wav", "2.wav", "3.wav"):
        bench.wav(name, 3_000)
    bench.limit("requests", "2")
    assert "2 of 3 files fit in the quota now if each is transcribed once, 1 if" in bench.run().text
