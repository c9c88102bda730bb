"""Two persons for one report: who may ask and who may approve, what drops the question, and every way into the queue."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.models import Alarm, Portfolio, Role, User
from accounts.services import alarms, invitations
from accounts.services.actors import with_names
from accounts.services.staff import AddressOfAnother, Rights, save_user
from accounts.services.visits import Visit
from portal.core.audit import AuditEvent, target_of
from portal.core.environments import Environment
from portal.core.forms import PRODUCTION_WORD
from portal.core.states import LostRace
from submissions.models import Approval, PackageCheck, ServiceSetting, Submission
from submissions.period import Period
from submissions.services import catalogue, local
from submissions.services.drafting import drafts, removing
from submissions.services.drafting.preflight import preflight, token
from submissions.services.pages import approving
from submissions.services.pages.next_step import next_step
from submissions.services.sending import again, approvals
from submissions.services.sending.queue import HasChanged, NeedsApproval, NotReady, NotSecondPerson, queue
from systemusers.models import Access
from tests.fixtures import AT, make_user
from tests.submissions.test_production_start import move, tick
from tests.submissions.test_queue import make_ready
from tests.submissions.world import SERVICE, make_draft, store_package

S = Submission.Status
FIRST = "user:first@vendor.example"


def require(access: Access, *, on: bool = True) -> None:
    entry = catalogue.service(SERVICE)
    local.switch_approval(service=entry, environment=access.environment, on=on, by="user:boss@vendor.example", at=AT)


def shown(submission: Submission) -> str:
    return token(submission, preflight(submission))


def asked(access: Access, **fields: Any) -> Submission:
    """A report of a service that needs a second person; FIRST has asked."""
    require(access)
    submission = make_ready(access, **fields)
    confirmed = frozenset(code for code, _text in preflight(submission).questions)
    approvals.ask(submission=submission, by=FIRST, at=AT, confirmed=confirmed)
    return submission


def approve(submission: Submission, user: User) -> None:
    approvals.approve(submission=submission, user=user, at=AT, shown=shown(submission))


def events(submission: Submission) -> list[tuple[str, str]]:
    rows = AuditEvent.objects.filter(target=target_of(submission)).order_by("id")
    return [(event.what, event.by) for event in rows]


def test_nothing_changes_for_a_service_without_the_switch(access: Access) -> None:
    submission = make_ready(access)

    queue(submission=submission, by=FIRST, at=AT)

    assert (submission.status, Approval.objects.count()) == (S.QUEUED, 0)


def test_one_person_alone_cannot_queue(access: Access) -> None:
    submission = asked(access)

    with pytest.raises(NeedsApproval):
        queue(submission=submission, by="user:second@vendor.example", at=AT)
    with pytest.raises(NotSecondPerson):
        queue(submission=submission, by=FIRST, at=AT, approving=True)

    submission.refresh_from_db()
    assert (submission.status, submission.calls.count()) == (S.READY, 0)
    assert Approval.objects.unanswered().count() == 1


def test_a_second_person_approves_with_the_answers_of_the_first(access: Access, case_worker: User) -> None:
    submission = asked(access, warnings=1)

    approve(submission, case_worker)

    submission.refresh_from_db()
    assert (submission.status, submission.queued_by) == (S.QUEUED, case_worker.actor)
    assert events(submission)[-3:] == [
        ("approval-asked", FIRST), ("approved", case_worker.actor), ("READY->QUEUED", case_worker.actor),
    ]  # fmt: skip
    assert AuditEvent.objects.get(what="READY->QUEUED").detail["confirmed"] == ["warnings"]
    assert AuditEvent.objects.get(what="approved").detail["ordered_by"] == FIRST
    assert Approval.objects.get().approved_by == case_worker.actor


def test_the_questions_must_be_answered_before_one_asks(access: Access) -> None:
    require(access)

    with pytest.raises(NotReady):
        approvals.ask(submission=make_ready(access, warnings=1), by=FIRST, at=AT)

    assert not Approval.objects.exists()


def test_who_changed_the_files_last_cannot_approve(access: Access, case_worker: User, administrator: User) -> None:
    require(access)
    submission = make_draft(access)
    store_package(submission)
    submission.package_check.requested_by = case_worker.actor
    submission.package_check.save(update_fields=["requested_by"])
    approvals.ask(submission=submission, by=FIRST, at=AT)

    with pytest.raises(NotSecondPerson):
        approve(submission, case_worker)
    approve(submission, administrator)

    assert submission.status == S.QUEUED


def test_one_may_approve_only_with_the_role_and_for_customers_one_sees(access: Access, reader: User) -> None:
    submission = asked(access)
    stranger = make_user(Role.CASE_WORKER)
    stranger.portfolios.add(Portfolio.objects.create(name="Andre"))

    for user in (reader, stranger):
        with pytest.raises(approvals.MayNotApprove):
            approve(submission, user)

    assert Submission.objects.get(pk=submission.pk).status == S.READY


def test_a_change_of_files_drops_the_question(access: Access, case_worker: User) -> None:
    require(access)
    submission = make_draft(access)
    store_package(submission)
    approvals.ask(submission=submission, by=FIRST, at=AT)
    before = shown(submission)

    removing.remove(submission=submission, document=submission.documents.last(), by=FIRST, at=AT)

    assert not Approval.objects.exists()
    assert ("approval-dropped", FIRST) in events(submission)
    with pytest.raises((NeedsApproval, HasChanged)):
        approvals.approve(submission=Submission.objects.get(pk=submission.pk), user=case_worker, at=AT, shown=before)


def test_another_delivery_in_between_makes_the_question_void(access: Access, case_worker: User) -> None:
    submission = asked(access)
    make_ready(access, parts=1)
    Submission.objects.exclude(pk=submission.pk).update(status=S.DELIVERED, delivered_at=AT, queued_at=AT)

    with pytest.raises((HasChanged, NotReady)):
        approve(submission, case_worker)
    assert Submission.objects.get(pk=submission.pk).status == S.READY

    approvals.ask(submission=submission, by=FIRST, at=AT, confirmed=frozenset({"replaces"}))
    approve(submission, case_worker)
    assert submission.status == S.QUEUED


def test_the_second_person_must_have_seen_what_was_asked(access: Access, case_worker: User) -> None:
    submission = asked(access)

    with pytest.raises(HasChanged):
        approvals.approve(submission=submission, user=case_worker, at=AT, shown="")

    assert Approval.objects.unanswered().count() == 1


def test_a_refusal_has_a_reason_and_the_draft_can_be_asked_about_again(access: Access, case_worker: User) -> None:
    submission = asked(access)

    with pytest.raises(approvals.NoReason):
        approvals.refuse(submission=submission, user=case_worker, reason=" ", at=AT)
    approvals.refuse(submission=submission, user=case_worker, reason="Feil år", at=AT)

    with pytest.raises(NeedsApproval):
        approve(submission, case_worker)
    assert AuditEvent.objects.get(what="approval-refused").detail == {"grounds": "Feil år"}
    approvals.ask(submission=submission, by=FIRST, at=AT)
    approve(submission, case_worker)
    assert submission.status == S.QUEUED


def test_only_the_asker_withdraws(access: Access, case_worker: User, administrator: User) -> None:
    require(access)
    submission = make_ready(access)
    approvals.ask(submission=submission, by=administrator.actor, at=AT)

    with pytest.raises(LostRace):
        approvals.withdraw(submission=submission, user=case_worker, at=AT)
    approvals.withdraw(submission=submission, user=administrator, at=AT)

    assert not Approval.objects.exists()
    assert events(submission)[-1] == ("approval-withdrawn", administrator.actor)


def test_the_same_question_is_asked_once(access: Access) -> None:
    submission = asked(access)

    with pytest.raises(LostRace):
        approvals.ask(submission=submission, by="user:second@vendor.example", at=AT)

    assert Approval.objects.get().asked_by == FIRST


def test_turned_off_there_are_no_questions_left(access: Access) -> None:
    submission = asked(access)

    require(access, on=False)

    assert not Approval.objects.exists()
    queue(submission=submission, by=FIRST, at=AT)
    assert submission.status == S.QUEUED


def test_trying_again_leaves_a_draft_for_two_persons(access: Access) -> None:
    require(access)
    failed = make_ready(access)
    Submission.objects.filter(pk=failed.pk).update(status=S.FAILED)
    failed.refresh_from_db()

    made = again.try_again(submission=failed, by=FIRST, at=AT)

    assert made.corrects == failed
    assert made.status in drafts.OPEN


def test_the_list_says_that_a_second_person_must_approve(access: Access) -> None:
    submission = asked(access)
    row = Submission.objects.with_correction().get(pk=submission.pk)

    assert next_step(row, at=AT, working=True).text == "Venter på at en annen godkjenner"


@pytest.mark.django_db(transaction=True)
def test_two_who_approve_at_once_queue_it_once(access: Access, case_worker: User, administrator: User) -> None:
    submission = asked(access)
    before, results, barrier = shown(submission), [], threading.Barrier(2)

    def work(user: User) -> None:
        row = Submission.objects.get(pk=submission.pk)
        barrier.wait()
        try:
            approvals.approve(submission=row, user=user, at=AT, shown=before)
            results.append(user.actor)
        except (LostRace, NeedsApproval, HasChanged) as error:
            results.append(type(error).__name__)
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(user,)) for user in (case_worker, administrator)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    submission.refresh_from_db()
    assert submission.queued_by in results
    assert len([result for result in results if result.startswith("user:")]) == 1
    assert AuditEvent.objects.filter(what="READY->QUEUED").count() == 1


@pytest.mark.django_db(transaction=True)
def test_files_changed_while_one_approves_are_not_sent_unseen(access: Access, case_worker: User) -> None:
    require(access)
    submission = make_draft(access)
    store_package(submission)
    approvals.ask(submission=submission, by=FIRST, at=AT)
    before, barrier = shown(submission), threading.Barrier(2)
    hashes = set(submission.documents.values_list("sha256", flat=True))

    def run(work: Any) -> None:
        barrier.wait()
        try:
            work(Submission.objects.get(pk=submission.pk))
        except (LostRace, NeedsApproval, HasChanged, NotReady, drafts.NotOpen):
            pass
        finally:
            connection.close()

    def change(row: Submission) -> None:
        drafts.add_files(submission=row, files=[SimpleUploadedFile("ny.xml", b"<x/>")], by=FIRST, at=AT)

    def say_yes(row: Submission) -> None:
        approvals.approve(submission=row, user=case_worker, at=AT, shown=before)

    threads = [threading.Thread(target=run, args=(work,)) for work in (change, say_yes)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    submission.refresh_from_db()
    if submission.status == S.QUEUED:
        assert set(submission.documents.values_list("sha256", flat=True)) == hashes
    else:
        assert not Approval.objects.exists()


def page(client: Client, submission: Submission) -> str:
    return client.get(f"/sandbox/submissions/{submission.pk}/").content.decode()


def post(client: Client, submission: Submission, act: str, **data: str) -> Any:
    return client.post(f"/sandbox/submissions/{submission.pk}/{act}/", {"shown": shown(submission), **data})


def test_two_persons_send_a_report_on_its_page(
    client: Client, access: Access, case_worker: User, administrator: User
) -> None:
    require(access)
    submission = make_ready(access)
    client.force_login(case_worker)
    assert "Be om godkjenning" in page(client, submission)
    post(client, submission, "send")
    assert Submission.objects.get(pk=submission.pk).status == S.READY
    post(client, submission, "approval/ask")
    mine = page(client, submission)

    client.force_login(administrator)
    others, overview = page(client, submission), client.get("/sandbox/").content.decode()
    post(client, submission, "approval/approve")

    assert ("Trekk spørsmålet" in mine, "Godkjenn og send" in mine) == (True, False)
    assert ("Trekk spørsmålet" in others, "Godkjenn og send" in others) == (False, True)
    assert "Innsending venter på at du godkjenner" in overview
    assert Submission.objects.get(pk=submission.pk).status == S.QUEUED
    history = page(client, submission)
    assert ("Bedt om godkjenning" in history, "Godkjent for sending" in history) == (True, True)


def test_a_refusal_is_shown_with_its_reason(client: Client, access: Access, administrator: User) -> None:
    submission = asked(access)
    client.force_login(administrator)

    post(client, submission, "approval/refuse", reason="Feil år")

    assert "godkjente den ikke: Feil år" in page(client, submission)


@pytest.mark.parametrize("act", ["ask", "approve", "refuse", "withdraw"])
def test_readers_do_nothing_about_approval(client: Client, access: Access, reader: User, act: str) -> None:
    submission = asked(access)
    client.force_login(reader)

    assert post(client, submission, f"approval/{act}", reason="x").status_code == 403
    assert Approval.objects.unanswered().count() == 1


@pytest.mark.parametrize(
    ("role", "status"), [(Role.ADMINISTRATOR, 302), (Role.DEVELOPER, 403), (Role.CASE_WORKER, 403)]
)
def test_only_an_administrator_sets_the_switch(client: Client, access: Access, role: str, status: int) -> None:
    user = make_user(role)
    client.force_login(user)

    reply = client.post(f"/sandbox/services/{SERVICE}/approval/", {"on": "yes"})

    assert reply.status_code == status
    is_set = ServiceSetting.objects.filter(service=SERVICE, needs_approval=True).exists()
    assert is_set == (status == 302)
    assert AuditEvent.objects.filter(what="approval-on", by=user.actor).exists() == is_set


def test_many_are_approved_together_as_they_are_shown(
    client: Client, access: Access, case_worker: User, administrator: User
) -> None:
    """Only what others asked about; one that changed since the page was read is left, and told."""
    first, second = asked(access, period=Period.year(2024)), asked(access, period=Period.year(2025))
    require(access)
    own = make_ready(access, period=Period.year(2023))
    approvals.ask(submission=own, by=case_worker.actor, at=AT)
    client.force_login(case_worker)
    address = "/sandbox/submissions/approvals/"
    page = client.get(address).content.decode()
    picked = {"pick": [first.pk, second.pk, own.pk], **{f"shown-{one.pk}": shown(one) for one in (first, second, own)}}
    PackageCheck.objects.update_or_create(submission=second, defaults={"requested_by": case_worker.actor})

    answer = client.post(address, picked, follow=True).content.decode()

    for one in (first, second, own):
        one.refresh_from_db()
    assert [f'value="{one.pk}"' in page for one in (first, second, own)] == [True, True, False]
    assert [one.status for one in (first, second, own)] == [S.QUEUED, S.READY, S.READY]
    assert first.queued_by == case_worker.actor
    assert "1 innsending er godkjent og lagt i kø." in answer
    assert "2 innsendinger ble ikke godkjent" in answer


def test_ones_own_reports_do_not_hide_what_others_ask(
    client: Client, access: Access, case_worker: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many there are of them."""
    monkeypatch.setattr(approving, "MOST_READ", 1)
    own, other = asked(access, period=Period.year(2023)), asked(access, period=Period.year(2024))
    PackageCheck.objects.create(submission=own, requested_by=case_worker.actor)

    rows = approving.to_approve(user=case_worker, environment=Environment.SANDBOX, at=AT)

    assert [row.submission for row in rows] == [other]


