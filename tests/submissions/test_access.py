"""Who may open and do what: strangers, other portfolios, other environments and lesser roles are kept out of every address."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Customer, User
from submissions.models import Document, Submission
from submissions.services.documents import store_document
from submissions.urls import urlpatterns
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.world import make_draft

LOOKS = ["submission", "submission-evidence"]
ACTS = [
    each.name
    for each in urlpatterns
    if str(each.pattern).startswith("submissions/<int:pk>/") and each.name and each.name not in LOOKS
]
"""Every other address of one submission."""
OF_A_FILE = ["submission-file-remove", "submission-file-put-back"]
DOCUMENTS = ["document", "document-file"]


@pytest.fixture
def document(draft: Submission) -> Document:
    return store_document(
        content=b"<a/>",
        filename="a.xml",
        media_type="application/xml",
        role="MAIN",
        customer=draft.customer,
        submission=draft,
        at=AT,
    )


def address(name: str, document: Document, environment: str = "sandbox") -> str:
    values: dict[str, Any] = {"environment": environment}
    if name in DOCUMENTS:
        values["pk"] = document.pk
    elif name not in ("submissions", "submission-new"):
        values["pk"] = document.submission_id
    if name in OF_A_FILE:
        values["document"] = document.pk
    return reverse(name, kwargs=values)


def ask(client: Client, name: str, url: str) -> int:
    response = client.post(url) if name in ACTS else client.get(url)
    response.close()
    return response.status_code


@pytest.mark.parametrize("name", ["submissions", "submission-new", *LOOKS, *ACTS, *DOCUMENTS])
def test_a_stranger_is_sent_to_the_log_in(client: Client, document: Document, name: str) -> None:
    url = address(name, document)
    response = client.post(url) if name in ACTS else client.get(url)

    assert response.status_code == 302
    assert response["Location"].startswith("/accounts/login/")


@pytest.mark.parametrize("name", [*LOOKS, *ACTS, *DOCUMENTS])
def test_another_portfolio_does_not_exist(client: Client, document: Document, case_worker: User, name: str) -> None:
    Customer.objects.update(portfolio=None)
    client.force_login(case_worker)

    assert ask(client, name, address(name, document)) == 404


@pytest.mark.parametrize("name", [*LOOKS, *ACTS, *DOCUMENTS])
def test_another_environment_does_not_have_it(
    client: Client, document: Document, administrator: User, name: str
) -> None:
    client.force_login(administrator)

    assert ask(client, name, address(name, document, "test")) == 404


@pytest.mark.parametrize("name", ["submissions", *LOOKS, *DOCUMENTS])
def test_a_reader_may_look(client: Client, document: Document, reader: User, name: str) -> None:
    client.force_login(reader)

    assert ask(client, name, address(name, document)) == 200


@pytest.mark.parametrize("name", ["submission-new", *ACTS])
def test_a_reader_may_not_act(client: Client, document: Document, reader: User, name: str) -> None:
    client.force_login(reader)

    assert ask(client, name, address(name, document)) == 403


@pytest.mark.parametrize("name", ACTS)
def test_an_act_is_never_a_get(client: Client, document: Document, administrator: User, name: str) -> None:
    client.force_login(administrator)

    assert client.get(address(name, document)).status_code == 405


def test_a_file_of_another_submission_cannot_be_removed(
    client: Client, document: Document, access: Access, administrator: User
) -> None:
    other = make_draft(access)
    client.force_login(administrator)

    values = {"environment": "sandbox", "pk": other.pk, "document": document.pk}
    response = client.post(reverse("submission-file-remove", kwargs=values))

    assert response.status_code == 404
    assert Document.objects.filter(pk=document.pk).exists()


def test_an_access_of_another_portfolio_cannot_be_sent_through(
    client: Client, access: Access, case_worker: User
) -> None:
    hidden = Customer.objects.create(environment="SANDBOX", orgnr="310629499", name="Fjellheim AS")
    client.force_login(case_worker)

    url = reverse("submission-new", kwargs={"environment": "sandbox"})
    response = client.post(f"{url}?customer={hidden.pk}", {"offer": f"{access.pk}:x", "period": "2025"})

    assert response.status_code == 404
