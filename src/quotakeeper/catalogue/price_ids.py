"""Price ids: a price id names the prices that an event was priced with.

"gemini/gemini-2.5-pro@2026-10-14#batch,above-200000" means the prices of gemini-2.5-pro in force
from 2026-10-14 (UTC), for the batch tier, above 200,000 prompt tokens. For prices from a user's
file, the id also has "own-" and a short hash of the price rows. So the id matches no file with
other price rows.
"""

from __future__ import annotations

from datetime import UTC, datetime

from quotakeeper.domain.pricing.prices import NO_MODEL, PriceOptions, instant_text
from quotakeeper.domain.windows import instant
from quotakeeper.errors import InvalidInputError
from quotakeeper.value_classes import dataclass, field

_NONE = "(none)"


@dataclass(frozen=True, slots=True)
class PriceId:
    """The parts of a price id.

    `at` is the instant since which the prices are in force (microseconds since 1970 UTC). `above`
    is the number of prompt tokens above which the prices apply. `own` is the hash of a user's price
    rows, or "".
    """

    provider: str
    model: str
    at: int
    options: PriceOptions = field(default_factory=PriceOptions)
    above: int = 0
    own: str = ""

    def text(self) -> str:
        """Return the id as it is stored with an event."""
        marks = self.options.marks()
        if self.above:
            marks.append(f"above-{self.above}")
        if self.own:
            marks.append(f"own-{self.own}")
        model = self.model or _NONE
        return f"{self.provider}/{model}@{instant_text(self.at)}#{','.join(marks)}"


def read_price_id(text: str) -> PriceId:
    """Split a price id into its parts. Raises InvalidInputError if `text` is not a price id."""
    name, _, marks_text = text.rpartition("#")
    name, _, start = name.rpartition("@")
    provider, _, model = name.partition("/")
    try:
        moment = datetime.fromisoformat(start)
    except ValueError:
        moment = None
    if not provider or not model or moment is None:
        raise InvalidInputError(
            "price_id",
            f"{text[:120]!r} is not a price id",
            'they look like "gemini/gemini-2.5-flash@2026-10-14#batch"',
        )
    marks = marks_text.split(",")
    above = next((mark[6:] for mark in marks if mark.startswith("above-")), "0")
    return PriceId(
        provider,
        NO_MODEL if model == _NONE else model,
        instant(moment.replace(tzinfo=moment.tzinfo or UTC)),
        PriceOptions.from_marks(marks),
        int(above) if above.isdecimal() else 0,
        next((mark[4:] for mark in marks if mark.startswith("own-")), ""),
    )


def options_of(text: str) -> dict[str, str]:
    """Return the price options that a price id contains, to price the same call again.

    Returns {} if `text` is not a price id.
    """
    try:
        options = read_price_id(text).options
    except InvalidInputError:
        return {}
    named = {
        "tier": options.tier,
        "mode": options.mode,
        "language": options.language,
        "plan": options.plan,
        "kind": options.kind,
        "addons": ",".join(options.addons),
    }
    return {name: value for name, value in named.items() if value}
