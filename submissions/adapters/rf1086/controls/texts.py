"""What the published controls say when they fire, and why each of them is only a warning."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from submissions.adapters.texts import Params, Text

READINGS: Mapping[str, str | Promise] = {
    "stated": _("Skatteetaten har publisert kontrollen, men ikke om den stopper oppgaven. Derfor er dette et varsel."),
    "passing": _(
        "Skatteetaten beskriver kontrollen uklart: teksten sier hva som er riktig, ikke hva som er feil. Derfor "
        "er dette et varsel."
    ),
    "negated": _(
        "Slik Skatteetatens tekst står, kan den ikke være ment, og vi har tolket den. Derfor er dette et varsel."
    ),
    "cut": _("Skatteetatens tekst om kontrollen er ufullstendig, og vi har utfylt den. Derfor er dette et varsel."),
    "differs": _("Vilkåret og meldingen i Skatteetatens tekst sier ikke det samme. Derfor er dette et varsel."),
    "wider": _(
        "Skatteetatens tekst om kontrollen passer ikke helt med skjemaet, og vi har tolket den. Derfor er dette "
        "et varsel."
    ),
    "inferred": _("Skatteetaten har ingen kodeliste som sikkert gjelder denne posten. Derfor er dette et varsel."),
    "older": _("Kontrollen er kjent fra et eldre regelsett og kan være endret. Derfor er dette et varsel."),
    "observed": _(
        "Andre har fått oppgaven avvist for dette etter innsending, men regelen er ikke publisert. Derfor er "
        "dette et varsel."
    ),
    "help": _(
        "Det står i Skatteetatens veiledning til skjemaet. Oppgaven tas imot, men vil trolig bli avvist etterpå."
    ),
}
"""Why a finding does not stop the report, by its parameter `why`."""

_CONTROLS: Mapping[str, str | Promise] = {
    "H-11-01": _("Selskapet er oppgitt som likvidert (L). Da må utgående tall i post 1 til 6 være 0."),
    "H-11-02": _("Ved likvidasjon (L) må post 6, utgående overkurs, stå i skjemaet med verdien 0."),
    "H-08-01": _("Utbyttet i post 8 er halvt utfylt. Oppgi både totalbeløp, beløp per aksje og tidspunkt."),
    "H-08-02": _("Utbyttet i post 8 er halvt utfylt. Oppgi både totalbeløp og tidspunkt."),
    "H-08-03": _("Post 8 har et tidspunkt, men mangler utbyttebeløp. Fyll inn beløpene, eller ta ut tidspunktet."),
    "H-08-04": _("Post 8 har en hendelsestype uten at utbyttet er fylt ut. Oppgi beløp og tidspunkt."),
    "H-08-05": _("Post 8 mangler hendelsestype for utbyttet, for eksempel Y."),
    "H-08-06": _("Post 8 har en hendelsestype, men ikke noe tidspunkt."),
    "H-09-01": _(
        "En utstedelse i post 9 er halvt utfylt. Oppgi antall aksjer etter utstedelsen, type, tidspunkt og pålydende."
    ),
    "H-10-01": _("Slås klasser sammen eller deles (SD), må post 10 si hvilken: ISIN eller aksjeklasse."),
    "H-10-02": _(
        "En utstedelse i post 10 er halvt utfylt. Oppgi antall nye aksjer, antall etter, type, tidspunkt og pålydende."
    ),
    "H-10-03": _("Retting av aksjeklasse eller ISIN (C) i post 10 trenger et tidspunkt."),
    "H-10-04": _("Retting (C) i post 10 må si hvilken klasse det gjelder: ISIN eller aksjeklasse."),
    "H-11-03": _(
        "En sletting i post 11 er halvt utfylt. Oppgi antall slettet, antall etter, pålydende, type og tidspunkt."
    ),
    "H-12-01": _(
        "Post 12 har vederlagsaksjer både i overtakende selskap og i morselskapet. Fyll bare ut det ene stedet."
    ),
    "H-12-02": _("En sletting i post 12 er halvt utfylt. Oppgi antall slettet, antall etter, type og tidspunkt."),
    "H-12-03": _("Post 12: oppgi pålydende for vederlagsaksjene i morselskapet når antallet er oppgitt."),
    "H-12-04": _("Post 12: morselskapet er oppgitt. Oppgi også ISIN eller aksjeklasse i det."),
    "H-12-05": _("Post 12: oppgi pålydende for vederlagsaksjene når aksjeklassen er oppgitt."),
    "H-12-06": _("Post 12: overtakende selskap er oppgitt. Oppgi også ISIN eller aksjeklasse i det."),
    "H-12-07": _("Slås klasser sammen eller deles (SD), må post 12 si hvilken: ISIN eller aksjeklasse."),
    "H-12-08": _("Skattefri fusjon eller fisjon i post 12 må ha organisasjonsnummeret til den som overtar."),
    "H-12-09": _("Post 12 mangler pålydende per slettet aksje."),
    "H-12-10": _("Spleis (V) i post 12 trenger pålydende etter spleisen."),
    "H-12-11": _("Trekantfusjon i post 12: oppgi både overtakende selskap og morselskapet."),
    "H-13-01": _("Post 13 trenger både beløp og tidspunkt."),
    "H-14-01": _(
        "Fondsemisjonen i post 14 er halvt utfylt. Oppgi forhøyelse, økning per aksje, pålydende etter og tidspunkt."
    ),
    "H-15-01": _(
        "Fusjon eller fisjon ved økt pålydende (8, 9) i post 15 trenger overdragende selskaps organisasjonsnummer."
    ),
    "H-15-02": _("Fusjon eller fisjon ved økt pålydende (8, 9) i post 15 trenger ISIN eller aksjeklasse."),
    "H-15-03": _(
        "Forhøyelsen i post 15 er halvt utfylt. Oppgi forhøyelse, økning per aksje, pålydende etter, type og tidspunkt."
    ),
    "H-15-04": _("Forenklet fusjon (11) i post 15 trenger overdragende selskaps organisasjonsnummer."),
    "H-15-05": _("Forenklet fusjon (11) i post 15 trenger et tidspunkt."),
    "H-15-06": _("Forenklet fusjon (11) i post 15 trenger ISIN eller aksjeklasse."),
    "H-16-01": _("Nedsettelsen i post 16 er halvt utfylt. Oppgi reduksjon per aksje, pålydende etter og tidspunkt."),
    "H-17-01": _(
        "Nedsettelsen i post 17 er halvt utfylt. Oppgi beløp, reduksjon per aksje, pålydende etter og tidspunkt."
    ),
    "H-18-01": _("Post 18: ISIN skal stå ett sted, hos overtakende selskap eller hos morselskapet."),
    "H-18-02": _("Post 18: aksjeklasse skal stå ett sted, hos overtakende selskap eller hos morselskapet."),
    "H-18-03": _("Post 18: antall vederlagsaksjer skal stå ett sted, hos overtakende selskap eller hos morselskapet."),
    "H-18-04": _(
        "Post 18: pålydende per vederlagsaksje skal stå ett sted, hos overtakende selskap eller hos morselskapet."
    ),
    "H-18-05": _("Post 18: oppgi pålydende for vederlagsaksjene i morselskapet."),
    "H-18-06": _(
        "Utfisjoneringen i post 18 er halvt utfylt. Oppgi nedsettelse, reduksjon per aksje, pålydende etter, "
        "type, tidspunkt og overtakende selskap."
    ),
    "H-18-07": _(
        "Post 18 (IRO) er halvt utfylt. Oppgi nedsettelse, reduksjon per aksje, pålydende etter, type og tidspunkt."
    ),
    "H-18-08": _("Post 18: overtakende selskap er oppgitt. Oppgi også ISIN eller aksjeklasse i det."),
    "H-18-09": _("Post 18: oppgi pålydende for vederlagsaksjene i overtakende selskap."),
    "H-18-10": _("Post 18: morselskapet er oppgitt. Oppgi også ISIN eller aksjeklasse i det."),
    "H-18-11": _("Trekantfisjon i post 18: oppgi både overtakende selskap og morselskapet."),
    "S-21-01": _("Post 21 har kildeskatt uten at utbyttet er fylt ut. Oppgi utbytte, antall aksjer og tidspunkt."),
    "S-21-02": _("Utbyttet i post 21 er halvt utfylt. Oppgi utbytte, antall aksjer og tidspunkt."),
    "S-21-03": _("Kildeskatten i post 21 er halvt utfylt. Beløpet mangler."),
    "S-21-04": _("Kildeskatten i post 21 er halvt utfylt. Oppgi både beløp, prosent og land."),
    "S-22-01": _("Tilbakebetalingen i post 22 er halvt utfylt. Oppgi beløp, type og tidspunkt."),
    "S-23-01": _("En tilgang i post 23 er halvt utfylt. Oppgi antall, type og tidspunkt."),
    "S-23-02": _(
        "Overføring, arv eller gave med kontinuitet (OK, GK) i post 23 må ha avgiverens fødselsnummer eller "
        "organisasjonsnummer."
    ),
    "S-23-03": _(
        "Gavesalg, skilsmisse eller avgiftspliktig arv/gave (GS, ES, AK) i post 23 må ha avgiverens fødselsnummer."
    ),
    "S-23-04": _("Avgiveren i post 23 skal ha ett nummer, ikke både fødselsnummer og organisasjonsnummer."),
    "S-23-05": _(
        "Fradrag for oppstartsselskap (TH) i post 23 trenger tidspunkt, anskaffelsesverdi og avgiverens "
        "organisasjonsnummer."
    ),
    "S-24-01": _("En tilgang i post 24 er halvt utfylt. Oppgi antall, type og tidspunkt."),
    "S-24-02": _("Post 24: overdragende selskap er oppgitt. Oppgi også ISIN eller aksjeklasse i det."),
    "S-24-03": _("Skattefri fusjon eller fisjon i post 24 må ha overdragende selskaps organisasjonsnummer."),
    "S-24-04": _("Slås klasser sammen eller deles (SD), må post 24 si hvilken: ISIN eller aksjeklasse."),
    "S-24-05": _("Post 24: oppgi pålydende i overdragende selskap."),
    "S-25-01": _("En avgang i post 25 er halvt utfylt. Oppgi antall, type og tidspunkt."),
    "S-25-02": _(
        "Overføring med kontinuitet (OK) i post 25 må ha mottakerens fødselsnummer eller organisasjonsnummer."
    ),
    "S-25-03": _(
        "Arv eller gave med kontinuitet (GK) i post 25 må ha mottakerens fødselsnummer eller organisasjonsnummer."
    ),
    "S-25-04": _(
        "Avgiftspliktig arv/gave, gavesalg eller skilsmisse (AK, GS, ES) i post 25 må ha mottakerens fødselsnummer."
    ),
    "S-25-05": _("Mottakeren i post 25 skal ha ett nummer, ikke både fødselsnummer og organisasjonsnummer."),
    "S-26-01": _("En avgang i post 26 er halvt utfylt. Oppgi antall, type og tidspunkt."),
    "S-26-02": _("Post 26: overtakende selskap er oppgitt. Oppgi også ISIN eller aksjeklasse i det."),
    "S-26-03": _("Skattefri fusjon eller fisjon i post 26 må ha overtakende selskaps organisasjonsnummer."),
    "S-26-04": _("Post 26: oppgi pålydende i overtakende selskap."),
    "S-26-05": _("Slås klasser sammen eller deles (SD), må post 26 si hvilken: ISIN eller aksjeklasse."),
    "S-27-01": _("Nedsettelsen i post 27 mangler reduksjon per aksje eller tidspunkt."),
    "S-27-02": _(
        "Nedsettelsen i post 27 mangler beløp. Oppgi innbetalt eller fondsemittert aksjekapital, eller begge."
    ),
    "S-28-01": _("Post 28 trenger både beløp og tidspunkt."),
    "S-29-01": _("Forhøyelsen i post 29 er halvt utfylt. Oppgi forhøyelse, økning per aksje, type og tidspunkt."),
    "S-29-02": _(
        "Forenklet fusjon (11) i post 29 har tidspunkt, men ingen beløp. Oppgi forhøyelse, økning per aksje eller "
        "overkurs."
    ),
    "S-29-03": _(
        "Fusjon eller fisjon ved økt pålydende (8, 9) i post 29 trenger overdragende selskaps organisasjonsnummer."
    ),
    "S-29-04": _("Fusjon eller fisjon ved økt pålydende (8, 9) i post 29 trenger ISIN eller aksjeklasse."),
    "S-29-05": _("Forenklet fusjon (11) i post 29 trenger ISIN eller aksjeklasse."),
    "S-30-01": _("Reduksjonen i post 30 er halvt utfylt. Oppgi beløp, type, tidspunkt og overtakende selskap."),
    "S-30-02": _("Post 30: oppgi ISIN eller aksjeklasse når typen er oppgitt."),
    "X-CODE-15": _("Hendelsestypen i post 15 er ikke blant kodene vi kjenner: 6, 8, 9, 11, 12 og 13."),
    "X-CODE-26": _("Typen i post 26 er ikke blant kodene vi kjenner: I, U, US, UM, SD og V."),
    "TIME_DIFFERS": _(
        "Hendelsen har tidspunktet %(given)s, men post %(post)s i hovedskjemaet har %(times)s. Tidspunktet må "
        "være nøyaktig det samme."
    ),
    "FOUNDED_WITH_FIGURES": _(
        "Selskapet er stiftet i året (T i post 9), men har tall per 1. januar. Da skal antall aksjer og "
        "aksjekapital i fjor være 0."
    ),
    "ACQUISITION_SUM": _(
        "Aksjene som er utstedt ved stiftelse eller emisjon i post 9 er verdt %(stated)s kr, men "
        "anskaffelsesverdiene i post 23 er %(total)s kr til sammen."
    ),
    "CAPITAL_INCREASE_SUM:capital": _(
        "Hovedskjemaets post 15 sier at aksjekapitalen er forhøyet med %(stated)s kr, men aksjonærenes post 29 "
        "har %(total)s kr til sammen."
    ),
    "CAPITAL_INCREASE_SUM:premium": _(
        "Hovedskjemaets post 15 har %(stated)s kr i overkurs, men aksjonærenes post 29 har %(total)s kr til sammen."
    ),
}


def _with_reason(text: str | Promise, params: Params) -> str:
    return f"{str(text) % params} {READINGS.get(params.get('why', ''), '')}".strip()


TEXTS: Mapping[str, Text] = {code: partial(_with_reason, text) for code, text in _CONTROLS.items()}
"""The texts by the code of the finding."""
