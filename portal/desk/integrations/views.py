"""Integrasjoner: the list, one with its secrets and keys, and what is done with it. For administrators."""

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
from accounts.models import Integration, IntegrationProof
from accounts.services.integrations import keeping, proofs
from portal.core.confirm import Question, ask_first, word_in
from portal.core.stale import EditedMeanwhile
from portal.desk.integrations.forms import IntegrationForm, KeyForm, SecretForm
from portal.desk.integrations.shown import all_shown, shown

MAY = "keeps_integrations"


def find(request: StaffRequest, pk: int) -> Integration:
    return get_object_or_404(keeping.find_integrations(request.environment), pk=pk)


def find_to_keep(request: StaffRequest, pk: int) -> Integration:
    """For what lets somebody act as it, or makes it wider: whoever does that must see what it sees. 403 else."""
    row = find(request, pk)
    if not keeping.may_keep(request.user, row):
        raise PermissionDenied(f"{row} sees more than {request.user.actor}")
    return row


def _to(row: Integration) -> HttpResponse:
    return redirect("integration", environment=row.environment, pk=row.pk)


@staff_page(may=MAY)
@require_safe
def integrations(request: StaffRequest) -> HttpResponse:
    at = timezone.now()
    rows = all_shown(keeping.find_integrations(request.environment), at=at)
    return render(request, "desk/integrations/list.html", {"title": _("Integrasjoner"), "rows": rows})


@staff_page(may=MAY)
@require_safe
def one(request: StaffRequest, pk: int) -> HttpResponse:
    return render(request, "desk/integrations/one.html", {"row": shown(find(request, pk), at=timezone.now())})


@staff_page(may=MAY)
@require_http_methods(["GET", "HEAD", "POST"])
def edit(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    """A new one, or what it may do."""
    row = find_to_keep(request, pk) if pk else Integration(environment=request.environment)
    form = IntegrationForm(request.POST or None, instance=row, user=request.user)
    if request.method == "POST" and form.is_valid():
        portfolios = list(form.cleaned_data["portfolios"])
        try:
            keeping.save_integration(
                integration=form.wanted(), portfolios=portfolios, user=request.user, at=timezone.now(), seen=form.seen
            )
        except EditedMeanwhile as error:
            form.show_edited(error)
        except keeping.BeyondOwnSight:
            form.add_error("portfolios", _("Du kan ikke gi den kunder du ikke ser selv."))
        else:
            messages.success(request, _("Lagret."))
            return _to(row)
    context = {"form": form, "integration": find(request, pk) if pk else None}
    return render(request, "desk/integrations/edit.html", context, status=422 if form.errors else 200)


@staff_page(may=MAY)
@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def secret(request: StaffRequest, pk: int) -> HttpResponse:
    """The answer to the POST is the only time that the secret is shown, so it is a page and no redirect."""
    row, at = find_to_keep(request, pk), timezone.now()
    has_old = row.proofs.valid(at).filter(kind=IntegrationProof.Kind.SECRET).exists()
    form = SecretForm(request.POST if request.method == "POST" and has_old else None)
    context = {"row": shown(row, at=at), "form": form, "has_old": has_old}
    if request.method != "POST" or (has_old and not form.is_valid()):
        return render(request, "desk/integrations/secret.html", context, status=422 if form.errors else 200)
    old_for = form.old_for if has_old else None
    try:
        made = proofs.make_secret(integration=row, old_for=old_for, by=request.user.actor, at=at)
    except proofs.TooMany:
        return _too_many(request, row)
    return render(request, "desk/integrations/secret_made.html", {"row": shown(row, at=at), "secret": made.text})


def _too_many(request: StaffRequest, row: Integration) -> HttpResponse:
    messages.error(request, _("Det er %(n)s som virker. Avslutt en av dem først.") % {"n": proofs.MOST})
    return _to(row)


@staff_page(may=MAY)
@require_http_methods(["GET", "HEAD", "POST"])
def key(request: StaffRequest, pk: int) -> HttpResponse:
    row, form = find_to_keep(request, pk), KeyForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            proofs.add_key(integration=row, key=form.cleaned_data["key"], by=request.user.actor, at=timezone.now())
        except proofs.KnownKey:
            form.add_error("key", _("Integrasjonen har hatt en nøkkel med denne id-en før. Lag en ny."))
        except proofs.TooMany:
            return _too_many(request, row)
        else:
            messages.success(request, _("Nøkkelen er lagt til og virker nå."))
            return _to(row)
    context = {"form": form, "row": shown(row, at=timezone.now())}
    return render(request, "desk/integrations/key.html", context, status=422 if form.errors else 200)


def _trail(row: Integration) -> list[tuple[str, str]]:
    where = {"environment": row.environment}
    return [
        (_("Integrasjoner"), reverse("integrations", kwargs=where)),
        (row.name, reverse("integration", kwargs={**where, "pk": row.pk})),
    ]


@staff_page(may=MAY)
@require_http_methods(["GET", "HEAD", "POST"])
def end_proof(request: StaffRequest, pk: int, proof: int) -> HttpResponse:
    row = find(request, pk)
    one_proof = get_object_or_404(row.proofs.select_related("integration"), pk=proof)
    question = Question(
        title=_("Avslutt %(hint)s") % {"hint": one_proof.hint},
        consequences=[_("Den virker ikke mer, og det gjør heller ikke tokenene den har gitt."), _("Det kan ikke angres.")],
        button=_("Avslutt"), trail=_trail(row), word=word_in(row.environment),
    )  # fmt: skip
    if page := ask_first(request, question):
        return page
    proofs.end_proof(proof=one_proof, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Avsluttet."))
    return _to(row)


@staff_page(may=MAY)
@require_http_methods(["GET", "HEAD", "POST"])
def stop(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)
    question = Question(
        title=_("Steng %(name)s") % {"name": row.name},
        consequences=[_("Ingen kall fra den blir besvart, fra nå av."), _("Du kan åpne den igjen, med de samme hemmelighetene.")],
        button=_("Steng"), trail=_trail(row), word=word_in(row.environment),
    )  # fmt: skip
    if page := ask_first(request, question):
        return page
    keeping.stop(integration=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Integrasjonen er stengt."))
    return _to(row)


@staff_page(may=MAY)
@require_POST
def start(request: StaffRequest, pk: int) -> HttpResponse:
    row = find_to_keep(request, pk)
    keeping.start(integration=row, by=request.user.actor, at=timezone.now())
    messages.success(request, _("Integrasjonen er åpen igjen."))
    return _to(row)
