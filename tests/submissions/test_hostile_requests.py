"""Requests that no page of ours makes: each gets an answer that a person understands, never a fault of the portal."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from submissions.models import Submission
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.rows import make_draft
from tests.submissions.test_pages import url

S = Submission.Status
NUMBERS = ["", "x", "-1", "0", "1.5", "１", "9" * 18, "9" * 30, "9" * 5000, "\x00", "1 OR 1=1"]


@pytest.fixture(autouse=True)
def logged_in(client: Client, case_worker: User) -> None:
    client.force_login(case_worker)


@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
def test_a_number_that_is_none_is_no_fault(client: Client, access: Access, number: str) -> None:
    failed = make_draft(access, status=S.FAILED, queued_at=AT)
    environment = {"environment": "sandbox"}
    posts = {
        reverse("approvals", kwargs=environment): {"pick": number, f"shown-{number}": "x"},
        url("submission-corrected", failed): {"correction": number},
        url("submission-found", failed): {"answer": number, "shown": number},
        reverse("order-anew", kwargs=environment): {"customer": number, "service": number},
    }
    gets = [
        f"{url('submission-new')}?customer={number}",
        f"{reverse('order-new', kwargs=environment)}?customer={number}",
    ]

    codes = {address: client.post(address, data).status_code for address, data in posts.items()}
    codes |= {address: client.get(address).status_code for address in gets}

    assert {address: code for address, code in codes.items() if code >= 500} == {}


@pytest.mark.parametrize("status", [S.QUEUED, S.DELIVERED, S.ACCEPTED, S.CANCELLED])
def test_whatever_is_pressed_on_an_old_page_leads_to_the_new_one(client: Client, access: Access, status: str) -> None:
    """Every POST of a submission, when it has gone on in the meantime."""
    moved = make_draft(access, status=status, queued_at=AT, delivered_at=AT, status_at=AT)
    acts = [
        "examples", "send", "discard", "files", "refused-hide", "earlier", "take-back", "try-again", "correct", "look",
        "corrected", "found", "settle", "cancel", "restore",
    ]  # fmt: skip
    addresses = [url(f"submission-{act}", moved) for act in acts]
    addresses += [url(f"approval-{act}", moved) for act in ("ask", "approve", "refuse", "withdraw")]

    replies: dict[str, Any] = {address: client.post(address, {"reason": "Nei"}) for address in addresses}

    assert {address: one.status_code for address, one in replies.items() if one.status_code not in (302, 422)} == {}
