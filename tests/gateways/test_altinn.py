"""Altinn's register, requests, exchange and catalogues: what is asked of them and how their answers are read."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from portal.gateways.altinn import (
    AuthorizedParty,
    Exchange,
    Metadata,
    Package,
    RegisteredSystem,
    RemoteSystemUser,
    Resource,
    SystemRegister,
    SystemUserRequests,
    system_of,
)
from portal.gateways.errors import BrokenReply, Refused
from portal.gateways.maskinporten import Token
from tests.gateways.remote import Remote

PLATFORM = "https://platform.test"
AUTH = f"{PLATFORM}/authentication/api/v1"
VENDOR, CUSTOMER = "310123455", "310987654"
SYSTEM = f"{VENDOR}_system"
AT = datetime(2026, 8, 1, 9, 0, tzinfo=UTC)
TOKEN = "a.b.c"
REGISTER, REQUESTS = SystemRegister(platform=PLATFORM), SystemUserRequests(platform=PLATFORM)
RIGHT = {"resource": [{"id": "urn:altinn:resource", "value": "ske-egg"}]}
PACKAGE = {"urn": "urn:altinn:accesspackage:skattegrunnlag"}
NAMES = {"nb": "System", "nn": "System", "en": "System"}
OURS = RegisteredSystem(
    SYSTEM, VENDOR, NAMES, NAMES, ("ske-egg",), (PACKAGE["urn"],), ("c-1",), ("https://p.test/return",)
)


def request(**changes: Any) -> dict[str, Any]:
    least = {"id": "6a0d", "systemId": SYSTEM, "partyOrgNo": CUSTOMER, "status": "New", "externalRef": "kunde-1"}
    return {**least, **changes}


def user(ident: str) -> dict[str, Any]:
    return {"id": ident, "reporteeOrgNo": CUSTOMER, "systemId": SYSTEM, "externalRef": "kunde-1", "userType": "agent"}


# the register


LIVE: dict[str, Any] = {
    "id": SYSTEM, "vendor": {"ID": f"0192:{VENDOR}"}, "name": {"se": "Vuogádat", "nb": "System"}, "description": {"nb": "Om"},
    "rights": [{"action": "read", **RIGHT}, {"resource": [*RIGHT["resource"], {"id": "urn:altinn:resource", "value": "to"}]}],
    "accessPackages": [PACKAGE], "clientId": ["c-2", "c-1"], "isVisible": True, "isDeleted": False,
    "allowedRedirectUrls": ["http://p.test"], "newMember": {"of": ["Altinn"]},
}  # fmt: skip


def test_an_entry_that_was_read_goes_back_as_it_came() -> None:
    sent = system_of(LIVE).as_json()

    vendor = {"authority": "iso6523-actorid-upis", "ID": f"0192:{VENDOR}"}
    assert sent == {name: value for name, value in {**LIVE, "vendor": vendor}.items() if name != "isDeleted"}
    assert [list(sent["name"]), sent["clientId"]] == [["se", "nb"], ["c-2", "c-1"]]


def test_only_what_was_changed_differs_from_the_entry_that_was_read() -> None:
    texts = {"nb": "Nytt", "nn": "", "en": "New"}
    changed = replace(system_of(LIVE), name=texts, rights=("to", "tre"), client_ids=("c-3", "c-1"), packages=())

    sent = changed.as_json()

    two, three = ({"id": "urn:altinn:resource", "value": value} for value in ("to", "tre"))
    assert sent["name"] == {"se": "Vuogádat", "nb": "Nytt", "en": "New"}
    assert (sent["rights"], sent["accessPackages"]) == ([{"resource": [two]}, {"resource": [three]}], [])
    assert (sent["clientId"], sent["newMember"]) == (["c-1", "c-3"], {"of": ["Altinn"]})


def test_explicit_nulls_of_the_register_are_not_sent_back() -> None:
    sent = system_of({**LIVE, "rights": None, "accessPackages": None, "allowedRedirectUrls": None}).as_json()

    assert (sent["rights"], sent["accessPackages"], sent["allowedRedirectUrls"]) == ([], [], [])


def test_a_system_goes_out_whole_on_registration_and_update(remote: Remote) -> None:
    remote.says('"0d6c9a3e-0000-4000-8000-0000000000aa"')

    internal = REGISTER.register(OURS, token=TOKEN)
    REGISTER.update(OURS, token=TOKEN)

    posted, put = remote.requests
    assert internal == "0d6c9a3e-0000-4000-8000-0000000000aa"
    assert (posted.method, str(posted.url), put.method, str(put.url)) == (
        "POST", f"{AUTH}/systemregister/vendor", "PUT", f"{AUTH}/systemregister/vendor/{SYSTEM}",
    )  # fmt: skip
    assert json.loads(posted.content) == json.loads(put.content) == {
        "id": SYSTEM, "vendor": {"authority": "iso6523-actorid-upis", "ID": f"0192:{VENDOR}"}, "name": NAMES,
        "description": NAMES, "rights": [RIGHT], "accessPackages": [PACKAGE], "clientId": ["c-1"], "isVisible": False,
        "allowedRedirectUrls": ["https://p.test/return"],
    }  # fmt: skip


@pytest.mark.parametrize("name", ["ID", "id", "Id"])
def test_a_registered_system_reads_as_it_was_sent(remote: Remote, name: str) -> None:
    remote.says({**OURS.as_json(), "vendor": {name: f"0192:{VENDOR}"}})

    assert REGISTER.get(SYSTEM, token=TOKEN) == OURS


def test_the_list_of_systems_reads_its_other_names(remote: Remote) -> None:
    listed = {
        "systemId": SYSTEM,
        "systemVendorOrgNumber": VENDOR,
        "systemVendorOrgName": "",
        "name": NAMES,
        "isVisible": True,
    }
    remote.says([listed])

    (result,) = REGISTER.list(token=TOKEN)

    assert (result.system_id, result.vendor_orgnr, result.name, result.is_visible) == (SYSTEM, VENDOR, NAMES, True)


def test_the_change_log_is_read_newest_first_as_it_comes(remote: Remote) -> None:
    remote.says([{"changeType": "update", "changedByOrgNumber": VENDOR, "created": "2026-08-01T09:00:00Z"}, {}])

    newest, oldest = REGISTER.changelog(SYSTEM, token=TOKEN)

    assert (newest.kind, newest.by_orgnr, newest.at) == ("update", VENDOR, AT)
    assert (oldest.kind, oldest.at) == ("unknown", None)


def test_an_odd_system_id_stays_one_segment(remote: Remote) -> None:
    remote.says({"succeeded": True})

    REGISTER.delete("x/../y?z", token=TOKEN)

    assert remote.asked.url.raw_path == b"/authentication/api/v1/systemregister/vendor/x%2F..%2Fy%3Fz"


# requests


@pytest.mark.parametrize(("status", "created"), [(201, True), (200, False)])
def test_a_request_tells_whether_it_is_new(remote: Remote, status: int, created: bool) -> None:
    remote.says(request(confirmUrl="https://am.ui/x", created="2026-08-01T09:00:00Z", timedOut=True), status=status)

    made = REQUESTS.create(
        token=TOKEN,
        system_id=SYSTEM,
        orgnr=CUSTOMER,
        external_ref="kunde-1",
        rights=("ske-egg",),
        redirect_url="https://p",
    )

    assert json.loads(remote.asked.content) == {
        "systemId": SYSTEM, "partyOrgNo": CUSTOMER, "externalRef": "kunde-1", "accessPackages": [], "rights": [RIGHT],
        "redirectUrl": "https://p",
    }  # fmt: skip
    assert (made.created, made.timed_out, made.confirm_url, made.created_at) == (created, True, "https://am.ui/x", AT)


def test_an_agent_request_has_packages_and_no_rights(remote: Remote) -> None:
    remote.says(request(accessPackages=[PACKAGE]), status=201)

    made = REQUESTS.create(
        token=TOKEN, system_id=SYSTEM, orgnr=CUSTOMER, external_ref="k", packages=(PACKAGE["urn"],), is_agent=True
    )

    assert str(remote.asked.url) == f"{AUTH}/systemuser/request/vendor/agent"
    assert set(json.loads(remote.asked.content)) == {"systemId", "partyOrgNo", "externalRef", "accessPackages"}
    assert made.packages == (PACKAGE["urn"],)


def test_a_reference_with_odd_signs_stays_one_segment(remote: Remote) -> None:
    remote.says(request())

    REQUESTS.by_external_ref(token=TOKEN, system_id=SYSTEM, orgnr=CUSTOMER, external_ref="a/b c?")

    assert remote.asked.url.raw_path.decode().endswith(f"/byexternalref/{SYSTEM}/{CUSTOMER}/a%2Fb%20c%3F")


def test_what_is_gone_is_none_or_false(remote: Remote) -> None:
    remote.says(status=404)

    assert REQUESTS.by_external_ref(token=TOKEN, system_id=SYSTEM, orgnr=CUSTOMER, external_ref="k") is None
    assert REQUESTS.system_user(token=TOKEN, system_id=SYSTEM, orgnr=CUSTOMER, external_ref="k") is None
    assert REQUESTS.delete("6a0d", token=TOKEN) is False
    assert REQUESTS.delete_change("6a0d", token=TOKEN) is False


def test_a_refusal_is_not_taken_for_gone(remote: Remote) -> None:
    remote.says(status=403)

    with pytest.raises(Refused):
        REQUESTS.system_user(token=TOKEN, system_id=SYSTEM, orgnr=CUSTOMER, external_ref="k")


def test_pages_are_followed_by_their_token_alone(remote: Remote) -> None:
    remote.says({"links": {"next": "http://internal.platform/x?token=abc%3D"}, "data": [user("u-1")]})
    remote.says({"links": {}, "data": [user("u-2")]})

    result = list(REQUESTS.system_users(SYSTEM, token=TOKEN))

    assert result == [RemoteSystemUser(ident, "agent", SYSTEM, CUSTOMER, "kunde-1", None) for ident in ("u-1", "u-2")]
    assert str(remote.asked.url) == f"{AUTH}/systemuser/vendor/bysystem/{SYSTEM}?token=abc%3D"


def test_a_page_that_leads_to_itself_ends_the_list(remote: Remote) -> None:
    remote.says({"links": {"next": "https://x/?token=same"}, "data": [request()]})

    assert len(list(REQUESTS.list(SYSTEM, token=TOKEN))) == 2


@pytest.mark.parametrize(
    "payload", [[], {"links": {}}, {"data": 5}, {"data": [], "links": ["x"]}, {"data": [5], "links": {}}]
)
def test_a_page_of_another_shape_is_a_broken_reply(remote: Remote, payload: Any) -> None:
    remote.says(payload)

    with pytest.raises(BrokenReply):
        list(REQUESTS.system_users(SYSTEM, token=TOKEN))


def test_a_change_is_asked_for_with_all_four_lists(remote: Remote) -> None:
    remote.says({"id": "c-1", "status": "New", "systemUserId": "u-1", "confirmUrl": "https://am.ui/c"}, status=201)

    made = REQUESTS.create_change(
        token=TOKEN,
        system_user_id="u-1",
        correlation_id="c-1",
        required_rights=("ske-egg",),
        unwanted_packages=(PACKAGE["urn"],),
    )

    assert dict(remote.asked.url.params) == {"correlation-id": "c-1", "system-user-id": "u-1"}
    assert json.loads(remote.asked.content) == {
        "requiredRights": [RIGHT], "unwantedRights": [], "requiredAccessPackages": [], "unwantedAccessPackages": [PACKAGE],
    }  # fmt: skip
    assert (made.id, made.system_user_id, made.confirm_url, made.created) == ("c-1", "u-1", "https://am.ui/c", True)


# exchange, parties, catalogues


def test_a_token_is_exchanged_for_one_that_lives_longer(remote: Remote) -> None:
    remote.says('"x.y.z"')
    ours = Token("a.b.c", AT + timedelta(seconds=100), ("s",), "su-1")

    token = Exchange(platform=PLATFORM).exchange(ours, at=AT)

    assert token == Token("x.y.z", AT + timedelta(minutes=29), ("s",), "su-1")
    assert remote.asked.headers["Authorization"] == "Bearer a.b.c"


@pytest.mark.parametrize("payload", [b"", b'""', b"<html>", b'"x.y"', b'"x.y.z w"', b'"\xc3\xa6.y.z"'])
def test_an_exchange_without_a_token_is_a_broken_reply(remote: Remote, payload: bytes) -> None:
    remote.says(payload)

    with pytest.raises(BrokenReply):
        Exchange(platform=PLATFORM).exchange(Token("a.b.c", AT, ()), at=AT)


def test_authorized_parties_tell_packages_and_resources(remote: Remote) -> None:
    party = {
        "organizationNumber": CUSTOMER,
        "name": "K",
        "authorizedAccessPackages": ["p"],
        "authorizedResources": ["r"],
    }
    remote.says({"links": {}, "data": [party]})

    assert Metadata(platform=PLATFORM).authorized_parties(token=TOKEN) == [
        AuthorizedParty(CUSTOMER, "K", ("p",), ("r",))
    ]
    assert dict(remote.asked.url.params) == {"includeAccessPackages": "true", "includeResources": "true"}


def test_authorized_parties_are_flattened(remote: Remote) -> None:
    """As the documentation shows them: nested once more, and sub-units inside a main unit that is itself not accessible."""
    sub = {"organizationNumber": "310999999", "name": "Avdeling", "authorizedAccessPackages": ["p"]}
    main = {
        "organizationNumber": "310888888",
        "name": "Hoved",
        "onlyHierarchyElementWithNoAccess": True,
        "subunits": [sub],
    }
    whole = {"organizationNumber": CUSTOMER, "name": "K", "subunits": [{**sub, "subunits": None}]}
    remote.says({"links": {}, "data": [[main, whole]]})

    result = Metadata(platform=PLATFORM).authorized_parties(token=TOKEN)

    assert [(party.orgnr, party.packages) for party in result] == [
        ("310999999", ("p",)), (CUSTOMER, ()), ("310999999", ("p",)),
    ]  # fmt: skip


def test_no_package_found_is_an_empty_list(remote: Remote) -> None:
    remote.says(status=204)

    assert Metadata(platform=PLATFORM).packages(term="x") == []


def test_the_whole_catalogue_is_read_out_of_its_tree(remote: Remote) -> None:
    area = {"packages": [{**PACKAGE, "name": "Skattegrunnlag", "isAssignable": True}]}
    remote.says([{"areas": [area, {"packages": []}]}, {"areas": [area]}])

    result = Metadata(platform=PLATFORM).all_packages(language="nn")

    assert result == [Package(PACKAGE["urn"], "Skattegrunnlag", "", True, False)] * 2
    assert remote.asked.headers["Accept-Language"] == "nn"


def test_resources_are_listed_with_titles_and_owner(remote: Remote) -> None:
    title = {"nb": "Egg", "nn": "", "en": None}
    owner = {"orgcode": "SKD"}
    remote.says([{"identifier": "ske-egg", "title": title, "hasCompetentAuthority": owner, "delegable": True},
                 {"identifier": "x", "title": None, "hasCompetentAuthority": None}])  # fmt: skip

    result = Metadata(platform=PLATFORM).resources()

    assert result == [Resource("ske-egg", {"nb": "Egg"}, "skd", True), Resource("x", {}, "", False)]
    assert dict(remote.asked.url.params) == {"includeApps": "false", "includeMigratedApps": "false"}


def test_a_package_and_a_resource_are_looked_up_without_a_token(remote: Remote) -> None:
    remote.says(PACKAGE)
    remote.says({"identifier": "ske-egg", "delegable": True})

    package = Metadata(platform=PLATFORM).package(PACKAGE["urn"])
    resource = Metadata(platform=PLATFORM).resource("ske/egg")

    assert (package.urn, resource["delegable"]) == (PACKAGE["urn"], True)
    assert remote.requests[0].url.path.endswith(f"/package/urn/{PACKAGE['urn']}")
    assert remote.asked.url.raw_path == b"/resourceregistry/api/v1/resource/ske%2Fegg"
    assert not any("authorization" in asked.headers for asked in remote.requests)
