"""Codes of webhooks: what the receiver did, and why an address is not called."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from portal.explain.explanation import NOBODY, TRY_LATER, US, Explanation

CODES: dict[str, Explanation] = {
    "WEBHOOK_UNREACHABLE": Explanation(
        _("Mottakeren svarer ikke"),
        _("Vi fikk ikke kontakt, svaret kom ikke innen ti sekunder, eller sertifikatet er ikke gyldig."),
        US,
        _("Se at adressen svarer, og med et gyldig sertifikat. Vi prøver igjen av oss selv i tre dager."),
    ),
    "WEBHOOK_REFUSED": Explanation(
        _("Mottakeren godtok ikke meldingen"),
        _("Den svarte med noe annet enn 2xx. En omdirigering følger vi ikke."),
        US,
        _("Se i loggen hos mottakeren. Vi prøver igjen av oss selv i tre dager."),
    ),
    "WEBHOOK_BUSY": Explanation(_("Mottakeren ba oss vente"), _("Den tar ikke imot akkurat nå."), NOBODY, TRY_LATER),
    "WEBHOOK_GONE": Explanation(
        _("Mottakeren vil ikke ha flere meldinger"),
        _("Den svarte 410, og da stopper vi."),
        US,
        _("Rett adressen og start igjen, eller fjern webhooken."),
    ),
    "WEBHOOK_ENDED": Explanation(
        _("Webhooken er fjernet"), _("Meldingen var lagt klar før den ble fjernet."), US, _("Avslutt meldingen.")
    ),
    "WEBHOOK_PAUSED": Explanation(
        _("Webhooken er stoppet"),
        _("Noen har stoppet den, eller mottakeren tok ikke imot noe på tre dager."),
        US,
        _("Start den igjen når mottakeren virker. Da sendes det som venter, i riktig rekkefølge."),
    ),
    "WEBHOOK_NOT_HTTPS": Explanation(
        _("Adressen må begynne med https"),
        _("Meldingene sendes bare kryptert."),
        US,
        _("Bruk en adresse med https. Et internt navn kan den som drifter portalen, tillate i WEBHOOK_PRIVATE_HOSTS."),
    ),
    "WEBHOOK_BAD_ADDRESS": Explanation(
        _("Adressen kan ikke brukes"),
        _("Den mangler et vertsnavn, eller har brukernavn, passord, mellomrom eller #."),
        US,
        _("Skriv den som https://erp.example.no/hooks."),
    ),
    "WEBHOOK_PRIVATE": Explanation(
        _("Adressen er på et internt nett"),
        _("Vi kaller bare adresser på det åpne internettet, så ingen kan bruke portalen til å nå det interne."),
        US,
        _("Den som drifter portalen, kan tillate navnet i WEBHOOK_PRIVATE_HOSTS."),
    ),
    "WEBHOOK_UNKNOWN_HOST": Explanation(
        _("Vertsnavnet finnes ikke"),
        _("Navnet har ingen adresse i DNS nå."),
        US,
        _("Sjekk navnet. Er det rett, prøver vi igjen av oss selv."),
    ),
}
