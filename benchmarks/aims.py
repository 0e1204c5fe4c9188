"""The aims of this project for each figure, beside the measured figures.

The table shows missed aims too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.results import Figures
from benchmarks.words import Words

_LARGEST = 10_000_000


class Aim(NamedTuple):
    """An aim for one figure: it is at most `most`, or at least `least`."""

    said: dict[str, str]
    found: Callable[[Figures], float | None]
    unit: dict[str, str]
    most: float | None = None
    least: float | None = None

    def is_reached(self, value: float) -> bool:
        """Whether a figure reaches the aim."""
        return (self.most is None or value <= self.most) and (
            self.least is None or value >= self.least
        )


def _value(key: str) -> Callable[[Figures], float | None]:
    return lambda figures: figures.value(key)


def _ratio(key: str) -> Callable[[Figures], float | None]:
    return lambda figures: figures.ratio(key)


def _grown(what: str) -> Callable[[Figures], float | None]:
    """The figure at the largest ledger that was measured."""

    def found(figures: Figures) -> float | None:
        sizes = figures.sizes()
        return figures.value(f"growth.{sizes[-1]}.{what}") if sizes else None

    return found


_US, _MS = {"en": "µs", "vi": "µs"}, {"en": "ms", "vi": "ms"}
_TIMES = {"en": "times", "vi": "lần"}
_A_SECOND = {"en": "a second", "vi": "mỗi giây"}
AIMS = (
    Aim(
        {"en": "lease: `reserve`, p50, one caller", "vi": "lease: `reserve`, p50, một nơi gọi"},
        _value("admission.lease.one.reserve_p50"), _US, most=5,
    ),
    Aim(
        {"en": "`process`: `reserve`, p50, one caller",
         "vi": "`process`: `reserve`, p50, một nơi gọi"},
        _value("admission.process.one.reserve_p50"), _US, most=60,
    ),
    Aim(
        {"en": "`power`: reserve + settle, 4 processes of 64 tasks together",
         "vi": "`power`: giữ chỗ + quyết toán, 4 tiến trình x 64 tác vụ cộng lại"},
        _value("ledger.pair.power.processes"), _A_SECOND, least=20_000,
    ),
    Aim(
        {"en": "`power`: one caller's record, beside a bare transaction",
         "vi": "`power`: một nơi gọi ghi record, so với giao dịch thuần"},
        _value("ledger.record.power.one.times"), _TIMES, most=2,
    ),
    Aim(
        {"en": "`power`: one caller's reserve + settle, beside two bare transactions",
         "vi": "`power`: một nơi gọi giữ chỗ + quyết toán, so với hai giao dịch thuần"},
        _value("ledger.pair.power.one.times"), _TIMES, most=2,
    ),
    Aim(
        {"en": "`power`: 64 callers' records, beside one caller's",
         "vi": "`power`: 64 nơi gọi ghi record, so với một nơi gọi"},
        _ratio("ledger.record.power.tasks"), _TIMES, least=10,
    ),
    Aim(
        {"en": "`power`: 64 callers' reserve + settle, beside one caller's",
         "vi": "`power`: 64 nơi gọi giữ chỗ + quyết toán, so với một nơi gọi"},
        _ratio("ledger.pair.power.tasks"), _TIMES, least=10,
    ),
    Aim(
        {"en": "`status` with {events} events in the ledger",
         "vi": "`status` khi sổ có {events} sự kiện"},
        _grown("status"), _MS, most=50,
    ),
    Aim(
        {"en": "the ledger's file, an event, at {events} events",
         "vi": "tệp sổ, mỗi sự kiện, khi có {events} sự kiện"},
        _grown("bytes"), {"en": "bytes", "vi": "byte"}, most=250,
    ),
    Aim(
        {"en": "added to a `requests.post`, p50, `process`",
         "vi": "thêm vào một `requests.post`, p50, `process`"},
        _value("overhead.requests_post.process.p50.added"), _US, most=300,
    ),
    Aim(
        {"en": "added to an `httpx` async call, p50, `process`",
         "vi": "thêm vào một lượt gọi `httpx` async, p50, `process`"},
        _value("overhead.httpx_async.process.p50.added"), _US, most=300,
    ),
    Aim(
        {"en": "first byte of a stream, 20 ms thought, beside the bare one",
         "vi": "byte đầu của luồng, máy chủ nghĩ 20 ms, so với lúc không đo"},
        _ratio("overhead.first_byte_of_a_stream_20_ms_thought.process.p50"), _TIMES, most=1.05,
    ),
    Aim(
        {"en": "added to the start of a Python under `quotakeeper run`",
         "vi": "thêm vào lúc khởi động một Python dưới `quotakeeper run`"},
        _value("overhead.start"), _MS, most=30,
    ),
    Aim(
        {"en": "price of one call", "vi": "giá của một lượt gọi"},
        _value("pricing.quotakeeper"), _US, most=10,
    ),
    Aim(
        {"en": "estimating English tokens, pure Python",
         "vi": "ước lượng token tiếng Anh, Python thuần"},
        _value("estimate.English.plain"), {"en": "MB/s", "vi": "MB/s"}, least=20,
    ),
    Aim(
        {"en": "`import quotakeeper`, by `-X importtime`",
         "vi": "`import quotakeeper`, theo `-X importtime`"},
        _value("footprint.importtime"), _MS, most=50,
    ),
)  # fmt: skip


FLEET = (
    *(
        Aim(
            {"en": f"a conditional commit at {ms} ms, beside 1.3 round trips and the same commit at 0 ms",
             "vi": f"một lần ghi có điều kiện ở {ms} ms, so với 1,3 lượt đi về cộng lần ghi ấy ở 0 ms"},
            _ratio(f"fleet.commit.{ms}"), _TIMES, most=1,
        )
        for ms in (1, 5)
    ),
    *(
        Aim(
            {"en": f"conditional commits, 16 processes of batches of 16, {ms} ms, beside the lock",
             "vi": f"ghi có điều kiện, 16 tiến trình, mỗi lô 16 lượt gọi, {ms} ms, so với ghi dưới khóa"},
            _ratio(f"fleet.conditional.{ms}"), _TIMES, least=least,
        )
        for ms, least in ((1, 2), (5, 4))
    ),
    Aim(
        {"en": "64 tasks at 1 ms without leases, beside SQLite",
         "vi": "64 tác vụ ở 1 ms, không dùng lease, so với SQLite"},
        _ratio("fleet.tasks.postgres"), _TIMES, least=0.5,
    ),
    Aim(
        {"en": "lease: `reserve`, p50, one caller at 1 ms, beside SQLite",
         "vi": "lease: `reserve`, p50, một nơi gọi ở 1 ms, so với SQLite"},
        _ratio("fleet.lease.postgres"), _TIMES, most=1.5,
    ),
    Aim(
        {"en": "32 hosts with leases at 5 ms, in sum, beside 4 hosts",
         "vi": "32 máy dùng lease ở 5 ms cộng lại, so với 4 máy"},
        _ratio("fleet.hosts.32"), _TIMES, least=0.8,
    ),
    Aim(
        {"en": "a call that needs the lease of a running host",
         "vi": "lượt gọi cần phần lease của một máy đang chạy"},
        _value("fleet.recall"), _MS, most=500,
    ),
    *(
        Aim(
            {"en": f"admitted at a limit, 4 hosts of 8 threads, {en}, beside the limit",
             "vi": f"cho qua khi chạm hạn mức, 4 máy x 8 luồng, {vi}, so với hạn mức"},
            _ratio(f"fleet.{key}.admitted"), _TIMES, most=1,
        )
        for key, en, vi in (("postgres-lease", "with leases", "có lease"),
                            ("postgres", "without leases", "không lease"))
    ),
)  # fmt: skip


def rows(figures: Figures, words: Words, of: Sequence[Aim] = AIMS) -> str:
    """The rows of the table of aims."""
    sizes = figures.sizes()
    events = words.number(sizes[-1] if sizes else _LARGEST)
    lines = []
    for aim in of:
        value, unit = aim.found(figures), aim.unit[words.language]
        bound, word = (
            (aim.most, words.at_most) if aim.most is not None else (aim.least, words.at_least)
        )
        assert bound is not None
        said = aim.said[words.language].replace("{events}", events)
        outcome = words.reached if value is not None and aim.is_reached(value) else words.missed
        measured = words.unmeasured if value is None else f"{words.number(value)} {unit}"
        verdict = "" if value is None else outcome
        lines.append(f"| {said} | {word} {words.number(bound)} {unit} | {measured} | {verdict} |")
    return "\n".join(lines)


GATEWAY = (
    Aim(
        {"en": "processor time that metering adds to a relayed call, beside the engine alone",
         "vi": "thời gian bộ xử lý mà việc đo thêm vào một lượt gọi chuyển tiếp, so với riêng bộ máy đo"},
        _ratio("gateway.metering"), _TIMES, most=1.3,
    ),
    Aim(
        {"en": "added to a call that is not metered, p50, one connection, beside nginx",
         "vi": "phần thêm vào một lượt gọi không đo, p50, một kết nối, so với nginx"},
        _value("gateway.beside_nginx"), _TIMES, most=4,
    ),
    Aim(
        {"en": "1,000 streams: first byte, p50", "vi": "1.000 luồng: byte đầu, p50"},
        _value("gateway.process.streams.first"), _MS, most=50,
    ),
    Aim(
        {"en": "1,000 streams: memory of each", "vi": "1.000 luồng: bộ nhớ mỗi luồng"},
        _value("gateway.process.streams.memory"), {"en": "KiB", "vi": "KiB"}, most=40,
    ),
    Aim(
        {"en": "calls a second of processor time, 16 connections, beside LiteLLM's proxy",
         "vi": "số lượt gọi trên một giây bộ xử lý, 16 kết nối, so với proxy của LiteLLM"},
        _value("gateway.beside_litellm.16"), _TIMES, least=60,
    ),
)  # fmt: skip
