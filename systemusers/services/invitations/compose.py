"""Makes the mail: plain text and HTML of the same words. Nothing in it is fetched from elsewhere when it is read."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from accounts.models import Vendor
from portal.core.outbox.message import InlinePicture, MailPayload
from portal.core.outbox.style import CSS
from systemusers.models import Access
from systemusers.services.invitations.texts import Text, filled
from systemusers.services.links import link_url
from systemusers.services.offered import told

LOGO = "logo"
SHOWN_EVERYWHERE = {".png", ".jpg", ".jpeg", ".gif"}
"""Formats that mail programs show."""


@dataclass(frozen=True)
class Block:
    """A paragraph, a list or the button."""

    kind: str
    lines: list[str]


def compose(
    *, access: Access, kind: str, text: Text, vendor: Vendor, language: str, systems: Iterable[str], address: int = 0,
    more: Mapping[str, str] = MappingProxyType({}),
) -> MailPayload:  # fmt: skip
    """For a receiver at the customer of `access`, in their language. `access` has its customer and profile loaded.

    `systems`: the names of our systems that it is about. `address`: the row of one of several addresses, whose stop link is its
    own; 0 when there is one receiver, who speaks for the customer. `more`: values of the placeholders that only this kind has.
    """
    stop = {"token": access.link_token, **({"address": address} if address else {})}
    return make_mail(
        text=text,
        vendor=vendor,
        customer=access.customer.name,
        purpose=told(access, language=language),
        language=language,
        link=link_url(access),
        stop=settings.PORTAL_URL + reverse("customer-address-stop" if address else "customer-link-stop", kwargs=stop),
        label=_button(kind, language),
        systems=systems,
        more=more,
    )


def make_mail(
    *,
    text: Text,
    vendor: Vendor,
    customer: str,
    purpose: list[str],
    language: str,
    link: str,
    stop: str,
    label: str,
    systems: Iterable[str],
    more: Mapping[str, str] = MappingProxyType({}),
) -> MailPayload:
    with translation.override(language):
        support = _support(vendor)
        values = {
            "vendor": vendor.name, "customer": customer, "purpose": _listed(purpose), "link": link, "support": support,
            "systems": _listed(systems), **more,
        }  # fmt: skip
        body = filled(text.body, values)
        context = {
            "blocks": _blocks(body, link), "vendor": vendor, "support": support, "stop": stop, "link": link,
            "label": label, "css": CSS, "language": language, "logo": LOGO if _pictures(vendor) else "",
        }  # fmt: skip
        return MailPayload(
            subject=" ".join(filled(text.subject, values).split()),
            text=render_to_string("systemusers/mail/mail.txt", {**context, "body": body}),
            html=render_to_string("systemusers/mail/mail.html", context),
            reply_to=vendor.support_email,
            language=language,
            headers={"List-Unsubscribe": f"<{stop}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"},
            pictures=_pictures(vendor),
        )


def _listed(points: Iterable[str]) -> str:
    return "\n".join(f"- {point}" for point in points)


def _pictures(vendor: Vendor) -> list[InlinePicture]:
    name = vendor.logo.name or ""
    return [{"cid": LOGO, "file": name}] if PurePath(name).suffix.lower() in SHOWN_EVERYWHERE else []


def _support(vendor: Vendor) -> str:
    """How the vendor is reached, in one line; "" when it has said nothing."""
    return ", ".join(filter(None, [vendor.support_phone, vendor.support_email]))


def _button(kind: str, language: str) -> str:
    with translation.override(language):
        return _("Se tilgangen") if kind == "RECEIPT" else _("Les mer og godkjenn")


def _blocks(body: str, link: str) -> list[Block]:
    """Paragraphs are parted by empty lines. One whose lines all begin with "- " is a list; one that is the link, the button."""
    blocks = []
    for part in "\n".join(line.rstrip() for line in body.splitlines()).split("\n\n"):
        lines = [line for line in part.splitlines() if line]
        if lines == [link]:
            blocks.append(Block("button", lines))
        elif lines and all(line.startswith("- ") for line in lines):
            blocks.append(Block("list", [line.removeprefix("- ") for line in lines]))
        elif lines:
            blocks.append(Block("paragraph", lines))
    return blocks


def example(*, kind: str, language: str, text: Text, vendor: Vendor) -> MailPayload:
    """As a made-up customer would get it. Its links lead to no access."""
    with translation.override(language):
        more = {"before": "- " + _("Aksjonærregisteroppgaven"), "added": "- " + _("Tredjepartsopplysninger")}
        customer, purpose = _("Eksempel AS"), [_("sende oppgaver til Skatteetaten for dere"), _("hente svarene")]
    link = settings.PORTAL_URL + reverse("customer-link", kwargs={"token": "eksempel"})
    return make_mail(
        text=text, vendor=vendor, customer=customer, purpose=purpose, language=language, link=link, stop=f"{link}stop/",
        label=_button(kind, language), systems=[_("Systemet vårt")], more=more,
    )  # fmt: skip
