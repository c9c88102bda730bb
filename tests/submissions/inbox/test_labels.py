"""Archiving in the customer's own inbox: only where it is chosen, by a person, and only on the labels that the person saw."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.models import Role, User, Vendor
from portal.core.audit import AuditEvent
from portal.sandbox.dialogs import Dialog as RemoteDialog
from portal.sandbox.dialogs import set_labels, update_dialog
from submissions.models import Dialog, LabelChange
from submissions.services import labels
from submissions.services.pages.dialog_work import labels_of
from tests.fixtures import make_user
from tests.submissions.inbox.reading import DIALOGS, Reading
from tests.submissions.world import BY


@pytest.fixture
def remote(reading: Reading) -> RemoteDialog:
    Vendor.objects.update(labels_dialogs=True)
    made = reading.opens()
    reading.round()
    return made


def archive(reading: Reading, *, is_archived: bool = True) -> None:
    row = Dialog.objects.select_related("access").get()
    labels.order(dialog=row, is_archived=is_archived, by=BY, at=reading.world.at)


def work(reading: Reading) -> None:
    labels.set_due(at=reading.world.at)


def test_a_dialog_is_archived_and_taken_back(reading: Reading, remote: RemoteDialog) -> None:
    archive(reading)
    work(reading)
    there, here = list(remote.labels), Dialog.objects.get().system_labels
    archive(reading, is_archived=False)
    work(reading)

    assert (there, here) == (["Archive"], ["Archive"])
    assert (remote.labels, Dialog.objects.get().system_labels) == (["Default"], ["Default"])
    assert Dialog.objects.get().context_revision == remote.context_revision
    assert not LabelChange.objects.exists()


def test_the_person_is_in_the_trail_before_the_call(reading: Reading, remote: RemoteDialog) -> None:
    archive(reading)

    event = AuditEvent.objects.get(what="dialog-archived")
    assert (event.by, reading.calls("systemlabels")) == (BY, [])


def test_labels_that_somebody_changed_meanwhile_are_left_alone(reading: Reading, remote: RemoteDialog) -> None:
    archive(reading)
    set_labels(reading.world.app.state, remote, ["Bin"], by="urn:x", now=reading.world.at)

    work(reading)
    row = LabelChange.objects.get()
    reading.world.let_pass(5)
    reading.poll()

    assert remote.labels == ["Bin"]
    assert (row.problem_code, row.next_attempt_at) == ("LABELS_CHANGED", None)
    assert Dialog.objects.get().system_labels == ["Bin"]
    problem = labels_of(Dialog.objects.select_related("access").get()).problem
    assert problem is not None
    assert "endret imens" in problem.title


def test_after_a_lost_answer_what_stands_is_read_and_shown(reading: Reading, remote: RemoteDialog) -> None:
    reading.fault(kind="lost", path=f"{DIALOGS}/")
    archive(reading)
    for _ in range(3):
        work(reading)
        reading.world.let_pass(30)
        reading.poll()

    shown = labels_of(Dialog.objects.select_related("access").get())
    assert remote.labels == ["Archive"]
    assert (shown.is_archived, shown.is_moving) == (True, False)


def test_a_change_by_the_sender_takes_it_out_again(reading: Reading, remote: RemoteDialog) -> None:
    archive(reading)
    work(reading)
    reading.world.let_pass(60)
    update_dialog(reading.world.app, remote, {"status": "RequiresAttention"}, now=reading.world.at)
    reading.world.let_pass(hours=1)
    reading.poll()

    assert Dialog.objects.get().system_labels == ["Default"]


@pytest.mark.parametrize("why", ["not chosen", "gone", "under way", "no revision"])
def test_what_cannot_be_archived_is_not_ordered(reading: Reading, remote: RemoteDialog, why: str) -> None:
    if why == "not chosen":
        Vendor.objects.update(labels_dialogs=False)
    elif why == "gone":
        Dialog.objects.update(gone_at=reading.world.at, gone_reason="DELETED")
    elif why == "no revision":
        Dialog.objects.update(context_revision="")
    else:
        archive(reading)

    with pytest.raises(labels.NotPossible):
        archive(reading)


def test_a_vendor_that_changes_its_mind_stops_what_waits(reading: Reading, remote: RemoteDialog) -> None:
    archive(reading)
    Vendor.objects.update(labels_dialogs=False)

    work(reading)

    assert (LabelChange.objects.get().problem_code, remote.labels) == ("LABELS_SWITCHED_OFF", ["Default"])


def test_altinn_that_does_not_answer_is_told_later(reading: Reading, remote: RemoteDialog) -> None:
    reading.fault(status=500, path=f"{DIALOGS}/")
    archive(reading)
    work(reading)
    waiting = LabelChange.objects.get().problem_code
    reading.world.let_pass(30)

    work(reading)

    assert (waiting, remote.labels) == ("UNAVAILABLE", ["Archive"])


def post(client: Client, **data: str) -> Any:
    row = Dialog.objects.get()
    address = reverse("dialog-archive", kwargs={"environment": "sandbox", "pk": row.pk})
    return client.post(address, data, follow=True)


def test_a_person_archives_on_the_page(
    reading: Reading, remote: RemoteDialog, client: Client, case_worker: User
) -> None:
    client.force_login(case_worker)

    first = post(client).content.decode()
    labels.set_due(at=timezone.now())
    second = post(client, out="1").content.decode()
    labels.set_due(at=timezone.now())

    assert "Dialogen arkiveres i kundens innboks." in first
    assert "Dialogen hentes tilbake fra arkivet." in second
    assert remote.labels == ["Default"]


def test_a_reader_may_not(reading: Reading, remote: RemoteDialog, client: Client, reader: User) -> None:
    client.force_login(reader)

    assert post(client).status_code in (403, 404)
    assert not LabelChange.objects.exists()


def test_where_it_is_not_chosen_no_button_is_shown(reading: Reading, remote: RemoteDialog, client: Client) -> None:
    client.force_login(make_user(Role.ADMINISTRATOR))
    address = reverse("dialog", kwargs={"environment": "sandbox", "pk": Dialog.objects.get().pk})
    chosen = client.get(address).content.decode()
    Vendor.objects.update(labels_dialogs=False)

    assert "Arkiver i kundens innboks" in chosen
    assert "Arkiver i kundens innboks" not in client.get(address).content.decode()


def test_an_administrator_chooses_it(reading: Reading, client: Client, administrator: User) -> None:
    client.force_login(administrator)
    page = reverse("tells-opened", kwargs={"environment": "sandbox"})
    version = client.get(page).context["form"]["version"].value()

    client.post(page, {"labels_dialogs": "on", "version": version})

    assert Vendor.objects.get().labels_dialogs
    assert not Vendor.objects.get().tells_opened
