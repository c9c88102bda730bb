"""Codes of Altinn's authentication and system register (AUTH-…, AUTH.VLD-…), and of Dialogporten."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.explain.explanation import NOBODY, TRY_LATER, US, Explanation

CODES: dict[str, Explanation] = {
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
        _("Vi henter den inn så lenge portalen arbeider."),
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
    "Search": Explanation(_("Søket i Dialogporten tok for lang tid"), _("Dialogporten avbrøt det."), NOBODY, TRY_LATER),
}
