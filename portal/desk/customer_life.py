"""What a person does with one customer: notes, tags, who follows it up, and the end of the relation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import PermissionDenied
from django.db.models import F, OuterRef, Subquery
from django.db.models.functions import JSONObject, Substr
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guard import StaffRequest, staff_page
from accounts.models import Customer, CustomerNote, CustomerQuerySet, Tag, User, Vendor
from accounts.services import customer_groups, customer_notes
from accounts.services.actors import STAFF, person
from accounts.views import find
from portal.core.confirm import Question, ask_first, word_in
from portal.core.removed import TooLate
from portal.core.undo import field_of, say_with_undo
from portal.desk.customers_many import ASSIGN, form_of
from submissions.services import archiving
from systemusers.services import ending, invitations

MOST_NOTES = 50
NOTE = ("id", "author", "written_at", "text")


@dataclass(frozen=True)
class NoteRow:
    note: CustomerNote
    author: str
    may_delete: bool


def notes_of(customer: Customer, *, user: User) -> list[NoteRow]:
    """The newest first, of a row of `with_notes`. No query."""
    return [_note_row(CustomerNote(**fields), name or "", user) for fields, name in _read(customer)]


def _read(customer: Customer) -> list[tuple[dict[str, Any], str]]:
    rows: list[dict[str, Any]] = customer.note_rows  # type: ignore[attr-defined] # annotated
    for row in rows:
        row["written_at"] = datetime.fromisoformat(row["written_at"]) if row["written_at"] else None
    return [({name: row[name] for name in NOTE}, row["author_name"]) for row in rows]


def _note_row(note: CustomerNote, name: str, user: User) -> NoteRow:
    may_delete = customer_notes.can_delete(note, by=user.actor, administers=user.is_administrator)
    return NoteRow(note, person(note.author, {note.author.removeprefix(STAFF): name}), user.may_work and may_delete)


def with_notes(rows: CustomerQuerySet) -> CustomerQuerySet:
    """Their newest notes and their tags come along in the same query: `note_rows` and `tag_rows`."""
    author = User.objects.filter(email=Substr(OuterRef("author"), len(STAFF) + 1)).values("name")[:1]
    columns = {name: F(name) for name in NOTE}
    notes = CustomerNote.objects.filter(customer=OuterRef("pk")).order_by("-pk")
    tags = Tag.objects.filter(customers=OuterRef("pk")).order_by("name")
    return rows.annotate(
        note_rows=ArraySubquery(notes.values(row=JSONObject(**columns, author_name=Subquery(author)))[:MOST_NOTES]),
        tag_rows=ArraySubquery(tags.values(row=JSONObject(pk=F("pk"), name=F("name")))),
    )


def _to(request: StaffRequest, pk: int) -> HttpResponse:
    return redirect("customer", environment=request.environment, pk=pk)


def _row(request: StaffRequest, pk: int) -> CustomerQuerySet:
    """The visible customer as a queryset of one."""
    return Customer.objects.filter(pk=find(request, pk).pk)


@staff_page(may="may_work")
@require_POST
def add_note(request: StaffRequest, pk: int) -> HttpResponse:
    customer = find(request, pk)
    try:
        customer_notes.add_note(
            customer=customer, text=request.POST.get("text", ""), by=request.user.actor, at=timezone.now()
        )
    except ValueError:
        messages.error(request, _("Skriv et notat først."))
    else:
        messages.success(request, _("Notatet er lagret."))
    return _to(request, pk)


@staff_page(may="may_work")
@require_POST
def delete_note(request: StaffRequest, pk: int, note: int) -> HttpResponse:
    row = get_object_or_404(CustomerNote.objects.filter(customer=find(request, pk)), pk=note)
    user = request.user
    may: dict[str, Any] = {"by": user.actor, "administers": user.is_administrator}
    try:
        reference = customer_notes.delete_note(note=row, **may, at=timezone.now())
    except customer_notes.NotYourNote:
        raise PermissionDenied from None
    if reference:
        back = reverse("customer-note-restore", kwargs={"environment": request.environment, "pk": pk})
        say_with_undo(request, _("Notatet er slettet."), address=back, value=reference)
    return _to(request, pk)


@staff_page(may="may_work")
@require_POST
def restore_note(request: StaffRequest, pk: int) -> HttpResponse:
    which, by = field_of(request, "value"), request.user.actor
    try:
        customer_notes.restore_note(customer=find(request, pk), reference=which, by=by, at=timezone.now())
    except TooLate:
        messages.warning(request, _("Notatet kan ikke hentes tilbake lenger."))
    else:
        messages.success(request, _("Notatet er hentet tilbake."))
    return _to(request, pk)


@staff_page(may="may_work")
@require_POST
def add_tag(request: StaffRequest, pk: int) -> HttpResponse:
    name = field_of(request, "value")
    try:
        customer_groups.add_tag(customers=_row(request, pk), name=name, by=request.user.actor, at=timezone.now())
    except customer_groups.BadTag:
        messages.error(request, _("Skriv en merkelapp uten komma."))
    return _to(request, pk)


@staff_page(may="may_work")
@require_POST
def remove_tag(request: StaffRequest, pk: int, tag: int) -> HttpResponse:
    row = get_object_or_404(find(request, pk).tags, pk=tag)
    customer_groups.remove_tag(customers=_row(request, pk), tag=row, by=request.user.actor, at=timezone.now())
    back = reverse("customer-tag", kwargs={"environment": request.environment, "pk": pk})
    say_with_undo(request, _("Merkelappen «%(name)s» er fjernet.") % {"name": row.name}, address=back, value=row.name)
    return _to(request, pk)


@staff_page(may="may_work")
@require_http_methods(["GET", "HEAD", "POST"])
def assign(request: StaffRequest, pk: int) -> HttpResponse:
    customer = find(request, pk)
    form = form_of(ASSIGN, request.POST if request.method == "POST" else None, user=request.user)
    if request.method == "POST" and form.is_valid():
        to, by = form.cleaned_data["value"], request.user.actor
        customer_groups.assign(customers=_row(request, pk), to=to, by=by, at=timezone.now())
        return _to(request, pk)
    context = {"form": form, "title": _("Ansvarlig for %(name)s") % {"name": customer.name}, "hidden": [], "number": 0}
    return render(request, "desk/customers_many.html", context, status=422 if form.errors else 200)


@staff_page(may="may_work")
def end(request: StaffRequest, pk: int) -> HttpResponse:
    customer = find(request, pk)
    page = ask_first(request, _question(request, customer))
    if page is not None:
        return page
    if ending.end_relation(customer=customer, by=request.user.actor, at=timezone.now()):
        messages.success(request, _("Kundeforholdet avsluttes."))
    return _to(request, pk)


def _question(request: StaffRequest, customer: Customer) -> Question:
    left = archiving.under_way(customer)
    waits = _("%(submissions)s og %(orders)s følges til de har fått svar. Så arkiveres kunden.")
    submissions = ngettext("%(n)s innsending", "%(n)s innsendinger", left.submissions) % {"n": left.submissions}
    orders = ngettext("%(n)s bestilling", "%(n)s bestillinger", left.orders) % {"n": left.orders}
    return Question(
        title=_("Avslutt kundeforholdet"),
        consequences=[
            _("Ingenting nytt kan sendes, bestilles eller spørres om for kunden. Påminnelser stopper."),
            _("Spørsmål som venter i Altinn, trekkes tilbake: %(n)s.") % {"n": left.questions},
            waits % {"submissions": submissions, "orders": orders},
            _("Dokumenter og historikk beholdes etter de vanlige reglene for lagring. Kladder blir liggende."),
            _("En tilgang som er gitt, kan bare kunden selv fjerne i Altinn. Etterpå får du et brev du kan gi kunden."),
        ],
        button=_("Avslutt"),
        trail=[
            (_("Kunder"), reverse("customers", kwargs={"environment": request.environment})),
            (customer.name, reverse("customer", kwargs={"environment": request.environment, "pk": customer.pk})),
        ],
        word=word_in(request.environment),
    )


@staff_page(may="may_work")
@require_POST
def reactivate(request: StaffRequest, pk: int) -> HttpResponse:
    if ending.reactivate(customer=find(request, pk), by=request.user.actor, at=timezone.now()):
        messages.success(request, _("Kundeforholdet er gjenopptatt. Be om tilgang på nytt hvis den ble trukket."))
    return _to(request, pk)


@staff_page(may="may_work")
@require_safe
def letter(request: StaffRequest, pk: int) -> HttpResponse:
    """A text for the customer, in the customer's language, on how to remove the access in Altinn. To print, or to mail."""
    customer = find(request, pk)
    farewell = invitations.farewell(customer)
    names = sorted({system.names[customer.language] or system.name_nb for system in farewell.systems})
    context = {
        "customer": customer, "systems": names, "vendor": Vendor.objects.first(), "farewell": farewell,
        "obstacle": NO_FAREWELL[farewell.obstacle]() if farewell.obstacle in NO_FAREWELL else "",
    }  # fmt: skip
    return render(request, "desk/customer_letter.html", context)