def test_in_production_many_are_approved_with_the_word_only(
    client: Client, access: Access, case_worker: User, settings: Any
) -> None:
    """The ticks stay until it is typed."""
    settings.ENVIRONMENTS = ("SANDBOX", "PRODUCTION")
    submission = move(make_ready(access))
    tick()
    access.refresh_from_db()
    require(access)
    approvals.ask(submission=submission, by=FIRST, at=AT)
    address = "/production/submissions/approvals/"
    client.force_login(case_worker)
    page = client.get(address)
    (row,) = page.context["rows"]
    sent = {"pick": submission.pk, f"shown-{submission.pk}": row.token}

    refused = client.post(address, sent)
    submission.refresh_from_db()
    assert (refused.status_code, submission.status) == (422, S.READY)
    assert refused.context["picked"] == [submission.pk]

    assert client.post(address, {**sent, "typed": PRODUCTION_WORD}).status_code == 302


def test_many_cannot_be_approved_by_a_reader_or_for_customers_that_are_not_seen(
    client: Client, access: Access, reader: User, case_worker: User
) -> None:
    submission = asked(access)
    address, sent = (
        "/sandbox/submissions/approvals/",
        {"pick": submission.pk, f"shown-{submission.pk}": shown(submission)},
    )
    client.force_login(reader)
    assert client.get(address).status_code == 403
    case_worker.portfolios.clear()
    client.force_login(case_worker)

    page = client.get(address).content.decode()
    client.post(address, sent)

    submission.refresh_from_db()
    assert submission.status == S.READY
    assert "Ingen innsendinger venter på din godkjenning." in page


