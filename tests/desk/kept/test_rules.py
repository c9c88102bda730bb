"""What each rule takes and leaves."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.contrib.sessions.models import Session

from accounts.models import Contact, Customer, MailAddress, NoticeTold, Tag, User
from portal.core.outbox.message import OutboxMessage
from portal.core.outbox.put import put
from submissions.models import Activity, Dialog, Document, Submission, Transmission
from systemusers.models import Access
from tests.core.purging import purged
from tests.fixtures import AT
from tests.submissions.world import make_draft

pytestmark = pytest.mark.django_db
LATE = datetime(2040, 1, 1, tzinfo=UTC)


def archive(customer: Customer, at: datetime = AT) -> None:
    Customer.objects.filter(pk=customer.pk).update(end_asked_at=at, end_asked_by="user:a", archived_at=at)


def with_contacts(customer: Customer) -> Customer:
    customer.contact_name, customer.contact_email, customer.contact_phone = "Ola", "ola@example.no", "22"
    customer.save()
    customer.tags.add(Tag.objects.create(name="vip"))
    Contact.objects.create(customer=customer, name="Kari", email="kari@example.no")
    MailAddress.objects.create(customer=customer, email="kari@example.no")
    return customer


def test_contacts_of_a_customer_that_left_go_after_a_year(customer: Customer) -> None:
    archive(with_contacts(customer))

    assert purged("contacts", at=AT + timedelta(days=364)) == 0
    assert purged("contacts", at=AT + timedelta(days=366)) == 1
    assert purged("contacts", at=AT + timedelta(days=800)) == 0

    customer.refresh_from_db()
    assert (customer.contact_name, customer.contact_email, customer.contact_phone) == ("", "", "")
    assert customer.name
    assert [rows.count() for rows in (Contact.objects, MailAddress.objects, customer.tags)] == [0, 0, 0]


def test_contacts_of_a_customer_that_is_here_stay(customer: Customer) -> None:
    with_contacts(customer)

    assert purged("contacts", at=LATE) == 0


def test_of_a_click_the_month_stays(access: Access) -> None:
    Access.objects.filter(pk=access.pk).update(opened_at=datetime(2026, 5, 20, 13, 37, tzinfo=UTC))

    assert purged("clicks", at=datetime(2026, 8, 1, tzinfo=UTC)) == 0
    assert purged("clicks", at=datetime(2026, 9, 1, tzinfo=UTC)) == 1
    assert purged("clicks", at=datetime(2026, 9, 9, tzinfo=UTC)) == 0

    access.refresh_from_db()
    assert access.opened_at == datetime(2026, 5, 1, tzinfo=UTC)


def test_a_mail_that_nobody_decided_about_loses_address_and_content() -> None:
    put(kind=OutboxMessage.Kind.MAIL, key="a", address="ola@example.no", payload={"text": "x"}, at=AT)
    OutboxMessage.objects.update(status="DEAD", next_attempt_at=None)

    assert purged("mail-bodies", at=AT + timedelta(days=29)) == 0
    assert purged("mail-bodies", at=AT + timedelta(days=31)) == 1

    message = OutboxMessage.objects.defer(None).get()
    assert (message.status, message.sealed_address, message.sealed_payload) == ("CLOSED", None, None)


def test_a_mail_that_waits_keeps_its_content() -> None:
    put(kind=OutboxMessage.Kind.MAIL, key="a", address="ola@example.no", payload={"text": "x"}, at=AT)

    assert purged("mail-bodies", at=LATE) == 0
    assert purged("mails", at=LATE) == 0


def test_a_log_in_that_ran_out_goes() -> None:
    Session.objects.create(session_key="old", session_data="", expire_date=AT - timedelta(days=2))
    Session.objects.create(session_key="new", session_data="", expire_date=AT)

    assert purged("sessions", at=AT) == 1
    assert list(Session.objects.values_list("pk", flat=True)) == ["new"]


def test_what_staff_were_told_is_remembered_for_as_long_as_it_can_be_told_again(administrator: User) -> None:
    NoticeTold.objects.create(user=administrator, model="letter", row_id=1, happened_at=AT, told_at=AT)

    assert purged("told", at=AT + timedelta(days=59)) == 0
    assert purged("told", at=AT + timedelta(days=61)) == 1


def old_dialog(access: Access) -> Dialog:
    row = Dialog.objects.create(
        environment=access.environment, customer=access.customer, access=access, dialog_id=uuid4(), org="ske",
        service_resource="r", status="New", title="t", created_at=AT, updated_at=AT, content_updated_at=AT,
    )  # fmt: skip
    letter = Transmission.objects.create(
        dialog=row,
        transmission_id="01900000-0000-7000-8000-000000000001",
        type="Information",
        title="Brev",
        created_at=AT,
    )
    Activity.objects.create(
        dialog=row, activity_id="01900000-0000-7000-8000-000000000002", type="DialogCreated", created_at=AT
    )
    Document.objects.create(
        customer=row.customer, transmission=letter, attachment_id="a", role="FEEDBACK", filename="brev.pdf",
        media_type="application/pdf", size=1, sha256="0" * 64, stored_at=AT,
    )  # fmt: skip
    return row


def test_a_dialog_that_is_gone_goes_with_its_letters(access: Access) -> None:
    row = old_dialog(access)
    Dialog.objects.filter(pk=row.pk).update(gone_at=AT, gone_reason="DELETED")

    assert purged("dialogs", at=datetime(2031, 12, 30, tzinfo=UTC)) == 0
    assert purged("dialogs", at=datetime(2032, 1, 2, tzinfo=UTC)) == 1

    assert [model.objects.count() for model in (Dialog, Transmission, Document)] == [0, 0, 0]


def test_a_dialog_in_the_inbox_of_a_customer_that_is_followed_stays(access: Access) -> None:
    """The next reading would bring it again."""
    old_dialog(access)

    assert purged("dialogs", at=LATE) == 0

    archive(access.customer)
    assert purged("dialogs", at=LATE + timedelta(days=1)) == 1


def test_a_dialog_stays_while_it_belongs_to_the_evidence_of_a_report(access: Access) -> None:
    row = old_dialog(access)
    report = make_draft(access, status="ACCEPTED", delivered_at=AT)
    Transmission.objects.update(submission=report)
    Document.objects.update(submission=report)
    archive(access.customer)

    assert purged("dialogs", at=LATE) == 0

    Document.objects.all().delete()
    assert purged("dialogs", at=LATE + timedelta(days=1)) == 1
    assert not Dialog.objects.filter(pk=row.pk).exists()
    assert Submission.objects.filter(pk=report.pk).exists()
