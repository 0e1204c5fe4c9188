"""TokenCalculator, which has the methods, summary and keys that the project brief specifies."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from threading import RLock
from typing import Any

from quotakeeper.calculator import daily
from quotakeeper.calculator.operations import audio_seconds, counted, operation_dict, usd
from quotakeeper.calculator.stream_text import log_line
from quotakeeper.calculator.summary import (
    RunTotals,
    run_totals,
    summary_lines,
    summary_record,
    warning_lines,
)
from quotakeeper.clocks import Clock
from quotakeeper.config import load_settings
from quotakeeper.domain.usage import UsageEvent
from quotakeeper.domain.windows import moment
from quotakeeper.errors import InvalidInputError, QuotakeeperError
from quotakeeper.file_safety import write_private
from quotakeeper.keeper import Keeper, engine_of
from quotakeeper.schemas import Schema
from quotakeeper.tokens import count_tokens
from quotakeeper.value_classes import replace

logger = logging.getLogger("quotakeeper.calculator")

API_TYPES = ("gemini", "deepgram")


class TokenCalculator:
    """Counts Gemini tokens and Deepgram minutes, prices them, and compares them with daily limits.

    Every call is recorded in the ledger. So daily figures include all runs and processes of the
    day; totals are of this run. No method raises an error: errors are logged and returned under the
    key "error". If the ledger cannot be opened, calls are counted in memory. If the ledger cannot
    be written to for a while, calls are written to a spool file. The log reports both cases.

    Attributes: `token_usage` (this run's operations), `total_tokens`, `total_cost` (USD, float),
    `quota_limits` (may be changed; an amount of None means no limit), `daily_usage`, `keeper`.
    """

    def __init__(
        self,
        ledger: str | os.PathLike[str] | None = None,
        config: Any = None,
        *,
        keeper: Keeper | None = None,
        clock: Clock | None = None,
    ) -> None:
        self._lock = RLock()  # a signal handler may call a method while the same thread counts
        self._begin()
        self._keeper = keeper or self._open(ledger, config, clock)
        self._daily_limits = daily.daily_limits(self._keeper.settings.timezone)
        self.quota_limits = daily.limits_in_force(self._keeper.limits)

    # -- the calls of the brief

    def track_api_call(
        self,
        operation: str,
        input_text: str = "",
        output_text: str = "",
        audio_duration: float = 0.0,
        api_type: str = "gemini",
    ) -> dict[str, Any]:
        """Count one call: texts for "gemini", `audio_duration` in seconds for "deepgram".

        Returns operation, api_type, cost_usd and timestamp; for "gemini" also input_tokens,
        output_tokens, total_tokens, input_language, output_language; for "deepgram" also
        audio_duration_seconds. If counting failed, `error` replaces the figures.
        """
        try:
            if api_type == "gemini":
                texts = (input_text or "", output_text or "")
                if audio_duration and not any(texts):
                    raise InvalidInputError("audio_duration", 'give api_type="deepgram"')
                usage = self._track_gemini(operation, *texts)
            elif api_type == "deepgram":
                usage = self._track_deepgram(operation, audio_duration)
            else:
                raise InvalidInputError(
                    "api_type", f"unknown API type {str(api_type)[:40]!r}",
                    "one of: " + ", ".join(API_TYPES),
                )  # fmt: skip
        except Exception as error:  # noqa: BLE001 - the brief: nothing raises into the host
            self._log(logging.ERROR, f"❌ {str(operation)[:80]}: {error}")
            return {"operation": operation, "api_type": api_type, "error": str(error),
                    "timestamp": self._timestamp()}  # fmt: skip
        cost = usage["cost_usd"]
        said = "cost unknown" if cost is None else f"${cost:.6f}"
        self._log(logging.DEBUG, f"📊 {usage['operation']}: {said}")
        return usage

    def log_summary(self) -> None:
        """Log the summary at level INFO, line by line."""
        try:
            date = self._now().strftime("%Y-%m-%d %H:%M:%S")
            lines = summary_lines(date, self._totals(), self._status())
        except Exception as error:  # noqa: BLE001 - the brief: nothing raises into the host
            self._log(logging.ERROR, f"❌ the summary could not be made: {error}")
            return
        for line in lines:
            self._log(logging.INFO, line)

    def check_quota_status(self) -> dict[str, Any]:
        """Return today's use, limits and status as a dict; `{"error": ...}` on failure."""
        try:
            return self._status()
        except Exception as error:  # noqa: BLE001 - the brief: nothing raises into the host
            self._log(logging.ERROR, f"❌ the quota status could not be read: {error}")
            return {"error": str(error)}

    def get_quota_warnings(self) -> list[str]:
        """Return one line for each API that has used 80 % or more of a daily limit."""
        status = self.check_quota_status()
        if "error" in status:
            return [f"❌ Error: {status['error']}"]
        return warning_lines(status)

    def export_to_file(self, filepath: str | os.PathLike[str]) -> bool:
        """Write this run's summary and operations to a JSON file in one step; False if this fails."""
        try:
            data = {"schema": Schema.CALCULATOR, "summary": self.get_summary(),
                    "operations": list(self.token_usage), "export_timestamp": self._timestamp()}  # fmt: skip
            path = Path(filepath)
            part = path.with_name(f".{path.name}.part-{os.getpid()}")
            try:
                write_private(part, json.dumps(data, indent=2, ensure_ascii=False))
                os.replace(part, path)
            finally:
                part.unlink(missing_ok=True)
        except Exception as error:  # noqa: BLE001 - the brief: nothing raises into the host
            self._log(logging.ERROR, f"❌ export to {str(filepath)[:200]} failed: {error}")
            return False
        self._log(logging.INFO, f"📁 Exported: {filepath}")
        return True

    # -- calls beyond the brief that similar calculators have

    def calculate_tokens_gemini(self, text: str) -> dict[str, Any]:
        """Return a text's characters, estimated_tokens, language, and cost as input and as output.
        A text is charged once, so `total_cost_usd` is its cost as input."""
        try:
            count = count_tokens(text)
            as_input, as_output = (
                self._cost("gemini", {meter: count.tokens})
                for meter in ("input_tokens", "output_tokens")
            )
        except Exception as error:  # noqa: BLE001 - the brief: nothing raises into the host
            self._log(logging.ERROR, f"❌ tokens cannot be counted: {error}")
            return {"characters": 0, "estimated_tokens": 0, "language": "und", "error": str(error),
                    "input_cost_usd": 0.0, "output_cost_usd": 0.0, "total_cost_usd": 0.0,
                    "timestamp": self._timestamp()}  # fmt: skip
        return {"characters": len(text), "estimated_tokens": count.tokens,
                "language": count.language, "provenance": str(count.provenance),
                "input_cost_usd": as_input, "output_cost_usd": as_output,
                "total_cost_usd": as_input, "timestamp": self._timestamp()}  # fmt: skip

    def calculate_tokens_deepgram(self, audio_duration_seconds: float) -> dict[str, Any]:
        """Return the price of audio: duration_seconds, duration_minutes, cost_usd."""
        try:
            seconds = audio_seconds(audio_duration_seconds)
            cost = self._cost("deepgram", {"audio_milliseconds": round(seconds * 1_000)})
        except Exception as error:  # noqa: BLE001 - the brief: nothing raises into the host
            self._log(logging.ERROR, f"❌ audio cannot be priced: {error}")
            return {"duration_seconds": 0.0, "duration_minutes": 0.0, "cost_usd": 0.0,
                    "error": str(error), "timestamp": self._timestamp()}  # fmt: skip
        return {"duration_seconds": seconds, "duration_minutes": seconds / 60, "cost_usd": cost,
                "timestamp": self._timestamp()}  # fmt: skip

    def get_summary(self) -> dict[str, Any]:
        """Return the totals of this run. A cost is None if no operation has a known price.
        `unpriced_operations` counts the operations without a price, if there are any."""
        return summary_record(self._totals(), self.total_tokens, self._timestamp())

    def reset(self) -> None:
        """Set the totals of this run to zero. The ledger and today's figures do not change."""
        with self._lock:
            self._begin()

    @property
    def total_cost(self) -> float:
        """The cost of this run in USD."""
        return usd(sum(self._pico.values()))

    @property
    def daily_usage(self) -> dict[str, Any]:
        """What was used today over all runs and processes: gemini_tokens, gemini_cost,
        deepgram_minutes, deepgram_cost, date. A cost is None if no price is known."""
        try:
            used = self._used_today()
            del used["unpriced"]
            return used
        except QuotakeeperError as error:
            self._log(logging.ERROR, f"❌ the day's usage cannot be read: {error}")
            return {"gemini_tokens": 0, "gemini_cost": 0.0, "deepgram_minutes": 0.0,
                    "deepgram_cost": 0.0, "date": self._now().date()}  # fmt: skip

    # -- beyond the brief

    @property
    def keeper(self) -> Keeper:
        """The keeper of this calculator, to reserve before a call or to record exact figures."""
        return self._keeper

    def note_event(self, event: UsageEvent) -> dict[str, Any]:
        """Add an event to the summary of this run. `keeper` must have recorded the event already."""
        usage = operation_dict(event, self._timestamp())
        self._note(usage, event)
        return usage

    def close(self) -> None:
        """Close the ledger. Without this call, the ledger is closed when the program exits."""
        with suppress(Exception):  # the brief: nothing raises into the host
            self._keeper.close()

    # -- inside

    def _begin(self) -> None:
        self.token_usage: list[dict[str, Any]] = []
        self.total_tokens = 0
        self._pico = dict.fromkeys(API_TYPES, 0)

    def _open(self, ledger: Any, config: Any, clock: Clock | None) -> Keeper:
        try:
            settings = load_settings(ledger, config)
            if settings.origins.get("on_store_failure", "default") == "default":
                # Refuse nothing: if the ledger cannot be written now, calls are written to a spool.
                settings = replace(settings, on_store_failure="allow")
            keeper = Keeper(config=settings, clock=clock)
            keeper.reservations()  # the first query opens the file
        except Exception as error:  # noqa: BLE001 - the brief: nothing raises into the host
            self._log(logging.ERROR, f"❌ {error}")
            self._log(logging.ERROR, "⚠️ counting in memory: nothing is kept after this run")
            # With a Settings object, no file is read that could have an error.
            return Keeper(config=daily.settings_in_memory(), clock=clock)
        return keeper

    def _track_gemini(self, operation: str, input_text: str, output_text: str) -> dict[str, Any]:
        asked, answered = counted("input_text", input_text), counted("output_text", output_text)
        event = self._keeper.record(
            "gemini", operation=operation, input_tokens=asked.tokens,
            output_tokens=answered.tokens, provenance=asked.provenance,
        )  # fmt: skip
        languages = {"input_language": asked.language, "output_language": answered.language}
        usage = operation_dict(event, self._timestamp()) | languages
        self._note(usage, event)
        return usage

    def _track_deepgram(self, operation: str, audio_duration: float) -> dict[str, Any]:
        seconds = audio_seconds(audio_duration)
        event = self._keeper.record(
            "deepgram", operation=operation, audio_seconds=audio_duration, provenance="estimated"
        )
        return self.note_event(event) | {"audio_duration_seconds": seconds}

    def _note(self, usage: dict[str, Any], event: UsageEvent) -> None:
        with self._lock:
            self.token_usage.append(usage)
            self.total_tokens += usage.get("total_tokens", 0)
            provider = event.labels.provider
            self._pico[provider] = self._pico.get(provider, 0) + (event.cost_pico or 0)

    def _totals(self) -> RunTotals:
        with self._lock:
            operations, pico = list(self.token_usage), dict(self._pico)
        return run_totals(operations, pico)

    def _status(self) -> dict[str, Any]:
        return daily.quota_status(self._used_today(), self.quota_limits)

    def _used_today(self) -> dict[str, Any]:
        standing = engine_of(self._keeper).reads.standing(self._daily_limits)
        return daily.daily_usage(standing, self._now())

    def _cost(self, provider: str, quantities: Mapping[str, int]) -> float | None:
        now = self._keeper.now()
        cost_pico = self._keeper.prices.snapshot.price(provider, "", quantities, now).cost_pico
        return None if cost_pico is None else usd(cost_pico)

    def _now(self) -> datetime:
        return moment(self._keeper.now(), self._keeper.zone)

    def _timestamp(self) -> str:
        return self._now().isoformat()

    def _log(self, level: int, text: str) -> None:
        with suppress(Exception):  # a broken log handler of the program must not break the program
            log_line(logger, level, text)
