"""What each rule deletes and why, in words."""

from __future__ import annotations

from typing import NamedTuple

from django.utils.translation import gettext_lazy as _


class Text(NamedTuple):
    title: object
    what: object
    why: object


OF_ONE: dict[str, tuple[object, object]] = {
    "dialogs": (_("Dialoger og brev"), _("Kopiene her, med filene. Originalene er i Altinn.")),
    "order-answers": (_("Svar på bestillinger"), _("Svarene, og hva dere spurte om. At dere spurte, blir stående.")),
    "discarded-drafts": (_("Kladder"), _("Filene i kladder som aldri ble sendt.")),
    "notes": (_("Notater"), _("Hele notatet.")),
    "contacts": (_("Kontakter"), _("Navn, e-post, telefon, merkelapper og hvem som var ansvarlig.")),
    "clicks": (_("Når kunden åpnet lenken"), _("Dagen og klokkeslettet. Måneden blir stående.")),
}
"""Title and text where a rule is used for one customer."""
PASSING = _("Trengs ikke lenger.")
TEXTS: dict[str, Text] = {
    "evidence": Text(
        _("Innsendinger"),
        _(
            "Filene dere sendte, kvitteringer, tilbakemeldinger og svar. At de ble sendt, når, av hvem og hvordan det gikk, blir stående."
        ),
        _("Hører til regnskapet, som loven krever oppbevart i fem år etter årets slutt."),
    ),
    "dialogs": Text(
        _("Dialoger og brev"),
        _(
            "Kopier av dialoger som er borte fra innboksen i Altinn, eller er hos kunder som er arkivert. Det som ligger i innboksen "
            "til en kunde dere følger, blir der."
        ),
        _("Originalen er i Altinn."),
    ),
    "order-answers": Text(
        _("Svar på bestillinger"),
        _("Skattekort, krav og frister, og hva dere spurte om. At dere spurte, blir stående."),
        _("Nevner ansatte, og er til nytte i høyst et år."),
    ),
    "discarded-drafts": Text(
        _("Forkastede kladder"), _("Filene i kladder som aldri ble sendt."), _("Er ikke bevis for noe.")
    ),
    "notes": Text(_("Notater om kunder"), _("Hele notatet."), _("Er skrevet for arbeidet her og nå.")),
    "contacts": Text(
        _("Kontakter hos arkiverte kunder"),
        _("Navn, e-post, telefon, merkelapper og hvem som var ansvarlig. Virksomheten blir stående."),
        _("Ingen skal kontaktes lenger."),
    ),
    "clicks": Text(
        _("Når kunden åpnet lenken"),
        _("Dagen og klokkeslettet. Måneden blir stående."),
        _("Tallene trenger bare måneden."),
    ),
    "mail-bodies": Text(
        _("E-post som ikke kom av gårde"),
        _("Adressen og innholdet, når ingen har bestemt noe. For e-post som ble sendt, slettes de med en gang."),
        _("Betyr ikke noe lenger."),
    ),
    "mails": Text(_("Rader om e-post"), _("At den ble sendt, og når."), PASSING),
    "events": Text(
        _("Hendelser fra Altinn"), _("Varsler om at noe er nytt."), _("Altinn sender dem ikke på nytt etter 90 dager.")
    ),
    "feed": Text(
        _("Hendelser for fagsystemer"),
        _("At noe skjedde, med id og tilstand, slik API-et og webhooks gir det."),
        _("Den som har vært borte lenger, spør etter tilstandene selv."),
    ),
    "heaps": Text(
        _("Filsamlinger"),
        _("Filer som ble lagt inn og ikke er brukt. Kladder som ble laget av dem, blir stående."),
        PASSING,
    ),
    "imports": Text(_("Filer med kunder"), _("Filen og radene i den. Kundene blir stående."), PASSING),
    "keyed-calls": Text(
        _("Svar til integrasjoner"),
        _("Det som ble svart på kall til API-et. Det de førte til, blir stående."),
        _("Systemet kan spørre på nytt så lenge, om det ikke hørte svaret."),
    ),
    "told": Text(_("Hva ansatte er varslet om"), _("Hvem som fikk vite hva."), PASSING),
    "proposals": Text(
        _("Forslag til en annen"), _("Det som krevde to personer og er avgjort. Revisjonsloggen blir stående."), PASSING
    ),
    "sessions": Text(_("Innlogginger"), _("De som har løpt ut."), PASSING),
}
