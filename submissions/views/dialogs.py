"""Dialoger: local copies of the customers' dialogs. Viewing them marks nothing as seen in Altinn."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from accounts.guard import StaffRequest, staff_page
from portal.core.filters import chips, in_group
from portal.core.heartbeat import is_working
from portal.core.htmx import page_or_fragment
from portal.core.paging import paginate
from portal.core.search import search_text
from submissions.models import Dialog
from submissions.services import material
from submissions.services.drafting import drafts
from submissions.services.inbox import attachments
from submissions.services.inbox import following as failing
from submissions.services.opened import note
from submissions.services.pages import dialogs as service
from submissions.services.pages import transmissions as parts


@staff_page()
def dialogs(request: StaffRequest) -> HttpResponse:
    text, state, at = search_text(request), request.GET.get("state", ""), timezone.now()
    matching = service.find_dialogs(user=request.user, environment=request.environment, text=text)
    groups = service.groups(at)
    rows = in_group(matching, groups, state).select_related("customer").with_answer()
    page = paginate(rows, query=request.GET, order=service.ORDER.get(state, service.NEWEST))
    working = is_working(at=at)
    shown = page.of(lambda row: service.row_of(row, at=at, working=working))
    filter_chips = chips(matching, groups, query=request.GET, parameter="state")
    context = {"page": shown, "chips": filter_chips, "q": text, "state": state, "tells_opened": note.is_on()}
    return page_or_fragment(request, "submissions/dialogs.html", "results", context=context)


@staff_page()
def dialog(request: StaffRequest, pk: int) -> HttpResponse:
    rows = Dialog.objects.visible_to(request.user).filter(environment=request.environment).with_answer()
    row = get_object_or_404(
        rows.select_related("customer", "access__profile__system__client", "access__customer"), pk=pk
    )
    at = timezone.now()
    context = {
        "dialog": row,
        "badge_of": service.badge(row),
        "owner": service.owner(row),
        "step": service.next_step(row, at=at, working=is_working(at=at)),
        "is_overdue": bool(row.due_at and row.due_at < at and row.status != "Completed" and not row.gone_at),
        "may_try_again": parts.may_try_again(row),
        "transmissions": parts.transmissions(row),
        "events": service.activities(row),
        "tells_opened": note.is_on(),
        "material": material.answering(row),
    }
    return render(request, "submissions/dialog.html", context)


@staff_page(may="may_work")
@require_POST
def try_again(request: StaffRequest, pk: int) -> HttpResponse:
    """Ask for the dialog, and for its attachments that are not here, now."""
    rows = Dialog.objects.visible_to(request.user).filter(environment=request.environment)
    row = get_object_or_404(rows, pk=pk)
    count = attachments.try_again(dialog=row, by=request.user.actor, at=timezone.now())
    text = ngettext("Ett vedlegg hentes på nytt.", "%(n)s vedlegg hentes på nytt.", count) % {"n": count}
    messages.success(request, text if count else _("Dialogen hentes på nytt."))
    return redirect("dialog", environment=request.environment, pk=row.pk)


@staff_page(may="may_work")
@require_POST
def answer(request: StaffRequest, pk: int) -> HttpResponse:
    """A draft with what the dialog asks for."""
    rows = Dialog.objects.visible_to(request.user).filter(environment=request.environment)
    row = get_object_or_404(rows.select_related("customer", "access__profile__system__client"), pk=pk)
    try:
        draft = material.begin(dialog=row, by=request.user.actor, at=timezone.now())
    except material.NotAsked:
        messages.warning(request, _("Dialogen ber ikke lenger om noe."))
    except drafts.NotAllowed as error:
        messages.error(request, str(error))
    else:
        return redirect("submission", environment=request.environment, pk=draft.pk)
    return redirect("dialog", environment=request.environment, pk=row.pk)


@staff_page()
def following(request: StaffRequest) -> HttpResponse:
    """What we fail to fetch: from Dialogporten, and with `?state=events` the subscriptions that Altinn does not take."""
    state = failing.EVENTS if request.GET.get("state") == failing.EVENTS else ""
    rows = failing.find_failing(user=request.user, environment=request.environment, state=state)
    page = paginate(rows, query=request.GET, order=("pk",))
    chips_ = [
        {"label": _("Dialogporten"), "count": None, "query": "", "is_current": not state},
        {"label": _("Hendelser fra Altinn"), "count": None, "query": "state=events", "is_current": bool(state)},
    ]
    context = {"page": page, "rows": [failing.row_of(row) for row in page], "chips": chips_}
    return page_or_fragment(request, "submissions/following.html", "results", context=context)
