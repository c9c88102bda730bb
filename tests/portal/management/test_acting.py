"""Commands that act for an employee: the same services as the pages, the same refusals, and an answer for a shell."""

from __future__ import annotations

import csv
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import load_command_class
from django.db import OperationalError
from django.utils import timezone

from accounts.models import Customer, CustomerImport, User
from accounts.services.command_line import find_person
from portal.core.audit import AuditEvent
from portal.core.heartbeat import Heartbeat, record_beat
from portal.core.origin import COMMAND_LINE
from portal.explain.audit import present
from portal.local.demo import orgnrs
from portal.management import acting
from portal.management.commands import watch as watch_command
from submissions.models import Heap, Submission
from submissions.services import catalogue, local
from submissions.services.folders.watching import Watch
from systemusers.models import Access, Campaign
from tests.portal.management.rig import Terminal
from tests.submissions.heaps.rig import HOUSING
from tests.submissions.world import AT, BY, make_draft

ROOT = Path(__file__).resolve().parents[3]
EACH = [
    ("import_customers", "x.csv"), ("ask", "--orgnr", "1", "--profile", "1"), ("send", "."), ("watch", ".", "--once"),
    ("status",), ("export", "customers", "x.doc"),
]  # fmt: skip


@pytest.mark.parametrize("words", EACH, ids=lambda words: words[0])
@pytest.mark.parametrize("email", ["nobody@vendor.example", "reader@vendor.example"])
def test_nobody_acts_who_may_not(terminal: Terminal, reader: User, words: tuple[str, ...], email: str) -> None:
    """Who may only look gets to know how things stand, and nothing else."""
    ended = terminal.run(*words, email=email)

    is_let_in = email == reader.email and words[0] in ("status", "export")
    refused = "Nobody with this address may do this in sandbox."
    assert (ended.code, ended.err == refused) == ((2 if words[0] == "export" else 0, False) if is_let_in else (1, True))


@pytest.mark.parametrize("field", ["is_active", "invited_at"])
def test_an_account_that_is_closed_or_not_in_use_yet_acts_for_nobody(terminal: Terminal, field: str) -> None:
    User.objects.update(**{field: timezone.now() if field == "invited_at" else False})

    assert terminal.run("status").code == 1


