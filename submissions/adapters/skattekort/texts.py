"""Texts of the tax cards: findings of the list, results, withholding codes and additional information."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from submissions.adapters.base import Finding
from submissions.adapters.skattekort.cards import FREE
from submissions.adapters.texts import render as render_from
from submissions.adapters.values import MORE

FINDINGS: Mapping[str, Any] = {
    "LIST_TOO_LARGE": _("Listen er større enn %(most)s MB. Del den opp i flere bestillinger."),
    "LIST_EMPTY": _("Listen har ingen fødselsnummer. Velg en fil, eller lim inn ett nummer på hver linje."),
    "LIST_NOT_WANTED": _("En bestilling av endringer har ingen liste. Ta bort listen, eller velg «Alle på listen»."),
    "IMPROBABLE": _("%(number)s finnes ikke: datoen eller kontrollsifrene stemmer ikke."),
    "DIGITS": _(
        "%(number)s har %(n)s sifre. Et fødselsnummer eller D-nummer har 11. Excel tar bort en null i starten."
    ),
    "TWO_NUMBERS": _("Linjen har flere fødselsnummer. Bruk én linje for hver ansatt."),
    "NO_NUMBER": _("Linjen har ikke noe fødselsnummer eller D-nummer."),
    "REPEATED": _("%(number)s står også på linje %(before)s. Det blir bestilt én gang."),
    MORE: _("%(n)s til er ikke vist."),
}
RESULTS: Mapping[str, Any] = {
    "skattekortopplysningerOK": _("Skattekort"),
    "ikkeSkattekort": _("Har ikke skattekort"),
    "ikkeTrekkplikt": _("Ikke trekkplikt"),
    "ugyldigOrganisasjonsnummer": _("Ugyldig organisasjonsnummer"),
    "ugyldigFoedselsEllerDnummer": _("Ugyldig fødselsnummer eller D-nummer"),
    "utgaattDnummerSkattekortForFoedselsnummerErLevert": _("D-nummeret er utgått. Kortet gjelder fødselsnummeret"),
}
"""Values seen at other vendors; another one is shown as it is."""
CODES: Mapping[str, Any] = {
    "LOENN_FRA_HOVEDARBEIDSGIVER": _("Hovedarbeidsgiver"),
    "LOENN_FRA_BIARBEIDSGIVER": _("Biarbeidsgiver"),
    "LOENN_FRA_NAV": _("Lønn fra NAV"),
    "PENSJON": _("Pensjon"),
    "PENSJON_FRA_NAV": _("Pensjon fra NAV"),
}
EXTRAS: Mapping[str, Any] = {
    "kildeskattPaaPensjon": _("Kildeskatt på pensjon"),
    "kildeskattPaaLoenn": _("Kildeskatt på lønn"),
    "oppholdPaaSvalbard": _("Opphold på Svalbard"),
    "oppholdITiltakssone": _("Opphold i tiltakssonen"),
    "kildeskattpensjonist": _("Kildeskattpensjonist"),
}


def render(finding: Finding) -> str:
    return render_from(finding, FINDINGS)


def named(value: str, names: Mapping[str, Any]) -> str:
    return str(names.get(value, value))


def withholding(part: Mapping[str, str]) -> str:
    """One forskuddstrekk: free card, table or percentage."""
    if part["kind"] == FREE and not part["allowance"]:
        return gettext("frikort")
    if part["allowance"]:
        return gettext("frikort, %(kroner)s kr") % {"kroner": part["allowance"]}
    text = f"{part['rate']} %" if part["rate"] else ""
    if part["table"]:
        text = ", ".join(filter(None, [gettext("tabell %(table)s") % {"table": part["table"]}, text]))
    if part["months"]:
        is_one = part["months"] == "1"
        lasting = ngettext("%(what)s i %(months)s måned", "%(what)s i %(months)s måneder", 1 if is_one else 2)
        text = lasting % {"what": text, "months": part["months"]}
    return text
