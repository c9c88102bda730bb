"""What a mail says: the words of the administrator, of the right language, and nothing that is not behind the link."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from accounts.models import Customer, Language, Vendor
from accounts.services.customer_notes import add_note
from portal.core.audit import AuditEvent
from systemusers.models import Access, MailKind, MailTemplate
from systemusers.services import invitations
from systemusers.services.invitations import settings as service
from systemusers.services.invitations.texts import BadText, Text, check, usual_text
from tests.core.outbox.smtp import MailServer
from tests.systemusers.invitations.rig import body, parsed, work
from tests.systemusers.world import BY, World

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c4890000000d49444154789c6360000002000001e221bc330000000049454e44ae426082"
)
INVITATION = MailKind.INVITATION
pytestmark = pytest.mark.usefixtures("reachable", "vendor")


@pytest.mark.parametrize("kind", MailKind.values)
@pytest.mark.parametrize("language", Language.values)
def test_the_usual_texts_can_be_sent_as_they_are(kind: str, language: str) -> None:
    text = usual_text(kind, language)

    check(kind=kind, subject=text.subject, body=text.body)


def test_each_language_has_texts_of_its_own() -> None:
    bodies = {usual_text(kind, language).body for kind in MailKind.values for language in Language.values}

    assert len(bodies) == 21


@pytest.mark.parametrize(
    ("subject", "text", "field"),
    [
        ("Til {customer}", "{link} {orgnr}", "body"),
        ("Til {customer.orgnr}", "{link}", "subject"),
        ("Til {link}", "{link}", "subject"),
        ("Til", "uten lenke", "body"),
        ("Til", "{link} {", "body"),
        ("Til", "{link} }", "body"),
        ("Til", "{link} {{vendor}}", "body"),
        ("Til\nBcc: x@y.no", "{link}", "subject"),
    ],
)
def test_a_text_with_a_fault_is_not_saved(subject: str, text: str, field: str, world: World) -> None:
    with pytest.raises(BadText) as error:
        service.save_text(kind=INVITATION, language="nb", text=Text(subject, text), by=BY, at=world.at)

    assert list(error.value.problems) == [field]
    assert not MailTemplate.objects.exists()


def test_a_receipt_needs_no_link() -> None:
    check(kind=MailKind.RECEIPT, subject="Takk", body="Vi kan nå rapportere.")


def sent_mail(sent: Access, smtp: MailServer, world: World) -> Any:
    invitations.order(accesses=[sent.pk], by=BY, at=world.at)
    work(world.at)
    [mail] = parsed(smtp)
    return mail


@pytest.mark.parametrize(("language", "word"), [("nb", "Hei!"), ("nn", "godkjennast"), ("en", "Hello!")])
def test_a_customer_is_written_to_in_their_language(
    sent: Access, smtp: MailServer, world: World, language: str, word: str
) -> None:
    Customer.objects.update(language=language)

    mail = sent_mail(sent, smtp, world)

    assert word in body(mail)
    assert word in body(mail, "text/html")
    assert mail["Content-Language"] == language


def test_the_words_of_the_administrator_are_sent_and_escaped(sent: Access, smtp: MailServer, world: World) -> None:
    Customer.objects.update(name="<b>Nord & Sør</b> {link}")
    text = Text("Hei {customer}", "Kjære <i>kunde</i>\n\n- en\n- to\n\n{link}\n\n{purpose}")
    service.save_text(kind=INVITATION, language="nb", text=text, by=BY, at=world.at)

    html = body(sent_mail(sent, smtp, world), "text/html")

    assert "Kjære &lt;i&gt;kunde&lt;/i&gt;" in html
    assert "<i>" not in html
    assert "<b>" not in html
    assert "<li>en</li><li>to</li>" in html


def test_a_name_is_not_read_for_placeholders(sent: Access, smtp: MailServer, world: World) -> None:
    Customer.objects.update(name="{link} AS")
    text = Text("Hei {customer}", "{customer}\n\n{link}")
    service.save_text(kind=INVITATION, language="nb", text=text, by=BY, at=world.at)

    mail = sent_mail(sent, smtp, world)

    assert "{link} AS" in body(mail)


def test_a_mail_says_no_more_than_the_page_behind_the_link(sent: Access, smtp: MailServer, world: World) -> None:
    Customer.objects.update(contact_name="Kari Nordmann", reference="K-1042")
    add_note(customer=sent.customer, text="ring før tolv", by=BY, at=world.at)

    mail = sent_mail(sent, smtp, world)
    text = f"{mail['Subject']} {body(mail)} {body(mail, 'text/html')}"

    for secret in ("Kari", "Nordmann", "K-1042", "tolv", sent.customer.orgnr, sent.altinn_id, str(sent.reference)):
        assert secret not in text


def test_nothing_in_a_mail_is_fetched_when_it_is_read(sent: Access, smtp: MailServer, world: World) -> None:
    html = body(sent_mail(sent, smtp, world), "text/html")

    assert not re.search(r"<(img|link|script|iframe)|url\(|@import", html)


def test_the_logo_comes_with_the_mail(sent: Access, smtp: MailServer, world: World) -> None:
    Vendor.objects.update(logo=default_storage.save("logo/own.png", ContentFile(PNG)))

    mail = sent_mail(sent, smtp, world)

    [picture] = [part for part in mail.walk() if part.get_content_type() == "image/png"]
    assert picture["Content-ID"] == "<logo>"
    assert 'src="cid:logo"' in body(mail, "text/html")
    assert picture.get_payload(decode=True) == PNG


def test_a_mail_leaves_without_a_logo_that_is_gone(sent: Access, smtp: MailServer, world: World) -> None:
    Vendor.objects.update(logo="logo/gone.png")

    assert "Hei!" in body(sent_mail(sent, smtp, world))


def test_a_mail_program_finds_the_way_to_stop(sent: Access, smtp: MailServer, world: World) -> None:
    mail = sent_mail(sent, smtp, world)

    assert mail["List-Unsubscribe"] == f"<http://127.0.0.1:8000/l/{sent.link_token}/stop/>"
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert f"/l/{sent.link_token}/stop/" in body(mail)


def test_the_usual_text_comes_back(world: World) -> None:
    text = Text("Hei {customer}", "{link}")
    service.save_text(kind=INVITATION, language="nn", text=text, by=BY, at=world.at)
    mine = service.text_of(kind=INVITATION, language="nn")
    service.drop_text(kind=INVITATION, language="nn", by=BY, at=world.at)

    assert (mine, service.text_of(kind=INVITATION, language="nn")) == (text, usual_text(INVITATION, "nn"))
    kinds = AuditEvent.objects.filter(target__startswith="systemusers.MailTemplate").order_by("pk")
    assert list(kinds.values_list("what", flat=True)) == ["added", "deleted"]
