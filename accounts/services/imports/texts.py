"""What happens to a row of an import, and why, in one sentence in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy

from accounts.models import Customer, CustomerImportRow
from accounts.services.imports import linked
from accounts.services.imports.storing import fields_of
from accounts.services.orgnr import BadOrgnr, check_environment, read_orgnr

V = CustomerImportRow.Verdict
Portfolios = Mapping[int, str]
"""Names by id."""
NO_NAMES: Portfolios = {}
HINTS = {
    "assignee": lazy("Skriv e-postadressen eller navnet til en ansatt."),
    "language": lazy("Skriv bokmål, nynorsk eller engelsk."),
    "contact_email": lazy("Skriv én e-postadresse."),
    "contact_phone": lazy("Skriv ett telefonnummer."),
}
"""What a column may say, by its code."""


def explanation(
    row: CustomerImportRow, *, environment: str, portfolios: Portfolios, people: Portfolios = NO_NAMES
) -> str:
    """`people`: who may follow a customer up."""
    if row.verdict == V.INVALID:
        return _of_number(row.shown)
    if row.verdict in (V.SYNTHETIC, V.REAL):
        return _of_environment(row.orgnr, environment)
    if row.verdict == V.CHANGED:
        return _of_changes(row, {"portfolio_id": portfolios, "assignee_id": people})
    if row.verdict == V.NEW:
        return _of_new(row)
    return _fixed(row)


def name_of(row: CustomerImportRow) -> str:
    """The name that a new customer gets; "" when there is none."""
    name: str = fields_of(row, None)["name"]
    return "" if name == row.orgnr else name


def _of_number(shown: str) -> str:
    try:
        read_orgnr(shown)
    except BadOrgnr as error:
        return str(error)
    return ""


def _of_environment(orgnr: str, environment: str) -> str:
    try:
        check_environment(orgnr, environment=environment, vendor_orgnr="")
    except BadOrgnr as error:
        return str(error)
    return ""


def _of_new(row: CustomerImportRow) -> str:
    given, registered = row.values.get("name", ""), row.unit.get("name", "")
    if given and registered and given.casefold() != registered.casefold():
        return _("Legges til. Navnet i filen var «%(name)s».") % {"name": given}
    return _("Legges til.")


def _of_changes(row: CustomerImportRow, names: Mapping[str, Portfolios]) -> str:
    parts = [
        _("%(field)s: %(old)s → %(new)s")
        % {
            "field": _field(name.removesuffix("_id")).capitalize(),
            "old": _value(name, old, names),
            "new": _value(name, row.values.get(name), names),
        }
        for name, old in row.old.items()
    ]
    return ", ".join(parts)


def _value(name: str, value: Any, names: Mapping[str, Portfolios]) -> str:
    for one in linked.find([name]):
        return one.spelled(value or []) or "–"
    return (names[name].get(value or 0, "") if name in names else str(value or "")) or "–"


def _fixed(row: CustomerImportRow) -> str:
    main_unit = row.unit.get("main_unit", "")
    return {
        V.WAITING: _("Venter på svar fra Enhetsregisteret."),
        V.KNOWN: _("Kjent fra før, ingenting endres."),
        V.IDENTITY: _(
            "Raden har et tall som ser ut som et fødselsnummer. Ta det bort. Også enkeltpersonforetak har "
            "organisasjonsnummer, med ni sifre."
        ),
        V.TWICE: _("Samme som rad %(number)s. Den første gjelder.") % {"number": row.code},
        V.SUB_UNIT: _("Hovedenheten har nummer %(orgnr)s. Den gir tilgang.") % {"orgnr": main_unit},
        V.BANKRUPT: _("Virksomheten er konkurs. Bostyreren må godkjenne."),
        V.DELETED: _("Virksomheten er slettet i Enhetsregisteret."),
        V.UNLISTED: _("Enhetsregisteret kjenner ikke nummeret."),
        V.PORTFOLIO: _("Porteføljen «%(name)s» finnes ikke. Rett navnet, eller be drift opprette den.")
        % {"name": row.code},
        V.NOT_YOURS: _("Kunden er, eller blir, i en portefølje som ikke er din."),
        V.VALUE: _of_value(row.code),
        V.MEANWHILE: _("Kunden ble endret etter at listen ble sett over. Ingenting er gjort med den."),
    }.get(V(row.verdict), "")


def _of_value(name: str) -> str:
    said = _("Feltet «%(field)s» har en verdi som ikke kan lagres.") % {"field": _field(name)}
    return " ".join(
        [said, *(str(hint) for hint in [HINTS.get(name), *(one.hint for one in linked.find([name]))] if hint)]
    )


def _field(name: str) -> str:
    labels = {field.name: str(getattr(field, "verbose_name", "")) for field in Customer._meta.concrete_fields}
    labels |= {one.field: str(one.label).lower() for one in linked.find([name])}
    return labels.get(name, name)
