"""The panels of the Grafana dashboard: queries, units, and texts in English and Vietnamese."""

from __future__ import annotations

from dataclasses import dataclass

Text = dict[str, str]
_BY = '{provider=~"$provider", model=~"$model"}'
GREEN, AMBER, RED = "green", "#EAB839", "red"
_SHARE = ((None, GREEN), (0.8, AMBER), (1, RED))
_NONE_IS_WELL = ((None, GREEN), (1, RED))
_ONE_IS_WELL = ((None, RED), (1, GREEN))
_INTERVAL = "$__rate_interval"


@dataclass(frozen=True)
class Panel:
    """One panel. `queries` are pairs of query and legend, `steps` pairs of value and colour."""

    title: Text
    about: Text
    kind: str
    unit: str
    queries: tuple[tuple[str, str], ...]
    width: int = 8
    steps: tuple[tuple[float | None, str], ...] = ()


@dataclass(frozen=True)
class Row:
    """Panels under one heading."""

    title: Text
    panels: tuple[Panel, ...]


def _both(en: str, vi: str) -> Text:
    return {"en": en, "vi": vi}


_COST = f"quotakeeper_cost_usd_total{_BY}"
_LEGEND = "{{provider}} {{model}}"
_LIMIT = "{{limit}}"

_MONEY = Row(_both("Money", "Chi phí"), (
    Panel(
        _both("Cost, last 24 hours", "Chi phí 24 giờ qua"),
        _both("As the ledger counts it, in US dollars.", "Theo cách tính của sổ, bằng US$."),
        "stat", "currencyUSD", ((f"sum(increase({_COST}[24h]))", "US$"),), 4,
    ),
    Panel(
        _both("Cost per hour", "Chi phí mỗi giờ"),
        _both("The pace at which money is spent.", "Tốc độ chi tiêu."),
        "timeseries", "currencyUSD",
        ((f"3600 * sum by (provider, model) (rate({_COST}[{_INTERVAL}]))", _LEGEND),), 12,
    ),
    Panel(
        _both("Cost in the ledger", "Chi phí ghi trong sổ"),
        _both("All that was counted, minus what corrections took back.",
              "Tất cả những gì đã tính, trừ phần các hiệu chỉnh đã lấy lại."),
        "stat", "currencyUSD",
        ((f"sum({_COST}) - (sum(quotakeeper_corrected_cost_usd_total{_BY}) or vector(0))", "US$"),), 4,
    ),
    Panel(
        _both("Calls without a price", "Lượt gọi chưa có giá"),
        _both("In the last 24 hours. Their cost is missing in every figure.",
              "Trong 24 giờ qua. Chi phí của chúng không có trong số liệu nào."),
        "stat", "none", ((f"sum(increase(quotakeeper_unpriced_calls_total{_BY}[24h]))", "calls"),),
        4, _NONE_IS_WELL,
    ),
))  # fmt: skip

_LIMITS = Row(_both("Limits", "Hạn mức"), (
    Panel(
        _both("Use of each limit", "Mức dùng của từng hạn mức"),
        _both("Settled use as a part of the amount.", "Phần đã quyết toán so với hạn mức."),
        "bargauge", "percentunit", (("quotakeeper_limit_used_ratio", _LIMIT),), 8, _SHARE,
    ),
    Panel(
        _both("Use over time, with reservations", "Mức dùng theo thời gian, gồm cả phần đang giữ"),
        _both("What calls under way have reserved is included.",
              "Tính cả phần mà các lượt gọi đang chạy đang giữ."),
        "timeseries", "percentunit", (("quotakeeper_limit_taken_ratio", _LIMIT),), 8, _SHARE,
    ),
    Panel(
        _both("Time until the reset", "Thời gian đến lúc có lại"),
        _both("When the period of each limit ends.", "Lúc kỳ của từng hạn mức kết thúc."),
        "bargauge", "s",
        (("quotakeeper_limit_reset_timestamp_seconds - time()", _LIMIT),), 8,
    ),
    Panel(
        _both("Limits on cost: amount, used, reserved", "Hạn mức chi phí: mức, đã dùng, đang giữ"),
        _both("In US dollars.", "Bằng US$."),
        "table", "currencyUSD",
        (("quotakeeper_limit_amount_usd", "amount"), ("quotakeeper_limit_used_usd", "used"),
         ("quotakeeper_limit_reserved_usd", "reserved")), 24,
    ),
))  # fmt: skip

