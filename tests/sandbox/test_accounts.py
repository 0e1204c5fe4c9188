"""The sandbox's accounts: Deepgram's Management API and Google's bill, computed from the sandbox's bill."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.catalogue import load_snapshot
from quotakeeper.clocks import zone_named
from quotakeeper.domain.usage import Provenance
from quotakeeper.providers.contract import Request
from quotakeeper.providers.deepgram.account import read_request
from quotakeeper.providers.gemini.billing import ZONE, read_bill
from quotakeeper.providers.registry import recognise
from quotakeeper.sandbox import Charge, Sandbox
from quotakeeper.sandbox.accounts import PROJECT_ID, cost_of
from quotakeeper.testing import FakeClock

SAMPLES = Path(__file__).resolve().parents[2] / "samples"
SPEC = Path(__file__).resolve().parents[3] / "shared" / "specs" / "deepgram-openapi.yml"
KEY = {"Authorization": "Token canary-deepgram-91bc"}
AUDIO = (SAMPLES / "xin-chao.wav").read_bytes()
REQUESTS = f"/v1/projects/{PROJECT_ID}/requests"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def sandbox(clock: FakeClock) -> Iterator[Sandbox]:
    with Sandbox(clock=clock) as running:
        yield running


def exchange(
    sandbox: Sandbox, path: str, body: Any = None, headers: dict[str, str] = KEY, method: str = ""
) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(sandbox.base_url[7:], timeout=20)
    try:
        connection.request(method or ("POST" if body else "GET"), path, body, headers)
        reply = connection.getresponse()
        return reply.status, reply.read()
    except (http.client.HTTPException, OSError):
        return 0, b""
    finally:
        connection.close()


def ask(sandbox: Sandbox, path: str) -> Any:
    status, body = exchange(sandbox, path)
    assert status == 200, body
    return json.loads(body, parse_float=Decimal)


def test_every_call_is_in_the_account_as_billed(sandbox: Sandbox) -> None:
    sound = {**KEY, "Content-Type": "audio/wav"}
    listen = (
        "/v1/listen?model=nova-3&diarize=true&language=multi&multichannel=true&tag=a%20b&token=s3"
    )
    exchange(sandbox, listen, AUDIO, sound)
    exchange(sandbox, listen, AUDIO, {**sound, "x-sandbox-fault": "cut"})
    exchange(sandbox, listen, AUDIO, {**sound, "x-sandbox-fault": "503"})
    exchange(sandbox, "/v1/speak?model=aura-2-thalia-en", json.dumps({"text": "chào"}).encode())
    exchange(sandbox, "/v1/listen", b"junk", sound)  # refused, so not billed
    listed = ask(sandbox, f"{REQUESTS}?limit=1000")["requests"]
    charges = sandbox.bill.charges[::-1]  # newest first
    assert len(listed) == len(charges) == 4
    for record, charge in zip(listed, charges, strict=True):
        found = read_request(record)
        assert found is not None
        assert (found.id, found.at) == (charge.request_id, charge.at)
        assert dict(found.quantities) == dict(charge.quantities)
        assert found.cost_pico == cost_of(charge)
        assert (found.operation, found.model) == (charge.operation, charge.model)
        assert found.failed == (charge.status >= 400)
        assert "s3" not in json.dumps(record, default=str)
        assert ask(sandbox, f"{REQUESTS}/{charge.request_id}") == {"request": record}
    assert len({charge.request_id for charge in charges}) == 4
    assert listed[-1]["path"].endswith("tag=a+b")
    assert listed[-1]["response"]["details"]["tags"] == ["a b"]
    status, export = exchange(sandbox, "/__sandbox__/deepgram-requests.json", headers={})
    exported = json.loads(export, parse_float=Decimal)["requests"]
    assert status == 200 and exported == listed[::-1]


def test_the_accounts_id_is_the_one_the_client_got(sandbox: Sandbox) -> None:
    _, body = exchange(sandbox, "/v1/listen", AUDIO, {**KEY, "Content-Type": "audio/wav"})
    assert json.loads(body)["metadata"]["request_id"] == sandbox.bill.charges[0].request_id


def test_pages_and_filters_work_as_documented(sandbox: Sandbox, clock: FakeClock) -> None:
    for number in range(25):
        clock.advance(hours=1)
        status = 503 if number % 5 == 0 else 200
        sandbox.bill.add(
            Charge("deepgram", "listen" if number % 2 else "speak", "nova-3", status,
                   {"requests": 1}, request_id=f"r{number}", at=clock.now(), path="/v1/listen")
        )  # fmt: skip

    def ids(query: str) -> list[str]:
        return [each["request_id"] for each in ask(sandbox, f"{REQUESTS}?{query}")["requests"]]

    newest = [f"r{number}" for number in reversed(range(25))]
    assert ids("") == newest[:10]
    assert ids("page=2") == newest[20:]
    assert ids("page=3") == []
    assert ids("limit=1000") == newest
    assert ids("limit=1000&status=failed") == ["r20", "r15", "r10", "r5", "r0"]
    assert len(ids("limit=1000&status=succeeded")) == 20
    assert len(ids("limit=100&endpoint=speak")) == 13
    assert ids("request_id=r7") == ["r7"]
    assert ids("start=2026-11-24T12:00:00%2B00:00") == ["r24", "r23"]
    assert ids("start=2026-11-24T12:00:00%2B00:00&end=2026-11-24T13:00:00%2B00:00") == ["r23"]
    assert len(ids("limit=100&end=2026-11-23")) == 11  # a date includes its whole day
    assert ids("method=streaming") == []
    for query in ("limit=0", "limit=1001", "limit=x", "page=-1", "start=soon", "status=odd"):
        assert exchange(sandbox, f"{REQUESTS}?{query}")[0] == 400, query


def test_projects_usage_and_balances_are_answered(sandbox: Sandbox) -> None:
    assert ask(sandbox, "/v1/projects")["projects"] == [
        {"project_id": PROJECT_ID, "name": "Sandbox"}
    ]
    path = f"/v1/projects/{PROJECT_ID}"
    assert ask(sandbox, f"{path}/balances")["balances"][0]["amount"] == 200
    exchange(sandbox, "/v1/listen?model=nova-3", AUDIO, {**KEY, "Content-Type": "audio/wav"})
    (balance,) = ask(sandbox, f"{path}/balances")["balances"]
    (charge,) = sandbox.bill.charges
    cost = cost_of(charge)
    assert cost and balance["units"] == "usd"
    assert balance["amount"] == 200 - Decimal(cost).scaleb(-12)
    usage = ask(sandbox, f"{path}/usage?start=2026-11-23&end=2026-11-23")
    assert usage["results"] == [
        {"start": "2026-11-23", "end": "2026-11-23", "hours": Decimal("0.00445"), "requests": 1}
    ]
    assert ask(sandbox, f"{path}/usage?start=2026-11-24")["results"] == []


def test_wrong_requests_are_refused_like_the_real_api(sandbox: Sandbox) -> None:
    assert exchange(sandbox, "/v1/projects", headers={})[0] == 401
    assert exchange(sandbox, "/v1/projects/other/requests")[0] == 404
    assert exchange(sandbox, f"{REQUESTS}/nobody")[0] == 404
    assert exchange(sandbox, f"/v1/projects/{PROJECT_ID}/keys")[0] == 404
    assert exchange(sandbox, "/v1/projects", b"x", method="POST")[0] == 405
    assert exchange(sandbox, "/v1/projectsX")[0] == 404


def test_account_requests_are_not_counted_as_calls(clock: FakeClock) -> None:
    with Sandbox(clock=clock, faults=["503@1"]) as sandbox:
        for path in ("/v1/projects", f"{REQUESTS}?limit=5", "/__sandbox__/billing.csv"):
            assert exchange(sandbox, path)[0] == 200
        assert sandbox.bill.charges == ()
        status, _ = exchange(sandbox, "/v1/listen", AUDIO, {**KEY, "Content-Type": "audio/wav"})
        assert status == 503, "the first call is still the first"
    found = recognise(Request("GET", f"https://api.deepgram.com{REQUESTS}"))
    assert found is not None
    call = found[1]
    assert (call.billed, dict(call.bound), call.bound_is) == (False, {}, Provenance.ESTIMATED)


def test_replies_match_the_api_description(sandbox: Sandbox) -> None:
    if not SPEC.exists():
        pytest.skip(f"../shared not present: no {SPEC.name}")
    exchange(sandbox, "/v1/listen", AUDIO, {**KEY, "Content-Type": "audio/wav"})
    path = f"/v1/projects/{PROJECT_ID}"
    page = ask(sandbox, f"{path}/requests")
    for schema, value in {
        "ListProjectsV1Response": ask(sandbox, "/v1/projects"),
        "ListProjectRequestsV1Response": page,
        "ProjectRequestResponse": page["requests"][0],
        "GetProjectRequestV1Response": ask(sandbox, f"{path}/requests/{page['requests'][0]['request_id']}"),
        "ListProjectBalancesV1Response": ask(sandbox, f"{path}/balances"),
        "ListProjectBalancesV1ResponseBalancesItems": ask(sandbox, f"{path}/balances")["balances"][0],
    }.items():  # fmt: skip
        assert set(value) == properties(schema), schema


def properties(schema: str) -> set[str]:
    """The property names of a schema in the description. No installed library parses the description."""
    found: set[str] = set()
    lines = iter(SPEC.read_text(encoding="utf-8").splitlines())
    for line in lines:
        if line == f"    {schema}:":
            break
    for line in lines:
        if line.startswith("    ") and line[4] != " ":
            break
        if line.startswith("        ") and line[8] != " " and line.endswith(":"):
            found.add(line.strip(" :"))
    return found


def test_googles_bill_adds_up_to_the_pico_dollar(sandbox: Sandbox, clock: FakeClock) -> None:
    body = json.dumps({"contents": [{"parts": [{"text": "xin chào " * 300}]}]})
    for model in ("gemini-2.5-flash", "gemini-2.5-flash-lite", "gemini-2.5-pro", "gemini-unheard"):
        for _ in range(3):
            path = f"/v1beta/models/{model}:generateContent"
            exchange(sandbox, path, body, {"x-goog-api-key": "k"})
            clock.advance(hours=9)
    status, text = exchange(sandbox, "/__sandbox__/billing.csv", headers={})
    assert status == 200
    models = load_snapshot().models("gemini")
    lines = list(read_bill(text.decode().splitlines(keepends=True), zone_named(ZONE), models))
    charges = [each for each in sandbox.bill.charges if each.provider == "gemini"]
    assert sum(line.cost_pico for line in lines) == sum(cost_of(each) or 0 for each in charges)
    totals: dict[str, int] = {}
    for line in lines:
        totals[line.meter] = totals.get(line.meter, 0) + line.quantity
    wanted = sandbox.bill.totals()["gemini"]
    assert totals["input_tokens"] == wanted["input_tokens"]
    assert totals["output_tokens"] == wanted["output_tokens"] + wanted.get("thought_tokens", 0)
    assert len({line.day for line in lines}) >= 4
