"""What is held about a customer is fetched as one file, and is deleted when the relation is over, except for what the law keeps."""

from __future__ import annotations

import io
import json
import shutil
import zipfile
from collections.abc import Iterator
from contextlib import nullcontext
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.models import Contact, Customer, CustomerNote, User
from portal.core.audit import AuditEvent
from portal.core.retention import work
from portal.core.retention.run import PurgeRun
from portal.desk.kept import export, held
from portal.desk.kept.rules import RULES
from submissions.models import Document, Submission
from submissions.services import archiving
from systemusers.models import Access
from systemusers.services import ending
from tests.fixtures import AT
from tests.submissions.world import World, make_draft, store_package

pytestmark = pytest.mark.django_db
BY = "user:ida@vendor.example"


def related(model: Any, found: set[str]) -> Iterator[str]:
    """All models whose rows lead to this one, by whatever number of steps."""
    fields = model._meta.get_fields(include_hidden=True)
    for relation in [field for field in fields if field.auto_created and not field.concrete and field.is_relation]:
        label = relation.related_model._meta.label
        if label not in found and label.split(".")[0] in ("accounts", "systemusers", "submissions", "portal"):
            found.add(label)
            yield label
            yield from related(relation.related_model, found)


def archived(access: Access, *, at: datetime = AT) -> Customer:
    ending.end_relation(customer=access.customer, by=BY, at=at)
    assert archiving.archive_ended(at=at) == 1
    return Customer.objects.get(pk=access.customer_id)


def with_everything(access: Access) -> None:
    customer = access.customer
    Customer.objects.filter(pk=customer.pk).update(contact_name="Ola Nordmann", contact_email="ola@example.no")
    CustomerNote.objects.create(customer=customer, author=BY, written_at=AT, text="ringte i går")
    Contact.objects.create(customer=customer, name="Kari", email="kari@example.no")
    draft = make_draft(access, at=AT)
    store_package(draft)


def content(package: Any) -> dict[str, Any]:
    with package if hasattr(package, "close") else nullcontext(), zipfile.ZipFile(package) as archive:
        return {
            name: json.loads(archive.read(name)) if name.endswith(".json") else archive.read(name)
            for name in archive.namelist()
        }


def test_every_model_that_leads_to_a_customer_is_held_or_says_why_not() -> None:
    reached = set(related(Customer, set()))

    assert reached - set(export.HELD) - export.NOT_HELD == set()
    assert (set(export.HELD) | export.NOT_HELD) - reached == {"accounts.Customer", "accounts.Tag"}


def test_every_way_to_the_customer_is_a_way() -> None:
    for label, way in export.HELD.items():
        apps.get_model(label)._base_manager.filter(**{way: 1}).exists()


def test_the_file_has_all_rows_and_all_files_and_no_secret(access: Access) -> None:
    with_everything(access)

    found = content(export.export(customer=access.customer, by=BY, at=AT))

    text = json.dumps(found, default=str, ensure_ascii=False)
    assert found["rows/accounts.Customer.json"][0]["contact_name"] == "Ola Nordmann"
    assert "ringte i går" in text
    assert "kari@example.no" in text
    files = [name for name in found if name.startswith("files/")]
    assert len(files) == Document.objects.count() > 0
    assert all(found[name].startswith(b"<") for name in files)
    assert access.link_token not in text
    assert access.link_hash not in text
    assert found["about.json"]["rows"]["accounts.CustomerNote"] == 1
    assert any(event["what"] == "held-exported" for event in found["rows/portal.AuditEvent.json"])


def test_rows_of_another_customer_are_not_in_it(access: Access, world: World) -> None:
    other = world.new_customer("310203335", "En annen", portfolio=access.customer.portfolio)
    with_everything(access)
    CustomerNote.objects.create(customer=other, author=BY, written_at=AT, text="om en annen")

    found = content(export.export(customer=access.customer, by=BY, at=AT))

    assert "om en annen" not in json.dumps(found, default=str)


def test_a_damaged_file_does_not_stop_the_rest(access: Access, settings: Any) -> None:
    with_everything(access)
    damaged = Document.objects.first()
    Document.objects.filter(pk=damaged.pk).update(sha256="0" * 64)

    found = content(export.export(customer=access.customer, by=BY, at=AT))

    assert found["about.json"]["files_that_cannot_be_read"] == [damaged.pk]


def test_it_is_recorded_before_it_is_made(access: Access, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: Any) -> list[int]:
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "_write_files", fails)
    with pytest.raises(KeyboardInterrupt):
        export.export(customer=access.customer, by=BY, at=AT)

    assert AuditEvent.objects.filter(what="held-exported", by=BY, customer_id_ref=access.customer_id).exists()


def test_an_operator_makes_the_file_by_a_command(access: Access, tmp_path: Path) -> None:
    orgnr = access.customer.orgnr
    call_command("export_customer", "sandbox", orgnr, tmp_path / "alt.zip")

    assert content(tmp_path / "alt.zip")["about.json"]["customer"]["orgnr"] == orgnr
    assert (tmp_path / "alt.zip").stat().st_mode & 0o777 == 0o600
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_customer", "sandbox", orgnr, tmp_path / "alt.zip")
    with pytest.raises(CommandError, match="No customer"):
        call_command("export_customer", "test", orgnr, tmp_path / "b.zip")


