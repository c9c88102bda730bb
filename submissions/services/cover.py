"""The cover page of an evidence package, for a person who has only the zip: what was sent, by whom, and what was answered.

As HTML, and as PDF for archives that want one. Both say the same, in the reader's language. The PDF's own fonts have the letters of
Western Europe only: any other one is shown as "?" there, and as it is in the HTML.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from fpdf import FPDF

from accounts.services.actors import STAFF, Names, actor, names_in, names_of, person, with_names
from portal.core.audit import AuditEvent
from portal.explain.audit import present
from submissions.models import Submission
from submissions.services import catalogue

HTML, PDF = "forside.html", "forside.pdf"
MOST_ROWS = 300
"""Rows of one table; the rest is in the files beside the page."""
Rows = Sequence[tuple[str, ...]]


@dataclass(frozen=True)
class Table:
    """`more` is how many rows are not shown."""

    title: str
    heads: tuple[str, ...]
    rows: Rows
    more: int = 0


def pages(submission: Submission, *, files: Mapping[str, str]) -> dict[str, bytes]:
    """The page as files by their names. `files` are the SHA-256 of the package's documents by their names."""
    title = f"{catalogue.name_of(submission.service)} {submission.period.spoken}".strip()
    facts, tables = _facts(submission), _tables(submission, files)
    context = {"title": title, "facts": facts, "tables": tables, "how": _how(), "style": _style()}
    context["language"] = get_language() or "nb"
    html = render_to_string("submissions/evidence/cover.html", context)
    return {HTML: html.encode(), PDF: _pdf(title, facts, tables)}


@cache
def _style() -> str:
    """The style sheet as an address, so that the page needs no other file."""
    content = Path(__file__).with_suffix(".css").read_bytes()
    return f"data:text/css;base64,{b64encode(content).decode()}"


def _facts(row: Submission) -> list[tuple[str, str]]:
    facts = [
        (_("Kunde"), f"{row.customer.name} ({row.customer.orgnr})"),
        (_("Miljø"), row.get_environment_display()),
        (_("Tilstand"), row.get_status_display()),
        (_("Vår referanse"), str(row.reference)),
        (_("Sendt av"), _who(row.queued_by, names_of([row.queued_by]))),
        (_("Lagt i kø"), _when(row.queued_at)),
        (_("Levert"), _when(row.delivered_at)),
        (_("Avgjort"), _when(row.decided_at)),
        (_("Skatteetatens referanse"), row.receipt_reference),
        (_("Dialog"), str(row.dialog_id or "")),
        (_("Forsendelse"), str(row.transmission_id or "")),
        (_("Tilgangen tilhører"), f"{row.access.customer.name} ({row.access.customer.orgnr})" if row.access else ""),
    ]
    return [(label, value) for label, value in facts if value]


def _tables(row: Submission, files: Mapping[str, str]) -> list[Table]:
    reasons = [
        (str(one.get("code", "")), str(one.get("severity", "")), str(one.get("text", ""))) for one in row.reasons
    ]
    calls = [
        (str(call.ordinal), call.step, str(call.key or ""), call.get_status_display(), str(call.http_status or ""), _when(call.finished_at))
        for call in row.calls.order_by("ordinal")
    ]  # fmt: skip
    events = list(with_names(AuditEvent.objects.filter(target=f"{row._meta.label}:{row.pk}").order_by("id")))
    names = names_in(events)
    trail = [(_when(event.at), _who(event.by, names), present(event).sentence) for event in events]
    tables = [
        _table(_("Begrunnelser"), (_("Kode"), _("Alvorlighet"), _("Tekst")), reasons),
        _table(_("Filer"), (_("Navn"), "SHA-256"), list(files.items())),
        _table(_("Kall"), (_("Nr."), _("Steg"), _("Nøkkel"), _("Tilstand"), _("Svar"), _("Avsluttet")), calls),
        _table(_("Hendelser"), (_("Tidspunkt"), _("Av"), _("Hva")), trail),
    ]
    return [table for table in tables if table.rows]


def _table(title: str, heads: tuple[str, ...], rows: Rows) -> Table:
    return Table(title, heads, rows[:MOST_ROWS], max(0, len(rows) - MOST_ROWS))


def _who(by: str, names: Names) -> str:
    """A person by name and e-mail address, as two may have one name; the portal itself for its own tasks."""
    if not by.startswith(STAFF):
        return actor(by, names) or (_("Portalen") if by else "")
    email, name = by.removeprefix(STAFF), person(by, names)
    return email if name == email else f"{name} ({email})"


def _how() -> str:
    return _(
        "Hver fil i pakken har sin SHA-256 i hashes.json. Pakken kontrolleres med «manage.py verify_evidence FIL»."
    )


def _when(moment: datetime | None) -> str:
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return f"{date_format(local, 'j. F Y')} {local:%H:%M:%S}"


def _pdf(title: str, facts: list[tuple[str, str]], tables: list[Table]) -> bytes:
    pdf = FPDF()
    pdf.set_title(_latin(title))
    pdf.set_lang(get_language() or "nb")
    pdf.add_page()
    pdf.set_font("helvetica", style="B", size=16)
    pdf.multi_cell(0, 8, _latin(title), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", size=9)
    _lay(pdf, [(label, value) for label, value in facts], widths=(30, 70))
    for table in tables:
        pdf.set_font("helvetica", style="B", size=12)
        pdf.multi_cell(0, 10, _latin(table.title), new_x="LMARGIN", new_y="NEXT")
        pdf.set_font("helvetica", size=8)
        _lay(pdf, [table.heads, *table.rows])
        if table.more:
            pdf.multi_cell(0, 6, _latin(_more(table.more)), new_x="LMARGIN", new_y="NEXT")
    pdf.set_font("helvetica", size=9)
    pdf.multi_cell(0, 8, _latin(_how()), new_x="LMARGIN", new_y="NEXT")
    return bytes(pdf.output())


def _lay(pdf: FPDF, rows: Rows, widths: tuple[int, ...] | None = None) -> None:
    with pdf.table(first_row_as_headings=widths is None, col_widths=widths, text_align="LEFT") as table:
        for row in rows:
            line = table.row()
            for value in row:
                line.cell(_latin(value))


def _more(number: int) -> str:
    return ngettext(
        "%(n)s rad til står i filene ved siden av.", "%(n)s rader til står i filene ved siden av.", number
    ) % {"n": number}


def _latin(text: str) -> str:
    """The text with "?" for letters that the PDF's own fonts do not have."""
    plain = (
        text.replace("–", "-")
        .replace("—", "-")
        .replace("…", "...")
        .replace("«", '"')
        .replace("»", '"')
        .replace("→", "->")
    )
    return plain.encode("latin-1", "replace").decode("latin-1")
