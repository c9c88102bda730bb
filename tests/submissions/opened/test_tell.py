"""Forsendelse åpnet: Skatteetaten is told once, because a person opened it, and never by a machine on its own."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.core.lease import LEASE
from portal.explain import explain
from submissions import tasks
from submissions.models import Dialog, Opening, Transmission
from submissions.services.opened import tell
from systemusers.models import Access
from tests.submissions.deaths import each_death
from tests.submissions.opened.rig import OPENED, Desk


def test_nothing_is_told_while_the_setting_is_off(desk: Desk, client: Client, case_worker: User) -> None:
    desk.open(client, case_worker, desk.answered())
    desk.work()

    assert (desk.states, desk.told, desk.gets) == ([], [], 0)


def test_a_document_that_a_person_opens_is_told_once(desk: Desk, client: Client, case_worker: User) -> None:
    document = desk.answered()
    desk.switch()

    assert desk.open(client, case_worker, document).status_code == 200
    assert (desk.states, desk.gets) == ([("WAITING", "")], 0)
    desk.work()

    assert document.transmission is not None
    assert desk.told == [str(document.transmission.transmission_id)]
    assert (desk.states, desk.gets) == ([("TOLD", "")], 1)


@pytest.mark.parametrize("page", ["document", "document-file"])
def test_reading_again_and_by_others_is_told_no_more(
    desk: Desk, client: Client, case_worker: User, administrator: User, page: str
) -> None:
    document = desk.answered()
    desk.switch()
    for user in (case_worker, administrator, case_worker):
        desk.open(client, user, document, page=page)
        desk.work()

    assert (len(desk.told), desk.gets) == (1, 1)
    assert Opening.objects.get().opened_by == case_worker.actor


def test_the_audit_trail_says_who_opened_it_before_the_call(desk: Desk, client: Client, case_worker: User) -> None:
    document = desk.answered()
    desk.switch()

    desk.open(client, case_worker, document)

    event = AuditEvent.objects.get(what="opened-by-person")
    assert event.by == case_worker.actor
    assert document.transmission is not None
    assert event.detail == {"transmission": str(document.transmission.transmission_id)}
    desk.work()
    assert AuditEvent.objects.get(what="WAITING->TOLD").by == tell.BY


def test_those_who_may_only_read_leave_no_trace_outside(desk: Desk, client: Client, reader: User) -> None:
    document = desk.answered()
    desk.switch()

    assert desk.open(client, reader, document).status_code == 200
    desk.work()

    assert (desk.states, desk.gets) == ([], 0)


@pytest.mark.parametrize("purpose", ["prefetch", "prefetch;prerender"])
def test_what_a_browser_fetches_in_advance_is_opened_by_nobody(
    desk: Desk, client: Client, case_worker: User, purpose: str
) -> None:
    document = desk.answered()
    desk.switch()

    desk.open(client, case_worker, document, **{"Sec-Purpose": purpose})

    assert desk.states == []


def test_no_machine_tells_on_its_own(desk: Desk) -> None:
    """All that the workers do, with the setting on and nobody at the pages."""
    desk.switch()
    desk.answered()
    desk.letter()
    for task in (tasks.tell_opened, tasks.fetch_attachments, tasks.pull_dialogs, tasks.sweep_cursors):
        task()

    assert (desk.states, desk.told, desk.gets) == ([], [], 0)


def test_the_dialog_token_is_the_one_sent_and_is_not_kept(
    desk: Desk, client: Client, case_worker: User, caplog: pytest.LogCaptureFixture
) -> None:
    document = desk.answered()
    desk.switch()
    desk.open(client, case_worker, document)
    with caplog.at_level(logging.DEBUG):
        desk.work()

    [call] = [r for r in desk.world.transport.requests if r.url.path.startswith(OPENED)]
    token = call.headers["Authorization"].removeprefix("Bearer ")
    others = {r.headers.get("Authorization", "") for r in desk.world.transport.requests if r is not call}
    assert f"Bearer {token}" not in others
    assert token not in caplog.text
    assert token not in str(list(AuditEvent.objects.values_list("detail", flat=True)))


def test_two_transmissions_take_a_token_each(desk: Desk, client: Client, case_worker: User) -> None:
    first = desk.answered()
    desk.reading.settle(desk.reading.delivered())
    desk.switch()
    assert first.transmission is not None
    others = Transmission.objects.filter(dialog=first.transmission.dialog, documents__role="FEEDBACK").distinct()
    for transmission in others:
        desk.open(client, case_worker, transmission.documents.earliest("pk"))

    desk.work()

    assert (len(desk.told), desk.gets, desk.states) == (2, 2, [("TOLD", "")] * 2)


# faults


def opened(desk: Desk, client: Client, user: User) -> None:
    document = desk.answered()
    desk.switch()
    desk.open(client, user, document)


@pytest.mark.parametrize("kind", ["lost", "timeout", "reset", "truncated"])
def test_a_lost_answer_is_asked_for_again(desk: Desk, client: Client, case_worker: User, kind: str) -> None:
    opened(desk, client, case_worker)
    desk.fault(kind=kind)
    desk.work()
    assert desk.states == [("WAITING", "UNAVAILABLE")]

    desk.work_for(hours=1)

    assert (desk.states, len(desk.told), desk.gets) == ([("TOLD", "")], 1, 2)


@pytest.mark.parametrize("status", [401, 403])
def test_a_refused_token_is_replaced(desk: Desk, client: Client, case_worker: User, status: int) -> None:
    opened(desk, client, case_worker)
    desk.fault(status=status)

    desk.work_for(hours=1)

    assert (desk.states, len(desk.told), desk.gets) == ([("TOLD", "")], 1, 2)


@pytest.mark.parametrize(("status", "gets"), [(404, 1), (405, 1)])
def test_a_final_refusal_is_noted_at_once(
    desk: Desk, client: Client, case_worker: User, status: int, gets: int
) -> None:
    opened(desk, client, case_worker)
    desk.fault(status=status)

    desk.work_for(hours=1)

    assert (desk.states, desk.gets) == ([("NOT_TOLD", f"AAPNET:{status}")], gets)


@pytest.mark.parametrize(("status", "code"), [(500, "AAPNET:500"), (403, "AAPNET:403"), (503, "UNAVAILABLE")])
def test_it_is_given_up_after_few_rounds_and_reading_goes_on(
    desk: Desk, client: Client, case_worker: User, status: int, code: str
) -> None:
    opened(desk, client, case_worker)
    desk.fault(status=status, times=10**6)

    desk.work_for(hours=26)

    assert (desk.states, desk.told) == ([("NOT_TOLD", code)], [])
    assert desk.gets == len(tell.WAITS) + 1
    client.force_login(case_worker)
    page = client.get(reverse("dialog", kwargs={"environment": "sandbox", "pk": Dialog.objects.get().pk}))
    assert f"Skatteetaten fikk ikke vite det: {explain(code).title}" in page.content.decode()


def test_without_dialogporten_no_dialog_is_opened_and_it_is_told_later(
    desk: Desk, client: Client, case_worker: User
) -> None:
    opened(desk, client, case_worker)
    desk.reading.fault(path="/platform/dialogporten/api/v1/enduser/dialogs/", status=503, times=1)
    desk.work()
    assert desk.states == [("WAITING", "UNAVAILABLE")]

    desk.work_for(hours=1)

    assert desk.states == [("TOLD", "")]


def test_a_setting_that_is_switched_off_again_holds_for_what_waits(
    desk: Desk, client: Client, case_worker: User
) -> None:
    opened(desk, client, case_worker)
    desk.switch(on=False)

    desk.work()

    assert (desk.states, desk.gets) == ([("NOT_TOLD", "OPENED_SWITCHED_OFF")], 0)


def test_an_access_that_ended_meanwhile_is_not_used(desk: Desk, client: Client, case_worker: User) -> None:
    opened(desk, client, case_worker)
    Access.objects.filter(pk=desk.world.access.pk).update(status="REMOVED")

    desk.work()

    assert (desk.states, desk.gets) == ([("NOT_TOLD", "OPENED_NO_ADDRESS")], 0)


def test_what_no_worker_took_for_a_day_is_not_told(desk: Desk, client: Client, case_worker: User) -> None:
    opened(desk, client, case_worker)
    desk.world.let_pass(25 * 3600)

    desk.work()

    assert (desk.states, desk.gets) == ([("NOT_TOLD", "OPENED_TOO_LATE")], 0)


@pytest.mark.parametrize("address", ["https://skatteetaten.example/web", "http://x@y/", "ftp://a"])
def test_the_token_is_sent_to_skatteetaten_only(desk: Desk, client: Client, case_worker: User, address: str) -> None:
    opened(desk, client, case_worker)
    for remote in desk.world.app.state.dialogs.values():
        for transmission in remote.transmissions:
            transmission.content_reference = address

    desk.work()

    assert desk.states == [("NOT_TOLD", "FOREIGN_ADDRESS")]
    assert not [r for r in desk.world.transport.requests if r.url.path.startswith(OPENED)]


def test_a_transmission_without_an_address_opens_no_dialog(desk: Desk, client: Client, case_worker: User) -> None:
    document = desk.answered()
    Transmission.objects.update(content_reference="")
    desk.switch()

    desk.open(client, case_worker, document)
    desk.work()

    assert (desk.states, desk.gets) == ([], 0)


def test_a_second_worker_during_the_call_does_not_tell_again(desk: Desk, client: Client, case_worker: User) -> None:
    opened(desk, client, case_worker)
    seen: list[str] = []

    def second() -> None:
        if not seen:
            seen.append("second")
            desk.work()

    desk.world.transport.watch = second
    desk.work()

    assert (desk.states, desk.gets) == ([("TOLD", "")], 1)


@pytest.mark.faults
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_dies_anywhere_leaves_it_told_once(desk: Desk, client: Client, case_worker: User) -> None:
    opened(desk, client, case_worker)
    for when in each_death(desk.world, desk.work, at_least=4):
        desk.world.let_pass(LEASE.total_seconds() + 700)
        desk.work()
        assert (desk.states, len(desk.told)) == ([("TOLD", "")], 1), when
        Opening.objects.update(status="WAITING", next_attempt_at=desk.world.at, opened_at=desk.world.at)


# the pages


@pytest.mark.parametrize(
    ("prepare", "text"),
    [
        ({}, "Skatteetaten får vite det om litt"),
        ({"told": True}, "Skatteetaten har fått vite det"),
    ],
)
def test_the_dialog_says_what_skatteetaten_knows(
    desk: Desk, client: Client, case_worker: User, prepare: dict[str, Any], text: str
) -> None:
    opened(desk, client, case_worker)
    if prepare:
        desk.work()

    page = client.get(reverse("dialog", kwargs={"environment": "sandbox", "pk": Dialog.objects.get().pk}))

    assert text in page.content.decode()
    assert case_worker.name in page.content.decode()


def test_a_letter_without_documents_is_opened_by_its_page(desk: Desk, client: Client, case_worker: User) -> None:
    letter = desk.letter()
    letter.attachments.all().delete()
    desk.switch()

    desk.open_letter(client, case_worker, letter)
    desk.work()

    assert desk.told == [str(letter.transmission_id)]


def test_the_page_of_a_letter_with_a_document_does_not_open_the_document(
    desk: Desk, client: Client, case_worker: User
) -> None:
    letter = desk.letter()
    desk.switch()
    desk.open_letter(client, case_worker, letter)
    assert desk.states == []

    desk.open(client, case_worker, letter.documents.get(), page="document-file")
    desk.work()

    assert (desk.told, desk.states) == ([str(letter.transmission_id)], [("TOLD", "")])


# the setting

SETTING = "/sandbox/settings/opened/"


def test_an_administrator_switches_it_on_and_the_trail_knows(desk: Desk, client: Client, administrator: User) -> None:
    client.force_login(administrator)
    shown = client.get(SETTING)
    assert "minner kunden" in shown.content.decode()

    version = shown.context["form"].initial["version"]
    assert client.post(SETTING, {"tells_opened": "on", "version": version}).status_code == 302

    event = AuditEvent.objects.get(what="edited", target__startswith="accounts.Vendor")
    assert (event.by, event.detail["changes"]) == (administrator.actor, {"tells_opened": [False, True]})


@pytest.mark.parametrize("role", ["case_worker", "reader"])
def test_others_may_not_even_see_it(desk: Desk, client: Client, role: str, request: pytest.FixtureRequest) -> None:
    client.force_login(request.getfixturevalue(role))

    assert client.get(SETTING).status_code == 403
    assert client.post(SETTING, {"tells_opened": "on"}).status_code == 403


def test_two_administrators_do_not_overwrite_each_other(desk: Desk, client: Client, administrator: User) -> None:
    client.force_login(administrator)
    version = client.get(SETTING).context["form"].initial["version"]
    desk.switch()

    late = client.post(SETTING, {"version": version})

    assert late.status_code == 422


def test_the_setting_shows_how_it_goes(desk: Desk, client: Client, case_worker: User, administrator: User) -> None:
    opened(desk, client, case_worker)
    desk.fault(status=404)
    desk.work()
    Opening.objects.update(opened_at=timezone.now())
    client.force_login(administrator)

    page = client.get(SETTING).content.decode()

    assert f"Ikke meldt: {explain('AAPNET:404').title}" in page
