"""Webhooks: the list, one with its log, and what is done with it. For administrators."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.guard import StaffRequest, staff_page
from portal.core.confirm import Question, ask_first, word_in
from portal.core.stale import EditedMeanwhile
from portal.core.webhooks import keeping
from portal.core.webhooks.row import Webhook
from portal.desk.webhooks.forms import SecretForm, WebhookForm
from portal.desk.webhooks.shown import all_shown, log_of, shown

MAY = "keeps_integrations"


def find(request: StaffRequest, pk: int) -> Webhook:
    return get_object_or_404(keeping.find_webhooks(request.environment), pk=pk)


def _check_sight(request: StaffRequest) -> None:
    """A webhook tells of all customers: whoever says where to must see them. 403 else."""
    if not request.user.sees_all_customers:
        raise PermissionDenied("a webhook tells of customers that the user does not see")


def _to(hook: Webhook) -> HttpResponse:
    return redirect("webhook", environment=hook.environment, pk=hook.pk)


@staff_page(may=MAY)
@require_safe
def webhooks(request: StaffRequest) -> HttpResponse:
    is_narrowed = request.GET.get("state") == "failing"
    hooks = Webhook.objects.filter(environment=request.environment)
    rows = all_shown(hooks.failing(at=timezone.now()) if is_narrowed else hooks)
    context = {"title": _("Webhooks"), "rows": rows, "is_narrowed": is_narrowed}
    return render(request, "desk/webhooks/list.html", context)


@staff_page(may=MAY)
@require_safe
def one(request: StaffRequest, pk: int) -> HttpResponse:
    hook = find(request, pk)
    return render(request, "desk/webhooks/one.html", {"row": shown(hook), **log_of(hook, request.GET)})


@staff_page(may=MAY)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def new(request: StaffRequest) -> HttpResponse:
    """The answer to the POST is the only time that the secret is shown, so it is a page and no redirect."""
    _check_sight(request)
    form = WebhookForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            hook, secret = keeping.make(
                environment=request.environment, by=request.user.actor, at=timezone.now(), **form.chosen
            )
        except keeping.TooMany:
            form.add_error(None, _("Det er %(n)s fra før. Fjern en av dem først.") % {"n": keeping.MOST})
        else:
            return render(request, "desk/webhooks/secret_made.html", {"row": shown(hook), "secret": secret})
    context = {"form": form, "row": None}
    return render(request, "desk/webhooks/edit.html", context, status=422 if form.errors else 200)


@staff_page(may=MAY)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, pk: int) -> HttpResponse:
    _check_sight(request)
    hook = find(request, pk)
    form = WebhookForm(request.POST or None, instance=hook)
    if request.method == "POST" and form.is_valid():
        try:
            keeping.change(hook=hook, by=request.user.actor, at=timezone.now(), seen=form.seen, **form.chosen)
        except EditedMeanwhile as error:
            form.show_edited(error)
        else:
            messages.success(request, _("Lagret."))
            return _to(hook)
    context = {"form": form, "row": shown(find(request, pk))}
    return render(request, "desk/webhooks/edit.html", context, status=422 if form.errors else 200)


@staff_page(may=MAY)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def secret(request: StaffRequest, pk: int) -> HttpResponse:
    """As for `new`."""
    _check_sight(request)
    hook, form = find(request, pk), SecretForm(request.POST or None)
    if request.method != "POST" or not form.is_valid():
        context = {"row": shown(hook), "form": form}
        return render(request, "desk/webhooks/secret.html", context, status=422 if form.errors else 200)
    made = keeping.rotate(hook=hook, old_for=form.old_for, by=request.user.actor, at=timezone.now())
    return render(request, "desk/webhooks/secret_made.html", {"row": shown(hook), "secret": made})


@staff_page(may=MAY)
@require_POST
def test(request: StaffRequest, pk: int) -> HttpResponse:
    _check_sight(request)
    hook = find(request, pk)
    keeping.test(hook=hook, by=request.user.actor, at=timezone.now())
    messages.success(request, _("En testmelding er på vei. Se i loggen om den kom fram."))
    return _to(hook)


@staff_page(may=MAY)
@require_POST
def again(request: StaffRequest, pk: int, message: int) -> HttpResponse:
    _check_sight(request)
    hook = find(request, pk)
    row = get_object_or_404(keeping.messages_of(hook), pk=message)
    try:
        keeping.send_again(hook=hook, message=row, by=request.user.actor, at=timezone.now())
    except keeping.NotThere:
        messages.error(request, _("Meldingen kan ikke sendes på nytt: det den fortalte, er ikke tatt vare på lenger."))
    else:
        messages.success(request, _("Meldingen sendes på nytt, med samme id."))
    return _to(hook)


@staff_page(may=MAY)
@require_POST
def stop(request: StaffRequest, pk: int) -> HttpResponse:
    hook = find(request, pk)
    keeping.stop(hook=hook, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Stoppet. Det som skjer, sendes når du starter den igjen."))
    return _to(hook)


@staff_page(may=MAY)
@require_POST
def start(request: StaffRequest, pk: int) -> HttpResponse:
    _check_sight(request)
    hook = find(request, pk)
    keeping.start(hook=hook, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Startet. Det som ventet, sendes nå."))
    return _to(hook)


@staff_page(may=MAY)
@require_http_methods(["GET", "HEAD", "POST"])
def remove(request: StaffRequest, pk: int) -> HttpResponse:
    hook, where = find(request, pk), {"environment": request.environment}
    question = Question(
        title=_("Fjern webhooken til %(host)s") % {"host": hook.host},
        consequences=[_("Det som venter på å bli sendt, sendes ikke."), _("Det kan ikke angres.")],
        button=_("Fjern"), word=word_in(request.environment),
        trail=[
            (_("Integrasjoner"), reverse("integrations", kwargs=where)),
            (_("Webhooks"), reverse("webhooks", kwargs=where)),
            (hook.host, reverse("webhook", kwargs={**where, "pk": hook.pk})),
        ],
    )  # fmt: skip
    if page := ask_first(request, question):
        return page
    keeping.remove(hook=hook, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Webhooken er fjernet."))
    return redirect("webhooks", environment=request.environment)