NO_FAREWELL: dict[str, Callable[[], str]] = {
    "NO_ADDRESS": lambda: _("Kunden har ingen e-postadresse her. Skriv ut brevet, eller legg til en kontakt."),
    "BY_CUSTOMER": lambda: _("Kontaktene har bedt om å slippe e-post. Skriv ut brevet."),
    "NO_VENDOR": lambda: _("Fyll ut hvem dere er, under Oppsett, før brevet kan sendes."),
    "NOTHING_GIVEN": lambda: _("Ingen tilgang er i bruk, så det er ikke noe å skrive om."),
    "SENT_BEFORE": lambda: _("Brevet er sendt på e-post."),
}


@staff_page(may="may_work")
@require_POST
def mail_letter(request: StaffRequest, pk: int) -> HttpResponse:
    """The letter by mail, once for each end of the relation."""
    customer = find(request, pk)
    try:
        number = invitations.send_farewell(customer=customer, by=request.user.actor, at=timezone.now())
    except invitations.CannotMail as error:
        reason = NO_FAREWELL.get(error.code, lambda: _("Kundeforholdet er ikke avsluttet."))
        messages.error(request, reason())
    else:
        text = ngettext("Brevet sendes til %(n)s mottaker.", "Brevet sendes til %(n)s mottakere.", number)
        messages.success(request, text % {"n": number})
    return redirect("customer-letter", environment=request.environment, pk=pk)
