"""From a file to the verdict through the engine: every service of this way."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from portal.sandbox.faults import Fault
from submissions.adapters.base import About
from submissions.models import Document, Submission
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting import drafts
from submissions.services.local import switch
from submissions.services.sending.queue import queue
from submissions.views.examples import Example, examples
from tests.submissions.inbox.reading import Reading
from tests.submissions.world import BY, World

S = Submission.Status


class Vendor:
    """A vendor and a customer who may use one service, and the portal's own services."""

    def __init__(self, world: World, service_id: str) -> None:
        self.world, self.service = world, catalogue.service(service_id)
        access, client = world.access, world.access.profile.system.client
        access.rights = [*access.rights, *self.service.resources]
        access.save(update_fields=["rights"])
        client.scopes = [*client.scopes, *self.service.scopes]
        client.save(update_fields=["scopes"])
        switch(service=self.service, environment=access.environment, on=True, by=BY, at=world.at)
        world.app.state.clients[client.client_id].scopes = client.scopes
        world.app.state.system_users[str(access.system_user.altinn_id)].rights.extend(self.service.resources)

    def begin(self, files: list[Any]) -> Submission:
        draft, refused = drafts.begin(
            access=self.world.access,
            service=self.service.id,
            period=Period.year(2025),
            files=files,
            by=BY,
            at=self.world.at,
        )
        assert draft is not None, refused
        draft.refresh_from_db()
        return draft

    def examples(self, *, wrong: bool = False) -> list[Any]:
        customer = self.world.access.customer
        about = About(customer.orgnr, Period.year(2025), self.service.id, self.service.options)
        return examples(about, name=customer.name, wrong=wrong)

    def deliver(self, draft: Submission) -> Submission:
        queue(submission=draft, by=BY, at=self.world.at, confirmed=frozenset({"warnings", "replaces"}))
        return self.world.send(draft)

    def settle(self, submission: Submission) -> Submission:
        return Reading(self.world).settle(submission)


SERVICES = pytest.mark.parametrize("service", [one.id for one in catalogue.services() if one.adapter == "gld_json"])


@SERVICES
def test_a_report_is_delivered_and_accepted(world: World, service: str) -> None:
    vendor = Vendor(world, service)

    draft = vendor.begin(vendor.examples())
    assert draft.status == S.READY
    assert not draft.findings
    sent = vendor.deliver(draft)
    assert (sent.status, sent.problem_code) == (S.DELIVERED, "")
    done = vendor.settle(sent)

    assert done.status == S.ACCEPTED
    assert not done.reasons
    assert [(call.step, call.status, call.http_status) for call in done.calls.all()] == [("SEND", "DONE", 200)]
    assert done.receipt_reference.startswith("EKSEMPEL-")
    roles = sorted(document.role for document in done.documents.all())
    assert roles == ["FEEDBACK", "FEEDBACK", "MESSAGE", "RECEIPT"]


@SERVICES
def test_a_rejected_report_has_its_reasons_and_is_corrected(world: World, service: str) -> None:
    vendor = Vendor(world, service)

    draft = vendor.begin(vendor.examples(wrong=True))
    assert [(f["code"], f["level"]) for f in draft.findings] == [("SUM", "WARNING")]
    rejected = vendor.settle(vendor.deliver(draft))
    assert rejected.status == S.REJECTED
    assert [reason["code"] for reason in rejected.reasons] == ["SUM"]
    correction = drafts.copy_for_correction(submission=rejected, by=BY, at=world.at)
    drafts.add_files(submission=correction, files=vendor.examples(), by=BY, at=world.at)
    done = vendor.settle(vendor.deliver(correction))

    assert done.status == S.ACCEPTED
    assert done.documents.filter(role="MESSAGE").count() == 1


@SERVICES
def test_a_message_with_an_error_is_not_kept(world: World, service: str) -> None:
    vendor = Vendor(world, service)
    (file,) = vendor.examples()
    text = file.getvalue().replace(world.access.customer.orgnr.encode(), b"310123455")

    draft, (refused,) = drafts.begin(
        access=world.access,
        service=service,
        period=Period.year(2025),
        files=[Example(file.name, text)],
        by=BY,
        at=world.at,
    )

    assert draft is None
    assert {finding["code"] for finding in refused["findings"]} == {"OTHER_CUSTOMER"}


def test_a_new_file_takes_the_place_of_the_old_one(world: World) -> None:
    vendor = Vendor(world, "innrapportering-boligsameie")
    draft = vendor.begin(vendor.examples(wrong=True))

    (right,) = vendor.examples()
    drafts.add_files(submission=draft, files=[Example("rettet.json", right.getvalue())], by=BY, at=world.at)

    draft.refresh_from_db()
    assert [document.filename for document in draft.documents.all()] == ["rettet.json"]
    assert draft.status == S.READY
    assert not draft.findings


