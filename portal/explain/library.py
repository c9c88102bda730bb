"""The published codes of the outside services, from the data files in `codes/`, one for each owner.

A row has the text in all three languages, who can mend it and what a program may do alone; the advice follows from these two.
Why they are data and not gettext: docs/decisions/0021-codes-as-data.md.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

from django.utils.functional import lazystr
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from portal.explain.explanation import CUSTOMER, DIGDIR, NOBODY, OWNER, TRY_LATER, US, Explanation

FOLDER = Path(__file__).parent / "codes"
SOURCES = {
    "maskinporten": _("Maskinporten svarte med denne koden."),
    "altinn": _("Altinn svarte med denne koden."),
    "dialogporten": _("Dialogporten svarte med denne koden."),
    "skatteetaten": _("Skatteetaten svarte med denne koden."),
}
WHO = {"us": US, "dev": US, "customer": CUSTOMER, "digdir": DIGDIR, "owner": OWNER, "nobody": NOBODY}
ADVICE = {
    "us": _("Rett det som står over, og prøv igjen."),
    "dev": _("Send teksten for brukerstøtte til den som drifter portalen."),
    "customer": _("Send teksten for brukerstøtte til kunden, som ordner det i Altinn."),
    "digdir": _("Send teksten for brukerstøtte til servicedesk@digdir.no."),
    "owner": _("Send teksten for brukerstøtte til eieren av tjenesten."),
    "nobody": _("Det er ingenting å gjøre."),
}
BY_RETRY = {
    "mend": _("Rett innholdet, og send på nytt."),
    "look": _("Se i Dialogporten om den første leveransen kom fram, før noe sendes på nytt."),
    "settle": _(
        "Etter en godkjenning kan det ta en time. Vi prøver igjen så lenge portalen arbeider. Varer det, be kunden se over tilgangen."
    ),
}
"""What a program may do, where that says more than who can mend it."""


class Written:
    """A text in three languages, read in the reader's."""

    def __init__(self, nb: str, nn: str, en: str) -> None:
        self.texts = {"nb": nb, "nn": nn, "en": en}

    def __str__(self) -> str:
        return self.texts.get((get_language() or "nb")[:2], self.texts["nb"])


def read() -> dict[str, Explanation]:
    """All rows of all files."""
    return {code: one for source in SOURCES for code, one in _of(source)}


def rows(source: str) -> dict[str, list[str]]:
    """The rows of one file: code, then who, retry, nb, nn, en."""
    return tomllib.loads((FOLDER / f"{source}.toml").read_text(encoding="utf-8"))


def _of(source: str) -> list[tuple[str, Explanation]]:
    return [(code, _explanation(source, row)) for code, row in rows(source).items()]


def _explanation(source: str, row: list[str]) -> Explanation:
    who, retry, *texts = row
    later = TRY_LATER if retry in ("later", "token") and who in ("nobody", "dev") else None
    how = BY_RETRY.get(retry) or later or ADVICE[who]
    return Explanation(lazystr(Written(*texts)), SOURCES[source], WHO[who], how)
