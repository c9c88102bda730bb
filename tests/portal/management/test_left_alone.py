"""What a command leaves behind: nothing of a dry run, and everything that another run, person or process has made."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import CustomerImport, Proposal, User
from accounts.services import proposals
from accounts.services.imports import ordering
from portal.core.environments import Environment
from portal.local.demo import orgnrs
from portal.management.commands import export
from submissions.models import Document, Heap
from systemusers.models import Campaign
from systemusers.services.campaigns import ordering as campaigns
from systemusers.views.proposed import DEEDS
from tests.fixtures import make_user
from tests.portal.management.rig import Terminal

FILE = "Organisasjonsnummer;Navn\n{};En AS\n"


class TestDryRun:
    def test_files_that_would_not_be_sent_are_not_kept_either(self, terminal: Terminal) -> None:
        terminal.file("inn/bolig.json", terminal.report().content)
        terminal.file("inn/notat.txt", "Hei")

        ended = terminal.run("send", str(terminal.folder / "inn"), "--dry-run")

        assert (ended.code, ended.err) == (1, "Would not be sent: reports 0, files 1.")
        assert "Nothing was kept" in ended.out
        assert (Heap.objects.count(), Document.objects.count()) == (0, 0)

    @pytest.mark.parametrize("command", ["send", "ask", "import_customers"])
    def test_nothing_is_kept_when_workers_are_too_slow(self, terminal: Terminal, command: str) -> None:
        (number,) = orgnrs(1, start=313_000_000)
        terminal.file("inn/bolig.json", terminal.report().content)
        file = terminal.file("kunder.csv", FILE.format(number))
        given = {
            "send": [str(file.parent / "inn")], "ask": [str(file), "--profile", "Årsoppgjør"],
            "import_customers": [str(file), "--without-look-up"],
        }  # fmt: skip

        ended = terminal.run(command, *given[command], "--dry-run", "--wait", "-1")

        assert (ended.code, "still at work" in ended.err) == (1, True)
        assert not any(model.objects.exists() for model in (Heap, Campaign, CustomerImport))

    def test_a_heap_that_was_there_stays(self, terminal: Terminal) -> None:
        terminal.file("inn/bolig.json", terminal.report().content)
        words = ("send", str(terminal.folder / "inn"))
        terminal.run(*words)

        ended = terminal.run(*words, "--dry-run")

        assert (ended.code, Heap.objects.count(), "Nothing was kept" in ended.out) == (0, 1, False)

    @pytest.mark.parametrize("content", [FILE, "Firma;Kommune\n{};Bø\n"])
    def test_an_import_that_is_open_on_the_page_stays(self, terminal: Terminal, content: str) -> None:
        (number,) = orgnrs(1, start=313_000_000)
        file = terminal.file("kunder.csv", content.format(number))
        ordering.begin(
            user=terminal.user, environment=Environment.SANDBOX, filename="kunder.csv", content=file.read_bytes(),
            looks_up=False, at=timezone.now(),
        )  # fmt: skip

        ended = terminal.run("import_customers", str(file), "--without-look-up", "--dry-run")

        assert (CustomerImport.objects.count(), "Nothing was kept" in ended.out) == (1, False)

    def test_a_campaign_that_was_there_stays(self, terminal: Terminal) -> None:
        customer = terminal.world.new_customer(orgnrs(1, start=314_000_000)[0], "Ny AS")
        words = ("ask", "--orgnr", customer.orgnr, "--profile", "Årsoppgjør")
        terminal.run(*words)

        ended = terminal.run(*words, "--dry-run")

        assert (ended.code, Campaign.objects.count()) == (0, 1)


@pytest.mark.parametrize("more", [(), ("--dry-run",)], ids=["again", "dry run"])
def test_what_a_colleague_is_asked_about_can_be_approved_after_the_command_is_given_again(
    terminal: Terminal, settings: Any, more: tuple[str, ...]
) -> None:
    settings.TWO_PERSONS = {"asking": frozenset({"SANDBOX"})}
    settings.TWO_PERSONS_ASKING_ABOVE = 0
    colleague: User = make_user("ADMINISTRATOR", email="kollega@vendor.example")
    customer = terminal.world.new_customer(orgnrs(1, start=314_000_000)[0], "Ny AS")
    words = ("ask", "--orgnr", customer.orgnr, "--profile", "Årsoppgjør", "--yes", "1")
    terminal.run(*words)

    terminal.run(*words, *more)

    row = Proposal.objects.get()
    ground = DEEDS[row.kind].act(row, colleague).question.shown
    proposals.approve(proposal=row, user=colleague, ground=ground, at=timezone.now())
    assert (row.status, campaigns.number_of(Campaign.objects.get())) == ("APPROVED", 1)


class TestExport:
    def test_a_file_that_another_process_makes_meanwhile_stays(
        self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = terminal.folder / "kunder.csv"
        request = export.Command._request

        def late(command: Any, query: str) -> Any:
            file.write_text("noe annet")
            return request(command, query)

        monkeypatch.setattr(export.Command, "_request", late)

        ended = terminal.run("export", "customers", str(file))

        assert (ended.code, file.read_text()) == (2, "noe annet")

    def test_a_link_is_not_followed(self, terminal: Terminal) -> None:
        target, link = terminal.folder / "borte.csv", terminal.folder / "kunder.csv"
        link.symlink_to(target)

        ended = terminal.run("export", "customers", str(link))

        assert (ended.code, link.is_symlink(), target.exists()) == (2, True, False)

    def test_half_a_file_is_taken_away(self, terminal: Terminal, monkeypatch: pytest.MonkeyPatch) -> None:
        def full(source: Any, target: Any) -> None:
            target.write(source.read(10))
            raise OSError(28, "No space left on device")

        monkeypatch.setattr(shutil, "copyfileobj", full)

        ended = terminal.run("export", "customers", str(terminal.folder / "kunder.csv"))

        assert (ended.code, list(Path(terminal.folder).iterdir())) == (1, [])
