"""JSON Schema made from the rules of fields, for those who make the files.

https://json-schema.org/draft/2020-12. What a schema cannot say is not in it: sums, check digits, whose the message is.
"""

from __future__ import annotations

from typing import Any

from submissions.adapters.json_files import kinds
from submissions.adapters.json_files.rules import HIGHEST, Fields, Kind, Names, Rule

DIALECT = "https://json-schema.org/draft/2020-12/schema"
PATTERNS = {
    Kind.DECIMAL: f"^{kinds.DECIMAL.pattern}$",
    Kind.DAY: "^[0-9]{4}$",
    Kind.PERSON: "^[0-9]{11}$",
    Kind.ORGNR: "^[0-9]{9}$",
    Kind.DATE: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    Kind.TIME: "^[0-9]{4}-[0-9]{2}-[0-9]{2}T",
    Kind.MONTH: "^[0-9]{4}-(0[1-9]|1[0-2])$",
    Kind.UUID: "^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$",
}
PLAIN = {Kind.BOOL: "boolean", Kind.AMOUNT: "number"}
Node = dict[str, Any]


def object_schema(fields: Fields, *, is_published: bool) -> Node:
    """The fields by their paths. Required and exclusive ones are so only where the schema of the service is public."""
    top: Node = {"type": "object", "properties": {}}
    choices: dict[int, tuple[Node, list[str]]] = {}
    for names, rule in fields.items():
        parent = parent_of(top, names)
        name = names[-1].removesuffix("[]")
        if rule.kind in (Kind.OBJECT, Kind.LIST):
            parent["properties"].setdefault(name, _empty(is_list=rule.kind == Kind.LIST))
        else:
            parent["properties"][name] = value_schema(rule)
        if rule.is_choice:
            choices.setdefault(id(parent), (parent, []))[1].append(name)
        elif rule.required and is_published:
            _require(top, names)
    for parent, members in choices.values():
        if is_published:
            parent["oneOf"] = [{"required": [name]} for name in members]
    return top


def parent_of(top: Node, names: Names) -> Node:
    """The object that holds the last name, made when it is not there."""
    here = top
    for name in names[:-1]:
        below = here["properties"].setdefault(name.removesuffix("[]"), _empty(is_list=name.endswith("[]")))
        here = below.get("items", below)
    return here


def _empty(*, is_list: bool) -> Node:
    node: Node = {"type": "object", "properties": {}}
    return {"type": "array", "items": node} if is_list else node


def _require(top: Node, names: Names) -> None:
    """A required field makes the objects above it required too."""
    here = top
    for name in names:
        plain = name.removesuffix("[]")
        here["required"] = sorted({*here.get("required", []), plain})
        here = here["properties"][plain]


def value_schema(rule: Rule) -> Node:
    if rule.kind in PLAIN:
        return {"type": PLAIN[rule.kind]}
    if rule.kind in (Kind.INT, Kind.YEAR):
        return {"type": "integer", "minimum": rule.low, "maximum": rule.high}
    if rule.kind == Kind.CODE:
        return {"enum": list(rule.codes)}
    if rule.kind == Kind.TEXT:
        limits = {"maxLength": rule.high} if rule.high < HIGHEST else {}
        return {"type": "string", "minLength": rule.low, **limits}
    if rule.kind == Kind.DIGITS:
        return {"type": "string", "pattern": f"^[0-9]{{{rule.low},{rule.high}}}$"}
    return {"type": "string", "pattern": PATTERNS[rule.kind]}
