"""The admin API: what each operation does, what it refuses, and that no secret is in any answer."""

from __future__ import annotations

import asyncio
import re
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from quotakeeper.gateway.admin.openapi import openapi_document, statuses_of
from quotakeeper.gateway.admin.routes import PREFIX, ROUTES, AdminRoute
from quotakeeper.gateway.admin.service import OPERATIONS
from quotakeeper.gateway.admin.tables import PROBLEM
from quotakeeper.gateway.admin.tokens import Scope, new_token
from tests.gateway.admin_harness import READER, TOKEN, admin, run

DAY = {"name": "day", "meter": "cost", "window": "none", "amount": "1.50"}
_ID = "01ARZ3NDEKTSV4RRFFQ69G5FAV"


def _filled(route: AdminRoute, key: str = _ID) -> str:
    return route.path.removeprefix(PREFIX).replace("{id}", key).replace("{limit}", "day")


def test_each_route_has_an_operation_a_scope_and_a_reason_not_to_be_metered() -> None:
    assert {route.name for route in ROUTES} == set(OPERATIONS)
    assert len({(route.method, route.path) for route in ROUTES}) == len(ROUTES)
    for route in ROUTES:
        assert route.path.startswith(f"{PREFIX}/")
        assert route.scope is (Scope.READ if route.method == "GET" else Scope.WRITE), route.name
        assert len(route.unmetered) > 20, route.name
        assert route.is_change == (route.method != "GET" and route.name != "createKey"), route.name


def test_each_route_refuses_a_stranger_and_each_change_a_reader(tmp_path: Path) -> None:
    async def test() -> None:
        async with admin(tmp_path) as api:
            await api.made()
            before = (await api.ask("GET", "/audit")).raw
            wrong = ("", "x" * 40, TOKEN[:-1], f"{TOKEN}x", TOKEN.upper())
            for route in ROUTES:
                for token in wrong:
                    got = await api.ask(route.method, _filled(route), token=token)
                    assert (got.status, got.body["code"]) == (401, "token_invalid"), route.name
                    assert got.headers["WWW-Authenticate"] == "Bearer"
                got = await api.ask(route.method, _filled(route), token=READER)
                assert (got.status == 403) == (route.scope is Scope.WRITE), route.name
            named = {"Authorization": f"Basic {TOKEN}"}
            assert (await api.ask("GET", "/keys", token="", headers=named)).status == 401
            assert (await api.ask("GET", f"/keys?token={TOKEN}", token="")).status == 401
            assert (await api.ask("GET", "/nothing", token="")).status == 401
            assert (await api.ask("GET", "/audit")).raw == before

    run(test)


def test_a_key_lives_through_all_its_changes_and_the_audit_has_each(tmp_path: Path) -> None:
    check_all_changes(tmp_path)


def check_all_changes(folder: Path, ledger: str = "") -> None:
    """Make a key, and change it in every way."""

    async def test() -> None:
        async with admin(folder, ledger) as api:
            made = await api.made(
                "an", project="film", labels={"team": "dub"}, concurrency=3, limits=[DAY],
                expires_at="2999-01-01T00:00:00+07:00", models=["gemini-*"], why="she joins",
            )  # fmt: skip
            secret, key = made.body["secret"], made.key
            assert re.fullmatch(r"qk_[0-9a-z]{38}", secret)
            assert (key["expires_at"], made.headers["ETag"]) == ("2998-12-31T17:00:00Z", '"1"')
            place = f"/keys/{key['id']}"
            acts: list[tuple[str, str, Any]] = [
                ("PATCH", "", {"concurrency": None, "project": ""}),
                ("POST", "/limits", {**DAY, "name": "month", "window": "month", "amount": 9}),
                ("PUT", "/limits/day", {**_without(DAY, "name"), "amount": "0.25", "why": "saving"}),
                ("DELETE", "/limits/month", None), ("POST", "/rotate", {"grace_seconds": 60}),
                ("PATCH", "", {"networks": ["10.0.0.0/8"]}),
                ("POST", "/disable", {}), ("POST", "/enable", None), ("POST", "/revoke", {"why": "x"}),
            ]  # fmt: skip
            for number, (method, more, body) in enumerate(acts, start=1):
                named = {"X-Actor": "binh"}
                got = await api.ask(method, place + more, body, version=number, headers=named)
                assert (got.status, got.headers["ETag"]) == (200, f'"{number + 1}"'), got.raw
            last = (await api.ask("GET", place)).key
            assert (last["state"], last["concurrency"], last["project"]) == ("revoked", None, "")
            assert (last["models"], last["labels"]) == (["gemini-*"], {"team": "dub"})
            assert [(each["name"], each["amount"]) for each in last["own_limits"]] == [
                ("day", "0.25")
            ]
            assert [each["valid"] for each in last["secrets"]] == [False, False]
            rows = (await api.ask("GET", "/audit")).body["rows"]
            assert [row["act"] for row in rows] == [
                "create", *["change"] * 4, "rotate", "change", "disable", "enable", "revoke",
            ]  # fmt: skip
            assert {row["actor"] for row in rows[1:]} == {"binh (admin API, 127.0.0.1)"}
            assert (rows[0]["why"], rows[0]["before"], rows[3]["why"]) == (
                "she joins",
                None,
                "saving",
            )
            assert all(one["after"] == two["before"] for one, two in pairwise(rows))

    run(test)