def test_a_refusal_by_the_service_is_final_and_told_by_path(world: World) -> None:
    """The year is not open: no local check can know that."""
    vendor = Vendor(world, "innrapportering-boligsameie")
    draft = vendor.begin(vendor.examples())
    world.app.faults.order(
        Fault(service="skatteetaten", path="/skatteetaten/innrapporteringboligsameie", status=400, body=NOT_OPEN)
    )

    failed = vendor.deliver(draft)

    assert (failed.status, failed.problem_code) == (S.FAILED, "GLD_1027")
    assert [reason["where"] for reason in failed.reasons] == ["inntektsaar"]
    assert world.received == []


NOT_OPEN = """{"kode": "GLD_006", "melding": "Feil", "korrelasjonsid": "k-1",
    "spesifisering": [{"kode": "GLD_1027", "melding": "Året er ikke åpent", "sti": "inntektsaar"}]}"""


@pytest.mark.parametrize("kind", ["lost", "timeout", "reset"])
def test_a_lost_answer_is_repeated_with_the_same_key_and_delivered_once(world: World, kind: str) -> None:
    vendor = Vendor(world, "innrapportering-boligselskap")
    world.app.faults.order(Fault(service="skatteetaten", path="/skatteetaten/innrapporteringboligselskap", kind=kind))

    sent = vendor.deliver(vendor.begin(vendor.examples()))
    waiting = sent.status
    done = vendor.world.settle(sent)

    assert (waiting, done.status) == (S.QUEUED, S.DELIVERED)
    assert len(world.received) == 1
    keys = {r.headers["idempotencyKey"] for r in world.transport.requests if "boligselskap" in r.url.path}
    assert len(keys) == 1


KEY_USED = '{"kode": "GLD_019", "melding": "Brukt", "korrelasjonsid": "k-1", "spesifisering": []}'


def test_a_key_that_was_used_is_looked_up_in_dialogporten_and_never_sent_again(world: World) -> None:
    vendor = Vendor(world, "innrapportering-boligsameie")
    path = "/skatteetaten/innrapporteringboligsameie"
    world.app.faults.order(Fault(service="skatteetaten", path=path, kind="lost"))
    world.app.faults.order(Fault(service="skatteetaten", path=path, status=409, body=KEY_USED, times=9))
    sent = vendor.deliver(vendor.begin(vendor.examples()))

    world.let_pass(60)
    uncertain = world.send(sent).status
    done = world.settle(sent)

    assert (uncertain, done.status) == (S.UNCERTAIN, S.DELIVERED)
    assert [received.id for received in world.received] == [str(done.transmission_id)]
    assert len([r for r in world.transport.requests if r.url.path.endswith("boligsameie/v1/2025")]) == 2


def test_a_used_key_without_a_delivery_stays_uncertain_for_a_person(world: World) -> None:
    vendor = Vendor(world, "innrapportering-boligsameie")
    path = "/skatteetaten/innrapporteringboligsameie"
    world.app.faults.order(Fault(service="skatteetaten", path=path, status=409, body=KEY_USED, times=9))

    sent = world.settle(vendor.deliver(vendor.begin(vendor.examples())), rounds=10)

    assert (sent.status, sent.problem_code) == (S.UNCERTAIN, "GLD_019")
    assert sent.next_attempt_at is not None
    assert len([r for r in world.transport.requests if r.url.path.endswith("boligsameie/v1/2025")]) == 1


def test_the_sent_bytes_are_the_files(world: World) -> None:
    vendor = Vendor(world, "innrapportering-boligsameie")
    (file,) = vendor.examples()
    content = file.getvalue()

    vendor.deliver(vendor.begin([Example("a.json", content)]))

    (request,) = [r for r in world.transport.requests if r.url.path.endswith("boligsameie/v1/2025")]
    assert request.content == content
    assert Document.objects.get(role="MESSAGE").filename == "a.json"


def test_a_reference_that_no_database_takes_stops_no_delivery(world: World) -> None:
    vendor = Vendor(world, "innrapportering-boligsameie")
    (example,) = vendor.examples()
    message = json.loads(example.read())
    message["leveranse"]["oppgavegiversLeveranseReferanse"] = "A\x00B"

    sent = vendor.deliver(vendor.begin([SimpleUploadedFile("a.json", json.dumps(message).encode())]))

    assert (sent.status, sent.receipt_reference) == (S.DELIVERED, "A\ufffdB")
    assert len(world.received) == 1
