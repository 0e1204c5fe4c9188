"""The provider accounts in the sandbox: Deepgram's Management API and a Cloud Billing CSV.

Both accounts are made from the sandbox's bill, so they include answers that never reached the
client. The functions are pure: they return a reply for a request and a bill. The prices come from
the catalogue.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import cache
from urllib.parse import urlencode

from quotakeeper.catalogue import PriceSnapshot, load_snapshot
from quotakeeper.domain.money import usd_text
from quotakeeper.domain.units import METERS, units_text
from quotakeeper.domain.windows import SECOND, instant, moment
from quotakeeper.sandbox.billing import billing_csv
from quotakeeper.sandbox.deepgram import error_reply, has_key
from quotakeeper.sandbox.messages import (
    Charge,
    Reply,
    SandboxRequest,
    SandboxTurn,
    json_reply,
    request_uuid,
)
from quotakeeper.value_classes import replace

PROJECT_ID = "5a9dbeef-0000-4000-8000-000000000001"
BILLING_PATH = "/__sandbox__/billing.csv"
REQUESTS_PATH = "/__sandbox__/deepgram-requests.json"
_CREDIT_PICO = 200 * 10**12  # the credit of a new account
_SECRET = ("token", "key", "access_token")
# Numbers that must not become floats are written as marked strings. This finds them, to unquote them.
_EXACT = re.compile(rb'"=([0-9.]+)="')
_ADDONS = ("diarize", "redact", "keyterm", "detect_entities")

Json = dict[str, object]


def is_account(request: SandboxRequest) -> bool:
    """Return whether a request is for the API of a provider's account."""
    return request.path in (BILLING_PATH, REQUESTS_PATH) or (
        request.path == "/v1/projects" or request.path.startswith("/v1/projects/")
    )


def noted(
    charge: Charge, request: SandboxRequest, turn: SandboxTurn, request_id: str = ""
) -> Charge:
    """Return the charge with the data that the provider's account shows about the request.

    A key in the query is removed. If `request_id` is "", an id is made from the request's number.
    """
    query = tuple((name, value) for name, value in request.query if name not in _SECRET)
    known = request_id or request_uuid(turn, "listen")
    return replace(charge, request_id=known, at=turn.now_us, path=request.path, query=query)


def charge_of(reply: Reply, request: SandboxRequest, turn: SandboxTurn) -> Charge:
    """Return the charge of a reply, with the request id that the client received."""
    assert reply.charge is not None
    sent = next((value for name, value in reply.headers if name == "dg-request-id"), "")
    return noted(reply.charge, request, turn, sent)


def reply_to(request: SandboxRequest, turn: SandboxTurn, charges: Sequence[Charge]) -> Reply:
    """Answer a request for the API of a provider's account."""
    if request.path == BILLING_PATH:
        body = billing_csv([c for c in charges if c.provider == "gemini"], prices())
        return Reply(200, (body,), (("Content-Type", "text/csv; charset=utf-8"),))
    deepgram = [charge for charge in charges if charge.provider == "deepgram"]
    if request.path == REQUESTS_PATH:
        page = {"page": 0, "limit": len(deepgram), "requests": [_record(c) for c in deepgram]}
        return _exact(json_reply(200, page))
    if not has_key(request):
        return error_reply(401, "INVALID_AUTH", "Invalid credentials.", turn)
    if request.method != "GET":
        return error_reply(405, "METHOD_NOT_ALLOWED", "Use GET.", turn)
    return _exact(_managed(request, turn, deepgram))


@cache
def prices() -> PriceSnapshot:
    """Return the prices that are part of the package."""
    return load_snapshot(())


def cost_of(charge: Charge) -> int | None:
    """Return the cost of a charge in pico-dollars (10**-12 USD); None if no price is known."""
    if set(charge.quantities) <= {"requests"}:
        return 0
    options: dict[str, str] = {}
    if charge.provider == "deepgram" and charge.operation == "listen":
        asked = dict(charge.query)
        said = {name for name, value in charge.query if value.lower() not in ("", "false", "0")}
        addons = sorted(said.intersection(_ADDONS))
        options = {
            "mode": "streaming" if charge.status == 101 else "prerecorded",
            "language": "multi" if asked.get("language") == "multi" else "mono",
            "addons": ",".join(addons),
        }
    quantities = dict(charge.quantities)
    return prices().price(charge.provider, charge.model, quantities, charge.at, options).cost_pico


def _managed(request: SandboxRequest, turn: SandboxTurn, charges: Sequence[Charge]) -> Reply:
    path = request.path.strip("/").split("/")[2:]
    if not path:
        projects = [{"project_id": PROJECT_ID, "name": "Sandbox"}]
        return json_reply(200, {"projects": projects})
    if path[0] != PROJECT_ID:
        return error_reply(404, "PROJECT_NOT_FOUND", "Project not found.", turn)
    try:
        match path[1:]:
            case ["requests"]:
                return json_reply(200, _page(request, charges))
            case ["requests", wanted]:
                found = [_record(each) for each in charges if each.request_id == wanted]
                if found:
                    return json_reply(200, {"request": found[0]})
            case ["usage"]:
                return json_reply(200, _usage(request, turn, charges))
            case ["balances"]:
                return json_reply(200, {"balances": [_balance(charges)]})
    except ValueError as error:
        return error_reply(400, "Bad Request", str(error), turn)
    return error_reply(404, "NOT_FOUND", "The sandbox does not support this path.", turn)