def test_the_list_of_what_waits_leads_to_approving_many(client: Client, access: Access, case_worker: User) -> None:
    client.force_login(case_worker)

    pages = {
        state: client.get(f"/sandbox/submissions/?state={state}").content.decode() for state in ("approval", "drafts")
    }

    assert {state: "/submissions/approvals/" in page for state, page in pages.items()} == {
        "approval": True,
        "drafts": False,
    }


@pytest.fixture
def moved(access: Access, case_worker: User) -> Submission:
    """The case worker asked, and has another address since."""
    require(access)
    submission = make_ready(access)
    approvals.ask(submission=submission, by=case_worker.actor, at=AT)
    case_worker.email = "moved@vendor.example"
    save_user(user=case_worker, by="task:test", at=AT)
    return submission


def test_another_address_makes_nobody_a_second_person(
    client: Client, moved: Submission, case_worker: User, administrator: User
) -> None:
    client.force_login(case_worker)
    own, rows = page(client, moved), approving.to_approve(user=case_worker, environment=Environment.SANDBOX, at=AT)

    with pytest.raises(NotSecondPerson):
        approve(moved, case_worker)
    with pytest.raises(NotSecondPerson):
        approvals.refuse(submission=moved, user=case_worker, reason="x", at=AT)

    assert rows == []
    assert not approving.waiting(user=case_worker, environment=Environment.SANDBOX).exists()
    assert ("Trekk spørsmålet" in own, "Godkjenn og send" in own) == (True, False)
    approve(moved, administrator)
    assert moved.status == S.QUEUED


