"""Proving anew that it is you, before acts that cannot be undone or that give power: keys, the system register, many at once, roles.

`ACTS` is the one table. The guard of staff pages asks it: whoever has not proved it for a while gets a page at the act's own address,
which carries on what was typed in hidden fields. So nothing is stored, nothing is lost, and the act is done once it is proved.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from allauth.account.authentication import get_authentication_records
from allauth.account.forms import ReauthenticateForm as PasswordForm
from allauth.account.internal.flows.reauthentication import reauthenticate_by_password
from allauth.mfa.base.forms import ReauthenticateForm
from allauth.mfa.webauthn.forms import ReauthenticateWebAuthnForm
from allauth.mfa.webauthn.internal.auth import begin_authentication
from django.conf import settings
from django.forms import Form
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _

from accounts.mfa import CodeField, WellFormed
from accounts.services import factors
from portal.core.forms import CleanText
from portal.core.selection import ALL, PICK

PREFIX = "step_up"
OPENED = f"{PREFIX}-opened"
"""A field of the question to somebody who only opened a page."""
Asks = Callable[[HttpRequest], bool]


def on_post(request: HttpRequest) -> bool:
    return request.method == "POST"


def on_change(request: HttpRequest) -> bool:
    """Of Django admin: whatever is sent."""
    return request.method not in ("GET", "HEAD", "OPTIONS")


def on_opening(request: HttpRequest) -> bool:
    """Also to look: the page shows a secret, or the browser makes one for it."""
    return request.method in ("GET", "POST")


def on_many(request: HttpRequest) -> bool:
    """The picked rows of a list, or all that its filter shows."""
    is_many = bool(request.POST.get(ALL)) or len(request.POST.getlist(PICK)) > settings.STEP_UP_MANY
    return request.method == "POST" and is_many


ACTS: dict[str, Asks] = {
    # keys, and the clients that they belong to
    **dict.fromkeys(
        (
            "key-new", "key-import", "key-activate", "key-retire", "key-kid", "client", "client-new", "rotation-start",
            "rotation-post", "rotation-use", "rotation-remove", "rotation-abandon", "rotation-by-hand", "digdir-client-add",
            "digdir-client-new",
        ),
        on_post,
    ),
    # what is written to Altinn's system register
    **dict.fromkeys(("system-register", "system-diff", "system-delete"), on_post),
    # many customers at once
    **dict.fromkeys(("campaign-start", "profile-changes", "heap-send", "links-export", "customer-import-confirm"), on_post),
    **dict.fromkeys(("accesses", "customers", "approvals"), on_many),
    # what all customers read: who the vendor is, and the mails
    **dict.fromkeys(("vendor", "mail-settings", "mail-text"), on_post),
    # who may do what, and who can get in
    **dict.fromkeys(
        (
            "person-invite", "person-invite-again", "person-rights", "person-edit", "person-substitute", "person-leave",
            "person-factors-remove", "person-identity-remove", "person-come-back", "person-vouch", "service-approval",
        ),
        on_post,
    ),
    # which systems get in, where what happens is sent, and what shuts everybody out
    **dict.fromkeys(
        (
            "integration-new", "integration-edit", "integration-secret", "integration-key", "integration-start", "webhook-new",
            "webhook-edit", "webhook-secret", "webhook-start", "incident-links", "incident-log-ins", "incident-integrations",
            "incident-webhooks",
        ),
        on_post,
    ),
    **dict.fromkeys(("code-app", "passkey-new", "recovery-codes"), on_opening),
    "factor-remove": on_post,
    # approving as the second person, which does the act at once
    "proposal": on_post,
    # the first report in production, everything about a customer, and erasing
    "held-export": on_post,
    "production-start": on_post,
    "held-erase": on_post,
}  # fmt: skip
"""By the name of an address: when it asks. Sending each report does not: that is what people do all day."""


class AskedPassword(CleanText, PasswordForm):
    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self.fields["password"].label, self.fields["password"].help_text = _("Passordet ditt"), ""
        self.fields["password"].widget.attrs = {"autocomplete": "current-password"}


class AskedCode(CodeField, ReauthenticateForm):
    pass


class AskedPasskey(WellFormed, ReauthenticateWebAuthnForm):
    pass


def ask(request: Any) -> HttpResponse | None:
    """The page that asks; None when the act goes on."""
    match = getattr(request, "resolver_match", None)
    asks = ACTS.get(match.url_name) if match else None
    return ask_where(request, asks) if asks else None


def ask_where(request: Any, asks: Asks) -> HttpResponse | None:
    """As `ask`, for a page that is not in the table."""
    if not settings.STEP_UP_MINUTES:
        return None
    given = {name for name in request.POST if name.startswith(f"{PREFIX}-")}
    if not asks(request) or is_recent(request):
        return _go_on(request, given)
    code, passkey = _forms(request, given)
    if _proved(request, code, passkey):
        return _go_on(request, given)
    return _page(request, code, passkey, given)


def is_recent(request: Any) -> bool:
    """Whether the person proved it lately, by the factor where they have one."""
    records = get_authentication_records(request, request.user)
    if request.user.given.has_factor:
        records = [each for each in records if each["method"] == "mfa"]
    records = [each for each in records if each["method"] != "socialaccount" or each.get("reauthenticated")]
    return any(time.time() - each["at"] < settings.STEP_UP_MINUTES * 60 for each in records)


def _go_on(request: Any, given: set[str]) -> HttpResponse | None:
    """The act sees what it would have seen without the question. A page that was only opened is opened again."""
    if OPENED in given:
        return redirect(request.get_full_path())
    if given:
        data: QueryDict = request.POST.copy()
        for name in given:
            del data[name]
        data._mutable = False
        request.POST = data
    return None


def is_proved_elsewhere(user: Any) -> bool:
    """Whoever has neither a factor nor a password here proves it at the identity provider."""
    if not settings.OIDC_ISSUER or user.given.has_factor:
        return False
    return not settings.LOCAL_PASSWORDS or not user.has_usable_password()


def _forms(request: Any, given: set[str]) -> tuple[Form, Form | None]:
    """A form for the password or a code, and one for a passkey where the person has one. What was sent binds one of them."""
    user, given = request.user, given - {OPENED}
    if not user.given.has_factor:
        return AskedPassword(request.POST if given else None, user=user, prefix=PREFIX), None
    by_passkey = f"{PREFIX}-credential" in given
    code = AskedCode(request.POST if given and not by_passkey else None, user=user, prefix=PREFIX)
    kinds = {factor.kind for factor in factors.factors_of(user)}
    if factors.Kind.WEBAUTHN not in kinds:
        return code, None
    return code, AskedPasskey(request.POST if by_passkey else None, user=user, prefix=PREFIX)


def _proved(request: Any, code: Form, passkey: Form | None) -> bool:
    for form in filter(None, (code, passkey)):
        if form.is_bound and form.is_valid():
            if isinstance(form, PasswordForm):
                reauthenticate_by_password(request)
            else:
                form.save()  # type: ignore[attr-defined] # of allauth's forms: it stores when and how
            return True
    return False


def _page(request: Any, code: Form, passkey: Form | None, given: set[str]) -> HttpResponse:
    """At the act's own address, with everything that was sent to it."""
    hidden = [
        (name, value) for name, values in request.POST.lists() for value in values
        if name not in given and name != "csrfmiddlewaretoken"
    ]  # fmt: skip
    if request.method == "GET" or OPENED in given:
        hidden = [(OPENED, "1")]
    begun = urlsplit(request.headers.get("Referer", ""))
    context = {
        "form": code,
        "passkey": passkey,
        "hidden": hidden,
        "files": bool(request.FILES),
        "minutes": settings.STEP_UP_MINUTES,
        "back": begun.path if begun.netloc == request.get_host() else "",
        "elsewhere": settings.OIDC_NAME if is_proved_elsewhere(request.user) else "",
        "js_data": {"request_options": begin_authentication(request.user)} if passkey else {},
    }
    is_wrong = code.errors or (passkey and passkey.errors)
    page = render(request, "account/step_up.html", context, status=422 if is_wrong else 200)
    page["Cache-Control"] = "private, no-store"
    return page