def _page(request: SandboxRequest, charges: Sequence[Charge]) -> Json:
    """Return one page of requests, newest first. Raises ValueError for a wrong query parameter."""
    limit, page = _number(request, "limit", 10), _number(request, "page", 0)
    if not 1 <= limit <= 1_000:
        raise ValueError("limit must be from 1 to 1000")
    start, end = _instants(request)
    wanted = {name: request.option(name) for name in ("status", "endpoint", "method", "request_id")}
    if wanted["status"] not in ("", "succeeded", "failed"):
        raise ValueError("status must be succeeded or failed")
    found = [
        each
        for each in reversed(charges)
        if start <= each.at < end
        and wanted["status"] in ("", "failed" if each.status >= 400 else "succeeded")
        and wanted["endpoint"] in ("", each.operation)
        and wanted["method"] in ("", _method(each))
        and wanted["request_id"] in ("", each.request_id)
    ]
    there = found[page * limit : (page + 1) * limit]
    return {"page": page, "limit": limit, "requests": [_record(each) for each in there]}


def _record(charge: Charge) -> Json:
    """Return one request in the form of Deepgram's Management API."""
    milliseconds = charge.quantities.get("audio_milliseconds", 0)
    length = units_text(milliseconds // max(1, charge.channels), METERS["audio_seconds"])
    cost = cost_of(charge)
    details: Json = {
        "usd": None if cost is None else _number_text(usd_text(cost, least_places=0)),
        "duration": _number_text(length),
        "total_audio": _number_text(units_text(milliseconds, METERS["audio_seconds"])),
        "channels": charge.channels,
        "streams": 1,
        "models": [charge.model],
        "method": _method(charge),
        "tags": [value for name, value in charge.query if name == "tag"],
        "features": [name for name, value in charge.query if value.lower() == "true"],
        "config": {"multichannel": charge.channels > 1},
    }
    if "characters" in charge.quantities:
        details["tts_characters"] = charge.quantities["characters"]
    created = _time_text(charge.at)
    query = urlencode(charge.query)
    return {
        "request_id": charge.request_id,
        "project_uuid": PROJECT_ID,
        "created": created,
        "path": f"{charge.path}?{query}" if query else charge.path,
        "api_key_id": "5a9dbeef-0000-4000-8000-0000000000ff",
        "response": {"details": details, "code": charge.status, "completed": created},
        "code": charge.status,
        "deployment": "hosted",
        "callback": dict(charge.query).get("callback"),
    }


def _usage(request: SandboxRequest, turn: SandboxTurn, charges: Sequence[Charge]) -> Json:
    """Return one line per day with its totals, in the form of Deepgram's older usage API."""
    start, end = _instants(request)
    by_day: dict[str, Json] = {}
    for each in (charge for charge in charges if start <= charge.at < end):
        day = f"{moment(each.at):%Y-%m-%d}"
        line = by_day.setdefault(day, {"start": day, "end": day, "hours": 0, "requests": 0})
        line["requests"] = _int(line["requests"]) + 1
        line["hours"] = _int(line["hours"]) + each.quantities.get("audio_milliseconds", 0)
    for line in by_day.values():
        line["hours"] = _number_text(units_text(_int(line["hours"]) // 60, METERS["audio_minutes"]))
    days = sorted(by_day)
    today = f"{moment(turn.now_us):%Y-%m-%d}"
    return {
        "start": days[0] if days else today,
        "end": days[-1] if days else today,
        "resolution": {"units": "day", "amount": 1},
        "results": [by_day[day] for day in days],
    }


def _balance(charges: Sequence[Charge]) -> Json:
    spent = sum(cost_of(each) or 0 for each in charges)
    return {
        "balance_id": "5a9dbeef-0000-4000-8000-0000000000bb",
        "amount": _number_text(usd_text(max(0, _CREDIT_PICO - spent), least_places=0)),
        "units": "usd",
        "purchase_order_id": "sandbox",
    }


def _method(charge: Charge) -> str:
    return "streaming" if charge.status == 101 else "sync"


def _instants(request: SandboxRequest) -> tuple[int, int]:
    """Return the requested (start, end) in microseconds. A date as `end` includes the whole day."""
    start, end = -(2**62), 2**62
    if text := request.option("start"):
        start = _instant(text, "start")
    if text := request.option("end"):
        end = _instant(text, "end") + (86_400 * SECOND if len(text) == 10 else 0)
    return start, end


def _instant(text: str, name: str) -> int:
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return instant(datetime(day.year, day.month, day.day, tzinfo=UTC))
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        raise ValueError(f"{name} must be a date or a date and time") from None
    return instant(found if found.tzinfo else found.replace(tzinfo=UTC))


def _time_text(at: int) -> str:
    return moment(at).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _number(request: SandboxRequest, name: str, default: int) -> int:
    text = request.option(name, str(default))
    if not text.isdigit() or len(text) > 9:
        raise ValueError(f"{name} must be a number")
    return int(text)


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _number_text(text: str) -> str:
    return f"={text}="


def _exact(reply: Reply) -> Reply:
    return replace(reply, chunks=tuple(_EXACT.sub(rb"\1", chunk) for chunk in reply.chunks))
