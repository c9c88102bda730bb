"""The system register, vendor side. Checks run in the order of the real service; one answer can have several errors.

https://docs.altinn.studio/api/authentication/systemregister/
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Response

from ..kernel import Call
from ..replies import Reply, as_json, as_text, empty
from ..routing import route
from ..state import State, System
from . import authorisation, catalogue, parsing
from .problems import crashed, invalid, malformed, rule

BASE = f"{authorisation.AUTH}/systemregister/vendor"
LOOPBACK = {"127.0.0.1", "localhost", "[::1]", "::1"}
Errors = list[dict[str, Any]]
OK = {"succeeded": True}


@route("POST", BASE)
def register(call: Call) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REGISTER)
    payload = parsing.members(call, required=("id", "vendor", "name", "description"))
    _crash_on_null(call, payload)
    owner = _vendor_id(payload)
    system = _read(call, payload, owner or "")
    if owner is None:
        return invalid([rule(0)])
    errors = (
        _check_identity(call, system)
        + check_rights(call.state, system.rights)
        + check_packages(call.state, system.packages, system.is_visible)
    )
    if owner != orgnr:
        return empty(status=403)
    if errors:
        return invalid(errors)
    call.state.systems[system.id] = system
    _log(call, system, "create")
    return as_json(system.internal_id)


def _crash_on_null(call: Call, payload: dict[str, Any]) -> None:
    """The real service fails on an explicit null; the setting `null_rights_crash` turns this off."""
    nulls = [name for name in ("rights", "accesspackages") if name in payload and payload[name] is None]
    if nulls and call.state.settings.null_rights_crash:
        raise Reply(as_text("Object reference not set to an instance of an object.", status=500))


def _vendor_id(payload: dict[str, Any]) -> str | None:
    vendor = parsing.typed(payload, "vendor", dict, {})
    vendor_id = next((str(value) for key, value in vendor.items() if key.lower() == "id"), "")
    return vendor_id.removeprefix("0192:") if vendor_id.startswith("0192:") else None


def _read(call: Call, payload: dict[str, Any], owner: str) -> System:
    return System(
        id=parsing.text(payload, "id"),
        internal_id=call.state.uuid4(),
        orgnr=owner,
        name=_texts(payload, "name"),
        description=_texts(payload, "description"),
        rights=parsing.rights(payload.get("rights") or []),
        packages=parsing.urns(payload, "accessPackages"),
        client_ids=parsing.texts(payload, "clientId"),
        redirect_urls=parsing.texts(payload, "allowedRedirectUrls"),
        is_visible=parsing.typed(payload, "isVisible", bool, True),
    )


def _texts(payload: dict[str, Any], name: str) -> dict[str, str]:
    texts = parsing.typed(payload, name, dict, {})
    if not all(isinstance(value, str) for value in texts.values()):
        raise Reply(malformed(**{name: ["The JSON value could not be converted to a string."]}))
    return {str(key): value for key, value in texts.items()}


def _check_identity(call: Call, system: System) -> Errors:
    errors: Errors = []
    if re.search(r"\s", system.id):
        errors.append(rule(13))
    if system.id.partition("_")[0] != system.orgnr or "_" not in system.id:
        errors.append(rule(1))
    if system.id in call.state.systems:
        errors.append(rule(2))
    if not all(_is_https(url, loopback=call.state.settings.allow_loopback_http) for url in system.redirect_urls):
        errors.append(rule(5))
    if _taken_clients(call.state, system):
        errors.append(rule(4))
    return errors


def _is_https(url: str, *, loopback: bool) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return bool(parts.hostname) and (
        parts.scheme == "https" or (loopback and parts.scheme == "http" and is_loopback(parts.hostname))
    )


def is_loopback(host: str | None) -> bool:
    """Whether `host` is this machine; all names below localhost are (RFC 6761)."""
    return host in LOOPBACK or (host or "").endswith(".localhost")


def _taken_clients(state: State, system: System) -> bool:
    others = (s for s in state.systems.values() if s.id != system.id and not s.is_deleted)
    return any(set(system.client_ids) & set(other.client_ids) for other in others)


def check_rights(state: State, rights: list[dict[str, Any]]) -> Errors:
    errors: Errors = []
    pairs = [pair for right in rights for pair in right["resource"]]
    malformed_ids = [pair["id"] for pair in pairs if pair["id"] != catalogue.RESOURCE]
    if malformed_ids:
        errors.append(rule(9, ("Invalid Resource Id Details : ", malformed_ids)))
    values = [pair["value"] for pair in pairs]
    if any(n > 1 for n in Counter(values).values()):
        errors.append(rule(6))
    found = {value: catalogue.resource(state, value) for value in values}
    unknown = [value for value, resource in found.items() if resource is None]
    if unknown:
        errors.append(rule(3, ("ResourceIds Not Found : ", unknown)))
    wrong = [value for value, r in found.items() if r and r.kind not in catalogue.REQUESTABLE_TYPES]
    if wrong:
        errors.append(rule(17, ("ResourceIds Not Delegable : ", wrong)))
    return errors


def check_packages(state: State, packages: list[str], is_visible: bool) -> Errors:
    errors: Errors = []
    if any(n > 1 for n in Counter(packages).values()):
        errors.append(rule(7))
    packages_by_urn = {urn: catalogue.package(state, urn) for urn in packages}
    bad = [
        urn
        for urn, package in packages_by_urn.items()
        if package is None or not (package.assignable or package.delegable)
    ]
    if bad:
        errors.append(rule(8, ("Invalid Urn Details : ", bad)))
    if is_visible and any(
        package and package.delegable and not package.assignable for package in packages_by_urn.values()
    ):
        errors.append(rule(18))
    return errors


@route("GET", BASE)
def own_systems(call: Call) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REGISTER)
    mine = [s for s in call.state.systems.values() if s.orgnr == orgnr and not s.is_deleted]
    return as_json(
        [
            {
                "systemId": s.id, "systemVendorOrgNumber": s.orgnr, "systemVendorOrgName": "", "name": s.name,
                "description": s.description, "rights": s.rights, "accessPackages": _urn_list(s.packages),
                "isVisible": s.is_visible,
            }
            for s in mine
        ]
    )  # fmt: skip


@route("GET", f"{BASE}/<system_id>")
def read(call: Call, system_id: str) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REGISTER)
    system = call.state.systems.get(system_id)
    if system is None:
        return empty(status=404)
    if system.orgnr != orgnr:
        return empty(status=403)
    return as_json(
        {
            "id": system.id, "vendor": {"ID": f"0192:{system.orgnr}"}, "name": system.name,
            "description": system.description, "rights": system.rights, "accessPackages": _urn_list(system.packages),
            "isDeleted": system.is_deleted, "clientId": system.client_ids, "isVisible": system.is_visible,
            "allowedRedirectUrls": system.redirect_urls,
        }
    )  # fmt: skip


def _urn_list(packages: list[str]) -> list[dict[str, str]]:
    return [{"urn": urn} for urn in packages]


@route("PUT", f"{BASE}/<system_id>")
def update(call: Call, system_id: str) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REGISTER)
    system = call.state.systems.get(system_id)
    if system is None:
        return as_text(f"System with ID {system_id} not found", status=404)
    if system.orgnr != orgnr:
        return empty(status=403)
    payload = parsing.members(call, required=("id", "vendor", "name", "description"))
    _crash_on_null(call, payload)
    fresh = _read(call, payload, system.orgnr)
    if _vendor_id(payload) != system.orgnr:
        return as_text("The vendor of the body is another one", status=404)
    if fresh.id != system_id:
        return invalid([rule(12)])
    if system.is_deleted:
        return as_text("A deleted system cannot be updated", status=400)
    return _replace(call, system, fresh)


def _replace(call: Call, system: System, fresh: System) -> Response:
    """Redirect addresses are not checked here, as in the real service."""
    errors = check_rights(call.state, fresh.rights) + check_packages(call.state, fresh.packages, fresh.is_visible)
    if any(n > 1 for n in Counter(fresh.client_ids).values()):
        errors.append(rule(11))
    if _taken_clients(call.state, fresh):
        errors.append(rule(4))
    if errors:
        return invalid(errors)
    fresh.internal_id, fresh.changes = system.internal_id, system.changes
    call.state.systems[system.id] = fresh
    _log(call, fresh, "update")
    return as_json(OK)


@route("PUT", f"{BASE}/<system_id>/rights")
def update_rights(call: Call, system_id: str) -> Response:
    system = _owned(call, system_id)
    rights = parsing.rights(_list(call))
    errors = check_rights(call.state, rights)
    if errors:
        return invalid(errors)
    system.rights = rights
    _log(call, system, "rightsupdate")
    return as_json(OK)


@route("PUT", f"{BASE}/<system_id>/accesspackages")
def update_packages(call: Call, system_id: str) -> Response:
    system = _owned(call, system_id)
    packages = parsing.urns({"accesspackages": _list(call)}, "accessPackages")
    errors = check_packages(call.state, packages, system.is_visible)
    if errors:
        return invalid(errors)
    system.packages = packages
    _log(call, system, "accesspackageupdate")
    return as_json(OK)


def _owned(call: Call, system_id: str) -> System:
    """The caller's system. An unknown system makes the real service fail with 500."""
    orgnr = authorisation.vendor(call, authorisation.REGISTER)
    system = call.state.systems.get(system_id)
    if system is None:
        raise crashed()
    if system.orgnr != orgnr:
        raise Reply(empty(status=403))
    return system


