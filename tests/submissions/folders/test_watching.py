"""A watched folder: each file is taken when it is whole, sent once, and its result says in plain words what became of it."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import DataError

from accounts.models import Portfolio, User
from accounts.services.staff import Rights
from portal.core.audit import AuditEvent
from portal.core.environments import Environment
from submissions.models import Heap, HeapSource, Submission
from submissions.period import Period
from submissions.services.drafting import drafts
from submissions.services.folders import places, results, taking
from submissions.services.folders.watching import Watch
from submissions.services.heaps import removal
from tests.fixtures import give
from tests.submissions.folders.rig import QUIET, REFERENCE, Desk
from tests.submissions.heaps.rig import HOUSING, SHARES, files_for, zipped
from tests.submissions.world import BY

PERSON = "01019012378"


def test_a_file_that_is_dropped_is_sent_and_its_result_lies_beside_it(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)

    said = desk.work()

    (result,), (report,) = desk.results("taken"), desk.results("taken")[0]["reports"]
    row = Submission.objects.get()
    assert [one.state for one in said] == ["CHECKING", "SENDING", "DELIVERED"]
    assert (result["file"], result["state"], result["is_final"]) == ("bolig.json", "DELIVERED", False)
    assert (report["reference"], report["status"], report["receipt"]) == (
        str(row.reference), "DELIVERED", row.receipt_reference,
    )  # fmt: skip
    assert (desk.files("taken"), desk.files("refused"), places.waiting(desk.folder)) == (["bolig.json"], [], {})


def test_a_result_has_the_verdict_and_the_feedback_and_then_it_is_final(desk: Desk) -> None:
    desk.watch = desk.new_watch(documents=True)
    desk.drop("bolig.json", desk.report().content)
    desk.work()
    desk.vendor.settle(Submission.objects.get())
    desk.world.let_pass(60)

    (said,) = desk.look()

    (result,) = desk.results("taken")
    assert (said.act, result["state"], result["is_final"]) == ("done", "ACCEPTED", True)
    assert len(result["documents"]) == len(list((desk.folder / "documents").iterdir())) == 3
    assert result["reports"][0]["decided_at"]
    desk.world.let_pass(60)
    assert desk.look() == []


def test_whoever_the_folder_is_watched_for_acts_by_the_command_line_and_by_no_page(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)

    desk.work()

    row, source = Submission.objects.get(), HeapSource.objects.get()
    assert (row.created_by, row.queued_by, source.heap.owner) == (desk.user.actor, desk.user.actor, desk.user)
    assert AuditEvent.objects.filter(what="sending-ordered", by=desk.user.actor).count() == 1


def test_what_is_not_to_be_sent_waits_as_a_draft_that_is_ready(desk: Desk) -> None:
    desk.watch = desk.new_watch(sends=False)
    desk.drop("bolig.json", desk.report().content)

    desk.work()
    desk.work(desk.new_watch(sends=True))  # what was taken before is not sent by a folder that sends from now on

    (result,) = desk.results("taken")
    assert (desk.statuses(), result["state"], result["is_final"]) == (["READY"], "READY", False)


def test_a_file_is_taken_when_it_has_not_changed_for_some_seconds(desk: Desk) -> None:
    content = desk.report().content
    path = desk.drop("bolig.json", content[:100])

    desk.look()
    desk.world.let_pass(QUIET.total_seconds())
    path.write_bytes(content)
    growing = desk.look()
    desk.world.let_pass(QUIET.total_seconds() - 1)
    early = desk.look()
    desk.world.let_pass(1)
    taken = desk.look()

    assert (growing, early, [one.act for one in taken]) == ([], [], ["taken"])


@pytest.mark.parametrize("name", ["bolig.json.part", ".bolig.json", "bolig.json~", "bolig.tmp", "~bolig.json"])
def test_a_file_under_a_passing_name_is_left_until_it_is_renamed(desk: Desk, name: str) -> None:
    path = desk.drop(name, desk.report().content)
    (desk.folder / "mappe").mkdir()
    desk.drop("tom.json", b"")

    before = desk.take()
    path.rename(desk.folder / "bolig.json")
    after = desk.take()

    assert (before, [one.file for one in after]) == ([], ["bolig.json"])


def test_the_same_files_again_are_told_and_not_sent(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.work()
    desk.drop("bolig.json", desk.report().content)
    desk.drop("samme.zip", zipped([("bolig.json", desk.report().content)]))

    desk.work()

    first, second = desk.results("refused")
    assert (desk.statuses(), desk.files("refused")) == (["DELIVERED"], ["bolig.json", "samme.zip"])
    for result in (first, second):
        (report,) = result["reports"]
        assert (report["status"], report["reference"]) == ("SAME", str(Submission.objects.get().reference))
        assert "De sendes ikke en gang til." in result["text"]


def test_a_draft_that_stands_in_the_way_is_named_with_its_page(desk: Desk) -> None:
    access = desk.world.access
    draft = drafts.create_draft(
        access=access, service=HOUSING, period=Period.found("2025"), by="user:ola@vendor.example", at=desk.at
    )

    desk.drop("ny.json", desk.report().content)
    desk.work()

    (result,) = desk.results("refused")
    (report,) = result["reports"]
    page = f"{settings.PORTAL_URL}/sandbox/submissions/{draft.pk}/"
    assert (report["status"], report["reference"]) == ("OPEN_DRAFT", "")
    assert (report["in_the_way"], report["page"]) == (str(draft.reference), page)
    assert f"{draft.reference} {page}" in results.line_of(report)


def test_the_same_files_under_two_names_at_once_are_sent_once(desk: Desk) -> None:
    desk.drop("a.json", desk.report().content)
    desk.drop("b.json", desk.report().content)

    desk.work()

    assert desk.statuses() == ["DELIVERED"]
    assert len(desk.world.app.state.skatteetaten.submissions) == 1


def test_a_report_that_was_cancelled_may_be_dropped_again(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.work(desk.new_watch(sends=False))
    Submission.objects.get().move_to("CANCELLED", by=BY, at=desk.at)
    desk.drop("bolig.json", desk.report().content)

    desk.work()

    assert desk.statuses() == ["CANCELLED", "DELIVERED"]


def test_what_needs_an_answer_is_left_to_a_person_and_the_result_says_why(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.work()
    other = desk.report().content + b"\n"
    desk.drop("ny.json", other)

    desk.work()

    result = next(one for one in desk.results("taken") if one["file"] == "ny.json")
    assert (desk.statuses(), result["state"]) == (["DELIVERED", "READY"], "NEEDS_PERSON")
    assert "Denne erstatter den" in " ".join(result["reports"][0]["problems"])


def test_files_with_errors_are_refused_with_the_findings(desk: Desk) -> None:
    main, *_parts = files_for(desk.world.access.customer, SHARES)
    end = b"</Inntektsar-datadef-692>"
    desk.drop("aksje.xml", main.content.replace(end, end + b"<Ukjent/>", 1))

    desk.work()

    (result,) = desk.results("refused")
    (report,) = result["reports"]
    assert (desk.statuses(), result["state"], report["status"]) == ([], "REFUSED", "ERRORS")
    assert report["findings"][0]["level"] == "ERROR"
    assert report["findings"][0]["text"]


def test_a_customer_of_somebody_else_is_as_unknown_as_one_that_does_not_exist(desk: Desk, case_worker: User) -> None:
    desk.user = case_worker
    desk.world.access.customer.portfolio = Portfolio.objects.create(name="Andres")
    desk.world.access.customer.save(update_fields=["portfolio"])
    desk.drop("bolig.json", desk.report().content)

    desk.work(desk.new_watch())

    (result,) = desk.results("refused")
    assert (result["files"][0]["code"], Submission.objects.count()) == ("UNKNOWN_CUSTOMER", 0)


def test_links_and_what_is_no_file_are_refused(desk: Desk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = tmp_path / "secret.json"
    elsewhere.write_bytes(desk.report().content)
    (desk.folder / "snarvei.json").symlink_to(elsewhere)
    (desk.folder / "mappe.json").symlink_to(tmp_path)
    os.link(elsewhere, desk.folder / "lenke.json")
    os.mkfifo(desk.folder / "kø.json")
    with socket.socket(socket.AF_UNIX) as door:
        monkeypatch.chdir(desk.folder)  # a path of a socket is short
        door.bind("dør.json")

    desk.work()

    found = {result["file"]: result["files"][0]["code"] for result in desk.results("refused")}
    assert found == {
        "snarvei.json": "LINK", "mappe.json": "LINK", "lenke.json": "LINK", "kø.json": "NO_FILE", "dør.json": "NO_FILE",
    }  # fmt: skip
    assert (Heap.objects.count(), elsewhere.read_bytes()) == (0, desk.report().content)


def test_a_file_that_the_portal_may_not_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "privat.json"
    path.write_bytes(b"{}")
    path.chmod(0)
    tmp_path.chmod(0o755)
    child = os.fork()
    if not child:  # a process without the rights of root, where the tests run as root
        code = 2
        try:
            os.chdir(tmp_path)
            if os.geteuid() == 0:
                os.setuid(65534)
            list(places.reading(path.name, called=path.name))
        except places.NotUsable as error:
            code = 0 if error.code == "UNREADABLE" else 1
        finally:
            os._exit(code)

    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


def test_zips_that_are_no_good_and_files_that_are_too_large_are_refused(desk: Desk) -> None:
    desk.drop("bombe.zip", zipped([("bolig.json", b"0" * 50_000_000)]))
    desk.drop("inni.zip", zipped([("en.zip", zipped([("bolig.json", b"{}")]))]))
    with desk.drop("stor.json", b"{}").open("r+b") as file:
        file.truncate(100_000_001)

    desk.work()

    found = {result["file"]: result["files"][0]["code"] for result in desk.results("refused")}
    assert found == {"bombe.zip": "ZIP_RATIO", "inni.zip": "ZIP_NESTED", "stor.json": "FILE_TOO_LARGE"}


def test_a_zip_with_one_good_file_is_sent_and_the_rest_is_named(desk: Desk) -> None:
    desk.drop("alt.zip", zipped([("bolig.json", desk.report().content), ("notat.txt", b"Hei")]))

    desk.work()

    (result,) = desk.results("taken")
    assert (desk.statuses(), [file["file"] for file in result["files"]]) == (["DELIVERED"], ["notat.txt"])
    assert (result["reports"][0]["files"], "1 fil er ikke med." in result["text"]) == (["bolig.json"], True)


def test_no_name_and_no_text_of_ours_has_an_identity_number(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    desk.drop(f"oppgave {PERSON}.json", desk.report().content)
    desk.drop(f"feil-{PERSON}.json", b"{}")
    desk.drop("zip.zip", zipped([(f"{PERSON}.json", b"{}")]))

    said = desk.work()

    names = [str(path) for path in desk.folder.rglob("*")]
    texts = [path.read_text() for path in desk.folder.rglob(f"*{places.RESULT}")]
    assert (desk.statuses(), len(texts)) == (["DELIVERED"], 3)
    assert PERSON not in " ".join([*names, *texts, *map(str, said), caplog.text])


@pytest.mark.parametrize("fault", [RuntimeError(PERSON), PermissionError(13, PERSON), DataError(PERSON)])
def test_a_fault_of_ours_with_one_file_keeps_no_other_back(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: Exception
) -> None:
    take = taking.take

    def broken(within: int, name: str, **given: Any) -> Heap:
        if name.endswith("a.json"):
            raise fault
        return take(within, name, **given)

    monkeypatch.setattr(taking, "take", broken)
    desk.drop("a.json", b"{}")
    desk.drop("b.json", desk.report().content)

    said = desk.take()

    assert sorted(one.act for one in said) == ["taken", "waits"]
    assert type(fault).__name__ in caplog.text
    assert PERSON not in caplog.text


def test_receipts_are_written_once_and_their_reading_is_recorded(desk: Desk) -> None:
    desk.watch = desk.new_watch(documents=True)
    desk.drop("bolig.json", desk.report().content)

    desk.work()

    (result,) = desk.results("taken")
    (name,) = result["documents"]
    assert (desk.folder / "documents" / name).read_bytes()
    assert AuditEvent.objects.filter(what="fetched", by=desk.user.actor).count() == 1


def test_a_heap_that_is_discarded_in_the_portal_is_taken_no_second_time(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.take()
    removal.delete(heap=Heap.objects.get(), by=BY, at=desk.at)

    desk.work()
    desk.work(desk.new_watch())

    (result,) = desk.results("refused")
    assert (result["files"][0]["code"], desk.files("taken"), Heap.objects.count()) == ("DISCARDED", [], 0)


def test_a_result_that_is_not_final_when_the_heap_is_swept_says_so(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.work()
    removal.delete(heap=Heap.objects.get(), by=BY, at=desk.at)

    desk.work()

    (result,) = desk.results("taken")
    assert (result["is_final"], result["state"], result["reports"][0]["status"]) == (True, "DELIVERED", "DELIVERED")
    assert "følges ikke lenger" in result["text"]


def test_what_was_taken_for_one_environment_is_not_sent_in_another(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)
    with pytest.MonkeyPatch.context() as patch:  # the process stops between the claim and the heap
        patch.setattr(Watch, "_take", lambda *_: iter(()))
        desk.take()

    other = Watch(
        desk.folder, desk.user.within(Environment.PRODUCTION), Environment.PRODUCTION, sends=True, quiet=QUIET
    )
    desk.take(other)

    assert (Heap.objects.count(), desk.files("taken")) == (0, ["bolig.json"])


def test_who_may_not_work_any_more_has_nothing_sent(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.take()
    give(desk.user, Rights.everywhere("READER"))

    desk.work(desk.new_watch())

    assert desk.statuses() == []


def test_old_finished_files_are_deleted_and_others_stay(desk: Desk) -> None:
    desk.drop("notat.txt", b"Hei")
    desk.drop("bolig.json", desk.report().content)
    desk.work()
    (desk.folder / "taken" / ".begun.part").touch()  # by a process that was killed
    for path in desk.folder.rglob("*"):
        os.utime(path, (0, 0))

    gone = desk.watch.clean(before=desk.at - timedelta(days=30))

    assert (gone, desk.files("refused"), desk.files("taken")) == (1, [], ["bolig.json"])
    assert not (desk.folder / "taken" / ".begun.part").exists()


def test_what_is_settled_goes_with_its_documents_and_those_of_others_stay(desk: Desk) -> None:
    desk.watch = desk.new_watch(documents=True)
    desk.drop("bolig.json", desk.report().content)
    desk.work()
    desk.vendor.settle(Submission.objects.get())
    desk.world.let_pass(60)
    desk.look()
    (desk.folder / "documents" / "annet.xml").touch()
    (desk.folder / "taken" / f"{REFERENCE}-flyttet.json{places.RESULT}").touch()  # its file is gone
    for path in desk.folder.rglob("*"):
        os.utime(path, (0, 0))

    gone = desk.watch.clean(before=desk.at - timedelta(days=30))

    assert (gone, desk.files("taken"), desk.results("taken")) == (1, [], [])
    assert desk.files("documents") == ["annet.xml"]


def test_a_heap_that_another_process_makes_meanwhile_is_followed_and_not_given_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One process reads the heaps of its round; another takes the file and writes a result before the first comes to it."""
    desk.drop("bolig.json", desk.report().content)
    with places.opened(desk.folder) as folders:
        places.claim(folders, "bolig.json", reference=REFERENCE)
    find, other = taking.find_heaps, [desk.new_watch(quiet=timedelta(0))]

    def slow(references: Any) -> Any:
        found = find(references)
        while other:
            desk.look(other.pop())
        return found

    monkeypatch.setattr(taking, "find_heaps", slow)

    desk.work()

    assert (desk.statuses(), desk.files("taken"), desk.files("refused")) == (["DELIVERED"], ["bolig.json"], [])
    assert Heap.objects.count() == 1


def test_a_report_of_a_customer_whom_the_employee_does_not_see_any_more_is_not_called_refused(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.work()
    customer = desk.world.access.customer
    customer.portfolio = Portfolio.objects.create(name="Andres")
    customer.save(update_fields=["portfolio"])
    give(desk.user, Rights.everywhere("CASE_WORKER"))
    desk.watch.user = User.objects.get(pk=desk.user.pk).within(Environment.SANDBOX)
    desk.world.let_pass(60)

    desk.look()

    (result,) = desk.results("taken")
    assert (result["state"], result["is_final"], desk.files("refused")) == ("NEEDS_PERSON", False, [])
    assert "ikke ser lenger" in result["text"]


def test_what_is_finished_is_told_once_also_by_the_next_process(desk: Desk) -> None:
    desk.drop("bolig.json", desk.report().content)
    desk.work()
    desk.vendor.settle(Submission.objects.get())
    desk.world.let_pass(60)
    told = [desk.look(), desk.look(desk.new_watch())]

    assert [[one.act for one in said] for said in told] == [["done"], []]
