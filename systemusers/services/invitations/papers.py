"""The link on paper and in files: a QR code, a letter (page and PDF), and a list for the vendor's own mailing.

A link is a secret that lets its reader answer for the customer, so that taking it out is recorded.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

import segno
from django.db import transaction
from django.utils import translation
from django.utils.formats import date_format
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from fpdf import FPDF

from accounts.models import Vendor
from portal.core.audit import AuditEvent, event, record, record_all
from portal.core.audit_events import AuditType
from portal.core.spreadsheet import as_csv
from systemusers.models import Access
from systemusers.services.invitations.order import ASKING
from systemusers.services.links import link_url
from systemusers.services.offered import told

QUIET = 4
"""Empty modules around a QR code, as ISO/IEC 18004 wants."""
PDF_SIDE = 45
"""Millimetres."""


@dataclass(frozen=True)
class Letter:
    """`paragraphs` in the customer's language; `link` is printed, and drawn as a QR code."""

    language: str
    vendor: str
    customer: str
    date: str
    title: str
    paragraphs: list[str]
    purpose: list[str]
    scan: str
    link: str
    support: str


def qr_svg(text: str, *, label: str) -> SafeString:
    """As an element of the page: no style, no script, nothing that is fetched."""
    code = segno.make_qr(text, error="m")
    drawn = code.svg_inline(scale=4, border=QUIET, dark="#000", light="#fff", title=label)
    return mark_safe(drawn)  # noqa: S308 - drawn by segno, which escapes the title


def letter(*, access: Access, vendor: Vendor, on: date) -> Letter:
    """`access` has its customer and profile loaded."""
    customer, language = access.customer, access.customer.language
    names = {"vendor": vendor.name, "customer": customer.name}
    with translation.override(language):
        return Letter(
            language=language,
            vendor=vendor.name,
            customer=customer.name,
            date=date_format(on, "j. F Y") if language != "en" else date_format(on, "j F Y"),
            title=_("%(vendor)s ber om tilgang til å rapportere for %(customer)s") % names,
            paragraphs=[
                _(
                    "For at vi skal kunne sende oppgaver til Skatteetaten for dere, må noen hos dere godkjenne det i Altinn: "
                    "daglig leder, styreleder eller en tilgangsstyrer. Det tar omtrent ett minutt."
                ),
                _("Vi ber om å kunne:"),
            ],
            purpose=told(access, language=language),
            scan=_("Skann koden med telefonen, eller skriv adressen i nettleseren:"),
            link=link_url(access),
            support=", ".join(filter(None, [vendor.support_phone, vendor.support_email])),
        )


def letter_pdf(*, access: Access, vendor: Vendor, by: str, at: datetime, on: date) -> bytes:
    """The letter as PDF (A4). Recorded."""
    with transaction.atomic():
        record(by=by, at=at, target=access, what=AuditType.LETTER_MADE, format="pdf")
    shown = letter(access=access, vendor=vendor, on=on)
    pdf = FPDF(format="A4")
    pdf.set_title(_latin(shown.title))
    pdf.set_lang(shown.language)
    pdf.set_margins(25, 25)
    pdf.add_page()
    _line(pdf, shown.vendor, size=11, bold=True)
    _line(pdf, shown.customer, size=11, gap=12)
    _line(pdf, shown.date, size=11, gap=8)
    _line(pdf, shown.title, size=15, bold=True, gap=6)
    for text in shown.paragraphs:
        _line(pdf, text, size=11, gap=4)
    for point in shown.purpose:
        _line(pdf, f"- {point}", size=11)
    pdf.ln(6)
    _line(pdf, shown.scan, size=11, gap=3)
    _draw(pdf, shown.link)
    _line(pdf, shown.link, size=11, gap=8)
    _line(pdf, shown.support, size=11)
    return bytes(pdf.output())


def _line(pdf: FPDF, text: str, *, size: int, bold: bool = False, gap: int = 0) -> None:
    pdf.set_font("helvetica", style="B" if bold else "", size=size)
    pdf.multi_cell(0, size / 2, _latin(text), new_x="LMARGIN", new_y="NEXT")
    pdf.ln(gap)


def _draw(pdf: FPDF, text: str) -> None:
    """Black squares: no picture in the file, sharp at any size."""
    rows = [list(row) for row in segno.make_qr(text, error="m").matrix]
    side, left, top = PDF_SIDE / len(rows), pdf.get_x(), pdf.get_y()
    pdf.set_fill_color(0)
    for y, row in enumerate(rows):
        for x, is_dark in enumerate(row):
            if is_dark:
                pdf.rect(left + x * side, top + y * side, side, side, style="F")
    pdf.set_y(top + PDF_SIDE + 3)


def _latin(text: str) -> str:
    """The text with "?" for letters that the PDF's own fonts do not have."""
    return text.replace("–", "-").replace("’", "'").encode("latin-1", "replace").decode("latin-1")


def links_csv(*, accesses: Iterable[Access], by: str, at: datetime) -> bytes:
    """A CSV file of the customers who are asked, with their links. Each is recorded. `accesses` have customer and profile."""
    rows = [row for row in accesses if row.status in ASKING and row.link_revoked_at is None]
    with transaction.atomic():
        record_all(_exported(row, by=by, at=at, number=len(rows)) for row in rows)
    header = [
        _("Organisasjonsnummer"), _("Navn"), _("Kundenummer hos oss"), _("Språk"), _("E-post"), _("Tilgang"), _("Tilstand"),
        _("Lenke"),
    ]  # fmt: skip
    return as_csv(header, map(_cells, rows))


def _exported(row: Access, *, by: str, at: datetime, number: int) -> AuditEvent:
    return event(by=by, at=at, target=row, what=AuditType.LINKS_EXPORTED, number=number)


def _cells(row: Access) -> list[str]:
    customer = row.customer
    return [
        customer.orgnr, customer.name, customer.reference, customer.language, customer.contact_email, row.profile.name,
        row.get_status_display(), link_url(row),
    ]  # fmt: skip
