"""Tilganger: the list, and one access with its actions."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cached_property, partial, wraps
from typing import Any

from django.contrib import messages
from django.db.models import QuerySet, Subquery
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as lazy
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.models import Vendor
from accounts.services import customer_filter
from accounts.services.portfolio_filter import PARAMETER, in_portfolio
from portal.core import enqueue
from portal.core.changed import changed_selects, narrowed
from portal.core.confirm import Question, ask_first, word_in
from portal.core.exports import Field, customer_fields, step_fields
from portal.core.filters import Group
from portal.core.heartbeat import is_working, is_working_for
from portal.core.htmx import page_or_fragment
from portal.core.lists import Column, Link, ListPage, Nothing, Select
from portal.core.problems import code_of
from portal.core.search import row_id
from portal.core.states import IllegalTransition, LostRace
from portal.explain import explain
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from systemusers import tasks
from systemusers.models import Access, Kind, System
from systemusers.services import access, adoption, changes, links, listing, offered, timeline
from systemusers.services.changed import OF_ACCESSES
from systemusers.services.invitations.shown import telling
from systemusers.services.keys import NoKey
from systemusers.services.next_step import step_of
from systemusers.views import many

Act = Callable[[StaffRequest, Access], None]
S = Access.Status
SOON_IN_USE = timedelta(minutes=10)
"""So long an approved access is expected to be put in use by the first round of polling; its page looks again meanwhile."""


class Accesses(ListPage[StaffRequest, QuerySet[Access]]):
    template = "systemusers/accesses.html"
    title = lazy("Tilganger")
    search_label = lazy("Søk etter kunde")
    columns = (
        Column(lazy("Kunde")),
        Column(lazy("Tilgang")),
        Column(lazy("Tilstand")),
        Column(lazy("Siste"), "changed", ("-status_at", "-pk")),
        Column(lazy("Neste steg")),
    )
    order = ("-status_at", "-pk")
    nothing = Nothing(
        lazy("Ingen er spurt ennå"),
        lazy("Velg en kunde og be om systemtilgang. Kunden godkjenner i Altinn, fra en lenke du sender."),
    )
    new = Link("access-new", lazy("Be om tilgang"))
    parameter = "status"
    acts = (many.MAIL, many.RENEW, many.WITHDRAW)
    file_name = "tilganger"
    fields = (
        *customer_fields(lambda row: row.access.customer),
        Field(lazy("Profil"), lambda row: row.access.profile.name),
        Field(lazy("Type"), lambda row: row.access.profile.get_kind_display()),
        Field(lazy("Tilstand"), lambda row: row.access.get_status_display()),
        Field(lazy("Siste"), lambda row: row.access.status_at),
        *step_fields(),
    )
    always = ("OPEN",)
    mailable = ("OPEN", "UNTOLD", "MAIL", S.SENT, S.OPENED, S.FORWARDED, "UNOPENED_LONG", "FORWARDED_LONG")
    """Groups whose customers can be mailed, or given their links, all at once."""

    def find(self) -> QuerySet[Access]:
        request = self.request
        rows = listing.find_accesses(user=request.user, environment=request.environment, text=self.text)
        profile = row_id(request.GET.get("profile", ""))
        rows = rows if profile is None else rows.filter(profile=profile)
        rows = narrowed(rows, OF_ACCESSES, request.GET)
        rows = customer_filter.chosen(rows, request.GET, user=request.user, customer="customer")
        return in_portfolio(rows, request.GET.get(PARAMETER, ""))

    @cached_property
    def selects(self) -> list[Select]:
        query = self.request.GET
        profiles = listing.profile_choices(self.request.environment)
        portfolio, *others = customer_filter.selects(self.request.user, query, environment=self.request.environment)
        return [
            portfolio,
            Select("profile", _("Profil"), profiles, query.get("profile", "")),
            *others,
            *changed_selects(OF_ACCESSES, query),
        ]

    def groups(self) -> list[Group]:
        return listing.groups(self.at)

    def apart(self) -> Group:
        return listing.of_ended()

    def load(self, rows: QuerySet[Access]) -> QuerySet[Access]:
        return rows.select_related("customer", "profile__system", "client_round", "invitation")

    def row(self, each: Access) -> listing.AccessRow:
        return listing.access_row(each, at=self.at, working=self.is_working)


@staff_page()
def access_list(request: StaffRequest) -> HttpResponse:
    """The list, and what is done with picked rows."""
    shown = Accesses(request)
    if request.method != "POST":
        return shown.respond()
    return many.act_on(request, shown.filtered, enqueue_sending=enqueue_sending)


def find(request: StaffRequest, pk: int) -> Access:
    rows = Access.objects.visible_to(request.user).filter(environment=request.environment)
    rows = rows.loaded().annotate(vendor_name=Subquery(Vendor.objects.values("name")[:1]))
    return get_object_or_404(rows.select_related("client_round", "invitation", "system_user"), pk=pk)


@staff_page()
def one(request: StaffRequest, pk: int) -> HttpResponse:
    """The page polls while the state may change; without changes the answer is 204 and nothing is swapped."""
    row, at = find(request, pk), timezone.now()
    if row.status in Access.OPEN:
        access.watch(access=row, at=at)
    else:
        changes.watch(access=row, at=at)
    working = is_working_for(request, at=at)
    told = telling(row, at=at)
    stamp = _stamp(row, at, working, told.stamp)
    if request.headers.get("HX-Request") and request.GET.get("seen") == stamp:
        return HttpResponse(status=204)
    context = {**_context(row, stamp, at, working), "telling": told}
    context["is_moving"] |= told.is_moving
    return page_or_fragment(request, "systemusers/access.html", "status", context=context)


def _stamp(row: Access, at: datetime, working: bool, told: str) -> str:
    """What the page depends on, as a digest: nothing of it can be read from an address."""
    parts = (
        row.status,
        row.status_at.isoformat(),
        row.problem_code,
        row.link_hash,
        str(_is_soon_in_use(row, at)),
        str(row.link_revoked_at),
        working,
        told,
    )
    return salted_hmac("systemusers.access.stamp", repr(parts)).hexdigest()[:16]


def can_withdraw(row: Access) -> bool:
    return row.status == S.DRAFT or row.status in Access.OPEN


def _context(row: Access, stamp: str, at: datetime, working: bool) -> dict[str, Any]:
    sending = row.status == S.DRAFT and row.next_attempt_at is not None
    waits = row.status == S.DRAFT and bool(row.problem_code)
    language, known = row.customer.language, offered.entries(row.environment)
    return {
        "access": row,
        "known": known,
        "step": step_of(row, at=at, working=working),
        "events": timeline.of_access(row),
        "asked_by": timeline.name_of(row.requested_by),
        "system_user": getattr(row, "system_user", None),
        "problem": explain(row.problem_code) if row.problem_code else None,
        "change": changes.change_of(row),
        "rights_problem": explain(code) if (code := adoption.rights_problem(row)) else None,
        "link": links.link_url(row),
        "has_clients": row.profile.kind == Kind.AGENT and row.status in Access.USABLE,
        "clients": getattr(row, "client_round", None),
        "purpose": offered.told(row, language=language, known=known),
        "stamp": stamp,
        "is_moving": sending or row.status in Access.OPEN or _is_soon_in_use(row, at),
        "may_answer": row.status in Access.OPEN or row.status in links.RENEWABLE,
        "mailto": partial(_mail, row),
        "report_url": _report_url(row),
        "can_withdraw": can_withdraw(row),
        "can_renew": row.is_final,
        "can_send_again": waits or (row.status == S.DRAFT and not sending),
    }


def _is_soon_in_use(row: Access, at: datetime) -> bool:
    return row.status == S.APPROVED and at - row.status_at < SOON_IN_USE


def _report_url(row: Access) -> str:
    """The URL to start a report with this access; "" when it is not usable."""
    if row.status not in Access.USABLE or row.profile.system.status == System.Status.DELETED:
        return ""
    if row.profile.kind == Kind.AGENT:  # it is for clients, not for the accountant itself
        return ""
    return reverse("submission-new", kwargs={"environment": row.environment}) + f"?customer={row.customer_id}"


def _mail(row: Access) -> str:
    """A mail to the customer with the link in it, in their language."""
    name = row.vendor_name or ""  # type: ignore[attr-defined] # annotated
    with translation.override(row.customer.language):
        subject, body = links.forward_text(row, vendor_name=name)
    return links.mailto(subject, body, to=row.customer.contact_email)


def act(view: Act) -> Callable[..., HttpResponse]:
    """A POST that changes one access. Expected errors are shown as messages on its page."""

    @staff_page(may="may_work")
    @require_POST
    @wraps(view)
    def guarded(request: StaffRequest, pk: int) -> HttpResponse:
        return _do(view, request, find(request, pk))

    return guarded


def asked_first(asks: Callable[[Access], Question | None]) -> Callable[[Act], Callable[..., HttpResponse]]:
    """An action with a confirmation page; `asks` returns None when the action no longer applies."""

    def decorate(view: Act) -> Callable[..., HttpResponse]:
        @staff_page(may="may_work")
        @require_http_methods(["GET", "HEAD", "POST"])
        @wraps(view)
        def guarded(request: StaffRequest, pk: int) -> HttpResponse:
            row = find(request, pk)
            question = asks(row)
            page = ask_first(request, question) if question else None
            if page is not None:
                return page
            return _do(view, request, row) if request.method == "POST" else _to(row)

        return guarded

    return decorate


def _to(row: Access) -> HttpResponse:
    return redirect("access", environment=row.environment, pk=row.pk)


def _do(view: Act, request: StaffRequest, row: Access) -> HttpResponse:
    try:
        view(request, row)
    except (LostRace, IllegalTransition):
        messages.warning(request, _("Tilgangen har endret seg i mellomtiden. Her er den slik den er nå."))
    except access.NotPossible as error:
        messages.error(request, str(error))
    except (NoKey, Refused, BrokenReply) as error:
        messages.error(request, explain(code_of(error)).sentence)
    except Unavailable:
        messages.error(request, _("Altinn svarer ikke nå. Ingenting er endret. Prøv igjen om litt."))
    return _to(row)


def enqueue_sending(request: StaffRequest, number: int) -> None:
    """Enqueue the sending and show a message."""
    names = {"n": number}
    enqueue.enqueue_on_commit(tasks.send_accesses)
    if is_working(at=timezone.now()):
        messages.success(request, ngettext("Forespørselen er lagret.", "%(n)s forespørsler er lagret.", number) % names)
        return
    text = ngettext(
        "Forespørselen er lagret. Den sendes når portalen arbeider igjen.",
        "%(n)s forespørsler er lagret. De sendes når portalen arbeider igjen.",
        number,
    )
    messages.warning(request, text % names)


def _trail(row: Access) -> list[tuple[str, str]]:
    where = {"environment": row.environment}
    return [
        (_("Tilganger"), reverse("accesses", kwargs=where)),
        (f"{row.profile.name} – {row.customer.name}", reverse("access", kwargs={**where, "pk": row.pk})),
    ]


def _withdrawal(row: Access) -> Question | None:
    if not can_withdraw(row):
        return None
    consequences = [
        _("Forespørselen slettes i Altinn, og %(customer)s kan ikke godkjenne den lenger."),
        _("Lenken kunden har, sier at dere har trukket den tilbake. Dere kan spørre på nytt senere, med samme lenke."),
    ]
    if row.status in {S.OPENED, S.FORWARDED}:
        consequences.insert(0, _("Kunden har åpnet lenken, og kan være i gang med å godkjenne."))
    return Question(
        title=_("Trekk tilbake forespørselen"),
        consequences=[text % {"customer": row.customer.name} for text in consequences],
        button=_("Trekk tilbake"),
        trail=_trail(row),
        word=word_in(row.environment),
    )


def _closing(row: Access) -> Question | None:
    if row.link_revoked_at is not None:
        return None
    return Question(
        title=_("Steng lenken til kunden"),
        consequences=[
            _("Den som åpner lenken, får vite at den er stengt, og kommer ikke videre til Altinn fra den."),
            _("Forespørselen, og en tilgang kunden har gitt, blir stående i Altinn."),
            _("Adressen virker aldri mer. Dere kan lage en ny lenke, og må da sende den til kunden."),
        ],
        button=_("Steng lenken"),
        trail=_trail(row),
        word=word_in(row.environment),
    )


@asked_first(_withdrawal)
def withdraw(request: StaffRequest, row: Access) -> None:
    try:
        access.withdraw_access(access=row, by=request.user.actor, at=timezone.now())
    except access.AlreadyAnswered:
        messages.warning(request, _("Kunden rakk å svare. Her er svaret."))
    else:
        messages.success(request, _("Forespørselen er trukket tilbake, også i Altinn."))


@act
def renew(request: StaffRequest, row: Access) -> None:
    access.renew_access(access=row, by=request.user.actor, at=timezone.now())
    enqueue_sending(request, 1)


@act
def send_again(request: StaffRequest, row: Access) -> None:
    access.send_again(access=row, by=request.user.actor, at=timezone.now())
    enqueue_sending(request, 1)


@asked_first(_closing)
def revoke_link(request: StaffRequest, row: Access) -> None:
    access.revoke_link(access=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Lenken er stengt. Den som åpner den, får vite det."))


@act
def reopen_link(request: StaffRequest, row: Access) -> None:
    access.reopen_link(access=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Lenken har fått en ny adresse. Den gamle virker ikke mer."))
