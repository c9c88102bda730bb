"""Dialogporten, Events and Skatteetaten through our gateways; and every fault the sandbox can order, on the way."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest

from portal.gateways.dialogporten import DialogItem
from portal.gateways.errors import BrokenReply, GatewayError, Refused, Unavailable
from portal.gateways.skatteetaten.common import Receipt
from portal.gateways.skatteetaten.documents import ForeignAddress
from portal.gateways.skatteetaten.rf1086 import Prefill
from portal.sandbox.faults import Fault
from portal.sandbox.skatteetaten.catalogue import RF1086
from tests.contract.rig import FOLLOWING, PARTY, READING, REPORTING, RESOURCE, World
from tests.sandbox import tax_rig
from tests.sandbox.altinn_rig import K

HOOK = "https://hook.example.no/altinn/7fK2"
MAIN, PART = tax_rig.main_form().encode(), tax_rig.sub_form().encode()


def search(world: World, **changes: Any) -> Any:
    asked = {"order_by": "updatedAt_asc", "limit": 1000, "parties": [PARTY], **changes}
    return world.dialogporten.search(token=world.customer_token(READING), **asked)


def found(world: World, dialog_id: str) -> DialogItem:
    items: list[DialogItem] = [item for item in search(world).items if item.id == dialog_id]
    return items[0]


# Dialogporten


def test_a_cursor_gives_every_dialog_once_and_then_only_what_moved(connected: World) -> None:
    made = []
    for number in range(5):
        made.append(connected.dialog(f"Brev {number}"))
        connected.let_pass(60)

    pages = [search(connected, limit=2)]
    while pages[-1].has_next_page:
        pages.append(search(connected, limit=2, continuation_token=pages[-1].continuation_token))
    token = pages[-1].continuation_token
    quiet = search(connected, continuation_token=token)
    connected.rig.control(f"dialogs/{made[1]}", {"title": {"nb": "Nytt"}}, method="PATCH")
    moved = search(connected, continuation_token=token)

    assert [item.id for page in pages for item in page.items] == made
    assert (quiet.items, quiet.continuation_token) == ((), token)
    assert [(item.id, item.title["nb"]) for item in moved.items] == [(made[1], "Nytt")]


def test_a_dialog_is_read_with_what_the_owner_gave_it(connected: World) -> None:
    due = connected.at + timedelta(days=3)
    ident = connected.dialog(
        "Krav", summary="Kort", status="RequiresAttention", external_reference="sak-1", due_at=due.isoformat(),
        process="urn:example:p:1", is_api_only=True,
    )  # fmt: skip

    item = found(connected, ident)

    assert (item.party, item.service_resource, item.org) == (PARTY, RESOURCE, "ske")
    assert (item.title["nb"], item.summary["nb"], item.status) == ("Krav", "Kort", "RequiresAttention")
    assert (item.external_reference, item.due_at, item.process) == ("sak-1", due, "urn:example:p:1")
    assert (item.is_api_only, item.is_content_seen, item.system_labels) == (True, False, ("Default",))
    assert item.context_revision


@pytest.mark.parametrize("name", ["updated_after", "content_updated_after"])
def test_a_time_narrows_the_search(connected: World, name: str) -> None:
    connected.dialog("Old")
    connected.let_pass(60)
    late = connected.dialog("New")

    page = search(connected, **{name: connected.at})

    assert [item.id for item in page.items] == [late]


@pytest.mark.parametrize("name", ["updated_before", "content_updated_before"])
def test_a_time_ends_the_search(connected: World, name: str) -> None:
    early = connected.dialog("Old")
    until = connected.at
    connected.let_pass(60)
    connected.dialog("New")

    page = search(connected, **{name: until})

    assert [item.id for item in page.items] == [early]


def test_no_machine_reading_marks_a_dialog_as_seen(connected: World) -> None:
    ident, token = connected.dialog(), connected.customer_token(READING)

    connected.dialogporten.transmissions(ident, token=token)
    connected.dialogporten.activities(ident, token=token)

    assert found(connected, ident).is_content_seen is False


def test_opening_a_dialog_for_a_person_marks_it_as_seen(connected: World) -> None:
    ident = connected.dialog()

    opened = connected.dialogporten.get_dialog_as_person(ident, token=connected.customer_token(READING))

    assert (opened.item.id, opened.dialog_token.count(".")) == (ident, 2)
    assert opened.dialog_token not in repr(opened)
    assert found(connected, ident).is_content_seen is True


def test_labels_are_set_against_the_revision_we_have_seen(connected: World) -> None:
    ident, token = connected.dialog(), connected.customer_token(READING)
    seen = found(connected, ident).context_revision

    revision = connected.dialogporten.set_labels(ident, token=token, add=["Archive"], revision=seen)

    item = found(connected, ident)
    assert (item.system_labels, item.context_revision) == (("Archive",), revision)
    with pytest.raises(Refused) as caught:
        connected.dialogporten.set_labels(ident, token=token, add=["Bin"], revision=seen)
    assert caught.value.status == 412


def test_what_is_behind_a_dialog_is_read(connected: World) -> None:
    ident = connected.dialog()
    body = {"type": "Information", "title": "Se vedlegg", "external_reference": "ref-1"}
    made = connected.rig.control(f"dialogs/{ident}/transmissions", body)["id"]
    connected.rig.control(f"dialogs/{ident}/activities", {"type": "TransmissionOpened", "transmission_id": made})
    token = connected.customer_token(READING)

    (transmission,) = connected.dialogporten.transmissions(ident, token=token)
    activities = connected.dialogporten.activities(ident, token=token)

    assert (transmission.id, transmission.type, transmission.title["nb"]) == (made, "Information", "Se vedlegg")
    assert (transmission.external_reference, transmission.is_authorized) == ("ref-1", True)
    assert ("TransmissionOpened", made) in {(a.type, a.transmission_id) for a in activities}


def test_what_is_deleted_is_gone_and_what_is_unknown_is_not_found(connected: World) -> None:
    ident, token = connected.dialog(), connected.customer_token(READING)
    connected.rig.control(f"dialogs/{ident}", method="DELETE")

    statuses = []
    for wanted in (ident, str(uuid.uuid4())):
        with pytest.raises(Refused) as caught:
            connected.dialogporten.transmissions(wanted, token=token)
        statuses.append(caught.value.status)

    assert statuses == [410, 404]


def test_the_limits_are_those_of_the_service(connected: World) -> None:
    limits = connected.dialogporten.limits()

    assert (limits.parties, limits.service_resources) == (100, 20)
    assert search(connected, parties=[PARTY] * limits.parties).items == ()
    with pytest.raises(Refused):
        search(connected, parties=[PARTY] * (limits.parties + 1))


# Events


def test_a_subscription_is_made_once_and_taken_away(connected: World) -> None:
    token = connected.exchanged(FOLLOWING)
    asked = {"endpoint": HOOK, "resource": RESOURCE, "subject": PARTY}

    first = connected.events.subscribe(token=token, **asked)
    again = connected.events.subscribe(token=token, **asked)

    assert (first, first.is_validated) == (again, False)
    assert (first.endpoint, first.resource, first.subject) == (HOOK, RESOURCE, PARTY)
    assert connected.events.list(token=token) == [connected.events.get(first.id, token=token)] == [first]
    connected.events.delete(first.id, token=token)
    assert connected.events.list(token=token) == []


def test_events_want_an_exchanged_token(connected: World) -> None:
    with pytest.raises(Refused) as caught:
        connected.events.list(token=connected.customer_token(FOLLOWING))

    assert caught.value.status == 401


# Skatteetaten


def main_form(world: World, *, key: uuid.UUID | None = None, xml: bytes = MAIN) -> str:
    token = world.customer_token(REPORTING)
    return world.rf1086.send_main(token=token, year=2025, xml=xml, key=key or uuid.uuid4())


def report(world: World) -> tuple[str, Receipt]:
    """A whole RF-1086; the main form's id and the receipt."""
    main_id, token = main_form(world), world.customer_token(REPORTING)
    world.rf1086.send_part(token=token, year=2025, main_id=main_id, xml=PART, key=uuid.uuid4())
    return main_id, world.rf1086.confirm(token=token, year=2025, main_id=main_id, parts=1)