def _without(given: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in given.items() if key != name}


REFUSED: list[tuple[str, Any, int, str, str]] = [
    ("/keys", {"name": "b", "budget": 3}, 422, "unknown_field", "budget"),
    ("/keys", {"name": "b", "limits": [{**DAY, "amout": 1}]}, 422, "unknown_field", "limits[0].amout"),
    ("/keys", {"name": "b", "limits": [{**DAY, "meter": "money"}]}, 422, "invalid_value", "limits[0].meter"),
    ("/keys", {"name": "b", "limits": [{**DAY, "window": "year"}]}, 422, "invalid_value", "limits[0].window"),
    ("/keys", {"name": "b", "limits": [{**DAY, "provider": "gemni"}]}, 422, "invalid_value",
     "limits[0].provider"),
    ("/keys", {"name": "b", "limits": [DAY, DAY]}, 422, "invalid_value", "limits"),
    ("/keys", {}, 422, "invalid_value", "name"),
    ("/keys", [], 422, "invalid_value", ""),
    ("/keys", {"name": 3}, 422, "invalid_value", "name"),
    ("/keys", {"name": "b", "expires_at": "tomorrow"}, 422, "invalid_value", "expires_at"),
    ("/keys", {"name": "b", "expires_at": "2001-01-01T00:00:00Z"}, 422, "invalid_value", "expires"),
    ("/keys", {"name": "b", "concurrency": True}, 422, "invalid_value", "concurrency"),
    ("/keys", {"name": "b", "networks": ["10.0.0.0/99"]}, 422, "invalid_value", "networks"),
    ("/keys", {"name": "b", "labels": {"key": "an"}}, 422, "invalid_value", "labels"),
    ("/keys", {"name": "an"}, 409, "name_taken", "name"),
    ("/keys?after=x", {"name": "b"}, 422, "unknown_field", "after"),
]  # fmt: skip


def test_what_is_not_valid_is_refused_and_the_error_names_the_field(tmp_path: Path) -> None:
    async def test() -> None:
        async with admin(tmp_path) as api:
            await api.made()
            for path, body, status, code, field in REFUSED:
                got = await api.ask("POST", path, body)
                told = got.body
                assert (got.status, told["code"], told["field"]) == (status, code, field), told
                assert got.headers["Content-Type"] == "application/problem+json"
                PROBLEM.read(told)
            raw = [
                (b'{"name": "b", "name": "c"}', 400), (b'{"name": 1.5}', 400), (b"\xff", 400),
                (b'{"name": NaN}', 400), (b"[" * 5_000, 400), (b'{"name": "\\ud800", "x": 1}', 422),
                (b'{"name": "z", "expires_at": "9999-12-31T23:59:59-14:00"}', 422),
                (b'{"\\ud800": 1}', 422), (b'{"name": "' + b"x" * 70_000 + b'"}', 413),
            ]  # fmt: skip
            for data, status in raw:
                assert (await api.ask("POST", "/keys", data=data)).status == status, data[:40]
            plain = {"Content-Type": "text/plain"}
            assert (await api.ask("POST", "/keys", {"name": "b"}, headers=plain)).status == 415
            assert (await api.ask("GET", f"/keys/{_ID}")).status == 404
            assert (await api.ask("GET", "/nothing")).status == 404
            wrong = await api.ask("DELETE", "/keys")
            assert (wrong.status, wrong.headers["Allow"]) == (405, "GET, POST")
            assert (await api.ask("GET", "/keys", {})).status == 400
            assert len((await api.ask("GET", "/audit")).body["rows"]) == 1

    run(test)


