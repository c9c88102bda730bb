"""Codes of Skatteetaten (GLD_…, AMLD_…)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.explain.explanation import CUSTOMER, NOBODY, SKATTEETATEN, TRY_LATER, US, Explanation

CODES: dict[str, Explanation] = {
    "GLD_1007": Explanation(
        _("Skatteetaten fikk ikke noe token"),
        _("Kallet manglet tilgangstoken."),
        US,
        _("Meld fra til den som drifter portalen."),
    ),
    "GLD_1008": Explanation(
        _("Skatteetaten godtok ikke tokenet"), _("Tokenet var ugyldig eller utløpt."), NOBODY, TRY_LATER
    ),
    "GLD_1015": Explanation(
        _("Tilgangen gjelder ikke denne oppgaven"),
        _("Systembrukeren har ikke rettigheten for denne virksomheten."),
        CUSTOMER,
        _("Be kunden godkjenne en tilgang som har denne tjenesten."),
    ),
    "GLD_1016": Explanation(
        _("Skatteetaten finner ikke hovedskjemaet"),
        _("Underskjemaet viste til et hovedskjema som ikke finnes."),
        US,
        _("Lag innsendingen på nytt."),
    ),
    "GLD_1018": Explanation(
        _("Antallet underskjemaer stemmer ikke"),
        _("Skatteetaten har et annet antall enn vi oppga."),
        US,
        _("Lag innsendingen på nytt."),
    ),
    "GLD_1022": Explanation(
        _("En verdi i filen er feil"),
        _("Skatteetaten godtok ikke et felt."),
        US,
        _("Rett feltet som står under, og send på nytt."),
    ),
    "GLD_1023": Explanation(
        _("Skatteetaten kjenner ikke adressen"),
        _("Tjenesten finnes ikke der portalen spurte."),
        US,
        _("Meld fra til den som drifter portalen."),
    ),
    "GLD_1026": Explanation(
        _("Ingen underskjemaer"),
        _("Skatteetaten krever minst ett underskjema i en innsending. I RF-1086 er det ett for hver aksjonær."),
        US,
        _("Legg ved underskjemaene og send på nytt."),
    ),
    "GLD_1027": Explanation(
        _("Inntektsåret er ikke åpent"),
        _("Skatteetaten tar ikke imot oppgaver for dette året."),
        US,
        _("Velg et annet inntektsår."),
    ),
    "GLD_1028": Explanation(
        _("Kallet manglet nøkkel"),
        _("Skatteetaten krever en idempotensnøkkel."),
        US,
        _("Meld fra til den som drifter portalen."),
    ),
    "GLD_1029": Explanation(
        _("Oppgaven er allerede bekreftet"),
        _("Skatteetaten har tatt imot den før."),
        NOBODY,
        _("Vi finner kvitteringen i Dialogporten."),
    ),
    "GLD_1030": Explanation(
        _("Skatteetaten godtok ikke kallet"),
        _("Kallet ba om et annet format enn JSON."),
        US,
        _("Meld fra til den som drifter portalen."),
    ),
    "GLD_1032": Explanation(
        _("Skatteetaten kan ikke lese JSON-filen"), _("Innholdet er feil."), US, _("Rett filen og send på nytt.")
    ),
    "GLD_1047": Explanation(
        _("Skatteetaten godtok ikke kallet"),
        _("Kallet sa ikke at filen er JSON."),
        US,
        _("Meld fra til den som drifter portalen."),
    ),
    "GLD_1052": Explanation(
        _("Året i filen er et annet"),
        _("Inntektsåret i filen er ikke det innsendingen gjelder."),
        US,
        _("Rett filen eller velg riktig år."),
    ),
    "GLD_1053": Explanation(
        _("Skatteetaten er opptatt"), _("Et system hos Skatteetaten svarer ikke nå."), NOBODY, TRY_LATER
    ),
    "GLD_1055": Explanation(
        _("Skatteetaten kjenner ikke virksomheten"),
        _("Organisasjonsnummeret finnes ikke hos Skatteetaten."),
        US,
        _("Sjekk organisasjonsnummeret i filen."),
    ),
    "GLD_1062": Explanation(
        _("Nummeret er en underenhet"),
        _("Oppgaven må leveres for hovedenheten."),
        US,
        _("Bruk hovedenhetens organisasjonsnummer."),
    ),
    "GLD_1063": Explanation(
        _("Tokenet mangler systembruker"),
        _("Skatteetaten krever at kunden har gitt systemtilgang."),
        CUSTOMER,
        _("Be kunden godkjenne tilgangen."),
    ),
    "GLD_1067": Explanation(
        _("Skatteetaten har ikke opplastingen lenger"),
        _("Filen var kontrollert, men opplastingen var borte da den skulle sendes inn."),
        US,
        _("Trykk «Prøv igjen». Da lastes filen opp og kontrolleres på nytt."),
    ),
    "GLD_1069": Explanation(
        _("Filen gjelder flere inntektsår"),
        _("Alle leveransene i en fil må ha samme inntektsår."),
        US,
        _("Del filen, og lag en innsending for hvert inntektsår."),
    ),
    "GLD_1070": Explanation(
        _("Filen er ødelagt eller kan være skadelig"),
        _("Filen kom ikke gjennom viruskontrollen hos Skatteetaten."),
        US,
        _("Send ikke den samme filen igjen. Kontroller maskinen som laget den, for virus, og lag filen på nytt."),
    ),
    "GLD_1102": Explanation(
        _("Filen gjelder flere virksomheter"),
        _("Alle leveransene i en fil må ha samme oppgavegiver."),
        US,
        _("Del filen, og lag en innsending for hver virksomhet."),
    ),
    "GLD_005": Explanation(
        _("Skatteetaten gir ikke tilgang"),
        _("Scope eller fullmakt mangler."),
        CUSTOMER,
        _("Sjekk scopene under Tilkobling og at kundens tilgang har tjenesten."),
    ),
    "GLD_008": Explanation(
        _("Skatteetaten kan ikke lese filen"), _("Formatet er feil."), US, _("Rett filen og send på nytt.")
    ),
    "GLD_010": Explanation(
        _("Innholdet i filen er ikke godt nok"),
        _("Skatteetaten fant feil i innholdet."),
        US,
        _("Rett det som står under, og send på nytt."),
    ),
    "GLD_019": Explanation(
        _("Nøkkelen er brukt før"),
        _("Skatteetaten har fått samme nøkkel med noe annet."),
        NOBODY,
        _("Vi undersøker i Dialogporten om oppgaven er levert."),
    ),
    "GLD_001": Explanation(
        _("Skatteetaten har en feil hos seg"), _("De svarte at noe uventet gikk galt."), SKATTEETATEN, TRY_LATER
    ),
}

OF_BOTH = ("1067", "1070")
"""File upload of a-meldinger has no list of these codes. We take them to mean the same (unverified)."""
CODES |= {f"AMLD_{number}": CODES[f"GLD_{number}"] for number in OF_BOTH}
