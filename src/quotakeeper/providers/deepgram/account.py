"""Deepgram's Management API, without I/O: the paths to request, and how to read the records.

The public API description gives no fields for `response`. So `details` inside `response` is read
with the field names of an older SDK: `usd`, `duration`, `total_audio`, `channels`. Each field may
be absent.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache
from urllib.parse import quote, urlencode

from quotakeeper.domain.money import MAX_PICO, pico_from_usd
from quotakeeper.domain.units import MAX_QUANTITY
from quotakeeper.domain.windows import instant, moment
from quotakeeper.errors import InvalidInputError
from quotakeeper.providers.account_records import AccountRequest
from quotakeeper.providers.addresses import Address, locate
from quotakeeper.providers.deepgram.options import (
    DEFAULT_VOICE,
    PROVIDER,
    listen_model,
    price_options,
)
from quotakeeper.providers.formats.json_values import Json, child, name_of, text_of, whole

_HOST = "api.deepgram.com"
DEFAULT_URL = f"https://{_HOST}"
MOST_PER_PAGE = 1_000
_STREAMED = {"listen": "listen_live", "speak": "speak_live"}
_METERS = {
    "listen": "audio_milliseconds",
    "listen_live": "audio_milliseconds",
    "flux": "audio_milliseconds",
    "speak": "characters",
    "speak_live": "characters",
    "agent": "session_milliseconds",
}
_CHARACTERS = ("tts_characters", "characters")
_EXACT = Decimal(1_000)


def meter_of(operation: str) -> str:
    """Return the meter that Deepgram's account reports for an operation; "" if it reports none."""
    return _METERS.get(operation, "")


def projects_path() -> str:
    """Return the path that lists the projects of an API key."""
    return "/v1/projects"


def requests_path(project: str, start: int | None, end: int | None, page: int) -> str:
    """Return the path of one page of the requests made in `[start, end)`.

    `start` and `end` are in microseconds since 1970 UTC; None means that there is no limit.
    """
    asked: dict[str, str | int] = {"limit": MOST_PER_PAGE, "page": page}
    for name, at in (("start", start), ("end", end)):
        if at is not None:
            asked[name] = moment(at).isoformat(timespec="seconds")
    return f"/v1/projects/{quote(project, safe='')}/requests?{urlencode(asked)}"


def balances_path(project: str) -> str:
    """Return the path that lists the balances of a project."""
    return f"/v1/projects/{quote(project, safe='')}/balances"


def read_request(record: Mapping[str, object]) -> AccountRequest | None:
    """Return one request of the account; None if it is not a call but a query about the account.

    Raises InvalidInputError, which names the request and the field, if the record cannot be read.
    """
    identity = name_of(record.get("request_id"))
    if not identity:
        raise InvalidInputError(
            "request_id",
            "is missing from a request in the file",
            "check that the file is an export of this kind",
        )
    response = child(record, "response")
    details = child(response, "details")
    operation, model, options = _call_of(
        text_of(record.get("path")), text_of(details.get("method"))
    )
    if not operation:
        # A request with an unknown path is not a call if it cost nothing, else a call of unknown
        # kind.
        if not _cost(details, failed=True, identity=identity):
            return None
        operation = "call"
    code = record.get("code", response.get("code"))
    failed = isinstance(code, int | Decimal) and code >= 400
    return AccountRequest(
        identity,
        _created(record, identity),
        operation,
        model,
        failed,
        _quantities(operation, details, failed=failed, identity=identity),
        _cost(details, failed=failed, identity=identity),
        options,
    )


@lru_cache(maxsize=1_024)
def _call_of(path: str, method: str) -> tuple[str, str, Mapping[str, str]]:
    """Return (operation, model, price options) for a path; the operation is "" if it is not a call."""
    place = locate(f"https://{_HOST}{path}", PROVIDER, (_HOST,), {})
    operation = _operation(place, method)
    if not operation or place is None:
        return "", "", {}
    model = _model(operation, place)
    if _METERS.get(operation) != "audio_milliseconds":
        return operation, model, {}
    mode = "streaming" if operation in ("listen_live", "flux") else "prerecorded"
    return operation, model, price_options(place, model, mode)


def _operation(place: Address | None, method: str) -> str:
    """Return the operation for a path, as the ledger names it; "" if the path is free of charge."""
    if place is None:
        return ""
    path = place.path
    if path[-2:] == ("v2", "listen"):
        return "flux"
    if path[-1:] == ("converse",) or "agent" in path[:2]:
        return "agent"
    if path[-1:] in (("listen",), ("speak",), ("read",)):
        return _STREAMED.get(path[-1], path[-1]) if method == "streaming" else path[-1]
    return ""


def _model(operation: str, place: Address) -> str:
    if asked := name_of(place.value("model")):
        return listen_model(place) if operation.startswith("listen") else asked
    if operation == "agent":
        return "agent-standard"
    if operation.startswith("speak"):
        return DEFAULT_VOICE
    return listen_model(place) if operation.startswith("listen") else ""


def _created(record: Mapping[str, object], identity: str) -> int:
    text = text_of(record.get("created"))
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidInputError(
            "created",
            f"{text[:40]!r} of request {identity[:60]} is not a time",
            "check that the file is an export of this kind",
        ) from None
    return instant(found if found.tzinfo else found.replace(tzinfo=UTC))


def _quantities(operation: str, details: Json, *, failed: bool, identity: str) -> dict[str, int]:
    found = {"requests": 1}
    meter = meter_of(operation)
    if failed or not meter:
        return found
    if meter == "characters":
        stated = [whole(details.get(name)) for name in _CHARACTERS]
        amount = next((value for value in stated if value is not None), None)
    else:
        amount = _milliseconds(details, identity)
    return found if amount is None else {**found, meter: amount}


def _milliseconds(details: Json, identity: str) -> int | None:
    """Return the billed audio in milliseconds: `total_audio`, else `duration` times the channels.

    Returns None if the record has neither.
    """
    total = _number(details, "total_audio", identity)
    length = _number(details, "duration", identity)
    if total is None and length is not None:
        several = child(details, "config").get("multichannel") is True
        channels = whole(details.get("channels")) if several else 1
        total = length * max(1, channels or 1)
    if total is None:
        return None
    amount = int((total * _EXACT).to_integral_value())
    if not 0 <= amount <= MAX_QUANTITY:
        raise InvalidInputError("duration", f"{total} of request {identity[:60]} is out of range")
    return amount


def _cost(details: Json, *, failed: bool, identity: str) -> int | None:
    usd = _number(details, "usd", identity)
    if usd is None:
        return 0 if failed else None
    if usd < 0 or usd * 10**12 > MAX_PICO:
        raise InvalidInputError("usd", f"{usd} of request {identity[:60]} is out of range")
    return pico_from_usd(usd, "usd")


def _number(details: Json, name: str, identity: str) -> Decimal | None:
    value = details.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise InvalidInputError(
            name, f"{str(value)[:40]!r} of request {identity[:60]} is not a number",
            "check that the file is an export of this kind",
        )  # fmt: skip
    number = Decimal(value)
    if not number.is_finite() or number.adjusted() > 15:
        raise InvalidInputError(name, f"the value of request {identity[:60]} is out of range")
    return number
