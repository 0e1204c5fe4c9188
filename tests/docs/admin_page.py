"""The page on the admin API, made from its OpenAPI document."""

from __future__ import annotations

from typing import Any

from quotakeeper.gateway.admin.openapi import openapi_document
from tests.docs.admin_texts import VIETNAMESE, WORDS

MARK = "<!-- made from the OpenAPI document -->"


def admin_page(page: str, language: str) -> str:
    """Return a page with the part that is made from the document after its mark."""
    document, words = openapi_document(), WORDS[language]
    lines = [page.partition(MARK)[0] + MARK, "", f"## {words['operations']}", ""]
    lines += [f"| {words['operation']} | {words['does']} | {words['token']} |", "|---|---|---|"]
    for path, methods in document["paths"].items():
        for method, each in methods.items():
            link = f"[`{method.upper()} {path}`](#{each['operationId'].lower()})"
            lines.append(f"| {link} | {_told(each['summary'], language)} | {each['x-scope']} |")
    for path, methods in document["paths"].items():
        for method, each in methods.items():
            lines += ["", *_operation(method.upper(), path, each, language)]
    lines += ["", f"## {words['objects']}", ""]
    for name, schema in document["components"]["schemas"].items():
        lines += [*_object(name, schema, language), ""]
    return "\n".join(lines).rstrip() + "\n"


def _operation(method: str, path: str, each: dict[str, Any], language: str) -> list[str]:
    words = WORDS[language]
    lines = [f"### {each['operationId']}", "", f"`{method} {path}`", ""]
    lines += [_told(each["summary"], language), ""]
    given = [one for one in each["parameters"] if one["in"] == "query"]
    if given:
        lines += [
            f"| {words['parameter']} | {words['value']} | {words['meaning']} |",
            "|---|---|---|",
        ]
        lines += [
            f"| `{one['name']}` | {_kind(one['schema'], language)} | "
            f"{_told(one['description'], language)} |"
            for one in given
        ]
        lines.append("")
    if "requestBody" in each:
        schema = each["requestBody"]["content"]["application/json"]["schema"]
        lines.append(f"- {words['body']}: {_kind(schema, language)}")
    headers = [one["name"] for one in each["parameters"] if one["in"] == "header"]
    if headers:
        named = ", ".join(f"`{name}`" for name in headers)
        lines.append(f"- {words['headers']}: {named}")
    statuses = list(each["responses"])
    schema = each["responses"][statuses[0]]["content"]["application/json"]["schema"]
    lines.append(f"- {words['answer']} {statuses[0]}: {_kind(schema, language)}")
    lines.append(f"- {words['errors']}: {', '.join(statuses[1:])}")
    return lines


def _object(name: str, schema: dict[str, Any], language: str) -> list[str]:
    words = WORDS[language]
    lines = [f"### {name}", "", _told(schema["description"], language), ""]
    lines += [f"| {words['field']} | {words['value']} | {words['meaning']} |", "|---|---|---|"]
    for field, each in schema["properties"].items():
        mark = words["needed"] if field in schema["required"] else ""
        told = _told(each["description"], language)
        lines.append(f"| `{field}` | {_kind(each, language)} | {told}{mark} |")
    return lines


def _kind(schema: dict[str, Any], language: str) -> str:
    """Return a schema in a few words."""
    words = WORDS[language]
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return f"[{name}](#{name.lower()})"
    if "oneOf" in schema:
        return f" {words['or']} ".join(_kind(each, language) for each in schema["oneOf"])
    if "enum" in schema:
        return ", ".join(f"`{each}`" for each in schema["enum"])
    kind = schema["type"]
    if kind == "array":
        return words["list"].format(item=_kind(schema["items"], language), most=schema["maxItems"])
    if kind == "integer":
        return words["integer"].format(least=schema["minimum"], most=schema["maximum"])
    if schema.get("format") == "date-time":
        return words["instant"]
    if kind == "string":
        return _text(schema, words)
    return words[kind]


def _text(schema: dict[str, Any], words: dict[str, str]) -> str:
    pattern = str(schema.get("pattern", "")).replace("|", "\\|")
    told = f" (`{pattern}`)" if pattern else ""
    if "maxLength" not in schema:
        return f"{words['string']}{told}"
    return words["sized"].format(least=schema["minLength"], most=schema["maxLength"]) + told


def _told(text: str, language: str) -> str:
    return text if language == "en" else VIETNAMESE[text]
