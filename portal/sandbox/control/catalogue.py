"""The part of `/control` for the catalogue: resources and access packages beside the stored lists."""

from __future__ import annotations

import msgspec
from werkzeug.wrappers import Response

from ..altinn import catalogue
from ..altinn.records import PREFIX, Package, Resource
from ..kernel import Call
from ..replies import as_json
from ..routing import route
from .input import read, wrong

KINDS = catalogue.REQUESTABLE_TYPES | {"Consent", "MaskinportenSchema", "Altinn2Service"}
USES = {"standard": "s", "agent": "a"}


class ResourceBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    id: str
    title: str = ""
    kind: str = ""
    org: str = ""
    delegable: bool = True
    packages: list[str] = []
    minimum_level: int = 3
    allows_subscribe: bool = True
    parts: list[str] = []


class PackageBody(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    code: str
    title: str = ""
    uses: tuple[str, ...] = ("standard", "agent")


@route("GET", "/control/resources")
def resources(call: Call) -> Response:
    return as_json(list(catalogue.resources(call.state).values()))


@route("POST", "/control/resources")
def add_resource(call: Call) -> Response:
    """A resource that the registry knows from now on. The same id again replaces it."""
    body = read(call, ResourceBody)
    if not catalogue.RESOURCE_ID.fullmatch(body.id):
        raise wrong("id: needs 4 to 100 of a-z, 0-9, - and _.", field="id")
    if body.kind and body.kind not in KINDS:
        raise wrong(f"kind: must be one of {', '.join(sorted(KINDS))}.", field="kind")
    if not 0 <= body.minimum_level <= 4:
        raise wrong("minimum_level: must be from 0 to 4.", field="minimum_level")
    added = _resource(body, _codes(call, body.packages))
    call.state.resources[added.id] = added
    call.sandbox.caches.pop("dialog_rights", None)
    return as_json(added, status=201)


def _resource(body: ResourceBody, codes: list[str]) -> Resource:
    named = catalogue.named_resource(body.id)
    return Resource(
        id=body.id, titles=dict.fromkeys(catalogue.LANGUAGES, body.title or body.id), kind=body.kind or named.kind,
        delegable=body.delegable, org=body.org or named.org, packages=tuple(codes),
        allows_subscribe=body.allows_subscribe, minimum_level=body.minimum_level, parts=tuple(body.parts),
    )  # fmt: skip


def _codes(call: Call, packages: list[str]) -> list[str]:
    codes = [package.removeprefix(PREFIX) for package in packages]
    for code in codes:
        if catalogue.package(call.state, PREFIX + code) is None:
            raise wrong(f"packages: {code[:80]!r} is not an access package here.", field="packages")
    return codes


@route("GET", "/control/packages")
def packages(call: Call) -> Response:
    return as_json(list(catalogue.packages(call.state).values()))


@route("POST", "/control/packages")
def add_package(call: Call) -> Response:
    """An access package that is known from now on. The same code again replaces it."""
    body = read(call, PackageBody)
    code = body.code.removeprefix(PREFIX)
    if not catalogue.CODE.fullmatch(code):
        raise wrong("code: needs 2 to 100 of a-z, 0-9 and -.", field="code")
    if unknown := [use for use in body.uses if use not in USES]:
        raise wrong(f"uses: {unknown[0][:40]!r} is not one of {', '.join(USES)}.", field="uses")
    use = "".join(USES[use] for use in dict.fromkeys(body.uses))
    added = Package(code=code, use=use, titles=dict.fromkeys(catalogue.LANGUAGES, body.title or code))
    call.state.packages[code] = added
    return as_json(added, status=201)