def test_a_change_without_a_version_or_of_an_older_one_is_refused(tmp_path: Path) -> None:
    async def test() -> None:
        async with admin(tmp_path) as api:
            key = (await api.made(limits=[DAY])).key
            await api.ask("PATCH", f"/keys/{key['id']}", {"project": "new"}, version=1)
            for route in ROUTES:
                if not route.is_change:
                    continue
                path = _filled(route, key["id"])
                body = {
                    "createKeyLimit": {**DAY, "name": "two"}, "putKeyLimit": _without(DAY, "name"),
                    "deleteKeyLimit": None,
                }.get(route.name, {})  # fmt: skip
                assert (await api.ask(route.method, path, body)).status == 428, route.name
                old = await api.ask(route.method, path, body, version=1)
                assert (old.status, old.body["code"]) == (412, "version_changed"), route.name
                for form in ("*", '"1", "2"', "2", 'W/"2"', '""', '"x"'):
                    named = {"If-Match": form}
                    got = await api.ask(route.method, path, body, headers=named)
                    assert got.status == 400, (route.name, form)
            assert (await api.ask("GET", f"/keys/{key['id']}")).key["version"] == 2

    run(test)


def test_of_changes_at_once_none_is_lost(tmp_path: Path) -> None:
    check_changes_at_once(tmp_path)


def check_changes_at_once(folder: Path, ledger: str = "") -> None:
    """Twelve administrators add a model each; who is late reads again and repeats."""

    async def test() -> None:
        async with admin(folder, ledger) as api:
            place = f"/keys/{(await api.made(models=[])).key['id']}"
            refused = 0

            async def add(model: str) -> None:
                nonlocal refused
                while True:
                    key = (await api.ask("GET", place)).key
                    body = {"models": [*key["models"], model]}
                    got = await api.ask("PATCH", place, body, version=key["version"])
                    if got.status == 200:
                        return
                    assert got.status == 412
                    refused += 1

            await asyncio.gather(*(add(f"m{number}") for number in range(12)))
            key = (await api.ask("GET", place)).key
            assert sorted(key["models"]) == sorted(f"m{number}" for number in range(12))
            assert (key["version"], refused > 0) == (13, True)

    run(test)


def test_pages_follow_each_other_by_cursor_without_gaps(tmp_path: Path) -> None:
    async def test() -> None:
        async with admin(tmp_path) as api:
            for number in range(5):
                await api.made(f"k{number}")
                api.keeper.record("gemini", model="gemini-2.5-flash", input_tokens=number)
            for path, name, one in (("/keys", "keys", "id"), ("/audit", "rows", "seq"),
                                    ("/events", "events", "seq")):  # fmt: skip
                whole = [each[one] for each in (await api.ask("GET", path)).body[name]]
                found: list[Any] = []
                cursor = ""
                while True:
                    body = (await api.ask("GET", f"{path}?limit=2{cursor}")).body
                    found += [each[one] for each in body[name]]
                    if body["next"] is None:
                        break
                    cursor = f"&after={body['next']}"
                assert found == whole == sorted(whole)
                assert len(found) >= 5
            assert len((await api.ask("GET", "/keys?name=k3")).body["keys"]) == 1
            for bad in ("limit=0", "limit=x", "after=-1", "limit=1&limit=2", "more=1"):
                assert (await api.ask("GET", f"/audit?{bad}")).status in (400, 422), bad

    run(test)


