"""The system register, vendor side. Scope `altinn:authentication/systemregister.write`.

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/systemregistration/
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from portal.gateways.decoding import decode, insensitive, moment
from portal.gateways.http import Channel

BASE = "/authentication/api/v1/systemregister"
RESOURCE = "urn:altinn:resource"


@dataclass(frozen=True)
class RegisteredSystem:
    """A system as the register has it, and as we send it. `rights` are resource ids, `packages` full urns."""

    system_id: str
    vendor_orgnr: str
    name: dict[str, str]
    description: dict[str, str]
    rights: tuple[str, ...] = ()
    packages: tuple[str, ...] = ()
    client_ids: tuple[str, ...] = ()
    redirect_urls: tuple[str, ...] = ()
    is_visible: bool = False
    is_deleted: bool = False

    def as_json(self) -> dict[str, Any]:
        return {
            "id": self.system_id,
            "vendor": {"authority": "iso6523-actorid-upis", "ID": f"0192:{self.vendor_orgnr}"},
            "name": self.name,
            "description": self.description,
            "rights": [right(resource_id) for resource_id in self.rights],
            "accessPackages": [{"urn": urn} for urn in self.packages],
            "clientId": list(self.client_ids),
            "isVisible": self.is_visible,
            "allowedRedirectUrls": list(self.redirect_urls),
        }


@dataclass(frozen=True)
class SystemChange:
    """An entry of the register's own change log, newest first."""

    kind: str
    by_orgnr: str
    at: datetime | None


def right(resource_id: str) -> dict[str, Any]:
    """One single right in the register's format: one resource each."""
    return {"resource": [{"id": RESOURCE, "value": resource_id}]}


def rights_of(entries: list[dict[str, Any]] | None) -> tuple[str, ...]:
    return tuple(str(resource["value"]) for entry in entries or [] for resource in entry.get("resource") or [])


def packages_of(entries: list[dict[str, Any]] | None) -> tuple[str, ...]:
    return tuple(str(entry["urn"]) for entry in entries or [])


class SystemRegister:
    def __init__(self, *, platform: str) -> None:
        self._channel = Channel(service="altinn", base_url=platform)

    def register(self, system: RegisteredSystem, *, token: str) -> str:
        """The register's internal id. Raises Refused with AUTH.VLD codes in `details` (VLD-00002: the id is taken)."""
        internal_id = self._channel.call("POST", f"{BASE}/vendor", token=token, json=system.as_json()).json()
        return str(internal_id)

    def update(self, system: RegisteredSystem, *, token: str) -> None:
        """Replace all of it, client ids and redirect addresses included."""
        self._channel.call("PUT", f"{BASE}/vendor/{_id(system.system_id)}", token=token, json=system.as_json())

    def get(self, system_id: str, *, token: str) -> RegisteredSystem:
        """Returns deleted systems too. Raises Refused 404 for an unknown id, 403 when another vendor owns it."""
        reply = self._channel.call("GET", f"{BASE}/vendor/{_id(system_id)}", token=token)
        return decode(reply.where, lambda: _system(reply.json()))

    def delete(self, system_id: str, *, token: str) -> None:
        """A soft delete that cannot be undone: the id can never be used again, and every customer's token stops working."""
        self._channel.call("DELETE", f"{BASE}/vendor/{_id(system_id)}", token=token)

    def changelog(self, system_id: str, *, token: str) -> list[SystemChange]:
        reply = self._channel.call("GET", f"{BASE}/vendor/{_id(system_id)}/changelog", token=token)
        return decode(reply.where, lambda: [_change(entry) for entry in reply.json()])

    def list(self, *, token: str) -> list[RegisteredSystem]:
        """The vendor's systems except deleted ones. Only `get` returns client ids and redirect addresses."""
        reply = self._channel.call("GET", f"{BASE}/vendor", token=token)
        return decode(reply.where, lambda: [_listed(entry) for entry in reply.json()])


def _id(system_id: str) -> str:
    return quote(system_id, safe="")


def _listed(payload: dict[str, Any]) -> RegisteredSystem:
    """Two members have other names in the list."""
    vendor = {"ID": payload.get("systemVendorOrgNumber") or ""}
    return _system({**payload, "id": payload["systemId"], "vendor": vendor})


def _system(payload: dict[str, Any]) -> RegisteredSystem:
    vendor = insensitive(payload.get("vendor") or {}, "id") or ""
    return RegisteredSystem(
        system_id=str(payload["id"]),
        vendor_orgnr=str(vendor).removeprefix("0192:"),
        name=dict(payload.get("name") or {}),
        description=dict(payload.get("description") or {}),
        rights=rights_of(payload.get("rights")),
        packages=packages_of(payload.get("accessPackages")),
        client_ids=tuple(map(str, payload.get("clientId") or [])),
        redirect_urls=tuple(map(str, payload.get("allowedRedirectUrls") or [])),
        is_visible=bool(payload.get("isVisible", True)),
        is_deleted=bool(payload.get("isDeleted", False)),
    )


def _change(payload: dict[str, Any]) -> SystemChange:
    return SystemChange(
        str(payload.get("changeType", "unknown")),
        str(payload.get("changedByOrgNumber", "")),
        moment(payload.get("created")),
    )
