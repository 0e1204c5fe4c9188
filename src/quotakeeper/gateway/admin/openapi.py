"""Makes the OpenAPI 3.1 document from the route table and from the shapes that check requests."""

from __future__ import annotations

from typing import Any

from quotakeeper.gateway.admin.problems import TITLES
from quotakeeper.gateway.admin.routes import ROUTES, AdminRoute
from quotakeeper.gateway.admin.shapes import Document, JsonObject, Many, OrNull
from quotakeeper.gateway.admin.tables import PROBLEM
from quotakeeper.gateway.admin.tokens import Scope

_TOKEN = "adminToken"
_ETAG: Document = {"type": "string", "pattern": '^"[0-9]{1,18}"$'}


def openapi_document() -> dict[str, Any]:
    """Return the OpenAPI document of the admin API."""
    paths: dict[str, dict[str, object]] = {}
    for route in ROUTES:
        paths.setdefault(route.path, {})[route.method.lower()] = _operation(route)
    tables = {table.name: table for route in ROUTES for shape in (route.body, route.answer)
              for table in tables_in(shape)}  # fmt: skip
    tables[PROBLEM.name] = PROBLEM
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "quotakeeper gateway admin API",
            "version": "1",
            "summary": "Virtual keys, limits, usage, events and the audit of a gateway.",
        },
        "paths": paths,
        "components": {
            "schemas": {name: tables[name].definition() for name in sorted(tables)},
            "securitySchemes": {
                _TOKEN: {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The admin token, or a token that may only read.",
                }
            },
        },
        "security": [{_TOKEN: []}],
    }


def tables_in(shape: object) -> list[JsonObject]:
    """Return every `JsonObject` inside a shape, itself first."""
    if isinstance(shape, JsonObject):
        inner = [each for entry in shape.fields.values() for each in tables_in(entry.shape)]
        return [shape, *inner]
    if isinstance(shape, Many):
        return tables_in(shape.item)
    return tables_in(shape.shape) if isinstance(shape, OrNull) else []


def statuses_of(route: AdminRoute) -> tuple[int, ...]:
    """Return the statuses of errors that a route can answer with."""
    found = {401, 500, 503}
    if route.scope is Scope.WRITE:
        found |= {403, 422}
    if route.body is not None:
        found |= {400, 413, 415, 422}
    if route.query or route.is_change:
        found.add(400)
    if route.query:
        found.add(422)
    if route.parameters:
        found.add(404)
    if route.is_change:
        found |= {412, 428}
    if route.name in ("createKey", "createKeyLimit"):
        found.add(409)
    return tuple(sorted(found))


def _operation(route: AdminRoute) -> Document:
    made: Document = {
        "operationId": route.name,
        "summary": route.about,
        "x-scope": str(route.scope),
        "x-unmetered": route.unmetered,
        "parameters": _parameters(route),
        "responses": _responses(route),
    }
    if route.body is not None:
        is_needed = any(each.needed for each in route.body.fields.values())
        content = {"application/json": {"schema": route.body.document()}}
        made["requestBody"] = {"required": is_needed, "content": content}
    return made


def _parameters(route: AdminRoute) -> list[Document]:
    found: list[Document] = [
        {"name": name, "in": "path", "required": True, "schema": route.parameter(name).document()}
        for name in route.parameters
    ]
    for name, each in route.query.items():
        found.append({
            "name": name, "in": "query", "required": each.needed, "description": each.about,
            "schema": each.shape.document(),
        })  # fmt: skip
    if route.is_change:
        about = "The ETag of the version that is changed."
        found.append({
            "name": "If-Match", "in": "header", "required": True, "description": about,
            "schema": _ETAG,
        })  # fmt: skip
    if route.scope is Scope.WRITE:
        about = "Who makes the change, for the audit."
        found.append({
            "name": "X-Actor", "in": "header", "required": False, "description": about,
            "schema": {"type": "string", "minLength": 1, "maxLength": 128, "pattern": "^[ -~]+$"},
        })  # fmt: skip
    return found


def _responses(route: AdminRoute) -> Document:
    content = {"application/json": {"schema": route.answer.document()}}
    done: Document = {"description": "Done.", "content": content}
    if route.has_etag:
        done["headers"] = {"ETag": {"description": "The version.", "schema": _ETAG}}
    problem = {"application/problem+json": {"schema": PROBLEM.document()}}
    errors = {
        str(status): {"description": TITLES[status], "content": problem}
        for status in statuses_of(route)
    }
    return {str(route.status): done, **errors}
