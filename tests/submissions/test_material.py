"""Skatteetaten asks for material: a task that people see, files that answer it, and where to deliver them by hand."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from accounts.models import Portfolio, User
from portal.core.environments import Environment
from portal.desk.attention import attention
from portal.sandbox.dialogs import add_transmission, update_dialog
from portal.sandbox.skatteetaten import cases
from submissions.models import Dialog, Submission
from submissions.services import material
from submissions.services.casework import acts
from submissions.services.drafting import drafts
from submissions.services.offers import offers_for
from submissions.services.sending import again, queue
from tests.fixtures import make_user
from tests.submissions.adapters.rig import Rig
from tests.submissions.inbox.reading import Reading, opened_dialogs
from tests.submissions.world import BY, World

S = Submission.Status
SAFT = b"<AuditFile/>"
EICAR = b"<AuditFile>EICAR-STANDARD-ANTIVIRUS-TEST-FILE</AuditFile>"


class Audit:
    """A customer whom Skatteetaten asks, and the portal beside it."""

    def __init__(self, world: World) -> None:
        self.rig, self.world = Rig(world, "dialog_upload"), world
        self.reading = Reading(world)

    def asks(self, **fields: Any) -> Dialog:
        """Skatteetaten asks, and the inbox is read."""
        world = self.world
        order = {"title": "Kontroll av regnskap", "text": "Send SAF-T", "due_at": None, **fields}
        case = cases.open_case(world.app, orgnr=world.access.customer.orgnr, now=world.at, **order)
        self.read()
        return Dialog.objects.get(dialog_id=case.dialog_id)

    def read(self) -> None:
        for _ in range(3):
            self.world.let_pass(400)
            self.reading.round()

    def draft(self, dialog: Dialog, *files: tuple[str, bytes]) -> Submission:
        row = material.begin(dialog=dialog, by=BY, at=self.world.at)
        uploads = [SimpleUploadedFile(name, content) for name, content in files]
        drafts.add_files(submission=row, files=uploads, by=BY, at=self.world.at)
        row.refresh_from_db()
        return row

    def sent(self, dialog: Dialog, *files: tuple[str, bytes]) -> Submission:
        row = self.draft(dialog, *(files or (("saft.xml", SAFT),)))
        queue.queue(submission=row, by=BY, at=self.world.at, confirmed=frozenset({"warnings", "replaces", "duplicate"}))
        return self.world.settle(self.world.send(row))


@pytest.fixture
def audit(world: World) -> Audit:
    return Audit(world)


def todo(audit: Audit, user: User) -> dict[str, int]:
    return {line.title: line.count for line in attention(user=user, environment=Environment.SANDBOX, at=audit.world.at)}


def page_of(client: Client, user: User, dialog: Dialog) -> str:
    client.force_login(user)
    return client.get(reverse("dialog", kwargs={"environment": "sandbox", "pk": dialog.pk})).content.decode()


ASKS = "Skatteetaten ber om materiale"
TASK = "Skatteetaten ber en kunde om materiale"


def test_the_request_is_a_task_on_overview_customer_and_list(
    audit: Audit, client: Client, case_worker: User, administrator: User
) -> None:
    dialog = audit.asks()

    assert todo(audit, case_worker)[TASK] == 1
    client.force_login(case_worker)
    customer = client.get(reverse("customer", kwargs={"environment": "sandbox", "pk": dialog.customer_id}))
    assert ASKS in customer.content.decode()
    listed = client.get("/sandbox/dialogs/?state=material").content.decode()
    assert "Send inn det Skatteetaten ber om" in listed
    assert "Send inn filer" in page_of(client, case_worker, dialog)
    assert opened_dialogs(audit.world) == []


def test_one_with_a_deadline_is_told_once_and_one_that_is_done_not_at_all(
    audit: Audit, client: Client, case_worker: User
) -> None:
    dialog = audit.asks()
    client.force_login(case_worker)
    without = [line.url for line in attention(user=case_worker, environment=Environment.SANDBOX, at=audit.world.at)]
    listed: Any = client.get(next(url for url in without if "state=material" in url))

    Dialog.objects.filter(pk=dialog.pk).update(due_at=audit.world.at + timedelta(days=3))
    by_a_day = todo(audit, case_worker)
    Dialog.objects.filter(pk=dialog.pk).update(due_at=None)
    acts.be_done(dialogs=Dialog.objects.filter(pk=dialog.pk), by=case_worker.actor, at=audit.world.at)

    assert [row.dialog for row in listed.context["page"]] == [dialog]
    assert TASK not in by_a_day
    assert by_a_day["Dialog skal besvares innen 7 dager"] == 1
    assert TASK not in todo(audit, case_worker)


def test_those_of_another_portfolio_do_not_see_it(audit: Audit, client: Client) -> None:
    dialog = audit.asks()
    stranger = make_user("CASE_WORKER", "fremmed@vendor.example", name="Fremmed")
    stranger.portfolios.add(Portfolio.objects.create(name="Øst"))
    client.force_login(stranger)
    address = reverse("dialog-answer", kwargs={"environment": "sandbox", "pk": dialog.pk})

    assert TASK not in todo(audit, stranger)
    assert client.post(address).status_code == 404


def test_a_reader_sees_the_task_and_may_not_answer(audit: Audit, client: Client, reader: User) -> None:
    dialog = audit.asks()

    assert "En administrator eller saksbehandler kan sende inn filer" in page_of(client, reader, dialog)
    address = reverse("dialog-answer", kwargs={"environment": "sandbox", "pk": dialog.pk})
    assert client.post(address).status_code == 403
    assert not Submission.objects.exists()


def test_the_answer_goes_to_the_dialog_that_asked(audit: Audit, case_worker: User) -> None:
    dialog = audit.asks()

    row = audit.sent(dialog, ("saft.xml", SAFT), ("bilag.zip", b"PK\x03\x04bilag"))

    assert (row.status, row.dialog_id) == (S.DELIVERED, dialog.dialog_id)
    [received] = audit.world.received
    assert (received.id, received.dialog_id) == (str(row.transmission_id), str(dialog.dialog_id))
    assert len(received.content) == 2
    assert TASK not in todo(audit, case_worker)


@pytest.mark.parametrize(("verdict", "state", "open_again"), [("accepted", S.ACCEPTED, 0), ("rejected", S.REJECTED, 1)])
def test_the_verdict_closes_the_task_or_opens_it_again(
    audit: Audit, case_worker: User, verdict: str, state: str, open_again: int
) -> None:
    dialog = audit.asks()
    audit.world.control("/control/verdicts", {"verdict": verdict})
    row = audit.sent(dialog)

    audit.reading.settle(row)

    assert row.status == state
    assert todo(audit, case_worker).get(TASK, 0) == open_again


def test_a_warning_in_the_feedback_is_shown_and_accepted(audit: Audit) -> None:
    dialog = audit.asks()
    audit.world.control("/control/verdicts", {"verdict": "warning", "reasons": ["Bilag 4 mangler dato"]})
    row = audit.sent(dialog)

    audit.reading.settle(row)

    assert row.status == S.ACCEPTED
    assert [reason["text"] for reason in row.reasons] == ["Bilag 4 mangler dato"]


def test_asking_for_more_is_a_task_again(audit: Audit, case_worker: User) -> None:
    dialog = audit.asks()
    audit.reading.settle(audit.sent(dialog))
    assert TASK not in todo(audit, case_worker)
    remote = audit.world.app.state.dialogs[str(dialog.dialog_id)]
    add_transmission(audit.world.app, remote, type="Request", title="Vi trenger mer", now=audit.world.at)
    update_dialog(audit.world.app, remote, {"status": "RequiresAttention"}, now=audit.world.at)

    audit.read()

    assert todo(audit, case_worker)[TASK] == 1


def test_two_clicks_make_one_draft_and_two_dialogs_two(audit: Audit) -> None:
    one, other = audit.asks(), audit.asks(title="Kontroll av kasse")

    first = material.begin(dialog=one, by=BY, at=audit.world.at)
    again = material.begin(dialog=one, by=BY, at=audit.world.at)
    second = material.begin(dialog=other, by=BY, at=audit.world.at)

    assert first == again
    assert first != second
    assert (first.answers, second.answers) == (one, other)


def test_who_begins_to_answer_has_read_the_request(audit: Audit, administrator: User) -> None:
    dialog = audit.asks()
    assert todo(audit, administrator)["Nytt brev fra Skatteetaten"] == 1

    material.begin(dialog=dialog, by=administrator.actor, at=audit.world.at)

    assert dialog.transmissions.get().read_by == administrator.actor
    assert "Nytt brev fra Skatteetaten" not in todo(audit, administrator)


def test_the_open_draft_with_files_is_continued(audit: Audit) -> None:
    dialog = audit.asks()
    first = audit.draft(dialog, ("saft.xml", SAFT))

    assert material.begin(dialog=dialog, by=BY, at=audit.world.at) == first


def test_a_dialog_that_is_completed_or_gone_is_not_answered(audit: Audit) -> None:
    dialog = audit.asks()
    for changes in ({"status": "Completed"}, {"gone_at": audit.world.at, "gone_reason": "DELETED"}):
        Dialog.objects.filter(pk=dialog.pk).update(**changes)
        dialog.refresh_from_db()
        with pytest.raises(material.NotAsked):
            material.begin(dialog=dialog, by=BY, at=audit.world.at)


def test_another_dialog_is_not_answered_so(audit: Audit) -> None:
    audit.reading.opens(title="Brev")
    audit.read()
    dialog = Dialog.objects.exclude(service_resource__endswith=":ske-kontroll").get()

    assert material.answering(dialog) is None
    with pytest.raises(material.NotAsked):
        material.begin(dialog=dialog, by=BY, at=audit.world.at)


def test_material_is_not_offered_of_ones_own_accord(audit: Audit) -> None:
    offered = [offer.service.id for offer in offers_for(audit.world.access.customer)]

    assert "innrapportering-kontrollopplysninger" not in offered


@pytest.mark.parametrize("environment", ["TEST", "PRODUCTION"])
def test_elsewhere_the_task_says_where_to_deliver_by_hand_and_why(
    audit: Audit, environment: str, settings: Any
) -> None:
    dialog = audit.asks()
    dialog.environment = dialog.access.environment = dialog.customer.environment = environment

    shown = material.answering(dialog)

    assert shown is not None
    assert not shown.may_begin
    assert "Adressene er ikke offentlige" in shown.by_hand
    assert "er ikke offentlig" in shown.obstacle
    assert shown.link.startswith("https://af.")


def test_without_the_right_the_page_says_so(audit: Audit, client: Client, case_worker: User) -> None:
    dialog = audit.asks()
    access = dialog.access
    access.rights = ["urn:altinn:resource:annet"]
    access.save(update_fields=["rights"])

    page = page_of(client, case_worker, dialog)

    assert "mangler rettigheten" in page
    assert "Materialet må leveres for hånd" in page


# what Skatteetaten refuses


def test_a_file_with_a_virus_fails_with_its_code(audit: Audit, case_worker: User) -> None:
    row = audit.sent(audit.asks(), ("saft.xml", SAFT), ("bilag.xml", EICAR))

    assert (row.status, row.problem_code) == (S.FAILED, "GLD_1070")
    assert audit.world.received == []
    assert todo(audit, case_worker)[TASK] == 1


def test_a_file_name_that_is_refused_fails_with_its_code(audit: Audit) -> None:
    row = audit.sent(audit.asks(), ("oversikt ©.xml", SAFT))

    assert (row.status, row.problem_code) == (S.FAILED, "GLD_1059")


def test_a_dialog_that_skatteetaten_no_longer_has_fails_with_its_code(audit: Audit) -> None:
    dialog = audit.asks()
    row = audit.draft(dialog, ("saft.xml", SAFT))
    audit.world.app.state.skatteetaten.cases.clear()
    queue.queue(submission=row, by=BY, at=audit.world.at)

    audit.world.settle(audit.world.send(row))

    assert (row.status, row.problem_code) == (S.FAILED, "GLD_1017")


def test_uploads_that_are_gone_before_they_are_submitted_fail_with_their_code(audit: Audit) -> None:
    dialog = audit.asks()
    row = audit.draft(dialog, ("saft.xml", SAFT))
    queue.queue(submission=row, by=BY, at=audit.world.at)
    audit.rig.order(call=2, kind="status", status=429)
    audit.world.send(row)
    audit.world.app.state.skatteetaten.case_uploads.clear()

    audit.world.settle(row)

    assert (row.status, row.problem_code) == (S.FAILED, "GLD_1067")


def test_a_control_that_takes_time_is_waited_for(audit: Audit) -> None:
    audit.world.app.state.settings.case_control_seconds = 300
    dialog = audit.asks()
    row = audit.draft(dialog, ("saft.xml", SAFT))
    queue.queue(submission=row, by=BY, at=audit.world.at)

    assert audit.world.send(row).status == S.SENDING
    audit.world.settle(row)

    assert (row.status, len(audit.world.app.state.skatteetaten.case_uploads)) == (S.DELIVERED, 1)


def test_a_lost_submission_is_found_by_its_uploads_beside_another_one(audit: Audit) -> None:
    """Somebody else answers the same dialog at the same time: the forsendelse with our files is ours."""
    dialog = audit.asks()
    other = audit.sent(dialog, ("annet.xml", b"<a/>"))
    Submission.objects.filter(pk=other.pk).update(transmission_id=None)
    row = audit.draft(dialog, ("saft.xml", SAFT))
    queue.queue(submission=row, by=BY, at=audit.world.at, confirmed=frozenset({"warnings", "replaces", "duplicate"}))
    row.queued_at = other.queued_at
    row.save(update_fields=["queued_at"])
    Submission.objects.filter(pk=other.pk).update(customer=audit.world.access.customer, status="CANCELLED")
    row.calls.filter(ordinal=1).update(attempts=1)  # it was begun: nobody is asked about what was there before
    audit.rig.order(call=2, kind="lost")

    audit.world.settle(audit.world.send(row))

    assert row.status == S.DELIVERED
    assert str(row.transmission_id) == audit.world.received[-1].id


def test_a_correction_answers_the_same_dialog(audit: Audit) -> None:
    dialog = audit.asks()
    row = audit.sent(dialog)

    correction = drafts.copy_for_correction(submission=row, by=BY, at=audit.world.at)

    assert correction.answers == dialog


def test_waiting_costs_one_query(
    audit: Audit, administrator: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    audit.asks()
    rows = material.find_waiting(user=administrator, environment=Environment.SANDBOX)

    with django_assert_num_queries(1):
        assert len(rows) == 1


def test_a_control_that_never_ends_becomes_a_persons(audit: Audit) -> None:
    audit.world.app.state.settings.case_control_seconds = 10**7
    row = audit.draft(audit.asks(), ("saft.xml", SAFT))
    queue.queue(submission=row, by=BY, at=audit.world.at)
    audit.world.send(row)

    audit.world.let_pass(days=1, minutes=1)
    audit.world.send(row)

    assert (row.status, row.problem_code) == (S.FAILED, "NOT_READY_IN_TIME")
    assert again.may_try_again(row)


def test_heading_step_and_card_agree_while_the_answer_is_on_its_way(
    audit: Audit, client: Client, administrator: User
) -> None:
    dialog = audit.asks()
    row = audit.draft(dialog, ("saft.xml", SAFT))
    queue.queue(submission=row, by=BY, at=audit.world.at, confirmed=frozenset({"warnings", "replaces", "duplicate"}))

    pages = {"on its way": page_of(client, administrator, dialog)}
    audit.world.settle(audit.world.send(row))
    pages["sent"] = page_of(client, administrator, dialog)

    for page in pages.values():
        assert "Krever handling" not in page
        assert "Send inn det Skatteetaten ber om" not in page
    assert "Materialet sendes" in pages["on its way"]
    assert "sendes til Skatteetaten. Mangler noe" in pages["on its way"]
    assert "venter ikke på noe" not in pages["on its way"]
    assert "Materialet er sendt" in pages["sent"]
    assert "Skatteetaten venter ikke på noe nå" in pages["sent"]
    listed = client.get("/sandbox/dialogs/").content.decode()
    assert "Materialet er sendt" in listed
