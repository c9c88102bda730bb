"""The list's groups, counts and search."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.models import User
from portal.core import filters
from portal.core.environments import Environment
from portal.core.filters import counts, in_group
from submissions.models import Submission
from submissions.services.pages import listing
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.world import World, make_draft

S = Submission.Status
SANDBOX = Environment.SANDBOX


def test_every_state_is_in_exactly_one_group(access: Access) -> None:
    for status in S.values:
        make_draft(access, status=status, delivered_at=AT)

    for row in Submission.objects.all():
        rows = Submission.objects.filter(pk=row.pk)
        assert len([group for group in listing.GROUPS if in_group(rows, listing.GROUPS, group.code)]) == 1, row.status


def test_groups_are_counted_in_one_query(access: Access, administrator: User) -> None:
    for status in (S.DRAFT, S.READY, S.QUEUED):
        make_draft(access, status=status)
    rows = listing.find_submissions(user=administrator, environment=SANDBOX)

    with CaptureQueriesContext(connection) as queries:
        result = counts(rows, listing.GROUPS)

    assert (result["drafts"], result["moving"], result["failed"]) == (2, 1, 0)
    assert len(queries) == 1


def test_counting_stops_at_the_cap(access: Access, administrator: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(filters, "COUNT_TO", 2)
    for _ in range(5):
        make_draft(access)

    result = counts(listing.find_submissions(user=administrator, environment=SANDBOX), listing.GROUPS)

    assert result["drafts"] == 3


def test_a_search_is_about_the_customer(world: World, access: Access, administrator: User) -> None:
    other = world.new_customer("310629499", "Fjellheim AS")
    make_draft(access)
    theirs = make_draft(world.another_access(other))

    result = listing.find_submissions(user=administrator, environment=SANDBOX, text="310 629 499")

    assert list(result) == [theirs]


def test_a_case_worker_finds_only_their_own_portfolio(world: World, access: Access, case_worker: User) -> None:
    other = world.new_customer("310629499", "Fjellheim AS")
    ours = make_draft(access)
    make_draft(world.another_access(other))

    assert list(listing.find_submissions(user=case_worker, environment=SANDBOX)) == [ours]


def test_another_environment_is_another_world(access: Access, administrator: User) -> None:
    make_draft(access)

    assert not listing.find_submissions(user=administrator, environment=Environment.TEST).exists()


def test_a_group_narrows_the_list(access: Access, administrator: User) -> None:
    make_draft(access)
    accepted = make_draft(access, status=S.ACCEPTED, delivered_at=AT)

    rows = listing.find_submissions(user=administrator, environment=SANDBOX)
    assert list(in_group(rows, listing.GROUPS, "accepted")) == [accepted]
    assert in_group(rows, listing.GROUPS, "no such group").count() == 2