def test_who_asked_withdraws_with_another_address(client: Client, moved: Submission, case_worker: User) -> None:
    client.force_login(case_worker)

    post(client, moved, "approval/withdraw")

    assert not Approval.objects.exists()
    assert events(moved)[-1] == ("approval-withdrawn", "user:moved@vendor.example")


def test_files_changed_under_another_address_are_changed_by_the_same_person(
    access: Access, case_worker: User, administrator: User
) -> None:
    require(access)
    submission = make_draft(access)
    store_package(submission)
    PackageCheck.objects.filter(submission=submission).update(requested_by=case_worker.actor)
    approvals.ask(submission=submission, by=administrator.actor, at=AT)
    case_worker.email = "moved@vendor.example"
    save_user(user=case_worker, by="task:test", at=AT)

    with pytest.raises(NotSecondPerson):
        approve(submission, case_worker)


def test_the_history_names_the_person_by_name_whatever_the_address_was(
    client: Client, moved: Submission, case_worker: User, administrator: User
) -> None:
    approve(moved, administrator)
    client.force_login(administrator)

    history = page(client, moved).partition('id="events-title"')[2]

    assert (case_worker.name in history, administrator.name in history) == (True, True)
    addresses = [case_worker.email, *case_worker.former_emails, administrator.email]
    assert [address for address in addresses if address in history] == []
    [asked] = with_names(AuditEvent.objects.filter(what="approval-asked"))
    assert asked.by_name == case_worker.name
    assert asked.by != case_worker.actor  # the trail itself is as it was written


