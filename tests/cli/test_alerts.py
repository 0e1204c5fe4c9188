"""`quotakeeper alerts`: what is sent, what the texts say, and what the exit code says."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from quotakeeper import LimitExceeded
from tests.alerts.receivers import Receiver, web_receiver
from tests.cli.conftest import CommandLine, golden

CONFIG = """
timezone = "Asia/Ho_Chi_Minh"
on_unpriced = "count_only"

[[limit]]
name = "day"
meter = "cost"
window = "day"
amount = "1"
thresholds = [0.8, 1.0]

[[limit]]
name = "sound"
meter = "audio_minutes"
window = "rolling 24h"
amount = 100
mode = "soft"

[[limit]]
name = "prepaid"
meter = "tokens"
window = "none"
amount = 10_000_000
thresholds = [0.5]
"""
CHANNEL = """
[alerts]
{more}
[[alerts.channel]]
name = "phone"
kind = "webhook"
url = "{url}"
networks = ["127.0.0.0/8"]
"""


def configure(cli: CommandLine, url: str = "http://127.0.0.1:1/", more: str = "") -> None:
    cli.environment.delenv("QUOTAKEEPER_TIMEZONE", raising=False)
    cli.write_config(CONFIG + CHANNEL.format(url=url, more=more))


def work(cli: CommandLine) -> None:
    """Reach every threshold, without a price, with a refusal, and with a pause and its end."""
    with cli.keeper(on_warning=lambda _: None) as keeper:
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=2_700_000)
        keeper.record("deepgram", model="nova-3", audio_seconds=5_400)
        cli.clock.advance(minutes=5)
        keeper.record("gemini", model="gemini-2.5-flash", input_tokens=2_800_000)
        keeper.record("gemini", model="gemini-99-x", input_tokens=10)
        with pytest.raises(LimitExceeded):
            keeper.reserve("gemini", model="gemini-2.5-flash", input_tokens=100_000)
        keeper._engine.observers.rest(5)
        cli.clock.advance(minutes=5)
        keeper.pause("gemini", why="a runaway loop", for_seconds=3_600)
        keeper.resume("gemini", why="fixed")


def shown(receiver: Receiver) -> str:
    documents = [json.loads(body)["data"] for _, _, body in receiver.requests]
    return "\n".join(f"{each['title']}\n{each['text']}\n" for each in documents)


def by(text: str) -> str:
    """A text without the name of the account and the machine."""
    from quotakeeper.identifiers import user_at_host

    return text.replace(user_at_host(), "an@desk")


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_every_alert_says_what_is_used_and_left_and_when_it_resets(
    cli: CommandLine, lang: str
) -> None:
    with web_receiver() as receiver:
        configure(cli, receiver.url, f'language = "{lang}"')
        work(cli)
        found = cli.run("alerts", "run")
        assert found.code == 0, found.err
        assert cli.run("alerts", "run").err == "no alert is due\n"
    golden(f"alerts_{lang}.txt", by(shown(receiver)))
    ids = receiver.ids
    assert len(ids) == len(set(ids)) == found.out.count("phone: sent: ")


def test_the_document_has_amounts_in_the_unit_of_the_limit(cli: CommandLine) -> None:
    with web_receiver() as receiver:
        configure(cli, receiver.url, 'rules = ["threshold"]')
        work(cli)
        cli.run("alerts", "run")
    found: dict[str, Any] = {}
    for _, _, body in receiver.requests:
        document = json.loads(body)
        assert document["schema"] == 1 and document["type"] == "quotakeeper.threshold"
        limit = document["data"]["limit"]
        found[limit["name"]] = limit
    assert found["sound"] == {
        "name": "sound", "window": "rolling 24h", "mode": "soft", "labels": {}, "unit": "minutes",
        "amount": "100", "threshold": "80", "used": "90", "reserved": "0", "left": "10",
        "asked": None, "used_percent": "90.00", "resets_at": None,
    }  # fmt: skip
    assert (found["day"]["used"], found["day"]["left"], found["day"]["resets_at"]) == (
        "1.197", "0.00", "2026-11-23T17:00:00+00:00",
    )  # fmt: skip


def test_a_receiver_that_is_down_gives_exit_code_4_and_is_shown(cli: CommandLine) -> None:
    configure(cli, more='rules = ["unpriced"]')
    work(cli)
    found = cli.run("alerts", "run")
    assert found.code == 4
    assert found.out.startswith("phone: not taken: gemini gemini-99-x: a call has no price: ")
    shown = cli.run("alerts", "show")
    assert "waiting" in shown.out
    assert "channel 'phone' does not take alerts" in shown.out
    [row] = json.loads(cli.run("alerts", "show", "--json").out)["alerts"]
    assert (row["state"], row["attempts"], row["alert"]["data"]["model"]) == (
        "waiting", 1, "gemini-99-x",
    )  # fmt: skip


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_an_alert_that_is_refused_for_good_is_told_and_the_next_one_is_sent(
    cli: CommandLine, lang: str
) -> None:
    answers: list[tuple[int, bytes, dict[str, str]]] = [(400, b"bad", {}), (204, b"", {})]
    with web_receiver() as receiver:
        receiver.answer = lambda: answers.pop(0)
        configure(cli, receiver.url, more='rules = ["paused"]')
        with cli.keeper() as keeper:
            keeper.pause("gemini", why="one")
            keeper.pause("deepgram", why="two")
        found = cli.run("--lang", lang, "alerts", "run")
        again = cli.run("--lang", lang, "alerts", "run")
    shown = cli.run("--lang", lang, "alerts", "show")
    assert (found.code, again.code, len(receiver.requests)) == (4, 0, 2)
    refused, sent = found.out.splitlines()
    if lang == "en":
        assert refused == (
            "phone: refused for good, not sent again: calls to gemini are paused: "
            "HTTP 400 Bad Request: bad"
        )
        assert sent.startswith("phone: sent: calls to deepgram are paused")
        assert found.err == (
            "warning: the receiver of channel 'phone' refused 1 alert, which is not sent again; see "
            "its answer: quotakeeper alerts show\n"
        )
        assert "channel 'phone' did not take 1 alert, which is not sent again" in shown.out
        assert "HTTP 400" in shown.out and "failed" in shown.out
    else:
        assert refused.startswith("phone: bị từ chối hẳn, không gửi lại: ")
        assert found.err.startswith("cảnh báo: nơi nhận của kênh 'phone' từ chối 1 cảnh báo")
        assert "kênh 'phone' không nhận 1 cảnh báo; cảnh báo này không được gửi lại" in shown.out


def test_the_test_shows_the_answer_of_the_receiver(cli: CommandLine) -> None:
    with web_receiver() as receiver:
        configure(cli, receiver.url)
        assert cli.run("alerts", "test").out == "phone: taken: HTTP 204 No Content\n"
        receiver.answer = lambda: (403, b"wrong token", {})
        found = cli.run("alerts", "test", "--channel", "phone")
    assert (found.code, found.out) == (1, "phone: not taken: HTTP 403 Forbidden: wrong token\n")
    assert not cli.ledger.exists(), "a test needs no ledger"
    found = cli.run("alerts", "test", "--channel", "fone")
    assert found.code == 2 and "one of: phone" in found.err


def test_a_channel_without_its_secret_does_not_hide_the_answer_of_another(cli: CommandLine) -> None:
    broken = """[[alerts.channel]]