def test_limits_of_the_config_are_listed_and_cannot_be_changed(tmp_path: Path) -> None:
    async def test() -> None:
        async with admin(tmp_path) as api:
            key = (await api.made(limits=[DAY])).key
            limits = (await api.ask("GET", "/limits")).body["limits"]
            told = [
                (each["name"], each["owner"], each["read_only"], each["key"]) for each in limits
            ]
            assert told == [
                ("all", "config", True, None), ("each", "config", True, None),
                ("an: day", "key", False, key["id"]),
            ]  # fmt: skip
            assert (limits[0]["use"]["used"], limits[1]["use"]) == ("1", None)
            assert (
                Decimal(limits[2]["use"]["used"]) > 0
            )  # a call with the label key=an was before it
            for method in ("PUT", "PATCH", "POST", "DELETE"):
                assert (await api.ask(method, "/limits", {})).status == 405
                assert (await api.ask(method, "/limits/all", {})).status == 404
            usage = (await api.ask("GET", "/usage?by=scope.key&since=2000-01-01T00:00:00Z")).body
            assert [(row["scope.key"], row["calls"]) for row in usage["rows"]] == [("an", 1)]
            assert (await api.ask("GET", "/usage?by=nonsense")).status == 422
            assert (await api.ask("GET", "/status")).body["limits"][0]["name"] == "all"

    run(test)


def test_each_answer_fits_the_document_and_has_no_secret(tmp_path: Path) -> None:
    """The secret of a key is in the answers that make it, and nowhere else, also not in a file."""

    async def test() -> None:
        async with admin(tmp_path) as api:
            made = await api.made(limits=[DAY])
            secret, key = made.body["secret"], made.key
            raws: list[bytes] = []
            for route in ROUTES:
                path = _filled(route, key["id"])
                if route.method != "GET":
                    continue
                got = await api.ask("GET", path)
                assert got.status == route.status, (route.name, got.raw)
                route.answer.read(got.body)
                assert got.headers["Cache-Control"] == "no-store"
                raws.append(got.raw)
            rotated = await api.ask("POST", f"/keys/{key['id']}/rotate", {}, version=1)
            route = next(each for each in ROUTES if each.name == "rotateKey")
            route.answer.read(rotated.body)
            why = await api.ask(
                "PATCH", f"/keys/{key['id']}", {"why": f"it was {secret}"}, version=2
            )
            assert (why.status, why.body["field"]) == (422, "why")
            named = {"X-Actor": secret}
            assert (
                await api.ask("POST", f"/keys/{key['id']}/revoke", version=2, headers=named)
            ).status == 400
            for told, field in (
                ({"why": f"with {TOKEN}."}, "why"), ({"project": TOKEN}, "project"),
                ({"labels": {"a": f"x{TOKEN}"}}, "labels"), ({"why": new_token()}, "why"),
            ):  # fmt: skip
                got = await api.ask("PATCH", f"/keys/{key['id']}", told, version=2)
                assert (got.status, got.body["field"]) == (422, field), got.raw
                raws.append(got.raw)
            revoke = f"/keys/{key['id']}/revoke"
            got = await api.ask("POST", revoke, version=2, headers={"X-Actor": f"me {TOKEN}"})
            assert (got.status, got.body["field"]) == (422, "X-Actor")
            raws += [(await api.ask("GET", "/audit")).raw, why.raw, got.raw]
            for raw in raws:
                for canary in (secret, rotated.body["secret"], TOKEN, READER):
                    assert canary.encode() not in raw
            assert rotated.body["secret"] != secret
            for file in filter(Path.is_file, tmp_path.rglob("*")):
                data = file.read_bytes()
                for canary in (secret, rotated.body["secret"], TOKEN, READER):
                    assert canary.encode() not in data, file

    run(test)


def test_the_document_is_made_from_the_tables_and_is_served(tmp_path: Path) -> None:
    async def test() -> None:
        async with admin(tmp_path) as api:
            assert (await api.ask("GET", "/openapi.json")).body == openapi_document()

    run(test)
    document = openapi_document()
    text = str(document)
    named = set(re.findall(r"#/components/schemas/(\w+)", text))
    assert named == set(document["components"]["schemas"])
    for schema in document["components"]["schemas"].values():
        assert schema["additionalProperties"] is False
    operations = [each for path in document["paths"].values() for each in path.values()]
    assert len(operations) == len(ROUTES) == len({each["operationId"] for each in operations})
    for route in ROUTES:
        assert {401, 503} <= set(statuses_of(route))


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1"])
def test_another_host_name_reaches_nothing(host: str, tmp_path: Path) -> None:
    """A page of another origin can point its own name at loopback."""

    async def test() -> None:
        async with admin(tmp_path) as api:
            got = await api.ask("GET", "/keys", headers={"Host": host})
            assert got.status == 421

    run(test)
