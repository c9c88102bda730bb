"""Codes of Maskinporten: its own (MP-…) and OAuth's."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.explain.explanation import CUSTOMER, NEW_KEY, NOBODY, OWNER, TRY_LATER, US, Explanation

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
        OWNER,
        _("Bestill scopet hos eieren. Det holder ikke å krysse av i Samarbeidsportalen."),
    ),
    "MP-201": Explanation(
        _("Scopet kan ikke brukes av en Maskinporten-klient"),
        _("Klienten hos Digdir er av en annen type, for eksempel for ID-porten."),
        US,
        _("Lag en klient av typen Maskinporten i Samarbeidsportalen, og legg den inn her."),
    ),
    "MP-251": Explanation(
        _("Scopet er ikke delegert til dere i Altinn"),
        _("Maskinporten mener at scopet brukes på vegne av en annen virksomhet. Portalen gjør aldri det."),
        US,
        _("Sjekk at klienten hos Digdir tilhører deres egen virksomhet, og ikke en leverandør."),
    ),
    "MP-301": Explanation(
        _("Maskinporten kjenner ikke typen i authorization_details"),
        _("Forespørselen gjelder en systembruker, og Maskinporten her støtter det ikke."),
        US,
        _("Sjekk at miljøet er riktig. Er det det, meld fra til den som drifter portalen."),
    ),
    "MP-302": Explanation(
        _("authorization_details har felt som ikke er tillatt"),
        _("Forespørselen om token for systembrukeren har en form som Maskinporten ikke godtar."),
        US,
        _("Meld fra til den som drifter portalen. Det må rettes i programmet."),
    ),
    "MP-011": Explanation(
        _("Forespørselen om token har feil form"),
        _("Et felt mangler, eller har en verdi som Maskinporten ikke godtar."),
        US,
        _("Sjekk at scopene på klienten er skrevet riktig. Er de det, meld fra til den som drifter portalen."),
    ),
    "PRECONDITION_REQUIRED": Explanation(
        _("Digdir lager ingen klient, for bruksvilkårene er ikke signert"),
        _("Virksomheten har ikke godtatt vilkårene, eller Digdir kjenner den ikke ennå."),
        US,
        _(
            "Send inn informasjonsskjemaet på samarbeid.digdir.no/maskinporten/konsument/119, vent på godkjenning, og "
            "signer vilkårene. Spør servicedesk@digdir.no."
        ),
    ),
    "MP-303": Explanation(
        _("Kunden har ikke gitt systemtilgang"),
        _("Maskinporten finner ingen systembruker. Kunden har ikke godkjent ennå, eller har fjernet tilgangen."),
        CUSTOMER,
        _("Se tilgangen. Send lenken på nytt om kunden ikke har godkjent."),
    ),
}
