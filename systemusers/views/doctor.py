"""The doctor, which tries every client, and the token inspector. Under Tilkobling; administrators only."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from accounts.guard import StaffRequest, staff_page
from portal.core.environments import Environment
from portal.core.problems import code_of
from portal.explain import Explanation, explain
from portal.gateways.errors import GatewayError
from systemusers.forms import InspectForm
from systemusers.models import Access, ClientCheck, MaskinportenClient, ScopeGrant, SigningKey
from systemusers.services import doctor as service
from systemusers.services import inspector as inspection
from systemusers.services.diagnosis import CLAIMS
from systemusers.services.keys import NoKey
from systemusers.services.wanted_scopes import Owner, is_for_system_users, owner_of, wanted

OF_OWNER = frozenset({"MP-250"})
"""Refusals that the owner of the scope mends."""


@dataclass(frozen=True)
class Row:
    """A question and its answer. `reason` is None when it was granted; `who` has to act, `claim` is what is wrong."""

    question: str
    scope: str
    checked_at: datetime | None
    code: str = ""
    claim: str = ""
    who: str = ""
    reason: Explanation | None = None
    text: str = ""
    clock_off: int | None = None
    purpose: Any = ""


@dataclass(frozen=True)
class Examined:
    """A client with its answers. `customer`: whose system user was used, "" when there is none to use."""

    client: MaskinportenClient
    has_key: bool
    rows: list[Row]
    customer: str
    has_system_users: bool

    @property
    def wrong(self) -> list[Row]:
        return [row for row in self.rows if row.reason]

    @property
    def fine(self) -> list[Row]:
        return [row for row in self.rows if not row.reason]


@staff_page(may="may_configure")
@require_http_methods(["GET", "HEAD", "POST"])
def doctor(request: StaffRequest) -> HttpResponse:
    clients = MaskinportenClient.objects.filter(environment=request.environment).order_by("name")
    if request.method == "POST":
        _examine(request, [one for one in clients if _has_key(one)])
        return redirect("doctor", environment=request.environment)
    examined = [_examined(one) for one in clients.prefetch_related("grants", "checks__access__customer", "keys")]
    return render(
        request, "systemusers/doctor.html", {"clients": examined, "can_try": any(e.has_key for e in examined)}
    )


def _has_key(client: MaskinportenClient) -> bool:
    return any(key.status == SigningKey.Status.ACTIVE for key in client.keys.all())


def _examine(request: StaffRequest, clients: list[MaskinportenClient]) -> None:
    try:
        service.examine_all(clients=clients, by=request.user.actor, at=timezone.now())
    except service.OutOfTime:
        messages.warning(request, _("Svarene kom sent, så resten ble ikke prøvd. Det som er prøvd, står under."))
    except (NoKey, GatewayError) as error:
        messages.error(request, explain(code_of(error)).sentence)
    else:
        messages.success(request, _("Alt er prøvd. Svarene står under."))


def _examined(client: MaskinportenClient) -> Examined:
    checks = list(client.checks.all())
    by_scope = {grant.scope: grant for grant in client.grants.all()}
    purposes = {one.scope: one.purpose for one in wanted(client.environment)}
    rows = [_of_scope(by_scope[scope], purposes) for scope in client.scopes if scope in by_scope]
    rows += [_of_check(check) for check in sorted(checks, key=lambda one: (one.kind, one.pk))]
    access = next((check.access for check in checks if check.access), None)
    needs_one = any(is_for_system_users(scope) for scope in client.scopes)
    return Examined(
        client, _has_key(client), rows, customer=access.customer.name if access else "",
        has_system_users=not needs_one or service.to_try(client).exists(),
    )  # fmt: skip


def _of_scope(grant: ScopeGrant, purposes: dict[str, Any]) -> Row:
    return replace(_row(_("Deres eget token"), grant), purpose=purposes.get(grant.scope, ""))


def _of_check(check: ClientCheck) -> Row:
    question = str(check.get_kind_display())
    if check.access:
        question = _("Token for %(customer)s") % {"customer": check.access.customer.name}
    return _row(question, check)


def _row(question: str, answer: ScopeGrant | ClientCheck) -> Row:
    scope, code = answer.scope, answer.code
    reason = explain(code) if code else None
    who = str(reason.who) if reason else ""
    if code in OF_OWNER:
        who = {Owner.DIGDIR: _("Digdir"), Owner.SKATTEETATEN: _("Skatteetaten")}[owner_of(scope)]
    clock_off = answer.clock_off if isinstance(answer, ScopeGrant) else None
    return Row(question, scope, answer.checked_at, code, CLAIMS.get(code, ""), who, reason, answer.text, clock_off)


@staff_page(may="may_configure")
@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def inspector(request: StaffRequest) -> HttpResponse:
    """A POST answers with the claims at once: they are stored nowhere."""
    form = InspectForm(request.POST or None, environment=request.environment)
    context: dict[str, Any] = {"form": form}
    if request.method == "POST" and form.is_valid():
        context |= _inspect(request, form)
    status = 422 if form.errors or "problem" in context else 200
    return render(request, "systemusers/token.html", context, status=status)


def _inspect(request: StaffRequest, form: InspectForm) -> dict[str, Any]:
    data, by, at = form.cleaned_data, request.user.actor, timezone.now()
    access = _access(request.environment, data["client"], data["customer"])
    if data["customer"] and access is None:
        form.add_error("customer", _("Kunden har ingen tilgang i bruk gjennom denne klienten."))
        return {}
    try:
        if access is None:
            return {"claims": inspection.inspect_vendor(client=data["client"], scope=data["scope"], by=by, at=at)}
        claims = inspection.inspect_system_user(access=access, scope=data["scope"], by=by, at=at)
    except (NoKey, GatewayError) as error:
        code = code_of(error)
        return {"problem": explain(code), "code": code, "claim": CLAIMS.get(code, "")}
    return {"claims": claims, "access": access}


def _access(environment: Environment, client: MaskinportenClient, orgnr: str) -> Access | None:
    rows = Access.objects.loaded().filter(environment=environment, status__in=Access.USABLE)
    return rows.filter(profile__system__client=client, customer__orgnr=orgnr).order_by("-answered_at", "-pk").first()
