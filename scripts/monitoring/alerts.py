"""The alert rules: queries, how long each must hold, and texts in English and Vietnamese."""

from __future__ import annotations

from dataclasses import dataclass

Text = dict[str, str]
_LIMIT = "{{ $labels.limit }}"
_USED = "{{ $value | humanizePercentage }}"
_ON = "limit, meter, window, mode, job, instance"
# The part that is left: a template cannot subtract, so it asks Prometheus.
_LEFT = (
    '{{ with printf "1 - quotakeeper_limit_used_ratio{limit=%q,instance=%q}" $labels.limit '
    "$labels.instance | query }}{{ . | first | value | humanizePercentage }}{{ end }}"
)
_WEEK = " or ".join(
    f'label_replace(sum(rate(quotakeeper_cost_usd_total[1h] offset {day}d)), "day", "{day}", "", "")'
    for day in range(1, 8)
)
RECORDED = (
    ("quotakeeper:cost_usd:rate1h", "sum(rate(quotakeeper_cost_usd_total[1h]))"),
    ("quotakeeper:cost_usd:rate1h_usual", f"avg({_WEEK})"),
    (
        "quotakeeper:limit_used_ratio:at_reset",
        "quotakeeper_limit_used_ratio + clamp_min(deriv(quotakeeper_limit_used_ratio[1h]), 0) * "
        f"on ({_ON}) (quotakeeper_limit_reset_timestamp_seconds - time())",
    ),
)


@dataclass(frozen=True)
class Alert:
    """One alert. `query` has the form LEFT OPERATOR NUMBER; it holds for `lasts` before it fires."""

    name: str
    query: str
    lasts: str
    severity: str
    summary: Text
    description: Text


def _both(en: str, vi: str) -> Text:
    return {"en": en, "vi": vi}


