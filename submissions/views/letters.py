"""Brev fra Skatteetaten: the list, and one letter. Opening a letter marks it as read for everybody here."""

from __future__ import annotations

from functools import cached_property

from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.utils.translation import gettext_lazy as lazy

from accounts.guard import StaffRequest, is_by_person, staff_page
from accounts.services.portfolio_filter import PARAMETER, in_portfolio, portfolio_select
from portal.core.changed import changed_selects, narrowed
from portal.core.exports import Field, customer_fields
from portal.core.filters import Group
from portal.core.lists import Column, Link, ListPage, Nothing, Select
from submissions.models import Dialog, Transmission, TransmissionQuerySet
from submissions.services.casework.unread import mark_seen
from submissions.services.opened import note
from submissions.services.pages import letters as service
from submissions.services.pages.changed import OF_LETTERS


class Letters(ListPage[StaffRequest, TransmissionQuerySet]):
    template = "submissions/letters.html"
    title = lazy("Brev fra Skatteetaten")
    parent = Link("dialogs", lazy("Dialoger"))
    search_label = lazy("Søk etter kunde")
    columns = (
        Column(lazy("Brev")),
        Column(lazy("Kunde")),
        Column(lazy("Dato"), "date", service.NEWEST),
        Column(lazy("Lest")),
    )
    order = service.NEWEST
    file_name = "brev"
    fields = (
        *customer_fields(lambda row: row.letter.dialog.customer),
        Field(lazy("Brev"), lambda row: row.title.text),
        Field(lazy("Type"), lambda row: row.type_name),
        Field(lazy("Dato"), lambda row: row.letter.created_at),
        Field(lazy("Lest"), lambda row: row.letter.read_at),
        Field(lazy("Hvem"), lambda row: row.read_by),
    )
    nothing = Nothing(
        lazy("Ingen brev ennå"),
        lazy("Brev kommer hit når Skatteetaten skriver til en kunde som dere har tilgang til."),
    )
    always = ("unread",)

    def find(self) -> TransmissionQuerySet:
        request = self.request
        rows = service.find_letters(user=request.user, environment=request.environment, text=self.text)
        rows = narrowed(rows, OF_LETTERS, request.GET)
        return in_portfolio(rows, request.GET.get(PARAMETER, ""), customer="dialog__customer")

    @cached_property
    def selects(self) -> list[Select]:
        query = self.request.GET
        return [portfolio_select(self.request.user, query), *changed_selects(OF_LETTERS, query)]

    def groups(self) -> list[Group]:
        return service.groups()

    def apart(self) -> Group:
        return service.of_ended()

    def load(self, rows: TransmissionQuerySet) -> TransmissionQuerySet:
        return service.loaded(rows)

    def rows(self, found: list[Transmission]) -> list[service.Row]:
        return service.rows_of_list(found)


@staff_page()
def letters(request: StaffRequest) -> HttpResponse:
    return Letters(request).respond()


@staff_page()
def letter(request: StaffRequest, pk: int) -> HttpResponse:
    rows = Transmission.objects.visible_to(request.user, environment=request.environment).letters()
    row = get_object_or_404(rows.select_related("dialog__customer"), pk=pk)
    if is_by_person(request):
        note.letter_opened(letter=row, user=request.user, at=timezone.now())
        mark_seen(dialogs=Dialog.objects.filter(pk=row.dialog_id, news_at=row.dialog.news_at), user=request.user)
    return render(request, "submissions/letter.html", {"shown": service.letter_page(row)})
