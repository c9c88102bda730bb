"""The report as a file that proves itself: checked without the database, with the key and without it; what was changed is named."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import timezone

from accounts.models import Customer, User
from portal.core.audit import AuditEvent, record
from portal.core.audit_events import AuditType
from portal.core.trail import anchors, proof, watch

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "/sandbox/oversight/who/"
Line = dict[str, Any]


@pytest.fixture
def trail(customer: Customer, administrator: User, case_worker: User, vendor: Any) -> None:
    """Four seals with two acts of the case worker each, and one of the portal; the newest two are anchored."""
    for number in range(4):
        at = timezone.now()
        for what in (AuditType.READ, AuditType.FETCHED):
            record(by=case_worker.actor, at=at, target=customer, customer_id=customer.pk, what=what)
        record(by="task:poll", at=at, target=customer, customer_id=customer.pk, what=AuditType.ARCHIVED)
        watch.seal_and_anchor(at=at)
        if number == 2:
            folder = Path(settings.AUDIT_ANCHORS)
            next(folder.iterdir()).rename(folder / "2026-01-01")


def download(client: Client, user: User, query: str, file: Path) -> list[Line]:
    client.force_login(user)
    reply = client.get(f"{ADDRESS}?{query}&file=proof")
    file.write_bytes(b"".join(reply.streaming_content))  # type: ignore[attr-defined]
    return lines_of(file)


def lines_of(file: Path) -> list[Line]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


@pytest.fixture
def file(client: Client, administrator: User, case_worker: User, trail: None, tmp_path: Path) -> Path:
    """Of what the case worker did."""
    path = tmp_path / "report.jsonl"
    download(client, administrator, f"who={case_worker.email}", path)
    return path


def check(file: Path, **options: Any) -> str:
    out = StringIO()
    call_command("verify_export", str(file), stdout=out, **options)
    return out.getvalue()


def rewrite(file: Path, change: Callable[[list[Line]], None]) -> None:
    """As somebody without the key would, who also makes the last line's hash anew."""
    lines = lines_of(file)
    change(lines)
    text = [json.dumps(line, ensure_ascii=False, sort_keys=True) for line in lines]
    digest = hashlib.sha256("".join(f"{line}\n" for line in text[:-1]).encode()).hexdigest()
    lines[-1]["end"]["sha256"] = digest
    text[-1] = json.dumps(lines[-1], sort_keys=True)
    file.write_text("".join(f"{line}\n" for line in text), encoding="utf-8")


def test_the_file_has_the_rows_their_seals_and_anchors(file: Path, administrator: User, customer: Customer) -> None:
    lines = lines_of(file)

    rows = [line for line in lines if "row" in line]
    assert lines[0]["about"]["made_by"] == administrator.email
    assert [line["row"]["what"] for line in rows] == ["read", "fetched"] * 4
    assert rows[0]["shown"]["customer"] == customer.name
    assert (len([1 for line in lines if "seal" in line]), len([1 for line in lines if "anchor" in line])) == (4, 2)
    event = AuditEvent.objects.filter(what=AuditType.LIST_EXPORTED).get()
    assert event.detail.items() >= {"list": "hvem-har-handlet", "format": "proof", "number": 8}.items()


