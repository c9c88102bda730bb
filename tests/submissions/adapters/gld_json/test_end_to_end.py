"""From a file to the verdict through the engine: both services, and one that is added to the catalogue by data alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import checks as system_checks

from portal.sandbox.faults import Fault
from submissions.adapters.base import About
from submissions.models import Document, Submission
from submissions.period import Period
from submissions.services import catalogue
from submissions.services.drafting import drafts
from submissions.services.sending.queue import queue
from submissions.views.examples import Example, examples
from tests.submissions.inbox.reading import Reading
from tests.submissions.world import BY, World

S = Submission.Status
EGG = """
[[service]]
id = "innrapportering-egg"
adapter = "gld_json"
enabled = true
period = "YEAR"
environments = { SANDBOX = "open", TEST = "open", PRODUCTION = "unknown" }
form = ""
names = { nb = "Kjøp fra primærnæring: egg", nn = "Kjøp frå primærnæring: egg", en = "Purchases from primary industry: eggs" }
abouts = { nb = "Én JSON-fil.", nn = "Éi JSON-fil.", en = "One JSON file." }
scopes = ["skatteetaten:innrapporteringprimaernaeringegg"]
resource = "ske-innrapportering-primaernaering-egg"
packages = ["urn:altinn:accesspackage:skattegrunnlag"]
gateway = "newer"
label = "innrapporteringprimaernaeringegg"
last_day = { day = 31, month = 1 }
extensions = [".json"]
media_type = "application/json"
max_file_bytes = 10_000_000
max_files = 1

[service.options]
items = "oppgaver.oppgave"
summary = "oppgaveOppsummering"

[service.options.item]
"oppgaveeier.foedselsnummer" = "| person"
"oppgaveeier.organisasjonsnummer" = "| orgnr"
"oppgaveeier.navn" = "? text 1..200"
produkt = "? text 1..40 = egg"
beloep = "decimal"

[service.options.sums]
sumBeloep = "beloep"
"""


@pytest.fixture(autouse=True)
def with_egg(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A catalogue with one more service. Nothing else is changed."""
    file = tmp_path / "catalogue.toml"
    file.write_text(catalogue.FILE.read_text(encoding="utf-8") + EGG, encoding="utf-8")
    monkeypatch.setattr(catalogue, "FILE", file)
    catalogue._entries.cache_clear()
    yield
    catalogue._entries.cache_clear()


class Vendor:
    """A vendor and a customer who may use one service, and the portal's own services."""

    def __init__(self, world: World, service_id: str) -> None:
        self.world, self.service = world, catalogue.service(service_id)
        access, client = world.access, world.access.profile.system.client
        access.rights = [*access.rights, self.service.resource]
        access.save(update_fields=["rights"])
        client.scopes = [*client.scopes, *self.service.scopes]
        client.save(update_fields=["scopes"])
        world.app.state.clients[client.client_id].scopes = client.scopes
        world.app.state.system_users[str(access.system_user.altinn_id)].rights.append(self.service.resource)

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
        queue(submission=draft, by=BY, at=self.world.at, confirmed=frozenset({"warnings"}))
        return self.world.send(draft)

    def settle(self, submission: Submission) -> Submission:
        return Reading(self.world).settle(submission)


SERVICES = pytest.mark.parametrize(
    "service", ["innrapportering-boligsameie", "innrapportering-boligselskap", "innrapportering-egg"]
)


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


def test_the_new_service_is_known_to_the_system_check() -> None:
    assert catalogue.service("innrapportering-egg").adapter == "gld_json"
    assert [e.id for e in system_checks.run_checks() if e.id and e.id.startswith("submissions.")] == []


def test_options_that_describe_no_service_stop_the_start() -> None:
    text = catalogue.FILE.read_text(encoding="utf-8").replace('beloep = "decimal"', 'beloep = "decimals"')
    catalogue.FILE.write_text(text, encoding="utf-8")
    catalogue._entries.cache_clear()

    (error,) = [e for e in system_checks.run_checks() if e.id and e.id.startswith("submissions.")]

    assert error.id == "submissions.E003"
    assert "innrapportering-egg: beloep" in error.msg


def test_the_sent_bytes_are_the_files(world: World) -> None:
    vendor = Vendor(world, "innrapportering-boligsameie")
    (file,) = vendor.examples()
    content = file.getvalue()

    vendor.deliver(vendor.begin([Example("a.json", content)]))

    (request,) = [r for r in world.transport.requests if r.url.path.endswith("boligsameie/v1/2025")]
    assert request.content == content
    assert Document.objects.get(role="MESSAGE").filename == "a.json"
