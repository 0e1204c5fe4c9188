"""A ledger with fourteen days of made-up use, the same at each run, for tests and pictures."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from quotakeeper import Keeper, Reservation
from quotakeeper.testing import FakeClock

NOW = datetime(2026, 11, 23, 7, 24, tzinfo=UTC)  # 14:24 in Vietnam
SEED = 20261123
CONFIG: dict[str, object] = {
    "timezone": "Asia/Ho_Chi_Minh",
    "default_limits": False,
    "currency": {"code": "VND", "per_usd": "26300", "date": "2026-11-20", "source": "Vietcombank"},
}  # fmt: skip
_NAMES = (
    ("budget of a day", "ngân sách ngày"), ("budget of a month", "ngân sách tháng"),
    ("Gemini Flash: calls", "Gemini Flash: lượt gọi"),
    ("Deepgram: audio", "Deepgram: phút âm thanh"), ("project phim-02", "dự án phim-02"),
)  # fmt: skip
_LIMITS: tuple[dict[str, object], ...] = (
    {"meter": "cost", "window": "day", "amount": 10},
    {"meter": "cost", "window": "month", "amount": 150},
    {"provider": "gemini", "meter": "requests", "window": "day", "amount": 450,
     "timezone": "America/Los_Angeles"},
    {"provider": "deepgram", "meter": "audio_minutes", "window": "day", "amount": 1000},
    {"scope": {"project": "phim-02"}, "meter": "cost", "window": "day", "amount": 6, "mode": "soft"},
)  # fmt: skip
_TEAMS = (("dich-phim", "phim-01", 10), ("long-tieng", "phim-02", 6), ("phu-de", "kenh-yt", 4),
          ("thu-nghiem", "noi-bo", 2))  # fmt: skip
_LAST: tuple[tuple[str, str, str, dict[str, Any], str], ...] = (
    (
        "dich-phim",
        "gemini",
        "gemini-2.5-flash",
        {"input_tokens": 1_842, "output_tokens": 611},
        "reported",
    ),
    ("long-tieng", "openai", "tts-1", {"characters": 4_310}, "reported"),
    (
        "thu-nghiem",
        "gemini",
        "gemini-2.5-pro",
        {"input_tokens": 2_400, "output_tokens": 900},
        "assumed",
    ),
    (
        "dich-phim",
        "gemini",
        "gemini-2.5-flash",
        {"input_tokens": 2_010, "output_tokens": 540},
        "reported",
    ),
    (
        "phu-de",
        "gemini",
        "gemini-2.5-flash",
        {"input_tokens": 1_377, "output_tokens": 702},
        "estimated",
    ),
    ("phu-de", "deepgram", "nova-3", {"audio_seconds": 125}, "reported"),
    (
        "long-tieng",
        "gemini",
        "gemini-2.5-flash",
        {"input_tokens": 3_120, "output_tokens": 1_004},
        "reported",
    ),
)
_OPERATIONS = {"gemini": "generate_content", "deepgram": "listen", "openai": "speech"}
_HOURS = (7, 8, 9, 9, 10, 10, 11, 13, 13, 14, 14, 15, 16, 17, 20, 21)


@dataclass
class Demo:
    """The keeper of the ledger, its clock, which shows 14:24 in Vietnam, and its open calls."""

    keeper: Keeper
    clock: FakeClock
    open_calls: list[Reservation]


def demo_ledger(ledger: str = "memory:", lang: str = "vi", **more: object) -> Demo:
    """Make the ledger. `lang` is the language of the limits' names."""
    clock = FakeClock(NOW - timedelta(days=13, hours=10))
    limits = [
        {**each, "name": name[lang == "vi"]} for name, each in zip(_NAMES, _LIMITS, strict=True)
    ]
    keeper = Keeper(
        ledger, {**CONFIG, "limit": limits, **more}, clock=clock, on_warning=lambda _: None
    )
    chance = random.Random(SEED)
    for back in range(13, -1, -1):
        _one_day(keeper, clock, NOW.astimezone(UTC) - timedelta(days=back), back, chance)
    clock.set(NOW - timedelta(seconds=95))
    holds = _open_calls(keeper)
    _last_calls(keeper, clock)
    clock.set(NOW)
    return Demo(keeper, clock, holds)


def _now_of(clock: FakeClock) -> datetime:
    return datetime.fromtimestamp(clock.now() / 1_000_000, UTC)


def _one_day(
    keeper: Keeper, clock: FakeClock, noon: datetime, back: int, chance: random.Random
) -> None:
    midnight = (noon + timedelta(hours=7)).replace(hour=0, minute=0) - timedelta(hours=7)
    if back == 0:  # an even pace today
        moments = [midnight + timedelta(hours=7, minutes=30 + 46 * each) for each in range(9)]
        for number, at in enumerate(moments):
            clock.set(at)
            _one_job(keeper, clock, f"{at:%m%d}-{number}", chance)
        return
    jobs = 7 if midnight.weekday() in (4, 5) else 17 + chance.randrange(6)
    moments = sorted(
        midnight + timedelta(hours=chance.choice(_HOURS), minutes=chance.randrange(60))
        for _ in range(jobs)
    )
    for number, at in enumerate(moments):
        clock.set(max(at, _now_of(clock)))
        _one_job(keeper, clock, f"{at:%m%d}-{number}", chance)


def _one_job(keeper: Keeper, clock: FakeClock, job: str, chance: random.Random) -> None:
    key, project, _ = chance.choices(_TEAMS, [each[2] for each in _TEAMS])[0]
    minutes = 18 + chance.randrange(45)
    scope = {"job": job, "media_seconds": str(minutes * 60), "key": key, "project": project}
    keeper.record("deepgram", model="nova-3", operation="listen", scope=scope,
                  audio_seconds=minutes * 60)  # fmt: skip
    for _ in range(24 + chance.randrange(26)):
        clock.advance(seconds=1 + chance.randrange(4))
        keeper.record(
            "gemini", model="gemini-2.5-flash", operation="generate_content", scope=scope,
            input_tokens=1_800 + chance.randrange(1_500), output_tokens=1_500 + chance.randrange(1_300),
            provenance=chance.choices(("reported", "estimated", "assumed"), (46, 3, 1))[0],
        )  # fmt: skip
    if chance.random() < 0.5:
        clock.advance(seconds=5)
        keeper.record("openai", model="tts-1", operation="speech", scope=scope,
                      characters=5_000 + chance.randrange(4_000))  # fmt: skip


def _last_calls(keeper: Keeper, clock: FakeClock) -> None:
    """Record a few calls of each kind, which the list of the latest calls shows."""
    projects = {key: project for key, project, _ in _TEAMS}
    for key, provider, model, used, known in _LAST:
        clock.advance(seconds=11)
        outcome = "unknown" if known == "assumed" else "ok"
        keeper.record(
            provider, model=model, operation=_OPERATIONS[provider],
            scope={"key": key, "project": projects[key]}, provenance=known, outcome=outcome, **used,
        )  # fmt: skip


def _open_calls(keeper: Keeper) -> list[Reservation]:
    return [
        keeper.reserve(
            "gemini", model="gemini-2.5-flash", operation="stream_generate_content",
            scope={"key": key, "project": project}, input_tokens=2_000, output_tokens=8_000, sent=True,
        )
        for key, project, _ in _TEAMS[:2]
    ]  # fmt: skip
