"""The OpenAPI document and the checks agree: what it allows is accepted, what it forbids is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from quotakeeper.gateway.admin.openapi import openapi_document, statuses_of, tables_in
from quotakeeper.gateway.admin.routes import PREFIX, ROUTES, AdminRoute
from quotakeeper.gateway.admin.shapes import JsonObject, ShapeError
from quotakeeper.gateway.admin.tables import PROBLEM
from tests.gateway.admin_harness import admin, run

DOCUMENT = openapi_document()
SCHEMAS: dict[str, Any] = DOCUMENT["components"]["schemas"]
BODIES: dict[str, JsonObject] = {
    table.name: table for route in ROUTES if route.body for table in tables_in(route.body)
}
_TEXT = st.characters(codec="utf-8", exclude_categories=("Cc", "Cs"))
_ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)  # fmt: skip


def allowed(schema: dict[str, Any]) -> st.SearchStrategy[Any]:
    """Values that a JSON Schema allows. Read from the document alone."""
    if "$ref" in schema:
        return allowed(SCHEMAS[schema["$ref"].rpartition("/")[2]])
    if "oneOf" in schema:
        return st.one_of([allowed(each) for each in schema["oneOf"]])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    kind = schema["type"]
    if kind == "null":
        return st.none()
    if kind == "boolean":
        return st.booleans()
    if kind == "integer":
        return st.integers(schema["minimum"], schema["maximum"])
    if kind == "array":
        return st.lists(allowed(schema["items"]), max_size=min(3, schema["maxItems"]))
    if kind == "string":
        return _texts(schema)
    if "properties" not in schema:
        return st.dictionaries(
            allowed(schema["propertyNames"]), allowed(schema["additionalProperties"]), max_size=3
        )
    fields = {name: allowed(each) for name, each in schema["properties"].items()}
    needed = {name: fields.pop(name) for name in schema["required"]}
    return st.fixed_dictionaries(needed, optional=fields)


def _texts(schema: dict[str, Any]) -> st.SearchStrategy[str]:
    if schema.get("format") == "date-time":
        return st.datetimes().map(lambda at: f"{at.replace(microsecond=0).isoformat()}Z")
    if "pattern" in schema:
        return st.from_regex(schema["pattern"], fullmatch=True).map(lambda text: text.rstrip("\n"))
    return st.text(_TEXT, min_size=schema["minLength"], max_size=min(20, schema["maxLength"]))


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_what_the_document_allows_is_accepted(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(BODIES)))
    value = data.draw(allowed(SCHEMAS[name]))
    assert set(BODIES[name].read(json.loads(json.dumps(value)))) == set(value)


@settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
@given(st.data())
def test_what_it_forbids_is_refused_and_the_error_names_the_field(data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(BODIES)))
    table, value = BODIES[name], data.draw(allowed(SCHEMAS[name]))
    unknown = data.draw(
        st.text(_TEXT, min_size=1, max_size=20).filter(lambda x: x not in table.fields)
    )
    refused = [({**value, unknown: 1}, unknown)]
    refused += [
        ({key: each for key, each in value.items() if key != name}, name)
        for name, field in table.fields.items() if field.needed
    ]  # fmt: skip
    wrong: dict[str, Any] = {
        "string": 3,
        "integer": "3",
        "boolean": "true",
        "array": {},
        "object": [],
    }
    for field, schema in SCHEMAS[name]["properties"].items():
        if "type" in schema:
            refused.append(({**value, field: wrong[schema["type"]]}, field))
    for body, field in refused:
        try:
            table.read(body)
        except ShapeError as error:
            assert error.where == field
        else:
            raise AssertionError((body, field))


def test_any_request_gets_an_answer_that_the_document_describes(tmp_path: Path) -> None:
    """Requests that fit, nearly fit, or do not fit. None gets 500, and none stops the API."""
    requests: list[tuple[AdminRoute, str, Any, object]] = []

    @settings(
        max_examples=80, suppress_health_check=list(HealthCheck), deadline=None, database=None
    )
    @given(st.data())
    def draw(data: st.DataObject) -> None:
        route = data.draw(st.sampled_from(ROUTES))
        body = None
        if route.body is not None:
            body = data.draw(allowed(SCHEMAS[route.body.name]) | _ANY)
        query = ""
        if route.query:
            names = data.draw(st.lists(st.sampled_from(sorted(route.query)), unique=True))
            found = [
                f"{name}={data.draw(st.from_regex('[A-Za-z0-9:,.-]{0,12}', fullmatch=True))}"
                for name in names
            ]
            query = "?" + "&".join(found) if found else ""
        requests.append((route, query, body, data.draw(st.sampled_from([None, 1, 2, 10**9]))))

    draw()

    async def test() -> None:
        async with admin(tmp_path) as api:
            key = (await api.made()).key["id"]
            statuses = set()
            for route, query, body, version in requests:
                path = route.path.removeprefix(PREFIX).replace("{id}", key).replace("{limit}", "a")
                got = await api.ask(route.method, path + query, body, version=version)
                statuses.add(got.status)
                if got.status == route.status:
                    route.answer.read(got.body)
                    continue
                assert got.status in statuses_of(route), (route.name, query, body, got.raw)
                assert got.status not in (500, 503), (route.name, query, body, got.raw)
                PROBLEM.read(got.body)
            assert {200, 422} <= statuses
            assert (await api.ask("GET", "/audit")).status == 200

    run(test)
