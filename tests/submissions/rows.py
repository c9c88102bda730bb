"""Rows that the tests of submissions begin with, made by the services: see tests/submissions/world.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from submissions.models import Submission
from systemusers.models import Access
from tests.submissions.world import RESOURCE, SERVICE, World, make_draft


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
def access(world: World) -> Access:
    return world.access


@pytest.fixture
def draft(access: Access) -> Submission:
    return make_draft(access)


__all__ = ["RESOURCE", "SERVICE", "access", "draft", "make_draft", "own_storage", "press_send"]
