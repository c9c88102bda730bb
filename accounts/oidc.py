"""Log-in with the vendor's identity provider (Entra ID, Google, Keycloak, …) by OpenID Connect: allauth's flow, made strict.

The code flow with PKCE; the ID token's signature is always verified, with algorithms of public keys only. A session that began there is
checked there again each OIDC_RECHECK_MINUTES, by a redirect that asks nothing of the person (`prompt=none`). Whoever was switched off
there is logged out here, and what groups give is read anew.
"""

from __future__ import annotations

import logging
import time
from typing import Any
from urllib.parse import urlencode

import jwt
import requests
from allauth.account.adapter import get_adapter as account_adapter
from allauth.account.internal.flows.login import record_authentication
from allauth.account.utils import get_next_redirect_url
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth.views import redirect_to_login
from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from accounts.login import visit_of
from accounts.services import single_sign_on, visits
from accounts.services.single_sign_on import CHECKED, PROVIDER, TRIED, NotLetIn

ENDED = {"login_required", "interaction_required", "consent_required", "account_selection_required", "access_denied"}
"""What a provider answers when the person is not let in any more, or would have to do something there."""
ALGORITHMS = {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"}
NEEDED = ("issuer", "authorization_endpoint", "token_endpoint", "jwks_uri")
logger = logging.getLogger(__name__)
CONFIGURATION_KEPT = 10 * 60  # seconds
CLOCKS_DIFFER, PATIENCE = 30, 5  # seconds
PROOF_TAKES = 5 * 60  # seconds, at most


class Client(OpenIDConnectOAuth2Adapter):
    def get_provider(self) -> Any:
        """allauth's, which makes this class and not its own for the way there."""
        provider = super().get_provider()
        provider.oauth2_adapter_class = Client
        return provider

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says about itself. Raises OAuth2Error and RequestException."""
        key = f"oidc-configuration:{settings.OIDC_ISSUER}"
        if (known := cache.get(key)) is not None:
            return dict(known)
        config = dict(super().openid_config)
        if config.get("issuer") != settings.OIDC_ISSUER or any(not config.get(name) for name in NEEDED):
            raise OAuth2Error("the provider's configuration is another's, or not whole")
        cache.set(key, config, CONFIGURATION_KEPT)
        return config

    def get_callback_url(self, request: HttpRequest, app: Any) -> str:
        return f"{settings.PORTAL_URL}{reverse('oidc-callback')}"

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> Any:
        claims = self._verified(str(kwargs["response"].get("id_token") or ""))
        if not {"email", settings.OIDC_GROUPS_CLAIM} <= claims.keys() and self.openid_config.get("userinfo_endpoint"):
            more = self._fetch_user_info(token.token)
            if more.get("sub") != claims["sub"]:
                raise OAuth2Error("userinfo is about somebody else")
            claims = {**more, **claims}
        request.oidc_claims = claims  # type: ignore[attr-defined]
        kept: dict[str, Any] = {name: claims[name] for name in ("sub", "email") if name in claims}
        if "email_verified" in claims:  # some providers say it as text, and "false" is no yes
            kept["email_verified"] = claims["email_verified"] in (True, "true")
        return self.get_provider().sociallogin_from_response(request, {"id_token": kept})

    def _verified(self, token: str) -> dict[str, Any]:
        """The claims of an ID token. Raises OAuth2Error."""
        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") not in ALGORITHMS:
                raise OAuth2Error("the ID token is not signed with a key that is public")
            claims: dict[str, Any] = jwt.decode(
                token,
                key=self._key(header.get("kid")),
                algorithms=[header["alg"]],
                audience=settings.OIDC_CLIENT_ID,
                issuer=self.openid_config["issuer"],
                leeway=CLOCKS_DIFFER,
                options={"require": ["exp", "iss", "aud", "sub"]},
            )
        except (jwt.PyJWTError, KeyError, TypeError, ValueError) as error:
            raise OAuth2Error(f"the ID token is not good: {type(error).__name__}") from error
        is_for_others = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if is_for_others and claims.get("azp") != settings.OIDC_CLIENT_ID:
            raise OAuth2Error("the ID token was made for others")
        return claims

    def _key(self, kid: str | None) -> Any:
        """The key that the token names, or the only one there is. Raises OAuth2Error and RequestException."""
        with requests.get(self.openid_config["jwks_uri"], timeout=PATIENCE) as reply:
            reply.raise_for_status()
            keys = jwt.PyJWKSet.from_dict(reply.json()).keys
        named = [key for key in keys if key.key_id == kid] if kid else keys
        if len(named) != 1:
            raise OAuth2Error("the provider has no such key")
        return named[0]


class SocialAdapter(DefaultSocialAccountAdapter):
    """Decides who is let in. allauth's own ways to find an account, by address or by signing up, are not used."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: Any) -> bool:
        return False

    def authenticate_by_email(self, sociallogin: Any) -> None:
        return None

    def populate_user(self, request: HttpRequest, sociallogin: Any, data: Any) -> Any:
        return sociallogin.user

    def pre_social_login(self, request: Any, sociallogin: Any) -> None:
        claims, at = request.oidc_claims, timezone.now()
        verified = any(address.verified for address in sociallogin.email_addresses)
        about = {"uid": sociallogin.account.uid, "email": str(claims.get("email") or ""), "is_verified": verified}
        asked = (sociallogin.state.get("data") or {}).get("asked", "")
        try:
            user = single_sign_on.find_person(**about)
            sociallogin.account = single_sign_on.connect(user=user, uid=about["uid"], at=at)
        except NotLetIn as error:
            raise ImmediateHttpResponse(_refused(request, error.code)) from error
        sociallogin.user = user
        groups = claims.get(settings.OIDC_GROUPS_CLAIM) or []
        single_sign_on.follow_groups(user=user, groups=groups if isinstance(groups, list) else [groups], at=at)
        if asked and request.user.is_authenticated and request.user.pk == user.pk:
            single_sign_on.note_checked(request.session, at=at)
            if asked == "proof" and not _is_fresh(claims):
                raise ImmediateHttpResponse(_refused(request, "FAILED" if "auth_time" in claims else "NO_TIME"))
            if asked == "proof":
                record_authentication(request, user, method="socialaccount", reauthenticated=True)
            raise ImmediateHttpResponse(redirect(sociallogin.get_redirect_url(request) or "/"))

    def on_authentication_error(
        self, request: HttpRequest, provider: Any, error: Any = None, exception: Any = None, extra_context: Any = None
    ) -> None:
        state = (extra_context or {}).get("state") or {}
        asked = (state.get("data") or {}).get("asked", "")
        said = request.GET.get("error", "")
        if exception is not None:
            logger.warning("the answer of the identity provider was refused: %s", str(exception)[:200])
        if asked and request.user.is_authenticated and said not in ENDED:
            raise ImmediateHttpResponse(redirect(state.get("next") or "/"))  # it could not say: asked again in a while
        if asked == "again" and request.user.is_authenticated:
            account_adapter(request).logout(request)
            messages.warning(request, _("Du er logget ut, for %(name)s slipper deg ikke lenger inn.") % _named())
            raise ImmediateHttpResponse(redirect_to_login(state.get("next") or "/"))
        raise ImmediateHttpResponse(_refused(request, "CANCELLED" if said == "access_denied" else "FAILED"))


def _is_fresh(claims: dict[str, Any]) -> bool:
    """Whether the person has logged in there just now. A provider that does not say when proves nothing, though it was told to ask."""
    at = claims.get("auth_time")
    return isinstance(at, int | float) and -CLOCKS_DIFFER <= time.time() - at < PROOF_TAKES


def _named() -> dict[str, str]:
    return {"name": settings.OIDC_NAME}


def _refused(request: HttpRequest, code: str) -> HttpResponse:
    visits.note_refused(why=code, visit=visit_of(request))
    return render(request, "account/oidc_refused.html", {"code": code, "name": settings.OIDC_NAME}, status=403)


def _begin(request: HttpRequest, *, asked: str = "", **params: str) -> HttpResponse:
    """To the provider. Its configuration may have to be fetched, so a provider that is away has a page too."""
    if not settings.OIDC_ISSUER:
        raise Http404
    provider = Client(request, PROVIDER).get_provider()
    onwards = get_next_redirect_url(request)
    try:
        response: HttpResponse = provider.redirect(
            request, process="login", next_url=onwards, data={"asked": asked}, auth_params=params
        )
    except (OAuth2Error, requests.RequestException):
        return redirect(onwards or "/") if asked == "again" else _refused(request, "FAILED")
    return response


@never_cache
@require_POST
def begin(request: HttpRequest) -> HttpResponse:
    """The button of the log-in page."""
    return _begin(request)


@never_cache
@require_GET
def again(request: HttpRequest) -> HttpResponse:
    """Whether the provider still lets the person in, without asking them."""
    return _begin(request, asked="again", prompt="none") if request.user.is_authenticated else redirect("account_login")


@never_cache
@require_GET
def prove(request: HttpRequest) -> HttpResponse:
    """The person proves there that it is they, before a great act: see accounts.step_up."""
    return (
        _begin(request, asked="proof", prompt="login", max_age="0")
        if request.user.is_authenticated
        else redirect("account_login")
    )


@never_cache
@require_GET
def proved(request: HttpRequest) -> HttpResponse:
    """In the tab that was opened for it."""
    return render(request, "account/oidc_proved.html")


@never_cache
def callback(request: HttpRequest) -> HttpResponse:
    if not settings.OIDC_ISSUER:
        raise Http404
    response: HttpResponse = OAuth2CallbackView.adapter_view(Client(request, PROVIDER))(request)
    return response


def recheck(request: HttpRequest) -> HttpResponse | None:
    """The redirect that checks a session anew, when it is time. None for sessions that began with a password."""
    checked = request.session.get(CHECKED)
    if checked is None or not settings.OIDC_ISSUER:
        return None
    now, every = time.time(), settings.OIDC_RECHECK_MINUTES * 60
    is_page = request.method == "GET" and not request.headers.get("HX-Request")
    if not is_page or now - checked < every or now - request.session.get(TRIED, 0) < 60:
        return None
    request.session[TRIED] = int(now)
    return redirect(f"{reverse('oidc-again')}?{urlencode({'next': request.get_full_path()})}")


def is_too_old(request: HttpRequest) -> bool:
    """Whether the provider has not vouched for the session for so long that it ends: an hour more than it should be."""
    checked = request.session.get(CHECKED)
    return checked is not None and time.time() - checked > settings.OIDC_RECHECK_MINUTES * 60 + 3600
