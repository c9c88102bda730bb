"""Who may open a staff page. Default deny: every view but the customer's own pages goes through `staff_page`.

`tests/meta` walks all addresses and fails on one that lets a stranger in.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from accounts.models import User
from portal.environments import Environment

View = Callable[..., HttpResponse]


class StaffRequest(HttpRequest):
    """What a staff page gets: somebody logged in, and the environment its address names."""

    user: User
    environment: Environment


def staff_page(*, may: str = "") -> Callable[[View], View]:
    """Let logged-in staff in; with `may`, only those whose User property of that name is true ("may_work").

    The view gets `request.environment` from the address and no `environment` argument. 403 for lesser roles.
    """

    def decorate(view: View) -> View:
        @login_required
        @wraps(view)
        def guarded(request: Any, *args: Any, environment: Environment | None = None, **kwargs: Any) -> HttpResponse:
            request.environment = environment
            if may and not getattr(request.user, may):
                raise PermissionDenied(may)
            return view(request, *args, **kwargs)

        guarded.staff_page = may or "any"  # type: ignore[attr-defined] # read by tests/meta
        return guarded

    return decorate


def public_page(view: View) -> View:
    """Mark a view that strangers may open on purpose; it guards itself by an unguessable token or shows nothing private."""
    view.public_page = True  # type: ignore[attr-defined] # read by tests/meta
    return view


class EnvironmentConverter:
    """`<env:environment>` in an address: sandbox, test or production, when switched on here."""

    regex = "sandbox|test|production"

    def to_python(self, value: str) -> Environment:
        environment = Environment(value.upper())
        if not environment.is_enabled:
            raise ValueError(value)
        return environment

    def to_url(self, value: Environment | str) -> str:
        return str(value).lower()
