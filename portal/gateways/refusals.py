"""Parses the error bodies of the remotes. Tolerant: an unreadable body gives a Reason without a code.

Forms: Maskinporten's OAuth error, Altinn's problem+json with validationErrors, ASP.NET's and Dialogporten's problem with
errors{}, Skatteetaten's kode/melding (JSON or XML), bare strings, plain text, nothing.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any
from xml.etree.ElementTree import Element

from portal.gateways.decoding import xml_of
from portal.gateways.errors import Detail

_MP = re.compile(r"MP-\d+")
_CAUSES = (
    ("CLOCK_AHEAD", re.compile(r"in the future|not yet valid|before now", re.IGNORECASE)),
    ("CLOCK_BEHIND", re.compile(r"in the past|too old|too far back|expired", re.IGNORECASE)),
    (
        "MISSING_KID",
        re.compile(r"needs a kid|(missing|without|no) (a )?kid|kid (is )?(missing|required)", re.IGNORECASE),
    ),
    ("UNKNOWN_KID", re.compile(r"\bkid\b", re.IGNORECASE)),
    ("WRONG_AUDIENCE", re.compile(r"\baud(ience)?\b", re.IGNORECASE)),
)
"""One code of Maskinporten's has several causes; the text tells them apart, and decides nothing but the explanation."""
_TRACE = re.compile(r"\(?(?:trace_id|correlation id): *([0-9a-f-]+)")
IDENTITY_NUMBER = re.compile(r"(?<![0-9])[0-9]{6}[ .\u00a0-]?[0-9]{5}(?![0-9])")
"""Eleven digits: every national identity number has so many."""
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
MOST_TEXT = 500
MOST_CODE = 100
MOST_DETAILS = 200


@dataclass(frozen=True)
class Reason:
    code: str = ""
    text: str = ""
    details: tuple[Detail, ...] = ()
    correlation_id: str = ""


def read(body: bytes) -> Reason:
    """The reason in `body`; empty fields for what cannot be read."""
    try:
        payload = json.loads(body)
    except (ValueError, RecursionError):
        return _from_markup(body) if body.lstrip()[:1] == b"<" else Reason(text=short(body.decode("utf-8", "replace")))
    if isinstance(payload, str):
        return Reason(text=short(payload))
    return _from_json(payload) if isinstance(payload, dict) else Reason()


def _from_json(payload: dict[str, Any]) -> Reason:
    if "kode" in payload:
        return _skatteetaten(payload)
    if isinstance(payload.get("error"), str):
        return _oauth(payload)
    return _problem(payload)


def _oauth(payload: dict[str, Any]) -> Reason:
    """The MP code is mostly in error_uri: https://docs.digdir.no/docs/Maskinporten/maskinporten_feilsoking"""
    description = str(payload.get("error_description") or "")
    match = _MP.search(f"{payload.get('error_uri') or ''} {description}")
    trace = _TRACE.search(description)
    text = short(description[: trace.start()] if trace else description)
    code = _cause(match[0] if match else _code(payload["error"]), text)
    return Reason(code, text, (), trace[1][:MOST_CODE] if trace else "")


def _cause(code: str, text: str) -> str:
    """The cause behind invalid_grant, and behind MP-100 when it is about the kid; else the code."""
    cause = next((name for name, pattern in _CAUSES if pattern.search(text)), "")
    is_kid = cause in ("UNKNOWN_KID", "MISSING_KID")
    return cause if cause and (code == "invalid_grant" or (code == "MP-100" and is_kid)) else code


def _problem(payload: dict[str, Any]) -> Reason:
    details = tuple(_validation(entry) for entry in _entries(payload.get("validationErrors")))
    details += _field_errors(payload.get("errors"))
    code = _code(payload.get("code"))
    if details and (not code or code.startswith("STD-")):
        code = details[0].code or code
    text = short(payload.get("detail") or payload.get("title"))
    return Reason(code, text, details, _code(payload.get("traceId")))


def _validation(entry: dict[str, Any]) -> Detail:
    """Altinn names rejected values in members that vary: all but the known members are kept."""
    extra = [str(v) for k, v in entry.items() if k not in ("code", "title", "paths", "detail", "status", "type")]
    paths = entry.get("paths")
    path = paths[0] if isinstance(paths, list) and paths else ""
    text = short(entry.get("title") or entry.get("detail"))
    return Detail(_code(entry.get("code")), text, short(path), short(" | ".join(extra)))


def _field_errors(errors: Any) -> tuple[Detail, ...]:
    if not isinstance(errors, dict):
        return ()
    return tuple(
        Detail(code=_code(k), text=short(" ".join(map(str, v if isinstance(v, list) else [v]))), path=short(k))
        for k, v in list(errors.items())[:MOST_DETAILS]
    )


def _skatteetaten(payload: dict[str, Any]) -> Reason:
    """https://skatteetaten.github.io/api-dokumentasjon/om/feil .

    The code of the first detail is more specific than the top one.
    """
    details = tuple(
        Detail(_code(e.get("kode")), short(e.get("melding")), short(e.get("sti")), short(e.get("angittVerdi")))
        for e in _entries(payload.get("spesifisering"))
    )
    code = (details[0].code if details else "") or _code(payload.get("kode"))
    return Reason(code, short(payload.get("melding")), details, _code(payload.get("korrelasjonsid")))


def _from_markup(body: bytes) -> Reason:
    """Skatteetaten's error as XML. Other markup is an HTML page of a proxy and gives an empty Reason."""
    try:
        root = xml_of(body)
    except ValueError:
        return Reason()
    payload: dict[str, Any] = _leaves(root)
    if "kode" not in payload:
        return Reason()
    entries = [_leaves(element) for element in root.iter() if _name(element) == "spesifisering"]
    return _skatteetaten({**payload, "spesifisering": [entry for entry in entries if entry]})


def _leaves(element: Element) -> dict[str, Any]:
    return {_name(child): (child.text or "").strip() for child in element if not len(child)}


def _name(element: Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def _entries(value: Any) -> list[dict[str, Any]]:
    return [entry for entry in value if isinstance(entry, dict)][:MOST_DETAILS] if isinstance(value, list) else []


def _code(value: Any) -> str:
    return short(value)[:MOST_CODE]


def short(value: Any) -> str:
    """At most 500 characters, without control characters and national identity numbers; "" for None."""
    text = "" if value is None else str(value)
    return IDENTITY_NUMBER.sub("***********", _UNPRINTABLE.sub("", text))[:MOST_TEXT].strip()