def test_with_the_key_it_is_proved_without_a_query(file: Path, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        told = check(file)

    assert "8 rows, 4 seals" in told
    assert "The portal's key made the seals and the file" in told
    assert "No anchor from elsewhere was compared" in told


def test_an_anchor_from_a_mail_is_compared(file: Path, tmp_path: Path) -> None:
    kept = anchors.kept()
    mails = tmp_path / "mails.txt"
    mails.write_text(f"Anker: {kept[0]}\nAnker: 99:900:{'a' * 64}\n", encoding="ascii")

    told, both = check(file, since=str(kept[-1])), check(file, anchors=mails)

    assert "those of 1 anchors that were given" in told
    assert "1 anchors that were given are of seals outside" in both
    other = f"{kept[-1].number}:{kept[-1].events}:{'a' * 64}"
    with pytest.raises(CommandError, match="the seals were made anew"):
        check(file, since=other)


def test_without_the_key_it_says_what_is_certain(file: Path, settings: Any) -> None:
    settings.AUDIT_KEYS = ["another key that is long enough to be one, of an auditor's machine"]

    told = check(file)

    assert "AUDIT_KEYS lacks the key" in told
    assert "The portal's key made" not in told


def change_a_row(lines: list[Line]) -> None:
    next(line for line in lines if "row" in line)["row"]["by"] = "user:other@vendor.example"


def take_a_row_out(lines: list[Line]) -> None:
    lines.remove(next(line for line in lines if "row" in line))
    lines[0]["about"]["rows"] -= 1
    lines[-1]["end"]["rows"] -= 1


def take_a_seal_out(lines: list[Line]) -> None:
    """With its rows."""
    places = [place for place, line in enumerate(lines) if "seal" in line]
    del lines[places[1] : places[2]]
    lines[0]["about"]["rows"] -= 2
    lines[-1]["end"]["rows"] -= 2


def change_a_seal(lines: list[Line]) -> None:
    next(line for line in lines if "seal" in line)["seal"]["sealed_at"] = "2020-01-01T00:00:00+00:00"


def say_another_selection(lines: list[Line]) -> None:
    lines[0]["about"]["of"] = "alle"


def put_the_same_row_twice(lines: list[Line]) -> None:
    place = next(place for place, line in enumerate(lines) if "row" in line)
    lines.insert(place, lines[place])


CHANGES = {
    change_a_row: "is not what was sealed", take_a_row_out: "was not made by the portal", change_a_seal: "was changed, or made by",
    take_a_seal_out: "does not follow", say_another_selection: "was not made by the portal", put_the_same_row_twice: "not in its place",
}  # fmt: skip


@pytest.mark.parametrize("change", CHANGES, ids=lambda each: each.__name__)
def test_what_was_changed_is_named(file: Path, change: Callable[[list[Line]], None]) -> None:
    rewrite(file, change)

    with pytest.raises(CommandError, match=CHANGES[change]):
        check(file)


@pytest.mark.parametrize(
    "change", [change_a_row, take_a_seal_out, put_the_same_row_twice], ids=lambda each: each.__name__
)
def test_without_the_key_much_is_noticed_too(file: Path, change: Callable[[list[Line]], None], settings: Any) -> None:
    settings.AUDIT_KEYS = ["another key that is long enough to be one, of an auditor's machine"]
    rewrite(file, change)

    with pytest.raises(CommandError, match=CHANGES[change]):
        check(file)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the end of the file is missing"), (b"Hei\n", "line 1 is not of such a file"), (b'{"row": {}}\n', "no file with proof"),
        (b'{"about": {"format": 7}}\n', "format 1"), (b"[]\n", "no file with proof"), (b"[" * 200_000, "line 1 is not of such a file"),
        (b'{"about": {"format": 1, "rows": 0}}\n{"seal": {"id": 1}}\n', "line 2 is not of such a file"),
    ],
)  # fmt: skip
def test_what_is_no_such_file_is_refused_with_a_sentence(tmp_path: Path, content: bytes, said: str) -> None:
    path = tmp_path / "x.jsonl"
    path.write_bytes(content)

    with pytest.raises(CommandError, match=said):
        check(path)


def test_a_file_that_was_cut_is_noticed(file: Path) -> None:
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:-1]))

    with pytest.raises(CommandError, match="end of the file is missing"):
        check(file)


def test_a_file_that_is_not_there_is_told() -> None:
    with pytest.raises(CommandError, match="cannot be read"):
        check(Path("/nowhere.jsonl"))


@pytest.mark.usefixtures("trail")
def test_rows_that_are_not_sealed_yet_are_left_out_and_counted(
    client: Client, administrator: User, case_worker: User, customer: Customer, tmp_path: Path
) -> None:
    record(by=case_worker.actor, at=timezone.now(), target=customer, what=AuditType.READ)

    lines = download(client, administrator, f"who={case_worker.email}", tmp_path / "x.jsonl")

    assert (lines[0]["about"]["rows"], lines[0]["about"]["unsealed"]) == (8, 1)
    assert "1 rows were not sealed yet" in check(tmp_path / "x.jsonl")


def test_it_reaches_from_the_first_row_to_the_next_anchor_only(
    client: Client, administrator: User, customer: Customer, trail: None, tmp_path: Path
) -> None:
    record(by=administrator.actor, at=timezone.now(), target=customer, what=AuditType.NOTE_ADDED, length=1)
    watch.seal_and_anchor(at=timezone.now())

    lines = download(client, administrator, f"who={administrator.email}&act=changed", tmp_path / "x.jsonl")

    assert [line["seal"]["number"] for line in lines if "seal" in line] == [5]


def test_an_empty_report_is_a_file_too(client: Client, administrator: User, trail: None, tmp_path: Path) -> None:
    download(client, administrator, "who=nobody@vendor.example", tmp_path / "x.jsonl")

    assert "0 rows, 0 seals" in check(tmp_path / "x.jsonl")


def test_what_is_too_large_is_refused_with_a_sentence(
    client: Client, administrator: User, trail: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proof, "MOST_SEALS", 2)
    client.force_login(administrator)

    reply = client.get(f"{ADDRESS}?file=proof", follow=True)

    assert "Velg en kortere periode" in reply.content.decode()
    assert not AuditEvent.objects.filter(what=AuditType.LIST_EXPORTED).exists()
