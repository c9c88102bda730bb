"""The customer's own pages: no log-in, phone first, in their language. The token in the URL is the only credential.

GET changes nothing, so mail scanners do no harm, and neither does running the page's script: only a press, a key or a button
marks the link as opened. No page calls an outside service: each shows what is stored, and wakes a worker.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode

from allauth.account.adapter import get_adapter
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from accounts import devices
from accounts.guard import public_page
from accounts.models import Language, Vendor
from accounts.services.business_register import known_approvers
from portal.core import enqueue, rate
from portal.core.environments import Environment
from portal.core.htmx import page_or_fragment
from systemusers import tasks
from systemusers.models import Access
from systemusers.services import links
from systemusers.services.offered import told

LinkView = Callable[..., HttpResponse]
MOST_A_MINUTE = 120
HALF_A_MINUTE = 30
TURNS = 60
A_TURN, CHECKED = timedelta(seconds=3), 20
"""Between two looks after the return from Altinn; so many are a minute."""
"""How many times the waiting page polls before it shows a button instead."""
LOOKS, LONGEST_PAUSE = 10, 60
"""How many times the page of the request looks for a change, and the most seconds between two looks."""
S = Access.Status


def link_page(view: LinkView) -> LinkView:
    """Find the access behind the token; in the customer's language, or the one in the URL."""

    @public_page
    @wraps(view)
    def guarded(request: HttpRequest, token: str, **kwargs: Any) -> HttpResponse:
        wanted = request.GET.get("lang", "")
        if _is_too_often(request):
            return _secret(_gone(request, "often", wanted, 429))
        try:
            row = links.find_link(token)
        except links.UnknownLink:
            return _secret(_gone(request, "unknown", wanted, 404))
        except links.ClosedLink:
            return _secret(_gone(request, "closed", wanted, 410))
        language = wanted if wanted in Language.values else row.customer.language
        with translation.override(language):
            return _secret(view(request, row, **kwargs))

    return guarded


def _is_too_often(request: HttpRequest) -> bool:
    """Rate limit against guessing of tokens; off without Valkey."""
    return rate.count(f"link:{get_adapter().get_client_ip(request)}", at=timezone.now()) > MOST_A_MINUTE


def _gone(request: HttpRequest, why: str, wanted: str, status: int) -> HttpResponse:
    language = wanted if wanted in Language.values else translation.get_language()
    with translation.override(language):
        context = {"why": why, "vendor": Vendor.objects.first(), "languages": _languages()}
        return render(request, "systemusers/link/gone.html", context, status=status)


def _secret(response: HttpResponse) -> HttpResponse:
    """The address is a secret: keep it out of referrers, search engines and caches."""
    response["Referrer-Policy"] = "no-referrer"
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Cache-Control"] = "no-store"
    return response


def is_preview(request: HttpRequest) -> bool:
    """Whether staff look at the page: then nothing counts as done by the customer. Also in a browser with which one of them has logged in
    before; a private window, or another browser, is known by nothing."""
    return request.user.is_authenticated or "preview" in request.GET or devices.is_of_staff(request)


def _may_play(request: HttpRequest, row: Access) -> bool:
    """Outside production staff may act in the customer's place."""
    return request.user.is_authenticated and row.environment != Environment.PRODUCTION


def _languages() -> list[tuple[str, str, bool]]:
    """Code, name and whether the page is in it."""
    return [(code, label, code == translation.get_language()) for code, label in Language.choices]


def _query(request: HttpRequest, row: Access, language: str) -> str:
    kept = {"lang": language} if language != row.customer.language else {}
    kept |= {"preview": "1"} if "preview" in request.GET else {}
    return f"?{urlencode(kept)}" if kept else ""


def link_context(request: HttpRequest, row: Access) -> dict[str, Any]:
    language, change = translation.get_language() or "nb", links.open_change(row)
    return {
        "is_preview": is_preview(request),
        "is_staff_browser": devices.is_of_staff(request),
        "may_play": _may_play(request, row),
        "access": row,
        "customer": row.customer,
        "vendor": Vendor.objects.first(),
        "purpose": told(row, language=language, asked=row.profile if change else None),
        "change": change,
        "languages": _languages(),
        "query": _query(request, row, language),
        "is_waiting": row.status in Access.OPEN,
        "may_start_again": row.status in links.RENEWABLE,
        "may_take_back": row.status not in {S.REJECTED, S.WITHDRAWN, S.REMOVED, S.UNKNOWN},
    }


@require_safe
@link_page
def show(request: HttpRequest, row: Access) -> HttpResponse:
    """The request: by whom, why, and who may approve; or its result. While something may change, the page looks again.

    Altinn is asked only after a person has opened the link, so that mail scanners cause no polls.
    """
    at = timezone.now()
    if row.status != S.SENT:
        links.look_again(access=row, at=at)
    context = {**link_context(request, row), **_approvers(request, row), "watch": _watch(request, row)}
    context["is_preparing"] = "wait" in request.GET and links.is_preparing(row, at=at)
    if request.headers.get("HX-Target") == "approvers":
        return render(request, "systemusers/link/approvers.html", context)
    if request.headers.get("HX-Target") != "watch":
        return render(request, "systemusers/link/show.html", context)
    if request.GET.get("seen") == _state(row):
        return render(request, "systemusers/link/watch.html", context)
    return HttpResponse(headers={"HX-Refresh": "true"})


