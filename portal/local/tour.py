"""The nine steps without a browser: the portal's own services, a real worker, the sandbox over HTTP; each step printed.

Then one customer who refuses, one report with wrong sums, and what `tour_services` adds. The tour fails when a step shows no
result.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.utils import timezone, translation

from accounts.models import Customer
from portal.core.enqueue import enqueue_on_commit
from portal.core.environments import Environment
from portal.local import demo, tour_services
from portal.local.tour_watch import Failed, Watch
from submissions.models import Document, EventSubscription, PollCursor, Submission
from submissions.period import Period
from submissions.services.documents import read_document
from submissions.services.drafting.drafts import add_files, create_draft
from submissions.services.sending.queue import queue
from submissions.services.ways import about_of, adapter_of
from submissions.tasks import send_submissions
from submissions.views.examples import Example
from systemusers.models import Access, AccessProfile, ClientRelation, Kind, MaskinportenClient, ScopeGrant, System
from systemusers.services import client_relations
from systemusers.services.access.ask import ask_access
from systemusers.services.links import link_url, look_again
from systemusers.services.scopes import check_scopes
from systemusers.services.system_register.drift import compare_now
from systemusers.services.system_register.push import register_system
from systemusers.tasks import refresh_clients, send_accesses, take_in_clients

SHARES, HOUSING = "innrapportering-aksjonaerregisteroppgave", "innrapportering-boligsameie"
WAGES = "innrapportering-amelding"
FEEDBACK = {WAGES: 1}
"""How many documents the feedback has: a PDF and the data, or the data alone."""


class Tour(Watch):
    """The walk, from a client to the verdict."""

    def walk(self) -> None:
        """Raises Failed, httpx.HTTPError, or what a service raises."""
        with self.rights_at_once(), translation.override("nb"):
            system = self.connect()
            profile = system.profiles.order_by("pk")[0]
            access = self.ask(profile, "Turgåer")
            self.approve(access)
            submission = self.send(access, SHARES, self.year(), wrong_sum=False)
            self.follow(submission, wanted=Submission.Status.ACCEPTED)
            self.refused_by_customer(profile)
            self.refused_by_skatteetaten(access, SHARES, self.year().before)
            self.housing(access)
            self.refused_by_skatteetaten(access, HOUSING, self.year().before)
            self.wages(access)
            self.refused_by_skatteetaten(access, WAGES, self.month().before)
            tour_services.order_cards(self, access)
            tour_services.give_material(self, access)
            tour_services.sort_heap(self, access)
            self.accountant(system)

    @contextmanager
    def rights_at_once(self) -> Iterator[None]:
        """Dialogporten keeps what a system user may see for a quarter of an hour, and so does the sandbox: nobody waits for that here."""
        kept = self.sandbox.get("/control/settings").raise_for_status().json()["rights_cache_seconds"]
        self.control("PATCH", "/control/settings", {"rights_cache_seconds": 0})
        try:
            yield
        finally:
            self.control("PATCH", "/control/settings", {"rights_cache_seconds": kept})

    def connect(self) -> System:
        self.title(1, "Maskinporten: client, key and scopes")
        client = MaskinportenClient.objects.filter(environment=Environment.SANDBOX).order_by("pk")[0]
        for grant in check_scopes(client=client, by=self.user.actor, at=timezone.now()):
            self.say(f"   asked for a token with {grant.scope}: {grant.verdict}")
            if grant.verdict != ScopeGrant.Verdict.GRANTED:
                raise Failed(f"the scope {grant.scope} is {grant.verdict} {grant.code}")
        self.calls()
        self.title(2, "System register")
        system = System.objects.filter(client=client).get()
        if system.status == System.Status.DRAFT:
            self.say(
                f"   registered {system.system_id}: {register_system(system=system, by=self.user.actor, at=timezone.now()).name}"
            )
        drift = compare_now(system=system, by=self.user.actor, at=timezone.now())
        self.say(f"   compared with Altinn: {len(drift)} differences")
        if drift:
            raise Failed(f"Altinn holds something else: {drift}")
        self.calls()
        return System.objects.get(pk=system.pk)

    def ask(self, profile: AccessProfile, name: str) -> Access:
        self.title(3, "Access asked for")
        access = ask_access(customer=self.customer(name), profile=profile, by=self.user.actor, at=timezone.now())
        enqueue_on_commit(send_accesses)
        access = self.until(access, lambda row: row.status == "SENT", "the access to be sent by the worker")
        self.say(f"   asked {access.customer}: {access.altinn_id} is {access.remote_status}; link {link_url(access)}")
        self.calls()
        return access

    def customer(self, name: str) -> Customer:
        """A new synthetic customer, registered in the sandbox's Altinn."""
        number = Customer.objects.filter(environment=Environment.SANDBOX).count()
        taken = set(Customer.objects.values_list("orgnr", flat=True))
        orgnr = next(n for n in demo.orgnrs(number + 100, start=320_000_000) if n not in taken)
        made = Customer.objects.create(environment=Environment.SANDBOX, orgnr=orgnr, name=f"{name} {number} AS")
        self.control("POST", "/control/organisations", {"orgnr": orgnr, "name": made.name})
        return made

    def approve(self, access: Access) -> None:
        self.title(4, "The customer approves in Altinn")
        page = self.sandbox.get(access.confirm_url)
        self.say(f"   the page behind the link answers {page.status_code}, {len(page.content)} bytes")
        self.control("POST", f"/control/requests/{access.altinn_id}/approve", {})
        access = self.answered(access, "APPROVED")
        self.say(
            f"   Altinn says {access.remote_status}; system user {access.system_user.altinn_id} ({access.system_user.kind})"
        )
        self.calls()

    def answered(self, access: Access, wanted: str) -> Access:
        """Wake a worker that asks Altinn, as the return page does."""

        def ask(row: Access) -> bool:
            look_again(access=row, at=timezone.now())
            return row.status in (wanted, "IN_USE")

        return self.until(access, ask, f"Altinn to say {wanted}")

    def send(
        self, access: Access, service: str, period: Period, *, wrong_sum: bool, customer: Customer | None = None
    ) -> Submission:
        self.title(5, "Submission to Skatteetaten with the system user's token")
        customer, at = customer or access.customer, timezone.now()
        access.refresh_from_db()
        draft = create_draft(
            access=access, customer=customer, service=service, period=period, by=self.user.actor, at=at
        )
        files = adapter_of(draft).examples(about_of(draft), name=customer.name, wrong=wrong_sum)
        number = add_files(
            submission=draft, files=[Example(f.name, f.content) for f in files], by=self.user.actor, at=at
        )
        draft.refresh_from_db()
        self.say(f"   {number} files checked here: {draft.status}, findings: {draft.errors + draft.warnings}")
        queue(submission=draft, by=self.user.actor, at=timezone.now(), confirmed=frozenset({"warnings"}))
        enqueue_on_commit(send_submissions)
        sent = self.until(draft, lambda row: row.delivered_at is not None, "the worker to deliver the report")
        for call in sent.calls.all():
            self.say(f"   {call.step:7} {call.http_status} in {call.milliseconds} ms")
        self.say(
            f"   receipt: dialog {sent.dialog_id}, forsendelse {sent.transmission_id}, reference {sent.receipt_reference}"
        )
        self.calls()
        return sent

    def follow(self, submission: Submission, *, wanted: str) -> None:
        self.title(6, "Dialogs and transmissions")
        submission = self.until(submission, lambda row: row.status == wanted, f"the verdict {wanted}")
        for row in submission.transmissions.all():
            self.say(
                f"   {row.type:10} {row.transmission_id}, answers {row.related_id or '-'}, {row.attachments.count()} attachments"
            )
        self.title(7, "Altinn Events")
        access = submission.access
        asked = EventSubscription.objects.filter(access=access)
        ready = self.until_true(
            lambda: asked.filter(validated_at__isnull=False).first(), "Altinn to confirm the subscription"
        )
        self.say(f"   subscription {ready.altinn_id} to {ready.resource} is confirmed")
        self.title(8, "Dialogporten: status and ids")
        cursor = PollCursor.objects.get(access=access)
        self.say(
            f"   polled {cursor.polled_at:%H:%M:%S}, failures {cursor.failures}, place {''.join(cursor.tokens)[:60]}"
        )
        self.no_dialog_was_opened()
        self.title(9, "Documents behind the transmissions")
        self.fetch(submission)
        self.calls()

    def no_dialog_was_opened(self) -> None:
        """GET of a dialog marks it as seen for the customer: no call of ours may have been one."""
        path = "/platform/dialogporten/api/v1/enduser/dialogs/"
        opened = [c for c in self.served("dialogporten", path) if c["path"].removeprefix(path).count("/") == 0]
        if opened:
            raise Failed(f"{len(opened)} dialogs were opened by a machine")

    def fetch(self, submission: Submission) -> None:
        def both() -> Any:
            feedback = submission.documents.filter(role=Document.Role.FEEDBACK)
            return list(feedback) if feedback.count() >= FEEDBACK.get(submission.service, 2) else None

        for document in self.until_true(both, "the feedback documents"):
            file = self.folder / f"{submission.pk}-{document.filename}"
            file.write_bytes(read_document(document))
            self.say(
                f"   {document.media_type}, {document.size} bytes, SHA-256 {document.sha256[:16]}… written to {file}"
            )

    def refused_by_customer(self, profile: AccessProfile) -> None:
        self.say("\n== A customer who says no")
        access = self.ask(profile, "Avviser")
        self.control("POST", f"/control/requests/{access.altinn_id}/reject", {})
        access = self.answered(access, "REJECTED")
        self.say(f"   Altinn says {access.remote_status}; here it is {access.get_status_display()}")
        self.calls()

    def housing(self, access: Access) -> None:
        self.say("\n== A service with one JSON file: jointly owned housing")
        sent = self.send(access, HOUSING, self.year(), wrong_sum=False)
        done = self.until(sent, lambda row: row.status == Submission.Status.ACCEPTED, "the verdict ACCEPTED")
        self.fetch(done)
        self.calls()

    def wages(self, access: Access) -> None:
        self.say("\n== A monthly report: the a-melding")
        sent = self.send(access, WAGES, self.month(), wrong_sum=False)
        done = self.until(sent, lambda row: bool(row.payment), "the verdict and what is to be paid")
        self.fetch(done)
        for claim in (done.payment or {})["claims"]:
            self.say(f"   to pay: {claim['what']} {claim['amount']}, KID {claim['kid']}")
        self.calls()

    def accountant(self, system: System) -> None:
        """An access for clients: the clients are added in Altinn, read, and taken in; a report is sent for one of them."""
        self.say("\n== An accountant, and a report for one of her clients")
        access = self.ask(system.profiles.get(kind=Kind.AGENT), "Regnskapsfører")
        self.approve(access)
        numbers = [orgnr for orgnr, _name in demo.clients_of_accountant()]
        self.control("POST", f"/control/system-users/{access.system_user.altinn_id}/clients", {"orgnrs": numbers})
        client_relations.ask_now(access=access, by=self.user.actor, at=timezone.now())
        enqueue_on_commit(refresh_clients)
        rows = ClientRelation.objects.filter(access=access)
        self.until_true(lambda: rows.count() == len(numbers), "the clients to be read from Altinn")
        client_relations.choose(access=access, rows=rows, portfolio=None, by=self.user.actor, at=timezone.now())
        enqueue_on_commit(take_in_clients)
        self.until_true(lambda: not rows.unknown().exists(), "the clients to be customers")
        first = rows.order_by("pk")[0]
        self.say(f"   {len(numbers)} clients of {access.customer} are customers; the first is {first.customer}")
        sent = self.send(access, HOUSING, self.year(), wrong_sum=False, customer=first.customer)
        self.until(sent, lambda row: row.status == Submission.Status.ACCEPTED, "the verdict ACCEPTED")
        self.calls()

    def refused_by_skatteetaten(self, access: Access, service: str, period: Period) -> None:
        self.say(f"\n== A report whose sums do not add up: {service}")
        sent = self.send(access, service, period, wrong_sum=True)
        done = self.until(
            sent,
            lambda row: row.status == Submission.Status.REJECTED and bool(row.reasons),
            "the rejection and its reasons",
        )
        for reason in done.reasons:
            self.say(f"   {reason['code']}: {' – '.join(filter(None, (reason['text'], reason['description'])))}")
        self.fetch(done)
        self.calls()


def prepare() -> None:
    """Create the demonstration vendor in the database and in the sandbox."""
    demo.seed(at=timezone.now())
    demo.introduce(url=str(settings.SANDBOX_URL))
