"""What a remote's code means in plain words: what happened, why, who can mend it, and how.

Keyed by the code a gateway's error carries (MP-303, AUTH-00011, GLD_1018). Unknown codes get an honest general answer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True)
class Explanation:
    """Four short texts. `who` is the one who has to act: the customer, us, Skatteetaten, Digdir."""

    title: Any
    cause: Any
    who: Any
    how: Any


US, CUSTOMER, DIGDIR, SKATTEETATEN, NOBODY = _("Dere"), _("Kunden"), _("Digdir"), _("Skatteetaten"), _("Ingen")
_TRY_LATER = _("Vent litt. Vi prøver igjen av oss selv.")
_KEY = _("Gå til Innstillinger, lag en ny nøkkel og legg den inn på klienten hos Digdir.")

CODES: dict[str, Explanation] = {
    "MP-012": Explanation(
        _("Maskinporten har sett forespørselen før"), _("Samme forespørsel ble sendt to ganger."), NOBODY, _TRY_LATER
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
        _KEY,
    ),
    "MP-124": Explanation(
        _("Signaturen stemmer ikke"),
        _("Nøkkelen hos Maskinporten er en annen enn den vi signerer med."),
        US,
        _KEY,
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
    "AUTH-00000": Explanation(
        _("Altinn kjenner ikke organisasjonsnummeret"),
        _("Virksomheten finnes ikke i dette Altinn-miljøet."),
        US,
        _("Sjekk nummeret. I test må det være en syntetisk virksomhet fra Tenor."),
    ),
    "AUTH-00001": Explanation(
        _("Profilen ber om noe systemet ikke har"),
        _("Minst én rettighet er ikke registrert på systemet."),
        US,
        _("Oppdater systemet i Altinn, eller ta rettigheten ut av profilen."),
    ),
    "AUTH-00004": Explanation(
        _("Kunden har allerede en systemtilgang"),
        _("Altinn har en systembruker for samme system og referanse."),
        NOBODY,
        _("Vi henter den inn av oss selv."),
    ),
    "AUTH-00010": Explanation(
        _("Altinn finner ikke forespørselen"),
        _("Den er slettet, eller hører til et annet miljø."),
        US,
        _("Send en ny forespørsel."),
    ),
    "AUTH-00011": Explanation(
        _("Altinn finner ikke systemet"),
        _("Systemet er ikke registrert i dette miljøet, eller eies av en annen."),
        US,
        _("Registrer systemet under Systemer først."),
    ),
    "AUTH-00021": Explanation(
        _("Returadressen er ikke godkjent"),
        _("Adressen til portalen står ikke på systemet i Altinn."),
        US,
        _("Legg returadressen til på systemet og oppdater det i Altinn."),
    ),
    "AUTH-00026": Explanation(
        _("Systemet har ingen returadresse"),
        _("Systemet i Altinn er registrert uten returadresser."),
        US,
        _("Legg returadressen til på systemet og oppdater det i Altinn."),
    ),
    "AUTH-00058": Explanation(
        _("Profilen mangler tilgangspakker"),
        _("En tilgang for klienter må ha minst én pakke."),
        US,
        _("Legg en pakke til i profilen."),
    ),
    "AUTH-00059": Explanation(
        _("Profilen er tom"),
        _("Den ber verken om rettigheter eller pakker."),
        US,
        _("Legg minst én av dem til i profilen."),
    ),
    "AUTH-00063": Explanation(
        _("Pakken er ikke registrert på systemet"),
        _("Profilen ber om en tilgangspakke systemet ikke har."),
        US,
        _("Oppdater systemet i Altinn, eller ta pakken ut av profilen."),
    ),
    "AUTH-00064": Explanation(
        _("Pakken kan ikke gis for egen virksomhet"),
        _("Den gis bare av klienter til regnskapsfører eller revisor."),
        US,
        _("Bruk en profil av typen «For klienter», eller ta pakken ut."),
    ),
    "AUTH-00065": Explanation(
        _("Pakken kan ikke gis for klienter"),
        _("Den gjelder bare egen virksomhet."),
        US,
        _("Bruk en profil av typen «Egen virksomhet», eller ta pakken ut."),
    ),
    "GLD_1007": Explanation(
        _("Skatteetaten fikk ikke noe token"),
        _("Kallet manglet tilgangstoken."),
        US,
        _("Meld fra til den som drifter portalen."),
    ),
    "GLD_1008": Explanation(
        _("Skatteetaten godtok ikke tokenet"), _("Tokenet var ugyldig eller utløpt."), NOBODY, _TRY_LATER
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
    "GLD_1026": Explanation(
        _("Ingen underskjemaer"),
        _("En aksjonærregisteroppgave må ha minst én aksjonær."),
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
    "GLD_1052": Explanation(
        _("Året i filen er et annet"),
        _("Inntektsåret i filen er ikke det innsendingen gjelder."),
        US,
        _("Rett filen eller velg riktig år."),
    ),
    "GLD_1053": Explanation(
        _("Skatteetaten er opptatt"), _("Et system hos Skatteetaten svarer ikke nå."), NOBODY, _TRY_LATER
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
    "NO_KEY": Explanation(
        _("Klienten har ingen gyldig nøkkel"), _("Uten nøkkel kan ingenting signeres for Maskinporten."), US, _KEY
    ),
    "DOCUMENT_DAMAGED": Explanation(
        _("En fil vi har lagret, kan ikke leses"),
        _("Den er borte fra lagringen, er endret, eller nøkkelen den ble kryptert med, mangler."),
        US,
        _("Be den som drifter portalen om å legge filen eller nøkkelen tilbake. Da går alt videre av seg selv."),
    ),
    "GLD_001": Explanation(
        _("Skatteetaten har en feil hos seg"), _("De svarte at noe uventet gikk galt."), SKATTEETATEN, _TRY_LATER
    ),
    "AUTH.VLD-00000": Explanation(
        _("Eieren av systemet er ikke et organisasjonsnummer"),
        _("Altinn leste ikke nummeret vårt."),
        US,
        _("Sjekk eieren av klienten."),
    ),
    "AUTH.VLD-00001": Explanation(
        _("System-id-en har feil begynnelse"),
        _("Den må begynne med eierens nummer og en understrek."),
        US,
        _("Velg en annen id."),
    ),
    "AUTH.VLD-00002": Explanation(
        _("System-id-en er opptatt"),
        _("En id kan aldri brukes om igjen, heller ikke etter sletting."),
        US,
        _("Velg en annen id."),
    ),
    "AUTH.VLD-00003": Explanation(
        _("Altinn finner ikke rettigheten"),
        _("Ressursen finnes ikke i ressursregisteret."),
        US,
        _("Se over ressurs-id-en."),
    ),
    "AUTH.VLD-00004": Explanation(
        _("Klienten hører til et annet system"),
        _("En klient kan bare brukes av ett system i Altinn."),
        US,
        _("Bruk en annen klient, eller oppdater det andre systemet."),
    ),
    "AUTH.VLD-00005": Explanation(
        _("Returadressen er ikke godkjent av Altinn"), _("Den må være en hel https-adresse."), US, _("Rett adressen.")
    ),
    "AUTH.VLD-00006": Explanation(
        _("Samme rettighet står to ganger"), _("Altinn tar hver rettighet én gang."), US, _("Fjern den ene.")
    ),
    "AUTH.VLD-00007": Explanation(
        _("Samme tilgangspakke står to ganger"), _("Altinn tar hver pakke én gang."), US, _("Fjern den ene.")
    ),
    "AUTH.VLD-00008": Explanation(
        _("Altinn godtar ikke tilgangspakken"),
        _("Den finnes ikke, eller kan ikke gis til et system."),
        US,
        _("Se over navnet på pakken."),
    ),
    "AUTH.VLD-00009": Explanation(
        _("Rettigheten har feil form"), _("Altinn venter en ressurs-id."), US, _("Skriv ressurs-id-en uten noe foran.")
    ),
    "AUTH.VLD-00011": Explanation(
        _("Klienten står to ganger"), _("Altinn tar hver klient én gang."), US, _("Fjern den ene.")
    ),
    "AUTH.VLD-00012": Explanation(
        _("System-id-en er en annen enn før"), _("En id kan ikke endres."), US, _("Registrer et nytt system i stedet.")
    ),
    "AUTH.VLD-00013": Explanation(
        _("System-id-en har mellomrom"),
        _("Altinn tar ikke mellomrom i id-en."),
        US,
        _("Bruk bindestrek eller understrek."),
    ),
    "AUTH.VLD-00017": Explanation(
        _("Rettigheten kan ikke gis til et system"), _("Altinn tillater ikke denne typen ressurs."), US, _("Ta den ut.")
    ),
    "AUTH.VLD-00018": Explanation(
        _("Systemet kan ikke være synlig med denne pakken"),
        _("Pakken gis bare for klienter."),
        US,
        _("Fjern pakken, eller gjør systemet usynlig."),
    ),
    "HTTP-401": Explanation(
        _("Tjenesten godtok ikke tokenet"),
        _("Det var utløpt, eller fra feil miljø."),
        US,
        _("Prøv igjen. Kommer det tilbake, meld fra til den som drifter portalen."),
    ),
    "HTTP-403": Explanation(
        _("Tjenesten ga oss ikke lov"),
        _("Et scope mangler, eller systemet eies av en annen virksomhet."),
        US,
        _("Sjekk scopene under Innstillinger."),
    ),
    "SIGNS_DISAGREE": Explanation(
        _("Altinn og Maskinporten sier ikke det samme"),
        _("Systembrukeren står hos den ene og ikke hos den andre. Det skjer når klienten er tatt av systemet."),
        US,
        _("Sammenlign systemet med Altinn under Systemer."),
    ),
    "UNAVAILABLE": Explanation(_("Tjenesten svarer ikke"), _("Vi fikk ikke kontakt."), NOBODY, _TRY_LATER),
    "BROKEN_REPLY": Explanation(
        _("Svaret var uleselig"),
        _("Tjenesten svarte noe vi ikke forstår."),
        US,
        _("Meld fra til den som drifter portalen."),
    ),
}


def explain(code: str) -> Explanation:
    """The explanation of a code; an honest general one when we do not know it."""
    general = Explanation(
        _("Tjenesten sa nei"),
        _("Den oppga koden %(code)s, som vi ikke har en forklaring på.") % {"code": code or "–"},
        US,
        _("Meld fra til den som drifter portalen, og oppgi koden."),
    )
    return CODES.get(code) or general
