"""Django admin: acts go through services, rows lead to their history, and every text is ours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import label_for_field
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.models import User
from portal.core import lease
from portal.core.audit import AuditEvent, record, target_of
from portal.core.audit_events import AuditType
from portal.core.lease import Leased
from submissions.models import Dialog, PollCursor, Submission
from systemusers.models import Access, ChangeRequest
from tests.core.leased_rows import make_due_rows
from tests.fixtures import make_operator

pytestmark = pytest.mark.django_db
LEASED = [(model, pages) for model, pages in admin.site._registry.items() if issubclass(model, Leased)]


@pytest.fixture
def operator(client: Client, administrator: User) -> User:
    make_operator(administrator)
    client.force_login(administrator)
    return administrator


def act(client: Client, action: str, *rows: Any, **more: Any) -> str:
    meta = rows[0]._meta
    url = reverse(f"admin:{meta.app_label}_{meta.model_name}_changelist")
    return client.post(url, {"action": action, "_selected_action": [row.pk for row in rows], **more}, follow=True).text


@pytest.mark.parametrize("model", [model for model, _pages in LEASED], ids=lambda model: model._meta.label)
def test_a_row_of_every_kind_is_tried_now(client: Client, operator: User, model: Any) -> None:
    at = timezone.now()
    [row] = make_due_rows(model, at=at)
    model._base_manager.filter(pk=row.pk).update(next_attempt_at=at + timedelta(hours=3))

    text = act(client, "try_now", row)

    row.refresh_from_db()
    assert "1 rad er behandlet." in text
    assert row.next_attempt_at <= timezone.now()
    assert AuditEvent.objects.get(what="made-due").by == operator.actor


def test_a_row_is_released_and_one_that_nobody_has_is_not(client: Client, operator: User) -> None:
    held, free = make_due_rows(PollCursor, 2, at=timezone.now())
    lease.claim(PollCursor.objects.filter(pk=held.pk), at=timezone.now())

    text = act(client, "release", held, free)

    assert "1 rad er behandlet." in text
    assert "1 rad trengte det ikke." in text
    assert AuditEvent.objects.get(what="lease-released").target == target_of(held)


def test_a_refused_question_is_sent_again(client: Client, operator: User) -> None:
    [row] = make_due_rows(Access, at=timezone.now())
    Access.objects.filter(pk=row.pk).update(status="DRAFT", next_attempt_at=None, problem_code="AUTH-00016")

    act(client, "send_again", row)

    row.refresh_from_db()
    assert (row.next_attempt_at is not None, row.problem_code) == (True, "")
    assert AuditEvent.objects.filter(what="send-again", by=operator.actor, target=target_of(row)).exists()


def test_a_refused_change_is_sent_again(client: Client, operator: User) -> None:
    [row] = make_due_rows(ChangeRequest, at=timezone.now())
    ChangeRequest.objects.filter(pk=row.pk).update(next_attempt_at=None, problem_code="AUTH-00016")

    act(client, "send_again", row)

    row.refresh_from_db()
    assert row.next_attempt_at is not None
    assert AuditEvent.objects.filter(what="send-again", by=operator.actor).exists()


def test_what_did_not_fail_is_not_sent_again(client: Client, operator: User, draft: Submission) -> None:
    text = act(client, "send_again", draft)

    assert "1 rad trengte det ikke." in text
    assert Submission.objects.count() == 1


def test_a_dialog_is_given_to_a_person_and_taken_back(client: Client, operator: User, case_worker: User) -> None:
    [dialog] = make_due_rows(Dialog)

    act(client, "assign", dialog, person=operator.pk)
    dialog.refresh_from_db()
    assert dialog.assignee == operator

    act(client, "assign", dialog, person="")
    dialog.refresh_from_db()
    assert dialog.assignee is None
    assert AuditEvent.objects.filter(what="dialog-assigned", by=operator.actor).count() == 2


@pytest.mark.parametrize("person", ["x", "0", "999999"])
def test_an_unknown_person_gets_nothing(client: Client, operator: User, person: str) -> None:
    [dialog] = make_due_rows(Dialog)
    Dialog.objects.update(assignee=operator)

    act(client, "assign", dialog, person=person)

    dialog.refresh_from_db()
    assert dialog.assignee == operator


def test_who_may_only_look_can_do_nothing(client: Client, reader: User) -> None:
    make_operator(reader)
    client.force_login(reader)
    [row] = make_due_rows(PollCursor, at=timezone.now())
    lease.claim(PollCursor.objects.all(), at=timezone.now())

    act(client, "release", row)

    assert not AuditEvent.objects.filter(what="lease-released").exists()


def test_the_history_of_a_row_is_its_part_of_the_audit_trail(client: Client, operator: User) -> None:
    one, other = make_due_rows(PollCursor, 2)
    for row, at in ((one, timezone.now()), (other, timezone.now())):
        record(by="user:x", at=at, target=row, what=AuditType.MADE_DUE)

    page = client.get(reverse("admin:submissions_pollcursor_history", args=[one.pk]), follow=True)

    assert page.status_code == 200
    assert [event.target for event in page.context["cl"].result_list] == [target_of(one)]


def test_the_history_of_a_customer_is_all_that_is_about_it(client: Client, operator: User) -> None:
    [row] = make_due_rows(Dialog)
    record(by="user:x", at=timezone.now(), target=row, what=AuditType.DIALOG_DONE)

    page = client.get(reverse("admin:accounts_customer_history", args=[row.customer_id]), follow=True)

    assert target_of(row) in [event.target for event in page.context["cl"].result_list]


def test_every_heading_and_name_is_a_text_of_ours() -> None:
    untold = []
    with translation.override("nb"):
        for model, pages in admin.site._registry.items():
            if not model.__module__.startswith(("accounts", "portal", "submissions", "systemusers")):
                continue
            for name in pages.list_display:
                label = str(label_for_field(name, model, pages))
                if label == name.replace("_", " ") and not is_norwegian(name):
                    untold.append(f"{model._meta.label}.{name}")
            if str(model._meta.verbose_name) == model.__name__.lower() and not is_norwegian(model.__name__.lower()):
                untold.append(model._meta.label)
    assert untold == []


def is_norwegian(name: str) -> bool:
    """Names that are the same word in Norwegian."""
    return name in {"id", "system", "status", "type", "dialog", "kid", "scope", "problem"}


@pytest.mark.parametrize("language", ["nb", "nn"])
def test_no_text_of_django_is_english(client: Client, operator: User, language: str) -> None:
    client.cookies["django_language"] = language

    pages = [client.get(path).text for path in ("/admin/", "/admin/accounts/user/", "/admin/accounts/user/add/")]

    english = ["Skip to main", "Toggle theme", "Model name", "Add link", "Breadcrumbs", "Show counts", "Password-based"]
    assert [text for text in english if any(text in page for page in pages)] == []
