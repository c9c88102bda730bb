"""The texts of mails to customers: the usual ones, those that an administrator wrote, and the placeholders in both.

A mail says no more than the page behind the link: the organisation, the vendor and the purpose. No numbers, no persons.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Language
from systemusers.models import MailKind, MailTemplate

PLACEHOLDERS = ("vendor", "customer", "purpose", "link", "support", "systems")
OF_CHANGES = ("before", "added")
"""Further ones of mails about a change: what the customer has approved before, and what is asked for on top of it."""
IN_SUBJECT = ("vendor", "customer")
ABOUT_CHANGES = {MailKind.CHANGE, MailKind.CHANGE_AGAIN}
NEEDING_LINK = {MailKind.INVITATION, MailKind.REMINDER, MailKind.RENEWAL, *ABOUT_CHANGES}
PLACEHOLDER = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True)
class Text:
    subject: str
    body: str


class BadText(ValueError):
    """A text that cannot be sent. `problems` are translated sentences, by the name of the field."""

    def __init__(self, problems: dict[str, str]) -> None:
        super().__init__(", ".join(problems))
        self.problems = problems


def check(*, kind: str, subject: str, body: str) -> None:
    """Raises BadText for an unknown placeholder, a brace that is none, a missing link, or a subject of several lines."""
    problems = {"subject": _unknown(subject, IN_SUBJECT), "body": _unknown(body, placeholders_of(kind))}
    if "\n" in subject or "\r" in subject:
        problems["subject"] = _("Emnet må stå på én linje.")
    if kind in NEEDING_LINK and "{link}" not in body:
        problems["body"] = problems["body"] or _("Teksten må ha {link}: uten lenken kan kunden ikke godkjenne.")
    if found := {name: text for name, text in problems.items() if text}:
        raise BadText(found)


def placeholders_of(kind: str) -> tuple[str, ...]:
    """Those that a body of the kind may have."""
    return (*PLACEHOLDERS, *OF_CHANGES) if kind in ABOUT_CHANGES else PLACEHOLDERS


def _unknown(text: str, known: tuple[str, ...]) -> str:
    unknown = [name for name in PLACEHOLDER.findall(text) if name not in known]
    names = ", ".join(f"{{{name}}}" for name in known)
    if unknown:
        return _("{%(name)s} er ikke et felt. Her kan du bruke %(names)s.") % {"name": unknown[0][:40], "names": names}
    if "{" in PLACEHOLDER.sub("", text) or "}" in PLACEHOLDER.sub("", text):
        return _("En krøllparentes står alene. Felt skrives slik: %(names)s.") % {"names": names}
    return ""


def filled(text: str, values: dict[str, str]) -> str:
    """`text` with the values in place of the placeholders; a value is not read for placeholders again."""
    return PLACEHOLDER.sub(lambda match: values.get(match[1], match[0]), text)


def all_texts() -> dict[tuple[str, str], Text]:
    """The text in force, by kind and language."""
    usual = {(kind, language): usual_text(kind, language) for kind in MailKind.values for language in Language.values}
    return usual | {(row.kind, row.language): Text(row.subject, row.body) for row in MailTemplate.objects.all()}


def usual_text(kind: str, language: str) -> Text:
    with translation.override(language):
        return _USUAL[MailKind(kind)]()


def _invitation() -> Text:
    return Text(
        _("{vendor} ber om tilgang til å rapportere for {customer}"),
        _(
            "Hei!\n\n"
            "{vendor} ber om tilgang til å rapportere til Skatteetaten for {customer}. Vi ber om å kunne:\n\n"
            "{purpose}\n\n"
            "Tilgangen må godkjennes i Altinn av daglig leder, styreleder eller en tilgangsstyrer. Det tar omtrent ett minutt. "
            "Les mer og godkjenn her:\n\n"
            "{link}\n\n"
            "Er det en annen hos dere som skal godkjenne, kan du sende e-posten videre."
        ),
    )


def _reminder() -> Text:
    return Text(
        _("Påminnelse: {vendor} venter på tilgang for {customer}"),
        _(
            "Hei!\n\n"
            "Vi har bedt om tilgang til å rapportere til Skatteetaten for {customer}, og kan ikke se at den er godkjent. "
            "Uten den kan vi ikke levere for dere.\n\n"
            "Les mer og godkjenn her:\n\n"
            "{link}\n\n"
            "Har dere godkjent nettopp, kan dere se bort fra denne e-posten."
        ),
    )


def _renewal() -> Text:
    return Text(
        _("{vendor} ber om tilgang for {customer} på nytt"),
        _(
            "Hei!\n\n"
            "{vendor} ber på nytt om tilgang til å rapportere til Skatteetaten for {customer}. Vi ber om å kunne:\n\n"
            "{purpose}\n\n"
            "Les mer og godkjenn her:\n\n"
            "{link}\n\n"
            "Er det en annen hos dere som skal godkjenne, kan du sende e-posten videre."
        ),
    )


def _receipt() -> Text:
    return Text(
        _("Takk, {vendor} kan nå rapportere for {customer}"),
        _(
            "Hei!\n\n"
            "Tilgangen til å rapportere til Skatteetaten for {customer} er godkjent. Dere trenger ikke gjøre mer. "
            "Vi kan nå:\n\n"
            "{purpose}\n\n"
            "Dere kan se tilgangen her, og trekke den tilbake på altinn.no når som helst:\n\n"
            "{link}"
        ),
    )


def _farewell() -> Text:
    return Text(
        _("{vendor} rapporterer ikke lenger for {customer}"),
        _(
            "Hei!\n\n"
            "{vendor} rapporterer ikke lenger for {customer}. Tilgangen dere ga i Altinn, gjelder til dere fjerner den. "
            "Bare dere kan gjøre det. Slik fjerner dere den:\n\n"
            "- Logg inn i Altinn, og velg virksomheten.\n"
            "- Åpne oversikten over systemtilganger.\n"
            "- Velg systemtilgangen under, og slett den.\n\n"
            "Det gjelder:\n\n"
            "{systems}"
        ),
    )


def _change() -> Text:
    return Text(
        _("{vendor} ber om å utvide tilgangen for {customer}"),
        _(
            "Hei!\n\n"
            "{customer} har gitt {vendor} tilgang til å rapportere til Skatteetaten. Dere har godkjent:\n\n"
            "{before}\n\n"
            "Nå ber vi om dette i tillegg:\n\n"
            "{added}\n\n"
            "Endringen må godkjennes i Altinn av daglig leder, styreleder eller en tilgangsstyrer. "
            "Les mer og godkjenn her:\n\n"
            "{link}\n\n"
            "Det dere har godkjent før, gjelder uansett hva dere svarer."
        ),
    )


def _change_again() -> Text:
    return Text(
        _("Påminnelse: {vendor} ber om å utvide tilgangen for {customer}"),
        _(
            "Hei!\n\n"
            "Vi har bedt om å få utvidet tilgangen til å rapportere for {customer}, og kan ikke se at det er godkjent. "
            "Vi ber om dette i tillegg til det dere har godkjent:\n\n"
            "{added}\n\n"
            "Les mer og godkjenn her:\n\n"
            "{link}\n\n"
            "Har dere svart nettopp, kan dere se bort fra denne e-posten."
        ),
    )


_USUAL = {
    MailKind.INVITATION: _invitation,
    MailKind.REMINDER: _reminder,
    MailKind.RENEWAL: _renewal,
    MailKind.RECEIPT: _receipt,
    MailKind.FAREWELL: _farewell,
    MailKind.CHANGE: _change,
    MailKind.CHANGE_AGAIN: _change_again,
}
