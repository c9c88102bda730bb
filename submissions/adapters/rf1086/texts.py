"""What each finding of RF-1086 says, by its code; and which rule a value breaks, as the end of a sentence."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from submissions.adapters.base import Finding
from submissions.adapters.rf1086.controls.texts import TEXTS as CONTROL_TEXTS
from submissions.adapters.texts import XML_TEXTS, Params, Text
from submissions.adapters.texts import render as render_with

_AMOUNT = _("må være et tall med punktum som desimalskille og høyst to desimaler, for eksempel 1200.50.")
RULES: dict[str, str | Promise] = {
    "amount": _AMOUNT,
    "unit": _("må være et tall med punktum som desimalskille og høyst seks desimaler, for eksempel 1000.25."),
    "count": _("må være et helt tall uten mellomrom og desimaler, for eksempel 1000."),
    "cents": _("må være et tall med punktum og nøyaktig to desimaler, for eksempel 1200.50."),
    "positive": _("må være et helt antall, minst 1. Ta elementet ut om det ikke er noe å oppgi."),
    "percent": _("må være et helt tall fra 0 til 100."),
    "year": _("må være et årstall med fire sifre."),
    "class": _("må være en aksjeklasse fra 01 til 13. Ordinære aksjer har 01."),
    "code": _("må være en av kodene %(codes)s. Skatteetaten tar ikke imot andre."),
    "isin": _("må være et ISIN: NO og ti sifre."),
    "foreign": _("må være UTL og ni sifre."),
    "country": _("må være en landkode med to store bokstaver, for eksempel SE."),
    "postcode": _("må være et postnummer med fire sifre."),
    "phone": _("må være et telefonnummer med høyst 15 sifre, uten mellomrom."),
    "empty": _("er tomt. Fyll det ut, eller ta elementet ut."),
    "too long": _("kan ha høyst %(most)s tegn, og har %(count)s. Kort det ned."),
    "digits": _("har for mange sifre. Det kan ha høyst %(most)s."),
    "orgnr digits": _(
        "har et kontrollsiffer som ikke stemmer, så minst ett siffer er feil. Sammenlign med Enhetsregisteret."
    ),
    "orgnr": _("må være et organisasjonsnummer: ni sifre uten mellomrom."),
    "fnr digits": _(
        "er ikke et fødselsnummer eller d-nummer: datoen eller kontrollsifrene stemmer ikke. Se over sifrene."
    ),
    "fnr": _("må være et fødselsnummer eller d-nummer: elleve sifre uten mellomrom."),
    "no such moment": _("er et tidspunkt som ikke finnes. Se over datoen og klokkeslettet."),
    "moment": _("må være en dato med klokkeslett, for eksempel 2025-12-31T00:00:00."),
}


def render(finding: Finding) -> str:
    """The text of a finding in the current language."""
    return render_with(finding, TEXTS, CONTROL_TEXTS, XML_TEXTS)


def _value(params: Params) -> str:
    wanted = str(RULES.get(params.get("rule", ""), "")) % params
    return gettext("«%(name)s» %(wanted)s") % {"name": params.get("name", ""), "wanted": wanted}


def _more(params: Params) -> str:
    number = int(params.get("n", "0"))
    text = ngettext("Det er %(n)s funn til.", "Det er %(n)s funn til.", number) % {"n": number}
    return text + " " + gettext("Rett disse først.")


def _total_shares(params: Params) -> str:
    text = _(
        "Hovedskjemaet sier %(stated)s aksjer %(when)s, men aksjonærene har %(total)s til sammen. Rett antallet, eller legg "
        "til underskjemaer som mangler. Skatteetaten vil trolig avvise oppgaven."
    )
    when = _("ved årets begynnelse") if params.get("case") == "opening" else _("ved årets slutt")
    return str(text) % {**params, "when": when}


TEXTS: dict[str, Text] = {
    "NAMESPACE": _("Filen har navnerommet «%(given)s». RF-1086 har ikke noe navnerom. Er dette riktig fil?"),
    "WRONG_ROOT": _("Filen begynner med «%(given)s». Et RF-1086-skjema begynner med «Skjema». Er dette riktig fil?"),
    "WRONG_FORM:none": _("Første element mangler attributtet skjemanummer: 890 i hovedskjemaet, 923 i underskjemaene."),
    "WRONG_FORM": _("Skjemanummeret er «%(given)s». Hovedskjemaet har 890 og underskjemaene 923. Er dette riktig fil?"),
    "WRONG_ATTRIBUTE": _('«%(name)s» må ha attributtet %(attribute)s="%(wanted)s".'),
    "UNKNOWN_ATTRIBUTE": _("Attributtet «%(attribute)s» hører ikke hjemme i «%(name)s». Ta det ut."),
    "WRONG_VALUE": _value,
    "EMPTY_VALUE": _value,
    "UNKNOWN_ELEMENT:in a value": _("«%(name)s» skal ha en verdi, ikke andre elementer i seg."),
    "UNKNOWN_ELEMENT:elsewhere": _("«%(name)s» står på feil sted. Det hører hjemme i «%(home)s»."),
    "UNKNOWN_ELEMENT": _("«%(name)s» finnes ikke i dette skjemaet. Ta det ut, eller se over stavemåten."),
    "OUT_OF_ORDER": _("«%(name)s» må stå foran «%(after)s». Flytt det."),
    "TOO_MANY": _("«%(name)s» står for mange ganger. Høyst %(most)s er lov her. Ta ut resten."),
    "MISSING": _("«%(name)s» mangler i «%(parent)s». Legg det til."),
    "LOOSE_TEXT": _("Det står tekst rett i «%(name)s», der det bare skal være elementer. Ta den ut."),
    "OTHER_CUSTOMER": _(
        "Filen gjelder organisasjonsnummer %(given)s, men kunden har %(orgnr)s. Velg riktig kunde eller riktig fil."
    ),
    "OTHER_YEAR": _(
        "Filen gjelder inntektsåret %(given)s, men innsendingen gjelder %(year)s. Velg riktig fil eller riktig år."
    ),
    "MANY_IDENTIFICATIONS": _(
        "Aksjonæren har %(n)s identifikasjonsnumre. La bare ett stå: fødselsnummer, organisasjonsnummer eller utenlandsk nummer."
    ),
    "NO_IDENTIFICATION:abroad": _(
        "Den utenlandske aksjonæren har ikke noe nummer. Oppgi det (UTL og ni sifre) om Skatteetaten har gitt et."
    ),
    "NO_IDENTIFICATION:norwegian": _(
        "Aksjonæren har bare navn og land. Oppgi fødselsnummer eller organisasjonsnummer om du har det."
    ),
    "NO_IDENTIFICATION": _(
        "Aksjonæren mangler identifikasjon. Oppgi fødselsnummer, organisasjonsnummer eller utenlandsk nummer, "
        "eller både navn og land."
    ),
    "NO_MAIN_FORM": _("Hovedskjemaet (RF-1086) mangler. Legg det til."),
    "MANY_MAIN_FORMS": _(
        "Det er flere hovedskjemaer. En innsending har ett, med sine underskjemaer. "
        "Ta ut dette, eller lag en innsending for hver aksjeklasse."
    ),
    "NO_SUB_FORM": _("Underskjemaene (RF-1086-U) mangler. Legg til ett for hver aksjonær."),
    "SAME_SHAREHOLDER": _(
        "Samme aksjonær står også i %(other)s. Hver aksjonær skal ha ett underskjema. Slå dem sammen, eller ta ut det ene."
    ),
    "OTHER_CLASS": _(
        "Underskjemaet gjelder aksjeklasse «%(given)s», hovedskjemaet «%(ours)s». "
        "Rett klassen, eller lag en egen innsending for den."
    ),
    "MORE": _more,
    "SHAREHOLDER_SUM": _(
        "Aksjonæren hadde %(held)s aksjer ved årets begynnelse. Med tilgang og avgang blir det %(expected)s, men skjemaet "
        "sier %(holds)s. Oppgi alle kjøp og salg, eller rett antallet. Skatteetaten vil trolig avvise oppgaven."
    ),
    "COMPANY_SUM": _(
        "Selskapet hadde %(before)s aksjer ved årets begynnelse. Med utstedte og slettede aksjer blir det %(expected)s, men "
        "skjemaet sier %(after)s. Oppgi utstedelser og slettinger, eller rett antallet. Skatteetaten vil trolig avvise oppgaven."
    ),
    "CAPITAL": _(
        "%(shares)s aksjer med pålydende %(nominal)s kr er %(product)s kr, men skjemaet sier at aksjekapitalen i klassen "
        "er %(capital)s kr. Rett den som er feil."
    ),
    "DIVIDEND_PER_SHARE": _(
        "%(rate)s kr per aksje for %(shares)s aksjer er %(product)s kr, men skjemaet sier at %(stated)s kr er delt ut. "
        "Rett den som er feil."
    ),
    "DIVIDEND_PER_SHARE:shareholder": _(
        "Aksjonæren har fått %(paid)s kr i utbytte for %(shares)s aksjer, men hovedskjemaet sier %(rate)s kr per aksje. "
        "Rett det som er feil."
    ),
    "TOTAL_SHARES": _total_shares,
    "TOTAL_DIVIDEND": _(
        "Hovedskjemaet sier at %(stated)s kr er delt ut i utbytte, men aksjonærene har fått %(paid)s kr til sammen. "
        "Rett det som er feil."
    ),
    "NOT_A_NUMBER": _("Her må det stå et tall uten mellomrom, med punktum som desimalskille, for eksempel 1200.50."),
    "EARLIER_SHARES": _(
        "Selskapet hadde %(before)s aksjer da året før sluttet, men kladden sier %(given)s ved årets begynnelse."
    ),
    "EARLIER_HELD": _(
        "Aksjonæren hadde %(before)s aksjer da året før sluttet, men kladden sier %(given)s ved årets begynnelse."
    ),
    "EARLIER_UNKNOWN": _(
        "Aksjonæren har %(given)s aksjer ved årets begynnelse i kladden, men står ikke i oppgaven for året før."
    ),
    "EARLIER_MISSING": _("%(who)s hadde %(before)s aksjer da året før sluttet, og har ikke noe underskjema i kladden."),
    "EARLIER_CLASSES": _("Oppgaven for året før har ikke nøyaktig ett hovedskjema, så tallene er ikke sammenlignet."),
    "EARLIER_UNREADABLE": _(
        "%(n)s av skjemaene for året før kan ikke leses. Derfor er det ikke undersøkt hvem som er ny eller mangler."
    ),
}
