"""Reads why a remote said no, out of the many forms they say it in. Tolerant: an unreadable body is a refusal without a code.

Forms: Maskinporten's OAuth error, Altinn's problem+json with validationErrors, ASP.NET's and Dialogporten's problem with
errors{}, Skatteetaten's kode/melding (JSON or XML), bare strings, plain text, nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from portal.gateways.errors import Detail

_MP = re.compile(r"MP-\d+")
_PERSON = re.compile(r"\b\d{11}\b")
MOST_TEXT = 500


@dataclass(frozen=True)
class Reason:
    code: str = ""
    text: str = ""
    details: tuple[Detail, ...] = ()
    correlation_id: str = ""


def read(body: bytes) -> Reason:
    """The reason in `body`, as far as it can be told."""
    try:
        said = json.loads(body)
    except ValueError:
        return _from_xml(body) or Reason(text=_short(body.decode("utf-8", "replace")))
    if isinstance(said, str):
        return Reason(text=_short(said))
    return _from_json(said) if isinstance(said, dict) else Reason()


def _from_json(said: dict[str, Any]) -> Reason:
    if "kode" in said:
        return _skatteetaten(said)
    if isinstance(said.get("error"), str):
        return _oauth(said)
    return _problem(said)


def _oauth(said: dict[str, Any]) -> Reason:
    """The MP code is mostly in error_uri: https://docs.digdir.no/docs/Maskinporten/maskinporten_feilsoking"""
    both = f"{said.get('error_uri', '')} {said.get('error_description', '')}"
    found = _MP.search(both)
    description = str(said.get("error_description", ""))
    trace = re.search(r"\(?(?:trace_id|correlation id): ([0-9a-f-]+)", description)
    text = _short(description.split("(trace_id", maxsplit=1)[0].split("(correlation", maxsplit=1)[0])
    return Reason(found[0] if found else str(said["error"]), text, (), trace[1] if trace else "")


def _problem(said: dict[str, Any]) -> Reason:
    details = tuple(_validation(entry) for entry in said.get("validationErrors") or [] if isinstance(entry, dict))
    details += _field_errors(said.get("errors"))
    code = str(said.get("code") or "")
    if code.startswith("STD-") and details:
        code = details[0].code or code
    if not code and details:
        code = details[0].code
    text = _short(str(said.get("detail") or said.get("title") or ""))
    return Reason(code, text, details, str(said.get("traceId") or ""))


def _validation(entry: dict[str, Any]) -> Detail:
    extra = [str(v) for k, v in entry.items() if k not in ("code", "title", "paths", "detail", "status", "type")]
    path = next(iter(entry.get("paths") or []), "")
    return Detail(str(entry.get("code", "")), _short(str(entry.get("title", ""))), str(path), _short(" | ".join(extra)))


def _field_errors(errors: Any) -> tuple[Detail, ...]:
    if not isinstance(errors, dict):
        return ()
    return tuple(
        Detail(code=str(k), text=_short(" ".join(map(str, v if isinstance(v, list) else [v]))), path=str(k))
        for k, v in errors.items()
    )


def _skatteetaten(said: dict[str, Any]) -> Reason:
    entries = said.get("spesifisering") or []
    details = tuple(
        Detail(
            str(e.get("kode", "")),
            _short(str(e.get("melding", ""))),
            str(e.get("sti", "")),
            _short(str(e.get("angittVerdi", ""))),
        )
        for e in entries
        if isinstance(e, dict)
    )
    code = details[0].code if details and details[0].code else str(said["kode"])
    return Reason(code, _short(str(said.get("melding", ""))), details, str(said.get("korrelasjonsid", "")))


def _from_xml(body: bytes) -> Reason | None:
    if not body.lstrip().startswith(b"<") or b"<!" in body[:2000] or len(body) > 100_000:
        return None
    try:
        root = ElementTree.fromstring(body)  # noqa: S314 - no doctype, so nothing to expand
    except ElementTree.ParseError:
        return None
    fields = {
        element.tag.rsplit("}", 1)[-1]: (element.text or "").strip() for element in root.iter() if not len(element)
    }
    return (
        _skatteetaten(
            {
                "kode": fields["kode"],
                "melding": fields.get("melding", ""),
                "korrelasjonsid": fields.get("korrelasjonsid", ""),
            }
        )
        if "kode" in fields
        else None
    )


def _short(text: str) -> str:
    """At most 500 signs, national identity numbers taken out."""
    return _PERSON.sub("***********", text)[:MOST_TEXT].strip()
