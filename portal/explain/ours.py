"""Our own codes, and those of HTTP, for what no remote gave a code."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.explain.explanation import NEW_KEY, NOBODY, TRY_LATER, US, Explanation

CODES: dict[str, Explanation] = {
    "NO_KEY": Explanation(
        _("Klienten har ingen gyldig nøkkel"), _("Uten nøkkel kan ingenting signeres for Maskinporten."), US, NEW_KEY
    ),
    "DOCUMENT_DAMAGED": Explanation(
        _("En fil vi har lagret, kan ikke leses"),
        _("Den er borte fra lagringen, er endret, eller nøkkelen den ble kryptert med, mangler."),
        US,
        _("Be den som drifter portalen om å legge filen eller nøkkelen tilbake. Da går alt videre av seg selv."),
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
    "UNAVAILABLE": Explanation(_("Tjenesten svarer ikke"), _("Vi fikk ikke kontakt."), NOBODY, TRY_LATER),
    "BROKEN_REPLY": Explanation(
        _("Svaret var uleselig"),
        _("Tjenesten svarte noe vi ikke forstår."),
        US,
        _("Meld fra til den som drifter portalen."),
    ),
    "MAIL_REFUSED": Explanation(
        _("Mottakerens e-postserver tok ikke imot"),
        _("Adressen finnes ikke, eller serveren godtar ikke e-post fra oss."),
        US,
        _("Sjekk adressen. Rett den, og be om e-posten på nytt, eller send på nytt fra Django admin."),
    ),
    "MAIL_DEFERRED": Explanation(
        _("E-postserveren ba oss vente"), _("Den tar ikke imot e-posten akkurat nå."), NOBODY, TRY_LATER
    ),
    "MAIL_MALFORMED": Explanation(
        _("E-posten kan ikke sendes slik den er"),
        _("Adressen er ingen e-postadresse, eller emnet har linjeskift."),
        US,
        _("Rett adressen, og be om e-posten på nytt."),
    ),
    "MAIL_UNREACHABLE": Explanation(
        _("E-postserveren svarer ikke"),
        _("Vi fikk ikke kontakt, eller forbindelsen ble brutt før noe ble sendt."),
        US,
        _("Varer det, sjekk MAIL_HOST, MAIL_PORT og MAIL_TLS. Når serveren svarer, går alt videre av seg selv."),
    ),
    "MAIL_LOGIN_REFUSED": Explanation(
        _("E-postserveren godtok ikke innloggingen"),
        _("Brukernavnet eller passordet er feil."),
        US,
        _("Rett MAIL_USER og MAIL_PASSWORD, og start prosessene på nytt. Da går alt videre av seg selv."),
    ),
    "MAIL_SENDER_REFUSED": Explanation(
        _("E-postserveren godtok ikke avsenderen"),
        _("Vi får ikke sende fra adressen i MAIL_FROM."),
        US,
        _("Rett MAIL_FROM, eller be den som drifter e-postserveren om å godta den."),
    ),
    "OUTBOX_UNCERTAIN": Explanation(
        _("Meldingen er kanskje sendt"),
        _("Forbindelsen eller prosessen stoppet etter at vi begynte å sende, og før vi fikk svar."),
        US,
        _("Spør mottakeren. Kom den ikke fram, send på nytt fra Django admin. Kom den fram, avslutt den der."),
    ),
    "OUTBOX_NO_SENDER": Explanation(
        _("Portalen kan ikke sende denne typen meldinger"),
        _("Prosessen som sender, har ingen kode for typen. Det skjer når den er eldre enn den som la meldingen inn."),
        US,
        _("Start alle prosesser på nytt med samme versjon. Da går alt videre av seg selv."),
    ),
}
