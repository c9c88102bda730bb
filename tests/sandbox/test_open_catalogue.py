"""Resources and packages that a tester adds, and those that the sandbox knows without being told."""

from __future__ import annotations

from typing import Any

import pytest

from portal.sandbox.altinn import catalogue

from .altinn_rig import REGISTER, Rig, V, codes, packages, rig, rights, system
from .dialog_rig import dialogs

__all__ = ["dialogs", "rig"]
APP = "app_brg_aarsregnskap-vanlig-202406"
FARMING = "urn:altinn:accesspackage:jordbruk"


def registered(rig: Rig, **changes: Any) -> Any:
    return rig.call("POST", REGISTER, system(accessPackages=[], **changes))


def test_an_unknown_resource_is_refused_until_it_is_added(rig: Rig) -> None:
    refused = registered(rig, rights=rights(APP))
    rig.control("resources", {"id": APP, "packages": ["regnskap-okonomi-rapport"]})

    assert (refused.status_code, codes(refused)) == (400, ["00003"])
    assert registered(rig, rights=rights(APP)).status_code == 200
    shown = rig.http.get(f"/platform/resourceregistry/api/v1/resource/{APP}").json()
    assert (shown["resourceType"], shown["hasCompetentAuthority"]["orgcode"]) == ("AltinnApp", "brg")


def test_a_resource_of_a_type_that_cannot_be_requested_is_refused_though_known(rig: Rig) -> None:
    rig.control("resources", {"id": "nav_sykepenger_samtykke", "kind": "Consent"})

    assert codes(registered(rig, rights=rights("nav_sykepenger_samtykke"))) == ["00017"]


def test_an_added_package_opens_an_added_resource_for_agents_alone(rig: Rig) -> None:
    urn = "urn:altinn:accesspackage:sandbox-klienter"
    unknown = rig.call("POST", REGISTER, system(rights=[], accessPackages=packages(urn)))
    rig.control("packages", {"code": "sandbox-klienter", "uses": ["agent"]})
    rig.control("resources", {"id": APP, "packages": ["sandbox-klienter"]})

    assert codes(unknown) == ["00008"]
    visible = system(rights=[], accessPackages=packages(urn), isVisible=True)
    assert codes(rig.call("POST", REGISTER, visible)) == ["00018"]
    assert rig.call("POST", REGISTER, system(rights=[], accessPackages=packages(urn))).status_code == 200
    assert APP in catalogue.opened_by(rig.app.state, frozenset({urn}))


def test_the_public_packages_are_known_from_the_start(rig: Rig) -> None:
    assert rig.call("POST", REGISTER, system(rights=[], accessPackages=packages(FARMING))).status_code == 200
    assert len(catalogue.PACKAGES) > 120


def test_a_switch_knows_every_well_formed_resource_and_package(rig: Rig) -> None:
    rig.control("settings", {"knows_every_resource": True}, method="PATCH")

    assert registered(rig, id=f"{V}_en", rights=rights("nav_sykepenger_soknad")).status_code == 200
    assert codes(registered(rig, id=f"{V}_to", clientId=[], rights=rights("Ikke en id"))) == ["00003"]


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("resources", {"id": "Stor Bokstav"}, "id"),
        ("resources", {"id": APP, "kind": "Noe"}, "kind"),
        ("resources", {"id": APP, "packages": ["finnes-ikke"]}, "packages"),
        ("resources", {"id": APP, "minimum_level": 5}, "minimum_level"),
        ("packages", {"code": "æøå"}, "code"),
        ("packages", {"code": "ny", "uses": ["alle"]}, "uses"),
    ],
)
def test_wrong_input_is_named(rig: Rig, path: str, body: dict[str, Any], field: str) -> None:
    answer = rig.http.post(f"/control/{path}", json=body)

    assert (answer.status_code, answer.json()["field"]) == (400, field)


def test_what_was_added_is_part_of_a_snapshot(rig: Rig) -> None:
    rig.control("resources", {"id": APP})
    saved = rig.http.get("/control/snapshot").content
    rig.control("reset")
    gone = rig.http.get(f"/platform/resourceregistry/api/v1/resource/{APP}").status_code
    rig.http.put("/control/snapshot", content=saved)

    assert gone == 404
    assert rig.http.get(f"/platform/resourceregistry/api/v1/resource/{APP}").status_code == 200
