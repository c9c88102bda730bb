"""Rows the tests of submissions begin with: a customer's usable access, and drafts through it."""

from __future__ import annotations

import uuid
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import Customer
from submissions.models import Submission
from submissions.period import Period
from systemusers.models import Access, AccessProfile, MaskinportenClient, ScopeGrant, System, SystemUser
from tests.fixtures import AT, VENDOR_ORGNR

SERVICE = "innrapportering-aksjonaerregisteroppgave"
RESOURCE = "ske-innrapportering-aksjonaerregisteroppgave"
SCOPE = "skatteetaten:innrapporteringaksjonaerregisteroppgave"
SCOPES = ["digdir:dialogporten", SCOPE]


def make_system(environment: str = "SANDBOX") -> System:
    client = MaskinportenClient.objects.create(
        environment=environment, client_id=str(uuid.uuid4()), name="Fjordtall", orgnr=VENDOR_ORGNR, scopes=SCOPES
    )
    names = dict.fromkeys(("name_nb", "name_nn", "name_en"), "Fjordtall")
    texts = dict.fromkeys(("description_nb", "description_nn", "description_en"), "Leverer oppgaver")
    return System.objects.create(
        environment=environment,
        client=client,
        system_id=f"{VENDOR_ORGNR}_fjordtall",
        rights=[RESOURCE],
        **names,
        **texts,
    )


def make_access(customer: Customer, *, system: System | None = None, **fields: Any) -> Access:
    """A usable access through a profile with the one right."""
    profile = AccessProfile.objects.create(
        system=system or make_system(customer.environment), name=f"Årsoppgjør {uuid.uuid4()}", rights=[RESOURCE]
    )
    values: dict[str, Any] = {
        "environment": customer.environment,
        "customer": customer,
        "profile": profile,
        "external_ref": str(uuid.uuid4()),
        "rights": [RESOURCE],
        "status": Access.Status.IN_USE,
        "status_at": AT,
        "altinn_id": str(uuid.uuid4()),
        "requested_by": "user:ida@vendor.example",
    }
    access = Access.objects.create(**{**values, **fields})
    SystemUser.objects.create(access=access, altinn_id=uuid.uuid4(), kind="STANDARD")
    return access


def make_draft(access: Access, *, at: datetime = AT, **fields: Any) -> Submission:
    values: dict[str, Any] = {
        "environment": access.environment,
        "customer": access.customer,
        "access": access,
        "service": SERVICE,
        "period": Period.year(2025),
        "status_at": at,
        "created_by": "user:ida@vendor.example",
        "created_at": at,
    }
    return Submission.objects.create(**{**values, **fields})


def press_send(client: Client, submission: Submission, *, follow: bool = False, **fields: Any) -> Any:
    """Open the draft's page, and press "Send" on what it shows."""
    kwargs = {"environment": str(submission.environment).lower(), "pk": submission.pk}
    page = client.get(reverse("submission", kwargs=kwargs))
    shown = {"shown": page.context["shown"]}
    return client.post(reverse("submission-send", kwargs=kwargs), {**shown, **fields}, follow=follow)


@pytest.fixture(autouse=True)
def own_storage(settings: Any, tmp_path: Path) -> None:
    """Each test keeps its documents in a folder of its own."""
    documents = settings.STORAGES["documents"]
    options = {**documents["OPTIONS"], "location": tmp_path / "documents"}
    settings.STORAGES = {**settings.STORAGES, "documents": {**documents, "OPTIONS": options}}


@pytest.fixture
def access(vendor: Any, customer: Customer) -> Access:
    return make_access(customer)


@pytest.fixture
def draft(access: Access) -> Submission:
    return make_draft(access)


__all__ = ["ScopeGrant", "access", "draft", "make_access", "make_draft", "make_system", "own_storage"]
