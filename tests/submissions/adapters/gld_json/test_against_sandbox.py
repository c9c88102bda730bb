"""From file to verdict with the sandbox behind the gateway: both services, and one that is only data in this test."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from portal.gateways import http
from portal.gateways.errors import Refused, Unavailable
from portal.sandbox.skatteetaten.catalogue import GLD_SERVICES
from portal.sandbox.testing import Transport
from submissions.adapters.base import About, Answer, Context, Meaning, NamedFile, Step, StoredDocument, Verdict
from tests.sandbox.tax_rig import CUSTOMER, SYSTEM_USER, Rig
from tests.submissions.adapters.gld_json.messages import ADAPTER, about

BY_SLUG = {service.slug: service for service in GLD_SERVICES}


class Sender:
    """One service, with a customer whose system user may report to it."""

    def __init__(self, rig: Rig, slug: str) -> None:
        self.rig, self.remote = rig, BY_SLUG[slug]
        self.about: About = replace(about(slug), orgnr=CUSTOMER)
        rig.app.state.system_users[SYSTEM_USER].rights = [self.remote.resource_id]
        (self.step,) = ADAPTER.plan([StoredDocument(1, "MESSAGE", "a.json")])

    def example(self, *, wrong: bool = False) -> bytes:
        return ADAPTER.examples(self.about, name="X", wrong=wrong)[0].content

    def perform(self, body: bytes, step: Step | None = None) -> Answer:
        wanted = step or self.step
        context = Context(
            base_url=f"{self.rig.app.origin}/skatteetaten/{self.remote.label}/v1",
            token=self.rig.token(self.remote.scope),
            about=self.about,
            body=body,
            key=wanted.key,
            remote_ids={},
            counts={},
        )
        return ADAPTER.perform(wanted, context)

    def verdict(self, answer: Answer) -> Verdict | None:
        """The feedback's documents, as a portal fetches them."""
        assert answer.receipt is not None
        feedback = self.rig.feedback(answer.receipt.transmission_id)
        path = (
            f"/skatteetaten/{self.remote.label}/v1/2025/forsendelser/{feedback['id']}/dokumenter/{feedback['xml_id']}"
        )
        reply = self.rig.http.get(path, headers=self.rig.headers(self.remote.scope))
        assert reply.status_code == 200, reply.text
        return ADAPTER.verdict("", [(reply.headers["content-type"], reply.content)])


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    made = Rig()
    monkeypatch.setattr(http, "TRANSPORT", Transport(made.app))
    return made


SERVICES = pytest.mark.parametrize("slug", ["boligsameie", "boligselskap", "egg"])


@SERVICES
def test_an_example_is_delivered_and_accepted(rig: Rig, slug: str) -> None:
    sender = Sender(rig, slug)

    answer = sender.perform(sender.example())
    verdict = sender.verdict(answer)

    assert answer.receipt is not None
    assert answer.receipt.reference.startswith(f"EKSEMPEL-{CUSTOMER}-2025")
    assert json.loads(answer.receipt.raw)["forsendelseId"] == answer.receipt.transmission_id
    assert verdict is not None
    assert (verdict.accepted, verdict.reasons) == (True, ())


@SERVICES
def test_a_wrong_example_passes_with_a_warning_and_is_rejected(rig: Rig, slug: str) -> None:
    sender = Sender(rig, slug)
    body = sender.example(wrong=True)

    findings = ADAPTER.inspect(NamedFile("a.json", body), sender.about).findings
    verdict = sender.verdict(sender.perform(body))

    assert [(finding.level, finding.code) for finding in findings] == [("WARNING", "SUM")]
    assert verdict is not None
    assert verdict.accepted is False
    assert [reason.code for reason in verdict.reasons] == ["SUM"]


def test_a_repeated_step_is_handled_once(rig: Rig) -> None:
    sender = Sender(rig, "boligsameie")

    first, second = sender.perform(sender.example()), sender.perform(sender.example())

    assert first.receipt == second.receipt
    assert len(rig.app.state.skatteetaten.submissions) == 1


def test_a_lost_answer_is_found_again_with_the_same_key(rig: Rig) -> None:
    sender = Sender(rig, "boligsameie")
    fault = {"service": "skatteetaten", "path": f"/skatteetaten/{sender.remote.label}/", "kind": "lost"}
    rig.http.post("/control/faults", json=fault).raise_for_status()

    with pytest.raises(Unavailable) as caught:
        sender.perform(sender.example())
    answer = sender.perform(sender.example())

    assert ADAPTER.meaning(sender.step, caught.value) == Meaning.TRY_LATER
    assert answer.receipt is not None
    assert list(rig.app.state.skatteetaten.submissions) == [answer.receipt.transmission_id]


def test_another_content_with_the_key_is_already_delivered(rig: Rig) -> None:
    sender = Sender(rig, "boligsameie")
    sender.perform(sender.example())

    with pytest.raises(Refused) as caught:
        sender.perform(sender.example(wrong=True))

    assert (caught.value.status, caught.value.code) == (409, "GLD_019")
    assert ADAPTER.meaning(sender.step, caught.value) == Meaning.ALREADY_DELIVERED


@pytest.mark.parametrize("slug", ["boligsameie", "boligselskap"])
def test_what_the_service_refuses_has_a_local_error_at_the_same_path(rig: Rig, slug: str) -> None:
    sender = Sender(rig, slug)
    value: Any = json.loads(sender.example())
    delivery = value["leveranse"][0] if sender.remote.many else value["leveranse"]
    delivery["oppgave"][1]["eiertid"]["slutt"] = "31.12"
    body = json.dumps(value).encode()

    with pytest.raises(Refused) as caught:
        sender.perform(body)
    (finding,) = ADAPTER.inspect(NamedFile("a.json", body), sender.about).findings

    assert ADAPTER.meaning(sender.step, caught.value) == Meaning.FINAL
    assert [detail.path for detail in caught.value.details] == [finding.path]


def test_a_customer_without_the_right_waits_for_it(rig: Rig) -> None:
    sender = Sender(rig, "boligsameie")
    rig.app.state.system_users[SYSTEM_USER].rights = []

    with pytest.raises(Refused) as caught:
        sender.perform(sender.example())

    assert ADAPTER.meaning(sender.step, caught.value) == Meaning.WAIT_FOR_RIGHTS
