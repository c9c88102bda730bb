"""Parsing of the forms on `/control`: fields named `kind:name` become the JSON body of the call of the form.

Kinds: text, number, flag, list (one per line), json, people (one per line). A kind with `?` sends null when it is empty;
other empty fields are left out.
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from .input import wrong


def body_of(form: Any) -> dict[str, Any]:
    """The JSON body from the filled-in fields. Raises Reply (400)."""
    body: dict[str, Any] = {}
    for key, given in form.items():
        kind, _, name = key.partition(":")
        text = given.strip()
        if name and (text or kind.endswith("?")):
            body[name] = _value(kind.rstrip("?"), name, text) if text else None
    return body


def _value(kind: str, name: str, text: str) -> Any:
    """The value of a field. An invalid number stays text, and the call reports the error."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if kind == "flag":
        return text == "true"
    if kind == "list":
        return lines
    if kind == "people":
        return [_person(line) for line in lines]
    if kind == "json":
        return _json(name, text)
    if kind == "number" and re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", text):
        return float(text) if "." in text else int(text)
    return text


def _json(name: str, text: str) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeEncodeError, RecursionError):
        raise wrong(f"{name}: is not JSON.", name) from None


def _person(line: str) -> dict[str, Any]:
    """`Ola Nordmann: DAGL, ansatt; skattegrunnlag`: name, roles, and after a semicolon the packages they may delegate."""
    name, _, rest = line.partition(":")
    roles, has_packages, packages = rest.partition(";")
    person: dict[str, Any] = {"name": name.strip(), "roles": _names(roles)}
    return {**person, "packages": _names(packages)} if has_packages else person


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