_USE = Row(_both("Use", "Lượng dùng"), (
    Panel(
        _both("Calls per second, by outcome", "Lượt gọi mỗi giây, theo kết quả"),
        _both("Counted calls.", "Các lượt gọi đã tính."),
        "timeseries", "reqps",
        ((f"sum by (outcome) (rate(quotakeeper_calls_total{_BY}[{_INTERVAL}]))", "{{outcome}}"),),
    ),
    Panel(
        _both("Tokens per second, by type", "Token mỗi giây, theo loại"),
        _both("The types never overlap.", "Các loại không trùng nhau."),
        "timeseries", "none",
        ((f"sum by (type) (rate(quotakeeper_tokens_total{_BY}[{_INTERVAL}]))", "{{type}}"),),
    ),
    Panel(
        _both("Audio, last 24 hours", "Âm thanh 24 giờ qua"),
        _both("Billed seconds.", "Số giây bị tính tiền."),
        "stat", "s",
        ((f"sum by (model) (increase(quotakeeper_audio_seconds_total{_BY}[24h]))", "{{model}}"),),
    ),
    Panel(
        _both("Who spends: keys, last 24 hours", "Ai đang tiêu: các khóa, 24 giờ qua"),
        _both("The ten keys with the highest cost.", "Mười khóa có chi phí cao nhất."),
        "bargauge", "currencyUSD",
        (("topk(10, sum by (key) (increase(quotakeeper_key_cost_usd_total[24h])))", "{{key}}"),), 12,
    ),
    Panel(
        _both("Cost by model, last 24 hours", "Chi phí theo model, 24 giờ qua"),
        _both("Models that prices and limits do not name are together in “other”.",
              "Các model không có trong bảng giá và hạn mức được gộp vào “other”."),
        "bargauge", "currencyUSD",
        ((f"sum by (provider, model) (increase({_COST}[24h]))", _LEGEND),), 12,
    ),
))  # fmt: skip

_HEALTH = Row(_both("Gateway and health", "Gateway và tình trạng"), (
    Panel(
        _both("Answers of the gateway per second", "Trả lời của gateway mỗi giây"),
        _both("By how they ended.", "Theo cách kết thúc."),
        "timeseries", "reqps",
        ((f"sum by (outcome) (rate(quotakeeper_gateway_answers_total[{_INTERVAL}]))", "{{outcome}}"),),
    ),
    Panel(
        _both("Refused calls, last 24 hours", "Lượt gọi bị từ chối, 24 giờ qua"),
        _both("By a limit or a pause, at the gateway.", "Do hạn mức hoặc lệnh tạm dừng, tại gateway."),
        "stat", "none",
        (("sum by (provider) (increase(quotakeeper_gateway_refusals_total[24h]))", "{{provider}}"),),
    ),
    Panel(
        _both("How figures are known", "Số liệu được biết bằng cách nào"),
        _both("Calls in the ledger now.", "Các lượt gọi đang có trong sổ."),
        "bargauge", "none", (("quotakeeper_calls_by_provenance", "{{provenance}}"),),
    ),
    Panel(
        _both("Ledger readable", "Đọc được sổ"),
        _both("1: yes.", "1: có."), "stat", "none",
        (("min(quotakeeper_ledger_readable)", "1"),), 4, _ONE_IS_WELL,
    ),
    Panel(
        _both("Since the newest call", "Từ lượt gọi mới nhất"),
        _both("Age of the newest call in the ledger.", "Tuổi của lượt gọi mới nhất trong sổ."),
        "stat", "s", (("time() - max(quotakeeper_last_call_timestamp_seconds)", ""),), 4,
    ),
    Panel(
        _both("Open reservations", "Phần đang giữ"),
        _both("Calls that have not ended.", "Các lượt gọi chưa kết thúc."),
        "stat", "none", (("sum(quotakeeper_open_reservations)", ""),), 4,
    ),
    Panel(
        _both("Meter faults, last 24 hours", "Lỗi của bộ đo, 24 giờ qua"),
        _both("Errors inside the meter of the gateway.", "Lỗi bên trong bộ đo của gateway."),
        "stat", "none", (("sum(increase(quotakeeper_gateway_meter_faults_total[24h]))", ""),), 4,
        _NONE_IS_WELL,
    ),
    Panel(
        _both("Calls paused", "Lượt gọi đang bị tạm dừng"),
        _both("1: somebody has paused calls.", "1: có người đã tạm dừng các lượt gọi."),
        "stat", "none", (("max by (provider) (quotakeeper_paused)", "{{provider}}"),), 4,
        _NONE_IS_WELL,
    ),
    Panel(
        _both("Clock doubted", "Đồng hồ không đáng tin"),
        _both("1: hard limits refuse calls.", "1: hạn mức cứng đang từ chối lượt gọi."),
        "stat", "none", (("max(quotakeeper_clock_doubted)", ""),), 4, _NONE_IS_WELL,
    ),
))  # fmt: skip

ROWS = (_MONEY, _LIMITS, _USE, _HEALTH)
