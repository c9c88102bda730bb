"""The system register, vendor side. Scope `altinn:authentication/systemregister.write`.

https://docs.altinn.studio/nb/authorization/guides/system-vendor/system-user/systemregistration/
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import quote

from portal.gateways.decoding import decode, insensitive, moment
from portal.gateways.http import Channel

BASE = "/authentication/api/v1/systemregister"
RESOURCE = "urn:altinn:resource"
OWNER = "iso6523-actorid-upis"
SERVER_SIDE = {"isDeleted"}
"""Members of an entry that the register answers and does not take."""


@dataclass(frozen=True)
class RegisteredSystem:
    """A system as the register has it, and as we send it. `rights` are resource ids, `packages` full urns.

    `raw` is the entry as the register answered it. What is sent begins with it: members, languages, actions of rights and an
    order that we do not know stay as they are.
    """

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
    raw: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def as_json(self) -> dict[str, Any]:
        """The whole entry to send, because a PUT replaces all of it."""
        raw = {name: value for name, value in self.raw.items() if name not in SERVER_SIDE}
        return {
            **raw,
            "id": self.system_id,
            "vendor": {"authority": OWNER, "ID": f"0192:{self.vendor_orgnr}", **(raw.get("vendor") or {})},
            "name": _merged(raw.get("name"), self.name),
            "description": _merged(raw.get("description"), self.description),
            "rights": _rights(raw.get("rights") or [], self.rights),
            "accessPackages": _packages(raw.get("accessPackages") or [], self.packages),
            "clientId": in_order(raw.get("clientId") or [], self.client_ids),
            "isVisible": self.is_visible,
            "allowedRedirectUrls": in_order(raw.get("allowedRedirectUrls") or [], self.redirect_urls),
        }


@dataclass(frozen=True)
class SystemChange:
    """An entry of the register's own change log, newest first. `client_id`: of the token that the change was made with."""

    kind: str
    by_orgnr: str
    at: datetime | None
    client_id: str = ""


def right(resource_id: str) -> dict[str, Any]:
    """One single right in the register's format: one resource each."""
    return {"resource": [{"id": RESOURCE, "value": resource_id}]}


def in_order(raw: Iterable[Any], wanted: Iterable[str]) -> list[str]:
    """`wanted` without repeats, in the register's order; what it does not have comes last."""
    wanted = list(wanted)
    kept = [str(value) for value in raw if str(value) in wanted]
    return list(dict.fromkeys([*kept, *wanted]))


def _merged(raw: Any, ours: dict[str, str]) -> dict[str, Any]:
    """The register's texts with ours in their languages. An empty text of ours takes a text away, and adds none."""
    texts = dict(raw or {})
    for language, text in ours.items():
        if text:
            texts[language] = text
        elif texts.get(language):
            del texts[language]
    return texts


def _rights(raw: list[dict[str, Any]], wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    """The register's rights that are still wanted, untouched, and the new ones. A right with many resources may lose some."""
    kept = []
    for entry in raw:
        resources = entry.get("resource") or []
        still = [resource for resource in resources if str(resource["value"]) in wanted]
        if still:
            kept.append(entry if still == resources else {**entry, "resource": still})
    known = set(rights_of(raw))
    return [*kept, *(right(value) for value in dict.fromkeys(wanted) if value not in known)]


def _packages(raw: list[dict[str, Any]], wanted: tuple[str, ...]) -> list[dict[str, Any]]:
    known = {str(entry["urn"]) for entry in raw}
    kept = [entry for entry in raw if str(entry["urn"]) in wanted]
    return [*kept, *({"urn": urn} for urn in dict.fromkeys(wanted) if urn not in known)]


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
        return decode(reply.where, lambda: system_of(reply.json()))

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
    return system_of({**payload, "id": payload["systemId"], "vendor": vendor})


def system_of(payload: dict[str, Any]) -> RegisteredSystem:
    """An entry as the register answers it, also one that was stored. Raises KeyError, TypeError, ValueError."""
    vendor = insensitive(payload.get("vendor") or {}, "id") or ""
    return RegisteredSystem(
        system_id=str(payload["id"]),
        vendor_orgnr=str(vendor).removeprefix("0192:"),
        name=_texts(payload.get("name")),
        description=_texts(payload.get("description")),
        rights=rights_of(payload.get("rights")),
        packages=packages_of(payload.get("accessPackages")),
        client_ids=tuple(map(str, payload.get("clientId") or [])),
        redirect_urls=tuple(map(str, payload.get("allowedRedirectUrls") or [])),
        is_visible=bool(payload.get("isVisible", True)),
        is_deleted=bool(payload.get("isDeleted", False)),
        raw=payload,
    )


def _texts(value: Any) -> dict[str, str]:
    return {str(language): str(text or "") for language, text in dict(value or {}).items()}


def _change(payload: dict[str, Any]) -> SystemChange:
    return SystemChange(
        str(payload.get("changeType", "unknown")),
        str(payload.get("changedByOrgNumber", "")),
        moment(payload.get("created")),
        str(payload.get("clientId") or ""),
    )
