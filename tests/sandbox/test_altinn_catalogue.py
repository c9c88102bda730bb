"""The open catalogues: access packages and the resource registry."""

from __future__ import annotations

from typing import Any

import pytest

from portal.sandbox.altinn import catalogue

from .altinn_rig import AGENT, FEES, SHARES, TAX, Rig, rig

__all__ = ["rig"]
META = "/platform/accessmanagement/api/v1/meta/info/accesspackages"
REGISTRY = "/platform/resourceregistry/api/v1/resource"


def test_packages_come_in_all_four_kinds(rig: Rig) -> None:
    result = rig.http.get(f"{META}/export").json()[0]["areas"][0]["packages"]

    kinds = {(package["isAssignable"], package["isDelegable"]) for package in result}
    assert kinds == {(True, True), (True, False), (False, True), (False, False)}


@pytest.mark.parametrize(
    ("language", "name"), [("nb-NO", "Lønn"), ("nn", "Løn"), ("en;q=0.9", "Payroll"), ("se", "Lønn")]
)
def test_a_package_is_named_in_the_preferred_language(rig: Rig, language: str, name: str) -> None:
    path = f"{META}/package/urn/urn:altinn:accesspackage:lonn"

    assert rig.http.get(path, headers={"Accept-Language": language}).json()["name"] == name


def test_a_package_is_found_by_urn_by_id_and_by_search(rig: Rig) -> None:
    by_urn = rig.http.get(f"{META}/package/urn/{TAX}").json()
    by_id = rig.http.get(f"{META}/package/{by_urn['id']}").json()
    searched = rig.http.get(f"{META}/search", params={"term": "skattegr"}).json()

    assert by_urn == by_id == searched[0]["object"]
    assert len(searched) == 1
    assert by_urn["resources"] == rig.http.get(f"{META}/package/{by_urn['id']}/resources").json()


def test_a_search_without_hits_is_204_and_can_look_into_resources(rig: Rig) -> None:
    def search(**query: str) -> Any:
        return rig.http.get(f"{META}/search", params=query)

    assert (search(term="finnes ikke").status_code, search(term="").status_code) == (204, 200)
    assert search(term="fagforening").status_code == 204
    assert TAX in [row["object"]["urn"] for row in search(term="fagforening", searchInResources="true").json()]
    assert search(resourceProviderCode="digdir").status_code == 204


def test_groups_areas_and_packages_hang_together(rig: Rig) -> None:
    group = rig.http.get(f"{META}/group").json()[0]
    area = rig.http.get(f"{META}/group/{group['id']}/areas").json()[0]
    packages = rig.http.get(f"{META}/area/{area['id']}/packages").json()

    assert rig.http.get(f"{META}/group/{group['id']}").json() == group
    assert rig.http.get(f"{META}/area/{area['id']}").json() == area
    assert AGENT in [package["urn"] for package in packages]
    assert rig.http.get(f"{META}/area/unknown/packages").status_code == 404


@pytest.mark.parametrize("resource", catalogue.stored_resources().values(), ids=lambda resource: resource.id)
def test_every_resource_is_named_in_three_languages_and_opened_by_known_packages(resource: Any) -> None:
    assert set(resource.titles) == {"nb", "nn", "en"}
    assert all(resource.titles.values())
    assert set(resource.packages) <= set(catalogue.PACKAGES)


def test_a_resource_has_type_owner_and_whether_it_can_be_delegated(rig: Rig) -> None:
    shares = rig.http.get(f"{REGISTRY}/{SHARES}").json()

    assert (shares["resourceType"], shares["delegable"]) == ("GenericAccessResource", True)
    assert shares["hasCompetentAuthority"]["orgcode"] == "skd"
    assert rig.http.get(f"{REGISTRY}/skd-ikke-delegerbar").json()["delegable"] is False
    assert rig.http.get(f"{REGISTRY}/finnes-ikke").status_code == 404


def test_the_list_leaves_apps_out_when_asked(rig: Rig) -> None:
    everything = {row["identifier"] for row in rig.http.get(f"{REGISTRY}/resourcelist").json()}
    without = {row["identifier"] for row in rig.http.get(f"{REGISTRY}/resourcelist?includeApps=false").json()}

    assert everything - without == {"app_skd_formueinntekt-skattemelding-v2"}
    assert len([name for name in without if name.startswith("ske-innrapportering-")]) >= 29


def test_policies_tell_which_packages_open_a_resource_and_the_other_way(rig: Rig) -> None:
    subjects = rig.http.get(f"{REGISTRY}/{FEES}/policy/subjects").json()["data"]
    rules = rig.http.get(f"{REGISTRY}/{FEES}/policy/rules").json()
    rights = rig.http.get(f"{REGISTRY}/{FEES}/policy/rights").json()
    back = rig.http.post(f"{REGISTRY}/bysubjects", json=[TAX, "urn:x"]).json()["data"]

    assert {"type": "urn:altinn:accesspackage", "value": "skattegrunnlag", "urn": TAX} in subjects
    assert len(rules) == len(rights[0]["subjects"]) == len(subjects) == 5
    assert [row["subject"]["urn"] for row in back] == [TAX]
    assert f"urn:altinn:resource:{FEES}" in [resource["urn"] for resource in back[0]["resources"]]


def test_the_registry_is_searched_and_tells_what_changed(rig: Rig) -> None:
    result = rig.http.get(f"{REGISTRY}/Search", params={"Title": "fagforening"}).json()
    changed = rig.http.get(f"{REGISTRY}/updated").json()["data"]

    assert [row["identifier"] for row in result] == [FEES]
    assert (TAX, f"urn:altinn:resource:{FEES}") in [(row["subjectUrn"], row["resourceUrn"]) for row in changed]


def test_subjects_that_are_no_list_are_refused(rig: Rig) -> None:
    assert rig.http.post(f"{REGISTRY}/bysubjects", json={"a": 1}).status_code == 400
