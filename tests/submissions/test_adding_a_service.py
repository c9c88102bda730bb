"""The example of docs/adding-a-service.md is followed: two data files, no code, and a report that is accepted and one rejected."""

from __future__ import annotations

import json
import re
import shutil
import textwrap
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from django.conf import settings
from django.core import checks as system_checks

import portal.sandbox.services  # noqa: F401 - registers every route before the new service adds its own
from portal.sandbox import routing
from portal.sandbox.skatteetaten import catalogue as remote
from portal.sandbox.skatteetaten import documents, gld
from submissions.models import Submission
from submissions.services import catalogue, entries
from tests.submissions.adapters.gld_json.test_end_to_end import Vendor
from tests.submissions.world import World

DOCUMENT = Path(settings.BASE_DIR) / "docs" / "adding-a-service.md"
S = Submission.Status


def block(language: str) -> str:
    """The document's one block of this language."""
    (found,) = re.findall(
        rf"^ *```{language}\n(.*?)^ *```$", DOCUMENT.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )
    return textwrap.dedent(found)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The catalogue with the document's file in it, under the name that the document gives it."""
    (name,) = set(re.findall(r"`([a-z-]+\.toml)`", DOCUMENT.read_text(encoding="utf-8")))
    copy = tmp_path / "catalogue"
    shutil.copytree(entries.FOLDER, copy)
    (copy / name).write_text(block("toml"), encoding="utf-8")
    monkeypatch.setattr(entries, "FOLDER", copy)
    catalogue._entries.cache_clear()
    yield copy
    catalogue._entries.cache_clear()


@pytest.fixture
def service(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The id of the new service, known to both sides: the sandbox reads its file when it starts."""
    entry = msgspec.convert(json.loads(block("json")), remote.Service)
    for table in (remote.SERVICES, remote.BY_SLUG):
        monkeypatch.setitem(table, entry.id if table is remote.SERVICES else entry.slug, entry)
    monkeypatch.setattr(remote, "GLD_SERVICES", [*remote.GLD_SERVICES, entry])
    before = len(routing.ROUTES)
    gld.serve(entry)
    documents.serve(entry)
    routing.build_map.cache_clear()
    yield entry.id
    del routing.ROUTES[before:]  # by place: rules outside a map are all equal, and `remove` takes the first
    routing.build_map.cache_clear()


def test_the_new_service_goes_from_file_to_verdict(service: str, world: World) -> None:
    vendor = Vendor(world, service)

    accepted = vendor.settle(vendor.deliver(vendor.begin(vendor.examples())))
    rejected = vendor.settle(vendor.deliver(vendor.begin(vendor.examples(wrong=True))))

    assert (accepted.status, rejected.status) == (S.ACCEPTED, S.REJECTED)
    assert [reason["code"] for reason in rejected.reasons] == ["SUM"]


def test_the_portal_starts_with_it(folder: Path) -> None:
    assert len(catalogue.services()) == len(list(folder.glob("*.toml")))
    assert [e.id for e in system_checks.run_checks() if e.id and e.id.startswith("submissions.")] == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('beloep = "? decimal"', 'beloep = "? decimals"', "beloep"),
        ('group = "primary_industry"', 'group = "honey"', "innrapportering-honning.toml"),
        ("enabled = false", "", "enabled"),
        ("enabled = false", "enabled = false\ncolour = 1", "colour"),
        ('id = "innrapportering-honning"', 'id = "honning"', "same name"),
        ('adapter = "gld_json"', 'adapter = "gld_xml"', "gld_xml"),
        ('period = "YEAR"', 'period = "MONTH"', "MONTH"),
    ],
)
def test_an_entry_that_is_not_whole_stops_the_start_and_is_named(folder: Path, old: str, new: str, said: str) -> None:
    (path,) = folder.glob("*honning*")
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    catalogue._entries.cache_clear()

    errors = [e for e in system_checks.run_checks() if e.id and e.id.startswith("submissions.")]

    assert [said in error.msg for error in errors] == [True]
