"""The evidence package of a delivered report: whole, readable, and verified again; every change is found."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from submissions.models import Submission
from submissions.services import cover
from submissions.services.evidence import evidence
from tests.submissions.adapters.rig import Rig
from tests.submissions.inbox.reading import Reading
from tests.submissions.world import World

Files = dict[str, bytes]


@pytest.fixture
def rejected(world: World) -> Submission:
    rig = Rig(world, "rf1086")
    return Reading(world).settle(world.send(rig.queued_example(wrong=True)))


def packed(submission: Submission) -> Files:
    with evidence(submission) as file, zipfile.ZipFile(file) as package:
        return {name: package.read(name) for name in package.namelist()}


def written(files: Files, tmp_path: Path) -> str:
    path = tmp_path / "pakke.zip"
    with zipfile.ZipFile(path, "w") as package:
        for name, content in files.items():
            package.writestr(name, content)
    return str(path)


def run(path: str) -> str:
    out = io.StringIO()
    call_command("verify_evidence", path, stdout=out)
    return out.getvalue()


def test_the_package_of_a_decided_report_has_all_its_parts(rejected: Submission) -> None:
    files = packed(rejected)

    dialog = json.loads(files["dialog.json"])[0]
    roles = {name.partition("/")[0] for name in files if "/" in name}
    assert rejected.status == "REJECTED"
    assert roles == {"sendt", "kvittering", "tilbakemelding"}
    assert {one["type"] for one in dialog["transmissions"]} == {"Submission", "Rejection"}
    assert len(json.loads(files["kall.json"])) == rejected.calls.count()
    assert json.loads(files["innsending.json"])["reasons"]


def test_the_cover_page_says_what_was_sent_and_answered(rejected: Submission) -> None:
    files = packed(rejected)
    html = files[cover.HTML].decode()

    assert all(text in html for text in [rejected.customer.orgnr, str(rejected.dialog_id), "Avvist", "SHA-256"])
    assert all(document.sha256 in html for document in rejected.documents.all())
    assert files[cover.PDF].startswith(b"%PDF")


def test_the_cover_page_is_in_the_readers_language(rejected: Submission) -> None:
    with translation.override("en"):
        html = packed(rejected)[cover.HTML].decode()

    assert 'lang="en"' in html
    assert "Customer" in html


def test_names_that_the_pdf_has_no_letters_for_do_not_stop_it(rejected: Submission) -> None:
    rejected.customer.name = "Łódź – 山田 AS <b>"

    files = packed(rejected)

    assert "Łódź – 山田 AS &lt;b&gt;" in files[cover.HTML].decode()
    assert files[cover.PDF].startswith(b"%PDF")


def test_a_package_is_verified(rejected: Submission, tmp_path: Path) -> None:
    told = run(written(packed(rejected), tmp_path))

    assert "is whole" in told
    assert "those of this installation" in told


def test_feedback_that_comes_later_is_no_fault(world: World, tmp_path: Path) -> None:
    delivered = world.send(Rig(world, "rf1086").queued())
    path = written(packed(delivered), tmp_path)
    Reading(world).settle(delivered)

    assert "is whole" in run(path)


def test_a_package_of_another_installation_is_compared_with_its_own_hashes(
    rejected: Submission, tmp_path: Path
) -> None:
    path = written(packed(rejected), tmp_path)
    Submission.objects.update(reference="11111111-1111-4111-8111-111111111111")

    assert "not stored here" in run(path)


def _altered(files: Files) -> Files:
    return {**files, "kall.json": b"[]"}


def _added(files: Files) -> Files:
    return {**files, "sendt/nytt.xml": b"<a/>"}


def _taken_out(files: Files) -> Files:
    return {name: content for name, content in files.items() if name != "kall.json"}


def _both(files: Files) -> Files:
    """Altered with its hash: only the database can tell."""
    name = next(name for name in files if name.startswith("sendt/"))
    hashes = json.loads(files["hashes.json"])
    hashes["sha256"][name] = hashlib.sha256(b"<x/>").hexdigest()
    return {**files, name: b"<x/>", "hashes.json": json.dumps(hashes).encode()}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (_altered, "kall.json is not as it was packed"),
        (_added, "sendt/nytt.xml is in the package and not in"),
        (_taken_out, "kall.json is missing"),
        (_both, "is not among the stored documents"),
    ],
)
def test_every_change_is_found(
    rejected: Submission, tmp_path: Path, change: Callable[[Files], Files], said: str
) -> None:
    with pytest.raises(CommandError, match=said):
        run(written(change(packed(rejected)), tmp_path))


def test_an_event_that_was_changed_in_the_trail_is_found(rejected: Submission, tmp_path: Path) -> None:
    path = written(packed(rejected), tmp_path)
    files = packed(rejected)
    events = json.loads(files["hendelser.json"])
    events[0]["hash"] = "0" * 64
    content = json.dumps(events).encode()
    hashes = json.loads(files["hashes.json"])
    hashes["sha256"]["hendelser.json"] = hashlib.sha256(content).hexdigest()
    forged = {**files, "hendelser.json": content, "hashes.json": json.dumps(hashes).encode()}

    assert "is whole" in run(path)
    with pytest.raises(CommandError, match="not in the audit trail as it was packed"):
        run(written(forged, tmp_path))


@pytest.mark.parametrize("content", [b"", b"PK", b"no zip at all"])
def test_other_files_are_told_as_no_package(tmp_path: Path, content: bytes, db: None) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(content)

    with pytest.raises(CommandError, match="no evidence package"):
        run(str(path))
    with pytest.raises(CommandError, match="no evidence package"):
        run(written({"a.txt": b"1"}, tmp_path))
    with pytest.raises(CommandError, match="no evidence package"):
        run(str(tmp_path / "none.zip"))
