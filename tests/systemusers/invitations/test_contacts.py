"""Several persons at a customer: each gets the mails that they are to get, in their language, and stops them alone."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.test import Client

from accounts.models import Contact, ContactMail, Customer, MailAddress
from accounts.services import contacts
from accounts.services.contacts import ContactDetails, SameAddress, remove_contact, save_contact
from portal.core.audit import AuditEvent
from portal.core.outbox import delivery
from systemusers.models import Access, Invitation
from systemusers.services import ending, invitations
from tests.core.outbox.smtp import MailServer
from tests.systemusers.invitations.rig import ADDRESS, body, days, kinds, parsed, plan_of, work
from tests.systemusers.world import BY, World, fresh

pytestmark = pytest.mark.usefixtures("reachable", "vendor")
KARI = "kari@nordlys.example"


def add(customer: Customer, world: World, email: str = KARI, **fields: Any) -> Contact:
    details = ContactDetails(name="Kari", email=email, **fields)
    return save_contact(customer=customer, details=details, by=BY, at=world.at)


def receivers(smtp: MailServer) -> list[str]:
    return [str(mail["To"]) for mail in parsed(smtp)]


def invite(row: Access, world: World) -> None:
    invitations.order(accesses=[row.pk], by=BY, at=world.at)
    work(world.at)


def test_each_contact_gets_one_mail_in_their_language(sent: Access, smtp: MailServer, world: World) -> None:
    add(sent.customer, world, language="en")
    invite(sent, world)
    work(world.at)

    assert receivers(smtp) == [ADDRESS, KARI]
    assert "ber om tilgang" in body(parsed(smtp)[0])
    assert "Read more and approve" in body(parsed(smtp)[1])
    assert plan_of(sent).told_how == "MAIL"


def test_a_contact_gets_only_what_they_are_to_get(sent: Access, smtp: MailServer, world: World) -> None:
    add(sent.customer, world, mails=(ContactMail.RECEIPTS,))
    invite(sent, world)
    before = receivers(smtp)
    Access.objects.filter(pk=sent.pk).update(status="APPROVED")
    work(world.at + days(1))

    assert before == [ADDRESS]
    assert sorted(receivers(smtp)[1:]) == sorted([ADDRESS, KARI])


def test_the_stop_link_stops_one_address(sent: Access, smtp: MailServer, world: World, client: Client) -> None:
    add(sent.customer, world)
    invite(sent, world)
    links = [str(mail["List-Unsubscribe"]).strip("<>") for mail in parsed(smtp)]
    path = "/" + links[1].split("/", 3)[3]

    page = client.get(path).content.decode()
    assert not MailAddress.objects.filter(muted_at__isnull=False).exists()
    done = client.post(path).content.decode()
    client.post(path)
    work(world.at + days(4))

    assert len(set(links)) == 2
    assert "Vil dere slippe" in page
    assert "ikke flere e-poster" in done
    assert receivers(smtp) == [ADDRESS, KARI, ADDRESS]
    assert AuditEvent.objects.filter(what="address-muted").count() == 1


def test_when_all_have_stopped_no_mail_is_sent(sent: Access, smtp: MailServer, world: World) -> None:
    add(sent.customer, world)
    invite(sent, world)
    for address in MailAddress.objects.all():
        invitations.stop_address(access=sent, address=address.pk, by="customer:link", at=world.at)
    work(world.at + days(4))

    assert len(smtp.mails) == 2
    assert plan_of(sent).stopped_why == Invitation.Why.BY_CUSTOMER
    assert invitations.order(accesses=[sent.pk], by=BY, at=world.at).excluded == {"BY_CUSTOMER": [sent.pk]}


def test_a_stopped_address_is_known_when_the_contact_comes_back(sent: Access, smtp: MailServer, world: World) -> None:
    row = add(sent.customer, world)
    invite(sent, world)
    muted = MailAddress.objects.get(email=KARI)
    invitations.stop_address(access=sent, address=muted.pk, by="customer:link", at=world.at)
    remove_contact(customer=sent.customer, contact=row.pk, by=BY, at=world.at)
    add(sent.customer, world, email=KARI.upper())
    work(world.at + days(4))

    assert receivers(smtp) == [ADDRESS, KARI, ADDRESS]


def test_a_refused_address_is_shown_and_the_other_still_tells(
    sent: Access, smtp: MailServer, world: World, staff: Client
) -> None:
    add(sent.customer, world)
    MailAddress.objects.create(customer=sent.customer, email=KARI, refused_at=world.at)
    invite(sent, world)

    text = staff.get(f"/sandbox/customers/{sent.customer_id}/").content.decode()

    assert receivers(smtp) == [ADDRESS]
    assert "E-posten kom ikke fram" in text
    assert plan_of(sent).stopped_at is None


def test_a_refusal_ends_the_plan_only_when_nobody_got_the_mail(sent: Access, smtp: MailServer, world: World) -> None:
    add(sent.customer, world)
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    invitations.work_due(at=world.at)
    smtp.answers["RCPT"] = "550 no such user"
    delivery.send_due(at=world.at + days(0.01), limit=1)
    invitations.note_results(at=world.at)
    refused = (plan_of(sent).told_how, plan_of(sent).stopped_why)
    smtp.answers.clear()
    work(world.at + days(0.1))

    assert (refused, plan_of(sent).told_how, plan_of(sent).stopped_why) == (("", ""), "MAIL", "")
    assert sorted(row.refused_at is None for row in MailAddress.objects.all()) == [False, True]


def test_the_mail_to_one_of_two_comes_back(sent: Access, smtp: MailServer, world: World, staff: Client) -> None:
    add(sent.customer, world)
    invite(sent, world)
    page = f"/sandbox/access/{sent.pk}/"
    text = staff.get(page).content.decode()
    mail = sent.mails.get(address__email=KARI)

    staff.post(f"{page}mail/returned/", {"mail": mail.pk})

    assert text.count('name="mail"') == 2
    assert sorted(sent.mails.values_list("status", flat=True)) == ["RETURNED", "SENT"]
    assert (plan_of(sent).told_how, plan_of(sent).stopped_why) == ("MAIL", "")
    assert [row.email for row in MailAddress.objects.exclude(refused_at=None)] == [KARI]


def test_two_contacts_do_not_have_one_address(sent: Access, world: World) -> None:
    add(sent.customer, world)

    for address in (KARI.upper(), ADDRESS):
        with pytest.raises(SameAddress):
            add(sent.customer, world, email=address)

    assert Contact.objects.count() == 1


def test_staff_add_change_and_remove_a_contact(staff: Client, customer: Customer) -> None:
    url = f"/sandbox/customers/{customer.pk}/contacts/"
    refused = staff.post(f"{url}new/", {"mails": ["ASKS"]})
    staff.post(f"{url}new/", {"name": "Kari", "email": KARI, "language": "nn", "mails": ["ASKS", "END"]})
    row = Contact.objects.get()
    shown = staff.get(f"/sandbox/customers/{customer.pk}/").content.decode()
    staff.post(f"{url}{row.pk}/", {"name": "Kari", "email": KARI, "language": "", "mails": []})
    changed = Contact.objects.get()
    staff.post(f"{url}{row.pk}/remove/")

    assert refused.status_code == 422
    assert (row.language, row.mails) == ("nn", ["ASKS", "END"])
    assert KARI in shown
    assert (changed.language, changed.mails) == ("", [])
    assert not Contact.objects.exists()
    trail = list(AuditEvent.objects.filter(what__startswith="contact-").order_by("pk").values_list("what", "detail"))
    assert trail == [(f"contact-{what}", {"receiver": "k…@nordlys.example"}) for what in ("added", "edited", "removed")]


def test_a_removed_contact_is_put_back_as_it_was_but_not_beside_its_address(staff: Client, customer: Customer) -> None:
    url = f"/sandbox/customers/{customer.pk}/contacts/"
    form = {"name": "Kari", "email": KARI, "phone": "22 33 44 55", "language": "nn", "mails": ["ASKS", "END"]}
    staff.post(f"{url}new/", form)
    before = Contact.objects.values().get()

    removed: Any = staff.post(f"{url}{before['id']}/remove/", follow=True)
    button = html.unescape(re.findall(r'action="([^"]*contacts/restore[^"]*)"', removed.text)[0])
    staff.post(button)
    after = Contact.objects.values().get()
    removed = staff.post(f"{url}{after['id']}/remove/", follow=True)
    second = html.unescape(re.findall(r'action="([^"]*contacts/restore[^"]*)"', removed.text)[0])
    staff.post(f"{url}new/", {**form, "name": "Ny"})
    page: Any = staff.post(second, follow=True)

    assert after == before
    assert "har alt en kontakt med denne adressen" in page.text
    assert Contact.objects.get().name == "Ny"
    assert "kan ikke hentes tilbake lenger" in staff.post(button, follow=True).text  # type: ignore[attr-defined]


def test_the_reach_of_a_customer_without_an_address(customer: Customer) -> None:
    Customer.objects.update(contact_email="")
    customer.refresh_from_db()
    assert not contacts.reach(customer, mail=ContactMail.ASKS).has_address

    Contact.objects.create(customer=customer, email=KARI, mails=[ContactMail.ASKS])

    assert [one.email for one in contacts.reach(customer, mail=ContactMail.ASKS).receivers] == [KARI]


# --- The letter on how to remove the access -----------------------------------------------------------------------------


def ended(row: Access, world: World) -> Customer:
    Access.objects.filter(pk=row.pk).update(status="APPROVED")
    ending.end_relation(customer=row.customer, by=BY, at=world.at)
    return Customer.objects.get(pk=row.customer_id)


def test_the_letter_is_mailed_once_for_each_end(sent: Access, smtp: MailServer, world: World) -> None:
    add(sent.customer, world, mails=(ContactMail.END,), language="nn")
    customer = ended(sent, world)

    number = invitations.send_farewell(customer=customer, by=BY, at=world.at)
    with pytest.raises(invitations.CannotMail, match="SENT_BEFORE"):
        invitations.send_farewell(customer=customer, by=BY, at=world.at)
    work(world.at)

    assert (number, receivers(smtp)) == (2, [ADDRESS, KARI])
    assert sent.profile.system.name_nb in body(parsed(smtp)[0])
    assert "Vel systemtilgangen" in body(parsed(smtp)[1])
    assert kinds(fresh(sent)) == [("FAREWELL", 1), ("FAREWELL", 1)]

    later = world.at + days(30)
    ending.reactivate(customer=customer, by=BY, at=later)
    ending.end_relation(customer=customer, by=BY, at=later)
    assert invitations.send_farewell(customer=Customer.objects.get(pk=customer.pk), by=BY, at=later) == 2


def test_no_letter_is_mailed_without_an_end_an_access_or_an_address(sent: Access, world: World) -> None:
    def reason(customer: Customer) -> str:
        with pytest.raises(invitations.CannotMail) as error:
            invitations.send_farewell(customer=customer, by=BY, at=world.at)
        return error.value.code

    current = reason(sent.customer)
    customer = ended(sent, world)
    Customer.objects.update(contact_email="")
    without_address = reason(customer)
    Access.objects.filter(pk=sent.pk).update(status="REMOVED")

    assert (current, without_address, reason(customer)) == ("NOT_ENDED", "NO_ADDRESS", "NOTHING_GIVEN")


def test_staff_mail_the_letter_from_its_page(sent: Access, smtp: MailServer, world: World, staff: Client) -> None:
    customer = ended(sent, world)
    url = f"/sandbox/customers/{customer.pk}/farewell/"

    before = staff.get(url).content.decode()
    after = staff.post(f"{url}mail/", follow=True).content.decode()
    again = staff.post(f"{url}mail/", follow=True).content.decode()

    assert "Send brevet på e-post" in before
    assert "Brevet sendes til 1 mottaker" in after
    assert "Send brevet på e-post" not in after
    assert "Brevet er sendt på e-post" in again
    assert sent.mails.count() == 1


# --- Asking and mailing in one act --------------------------------------------------------------------------------------


def test_one_act_asks_and_mails(
    known_customer: Customer, profile: Any, smtp: MailServer, world: World, staff: Client
) -> None:
    other = Customer.objects.create(environment="SANDBOX", orgnr="310629499", name="Fjell AS")
    Customer.objects.filter(pk=known_customer.pk).update(contact_email=ADDRESS)
    url = f"/sandbox/access/new/?customer={known_customer.pk}&customer={other.pk}"

    text = staff.post(url, {"profile": profile.pk, "mails": "on"}, follow=True).content.decode()

    mailed = Access.objects.get(customer=known_customer)
    assert "1 e-post er bestilt" in text
    assert "1 hoppet over: Kunden har ingen e-postadresse her." in text
    assert not mailed.mails.exists()  # Altinn does not have the question yet
    world.send(mailed)
    work(world.at)
    assert receivers(smtp) == [ADDRESS]


def test_without_the_choice_nobody_is_mailed(known_customer: Customer, profile: Any, staff: Client) -> None:
    staff.post(f"/sandbox/access/new/?customer={known_customer.pk}", {"profile": profile.pk})

    assert Access.objects.filter(customer=known_customer).exists()
    assert not Invitation.objects.exists()
