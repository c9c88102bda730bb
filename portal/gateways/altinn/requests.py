"""System user requests, change requests and system users. Scopes `altinn:authentication/systemuser.request.read|write`.

Altinn sends no event when a customer answers: requests are polled by id, as its lists lose rows at page boundaries.
https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/systemuserrequest/
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any
from urllib.parse import parse_qs, quote, urlsplit

from portal.gateways.altinn.register import packages_of, right, rights_of
from portal.gateways.decoding import decode, moment
from portal.gateways.errors import Refused
from portal.gateways.http import Channel, Reply

BASE = "/authentication/api/v1/systemuser"
NO_CHANGE = "NoChangeNeeded"


@dataclass(frozen=True)
class RemoteRequest:
    """A request as Altinn has it. `escalated` is correct in lists only; an expired request has `timed_out` and status New."""

    id: str
    external_ref: str
    system_id: str
    orgnr: str
    status: str
    timed_out: bool
    escalated: bool
    confirm_url: str
    rights: tuple[str, ...]
    packages: tuple[str, ...]
    redirect_url: str
    created_at: datetime | None
    created: bool = False


@dataclass(frozen=True)
class RemoteChangeRequest:
    """`status` is NoChangeNeeded, with nothing stored, when nothing would change."""

    id: str
    system_user_id: str
    status: str
    timed_out: bool
    confirm_url: str
    created: bool = False


@dataclass(frozen=True)
class RemoteSystemUser:
    """A system user as the vendor sees it, without its rights. `kind` is standard or agent."""

    id: str
    kind: str
    system_id: str
    orgnr: str
    external_ref: str
    created_at: datetime | None
    title: str = ""


class SystemUserRequests:
    def __init__(self, *, platform: str) -> None:
        self._channel = Channel(service="altinn", base_url=platform)

    def create(
        self,
        *,
        token: str,
        system_id: str,
        orgnr: str,
        external_ref: str,
        rights: tuple[str, ...] = (),
        packages: tuple[str, ...] = (),
        redirect_url: str = "",
        is_agent: bool = False,
    ) -> RemoteRequest:
        """A new request (`created`), or the one Altinn already has for the triple, whatever its status: safe to repeat.

        Raises Refused: AUTH-00004 a system user exists, 00011 system unknown, 00000 customer unknown, 00021/00026 redirect.
        """
        body: dict[str, Any] = {
            "systemId": system_id,
            "partyOrgNo": orgnr,
            "externalRef": external_ref,
            "accessPackages": [{"urn": urn} for urn in packages],
        }
        if not is_agent:
            body["rights"] = [right(resource_id) for resource_id in rights]
        if redirect_url:
            body["redirectUrl"] = redirect_url
        reply = self._channel.call("POST", f"{BASE}/request/vendor{_agent(is_agent)}", token=token, json=body)
        return decode(reply.where, lambda: _request(reply.json(), created=reply.status == 201))

    def get(self, request_id: str, *, token: str, is_agent: bool = False) -> RemoteRequest:
        """Raises Refused 404 (AUTH-00010) when it is gone, or is of the other kind."""
        reply = self._channel.call(
            "GET", f"{BASE}/request/vendor{_agent(is_agent)}/{quote(request_id, safe='')}", token=token
        )
        return decode(reply.where, lambda: _request(reply.json()))

    def by_external_ref(
        self, *, token: str, system_id: str, orgnr: str, external_ref: str, is_agent: bool = False
    ) -> RemoteRequest | None:
        path = "/".join(quote(part, safe="") for part in (system_id, orgnr, external_ref))
        reply = self._or_none("GET", f"{BASE}/request/vendor{_agent(is_agent)}/byexternalref/{path}", token)
        return decode("altinn request", lambda: _request(reply.json())) if reply else None

    def list(self, system_id: str, *, token: str, is_agent: bool = False) -> Iterator[RemoteRequest]:
        """Rows at page boundaries may be missing: use it for `escalated`, not to find out what exists."""
        path = f"{BASE}/request/vendor{_agent(is_agent)}/bysystem/{quote(system_id, safe='')}"
        return (decode(path, partial(_request, entry)) for entry in self._pages(path, token))

    def delete(self, request_id: str, *, token: str) -> bool:
        """Withdraw a request of either kind, in any status. False when it was gone already. Never deletes a system user."""
        return self._or_none("DELETE", f"{BASE}/request/vendor/{quote(request_id, safe='')}", token) is not None

    def system_user(self, *, token: str, system_id: str, orgnr: str, external_ref: str) -> RemoteSystemUser | None:
        """The live system user of the triple. Needs scope request.write."""
        params = {"system-id": system_id, "orgno": orgnr, "external-ref": external_ref}
        reply = self._or_none("GET", f"{BASE}/vendor/byquery", token, params=params)
        return decode("altinn system user", lambda: _system_user(reply.json())) if reply else None

    def system_users(self, system_id: str, *, token: str) -> Iterator[RemoteSystemUser]:
        """Every live system user, oldest first. Scope systemregister.write."""
        path = f"{BASE}/vendor/bysystem/{quote(system_id, safe='')}"
        return (decode(path, partial(_system_user, entry)) for entry in self._pages(path, token))

    def create_change(
        self,
        *,
        token: str,
        correlation_id: str,
        system_user_id: str,
        required_rights: tuple[str, ...] = (),
        unwanted_rights: tuple[str, ...] = (),
        required_packages: tuple[str, ...] = (),
        unwanted_packages: tuple[str, ...] = (),
        redirect_url: str = "",
    ) -> RemoteChangeRequest:
        """Ask to widen or narrow a standard system user. The same correlation id gives the stored request again."""
        body: dict[str, Any] = {
            "requiredRights": [right(r) for r in required_rights],
            "unwantedRights": [right(r) for r in unwanted_rights],
            "requiredAccessPackages": [{"urn": urn} for urn in required_packages],
            "unwantedAccessPackages": [{"urn": urn} for urn in unwanted_packages],
        }
        if redirect_url:
            body["redirectUrl"] = redirect_url
        params = {"correlation-id": correlation_id, "system-user-id": system_user_id}
        reply = self._channel.call("POST", f"{BASE}/changerequest/vendor", token=token, params=params, json=body)
        return decode(reply.where, lambda: _change(reply.json(), created=reply.status == 201))

    def get_change(self, change_id: str, *, token: str) -> RemoteChangeRequest:
        reply = self._channel.call("GET", f"{BASE}/changerequest/vendor/{quote(change_id, safe='')}", token=token)
        return decode(reply.where, lambda: _change(reply.json()))

    def delete_change(self, change_id: str, *, token: str) -> bool:
        return self._or_none("DELETE", f"{BASE}/changerequest/vendor/{quote(change_id, safe='')}", token) is not None

    def _or_none(self, method: str, path: str, token: str, *, params: Any = None) -> Any:
        try:
            return self._channel.call(method, path, token=token, params=params)
        except Refused as error:
            if error.status == 404:
                return None
            raise

    def _pages(self, path: str, token: str) -> Iterator[dict[str, Any]]:
        """Entries of all pages. Only the token of `links.next` is used (its host may be internal); a repeated token ends the loop."""
        seen: set[str] = set()
        page_token = ""
        while page_token not in seen:
            seen.add(page_token)
            reply = self._channel.call("GET", path, token=token, params={"token": page_token} if page_token else None)
            entries, page_token = decode(path, partial(_page, reply))
            yield from entries


def _page(reply: Reply) -> tuple[list[dict[str, Any]], str]:
    """Entries, and the token of the page after them ("" when there is none)."""
    payload = reply.json()
    following = (payload.get("links") or {}).get("next") or ""
    return list(payload["data"]), (parse_qs(urlsplit(following).query).get("token") or [""])[0]


def _agent(is_agent: bool) -> str:
    return "/agent" if is_agent else ""


def _request(payload: dict[str, Any], *, created: bool = False) -> RemoteRequest:
    return RemoteRequest(
        id=str(payload["id"]),
        external_ref=str(payload.get("externalRef") or ""),
        system_id=str(payload["systemId"]),
        orgnr=str(payload["partyOrgNo"]),
        status=str(payload["status"]),
        timed_out=bool(payload.get("timedOut", False)),
        escalated=bool(payload.get("escalated", False)),
        confirm_url=str(payload.get("confirmUrl") or ""),
        rights=rights_of(payload.get("rights")),
        packages=packages_of(payload.get("accessPackages")),
        redirect_url=str(payload.get("redirectUrl") or ""),
        created_at=moment(payload.get("created")),
        created=created,
    )


def _change(payload: dict[str, Any], *, created: bool = False) -> RemoteChangeRequest:
    return RemoteChangeRequest(
        id=str(payload["id"]),
        system_user_id=str(payload.get("systemUserId", "")),
        status=str(payload["status"]),
        timed_out=bool(payload.get("timedOut", False)),
        confirm_url=str(payload.get("confirmUrl") or ""),
        created=created,
    )


def _system_user(payload: dict[str, Any]) -> RemoteSystemUser:
    return RemoteSystemUser(
        id=str(payload["id"]),
        kind=str(payload.get("userType", "standard")).lower(),
        system_id=str(payload.get("systemId", "")),
        orgnr=str(payload["reporteeOrgNo"]),
        external_ref=str(payload.get("externalRef") or ""),
        created_at=moment(payload.get("created")),
        title=str(payload.get("integrationTitle") or ""),
    )
