"""What is wrong with each field of a call, in the reader's language. The field is named, its value is not repeated."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from portal.api.problems import Problem

SOURCES = {"body", "query", "path", "header", "form", "file"}


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


def _text(error: dict[str, Any]) -> str:
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "value_error":
        return str(context.get("error", "")) or _("Verdien er ikke gyldig.")
    texts = {
        "missing": _("Feltet mangler."),
        "extra_forbidden": _("Ukjent felt."),
        "string_type": _("Skal være en tekst."),
        "list_type": _("Skal være en liste."),
        "bool_type": _("Skal være true eller false."),
        "string_pattern_mismatch": _("Teksten har ikke riktig form."),
        "json_invalid": _("Dette er ikke gyldig JSON."),
    }
    if kind in texts:
        return texts[kind]
    limits = {
        "string_too_long": (_("Teksten kan ha høyst %(n)s tegn."), "max_length"),
        "string_too_short": (_("Teksten må ha minst %(n)s tegn."), "min_length"),
        "too_long": (_("Listen kan ha høyst %(n)s."), "max_length"),
        "too_short": (_("Listen må ha minst %(n)s."), "min_length"),
        "less_than_equal": (_("Kan ikke være større enn %(n)s."), "le"),
        "greater_than_equal": (_("Kan ikke være mindre enn %(n)s."), "ge"),
    }
    if kind in limits:
        text, name = limits[kind]
        return text % {"n": context.get(name, "")}
    if kind in ("literal_error", "enum"):
        return _("Skal være en av: %(values)s.") % {"values": context.get("expected", "")}
    return _("Verdien er ikke gyldig.")
