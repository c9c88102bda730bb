"""Codes of Maskinporten: its own (MP-…) and OAuth's."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.explain.explanation import CUSTOMER, NEW_KEY, NOBODY, SKATTEETATEN, TRY_LATER, US, Explanation

CLOCK = _("Sjekk at maskinen henter tiden fra en tidstjener.")
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
        _("Maskinporten sa ikke hvorfor. Oftest er den offentlige nøkkelen ikke lagt inn på klienten."),
        US,
        _("Kopier den offentlige nøkkelen til klienten i Samarbeidsportalen, og vent et par minutter."),
    ),
    "UNKNOWN_KID": Explanation(
        _("Maskinporten godtok ikke nøkkelen"),
        _("Nøkkelens id (kid) finnes ikke på klienten. Nøkkelen er ikke lagt inn, eller nettopp lagt inn."),
        US,
        _("Kopier den offentlige nøkkelen til klienten i Samarbeidsportalen, og vent et par minutter."),
    ),
    "MISSING_KID": Explanation(
        _("Forespørselen til Maskinporten manglet nøkkelens id"),
        _("Klienten har registrerte nøkler, så forespørselen må si hvilken som er brukt."),
        US,
        NEW_KEY,
    ),
    "CLOCK_AHEAD": Explanation(
        _("Klokken på denne maskinen går for fort"),
        _("Forespørselen er signert med en tid som ikke har vært ennå. Maskinporten godtar ti sekunder."),
        US,
        CLOCK,
    ),
    "CLOCK_BEHIND": Explanation(
        _("Klokken på denne maskinen går for sakte"),
        _("Forespørselen er signert med en tid som er for lenge siden. Maskinporten godtar ti sekunder."),
        US,
        CLOCK,
    ),
    "WRONG_AUDIENCE": Explanation(
        _("Forespørselen er laget for et annet miljø"),
        _("Mottakeren i forespørselen er ikke denne Maskinporten."),
        US,
        _("Sjekk hvilket miljø klienten er lagt inn under."),
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
        CLOCK,
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