ALERTS = (
    Alert(
        "QuotakeeperLedgerUnreadable", "quotakeeper_ledger_readable == 0", "2m", "critical",
        _both("The ledger cannot be read", "Không đọc được sổ"),
        _both("Calls may be refused, and no figure is current. Run: quotakeeper doctor",
              "Lượt gọi có thể bị từ chối và số liệu không còn mới. Hãy chạy: quotakeeper doctor"),
    ),
    Alert(
        "QuotakeeperFiguresOld", "time() - quotakeeper_read_timestamp_seconds > 900", "1m", "warning",
        _both("The figures are old", "Số liệu đã cũ"),
        _both("The ledger was last read {{ $value | humanizeDuration }} ago. Look at what runs "
              "`quotakeeper metrics`.",
              "Lần đọc sổ gần nhất cách đây {{ $value | humanizeDuration }}. Hãy xem việc chạy "
              "`quotakeeper metrics`."),
    ),
    Alert(
        "QuotakeeperLimitWarning", 'quotakeeper_limit_used_ratio{mode!="shadow"} >= 0.8', "0m",
        "warning",
        _both(f"{_LIMIT}: {_USED} used", f"{_LIMIT}: đã dùng {_USED}"),
        _both(f"{_USED} of the limit is used, {_LEFT} is left.",
              f"Đã dùng {_USED} hạn mức, còn lại {_LEFT}."),
    ),
    Alert(
        "QuotakeeperLimitReached", 'quotakeeper_limit_used_ratio{mode!="shadow"} >= 1', "0m",
        "critical",
        _both(f"{_LIMIT}: nothing is left", f"{_LIMIT}: đã hết"),
        _both(f"{_USED} of the limit is used. A hard limit refuses calls until its period ends.",
              f"Đã dùng {_USED} hạn mức. Hạn mức cứng từ chối lượt gọi cho tới khi hết kỳ."),
    ),
    Alert(
        "QuotakeeperLimitRunsOut", 'quotakeeper:limit_used_ratio:at_reset{mode!="shadow"} >= 1',
        "15m", "warning",
        _both(f"{_LIMIT} runs out before its reset", f"{_LIMIT} sẽ hết trước khi có lại"),
        _both(f"At the pace of the last hour, {_USED} is used when the period ends.",
              f"Với tốc độ của giờ qua, khi hết kỳ sẽ dùng tới {_USED}."),
    ),
    Alert(
        "QuotakeeperSpendingSpike",
        "quotakeeper:cost_usd:rate1h / (quotakeeper:cost_usd:rate1h_usual > 0) > 3", "15m", "warning",
        _both("Money is spent much faster than usual", "Tiêu tiền nhanh hơn hẳn bình thường"),
        _both("The last hour costs {{ $value | humanize }} times the mean of the same hour in seven days.",
              "Giờ vừa qua tốn gấp {{ $value | humanize }} lần mức trung bình của cùng giờ trong bảy "
              "ngày qua."),
    ),
    Alert(
        "QuotakeeperCallsWithoutPrice",
        "sum by (provider) (increase(quotakeeper_unpriced_calls_total[1h])) > 0", "0m", "warning",
        _both("Calls of {{ $labels.provider }} have no price",
              "Lượt gọi của {{ $labels.provider }} chưa có giá"),
        _both("Their cost is missing in every figure. Add a price, then run: quotakeeper prices",
              "Chi phí của chúng không có trong số liệu nào. Hãy thêm giá, rồi chạy: quotakeeper prices"),
    ),
    Alert(
        "QuotakeeperCallsRefused",
        "sum by (provider) (increase(quotakeeper_gateway_refusals_total[10m])) > 0", "0m", "warning",
        _both("The gateway refuses calls of {{ $labels.provider }}",
              "Gateway đang từ chối lượt gọi của {{ $labels.provider }}"),
        _both("A limit or a pause refused {{ $value | humanize }} calls in 10 minutes. "
              "Run: quotakeeper status",
              "Hạn mức hoặc lệnh tạm dừng đã từ chối {{ $value | humanize }} lượt gọi trong 10 phút. "
              "Hãy chạy: quotakeeper status"),
    ),
    Alert(
        "QuotakeeperMeterFaults", "increase(quotakeeper_gateway_meter_faults_total[10m]) > 0", "0m",
        "critical",
        _both("The meter of the gateway fails", "Bộ đo của gateway bị lỗi"),
        _both("{{ $value | humanize }} errors in 10 minutes. Read the gateway's messages.",
              "{{ $value | humanize }} lỗi trong 10 phút. Hãy đọc thông báo của gateway."),
    ),
    Alert(
        "QuotakeeperUsageAssumed",
        'quotakeeper_calls_by_provenance{provenance="assumed"} / ignoring (provenance) '
        "(sum without (provenance) (quotakeeper_calls_by_provenance) > 0) > 0.05", "30m", "warning",
        _both("Much usage is assumed", "Nhiều lượng dùng chỉ là giả định"),
        _both(f"For {_USED} of the calls, the true use is not known: they count as the most that they "
              "can use.",
              f"{_USED} lượt gọi không rõ lượng dùng thật: chúng được tính ở mức tối đa có thể."),
    ),
    Alert(
        "QuotakeeperClockDoubted", "quotakeeper_clock_doubted == 1", "1m", "critical",
        _both("The machine's clock is not trusted", "Đồng hồ của máy không đáng tin"),
        _both("Hard limits refuse calls. Run: quotakeeper doctor",
              "Hạn mức cứng đang từ chối lượt gọi. Hãy chạy: quotakeeper doctor"),
    ),
    Alert(
        "QuotakeeperPaused", "quotakeeper_paused == 1", "1h", "info",
        _both("Calls have been paused for an hour", "Lượt gọi đã bị tạm dừng một giờ"),
        _both("Paused for: {{ $labels.provider }}. End it with: quotakeeper resume",
              "Phạm vi tạm dừng: {{ $labels.provider }}. Kết thúc bằng: quotakeeper resume"),
    ),
    Alert(
        "QuotakeeperCountersNotKept", "quotakeeper_counters_kept == 0", "10m", "warning",
        _both("The counters are not in a file", "Bộ đếm không được lưu vào tệp"),
        _both("After a restart, a correction can make them fall. Give the user a data folder.",
              "Sau khi khởi động lại, một hiệu chỉnh có thể làm chúng giảm. Hãy cho người dùng một "
              "thư mục dữ liệu."),
    ),
)  # fmt: skip
