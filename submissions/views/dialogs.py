"""Dialoger: local copies of the customers' dialogs. Viewing them marks nothing as seen in Altinn."""

from __future__ import annotations

from datetime import datetime
from functools import cached_property

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, is_by_person, staff_page
from accounts.models import ENDED
from portal.core.exports import Field, customer_fields, step_fields
from portal.core.filters import Group
from portal.core.heartbeat import is_working_for
from portal.core.lists import SORT, Column, ListPage, Select
from portal.core.paging import Page, paginate
from submissions.models import Dialog, DialogQuerySet
from submissions.services import material
from submissions.services.casework.deadlines import with_deadline
from submissions.services.casework.people import with_person
from submissions.services.casework.unread import find_mark, mark_seen
from submissions.services.drafting import drafts
from submissions.services.inbox import attachments, cursors
from submissions.services.opened import note
from submissions.services.pages import dialog_filters as filters
from submissions.services.pages import dialogs as service
from submissions.services.pages import transmissions as parts
from submissions.services.pages.dialog_work import labels_of, work_of
from submissions.views import dialogs_many

PINNED = 10
"""Dialogs with a deadline at the top of the list."""


class Dialogs(ListPage[StaffRequest, DialogQuerySet]):
    template = "submissions/dialogs.html"
    title = lazy("Dialoger")
    search_label = lazy("Søk etter kunde eller id")
    columns = (
        Column(lazy("Dialog")),
        Column(lazy("Kunde")),
        Column(lazy("Status"), "changed", service.NEWEST),
        Column(lazy("Frist")),
        Column(lazy("Ansvarlig")),
        Column(lazy("Neste steg")),
    )
    order = service.NEWEST
    always = ("unread", "attention")
    acts = dialogs_many.ACTS
    file_name = "dialoger"
    fields = (
        *customer_fields(lambda row: row.dialog.customer),
        Field(lazy("Dialog"), lambda row: service.title_of(row.dialog)),
        Field(lazy("Avsender"), lambda row: row.owner),
        Field(lazy("Status"), lambda row: row.badge[1]),
        Field(lazy("Endret"), lambda row: row.dialog.content_updated_at),
        Field(lazy("Frist"), lambda row: row.dialog.due_at),
        Field(lazy("Ansvarlig"), lambda row: row.person),
        Field(lazy("Lest"), lambda row: _("Ulest") if row.is_unread else _("Lest")),
        Field(lazy("Ferdig"), lambda row: row.dialog.handled_at),
        *step_fields(),
    )

    def find(self) -> DialogQuerySet:
        request = self.request
        rows = service.find_dialogs(user=request.user, environment=request.environment, text=self.text)
        return filters.narrowed(rows, request.GET, at=self.at, mark=self.mark, **self.reader)

    @cached_property
    def reader(self) -> filters.Reader:
        return {"user": self.request.user, "environment": self.request.environment}

    @cached_property
    def filtered(self) -> DialogQuerySet:
        """Those that somebody here is done with only in their own group; what needs an answer is none of them."""
        rows = super().filtered
        return rows if self.chosen in {service.DONE, "attention", ENDED} else rows.filter(service.OPEN)

    @cached_property
    def selects(self) -> list[Select]:
        return filters.selects(self.request.user, self.request.GET, environment=self.request.environment)

    def groups(self) -> list[Group]:
        are_due = filters.has_deadline(self.request.GET)
        return service.groups(at=self.at, mark=self.mark, are_due=are_due, **self.reader)

    @cached_property
    def mark(self) -> datetime:
        return find_mark(**self.reader)

    def apart(self) -> Group:
        return service.of_ended()

    def ordering(self) -> tuple[str, ...]:
        """Where every row has a deadline, the late ones come first."""
        by_due = filters.has_deadline(self.request.GET)
        return service.ORDER["due"] if by_due else service.ORDER.get(self.chosen, self.order)

    @cached_property
    def page(self) -> Page[service.Row]:
        """Where nobody has narrowed or sorted the list, those that must be answered by a day come first on its first page.

        What a row shows is read for all of them at once.
        """
        columns = {name.removeprefix("-") for name in self.current_order}
        page = paginate(self.filtered.only(*columns), query=self.request.GET, order=self.current_order, size=self.size)
        keys = [row.pk for row in page]
        if not (self.is_filtered or SORT in self.request.GET or page.is_later):
            urgent = with_deadline(self.filtered).values_list("pk", flat=True)[:PINNED]
            keys = list(dict.fromkeys([*urgent, *keys]))
        found = service.find_loaded(keys, at=self.at, mark=self.mark, **self.reader)
        return page.showing([self.row(each) for each in found])

    def load(self, rows: DialogQuerySet) -> DialogQuerySet:
        return service.loaded(rows, at=self.at, **self.reader)

    def row(self, each: Dialog) -> service.Row:
        return service.row_of(each, at=self.at, working=self.is_working)


def visible(request: StaffRequest) -> DialogQuerySet:
    """The dialogs of the environment that the user may see."""
    return Dialog.objects.visible_to(request.user).filter(environment=request.environment)


@staff_page()
def dialogs(request: StaffRequest) -> HttpResponse:
    shown = Dialogs(request)
    if request.method == "POST":
        return dialogs_many.respond(request, shown.filtered)
    return shown.respond()


@staff_page()
def dialog(request: StaffRequest, pk: int) -> HttpResponse:
    rows = with_person(material.with_given(visible(request).with_answer()), request.environment)
    row = get_object_or_404(
        rows.select_related("customer", "access__profile__system__client", "access__customer"), pk=pk
    )
    at = timezone.now()
    if is_by_person(request):
        mark_seen(dialogs=Dialog.objects.filter(pk=row.pk, news_at=row.news_at), user=request.user)
        note.dialog_opened(dialog=row, user=request.user, at=at)
        cursors.note_look([row.access_id])
    context = {
        "dialog": row,
        "title": service.title_of(row),
        "badge_of": service.badge(row),
        "owner": service.owner(row),
        "step": service.next_step(row, at=at, working=is_working_for(request, at=at)),
        "is_overdue": service.is_late(row, at=at),
        "work": work_of(row, user=request.user),
        "labels": labels_of(row),
        "may_try_again": parts.may_try_again(row),
        "transmissions": parts.transmissions(row),
        "events": service.activities(row),
        "material": material.answering(row),
    }
    return render(request, "submissions/dialog.html", context)


@staff_page(may="may_work")
@require_POST
def try_again(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask for the dialog, and for its attachments that are not here, now."""
    row = get_object_or_404(visible(request), pk=pk)
    count = attachments.try_again(dialog=row, by=request.user.actor, at=timezone.now())
    text = ngettext("Ett vedlegg hentes på nytt.", "%(n)s vedlegg hentes på nytt.", count) % {"n": count}
    messages.success(request, text if count else _("Dialogen hentes på nytt."))
    return redirect("dialog", environment=request.environment, pk=row.pk)


@staff_page(may="may_work")
@require_POST
def answer(request: StaffRequest, pk: int) -> HttpResponse:
    """A draft with what the dialog asks for."""
    row = get_object_or_404(visible(request).select_related("customer", "access__profile__system__client"), pk=pk)
    try:
        draft = material.begin(dialog=row, by=request.user.actor, at=timezone.now())
    except material.NotAsked:
        messages.warning(request, _("Dialogen ber ikke lenger om noe."))
    except drafts.NotAllowed as error:
        messages.error(request, str(error))
    else:
        return redirect("submission", environment=request.environment, pk=draft.pk)
    return redirect("dialog", environment=request.environment, pk=row.pk)
