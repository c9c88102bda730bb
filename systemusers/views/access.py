"""Tilganger: the list, and one access with its actions."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts.guard import StaffRequest, staff_page
from accounts.models import Vendor
from portal.core import enqueue
from portal.core.confirm import Question, ask_first, word_in
from portal.core.filters import chips, in_group
from portal.core.heartbeat import is_working
from portal.core.htmx import page_or_fragment
from portal.core.paging import paginate
from portal.core.problems import code_of
from portal.core.search import search_text
from portal.core.states import IllegalTransition, LostRace
from portal.explain import explain
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from systemusers import tasks
from systemusers.models import Access, Kind, System, SystemUser
from systemusers.services import access, adoption, changes, links, listing, timeline
from systemusers.services.keys import NoKey
from systemusers.services.next_step import next_step

Act = Callable[[StaffRequest, Access], None]
S = Access.Status


@staff_page()
def access_list(request: StaffRequest) -> HttpResponse:
    text, status = search_text(request), request.GET.get("status", "")
    matching = listing.find_accesses(user=request.user, environment=request.environment, text=text)
    rows = in_group(matching, listing.STATES, status).select_related("customer", "profile__system", "client_round")
    page, at = paginate(rows, query=request.GET, order=("-status_at", "-pk")), timezone.now()
    working = is_working(at=at)
    shown = page.of(lambda row: listing.access_row(row, at=at, working=working))
    filter_chips = chips(matching, listing.chip_groups(status), query=request.GET, parameter="status", always=("OPEN",))
    context = {"page": shown, "q": text, "status": status, "chips": filter_chips}
    return page_or_fragment(request, "systemusers/accesses.html", "results", context=context)


def find(request: StaffRequest, pk: int) -> Access:
    rows = Access.objects.visible_to(request.user).filter(environment=request.environment)
    return get_object_or_404(rows.loaded().select_related("client_round"), pk=pk)


@staff_page()
def one(request: StaffRequest, pk: int) -> HttpResponse:
    """The page polls while the state may change; without changes the answer is 204 and nothing is swapped."""
    row, at = find(request, pk), timezone.now()
    access.watch(access=row, at=at)
    changes.watch(access=row, at=at)
    working = is_working(at=at)
    stamp = f"{row.status}-{row.status_at:%s}-{row.problem_code}-{row.link_token[:6]}-{working:d}"
    if request.headers.get("HX-Request") and request.GET.get("seen") == stamp:
        return HttpResponse(status=204)
    return page_or_fragment(request, "systemusers/access.html", "status", context=_context(row, stamp, at, working))


def can_withdraw(row: Access) -> bool:
    return row.status == S.DRAFT or row.status in Access.OPEN


def _context(row: Access, stamp: str, at: Any, working: bool) -> dict[str, Any]:
    sending = row.status == S.DRAFT and row.next_attempt_at is not None
    waits = row.status == S.DRAFT and bool(row.problem_code)
    language = row.customer.language
    return {
        "access": row,
        "step": next_step(row, at=at, working=working),
        "events": timeline.of_access(row),
        "asked_by": timeline.name_of(row.requested_by),
        "system_user": SystemUser.objects.filter(access=row).first(),
        "problem": explain(row.problem_code) if row.problem_code else None,
        "change": changes.change_of(row),
        "rights_problem": explain(code) if (code := adoption.rights_problem(row)) else None,
        "link": links.link_url(row),
        "has_clients": row.profile.kind == Kind.AGENT and row.status in Access.USABLE,
        "clients": getattr(row, "client_round", None),
        "purpose": row.profile.purpose(language),
        "stamp": stamp,
        "is_moving": sending or row.status in Access.OPEN,
        "may_answer": row.status in Access.OPEN or row.status in links.RENEWABLE,
        "mailto": _mail(row),
        "report_url": _report_url(row),
        "can_withdraw": can_withdraw(row),
        "can_renew": row.is_final,
        "can_send_again": waits or (row.status == S.DRAFT and not sending),
    }


def _report_url(row: Access) -> str:
    """The URL to start a report with this access; "" when it is not usable."""
    if row.status not in Access.USABLE or row.profile.system.status == System.Status.DELETED:
        return ""
    if row.profile.kind == Kind.AGENT:  # it is for clients, not for the accountant itself
        return ""
    return reverse("submission-new", kwargs={"environment": row.environment}) + f"?customer={row.customer_id}"


def _mail(row: Access) -> str:
    """A mail to the customer with the link in it, in their language."""
    vendor = Vendor.objects.first()
    with translation.override(row.customer.language):
        subject, body = links.forward_text(row, vendor_name=vendor.name if vendor else "")
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


def enqueue_sending(request: StaffRequest, *rows: Access) -> None:
    """Enqueue the sending and show a message."""
    names = {"n": len(rows)}
    enqueue.enqueue_on_commit(tasks.send_accesses)
    if is_working(at=timezone.now()):
        messages.success(
            request, ngettext("Forespørselen er lagret.", "%(n)s forespørsler er lagret.", len(rows)) % names
        )
        return
    text = ngettext(
        "Forespørselen er lagret. Den sendes når portalen arbeider igjen.",
        "%(n)s forespørsler er lagret. De sendes når portalen arbeider igjen.",
        len(rows),
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
    enqueue_sending(request, row)


@act
def send_again(request: StaffRequest, row: Access) -> None:
    access.send_again(access=row, by=request.user.actor, at=timezone.now())
    enqueue_sending(request, row)


@asked_first(_closing)
def revoke_link(request: StaffRequest, row: Access) -> None:
    access.revoke_link(access=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Lenken er stengt. Den som åpner den, får vite det."))


@act
def reopen_link(request: StaffRequest, row: Access) -> None:
    access.reopen_link(access=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Lenken har fått en ny adresse. Den gamle virker ikke mer."))
