"""Mails to customers, from the page of an access and from the list."""

from __future__ import annotations

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from accounts.guard import StaffRequest, staff_page
from accounts.models import ENDED, Vendor
from portal.core.confirm import Question, ask_first
from portal.core.filters import in_group
from portal.core.search import row_id
from systemusers.models import Access
from systemusers.services import invitations
from systemusers.services.invitations import papers
from systemusers.views.access import Accesses, act, find
from systemusers.views.mail_many import REASONS


@act
def send(request: StaffRequest, row: Access) -> None:
    try:
        invitations.send_now(access=row, by=request.user.actor, at=timezone.now())
    except invitations.CannotMail as error:
        messages.error(request, REASONS[error.code]())
    else:
        messages.success(request, _("E-posten er bestilt, og sendes nå."))


@act
def told(request: StaffRequest, row: Access) -> None:
    invitations.mark_told(accesses=[row.pk], by=request.user.actor, at=timezone.now())
    messages.success(request, _("Kunden er merket som varslet. Portalen sender ingen påminnelser."))


@act
def returned(request: StaffRequest, row: Access) -> None:
    try:
        mail = row_id(request.POST.get("mail", "")) or 0
        invitations.mark_returned(access=row, by=request.user.actor, at=timezone.now(), mail=mail)
    except invitations.CannotMail as error:
        messages.error(request, REASONS[error.code]())
    else:
        messages.success(request, _("Notert. Rett adressen på kunden, og send på nytt, eller varsle på en annen måte."))


@act
def stop(request: StaffRequest, row: Access) -> None:
    invitations.stop(access=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Portalen sender ingen flere e-poster om denne forespørselen."))


def _vendor() -> Vendor:
    return Vendor.objects.first() or Vendor(name="")


@staff_page(may="may_work")
@require_safe
def letter(request: StaffRequest, pk: int) -> HttpResponse:
    """The letter as a page to print."""
    row = find(request, pk)
    shown = papers.letter(access=row, vendor=_vendor(), on=timezone.localdate())
    context = {"access": row, "letter": shown, "qr": papers.qr_svg(shown.link, label=_("QR-kode med lenken"))}
    return _private(render(request, "systemusers/letter.html", context))


@staff_page(may="may_work")
@require_http_methods(["POST"])
def letter_pdf(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    content = papers.letter_pdf(
        access=row, vendor=_vendor(), by=request.user.actor, at=timezone.now(), on=timezone.localdate()
    )
    return _private(_file(content, f"brev-{row.customer.orgnr}.pdf", "application/pdf"))


@staff_page(may="may_work")
@require_http_methods(["GET", "HEAD", "POST"])
def export_links(request: StaffRequest) -> HttpResponse:
    """The links of the customers on the list, as the address filters it."""
    rows = _listed(request)
    number = rows.count()
    question = Question(
        title=_("Last ned lenkene"),
        consequences=[
            ngettext("Filen får lenken til %(n)s kunde.", "Filen får lenkene til %(n)s kunder.", number)
            % {"n": number},
            _("Lenkene er hemmelige: den som har en lenke, kan svare for kunden. Slett filen når dere har brukt den."),
            _("Det blir skrevet i revisjonssporet at du har lastet dem ned."),
        ],
        button=_("Last ned"),
        trail=_trail(request),
    )
    if page := ask_first(request, question):
        return page
    content = papers.links_csv(accesses=rows, by=request.user.actor, at=timezone.now())
    return _private(_file(content, "lenker.csv", "text/csv; charset=utf-8"))


@staff_page(may="may_work")
@require_http_methods(["GET", "HEAD", "POST"])
def told_listed(request: StaffRequest) -> HttpResponse:
    """All customers on the list were told another way."""
    rows = _listed(request)
    number = rows.count()
    question = Question(
        title=_("Merk som varslet på en annen måte"),
        consequences=[
            ngettext("%(n)s kunde blir merket.", "%(n)s kunder blir merket.", number) % {"n": number},
            _("Portalen sender dem ingen påminnelser."),
        ],
        button=_("Merk som varslet"),
        trail=_trail(request),
    )
    if page := ask_first(request, question):
        return page
    ids = list(rows.values_list("pk", flat=True))
    done = invitations.mark_told(accesses=ids, by=request.user.actor, at=timezone.now())
    messages.success(request, ngettext("%(n)s kunde er merket.", "%(n)s kunder er merket.", done) % {"n": done})
    return redirect(_list_url(request))


def _listed(request: StaffRequest) -> QuerySet[Access]:
    """Those of the list that ask. They are owed, so none of them is in the group of ended customers, which is not looked at."""
    shown = Accesses(request)
    rows = shown.filtered if shown.chosen == ENDED else in_group(shown.matching, shown.groups(), shown.chosen)
    rows = rows.filter(status__in=invitations.ASKING, link_revoked_at=None)
    return rows.select_related("customer", "profile").order_by("customer__sort_name", "pk")


def _list_url(request: StaffRequest) -> str:
    query = request.GET.urlencode()
    return reverse("accesses", kwargs={"environment": request.environment}) + (f"?{query}" if query else "")


def _trail(request: StaffRequest) -> list[tuple[str, str]]:
    return [(_("Tilganger"), _list_url(request))]


def _file(content: bytes, name: str, kind: str) -> HttpResponse:
    return HttpResponse(content, content_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})


def _private(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["Referrer-Policy"] = "no-referrer"
    return response
