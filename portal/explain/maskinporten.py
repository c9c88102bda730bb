"""Codes of Maskinporten: its own (MP-…) and OAuth's."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.explain.explanation import CUSTOMER, NEW_KEY, NOBODY, SKATTEETATEN, TRY_LATER, US, Explanation

CODES: dict[str, Explanation] = {
    "MP-012": Explanation(
        _("Maskinporten har sett forespørselen før"), _("Samme forespørsel ble sendt to ganger."), NOBODY, TRY_LATER
    ),
    "MP-100": Explanation(
        _("Maskinporten kjenner ikke klienten"),
        _("Klient-id-en finnes ikke i dette miljøet, eller nøkkelen hører ikke til den."),
        US,
        _("Sjekk at klient-id-en er fra riktig miljø, og at den offentlige nøkkelen er lagt inn hos Digdir."),
    ),
    "invalid_grant": Explanation(
        _("Maskinporten godtok ikke nøkkelen"),
        _("Den offentlige nøkkelen er ikke lagt inn på klienten, eller hører til en annen klient."),
        US,
        _("Kopier den offentlige nøkkelen til klienten i Samarbeidsportalen, og vent et par minutter."),
    ),
    "MP-110": Explanation(
        _("Forespørselen gikk til feil miljø"),
        _("Mottakeren i forespørselen er ikke denne Maskinporten."),
        US,
        _("Sjekk hvilket miljø klienten er lagt inn under."),
    ),
    "MP-121": Explanation(
        _("Nøkkelen er utløpt"),
        _("En nøkkel hos Maskinporten varer ett år."),
        US,
        NEW_KEY,
    ),
    "MP-124": Explanation(
        _("Signaturen stemmer ikke"),
        _("Nøkkelen hos Maskinporten er en annen enn den vi signerer med."),
        US,
        NEW_KEY,
    ),
    "MP-130": Explanation(
        _("Forespørselen var for gammel"),
        _("Klokken på denne maskinen går trolig feil."),
        US,
        _("Sjekk at maskinen henter tiden fra en tidstjener."),
    ),
    "MP-200": Explanation(
        _("Klienten mangler et scope"),
        _("Scopet er ikke lagt til på klienten hos Digdir."),
        US,
        _("Legg scopet til på klienten i Samarbeidsportalen. Se Tilkobling for hvilket."),
    ),
    "MP-250": Explanation(
        _("Scopet er ikke tildelt dere"),
        _("Eieren av scopet har ikke gitt virksomheten tilgang."),
        SKATTEETATEN,
        _("Bestill scopet hos eieren. Det holder ikke å krysse av i Samarbeidsportalen."),
    ),
    "MP-303": Explanation(
        _("Kunden har ikke gitt systemtilgang"),
        _("Maskinporten finner ingen systembruker. Kunden har ikke godkjent ennå, eller har fjernet tilgangen."),
        CUSTOMER,
        _("Se tilgangen. Send lenken på nytt om kunden ikke har godkjent."),
    ),
}
