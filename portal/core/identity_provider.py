"""The settings of the vendor's identity provider (Entra ID, Google, Keycloak or another that speaks OpenID Connect)."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from portal.core import group_file
from portal.core.env import BadSetting, Env
from portal.core.group_file import GroupRights


@dataclass(frozen=True)
class IdentityProvider:
    """`issuer` is "" without one. `groups`: what they give, None where the page of people decides. `for_allauth`: its own setting.

    `has_second_factor`: it asks for one itself, so none is set up here by those who log in there.
    """

    issuer: str
    client_id: str
    name: str
    groups: dict[str, GroupRights] | None
    groups_claim: str
    recheck_minutes: int
    has_second_factor: bool
    local_passwords: bool
    for_allauth: dict[str, Any]

    @property
    def origins(self) -> list[str]:
        """Where the button of the log-in page leads, for the policy of what forms may lead to."""
        parts = urlsplit(self.issuer)
        return [f"{parts.scheme}://{parts.netloc}"] if self.issuer else []


def read(env: Env, *, is_local: bool) -> IdentityProvider:
    """Raises BadSetting."""
    issuer = env.optional("OIDC_ISSUER") or ""
    if issuer:
        schemes = ("https", "http") if is_local else ("https",)
        issuer = env.url("OIDC_ISSUER", schemes=schemes, example="https://login.example.no/realms/us")
    client_id = env.text("OIDC_CLIENT_ID", example="portal", default=None if issuer else "")
    name = env.text("OIDC_NAME", example="Entra ID", default="OpenID Connect")
    local_passwords = env.bool("LOCAL_PASSWORDS", default=True)
    if not local_passwords and not issuer:
        raise BadSetting("LOCAL_PASSWORDS", "is off, and without OIDC_ISSUER nobody could log in", example="true")
    return IdentityProvider(
        issuer=issuer,
        client_id=client_id,
        name=name,
        groups=_groups(env),
        groups_claim=env.text("OIDC_GROUPS_CLAIM", example="groups", default="groups"),
        recheck_minutes=env.integer("OIDC_RECHECK_MINUTES", default=15, minimum=1, maximum=24 * 60),
        has_second_factor=env.bool("OIDC_SECOND_FACTOR", default=False),
        local_passwords=local_passwords,
        for_allauth=_for_allauth(env, issuer=issuer, client_id=client_id, name=name),
    )


def _groups(env: Env) -> dict[str, GroupRights] | None:
    path = env.optional("OIDC_GROUPS")
    try:
        return group_file.read(Path(path)) if path else None
    except group_file.BadGroups as error:
        raise BadSetting("OIDC_GROUPS", str(error), example="/etc/portal/groups.toml") from None


def _for_allauth(env: Env, *, issuer: str, client_id: str, name: str) -> dict[str, Any]:
    """Addresses of OIDC_MAIL_DOMAINS are taken as verified, for a provider that does not say (Entra ID)."""
    app = {
        "provider_id": "oidc",
        "name": name,
        "client_id": client_id,
        "secret": env.optional("OIDC_CLIENT_SECRET") or "",
        "settings": {
            "server_url": issuer,
            "oauth_pkce_enabled": True,
            "verified_email": env.list("OIDC_MAIL_DOMAINS", example="example.no", default=()),
            "scope": env.list("OIDC_SCOPES", example="openid,email", default=("openid", "profile", "email")),
        },
    }
    return {"openid_connect": {"APPS": [app]}}
