"""The texts of the sandbox: the transcripts of the recordings in `samples/`, and translations."""

from __future__ import annotations

from collections.abc import Iterable

from quotakeeper.value_classes import dataclass


@dataclass(frozen=True, slots=True)
class SpokenSegment:
    """A part of a speech, with its times in milliseconds from the start of the speech."""

    start_ms: int
    end_ms: int
    text: str


@dataclass(frozen=True, slots=True)
class Speech:
    """A recording with its transcript. The sandbox recognises a recording by its length."""

    name: str
    language: str
    milliseconds: int
    segments: tuple[SpokenSegment, ...]


SPEECHES = (
    Speech(
        "xin-chao",
        "zh",
        16_067,
        (
            SpokenSegment(350, 4_160, "大家好，欢迎来到我们的频道。"),
            SpokenSegment(4_510, 7_938, "今天我们聊一聊越南咖啡。"),
            SpokenSegment(8_288, 12_340, "早上喝一杯冰奶咖啡，很舒服。"),
            SpokenSegment(12_690, 15_717, "谢谢大家，下次再见。"),
        ),
    ),
    Speech(
        "cho-dem",
        "zh",
        11_181,
        (
            SpokenSegment(350, 3_797, "晚上八点，夜市开始热闹了。"),
            SpokenSegment(4_147, 7_633, "这里的小吃又便宜又好吃。"),
            SpokenSegment(7_983, 10_831, "请记得带一点现金。"),
        ),
    ),
    Speech(
        "ha-noi",
        "vi",
        9_879,
        (
            SpokenSegment(350, 4_067, "Xin chào các bạn, hôm nay chúng ta đi thăm Hà Nội."),
            SpokenSegment(4_417, 6_637, "Hồ Gươm buổi sáng rất yên tĩnh."),
            SpokenSegment(6_987, 9_529, "Các bạn nhớ thử một bát phở nóng."),
        ),
    ),
)

TRANSLATIONS = {
    "大家好，欢迎来到我们的频道。": "Chào mọi người, chào mừng đến với kênh của chúng tôi.",
    "今天我们聊一聊越南咖啡。": "Hôm nay chúng ta trò chuyện về cà phê Việt Nam.",
    "早上喝一杯冰奶咖啡，很舒服。": "Buổi sáng uống một ly cà phê sữa đá, thật dễ chịu.",
    "谢谢大家，下次再见。": "Cảm ơn mọi người, hẹn gặp lại lần sau.",
    "晚上八点，夜市开始热闹了。": "Tám giờ tối, chợ đêm bắt đầu nhộn nhịp.",
    "这里的小吃又便宜又好吃。": "Đồ ăn vặt ở đây vừa rẻ vừa ngon.",
    "请记得带一点现金。": "Xin nhớ mang theo một ít tiền mặt.",
    "这是一段试听录音。": "Đây là một đoạn ghi âm thử.",
    "我们正在测试语音识别。": "Chúng tôi đang thử nhận dạng giọng nói.",
    "没有用到真正的服务。": "Không dùng đến dịch vụ thật nào.",
}
_GENERIC = {
    "zh": ("这是一段试听录音。", "我们正在测试语音识别。", "没有用到真正的服务。"),
    "vi": (
        "Đây là một đoạn ghi âm thử.",
        "Chúng tôi đang thử nhận dạng giọng nói.",
        "Không dùng đến dịch vụ thật nào.",
    ),
    "en": ("This is a test recording.", "Speech recognition is being tried out."),
}
_GENERIC_MS = 4_000
# A lossy encoder adds some silence at both ends.
_TOLERANCE_MS = 150


def hear(milliseconds: int, language: str, known: Iterable[Speech] = SPEECHES) -> Speech:
    """Return the known speech with this length. For another length, return test sentences in
    `language`.

    A known speech has no segments in the result if the request asks for another language.
    """
    asked = language.split("-")[0].lower() or "en"
    for speech in known:
        if abs(speech.milliseconds - milliseconds) <= _TOLERANCE_MS:
            if asked in (speech.language, "multi"):
                return speech
            return Speech(speech.name, asked, milliseconds, ())
    sentences = _GENERIC.get(asked, _GENERIC["en"])
    starts = range(0, max(0, milliseconds - 500), _GENERIC_MS)
    segments = tuple(
        SpokenSegment(
            start,
            min(start + _GENERIC_MS - 400, milliseconds),
            sentences[number % len(sentences)],
        )
        for number, start in enumerate(starts)
    )
    return Speech("", asked, milliseconds, segments)


def translate(text: str) -> str:
    """Return the Vietnamese translation of a sentence; for an unknown sentence, a text with its
    length."""
    known = TRANSLATIONS.get(text.strip())
    return known or f"Câu dịch thử ({len(text.strip())} ký tự)."


def rewritten(text: str) -> dict[str, object]:
    """Return a sample article about a text: five titles, body, captions, call to action."""
    first = text.strip().splitlines()[0][:80] if text.strip() else "Bản ghi thử"
    return {
        "titles": [f"{first} (mẫu {number})" for number in range(1, 6)],
        "body": f"Bài viết mẫu của sandbox, dựa trên lời thoại: {text.strip()}",
        "captions": ["Chú thích mẫu thứ nhất.", "Chú thích mẫu thứ hai."],
        "call_to_action": "Hãy theo dõi kênh để xem thêm nhé!",
    }
