"""Who calls: the token, the address it comes from, the employee that is named, the rate, and the scope that the call takes."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.login import visit_of
from accounts.models import Scope
from accounts.services.integrations import calling, granting
from accounts.services.integrations.calling import Caller
from portal.api import rates
from portal.api.problems import Problem
from portal.api.validation import unknown

ON_BEHALF_OF = "On-Behalf-Of"
VERBS = {"read": "Read", "write": "Make and change", "send": "Send and cancel"}


class Call(HttpRequest):
    """The request of a call that was let in."""

    auth: Caller
    rate: rates.Rate
    known_query: set[str]
    known_form: set[str]


class OAuth2:
    """Lets a call in when its token has the scope. Ninja names the security scheme after the class."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        flow = {"tokenUrl": "/api/v1/token", "scopes": {each.value: _described(each) for each in Scope}}
        self.openapi_security_schema = {"type": "oauth2", "flows": {"clientCredentials": flow}}

    def __call__(self, request: Any) -> Caller:
        """Raises Problem."""
        at = timezone.now()
        try:
            claims = granting.read_token(bearer_of(request.META))
            integration = granting.find_caller(claims, at=at)
        except granting.NotProved:
            raise Problem("NO_TOKEN", headers={"WWW-Authenticate": 'Bearer error="invalid_token"'}) from None
        request.rate = rates.take(integration, at=at)
        if request.rate.left < 0:
            wait = str(request.rate.reset)
            raise Problem("TOO_MANY_CALLS", headers={**request.rate.headers, "Retry-After": wait})
        granting.note_use(integration, at=at)
        caller = self._caller(request, integration, claims.scopes)
        if not caller.may_use(self.scope):
            raise self._missing(caller)
        if strange := sorted(set(request.GET) - request.known_query) or sorted(_form(request) - request.known_form):
            raise unknown(strange[0])
        return caller

    def _missing(self, caller: Caller) -> Problem:
        """Names the scope, and who lacks it: the integration, its token, or the employee it acts for."""
        scope = self.scope.value
        if self.scope in caller.scopes:
            detail = _("Den ansatte har ingen rolle i miljøet som gir %(scope)s.")
        elif scope in caller.integration.scopes:
            detail = _("Tokenet er hentet uten %(scope)s. Hent et nytt som har det.")
        else:
            detail = _("Integrasjonen har ikke %(scope)s. En administrator kan gi det under Integrasjoner.")
        challenge = f'Bearer error="insufficient_scope", scope="{scope}"'
        return Problem(
            "SCOPE_MISSING", detail=detail % {"scope": scope}, scope=scope, headers={"WWW-Authenticate": challenge}
        )

    def _caller(self, request: Any, integration: Any, scopes: frozenset[str]) -> Caller:
        try:
            if integration.networks:
                calling.check_network(integration, visit_of(request).ip)
            return calling.caller_of(integration, scopes, employee=request.headers.get(ON_BEHALF_OF, "").strip())
        except calling.FromElsewhere:
            raise Problem("NOT_FROM_HERE") from None
        except calling.EmployeeNeeded:
            raise Problem("EMPLOYEE_NEEDED") from None
        except calling.UnknownEmployee:
            raise Problem("EMPLOYEE_UNKNOWN") from None


def _form(request: HttpRequest) -> set[str]:
    """The names in a form; none in JSON."""
    is_form = (request.content_type or "").startswith("multipart/")
    return {*request.POST, *request.FILES} if is_form else set()


def _described(scope: Scope) -> str:
    """`Read customers` for customers:read: in the description all is English."""
    what, _colon, act = scope.value.partition(":")
    return f"{VERBS[act]} {what}"


def bearer_of(environ: Any) -> str:
    """The token of an Authorization header; "" without one."""
    kind, _blank, token = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if kind.lower() == "bearer" else ""


def is_known(environ: Any) -> bool:
    """Whether the sender of a body with files shows a token that is good: asked before the body is taken."""
    try:
        granting.find_caller(granting.read_token(bearer_of(environ)), at=timezone.now())
    except granting.NotProved:
        return False
    return True