def test_half_a_file_of_a_customer_is_taken_away(
    access: Access, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(source: Any, target: Any) -> None:
        target.write(source.read(10))
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(shutil, "copyfileobj", full)
    with pytest.raises(CommandError, match="cannot be written"):
        call_command("export_customer", "sandbox", access.customer.orgnr, tmp_path / "alt.zip")

    assert not (tmp_path / "alt.zip").exists()


def test_nothing_is_deleted_of_a_customer_that_is_here(access: Access) -> None:
    with_everything(access)

    with pytest.raises(held.NotArchived):
        held.erase(customer=access.customer, by=BY, at=AT)

    assert not PurgeRun.objects.exists()


def test_an_erasure_takes_what_it_says_and_leaves_the_evidence(world: World) -> None:
    access = world.access
    sent = world.send(world.queued())
    Submission.objects.filter(pk=sent.pk).update(status="ACCEPTED", decided_at=world.at)
    with_everything(access)
    customer = archived(access, at=world.at)
    evidence = sent.documents.count()

    said = {row.title for row in held.goes(customer)}
    number = held.erase(customer=customer, by=BY, at=world.at)
    work.work(RULES, at=world.at)

    customer.refresh_from_db()
    assert said == {"Notater", "Kontakter", "Kladder"}
    assert number == len(said)
    assert held.goes(customer) == []
    assert (customer.contact_name, customer.notes.count(), customer.contacts.count()) == ("", 0, 0)
    assert Document.objects.filter(submission=sent).count() == evidence > 0
    assert not Document.objects.exclude(submission=sent).exists()
    assert any(f"({evidence} filer)" in sentence and "loven" in sentence for sentence in held.stays(customer))
    assert AuditEvent.objects.filter(what="erasure-ordered", customer_id_ref=customer.pk).count() == 1


def test_an_erasure_stops_when_the_relation_goes_on(access: Access) -> None:
    with_everything(access)
    customer = archived(access)
    held.erase(customer=customer, by=BY, at=AT)
    ending.reactivate(customer=customer, by=BY, at=AT)

    work.work(RULES, at=AT)

    assert customer.notes.count() == 1
    assert not PurgeRun.objects.filter(finished_at=None).exists()


def test_ordered_twice_it_is_done_once(access: Access) -> None:
    with_everything(access)
    customer = archived(access)

    assert held.erase(customer=customer, by=BY, at=AT) > 0
    assert held.erase(customer=customer, by=BY, at=AT) == 0


def page(client: Client, user: User, path: str = "", *, pk: int, post: bool = False, **data: Any) -> Any:
    client.force_login(user)
    url = f"/sandbox/customers/{pk}/held/{path}"
    return client.post(url, data) if post else client.get(url)


def test_the_page_says_what_can_be_done(client: Client, administrator: User, access: Access) -> None:
    with_everything(access)
    before = page(client, administrator, pk=access.customer_id).text
    archived(access)
    after = page(client, administrator, pk=access.customer_id).text

    assert "når kundeforholdet er avsluttet" in before
    assert "Dette kan slettes:" in after
    assert "Revisjonssporet" in after


def test_an_administrator_fetches_the_file(client: Client, administrator: User, access: Access) -> None:
    with_everything(access)

    reply = page(client, administrator, "export/", pk=access.customer_id, post=True)

    assert f"alt-om-{access.customer.orgnr}.zip" in reply["Content-Disposition"]
    assert "about.json" in content(io.BytesIO(b"".join(reply.streaming_content)))


def test_a_file_that_is_too_large_is_left_to_the_operator(
    client: Client, administrator: User, access: Access, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_everything(access)
    monkeypatch.setattr(export, "LARGEST", 1)

    assert "manage.py export_customer sandbox" in page(client, administrator, pk=access.customer_id).text
    assert page(client, administrator, "export/", pk=access.customer_id, post=True).status_code == 302


def test_an_administrator_deletes_after_a_question(client: Client, administrator: User, access: Access) -> None:
    with_everything(access)
    customer = archived(access)

    asked = page(client, administrator, "erase/", pk=customer.pk).text
    page(client, administrator, "erase/", pk=customer.pk, post=True)
    work.work(RULES, at=datetime.max.replace(tzinfo=AT.tzinfo, year=2100))

    assert "Dette kan ikke angres" in asked
    assert customer.notes.count() == 0
    assert "Alt som kan slettes, er slettet." in page(client, administrator, pk=customer.pk).text


def test_of_a_customer_that_is_here_the_page_deletes_nothing(
    client: Client, administrator: User, access: Access
) -> None:
    reply = page(client, administrator, "erase/", pk=access.customer_id, post=True)

    assert reply.status_code == 302
    assert not PurgeRun.objects.exists()


@pytest.mark.parametrize("path", ["", "export/", "erase/"])
def test_it_is_for_administrators(client: Client, case_worker: User, access: Access, path: str) -> None:
    assert page(client, case_worker, path, pk=access.customer_id, post=bool(path)).status_code == 403
