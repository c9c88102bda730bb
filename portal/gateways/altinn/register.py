"""The system register, vendor side. Scope `altinn:authentication/systemregister.write`.

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/systemregistration/
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import quote

from portal.gateways.http import Door
from portal.gateways.reading import insensitive, moment, reading

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
    """One single right as the register wants it: one resource each."""
    return {"resource": [{"id": RESOURCE, "value": resource_id}]}


def rights_of(said: list[dict[str, Any]] | None) -> tuple[str, ...]:
    return tuple(str(resource["value"]) for entry in said or [] for resource in entry.get("resource") or [])


def packages_of(said: list[dict[str, Any]] | None) -> tuple[str, ...]:
    return tuple(str(entry["urn"]) for entry in said or [])


class SystemRegister:
    def __init__(self, *, platform: str) -> None:
        self._door = Door(service="altinn", base_url=platform)

    def register(self, system: RegisteredSystem, *, token: str) -> str:
        """The register's internal id. Raises Refused with AUTH.VLD codes in `details` (VLD-00002: the id is taken)."""
        said = self._door.call("POST", f"{BASE}/vendor", token=token, json=system.as_json()).json()
        return str(said)

    def update(self, system: RegisteredSystem, *, token: str) -> None:
        """Replace all of it, client ids and redirect addresses included."""
        self._door.call("PUT", f"{BASE}/vendor/{_id(system.system_id)}", token=token, json=system.as_json())

    def get(self, system_id: str, *, token: str) -> RegisteredSystem:
        """Also a deleted one. Raises Refused 404 when it never was, 403 when it is another vendor's."""
        reply = self._door.call("GET", f"{BASE}/vendor/{_id(system_id)}", token=token)
        return reading(reply.where, lambda: _system(reply.json()))

    def delete(self, system_id: str, *, token: str) -> None:
        """Soft, and for ever: the id can never be used again, and every customer's token stops working."""
        self._door.call("DELETE", f"{BASE}/vendor/{_id(system_id)}", token=token)

    def changelog(self, system_id: str, *, token: str) -> list[SystemChange]:
        reply = self._door.call("GET", f"{BASE}/vendor/{_id(system_id)}/changelog", token=token)
        return reading(reply.where, lambda: [_change(entry) for entry in reply.json()])

    def list(self, *, token: str) -> list[RegisteredSystem]:
        """The vendor's systems but for deleted ones. Client ids and redirect addresses are told by `get` alone."""
        reply = self._door.call("GET", f"{BASE}/vendor", token=token)
        return reading(reply.where, lambda: [_listed(entry) for entry in reply.json()])


def _id(system_id: str) -> str:
    return quote(system_id, safe="")


def _listed(said: dict[str, Any]) -> RegisteredSystem:
    """The list has other names for two of the members."""
    vendor = {"ID": said.get("systemVendorOrgNumber") or ""}
    return _system({**said, "id": said["systemId"], "vendor": vendor})


def _system(said: dict[str, Any]) -> RegisteredSystem:
    vendor = insensitive(said.get("vendor") or {}, "id") or ""
    return RegisteredSystem(
        system_id=str(said["id"]),
        vendor_orgnr=str(vendor).removeprefix("0192:"),
        name=dict(said.get("name") or {}),
        description=dict(said.get("description") or {}),
        rights=rights_of(said.get("rights")),
        packages=packages_of(said.get("accessPackages")),
        client_ids=tuple(map(str, said.get("clientId") or [])),
        redirect_urls=tuple(map(str, said.get("allowedRedirectUrls") or [])),
        is_visible=bool(said.get("isVisible", True)),
        is_deleted=bool(said.get("isDeleted", False)),
    )


def _change(said: dict[str, Any]) -> SystemChange:
    return SystemChange(
        str(said.get("changeType", "unknown")), str(said.get("changedByOrgNumber", "")), moment(said.get("created"))
    )
