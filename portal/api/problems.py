"""Errors of the API as problem+json: one table of our codes, with texts in the language that was asked for.

https://www.rfc-editor.org/rfc/rfc9457
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _

from portal.core.request_id import request_id

TYPE = "application/problem+json"
URN = "urn:systembruker-portal:problem:"
TABLE: dict[str, tuple[int, Any]] = {
    "BAD_REQUEST": (400, _("Forespørselen kan ikke leses.")),
    "NO_TOKEN": (401, _("Kallet mangler et gyldig token. Hent et nytt på /api/v1/token.")),
    "NOT_FROM_HERE": (403, _("Integrasjonen kan ikke brukes fra denne adressen.")),
    "SCOPE_MISSING": (403, _("Tokenet har ikke det scopet som kallet krever, eller den ansatte har ikke rollen.")),
    "EMPLOYEE_NEEDED": (403, _("Integrasjonen må si hvilken ansatt den handler for, i On-Behalf-Of.")),
    "EMPLOYEE_UNKNOWN": (403, _("Den ansatte i On-Behalf-Of finnes ikke, eller har ingen rolle i miljøet.")),
    "CUSTOMER_OF_OTHERS": (403, _("Kunden finnes, men hører til en portefølje som integrasjonen ikke ser.")),
    "NOT_FOUND": (404, _("Det finnes ikke, eller integrasjonen ser det ikke.")),
    "ALREADY_ASKED": (409, _("Kunden er spurt om dette før. Forny den tilgangen som finnes.")),
    "ALREADY_APPROVED": (409, _("Kunden har godkjent i Altinn før. Noen må overta tilgangen under Systemer.")),
    "NOT_POSSIBLE": (409, _("Det lar seg ikke gjøre nå.")),
    "NEEDS_TWO_PERSONS": (
        409,
        _("Så mange krever to personer. Lag en kampanje i portalen, eller spør færre om gangen."),
    ),
    "ANSWERED": (409, _("Kunden rakk å svare. Tilgangen viser svaret.")),
    "MOVED_ON": (409, _("Tilstanden tillater ikke dette nå. Hent den på nytt.")),
    "MAYBE_DELIVERED": (409, _("Svaret ble borte, så Skatteetaten kan ha den. Den kan ikke avbrytes.")),
    "OPEN_DRAFT": (409, _("Det finnes en åpen kladd for det samme, med andre filer.")),
    "NOT_READY": (409, _("Innsendingen kan ikke sendes slik den er. Se problems og questions.")),
    "NOT_AS_SHOWN": (409, _("Noe er endret siden kontrollen ble hentet. Hent den på nytt.")),
    "KEY_USED": (409, _("Samme Idempotency-Key er brukt til noe annet. Bruk en ny for hvert nytt kall.")),
    "KEY_BUSY": (409, _("Det samme kallet er i gang. Spør igjen om litt.")),
    "NOT_ALLOWED": (409, _("Tjenesten kan ikke brukes for kunden.")),
    "PERSON_NEEDED": (
        409,
        _("Bestillingen kan alt være mottatt. Bare en person kan bestille på nytt, på siden i page."),
    ),
    "NO_ANSWER": (409, _("Bestillingen har ikke noe svar, eller svaret er slettet.")),
    "FILE_DAMAGED": (409, _("Den lagrede filen kan ikke leses lenger.")),
    "CURSOR_TOO_OLD": (410, _("Hendelser etter denne plassen er slettet. Les tilstandene, og gå videre fra oldest.")),
    "CURSOR_UNKNOWN": (
        410,
        _(
            "Denne plassen er aldri gitt: databasen er eldre enn det du har lest. Les tilstandene, og gå videre fra oldest."
        ),
    ),
    "CHANGED_MEANWHILE": (412, _("Raden er endret siden den ble hentet. Hent den på nytt før du endrer.")),
    "BODY_TOO_LARGE": (413, _("Forespørselen er for stor.")),
    "WRONG_TYPE": (415, _("Denne adressen tar ikke imot filer. Send JSON.")),
    "INVALID": (422, _("Noe i forespørselen er ikke gyldig. Se errors.")),
    "FILES_REFUSED": (422, _("Ingen av filene kan brukes. Se findings.")),
    "LIST_REFUSED": (422, _("Listen over ansatte kan ikke brukes. Se findings.")),
    "TOO_MANY_CALLS": (429, _("For mange kall det siste minuttet.")),
    "UNAVAILABLE": (503, _("Det kallet trenger, svarer ikke nå. Ingenting er gjort. Prøv igjen om litt.")),
    "TOO_SLOW": (408, _("Forespørselen kom ikke helt fram. Send den på nytt.")),
    "METHOD_NOT_ALLOWED": (405, _("Adressen tar ikke imot denne metoden.")),
    "INTERNAL_ERROR": (500, _("Noe gikk galt hos oss. Oppgi request_id når du spør om det.")),
}


class Problem(Exception):
    """Ends a call with an answer of `TABLE`. `detail` is a translated sentence that says more; `more` are further members."""

    def __init__(
        self,
        code: str,
        *,
        detail: str = "",
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> None:
        super().__init__(f"{code} {detail}".strip())
        self.code, self.detail, self.errors, self.headers, self.more = code, detail, errors, headers or {}, more
        self.status = TABLE[code][0]

    def body(self) -> dict[str, Any]:
        """In the current language."""
        return {
            "type": URN + self.code,
            "title": str(TABLE[self.code][1]),
            "status": self.status,
            "code": self.code,
            **({"detail": self.detail} if self.detail else {}),
            **({"errors": list(self.errors)} if self.errors else {}),
            **self.more,
            "request_id": request_id.get(),
        }


def respond(problem: Problem) -> HttpResponse:
    response = answer(problem.status, problem.body())
    for name, value in problem.headers.items():
        response[name] = value
    return response


def answer(status: int, body: Mapping[str, Any]) -> HttpResponse:
    """A stored or a new answer, as JSON; problem+json for an error."""
    kind = TYPE if status >= 400 else "application/json; charset=utf-8"
    return HttpResponse(json.dumps(body, ensure_ascii=False), status=status, content_type=kind)


def of_status(request: HttpRequest, status: int) -> HttpResponse:
    """For errors that are found outside of a call: no such address, a host that is not ours, a mistake of ours."""
    codes = {400: "BAD_REQUEST", 403: "NOT_FROM_HERE", 404: "NOT_FOUND", 405: "METHOD_NOT_ALLOWED"}
    return respond(Problem(codes.get(status, "INTERNAL_ERROR")))