def code_of(call: Any, **arguments: Any) -> str:
    with pytest.raises(Refused) as caught:
        call(**arguments)
    return caught.value.code


def test_a_report_leads_to_its_transmission_and_the_forms_in_it(connected: World) -> None:
    _main_id, receipt = report(connected)
    token = connected.customer_token(REPORTING)

    sent = connected.dialogporten.transmissions(receipt.dialog_id, token=connected.customer_token(READING))
    forms = connected.rf1086.submitted_forms(token=token, year=2025, transmission_id=receipt.transmission_id)

    assert [(t.id, t.type) for t in sent] == [(receipt.transmission_id, "Submission")]
    assert [form.encode() for form in forms] == [MAIN, PART]
    assert receipt.reference


def test_the_same_key_and_form_are_handled_once(connected: World) -> None:
    key = uuid.uuid4()

    assert main_form(connected, key=key) == main_form(connected, key=key)
    assert code_of(main_form, world=connected, key=key, xml=MAIN + b"<!-- other -->") == "GLD_019"


def test_skatteetatens_reasons_come_through_as_codes(connected: World) -> None:
    main_id, _receipt = report(connected)
    gateway, token = connected.rf1086, connected.customer_token(REPORTING)
    new = main_form(connected)

    assert code_of(gateway.confirm, token=token, year=2025, main_id=main_id, parts=1) == "GLD_1029"
    assert code_of(gateway.confirm, token=token, year=2025, main_id=new, parts=1) == "GLD_1026"
    assert code_of(gateway.confirm, token=token, year=2025, main_id=str(uuid.uuid4()), parts=1) == "GLD_1016"
    assert code_of(gateway.confirm, token="", year=2025, main_id=new, parts=1) == "GLD_1007"