def test_nobody_gets_the_address_of_somebody_else(
    client: Client, moved: Submission, case_worker: User, administrator: User
) -> None:
    """The trail would say that the new one did what the former one has done, and the new one could not approve it."""
    [old] = case_worker.former_emails
    client.force_login(administrator)
    form = {"email": old, "name": "Ny", "language": "nb"}

    answer = client.post("/sandbox/people/invite/", form)
    with pytest.raises(AddressOfAnother):
        save_user(user=User(email=old, name="Ny"), by=administrator.actor, at=AT)

    assert "har eller har hatt adressen" in answer.content.decode()
    case_worker.email = old  # one's own is free
    save_user(user=case_worker, by="task:test", at=AT)
    assert case_worker.former_emails == ["moved@vendor.example"]


def test_who_is_not_known_is_no_second_person(access: Access) -> None:
    with pytest.raises(NotSecondPerson):
        queue(submission=asked(access), by="user:nobody@vendor.example", at=AT, approving=True)


def test_whom_the_asker_invited_is_no_second_person(access: Access, administrator: User, case_worker: User) -> None:
    who = {"email": "puppet@vendor.example", "name": "Per", "language": "nb"}
    puppet = invitations.invite(**who, rights=Rights.everywhere(Role.ADMINISTRATOR), by=administrator.actor, at=AT)
    visit = Visit(ip="192.0.2.1", agent="", at=AT)
    invitations.accept(user=puppet, name="Per", password="a long enough password", visit=visit)
    puppet = User.objects.get(pk=puppet.pk)
    require(access)
    submission = make_ready(access)
    confirmed = frozenset(code for code, _text in preflight(submission).questions)
    approvals.ask(submission=submission, by=administrator.actor, at=AT, confirmed=confirmed)

    for at in (AT, AT + timedelta(days=400)):
        with pytest.raises(NotSecondPerson):
            approvals.approve(submission=submission, user=puppet, at=at, shown=shown(submission))

    assert Submission.objects.get().status == S.READY
    approve(submission, case_worker)
    assert Submission.objects.get().status == S.QUEUED