def _state(row: Access) -> str:
    """What the page depends on: another one means that the page is out of date. That it is opened does not change it, and loading it
    anew would take the focus from who has just pressed a key."""
    is_ready = "ready" if not links.is_preparing(row, at=timezone.now()) else "preparing"
    status = S.SENT if row.status == S.OPENED else row.status
    return f"{status}-{is_ready}"


def _watch(request: HttpRequest, row: Access) -> dict[str, Any]:
    """When and with which address the page looks again; nothing when it has looked often enough, or nothing can change."""
    turn = _turn(request)
    if turn >= LOOKS or row.status not in {S.DRAFT, *Access.OPEN}:
        return {}
    query = {"seen": _state(row), "turn": turn + 1}
    return {"query": f"?{urlencode(query)}", "seconds": min(3 * 2**turn, LONGEST_PAUSE)}


def _turn(request: HttpRequest) -> int:
    turn = request.GET.get("turn", "")
    return int(turn) if turn.isascii() and turn.isdecimal() and len(turn) < 4 else 0


def _approvers(request: HttpRequest, row: Access) -> dict[str, Any]:
    """Names from the register where they are at hand; else a worker asks, and the page looks again a few times."""
    if not _is_asking(row):
        return {"approvers": []}
    whose = {"environment": row.environment, "orgnr": row.customer.orgnr}
    names, turn = known_approvers(**whose), _turn(request)
    if names is None and cache.add(f"approvers-asked:{row.environment}:{row.customer.orgnr}", True, HALF_A_MINUTE):
        enqueue.enqueue_on_commit(tasks.look_up_approvers, access=row.pk)
    is_coming, again = names is None and turn < 3, {"turn": turn + 1, "lang": translation.get_language()}
    return {"approvers": names or [], "approvers_query": f"?{urlencode(again)}" if is_coming else ""}


def _is_asking(row: Access) -> bool:
    return row.status in Access.OPEN or row.status == S.DRAFT or row.status in links.RENEWABLE


@csrf_exempt  # the token is all its authority, no session: see `go_on`
@require_POST
@link_page
def opened(request: HttpRequest, row: Access) -> HttpResponse:
    """Called by the page's script at the first press or key: a person is there. Ignored for staff."""
    if not is_preview(request):
        links.note_opened(access=row, at=timezone.now())
    return HttpResponse(status=204)


@csrf_exempt
@link_page
def go_on(request: HttpRequest, row: Access) -> HttpResponse:
    """Redirect to Altinn's page; back to ours, which looks again, while a worker gets the request ready.

    A GET, or a POST by staff, leads back to the page with the button;

    staff who play the customer are named in the history.

    Without a CSRF token: it is authorised by the secret in its URL and by no cookie, and a page without referrers
    sends `Origin: null`, which that check refuses. So it also works where a mail program's browser blocks cookies.
    """
    back = reverse("customer-link", kwargs={"token": row.link_token}) + link_context(request, row)["query"]
    is_playing = "play" in request.POST and _may_play(request, row)
    if request.method != "POST" or (is_preview(request) and not is_playing):
        return redirect(back)
    by = request.user.actor if request.user.is_authenticated else links.BY
    at = timezone.now()
    if to_change := links.go_on_to_change(access=row, by=by, at=at):
        return redirect(to_change)
    if ready := links.go_on(access=row, by=by, at=at):
        return redirect(ready)
    is_soon = links.is_preparing(row, at=at)
    return redirect(f"{back}{'&' if '?' in back else '?'}wait=1" if is_soon else back)


@require_safe
@link_page
def returned(request: HttpRequest, row: Access) -> HttpResponse:
    """Altinn's redirect target: the state comes from Altinn, which a worker asks, and is not inferred."""
    at, number = timezone.now(), _turn(request)
    links.look_again(access=row, at=at)
    context = link_context(request, row)
    is_answered = row.polled_at is not None and row.polled_at > at - number * A_TURN
    moving = context["is_waiting"] and number < TURNS
    language = translation.get_language()
    kept = "&preview=1" if "preview" in request.GET else ""
    context |= {
        "is_moving": moving,
        "is_checking": moving and number < CHECKED and not is_answered,
        "next_query": f"?turn={number + 1}&lang={language}{kept}",
        "by_hand": f"?turn={max(number, CHECKED)}&lang={language}{kept}",
    }
    return page_or_fragment(request, "systemusers/link/returned.html", "answer", context=context)


@require_safe
@link_page
def forward(request: HttpRequest, row: Access) -> HttpResponse:
    """A text to forward to an approver."""
    context = link_context(request, row)
    vendor = context["vendor"]
    subject, body = links.forward_text(row, vendor_name=vendor.name if vendor else "")
    context |= {"subject": subject, "body": body, "mailto": links.mailto(subject, body)}
    return render(request, "systemusers/link/forward.html", context)


@public_page
@require_safe
def from_altinn(request: HttpRequest) -> HttpResponse:
    """The fixed return URL registered in Altinn; the token in the query selects the access."""
    token = request.GET.get("t", "")
    if not 8 <= len(token) <= 40 or not token.replace("-", "").replace("_", "").isalnum():
        raise Http404
    return _secret(redirect("customer-link-return", token=token))