def test_feedback_is_fetched_by_its_addresses_and_by_its_ids(connected: World) -> None:
    _main_id, receipt = report(connected)
    connected.let_pass(150)
    reader, token = connected.customer_token(READING), connected.customer_token(REPORTING)

    *_, verdict = connected.dialogporten.transmissions(receipt.dialog_id, token=reader)
    fetched = [connected.documents.document_at(a.api_url, token=token) for a in verdict.attachments]
    by_ids = connected.documents.document(
        token=token, year=2025, transmission_id=verdict.id, document_id=verdict.attachments[0].id
    )

    assert (verdict.type, verdict.related_transmission_id) == ("Acceptance", receipt.transmission_id)
    assert {document.media_type for document in fetched} == {"application/pdf", "application/xml"}
    assert all(document.content for document in fetched)
    assert by_ids == fetched[0]


def prefill(world: World, year: int) -> Prefill | None:
    return world.rf1086.prefill(token=world.customer_token(REPORTING), year=year, orgnr=K)


def test_the_report_of_the_year_before_is_a_start_for_this_years(connected: World) -> None:
    report(connected)
    early = prefill(connected, 2026)
    connected.let_pass(150)

    late = prefill(connected, 2026)

    assert early is None
    assert late is not None
    assert (late.status, late.total, late.pages, late.page, len(late.forms)) == ("GODKJENT", 2, 1, 0, 2)
    assert '<Inntektsar-datadef-692 orid="692">2026<' in late.forms[0].xml
    assert prefill(connected, 2025) is None
    assert prefill(connected, 2027) is None


def test_a_rejected_report_comes_too_and_says_so(connected: World) -> None:
    connected.rig.control("verdicts", {"verdict": "rejected", "orgnr": K, "service": RF1086.id})
    report(connected)
    connected.let_pass(150)

    answer = prefill(connected, 2026)

    assert answer is not None
    assert answer.status == "AVVIST"


def test_the_report_of_the_year_before_is_not_for_everybody(connected: World) -> None:
    gateway = connected.rf1086

    assert code_of(gateway.prefill, token="", year=2026, orgnr=K) == "GLD_1007"
    assert code_of(gateway.prefill, token=connected.token(REPORTING), year=2026, orgnr=K) == "GLD_1063"


def test_the_pages_address_of_a_document_is_not_for_a_token(connected: World) -> None:
    with pytest.raises(ForeignAddress):
        connected.documents.document_at("https://skatt.example.no/web/dokument", token="a.b.c")


# faults on the way


def under(world: World, **fault: Any) -> GatewayError:
    """What a search raises when Dialogporten fails so."""
    token = world.customer_token(READING)
    world.rig.app.faults.order(Fault(service="dialogporten", **fault))
    with pytest.raises(GatewayError) as caught:
        world.dialogporten.search(token=token, order_by="updatedAt_asc", limit=10, parties=[PARTY])
    return caught.value


@pytest.mark.parametrize("kind", ["timeout", "reset", "truncated", "lost"])
def test_a_broken_connection_may_have_arrived(connected: World, kind: str) -> None:
    error = under(connected, kind=kind)

    assert isinstance(error, Unavailable)
    assert error.maybe_arrived


def test_a_throttled_call_says_for_how_long(connected: World) -> None:
    error = under(connected, kind="status", status=429, retry_after="17")

    assert isinstance(error, Unavailable)
    assert (error.status, error.retry_after, error.maybe_arrived) == (429, 17.0, False)


def test_a_maintenance_says_until_when(connected: World) -> None:
    error = under(connected, kind="status", status=503, retry_after="Fri, 01 Jan 2100 00:00:00 GMT")

    assert isinstance(error, Unavailable)
    assert error.retry_after == 86400.0


def test_a_page_in_place_of_json_needs_a_person(connected: World) -> None:
    assert isinstance(under(connected, kind="status", status=200, body="<html>"), BrokenReply)


def test_a_slow_search_has_its_own_code(connected: World) -> None:
    connected.rig.control("settings", {"slow_search": True}, method="PATCH")

    assert code_of(search, world=connected) == "Search"


def test_a_customer_that_removes_access_ends_the_tokens(connected: World) -> None:
    user = connected.ask(READING, owner_orgnr=K).system_user_id
    connected.rig.control(f"system-users/{user}", method="DELETE")

    assert code_of(search, world=connected) == "MP-303"