def test_an_order_of_somebody_who_may_not_any_more_when_a_worker_gets_to_it_is_not_carried_out(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with cron: nobody is at the keyboard when the account is closed."""

    def close(_seconds: float) -> None:
        if Heap.objects.filter(packages__wanted_at__isnull=False).exists():
            User.objects.filter(pk=terminal.user.pk).update(is_active=False)
        terminal.work()

    monkeypatch.setattr(acting, "pause", close)
    terminal.file("inn/bolig.json", terminal.report().content)

    ended = terminal.run("send", str(terminal.folder / "inn"), "--yes", "1")
    again = terminal.run("send", str(terminal.folder / "inn"), "--yes", "1")

    assert (ended.code, again.code, Submission.objects.exists()) == (1, 1, False)
    assert "Nobody with this address may do this" in again.err


@pytest.mark.parametrize("name", ["ask", "export", "import_customers", "send", "status", "watch"])
def test_the_help_says_whose_power_a_command_has(name: str) -> None:
    told = " ".join(load_command_class("portal", name).create_parser("manage.py", name).format_help().split())

    assert "with all that they may do in the environment when the command runs" in told


def test_a_command_that_is_given_wrongly_ends_with_two_and_no_traceback() -> None:
    words = [sys.executable, "manage.py", "send", "here", "--environment", "moon", "--as", "a@b.example"]
    shell = {"cwd": ROOT, "env": {**os.environ, "PORTAL_MODE": "local"}, "capture_output": True, "text": True}
    ended = subprocess.run(words, check=False, **shell)

    assert (ended.returncode, "Traceback" in ended.stderr, "invalid choice" in ended.stderr) == (2, False, True)


class TestImport:
    def test_customers_are_taken_in_after_the_number_was_given(self, terminal: Terminal) -> None:
        one, two = orgnrs(2, start=313_000_000)
        file = terminal.file("kunder.csv", f"Organisasjonsnummer;Navn\n{one};En AS\n{two};To AS\n123;Feil\n")
        words = ("import_customers", str(file), "--without-look-up")

        unsure = terminal.run(*words)
        wrong = terminal.run(*words, "--yes", "3")
        done = terminal.run(*words, "--yes", "2", "--json")
        again = terminal.run(*words)

        assert (unsure.code, wrong.code, done.code) == (1, 1, 1)
        assert "Give the command again with --yes 2." in unsure.err
        assert [row["state"] for row in done.rows] == ["MADE", "MADE", ""]
        assert (again.code, "Nothing is new." in again.out) == (1, True)
        assert Customer.objects.filter(orgnr__in=[one, two]).count() == 2
        assert CustomerImport.objects.count() == 1
        added = AuditEvent.objects.filter(by=terminal.user.actor, target__startswith="accounts.CustomerImport")
        assert {event.detail.get("through") for event in added} == {COMMAND_LINE}
        assert all("Fra kommandolinjen" in present(event).sentence for event in added)

    def test_a_dry_run_keeps_nothing(self, terminal: Terminal) -> None:
        (one,) = orgnrs(1, start=313_000_000)
        file = terminal.file("kunder.csv", f"Organisasjonsnummer;Navn\n{one};En AS\n")

        ended = terminal.run("import_customers", str(file), "--without-look-up", "--dry-run", "--json")

        assert (ended.code, ended.rows[0]["verdict"]) == (0, "NEW")
        assert (CustomerImport.objects.count(), Customer.objects.filter(orgnr=one).count()) == (0, 0)


class TestAsk:
    def test_customers_are_asked_once(self, terminal: Terminal) -> None:
        customer = terminal.world.new_customer(orgnrs(1, start=314_000_000)[0], "Ny AS")
        file = terminal.file("numre.txt", f"{customer.orgnr}\n{terminal.world.access.customer.orgnr}\n")
        words = ("ask", str(file), "--profile", "Årsoppgjør")

        unsure = terminal.run(*words)
        done = terminal.run(*words, "--yes", "1", "--json")
        again = terminal.run(*words, "--json")

        assert (unsure.code, done.code, again.code) == (1, 0, 0)
        assert [row["verdict"] for row in done.rows] == ["READY", "HAS_ACCESS"]
        assert [row["verdict"] for row in again.rows] == ["UNDERWAY", "HAS_ACCESS"]
        assert (Access.objects.filter(customer=customer).count(), Campaign.objects.count()) == (1, 1)

    def test_a_dry_run_asks_nobody(self, terminal: Terminal) -> None:
        customer = terminal.world.new_customer(orgnrs(1, start=314_000_000)[0], "Ny AS")

        ended = terminal.run("ask", "--orgnr", customer.orgnr, "123", "--profile", "Årsoppgjør", "--dry-run")

        assert (ended.code, "Would be asked: 1." in ended.out, Campaign.objects.count()) == (1, True, 0)

    def test_where_many_take_two_persons_a_colleague_is_asked(self, terminal: Terminal, settings: object) -> None:
        settings.TWO_PERSONS = {"asking": frozenset({"SANDBOX"})}  # type: ignore[attr-defined]
        settings.TWO_PERSONS_ASKING_ABOVE = 0  # type: ignore[attr-defined]
        customer = terminal.world.new_customer(orgnrs(1, start=314_000_000)[0], "Ny AS")
        words = ("ask", "--orgnr", customer.orgnr, "--profile", "Årsoppgjør", "--yes", "1")

        ended, again = terminal.run(*words), terminal.run(*words)

        assert (ended.code, again.code, Access.objects.filter(customer=customer).count()) == (1, 1, 0)
        assert "A colleague is asked, and approves" in ended.err


class TestSend:
    def test_what_is_ready_is_sent_once_and_the_rest_is_told(self, terminal: Terminal) -> None:
        terminal.file("inn/bolig.json", terminal.report().content)
        terminal.file("inn/notat.txt", "Hei")
        words = ("send", str(terminal.folder / "inn"))

        unsure = terminal.run(*words)
        done = terminal.run(*words, "--yes", "1", "--json")
        again = terminal.run(*words, "--json")

        (result,) = done.rows
        assert (unsure.code, done.code, again.code) == (1, 1, 1)
        assert "--yes 1" in unsure.err
        assert [report["status"] for report in result["reports"]] == ["QUEUED"]
        assert [file["file"] for file in result["files"]] == ["notat.txt"]
        assert (Submission.objects.count(), Heap.objects.count()) == (1, 1)
        assert Submission.objects.get().queued_by == terminal.user.actor

    def test_a_dry_run_tells_what_the_check_finds_and_keeps_nothing(self, terminal: Terminal) -> None:
        terminal.file("inn/bolig.json", terminal.report().content)

        ended = terminal.run("send", str(terminal.folder / "inn"), "--dry-run", "--json")

        (report,) = ended.rows
        assert (ended.code, report["state"], report["service"]) == (0, "READY", HOUSING)
        assert (Submission.objects.count(), Heap.objects.count()) == (0, 0)

    def test_a_service_for_two_persons_waits_for_the_second(self, terminal: Terminal) -> None:
        service = catalogue.service(HOUSING)
        local.switch_approval(service=service, environment="SANDBOX", on=True, by=BY, at=timezone.now())
        terminal.file("inn/bolig.json", terminal.report().content)

        ended = terminal.run("send", str(terminal.folder / "inn"), "--yes", "1")

        assert (ended.code, Submission.objects.get().status) == (1, "READY")
        assert "Venter på at en annen godkjenner." in ended.out

    def test_a_folder_that_is_not_there_is_a_mistake(self, terminal: Terminal) -> None:
        ended = terminal.run("send", str(terminal.folder / "borte"))

        assert (ended.code, "cannot be read" in ended.err) == (2, True)


class TestWatch:
    def test_once_takes_what_lies_there(self, terminal: Terminal) -> None:
        terminal.file("inn/bolig.json", terminal.report().content)

        ended = terminal.run("watch", str(terminal.folder / "inn"), "--send", "--once", "--quiet", "0.1", "--json")

        assert (ended.code, [row["act"] for row in ended.rows]) == (0, ["taken"])
        assert Heap.objects.get().source.sends

    def test_a_folder_in_which_others_can_move_files_is_refused_at_the_start(self, terminal: Terminal) -> None:
        folder = terminal.file("inn/bolig.json", terminal.report().content).parent
        folder.chmod(0o770)

        ended = terminal.run("watch", str(folder), "--once", "--quiet", "0.1")

        assert (ended.code, "cannot be used: others can write to it" in ended.err) == (2, True)
        assert not Heap.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_what_stands_in_the_way_is_told_once_and_the_process_goes_on_until_it_is_told_to_end(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        troubles: list[Exception] = [FileNotFoundError(2, "borte"), FileNotFoundError(2, "borte"), OperationalError()]

        def look(_watch: Watch, **_: Any) -> Iterator[Any]:
            if troubles:
                raise troubles.pop(0)
            os.kill(os.getpid(), signal.SIGTERM)
            yield from ()

        monkeypatch.setattr(Watch, "look", look)
        (terminal.folder / "inn").mkdir()
        before = signal.getsignal(signal.SIGTERM)

        ended = terminal.run("watch", str(terminal.folder / "inn"), "--every", "0")

        assert (ended.code, signal.getsignal(signal.SIGTERM)) == (0, before)
        assert ended.err.splitlines() == [
            "The folder cannot be used: borte", "The database did not answer as it should (OperationalError).",
        ]  # fmt: skip

    @pytest.mark.django_db(transaction=True)
    def test_who_loses_the_role_has_nothing_taken_any_more(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        terminal.file("inn/bolig.json", terminal.report().content)
        looks: list[Any] = []

        def find(**who: Any) -> User:
            if looks:
                os.kill(os.getpid(), signal.SIGTERM)
                User.objects.update(is_active=False)
            looks.append(who)
            return find_person(**who)

        monkeypatch.setattr(watch_command, "find_person", find)

        ended = terminal.run("watch", str(terminal.folder / "inn"), "--every", "0", "--quiet", "0.0001")

        assert (ended.code, ended.err) == (0, f"{terminal.user.email} may not do this any more. Nothing is taken.\n")


class TestStatus:
    def test_numbers_and_one_report(self, terminal: Terminal) -> None:
        terminal.file("inn/bolig.json", terminal.report().content)
        terminal.run("send", str(terminal.folder / "inn"), "--yes", "1")
        row = Submission.objects.get()
        record_beat(beat_at=timezone.now(), at=timezone.now())

        counted = terminal.run("status", "--json")
        listed = terminal.run("status", "--group", "moving", "--json")
        one = terminal.run("status", str(row.reference), "--json")
        unknown = terminal.run("status", "00000000-0000-4000-8000-000000000000")

        assert (counted.code, counted.rows[0]["submissions"]["moving"]) == (0, 1)
        assert listed.rows == one.rows
        assert (one.rows[0]["reference"], one.rows[0]["status"]) == (str(row.reference), "QUEUED")
        assert (unknown.code, "is not known" in unknown.err) == (1, True)

    def test_what_is_not_seen_is_as_unknown_as_what_is_not_there(self, terminal: Terminal, case_worker: User) -> None:
        terminal.file("inn/bolig.json", terminal.report().content)
        terminal.run("send", str(terminal.folder / "inn"), "--yes", "1")
        Customer.objects.update(portfolio=None)

        ended = terminal.run("status", str(Submission.objects.get().reference), email=case_worker.email)

        assert (ended.code, ended.out) == (1, "")

    def test_without_a_worker_it_says_so(self, terminal: Terminal) -> None:
        Heartbeat.objects.all().delete()

        ended = terminal.run("status")

        assert (ended.code, "No worker answers" in ended.err) == (1, True)

    def test_a_report_that_is_in_two_groups_is_counted_once(self, terminal: Terminal) -> None:
        make_draft(terminal.world.access, status="REJECTED", delivered_at=AT, contradicted_at=AT)
        record_beat(beat_at=timezone.now(), at=timezone.now())

        ended = terminal.run("status")

        assert (ended.code, ended.err) == (1, "Reports that need a person: 1.")


class TestExport:
    @pytest.mark.parametrize("name", ["customers", "accesses", "campaigns", "submissions", "dialogs"])
    def test_a_list_becomes_a_file_and_the_trail_has_it(self, terminal: Terminal, name: str) -> None:
        file = terminal.folder / f"{name}.csv"

        ended = terminal.run("export", name, str(file))

        event = AuditEvent.objects.get(what="list-exported")
        assert (ended.code, event.by, event.detail["through"]) == (0, terminal.user.actor, COMMAND_LINE)
        assert (file.stat().st_mode & 0o777, file.read_bytes()[:3]) == (0o600, b"\xef\xbb\xbf")

    def test_it_has_the_rows_that_the_page_has_at_that_address(self, terminal: Terminal) -> None:
        customer = terminal.world.new_customer(orgnrs(1, start=314_000_000)[0], "Ny AS")
        file = terminal.folder / "kunder.csv"

        terminal.run("export", "customers", str(file), "--filter", "q=Ny")

        rows = list(csv.reader(file.read_text(encoding="utf-8-sig").splitlines(), delimiter=";"))
        assert [row[0] for row in rows[1:]] == [customer.orgnr]

    def test_a_file_that_is_there_is_not_written_over(self, terminal: Terminal) -> None:
        file = terminal.file("kunder.csv", "noe annet")

        ended = terminal.run("export", "customers", str(file))

        assert (ended.code, file.read_text()) == (2, "noe annet")
