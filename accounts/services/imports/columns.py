"""Which column of a list means what: by its heading in bokmål, nynorsk or English, else by what is in it.

A column with national identity numbers is never read. It has the field PRIVATE, which nobody can choose or change.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from accounts.services.imports.linked import LINKED
from accounts.services.imports.reading import Cells, Table
from accounts.services.orgnr import BadOrgnr, read_orgnr
from portal.core.environments import Environment
from portal.core.masking import HIDDEN, names_person, without_identity_numbers

PRIVATE, UNUSED = "PRIVATE", ""
FIELDS = {
    "orgnr": _("Organisasjonsnummer"),
    "name": _("Navn (hvis registeret ikke har et)"),
    "reference": _("Kundenummer hos oss"),
    "portfolio": _("Portefølje"),
    "assignee": _("Ansvarlig"),
    "contact_name": _("Kontaktperson"),
    "contact_email": _("E-post"),
    "contact_phone": _("Telefon"),
    "language": _("Språk"),
    "approver": _("Godkjenner i test"),
    "role": _("Rolle til godkjenneren"),
}
FOR_TESTS = ("approver", "role")
HEADINGS = {
    "orgnr": (
        "organisasjonsnummer", "orgnr", "orgnummer", "orgno", "organizationnumber", "organisationnumber", "organisasjonsnr",
        "vatnumber", "companynumber", "foretaksnummer", "foretaksnr",
    ),
    "name": (
        "navn", "namn", "name", "organisasjonsnavn", "organisasjonsnamn", "virksomhet", "verksemd", "virksomhetsnavn", "foretaksnavn",
        "firma", "firmanavn", "firmanamn", "kundenavn", "kundenamn", "selskap", "selskapsnavn", "company", "companyname",
        "customername", "customer", "kunde",
    ),
    "reference": (
        "kundenummer", "kundenr", "referanse", "vårreferanse", "vårref", "ref", "reference", "ourreference", "customernumber",
        "customerno", "customerid", "kundeid",
    ),
    "portfolio": ("portefølje", "porteføljer", "portfolio", "team", "gruppe", "avdeling", "saksbehandler", "saksb", "kundeansvarlig"),
    "assignee": ("ansvarlig", "ansvarleg", "assignee", "responsible", "oppfølgingsansvarlig", "caseworker"),
    "contact_name": ("kontakt", "kontaktperson", "kontaktnavn", "kontaktnamn", "contact", "contactperson", "contactname"),
    "contact_email": ("epost", "epostadresse", "mail", "email", "emailaddress", "mailadresse", "kontaktepost"),
    "contact_phone": ("telefon", "tlf", "mobil", "mobilnummer", "telefonnummer", "phone", "mobile", "phonenumber", "tlfnr", "mobiltelefon"),
    "language": ("språk", "målform", "language", "lang", "maalform"),
    "approver": ("godkjenner", "godkjennar", "approver", "testperson", "person", "personnavn", "rolleinnehaver"),
    "role": ("rolle", "role", "rolletype"),
}  # fmt: skip
"""The names of columns, in lower case and without spaces and punctuation. Linked columns have their own."""
BEGINNINGS = {
    "epost": "contact_email",
    "email": "contact_email",
    "mobil": "contact_phone",
    "telefon": "contact_phone",
    "orgnr": "orgnr",
    "organisasjonsn": "orgnr",
    "kontaktp": "contact_name",
    "portefølje": "portfolio",
    "kundenr": "reference",
}
"""Of headings with something after the name: "E-post lønn"."""
IDENTITY = re.compile(
    r"f(ø|oe|o)dsels?(s)?n(r|ummer)|fnr|dnr|dnummer|personn(r|ummer)|personident\w*|nationalid\w*|ssn"
)
_TEN_DIGITS = re.compile(r"[0-9]{10}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_PHONE = re.compile(r"(?=(?:\D*\d){8})\+?[\d ()/.-]{8,30}")
LANGUAGES = {
    "nb": "nb", "b": "nb", "bokmål": "nb", "bokmal": "nb", "norsk": "nb", "no": "nb", "norsk bokmål": "nb",
    "nn": "nn", "n": "nn", "nynorsk": "nn", "norsk nynorsk": "nn", "en": "en", "e": "en", "engelsk": "en", "english": "en",
}  # fmt: skip
LOOKED_AT = 500
"""Rows from which the meaning of a column is guessed."""


@dataclass(frozen=True)
class Columns:
    """`fields` has one field for each column: a key of FIELDS, UNUSED or PRIVATE. `headings`: [] when the file has none."""

    fields: list[str]
    headings: list[str]

    @property
    def has_headings(self) -> bool:
        return bool(self.headings)

    def where(self) -> dict[str, int]:
        """The index of each field that is used."""
        return {field: index for index, field in enumerate(self.fields) if field not in (UNUSED, PRIVATE)}


def hidden(cell: str) -> str:
    """`cell` without national identity numbers, also one whose first zero a spreadsheet took away: then its check digits fit."""
    if _TEN_DIGITS.fullmatch(cell):
        return HIDDEN if names_person(f"0{cell}") else cell
    return without_identity_numbers(cell)


def has_identity_number(cell: str) -> bool:
    return sum(map(str.isdigit, cell)) >= 10 and hidden(cell) != cell


def fields_in(environment: str) -> dict[str, str]:
    """The fields that a column may have: code and label. The linked ones come last."""
    skipped = FOR_TESTS if environment == Environment.PRODUCTION else ()
    named = {**FIELDS, **{one.field: one.label for one in LINKED}}
    return {field: str(label) for field, label in named.items() if field not in skipped}


def guess(table: Table, *, environment: str, portfolios: Iterable[str]) -> Columns:
    """What each column means. Without a column of numbers no column is "orgnr"."""
    allowed = fields_in(environment)
    named = _named(table.rows[0][1]) if table.rows else None
    body = [cells for _number, cells in (table.rows[1:] if named is not None else table.rows)]
    headings = [hidden(cell) for cell in _padded(table.rows[0][1], table.width)] if named is not None else []
    columns = [[row[at] for row in body[:LOOKED_AT] if at < len(row) and row[at]] for at in range(table.width)]
    fields = [field if field in allowed else UNUSED for field in _padded(named or [], table.width)]
    _guess_orgnr(fields, columns)
    private = _private(fields, columns, [_plain(heading) for heading in headings])
    for at in private:
        fields[at] = PRIVATE
    _guess_by_content(fields, columns, {name.casefold() for name in portfolios})
    if not headings:
        _guess_by_order(fields, columns, allowed)
    return Columns(fields, headings)


def _padded(cells: Cells, width: int) -> list[str]:
    return [*cells, *[""] * (width - len(cells))]


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name.lower())


def _named(cells: Cells) -> list[str] | None:
    """The field of each heading, when the row is one of headings: it has a known name and no number."""
    if any(sum(char.isdigit() for char in cell) >= 8 for cell in cells):
        return None
    plain = [_plain(cell) for cell in cells]
    fields = [""] * len(cells)
    for field, names in {**HEADINGS, **{one.field: one.headings for one in LINKED}}.items():
        known = [name for name in names if name in plain]
        if known:
            fields[plain.index(known[0])] = field
    for at, name in enumerate(plain):
        field = next((field for start, field in BEGINNINGS.items() if name.startswith(start)), "")
        if field and not fields[at] and field not in fields:
            fields[at] = field
    return fields if any(fields) or any(IDENTITY.fullmatch(name) for name in plain) else None


def _guess_orgnr(fields: list[str], columns: list[Cells]) -> None:
    """The column with the most numbers, when no heading says which."""
    if "orgnr" in fields or not columns:
        return
    scores = [sum(map(_is_number, column)) for column in columns]
    best = max(range(len(columns)), key=lambda at: (scores[at], -at))
    if scores[best] or len(columns) == 1:
        fields[best] = "orgnr"


def _is_number(cell: str) -> bool:
    try:
        read_orgnr(cell)
    except BadOrgnr:
        return False
    return True


def _private(fields: list[str], columns: list[Cells], headings: list[str]) -> set[int]:
    """Columns of identity numbers: by their heading, or because a quarter of their cells has one; half, where a heading says other."""
    found = {at for at, heading in enumerate(headings) if IDENTITY.fullmatch(heading)}
    for at, column in enumerate(columns):
        is_phone = fields[at] == "contact_phone"
        number = sum(
            without_identity_numbers(cell) != cell if is_phone else has_identity_number(cell) for cell in column
        )
        if fields[at] != "orgnr" and number and number * (2 if fields[at] else 4) >= len(column):
            found.add(at)
    return found


def _guess_by_content(fields: list[str], columns: list[Cells], portfolios: set[str]) -> None:
    tests: dict[str, Callable[[str], bool]] = {
        "contact_email": lambda cell: bool(_EMAIL.fullmatch(cell)),
        "portfolio": lambda cell: cell.casefold() in portfolios,
        "language": lambda cell: cell.casefold() in LANGUAGES,
        "contact_phone": lambda cell: bool(_PHONE.fullmatch(cell)) and not _is_number(cell),
    }
    for field, test in tests.items():
        if field in fields:
            continue
        shares = [
            (sum(map(test, column)) / len(column), -at)
            for at, column in enumerate(columns)
            if column and not fields[at]
        ]
        best = max(shares, default=(0.0, 0))
        if best[0] > 0.5:
            fields[-best[1]] = field


def _guess_by_order(fields: list[str], columns: list[Cells], allowed: dict[str, str]) -> None:
    """Without headings the name comes first, then who approves in test."""
    rest = [at for at, column in enumerate(columns) if not fields[at] and column]
    for field, at in zip(("name", *FOR_TESTS), rest, strict=False):
        if field in allowed and field not in fields:
            fields[at] = field
