"""What is wrong with each field of a call, in the reader's language. The field is named, its value is not repeated."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from pydantic_core import PydanticCustomError

from portal.api.problems import Problem

SOURCES = {"body", "query", "path", "header", "form", "file"}


GENERAL = lazy("Verdien er ikke gyldig.")
_LIST, _BOOL, _OBJECT = lazy("Skal være en liste."), lazy("Skal være true eller false."), lazy("Skal være et objekt.")
_NUMBER, _ID = lazy("Skal være et heltall."), lazy("Skal være en UUID, som 7f0b8a52-5a1c-4f0e-9d0c-0f6a1c3c9a11.")
_DAY, _MOMENT = lazy("Skal være en dato, som 2026-11-23."), lazy("Skal være en tid, som 2026-11-23T09:00:00Z.")
TEXTS: dict[str, Any] = {
    "missing": lazy("Feltet mangler."),
    "extra_forbidden": lazy("Ukjent felt."),
    "string_type": lazy("Skal være en tekst."),
    "string_unicode": lazy("Teksten har et tegn som ikke kan brukes."),
    "string_pattern_mismatch": lazy("Teksten har ikke riktig form."),
    "list_type": _LIST,
    "bool_type": _BOOL,
    "bool_parsing": _BOOL,
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": _NUMBER,
    "finite_number": _NUMBER,
    "int_parsing_size": lazy("Tallet er for stort."),
    "uuid_type": _ID,
    "uuid_parsing": _ID,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
    "datetime_type": _MOMENT,
    "datetime_parsing": _MOMENT,
    "datetime_from_date_parsing": _MOMENT,
    "datetime_object_invalid": _MOMENT,
    "timezone_aware": lazy("Tiden mangler tidssone. Skriv den som 2026-11-23T09:00:00Z."),
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "dict_type": _OBJECT,
    "json_invalid": lazy("Dette er ikke gyldig JSON."),
}
"""By the error types of Pydantic (https://docs.pydantic.dev/latest/errors/validation_errors/) that bodies and parameters can have."""
LIMITS: dict[str, tuple[Any, str]] = {
    "string_too_long": (lazy("Teksten kan ha høyst %(n)s tegn."), "max_length"),
    "string_too_short": (lazy("Teksten må ha minst %(n)s tegn."), "min_length"),
    "too_long": (lazy("Listen kan ha høyst %(n)s."), "max_length"),
    "too_short": (lazy("Listen må ha minst %(n)s."), "min_length"),
    "less_than_equal": (lazy("Kan ikke være større enn %(n)s."), "le"),
    "greater_than_equal": (lazy("Kan ikke være mindre enn %(n)s."), "ge"),
}
DAYS = {
    "less_than_equal": lazy("Kan ikke være senere enn %(n)s."),
    "greater_than_equal": lazy("Kan ikke være tidligere enn %(n)s."),
}


def invalid(errors: list[dict[str, Any]]) -> Problem:
    """The problem of Ninja's list of errors."""
    return Problem("INVALID", errors=[_one(error) for error in errors])


def refused(field: str, message: str) -> Problem:
    """One field that is wrong for a reason that no schema knows."""
    return Problem("INVALID", errors=[{"field": field, "code": "invalid", "message": message}])


def unknown(field: str) -> Problem:
    return Problem("INVALID", errors=[{"field": field, "code": "extra_forbidden", "message": _("Ukjent felt.")}])


def _one(error: dict[str, Any]) -> dict[str, str]:
    return {"field": _field(error["loc"]), "code": error["type"], "message": _text(error)}


def _field(loc: Any) -> str:
    """`rows.3.orgnr` of ("body", "body", "rows", 3, "orgnr"): without the source, and the parameter that holds the body."""
    parts = [str(part) for part in loc]
    if parts and parts[0] in SOURCES:
        source, *parts = parts
        if source in ("body", "form", "query") and len(parts) > 1 and parts[0] in ("body", "form", "filters"):
            parts = parts[1:]
    return ".".join(parts) or "body"


def unusable(text: str) -> PydanticCustomError:
    """What a check of ours raises: `text` is a translated sentence. The message of any other ValueError is a library's, and stays here."""
    return PydanticCustomError("value_error", "{text}", {"text": text})


def _text(error: dict[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "value_error" and error["loc"][:1] == ("file",):
        return _("Skal være en fil.")
    if kind == "value_error":
        return str(context.get("text", "")) or str(GENERAL)
    if kind in LIMITS:
        text, name = LIMITS[kind]
        limit = context.get(name, "")
        return str(DAYS[kind] if isinstance(limit, date) else text) % {"n": limit}
    if kind in ("literal_error", "enum"):
        values = re.findall(
            "'([^']*)'", str(context.get("expected", ""))
        )  # Pydantic puts an English "or" before the last
        return _("Skal være en av: %(values)s.") % {"values": ", ".join(filter(None, values))}
    return str(TEXTS.get(kind, GENERAL))
