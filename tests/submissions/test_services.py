"""The page of services: what each needs, the switch, the operator's settings, and the JSON Schema."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import jsonschema
import pytest
from django.test import Client

from accounts.models import Role, User
from portal.core.audit import AuditEvent
from submissions.adapters import adapter
from submissions.adapters.base import About
from submissions.models import ServiceSetting
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.catalogue import Openness
from submissions.services.offers import offers_for
from submissions.services.readiness import Answer, State, ours, standing, standings
from systemusers.models import Access, Offered, ScopeGrant, System
from tests.fixtures import AT, make_user
from tests.submissions.world import SERVICE

BSU = "innrapportering-bsu"
JSON = [one for one in catalogue.services() if one.adapter == "gld_json"]


def now(access: Access, service: str) -> Any:
    entry = catalogue.service(service)
    return standing(entry, catalogue.local(access.environment), ours(access.environment))


def turn(client: Client, service: str, on: str) -> Any:
    return client.post(f"/sandbox/services/{service}/turn/", {"on": on})


def test_a_service_that_is_on_and_has_all_it_needs(access: Access) -> None:
    one = now(access, SERVICE)

    assert (one.state, one.openness) == (State.ON, Openness.OPEN)
    assert (one.needs.scope, one.needs.right, one.needs.profile) == (Answer.YES, Answer.YES, Answer.YES)


def test_what_is_not_in_place_is_told_for_each_part(access: Access) -> None:
    one = now(access, BSU)
    System.objects.update(packages=[])
    without = now(access, BSU)

    assert one.state == State.OFF
    assert (one.needs.scope, one.needs.right, one.needs.profile) == (Answer.NO, Answer.YES, Answer.NO)
    assert without.needs.right == Answer.NO


def test_a_scope_that_was_refused_is_not_in_place(access: Access) -> None:
    client = access.profile.system.client
    ScopeGrant.objects.create(client=client, scope=catalogue.service(SERVICE).scopes[0], verdict="NOT_GRANTED")

    assert (now(access, SERVICE).needs.scope, now(access, SERVICE).state) == (Answer.NO, State.LACKS)


def test_every_service_has_a_state_and_those_that_cannot_be_sent_have_a_reason(access: Access) -> None:
    found = standings(access.environment)

    assert len(found) == len(catalogue.services())
    impossible = {State.PERSON, State.NOT_FOR_SYSTEMBRUKER, State.NOT_PUBLIC}
    assert all(one.service.reason for one in found if one.state in impossible and one.service.capability != "machine")


def test_a_need_that_no_page_gives_is_unknown(access: Access) -> None:
    assert now(access, "saeravgift").needs.scope == Answer.UNKNOWN


def test_an_administrator_turns_a_service_on_and_off(client: Client, access: Access, administrator: User) -> None:
    client.force_login(administrator)

    turn(client, BSU, "yes")
    offered = {offer.service.id for offer in offers_for(access.customer)}
    turn(client, BSU, "yes")
    turn(client, BSU, "no")

    events = [str(e.what) for e in AuditEvent.objects.filter(what__startswith="service-").order_by("pk")]
    assert BSU in offered
    assert BSU not in {offer.service.id for offer in offers_for(access.customer)}
    assert events == ["service-on", "service-off"]
    assert catalogue.local("SANDBOX").is_followed(catalogue.service(BSU)), "answers to what was sent still come"


def test_a_service_without_a_way_cannot_be_turned_on(client: Client, access: Access, administrator: User) -> None:
    client.force_login(administrator)

    turn(client, "saeravgift", "yes")

    assert not ServiceSetting.objects.exists()


@pytest.mark.parametrize("role", [Role.CASE_WORKER, Role.READER])
def test_others_read_and_do_not_switch(client: Client, access: Access, role: Role) -> None:
    client.force_login(make_user(role))

    assert client.get("/sandbox/services/").status_code == 200
    assert client.get(f"/sandbox/services/{BSU}/").status_code == 200
    assert turn(client, BSU, "yes").status_code == 403
    assert not ServiceSetting.objects.exists()


def test_strangers_are_sent_to_the_log_in_page(client: Client, access: Access) -> None:
    for path in ("services/", f"services/{BSU}/", f"services/{BSU}/schema/"):
        assert client.get(f"/sandbox/{path}").status_code == 302


def test_the_list_is_searched_and_filtered(client: Client, access: Access, administrator: User) -> None:
    client.force_login(administrator)

    found = client.get("/sandbox/services/", {"q": "egg"}).content.decode()
    on = client.get("/sandbox/services/", {"state": "ON"}).content.decode()

    assert "Kjøp fra primærnæring – egg" in found
    assert "Boligsparing" not in found
    assert "Aksjonærregisteroppgaven" in on
    assert "Boligsparing" not in on


@pytest.mark.parametrize("service", catalogue.services(), ids=lambda one: one.id)
def test_every_service_has_a_page(client: Client, access: Access, administrator: User, service: Any) -> None:
    client.force_login(administrator)

    page = client.get(f"/sandbox/services/{service.id}/").content.decode()

    assert service.name in page
    assert "None" not in page


def test_the_packages_that_open_a_service_have_their_names(client: Client, access: Access, administrator: User) -> None:
    entry = next(one for one in catalogue.services() if len(one.packages) > 1)
    known, unknown = entry.packages[:2]
    Offered.objects.create(
        environment="SANDBOX", kind="PACKAGE", code=known, names={"nb": "Lønn og ansatte"}, use="BOTH", seen_at=AT
    )
    client.force_login(administrator)

    text = " ".join(client.get(f"/sandbox/services/{entry.id}/").content.decode().split())

    assert f"Lønn og ansatte <code>{known.rpartition(':')[2]}</code>" in text
    assert f"<code>{unknown.rpartition(':')[2]}</code>" in text


def test_an_unknown_service_has_no_page(client: Client, access: Access, administrator: User) -> None:
    client.force_login(administrator)

    assert client.get("/sandbox/services/no-such/").status_code == 404


# what the operator knows better


def test_the_operators_word_goes_before_the_catalogues(access: Access) -> None:
    row = {
        "is_on": True,
        "changed_by": "x",
        "changed_at": access.status_at,
        "service": BSU,
        "environment": "PRODUCTION",
    }
    ServiceSetting.objects.create(
        openness="open", deadline_day=31, deadline_month=1, note="Brev fra Skatteetaten", **row
    )

    settings, entry = catalogue.local("PRODUCTION"), catalogue.service(BSU)

    assert settings.openness(entry) == Openness.OPEN
    assert settings.last_day(entry, Period.year(2025)) == date(2026, 1, 31)
    assert catalogue.local("TEST").last_day(entry, Period.year(2025)) is None


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, ""),
        ({"note": ""}, "note"),
        ({"deadline_day": "32"}, "deadline_day"),
        ({"deadline_month": "13"}, "deadline_day"),
        ({"service": "saeravgift"}, "service"),
    ],
)
def test_a_setting_is_written_in_django_admin(
    admin_client: Any, access: Access, changes: dict[str, str], field: str
) -> None:
    form = {
        "environment": "PRODUCTION", "service": BSU, "is_on": "on", "openness": "open", "deadline_day": "31",
        "deadline_month": "1", "note": "Telefon", **changes,
    }  # fmt: skip

    reply = admin_client.post("/admin/submissions/servicesetting/add/", form)

    if field:
        assert list(reply.context["adminform"].form.errors) == [field]
    else:
        row = ServiceSetting.objects.get()
        assert (row.note, row.changed_by != "") == ("Telefon", True)
        assert AuditEvent.objects.filter(what="added").exists()


# the JSON Schema


def message(service: Any) -> Any:
    about = About("310123455", Period.year(2025), service.id, service.options)
    (file,) = adapter("gld_json").examples(about, name="Nordlys", wrong=False)
    return json.loads(file.content)


@pytest.mark.parametrize("service", JSON, ids=lambda one: one.id)
def test_the_schema_is_one_and_takes_what_the_checks_take(service: Any) -> None:
    schema = adapter("gld_json").schema(service.options)
    assert schema is not None
    jsonschema.Draft202012Validator.check_schema(schema)
    right, wrong = message(service), message(service)
    delivery = wrong["leveranse"][0] if service.options.get("list") else wrong["leveranse"]
    delivery["inntektsaar"] = "to tusen"

    jsonschema.validate(right, schema)
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(wrong, schema)


def test_the_schema_of_a_public_one_names_what_is_required() -> None:
    service = catalogue.service("innrapportering-boligsameie")
    schema = adapter("gld_json").schema(service.options)
    wrong = message(service)
    del wrong["leveranse"]["oppgave"][0]["matrikkelnummer"]

    with pytest.raises(jsonschema.ValidationError, match="matrikkelnummer"):
        jsonschema.validate(wrong, schema)


def test_the_schema_is_downloaded(client: Client, access: Access, administrator: User) -> None:
    client.force_login(administrator)

    reply = client.get(f"/sandbox/services/{BSU}/schema/")

    assert reply["Content-Disposition"].endswith(f'"{BSU}.schema.json"')
    assert reply.json()["properties"]["leveranse"]
    assert client.get(f"/sandbox/services/{SERVICE}/schema/").status_code == 404
