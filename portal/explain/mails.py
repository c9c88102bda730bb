"""What the audit trail says of mails to customers, in words: their kinds, why one was refused, and why they stopped."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as lazy

from portal.explain import explain

MAILS = {
    "INVITATION": lazy("Invitasjon"),
    "REMINDER": lazy("Påminnelse"),
    "RENEWAL": lazy("Lenken på nytt"),
    "RECEIPT": lazy("Kvittering"),
    "FAREWELL": lazy("Brev om å fjerne tilgangen"),
    "CHANGE": lazy("Endring av tilgang"),
    "CHANGE_AGAIN": lazy("Påminnelse om endring"),
}
STOPPED = {
    "APPROVED": lazy("Kunden har godkjent"),
    "ENDED": lazy("Forespørselen er avsluttet"),
    "LINK_CLOSED": lazy("Lenken er stengt"),
    "BY_CUSTOMER": lazy("Kunden har bedt om å slippe e-post"),
    "BY_STAFF": lazy("Stoppet av dere"),
    "OTHER_WAY": lazy("Varslet på en annen måte"),
    "NO_ADDRESS": lazy("Kunden har ingen e-postadresse her"),
    "REFUSED": lazy("E-posten ble ikke tatt imot"),
    "RETURNED": lazy("E-posten kom i retur"),
}


def mail_kind(detail: dict[str, Any], model: Any) -> list[str]:
    kind = str(detail.get("mail", ""))
    return [str(MAILS.get(kind, kind))]


def refused_mail(detail: dict[str, Any], model: Any) -> list[str]:
    return [*mail_kind(detail, model), str(explain(str(detail.get("code", ""))).title)]


def why_stopped(detail: dict[str, Any], model: Any) -> list[str]:
    why = str(detail.get("why", ""))
    return [str(STOPPED.get(why, why))]
