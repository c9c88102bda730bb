"""The report of the year before: ordered on a draft's page, fetched by a worker, and compared with the draft."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from portal.core.audit import AuditEvent
from portal.sandbox.faults import Fault
from portal.sandbox.skatteetaten import prefill1086
from submissions.adapters.numbers import synthetic_person
from submissions.adapters.rf1086.samples import example
from submissions.models import EarlierReport, Submission
from submissions.period import Period
from submissions.services.drafting import drafts, earlier
from submissions.services.pages.earlier import EarlierShown, earlier_shown
from tests.submissions.world import BY, SKATTEETATEN, World, make_draft, store

PREFILL = f"{SKATTEETATEN}/prefill/"
GONE = "hadde 50 aksjer da året før sluttet, og har ikke noe underskjema i kladden."
PREFILL_REFUSED: dict[str, Any] = {"service": "skatteetaten", "path": PREFILL, "kind": "status"}


def deliver(world: World, *, parts: int = 3) -> str:
    """The report of 2025 is at Skatteetaten. Returns its id there."""
    sent = world.settle(world.queued(parts=parts))
    assert sent.status == "DELIVERED"
    return str(sent.transmission_id)


def answer(world: World, delivery: str, verdict: str = "accepted") -> None:
    world.control(f"/control/submissions/{delivery}/feedback", {"verdict": verdict})


def files(world: World, *, parts: int = 3) -> list[tuple[str, bytes]]:
    customer = world.access.customer
    return [(file.name, file.content) for file in example(customer.orgnr, customer.name, 2026, shareholders=parts)]


def begun(world: World, package: list[tuple[str, bytes]] | None = None) -> Submission:
    draft = make_draft(world.access, at=world.at, period=Period.year(2026))
    if package:
        store(draft, package, at=world.at)
    return draft


def ask(world: World, draft: Submission) -> EarlierShown:
    """A person asks, and a worker comes by."""
    earlier.order(submission=draft, by=BY, at=world.at)
    earlier.fetch_due(at=world.at)
    return shown(draft)


def shown(draft: Submission) -> EarlierShown:
    row = earlier_shown(draft)
    assert row is not None
    return row


@pytest.fixture
def accepted(world: World) -> World:
    answer(world, deliver(world))
    world.forget_calls()
    return world


def test_a_draft_that_begins_where_the_year_before_ended_has_no_differences(accepted: World) -> None:
    row = ask(accepted, begun(accepted, files(accepted)))

    assert (row.year, row.is_there, row.remote_status, row.is_waiting) == (2025, True, "GODKJENT", False)
    assert dict(row.facts)["Aksjonærer"] == "3"
    assert row.differences == ()


def test_what_begins_otherwise_is_named_without_identity_numbers(accepted: World) -> None:
    main, first, second, _third = files(accepted)
    identity = re.search(rb">(\d{11})<", second[1])
    assert identity is not None
    package = [
        (main[0], main[1].replace(b">150</AksjerMvAntallFjoraret", b">160</AksjerMvAntallFjoraret")),
        (first[0], first[1].replace(b">50</AksjerAntallFjoraret", b">40</AksjerAntallFjoraret")),
        (second[0], second[1].replace(identity[1], synthetic_person(4711).encode())),
    ]

    row = ask(accepted, begun(accepted, package))

    assert [(finding.file, finding.text) for finding in row.differences] == [
        (main[0], "Selskapet hadde 150 aksjer da året før sluttet, men kladden sier 160 ved årets begynnelse."),
        (first[0], "Aksjonæren hadde 50 aksjer da året før sluttet, men kladden sier 40 ved årets begynnelse."),
        (second[0], "Aksjonæren har 50 aksjer ved årets begynnelse i kladden, men står ikke i oppgaven for året før."),
        ("", f"Aksjonær 2 *********{identity[1].decode()[-2:]} {GONE}"),
        ("", f"Aksjonær 3 *********94 {GONE}"),
    ]


def test_the_trail_has_the_question_before_the_call(accepted: World) -> None:
    draft = begun(accepted)

    earlier.order(submission=draft, by=BY, at=accepted.at)

    assert AuditEvent.objects.filter(what="earlier-asked", target=f"submissions.Submission:{draft.pk}", by=BY).exists()
    assert accepted.calls("") == []
    assert shown(draft).is_waiting


def test_files_that_come_later_are_compared_by_their_check(accepted: World) -> None:
    draft = begun(accepted)
    before = ask(accepted, draft)

    store(draft, files(accepted, parts=2), at=accepted.at)

    assert before.is_there
    assert not before.differences
    assert len(shown(draft).differences) > 0


@pytest.mark.parametrize(("verdict", "status"), [("accepted", "GODKJENT"), ("rejected", "AVVIST")])
def test_the_status_says_whether_it_was_accepted(world: World, verdict: str, status: str) -> None:
    answer(world, deliver(world), verdict)

    assert ask(world, begun(world)).remote_status == status


def test_without_a_report_of_the_year_before_that_is_said(world: World) -> None:
    row = ask(world, begun(world))

    assert row.fetched_at
    assert not row.is_there
    assert not row.is_waiting


def test_a_report_of_many_pages_is_read_whole(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefill1086, "PAGE", 2)
    answer(world, deliver(world, parts=4))
    world.forget_calls()

    row = ask(world, begun(world))

    assert dict(row.facts)["Aksjonærer"] == "4"
    assert len([one for one in world.transport.requests if one.url.path.startswith(PREFILL)]) == 3


def test_a_worker_that_stopped_leaves_the_pages_it_has_read(accepted: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prefill1086, "PAGE", 2)
    monkeypatch.setattr(earlier, "LONGEST_TURN", timedelta(microseconds=1))
    draft = begun(accepted)
    earlier.order(submission=draft, by=BY, at=accepted.at)

    for _ in range(4):
        accepted.let_pass(1)
        earlier.fetch_due(at=accepted.at)

    assert dict(shown(draft).facts)["Aksjonærer"] == "3"


def test_a_service_that_is_away_is_asked_again(accepted: World) -> None:
    accepted.app.faults.order(Fault(**PREFILL_REFUSED, status=503))
    draft = begun(accepted)

    away = ask(accepted, draft)
    accepted.let_pass(60)
    earlier.fetch_due(at=accepted.at)

    assert away.is_waiting
    assert away.problem is not None
    assert shown(draft).is_there


def test_a_refusal_is_explained_and_may_be_asked_about_again(accepted: World) -> None:
    accepted.app.faults.order(Fault(**PREFILL_REFUSED, status=400, body='{"kode": "GLD_006"}'))
    draft = begun(accepted)

    refused = ask(accepted, draft)

    assert not refused.is_waiting
    assert refused.problem is not None
    assert refused.next_attempt_at is None
    assert ask(accepted, draft).is_there


def test_nothing_is_fetched_for_a_draft_that_was_thrown_away(accepted: World) -> None:
    draft = begun(accepted)
    earlier.order(submission=draft, by=BY, at=accepted.at)
    draft.move_to("CANCELLED", by=BY, at=accepted.at)

    earlier.fetch_due(at=accepted.at)

    assert EarlierReport.objects.get().next_attempt_at is None
    assert accepted.calls("") == []
    with pytest.raises(drafts.NotOpen):
        earlier.order(submission=draft, by=BY, at=accepted.at)


def test_the_page_offers_it_waits_and_shows_it(accepted: World, client: Client, case_worker: User) -> None:
    draft = begun(accepted, files(accepted))
    client.force_login(case_worker)
    kwargs = {"environment": "sandbox", "pk": draft.pk}
    page = reverse("submission", kwargs=kwargs)

    offered = client.get(page).content.decode()
    client.post(reverse("submission-earlier", kwargs=kwargs))
    waiting = client.get(page).content.decode()
    EarlierReport.objects.update(next_attempt_at=accepted.at)
    earlier.fetch_due(at=accepted.at)
    there = client.get(page).content.decode()

    assert "Hent oppgaven for 2025" in offered
    assert 'hx-target="#earlier"' in waiting
    assert "Hent oppgaven for 2025" not in waiting
    assert "Skatteetaten har godkjent den." in there
    assert 'hx-target="#earlier"' not in there
    assert "Kladden begynner der året før sluttet" in there


def test_a_reader_cannot_order_it(accepted: World, client: Client, reader: Any) -> None:
    draft = begun(accepted)
    client.force_login(reader)
    kwargs = {"environment": "sandbox", "pk": draft.pk}

    page = client.get(reverse("submission", kwargs=kwargs)).content.decode()
    answered = client.post(reverse("submission-earlier", kwargs=kwargs))

    assert "Hent oppgaven for 2025" not in page
    assert answered.status_code == 403
    assert not EarlierReport.objects.exists()
