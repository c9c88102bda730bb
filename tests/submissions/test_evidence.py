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
from django.test import Client
from django.utils import translation

from accounts.models import User
from submissions.adapters.base import NamedFile
from submissions.models import Submission
from submissions.services import cover
from submissions.services.evidence import evidence
from tests.submissions.adapters.rig import Rig
from tests.submissions.inbox.reading import Reading
from tests.submissions.world import World, make_draft, queue_package

NUMBER = "13097248022"
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


def test_names_that_differ_in_case_only_are_distinct_in_the_package(world: World) -> None:
    """Windows would write one of them over the other."""
    rig = Rig(world, "rf1086")
    main, first, second, *others = rig.files()
    draft = make_draft(world.access, at=world.at, service=rig.service.id, period=rig.period)
    named = [main, NamedFile("Skjema.xml", first.content), NamedFile("skjema.xml", second.content), *others]
    submission = world.send(queue_package(draft, [(file.name, file.content) for file in named], at=world.at))

    sent = [name.casefold() for name in packed(submission) if name.startswith("sendt/")]

    assert len(set(sent)) == len(sent) == len(named)


def test_the_cover_page_says_what_was_sent_and_answered(rejected: Submission) -> None:
    files = packed(rejected)
    html = files[cover.HTML].decode()

    assert all(text in html for text in [rejected.customer.orgnr, str(rejected.dialog_id), "Avvist", "SHA-256"])
    assert all(document.sha256 in html for document in rejected.documents.all())
    assert "task:" not in html
    assert "user:" not in html
    assert "Portalen" in html
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


def test_a_number_in_a_file_name_leaves_on_no_page_and_in_no_name(
    world: World, client: Client, administrator: User
) -> None:
    rig = Rig(world, "gld_json")
    (file,) = rig.files()
    sent = world.send(rig._queue([NamedFile(f"{NUMBER} Kari.json", file.content)]))
    client.force_login(administrator)
    document = sent.documents.get(role="MESSAGE")

    pages = [f"/sandbox/submissions/{sent.pk}/", f"/sandbox/documents/{document.pk}/"]
    texts = [client.get(page).content.decode() for page in pages]
    saved = client.get(f"/sandbox/documents/{document.pk}/file/")
    files = packed(sent)

    assert document.filename == f"{NUMBER} Kari.json"
    assert all("Kari.json" in text and NUMBER not in text.split("<pre")[0] for text in texts)
    assert "Kari.json" in saved.headers["Content-Disposition"]
    assert NUMBER not in saved.headers["Content-Disposition"] + str(document)
    assert [name for name in files if "Kari" in name] == ["sendt/_ Kari.json"]
    assert NUMBER not in files[cover.HTML].decode()


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


def rehashed(files: Files) -> Files:
    """By somebody who knows how the hashes are made."""
    listed = json.loads(files["hashes.json"])
    listed["sha256"] = {
        name: hashlib.sha256(content).hexdigest() for name, content in files.items() if name != "hashes.json"
    }
    return {**files, "hashes.json": json.dumps(listed).encode()}


def _praised(files: Files) -> Files:
    facts = json.loads(files["innsending.json"])
    return {**files, "innsending.json": json.dumps({**facts, "status": "ACCEPTED", "reasons": []}).encode()}


def _another_cover(files: Files) -> Files:
    return {**files, cover.HTML: b"<p>Godkjent</p>"}


def _without_feedback(files: Files) -> Files:
    return {name: content for name, content in files.items() if not name.startswith("tilbakemelding/")}


def _without_events(files: Files) -> Files:
    return {**files, "hendelser.json": b"[]"}


def _without_seal(files: Files) -> Files:
    return {**files, "hashes.json": json.dumps({"sha256": json.loads(files["hashes.json"])["sha256"]}).encode()}


@pytest.mark.parametrize("change", [_praised, _another_cover, _without_feedback, _without_events, _without_seal])
def test_who_makes_the_hashes_anew_cannot_make_the_seal(
    rejected: Submission, tmp_path: Path, change: Callable[[Files], Files]
) -> None:
    files = packed(rejected)

    assert "is whole" in run(written(rehashed(files), tmp_path))
    with pytest.raises(CommandError, match="not as this installation sealed it"):
        run(written(rehashed(change(files)) if change is not _without_seal else change(files), tmp_path))


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


def test_a_file_whose_bytes_are_damaged_is_named_and_the_others_are_compared(
    rejected: Submission, tmp_path: Path
) -> None:
    with evidence(rejected) as file:
        content = bytearray(file.read())
    with zipfile.ZipFile(io.BytesIO(content)) as package:
        info = package.getinfo("kall.json")
    start = info.header_offset + 30 + len(info.filename)
    content[start : start + info.compress_size] = b"\xff" * info.compress_size
    path = tmp_path / "pakke.zip"
    path.write_bytes(content)

    with pytest.raises(CommandError, match=r"kall\.json is not as it was packed"):
        run(str(path))


HOSTILE: list[Files] = [
    {"hashes.json": b"[]"},
    {"hashes.json": b'{"sha256": []}'},
    {"hashes.json": b'{"sha256": {}}', "innsending.json": b"[]", "hendelser.json": b"[]"},
    {"hashes.json": b'{"sha256": {}}', "innsending.json": b'{"reference": "x"}', "hendelser.json": b"[]"},
    {"hashes.json": b'{"sha256": {}}', "innsending.json": b'{"reference": {}}', "hendelser.json": b"[]"},
    {"hashes.json": b"[" * 100_000},
    {"hashes.json": b"\xff\xfe"},
]


@pytest.mark.parametrize("files", HOSTILE, ids=range(len(HOSTILE)))
def test_a_package_that_somebody_made_up_is_told_as_none(files: Files, tmp_path: Path, db: None) -> None:
    with pytest.raises(CommandError, match="no evidence package"):
        run(written(files, tmp_path))


@pytest.mark.parametrize("events", [b"{}", b'["x"]', b'[{"id": "x", "hash": ""}]', b'[{"id": 1e400, "hash": ""}]'])
def test_events_that_somebody_made_up_are_told(rejected: Submission, events: bytes, tmp_path: Path) -> None:
    with pytest.raises(CommandError):
        run(written(rehashed({**packed(rejected), "hendelser.json": events}), tmp_path))
