"""The pages for the JSON services, as a person without JavaScript uses them: from the list of services to a correction."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from accounts.models import User
from submissions.models import Submission
from submissions.services.sending.queue import queue
from systemusers.models import Access
from tests.submissions.adapters.gld_json.test_end_to_end import Vendor
from tests.submissions.rows import press_send
from tests.submissions.world import BY, World

S = Submission.Status
SERVICE = "innrapportering-boligsameie"


@pytest.fixture(autouse=True)
def logged_in(client: Client, case_worker: User) -> None:
    client.force_login(case_worker)


def url(name: str, submission: Submission | None = None) -> str:
    return reverse(name, kwargs={"environment": "sandbox", **({"pk": submission.pk} if submission else {})})


def create(client: Client, access: Access, service: str = SERVICE, **data: Any) -> Any:
    form = {"offer": f"{access.pk}:{service}", "period": "2025", "uploads": [], **data}
    return client.post(f"{url('submission-new')}?customer={access.customer_id}", form)


def test_a_service_is_offered_when_the_access_has_its_right(client: Client, access: Access, world: World) -> None:
    address = f"{url('submission-new')}?customer={access.customer_id}"
    before = client.get(address).context["form"].fields["offer"].choices
    Vendor(world, SERVICE)

    after = client.get(address).context["form"].fields["offer"].choices

    assert [name for _key, name in before] == ["Aksjonærregisteroppgaven"]
    assert [name for _key, name in after] == ["Aksjonærregisteroppgaven", "Boligsameie"]


@pytest.mark.parametrize("service", [SERVICE, "innrapportering-boligselskap"])
def test_an_example_is_one_button_away_and_shows_what_is_in_it(client: Client, world: World, service: str) -> None:
    Vendor(world, service)

    page = client.get(create(client, world.access, service, examples="right")["Location"])

    draft = Submission.objects.get()
    shown = dict(page.context["facts"])
    assert (draft.status, draft.service) == (S.READY, service)
    assert shown["Oppgaver"] == ("6" if service.endswith("selskap") else "3")
    assert "Sum andel formue" in shown
    assert "Leveranse" in page.text


def test_findings_are_in_the_readers_language_with_their_line(client: Client, world: World) -> None:
    Vendor(world, SERVICE)
    place = create(client, world.access, examples="wrong_sum")["Location"]

    texts = [client.get(place, headers={"Accept-Language": code}).text for code in ("nb", "nn", "en")]

    words = ["oppgavene har til sammen", "oppgåvene har til saman", "the items add up to"]
    assert [word in text for word, text in zip(words, texts, strict=True)] == [True] * 3
    assert all("leveranse.oppgaveoppsummering.sumAndelSkattepliktigeInntekter" in text for text in texts)


def test_a_file_that_cannot_be_used_is_refused_on_the_form(client: Client, world: World) -> None:
    Vendor(world, SERVICE)

    wrong = create(client, world.access, uploads=[SimpleUploadedFile("a.json", b'{"leveranse": {},\n}')])
    ending = create(client, world.access, uploads=[SimpleUploadedFile("a.xml", b"<Skjema/>")])

    assert (wrong.status_code, ending.status_code) == (422, 422)
    assert "Linje 2: Filen er ikke gyldig JSON" in " ".join(wrong.text.split())
    assert "leveres som JSON-filer" in ending.text
    assert not Submission.objects.exists()


def test_a_report_is_sent_and_after_a_rejection_corrected(client: Client, world: World) -> None:
    vendor = Vendor(world, SERVICE)
    create(client, world.access, examples="wrong_sum")
    draft = Submission.objects.get()

    press_send(client, draft, confirm=["warnings"])
    Submission.objects.update(next_attempt_at=world.at)  # the page's clock is not the sandbox's
    rejected = vendor.settle(world.send(draft))
    page = client.get(url("submission", rejected))
    correction = client.get(client.post(url("submission-correct", rejected))["Location"])

    assert rejected.status == S.REJECTED
    assert "«Sum andel skattepliktige inntekter» stemmer ikke" in page.text
    assert "<code>sumAndelSkattepliktigeInntekter</code>" in page.text
    assert correction.context["submission"].corrects == rejected
    assert "Dette skal rettes" in correction.text


def test_a_sent_report_shows_its_call_and_receipt(client: Client, world: World) -> None:
    vendor = Vendor(world, SERVICE)
    draft = vendor.begin(vendor.examples())
    queue(submission=draft, by=BY, at=world.at, confirmed=frozenset())
    done = vendor.settle(world.send(draft))

    page = client.get(url("submission", done))

    assert done.status == S.ACCEPTED
    assert "kvittering.json" in page.text
    assert f"boligsameie-{world.access.customer.orgnr}-2025.json" in page.text