name = "broken"
kind = "webhook"
url = "https://example.invalid/"
secret_variable = "NOT_THERE"
"""
    with web_receiver() as receiver:
        cli.write_config(
            CONFIG + broken + CHANNEL.format(url=receiver.url, more="").replace("[alerts]", "")
        )
        found = cli.run("alerts", "test")
    assert (found.code, found.out) == (78, "phone: taken: HTTP 204 No Content\n")
    assert "NOT_THERE" in found.err and "set it to the secret" in found.err


def test_follow_goes_on_until_it_is_ended(cli: CommandLine) -> None:
    rounds: list[float] = []

    def sleep(seconds: float) -> None:
        rounds.append(seconds)
        if len(rounds) == 1:
            work(cli)
        if len(rounds) == 4:
            raise KeyboardInterrupt
        cli.clock.advance(seconds=seconds)

    cli.environment.setattr(cli.clock, "sleep", sleep)
    with web_receiver() as receiver:
        configure(cli, receiver.url, 'rules = ["paused"]')
        with cli.keeper() as keeper:
            keeper.status()
        found = cli.run("alerts", "run", "--follow", "--interval", "7")
    assert (found.code, found.err, rounds) == (130, "", [7.0] * 4)
    assert [line.split(" (")[0] for line in found.out.splitlines()] == [
        "phone: sent: calls to gemini are paused", "phone: sent: calls to gemini are sent again",
    ]  # fmt: skip


def test_without_a_channel_the_error_says_what_to_add(cli: CommandLine) -> None:
    cli.write_config(CONFIG)
    for command in ("run", "test"):
        found = cli.run("alerts", command)
        assert found.code == 78 and "names no channel for alerts" in found.err


def test_a_history_is_simulated_without_any_setting(cli: CommandLine) -> None:
    cli.write_config(CONFIG)
    work(cli)
    found = cli.run("alerts", "simulate", "--last", "1d")
    assert found.out.startswith("There would have been 7 alerts.\n"), found.out
    assert cli.run("alerts", "show").out == "There are no alerts in this time range.\n"


def test_a_secret_is_in_no_output(cli: CommandLine, tmp_path: Path) -> None:
    secret = "whsec_" + "c2VjcmV0" * 5
    (cli.folder / "s").write_text(f"{secret}\n")
    (cli.folder / "s").chmod(0o600)
    with web_receiver() as receiver:
        configure(cli, receiver.url)
        with (cli.folder / "quotakeeper.toml").open("a") as file:
            file.write('secret_file = "s"\n')
        work(cli)
        outputs = [cli.run(*line.split()) for line in (
            "alerts run", "alerts test", "alerts show --json", "config show", "config show --json",
            "doctor", "alerts simulate --json",
        )]  # fmt: skip
    ledger = b"".join(each.read_bytes() for each in cli.folder.glob("ledger.db*") if each.is_file())
    assert secret.encode() not in ledger and b"c2VjcmV0c2Vj" not in ledger
    assert all(secret not in each.out + each.err for each in outputs)
    assert len(receiver.requests) >= 2


@pytest.mark.parametrize("command", ["run", "show"])
def test_a_ledger_that_keeps_no_alerts_is_refused_with_the_reason(
    cli: CommandLine, command: str
) -> None:
    configure(cli)
    found = cli.run("--ledger", "memory:", "alerts", command)
    assert found.code == 69 and "is in the memory of one process" in found.err
    found = cli.run("--ledger", "postgresql://127.0.0.1:1/quota", "alerts", command)
    assert found.code == 2 and "is on a server, where alerts are not kept yet" in found.err
