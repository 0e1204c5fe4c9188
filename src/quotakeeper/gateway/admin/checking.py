"""Checks a request to the admin API: its route, its query, its body and its version."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote_plus

from quotakeeper.gateway.admin.asked import version_of
from quotakeeper.gateway.admin.problems import AdminProblem
from quotakeeper.gateway.admin.routes import ROUTES, AdminRoute, path_pattern
from quotakeeper.gateway.admin.shapes import Field, ShapeError, Whole
from quotakeeper.http_server.heads import RequestHead
from quotakeeper.http_server.seam import BodyTooLargeError, Exchange

MOST_BODY_BYTES = 64 * 1024
_PATTERNS = tuple((route, path_pattern(route)) for route in ROUTES)


def found_route(method: str, path: str) -> tuple[AdminRoute, dict[str, str]]:
    """Return the route of a request, and the names in its path. Raises AdminProblem (404, 405)."""
    allowed = []
    for route, pattern in _PATTERNS:
        found = pattern.fullmatch(path)
        if found is None:
            continue
        if route.method == method:
            return route, found.groupdict()
        allowed.append(route.method)
    if not allowed:
        text = "there is no such address; see /admin/v1/openapi.json"
        raise AdminProblem(404, "no_route", text)
    problem = AdminProblem(405, "wrong_method", f"this address allows {', '.join(allowed)}")
    problem.headers = (("Allow", ", ".join(allowed)),)
    raise problem


def read_query(route: AdminRoute, target: str) -> dict[str, Any]:
    """Return the checked values of a query. Raises AdminProblem (400, 422)."""
    found: dict[str, Any] = {}
    query = target.partition("?")[2]
    for part in query.split("&") if query else ():
        name, _, text = part.partition("=")
        name = unquote_plus(name)
        if name in found:
            raise AdminProblem(400, "given_twice", "a parameter is given twice", name[:60])
        if name not in route.query:
            known = ", ".join(route.query) or "none"
            text = f"is not a known parameter; known: {known}"
            raise AdminProblem(422, "unknown_field", text, name[:60])
        found[name] = _parameter(route.query[name], name, unquote_plus(text))
    return found


def _parameter(field: Field, name: str, text: str) -> Any:
    value: object = text
    if isinstance(field.shape, Whole) and text.isascii() and text.isdigit() and len(text) < 20:
        value = int(text)
    try:
        return field.shape.read(value, name)
    except ShapeError as error:
        raise AdminProblem(422, "invalid_value", error.problem, error.where) from None


async def read_body(route: AdminRoute, exchange: Exchange) -> dict[str, Any]:
    """Return the checked body. Raises AdminProblem (400, 413, 415, 422), ClientGoneError."""
    head = exchange.head
    if route.body is None:
        if head.has_body:
            raise AdminProblem(400, "body_not_served", "this operation has no body")
        return {}
    data = b""
    if head.has_body:
        try:
            data = await exchange.read_body(MOST_BODY_BYTES, lambda size: None)
        except BodyTooLargeError:
            text = f"a body may have {MOST_BODY_BYTES} bytes at most"
            raise AdminProblem(413, "body_too_large", text) from None
    kind = head.value("content-type").partition(";")[0].strip().lower()
    # A page of another origin cannot send this type without asking first.
    if data and kind != "application/json":
        raise AdminProblem(415, "not_json", "send the body with Content-Type: application/json")
    try:
        return route.body.read(_parsed(data) if data else {})
    except ShapeError as error:
        code = "unknown_field" if "not a known field" in error.problem else "invalid_value"
        raise AdminProblem(422, code, error.problem, error.where) from None


def _parsed(data: bytes) -> object:
    def once(pairs: list[tuple[str, Any]]) -> Mapping[str, Any]:
        made = dict(pairs)
        if len(made) != len(pairs):
            raise ValueError("a name is given twice in one object")
        return made

    def no_float(text: str) -> object:
        raise ValueError(f"write the number {text[:40]} as text, so that nothing is rounded")

    try:
        parsed: object = json.loads(
            data.decode("utf-8"), object_pairs_hook=once, parse_float=no_float,
            parse_constant=no_float,
        )  # fmt: skip
    except (ValueError, RecursionError) as error:
        text = "is nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise AdminProblem(400, "not_json", f"the body is not valid JSON: {text}") from None
    return parsed


def read_version(route: AdminRoute, head: RequestHead) -> int | None:
    """Return the version of `If-Match`; None if the route needs none. Raises AdminProblem."""
    if not route.is_change:
        return None
    values = head.values("if-match")
    if len(values) > 1:
        raise AdminProblem(400, "version_form", "If-Match is given twice", "If-Match")
    return version_of(values[0] if values else "")
