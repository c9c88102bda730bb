"""What is in the way of a package, or of a file, in one sentence in the reader's language. For pages and lists."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext

from portal.core.formats import spelled_date
from portal.core.masking import visible, without_identity_numbers
from submissions.models import HeapFile, HeapPackage, Submission
from submissions.services import catalogue
from submissions.services.catalogue import Local
from submissions.services.drafting import checking
from submissions.services.drafting.beside import told
from submissions.services.drafting.package_check import OPEN
from submissions.services.heaps.groups import earlier_of
from submissions.services.heaps.texts import reason
from submissions.services.offers import offers_of
from systemusers.models import Access
from systemusers.services.client_relations.ways import Way, ways_to_all

V = HeapPackage.Verdict
TWO_PERSONS = lazy(
    "Tjenesten krever to personer. Noen må sende innsendingen fra siden dens i portalen, og en annen godkjenner."
)
"""Of a watched folder, see `sending.left_to_page`."""


def problems(packages: Iterable[HeapPackage], *, local: Local | None = None) -> dict[int, str]:
    """By the id of the package; "" when nothing is in the way. Packages are of `with_asked` and of one heap, with their customer, draft
    and its access, and other. Four queries at most, three with `local`.
    """
    rows = list(packages)
    lacking = [row for row in rows if row.draft is None and row.verdict == V.NO_ACCESS]
    ways = ways_to_all({row.customer for row in lacking}) if lacking else {}
    if lacking and local is None:
        local = catalogue.local(lacking[0].customer.environment)
    around = _around(rows)
    return {row.pk: _problem(row, ways.get(row.customer_id, []), around.get(row.pk, _Around()), local) for row in rows}


def of_file(file: HeapFile, packages: dict[int, str]) -> str:
    """`packages` is that of `problems`."""
    return packages.get(file.package_id or 0, "") or reason(file)


@dataclass(frozen=True)
class _Around:
    """Of an open draft: what was sent before it, whether its access can be used, and whether a second person is asked."""

    earlier: Submission | None = None
    is_usable: bool = True
    is_asked: bool = False


def _around(packages: Iterable[HeapPackage]) -> dict[int, _Around]:
    """By the id of the package, of those whose draft is open or can be made. One query."""
    rows = [row for row in packages if (row.draft.status in OPEN if row.draft else row.verdict in (V.READY, V.BEFORE))]
    earlier = earlier_of(rows)
    return {row.pk: _Around(earlier.get(row.pk), _is_usable(row.draft), _is_asked(row)) for row in rows}


def _is_usable(draft: Submission | None) -> bool:
    access = draft.access if draft else None
    return draft is None or (access is not None and access.status in Access.USABLE)


def _is_asked(row: HeapPackage) -> bool:
    return row.draft is not None and bool(row.is_asked)  # type: ignore[attr-defined] # annotated


def _problem(row: HeapPackage, ways: list[Way], around: _Around, local: Local | None) -> str:
    if row.draft is not None:
        return _of_draft(row, row.draft, around)
    if row.verdict == V.NO_ACCESS and local is not None:
        return _no_access(row, ways, local)
    if row.verdict == V.OPEN_DRAFT and row.other is not None:
        day = spelled_date(row.other.created_at)
        return _("Det finnes en åpen kladd fra %(day)s med andre filer.") % {"day": day}
    if around.earlier and row.verdict in (V.READY, V.BEFORE):
        return _before(around.earlier, None)
    if row.verdict == V.TOO_MANY:
        most = catalogue.service(row.service).max_files
        text = ngettext("Tjenesten tar %(n)s fil.", "Tjenesten tar høyst %(n)s filer.", most) % {"n": most}
        return text + " " + _("Legg inn bare den som skal sendes, i en ny samling.")
    return _errors(row) if row.verdict == V.ERRORS else ""


def _no_access(row: HeapPackage, ways: list[Way], local: Local) -> str:
    try:
        service = catalogue.service(row.service)
    except catalogue.UnknownService:
        return _("Tjenesten er ikke i katalogen lenger.")
    if not ways:
        return _("Kunden har ikke gitt systemtilgang.")
    offers = offers_of(service, ways, local)
    if any(offer.is_allowed for offer in offers):
        return _("Tilgangen er på plass nå. Sorter på nytt.")
    reasons = [reason for offer in offers for reason in offer.reasons]
    return " ".join(f"{one.through}: {one.text}" if one.through else one.text for one in reasons)


def _before(earlier: Submission, draft: Submission | None) -> str:
    return told(earlier, new=draft) + " " + _("Kladden sendes fra sin egen side.")


def _errors(row: HeapPackage) -> str:
    """The first fault of the first file, and how many more there are."""
    service = catalogue.service(row.service)
    shown = [(entry["file"], one) for entry in row.refused for one in checking.shown(entry["findings"], service)]
    if not shown:
        return ""
    file, first = shown[0]
    line = _("linje %(line)s") % {"line": first.line} if first.line else ""
    text = f"{first.text} ({visible(', '.join(filter(None, [without_identity_numbers(file), line])))})"
    more = len(shown) - 1
    return text + (" " + ngettext("Og %(n)s feil til.", "Og %(n)s feil til.", more) % {"n": more} if more else "")


def _of_draft(row: HeapPackage, draft: Submission, around: _Around) -> str:
    """All that keeps it from being sent with the others."""
    if draft.status not in OPEN:
        return ""
    if not draft.is_checked:
        return _("Filene kontrolleres")
    parts = []
    if row.not_sent:
        has_changed = draft.status_at != row.ready_since
        parts.append(
            _("Ble ikke sendt, for kladden ble endret etter bestillingen.")
            if has_changed
            else _("Ble ikke sendt, for noe må besvares først.")
        )
    if draft.errors:
        parts.append(ngettext("%(n)s feil", "%(n)s feil", draft.errors) % {"n": draft.errors})
    if draft.warnings:
        parts.append(ngettext("%(n)s advarsel", "%(n)s advarsler", draft.warnings) % {"n": draft.warnings})
    if getattr(row, "has_refused", False):
        parts.append(_("En fil ble ikke tatt med."))
    if not around.is_usable:
        parts.append(_("Tilgangen kan ikke brukes til å sende nå."))
    if around.is_asked:
        parts.append(_("Venter på at en annen godkjenner."))
    if around.earlier:
        parts.append(_before(around.earlier, draft))
    if not parts and draft.status == Submission.Status.DRAFT:
        parts.append(_("Kladden har ingen filer som kan sendes."))
    return ". ".join(part.removesuffix(".") for part in parts)