def _list(call: Call) -> list[Any]:
    try:
        payload = call.body()
    except (ValueError, RecursionError):
        payload = None
    if not isinstance(payload, list):
        raise Reply(malformed(**{"$": ["The JSON value could not be converted to a list."]}))
    return payload


@route("DELETE", f"{BASE}/<system_id>")
def delete(call: Call, system_id: str) -> Response:
    """A permanent soft delete. A system without client ids answers 400 although it was deleted."""
    orgnr = authorisation.vendor(call, authorisation.REGISTER)
    system = call.state.systems.get(system_id)
    if system is None:
        return malformed(**{"return": [f"System {system_id} not found"]})
    if system.orgnr != orgnr:
        return empty(status=403)
    had_clients = bool(system.client_ids)
    system.is_deleted, system.client_ids = True, []
    _log(call, system, "delete")
    return as_json(OK) if had_clients else malformed(**{"return": ["The system was not deleted"]})


@route("GET", f"{BASE}/<system_id>/changelog")
def changelog(call: Call, system_id: str) -> Response:
    orgnr = authorisation.vendor(call, authorisation.REGISTER)
    system = call.state.systems.get(system_id)
    if system is None:
        return as_text(f"System with ID {system_id} not found", status=404)
    return as_json(system.changes[::-1]) if system.orgnr == orgnr else empty(status=403)


def _log(call: Call, system: System, kind: str) -> None:
    changed = {
        "Id": system.id,
        "Rights": system.rights,
        "AccessPackages": _urn_list(system.packages),
        "IsVisible": system.is_visible,
    }
    system.changes.append(
        {
            "systemInternalId": system.internal_id, "changedByOrgNumber": system.orgnr, "changeType": kind,
            "changedData": changed, "clientId": _client_id(call), "created": call.now,
        }
    )  # fmt: skip


def _client_id(call: Call) -> str:
    return str(authorisation.authenticated(call).claims.get("client_id", ""))
