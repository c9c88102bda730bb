"""Innstillinger: the vendor, Maskinporten clients with their keys, and the results of the scope check."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import second_person
from accounts.guard import StaffRequest, staff_page
from portal.core.environments import Environment, addresses
from portal.core.problems import code_of
from portal.core.stale import EditedMeanwhile
from portal.core.states import IllegalTransition, LostRace
from portal.explain import explain
from portal.gateways.digdir import SCOPES as DCR
from portal.gateways.errors import BrokenReply, Refused, Unavailable
from systemusers.forms import ClientForm
from systemusers.models import MaskinportenClient, ScopeGrant, SigningKey, System
from systemusers.services import keys, scopes
from systemusers.services.clients import save_client
from systemusers.services.keys import self_service
from systemusers.views import proposed


@staff_page(may="may_configure")
def settings(request: StaffRequest) -> HttpResponse:
    clients = MaskinportenClient.objects.filter(environment=request.environment)
    rows = [_shown(client) for client in clients.prefetch_related("keys", "grants", "rotations").order_by("name")]
    is_sandbox = request.environment == Environment.SANDBOX
    has_api = self_service.can_use(request.environment)
    context = {"clients": rows, "is_sandbox": is_sandbox, "sandbox_url": _sandbox_page(), "has_api": has_api}
    return render(request, "systemusers/settings.html", context)


def _sandbox_page() -> str:
    """The sandbox's control page, where a user plays the other parties, among them Digdir."""
    address = urlsplit(addresses(Environment.SANDBOX).platform)
    return f"{address.scheme}://{address.netloc}/control#clients"


def _shown(client: MaskinportenClient) -> dict[str, Any]:
    """A client with its keys, newest first, and each wanted scope with its last verdict."""
    at = timezone.now()
    by_scope = {grant.scope: grant for grant in client.grants.all()}
    shown: list[dict[str, Any]] = []
    for key in sorted(client.keys.all(), key=lambda key: key.created_at, reverse=True):
        shown.append(
            {
                "key": key,
                "days": keys.days_left(key, at=at),
                "is_ending": keys.warning(key.expires_at, at=at) > 0,
                "jwk": keys.public_jwk_text(key, form="jwk"),
                "can_rename": keys.can_rename(key),
            }
        )
    wanted = [by_scope.get(scope) or ScopeGrant(client=client, scope=scope) for scope in client.scopes]
    grants = [{"grant": grant, "reason": explain(grant.code) if grant.code else None} for grant in wanted]
    return {
        "client": client,
        "keys": shown,
        "grants": grants,
        "has_key": any(k["key"].status == "ACTIVE" for k in shown),
        "systems": list(System.objects.filter(client=client).order_by("system_id")),
        "rotation": next((row for row in client.rotations.all() if row.is_open), None),
        "is_admin": any(scope in DCR for scope in client.scopes),
    }


def find(request: StaffRequest, pk: int) -> MaskinportenClient:
    return get_object_or_404(MaskinportenClient, pk=pk, environment=request.environment)


@staff_page(may="may_configure")
def client(request: StaffRequest, pk: int | None = None) -> HttpResponse:
    row = find(request, pk) if pk else None
    form = ClientForm(request.POST or None, instance=row, environment=request.environment)
    if request.method == "POST" and form.is_valid():
        try:
            save_client(client=form.instance, by=request.user.actor, at=timezone.now(), seen=form.seen)
        except EditedMeanwhile as error:
            form.show_edited(error)
        else:
            messages.success(request, _("Klienten er lagret."))
            return redirect("settings", environment=request.environment)
    return render(
        request, "systemusers/client_form.html", {"form": form, "client": row}, status=422 if form.errors else 200
    )


def _back(request: StaffRequest) -> HttpResponse:
    return redirect("settings", environment=request.environment)


def _tell(request: StaffRequest, call: Callable[[], None]) -> HttpResponse:
    try:
        call()
    except (keys.KeyNotAccepted, keys.NoKey, Refused, BrokenReply) as error:
        messages.error(request, explain(code_of(error)).sentence)
    except keys.TooManyKeys:
        messages.error(request, _("Digdir tar imot fem nøkler for en klient. Ta en gammel ut av bruk først."))
    except (LostRace, IllegalTransition):
        messages.warning(request, _("Nøkkelen har endret tilstand i mellomtiden. Her er den slik den er nå."))
    except Unavailable:
        messages.error(request, _("Maskinporten svarer ikke nå. Ingenting er endret. Prøv igjen om litt."))
    return _back(request)


@staff_page(may="may_configure")
@require_POST
def make_key(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)

    def call() -> None:
        keys.make_key(client=row, by=request.user.actor, at=timezone.now())
        messages.success(
            request, _("Nøkkelen er laget. Kopier den offentlige delen til klienten hos Digdir, og ta den så i bruk.")
        )

    return _tell(request, call)


def _key(request: StaffRequest, pk: int) -> SigningKey:
    return get_object_or_404(
        SigningKey.objects.select_related("client"), pk=pk, client__environment=request.environment
    )


@staff_page(may="may_configure")
@require_POST
def activate_key(request: StaffRequest, pk: int) -> HttpResponse:
    key = _key(request, pk)
    act = proposed.key_used(key)
    if act.takes_two and (answer := second_person.ask_first(request, act)):
        return answer

    def call() -> None:
        keys.activate_key(key=key, by=request.user.actor, at=timezone.now())
        messages.success(request, _("Maskinporten godtok nøkkelen, og den er tatt i bruk."))

    return _tell(request, call)


@staff_page(may="may_configure")
@require_http_methods(["GET", "HEAD", "POST"])
def retire_key(request: StaffRequest, pk: int) -> HttpResponse:
    key = _key(request, pk)
    if key.status == SigningKey.Status.RETIRED:
        return _back(request)
    answer = second_person.ask_first(request, proposed.key_retired(key))
    if answer is not None:
        return answer

    def call() -> None:
        keys.retire_key(key=key, by=request.user.actor, at=timezone.now())
        messages.success(request, _("Nøkkelen er tatt ut av bruk. Fjern den hos Digdir også."))

    return _tell(request, call)


@staff_page(may="may_configure")
@require_POST
def check_scopes(request: StaffRequest, pk: int) -> HttpResponse:
    row = find(request, pk)

    def call() -> None:
        grants = scopes.check_scopes(client=row, by=request.user.actor, at=timezone.now())
        lacking = [grant for grant in grants if grant.verdict != ScopeGrant.Verdict.GRANTED]
        if lacking:
            messages.warning(request, _("Noe mangler. Se hvert scope under."))
        else:
            messages.success(request, _("Alle scopene er tildelt."))

    return _tell(request, call)
