"""The OpenAPI description as rows for the page: what each call takes and gives."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Field:
    """A parameter, or a member of a body. `kind` in the words of JSON Schema."""

    name: str
    kind: str
    is_required: bool
    about: str
    place: str = ""


@dataclass(frozen=True)
class Operation:
    """One call. `example` and `answer` are JSON, "" without."""

    ident: str
    method: str
    path: str
    summary: str
    about: str
    scope: str
    parameters: list[Field]
    body: list[Field]
    media: str
    example: str
    status: str
    answer: str
    errors: list[str]


def groups(schema: Mapping[str, Any]) -> list[tuple[str, list[Operation]]]:
    """By tag, in the order of the description."""
    found: dict[str, list[Operation]] = {}
    for path, methods in schema["paths"].items():
        for method, details in methods.items():
            found.setdefault(details["tags"][0], []).append(_operation(schema, path, method, details))
    return list(found.items())


def _operation(schema: Mapping[str, Any], path: str, method: str, details: Mapping[str, Any]) -> Operation:
    media, content = _first(details.get("requestBody", {}))
    done = next(status for status in details["responses"] if status < "300")
    _media, reply = _first(details["responses"][done])
    security: Mapping[str, list[str]] = details.get("security", [{}])[0]
    return Operation(
        ident=details["operationId"], method=method.upper(), path=path, summary=details["summary"],
        about=details.get("description", "").partition("\n\nScope:")[0],
        scope=" ".join(scope for scopes in security.values() for scope in scopes),
        parameters=[_parameter(each) for each in details["parameters"]],
        body=list(_members(schema, content.get("schema", {}))), media=media, example=_json(content), status=done,
        answer=_json(reply), errors=[status for status in details["responses"] if status >= "400"],
    )  # fmt: skip


def _first(part: Mapping[str, Any]) -> tuple[str, Mapping[str, Any]]:
    """The first media type of a body or an answer, and what is said of it."""
    return next(iter(part.get("content", {}).items()), ("", {}))


def _parameter(each: Mapping[str, Any]) -> Field:
    return Field(each["name"], _kind(each["schema"]), each["required"], each.get("description", ""), each["in"])


def _members(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Iterator[Field]:
    part = _resolved(schema, part)
    required = set(part.get("required", ()))
    for name, each in part.get("properties", {}).items():
        yield Field(name, _kind(_resolved(schema, each)), name in required, each.get("description", ""))


def _resolved(schema: Mapping[str, Any], part: Mapping[str, Any]) -> Mapping[str, Any]:
    if "$ref" not in part:
        return part
    named: Mapping[str, Any] = schema["components"]["schemas"][part["$ref"].rpartition("/")[2]]
    return named


def _kind(part: Mapping[str, Any]) -> str:
    if "anyOf" in part:
        return " | ".join(_kind(each) for each in part["anyOf"])
    if "enum" in part:
        return " | ".join(map(str, part["enum"]))
    if part.get("type") == "array":
        return f"{_kind(part.get('items', {}))}[]"
    return str(part.get("format") or part.get("type") or part.get("$ref", "JSON").rpartition("/")[2])


def _json(content: Mapping[str, Any]) -> str:
    return json.dumps(content["example"], indent=2, ensure_ascii=False) if "example" in content else ""
