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
}
