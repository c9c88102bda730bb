"""The token exchange, what a system user may act for, and the open catalogue of access packages.

https://docs.altinn.studio/authorization/reference/ and https://docs.altinn.studio/api/accessmanagement/
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from portal.gateways.decoding import bearer, decode
from portal.gateways.errors import BrokenReply
from portal.gateways.http import Channel
from portal.gateways.maskinporten import Token

EXCHANGED_FOR = timedelta(minutes=29)
"""Altinn gives thirty minutes; Events allows no clock skew, so we use one less."""


class Exchange:
    def __init__(self, *, platform: str) -> None:
        self._channel = Channel(service="altinn", base_url=platform)

    def exchange(self, token: Token, *, at: datetime) -> Token:
        """An Altinn token for a Maskinporten token. It is valid longer than the token given."""
        reply = self._channel.call("GET", "/authentication/api/v1/exchange/maskinporten", token=token.value)
        value = decode(reply.where, lambda: bearer(reply.content.decode("ascii", "replace").strip().strip('"')))
        if value.count(".") != 2:
            raise BrokenReply(f"{reply.where}: the answer is not a token")
        return Token(value, at + EXCHANGED_FOR, token.scopes, token.system_user_id)


@dataclass(frozen=True)
class AuthorizedParty:
    """An organisation that a system user may act for, with its packages and resources there."""

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
        self._channel = Channel(service="altinn", base_url=platform)

    def authorized_parties(self, *, token: str) -> list[AuthorizedParty]:
        """With an exchanged system user token. Scope `altinn:accessmanagement/authorizedparties`.

        For a standard system user its owner, for an agent its clients. Sub-units are parties of their own; a main unit that is
        listed only for the sake of its sub-units is left out. Altinn does not divide the answer into pages.
        """
        params = {"includeAccessPackages": "true", "includeResources": "true"}
        path = "/accessmanagement/api/v1/enduser/authorizedparties"
        payload = self._channel.call("GET", path, token=token, params=params).json()
        return decode(path, lambda: list(_parties(payload["data"] if isinstance(payload, dict) else payload)))

    def packages(self, *, term: str, language: str = "nb") -> list[Package]:
        """Packages that match `term`; no token. No hits give an empty list (Altinn answers 204)."""
        path = "/accessmanagement/api/v1/meta/info/accesspackages/search"
        reply = self._channel.call("GET", path, params={"term": term}, headers={"Accept-Language": language})
        if not reply.content:
            return []
        payload = reply.json()
        return decode(path, lambda: [_package(entry.get("object") or entry) for entry in payload])

    def all_packages(self, *, language: str = "nb") -> list[Package]:
        """All packages, flattened from groups and areas; no token."""
        path = "/accessmanagement/api/v1/meta/info/accesspackages/export"
        payload = self._channel.call("GET", path, headers={"Accept-Language": language}).json()
        return decode(
            path, lambda: [_package(p) for group in payload for area in group["areas"] for p in area["packages"]]
        )

    def package(self, urn: str, *, language: str = "nb") -> Package:
        """One package by urn; raises Refused 404 when Altinn does not know it."""
        path = f"/accessmanagement/api/v1/meta/info/accesspackages/package/urn/{quote(urn, safe=':')}"
        payload = self._channel.call("GET", path, headers={"Accept-Language": language}).json()
        return decode(path, lambda: _package(payload))

    def resources(self) -> list[Resource]:
        """All resources except apps; no token. https://docs.altinn.studio/api/resourceregistry/"""
        params = {"includeApps": "false", "includeMigratedApps": "false"}
        reply = self._channel.call("GET", "/resourceregistry/api/v1/resource/resourcelist", params=params)
        return decode(reply.where, lambda: [_resource(entry) for entry in reply.json()])

    def resource(self, resource_id: str) -> dict[str, Any]:
        """A resource as the registry has it: title, type, delegable, owner. No token."""
        reply = self._channel.call("GET", f"/resourceregistry/api/v1/resource/{quote(resource_id, safe='')}")
        return decode(reply.where, lambda: dict(reply.json()))


def _parties(entries: Iterable[Any]) -> Iterator[AuthorizedParty]:
    """Flattened: the documentation shows the list nested once more, and sub-units are inside their main unit."""
    for entry in entries:
        if isinstance(entry, list):
            yield from _parties(entry)
            continue
        if not entry.get("onlyHierarchyElementWithNoAccess"):
            yield _party(entry)
        yield from _parties(entry.get("subunits") or [])


def _party(payload: dict[str, Any]) -> AuthorizedParty:
    return AuthorizedParty(
        str(payload.get("organizationNumber") or ""),
        str(payload.get("name", "")),
        tuple(map(str, payload.get("authorizedAccessPackages") or [])),
        tuple(map(str, payload.get("authorizedResources") or [])),
    )


def _resource(payload: dict[str, Any]) -> Resource:
    titles = {str(language): str(text) for language, text in (payload.get("title") or {}).items() if text}
    owner = str((payload.get("hasCompetentAuthority") or {}).get("orgcode") or "").lower()
    return Resource(str(payload["identifier"]), titles, owner, bool(payload.get("delegable")))


def _package(payload: dict[str, Any]) -> Package:
    return Package(
        str(payload["urn"]),
        str(payload.get("name", "")),
        str(payload.get("description", "")),
        bool(payload.get("isAssignable")),
        bool(payload.get("isDelegable")),
    )