def test_switching_it_off_is_an_alarm_each_time_also_when_it_is_on_again(
    access: Access, administrator: User, client: Client
) -> None:
    for on in (True, False, True):
        require(access, on=on)
    alarms.look(at=AT)
    client.force_login(administrator)
    page = client.get("/sandbox/oversight/alarms/").text
    row = Alarm.objects.get()
    alarms.mark_seen(alarm=row, user=administrator, at=AT)
    again = [alarms.look(at=AT)]
    later = AT + timedelta(minutes=5)
    local.switch_approval(
        service=catalogue.service(SERVICE), environment=access.environment, on=False, by=administrator.actor, at=later
    )  # fmt: skip
    again.append(alarms.look(at=later))

    assert (row.kind, row.environment, row.about, row.number) == (
        "APPROVAL_OFF",
        "SANDBOX",
        "user:boss@vendor.example",
        1,
    )
    assert "Krav om godkjenning slått av" in page
    assert again == [0, 1]


def test_a_report_more_on_the_page_of_approvals_is_few_queries(access: Access, case_worker: User) -> None:
    """Its files, what was sent before about the same, and its facts; nothing that all of them share."""

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            rows = approving.to_approve(user=case_worker, environment=Environment.SANDBOX, at=AT)
        assert len(rows) == Submission.objects.count()
        return len(captured)

    asked(access, **Period.year(2020).columns())
    one = queries()
    asked(access, **Period.year(2021).columns())

    assert queries() - one <= 6
