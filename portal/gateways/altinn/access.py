"""The token exchange, what a system user may act for, and the open catalogue of access packages.

https://docs.altinn.studio/authorization/reference/ and https://docs.altinn.studio/api/accessmanagement/
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from portal.gateways.errors import BrokenReply
from portal.gateways.http import Door
from portal.gateways.maskinporten import Token
from portal.gateways.reading import bearer, reading

EXCHANGED_FOR = timedelta(minutes=29)
"""Altinn gives thirty minutes; Events allows no clock skew, so we use one less."""


class Exchange:
    def __init__(self, *, platform: str) -> None:
        self._door = Door(service="altinn", base_url=platform)

    def exchange(self, token: Token, *, at: datetime) -> Token:
        """An Altinn token for a Maskinporten token; it outlives the one it came of."""
        reply = self._door.call("GET", "/authentication/api/v1/exchange/maskinporten", token=token.value)
        value = reading(reply.where, lambda: bearer(reply.content.decode("ascii", "replace").strip().strip('"')))
        if value.count(".") != 2:
            raise BrokenReply(f"{reply.where}: the answer is not a token")
        return Token(value, at + EXCHANGED_FOR, token.scopes, token.system_user_id)


@dataclass(frozen=True)
class AuthorizedParty:
    """An organisation that a system user may act for, with what it holds there."""

    orgnr: str
    name: str
    packages: tuple[str, ...] = field(default=())
    resources: tuple[str, ...] = field(default=())


@dataclass(frozen=True)
class Package:
    """An access package. Standard system users take assignable ones, agent system users delegable ones."""

    urn: str
    name: str
    description: str
    is_assignable: bool
    is_delegable: bool


@dataclass(frozen=True)
class Resource:
    """A service owner's service, as the resource registry has it. `titles` by language; `owner` is the owner's code."""

    id: str
    titles: dict[str, str]
    owner: str
    is_delegable: bool


class Metadata:
    def __init__(self, *, platform: str) -> None:
        self._door = Door(service="altinn", base_url=platform)

    def authorized_parties(self, *, token: str) -> list[AuthorizedParty]:
        """With an exchanged system user token. Scope `altinn:accessmanagement/authorizedparties`."""
        params = {"includeAccessPackages": "true", "includeResources": "true"}
        path = "/accessmanagement/api/v1/enduser/authorizedparties"
        said = self._door.call("GET", path, token=token, params=params).json()
        return reading(path, lambda: [_party(entry) for entry in (said["data"] if isinstance(said, dict) else said)])

    def packages(self, *, term: str, language: str = "nb") -> list[Package]:
        """Packages that match `term`; no token. No hits is an empty list (Altinn says 204)."""
        path = "/accessmanagement/api/v1/meta/info/accesspackages/search"
        reply = self._door.call("GET", path, params={"term": term}, headers={"Accept-Language": language})
        if not reply.content:
            return []
        said = reply.json()
        return reading(path, lambda: [_package(entry.get("object") or entry) for entry in said])

    def all_packages(self, *, language: str = "nb") -> list[Package]:
        """The whole catalogue, out of its groups and areas; no token."""
        path = "/accessmanagement/api/v1/meta/info/accesspackages/export"
        said = self._door.call("GET", path, headers={"Accept-Language": language}).json()
        return reading(
            path, lambda: [_package(p) for group in said for area in group["areas"] for p in area["packages"]]
        )

    def package(self, urn: str, *, language: str = "nb") -> Package:
        """One package by urn; raises Refused 404 when Altinn does not know it."""
        path = f"/accessmanagement/api/v1/meta/info/accesspackages/package/urn/{quote(urn, safe=':')}"
        said = self._door.call("GET", path, headers={"Accept-Language": language}).json()
        return reading(path, lambda: _package(said))

    def resources(self) -> list[Resource]:
        """All resources that are no apps; no token. https://docs.altinn.studio/api/resourceregistry/"""
        params = {"includeApps": "false", "includeMigratedApps": "false"}
        reply = self._door.call("GET", "/resourceregistry/api/v1/resource/resourcelist", params=params)
        return reading(reply.where, lambda: [_resource(entry) for entry in reply.json()])

    def resource(self, resource_id: str) -> dict[str, Any]:
        """A resource as the registry has it: title, type, delegable, owner. No token."""
        reply = self._door.call("GET", f"/resourceregistry/api/v1/resource/{quote(resource_id, safe='')}")
        return reading(reply.where, lambda: dict(reply.json()))


def _party(said: dict[str, Any]) -> AuthorizedParty:
    return AuthorizedParty(
        str(said.get("organizationNumber") or ""),
        str(said.get("name", "")),
        tuple(map(str, said.get("authorizedAccessPackages") or [])),
        tuple(map(str, said.get("authorizedResources") or [])),
    )


def _resource(said: dict[str, Any]) -> Resource:
    titles = {str(language): str(text) for language, text in (said.get("title") or {}).items() if text}
    owner = str((said.get("hasCompetentAuthority") or {}).get("orgcode") or "").lower()
    return Resource(str(said["identifier"]), titles, owner, bool(said.get("delegable")))


def _package(said: dict[str, Any]) -> Package:
    return Package(
        str(said["urn"]),
        str(said.get("name", "")),
        str(said.get("description", "")),
        bool(said.get("isAssignable")),
        bool(said.get("isDelegable")),
    )
