"""Parsing of request bodies and ids as ASP.NET does it: member names in any case, strings without surrounding blanks.

Input of the wrong form raises Reply with a 400 in ASP.NET's own form.
"""

from __future__ import annotations

import uuid
from typing import Any

import msgspec

from ..kernel import Call
from ..replies import Reply
from .problems import malformed


def members(call: Call, *, required: tuple[str, ...] = (), filled: tuple[str, ...] = ()) -> dict[str, Any]:
    """The body's members under lower-case names, with top-level strings trimmed. `filled` members may not be "" either.

    Raises Reply (400 in ASP.NET's form).
    """
    try:
        body = call.body()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Reply(malformed(**{"$": ["The JSON value could not be converted."]})) from None
    if not isinstance(body, dict):
        raise Reply(malformed(**{"$": ["The JSON value could not be converted."]}))
    payload = {k.lower(): v.strip() if isinstance(v, str) else v for k, v in body.items()}
    absent = [name for name in (*required, *filled) if payload.get(name.lower()) is None]
    absent += [name for name in filled if payload.get(name.lower()) == ""]
    missing = {name: [f"The {name} field is required."] for name in absent}
    if missing:
        raise Reply(malformed(**missing))
    return payload


def typed(payload: dict[str, Any], name: str, kind: type, default: Any) -> Any:
    value = payload.get(name.lower(), default)
    if value is None:
        return default
    if not isinstance(value, kind):
        raise Reply(malformed(**{name: [f"The JSON value could not be converted to {kind.__name__}."]}))
    return value


def text(payload: dict[str, Any], name: str) -> str:
    """A string member; "" when it is absent."""
    value: str = typed(payload, name, str, "")
    return value


def texts(payload: dict[str, Any], name: str) -> list[str]:
    """A list of strings; [] when it is absent."""
    values = typed(payload, name, list, [])
    if not all(isinstance(value, str) for value in values):
        raise Reply(malformed(**{name: ["The JSON value could not be converted to a string."]}))
    return list(values)


def urns(payload: dict[str, Any], name: str) -> list[str]:
    """`[{"urn": ...}]` as urns."""
    entries = typed(payload, name, list, [])
    if not all(isinstance(e, dict) and isinstance(_member(e, "urn"), str) for e in entries):
        raise Reply(malformed(**{name: ["The Urn field is required."]}))
    return [str(_member(e, "urn")) for e in entries]


def rights(payload: Any, name: str = "rights") -> list[dict[str, Any]]:
    """`[{"action"?, "resource": [{"id", "value"}]}]`, with member names in lower case."""
    if not isinstance(payload, list):
        raise Reply(malformed(**{name: ["The JSON value could not be converted to a list of rights."]}))
    return [_right(entry, name) for entry in payload]


def _right(entry: Any, name: str) -> dict[str, Any]:
    pairs = _member(entry, "resource") if isinstance(entry, dict) else None
    if not isinstance(pairs, list) or not all(isinstance(pair, dict) for pair in pairs):
        raise Reply(malformed(**{name: ["The Resource field is required."]}))
    resource = [{"id": str(_member(p, "id") or ""), "value": str(_member(p, "value") or "")} for p in pairs]
    action = _member(entry, "action")
    return {**({"action": str(action)} if action else {}), "resource": resource}


def _member(entry: dict[str, Any], name: str) -> Any:
    return next((value for key, value in entry.items() if key.lower() == name), None)


def resource_ids(entries: list[dict[str, Any]]) -> list[str]:
    return [pair["value"] for entry in entries for pair in entry["resource"]]


def is_guid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def guid(text: str, name: str = "requestId") -> str:
    try:
        return str(uuid.UUID(text))
    except ValueError:
        raise Reply(malformed(**{name: [f"The value '{text[:60]}' is not valid."]})) from None
