"""What a worker makes of the files of a heap: whose, which service, which period, and what can be done."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest

from accounts.models import Customer, User
from portal.core.environments import Environment
from submissions.adapters import adapter
from submissions.adapters.base import About, Entry, NamedFile, Recognition
from submissions.models import Heap, HeapFile, HeapPackage
from submissions.period import Period
from submissions.services import catalogue, local
from submissions.services.heaps import intake, ordering
from submissions.services.heaps.texts import reason
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.accountant import Firm
from tests.submissions.heaps.rig import (
    COMPANY,
    HOUSING,
    SHARES,
    drop,
    files_for,
    upload,
    verdicts,
    work_to_the_end,
    zipped,
)
from tests.submissions.world import World

F, V = HeapFile.Verdict, HeapPackage.Verdict


def test_three_hundred_files_of_several_services_are_sorted(firm: Firm, administrator: User) -> None:
    customers = firm.customers(60)
    shares = [file for one in customers for file in files_for(one, SHARES)]
    housing = [file for one in customers[:30] for file in files_for(one, HOUSING)]
    company = [file for one in customers[30:] for file in files_for(one, COMPANY)]
    everything = [*shares, *housing, *company]
    assert len(everything) == 300

    heap = drop(
        administrator, NamedFile("alt.zip", zipped([(f"{n}/{f.name}", f.content) for n, f in enumerate(everything)]))
    )
    work_to_the_end()

    heap.refresh_from_db()
    packages = heap.packages.all()
    assert verdicts(heap) == {F.SORTED: 300}
    assert [packages.filter(service=one).count() for one in (SHARES, HOUSING, COMPANY)] == [60, 30, 30]
    assert set(packages.exclude(service=COMPANY).values_list("verdict", flat=True)) == {V.READY}
    assert set(packages.filter(service=COMPANY).values_list("verdict", flat=True)) == {
        V.NO_ACCESS
    }  # a scope is missing
    assert {package.files.count() for package in packages.filter(service=SHARES)} == {4}
    assert (heap.next_attempt_at, heap.sorted_at is not None) == (None, True)


def test_a_main_form_and_its_sub_forms_are_one_package_however_they_came(access: Access, administrator: User) -> None:
    main, *parts = files_for(access.customer, SHARES)
    heap = drop(administrator, parts[0], main)
    work_to_the_end()

    intake.add(heap=heap, uploads=[upload(one.name, one.content) for one in parts[1:]], by=administrator.actor, at=AT)
    work_to_the_end()

    (package,) = heap.packages.all()
    assert (package.files.count(), package.verdict, package.access) == (4, V.READY, access)
    assert (package.customer, str(package.period)) == (access.customer, "2025")


def spoken(heap: Heap) -> dict[str, tuple[str, str]]:
    """The verdict and the reason of each file, by its name."""
    return {file.filename: (file.verdict, reason(file)) for file in heap.files.defer(None)}


def test_a_file_that_is_in_no_package_says_why(access: Access, administrator: User) -> None:
    main, part, *_more = files_for(access.customer, SHARES)
    stranger = Customer(orgnr="310203335", name="Ukjent AS")
    housing = json.loads(files_for(access.customer, HOUSING)[0].content)
    housing["leveranse"].pop("inntektsaar")
    heap = drop(
        administrator, main, NamedFile("igjen.xml", main.content), NamedFile("broken.xml", part.content[:-20]),
        NamedFile("list.xlsx", b"PK\x03\x04"), NamedFile("other.xml", b"<melding/>"), NamedFile("empty.json", b""),
        NamedFile("stranger.xml", files_for(stranger, SHARES)[0].content),
        NamedFile("no-year.json", json.dumps(housing).encode()), NamedFile("notes.json", b'{"a": 1}'),
    )  # fmt: skip

    work_to_the_end()

    found = spoken(heap)
    assert {name: verdict for name, (verdict, _text) in found.items()} == {
        main.name: F.SORTED, "igjen.xml": F.SAME, "broken.xml": F.UNREADABLE, "list.xlsx": F.UNKNOWN_KIND,
        "other.xml": F.UNKNOWN_KIND, "empty.json": F.UNREADABLE, "stranger.xml": F.UNKNOWN_CUSTOMER,
        "no-year.json": F.UNREADABLE, "notes.json": F.UNKNOWN_KIND,
    }  # fmt: skip
    assert found[main.name][1] == ""
    assert "ikke gyldig XML" in found["broken.xml"][1]
    assert found["list.xlsx"][1].endswith("som JSON, XML.")
    assert found["stranger.xml"][1] == "Organisasjonsnummeret er ikke en av kundene dine."
    assert all(text for name, (_verdict, text) in found.items() if name != main.name)


def test_a_customer_of_another_portfolio_is_as_unknown_as_no_customer(access: Access, case_worker: User) -> None:
    case_worker.portfolios.clear()

    heap = drop(case_worker, files_for(access.customer, SHARES)[0])
    work_to_the_end()

    file = heap.files.get()
    assert (file.verdict, file.package, file.orgnr) == (F.UNKNOWN_CUSTOMER, None, access.customer.orgnr)


def test_a_customer_that_is_added_afterwards_is_found_when_sorted_again(world: World, administrator: User) -> None:
    late = Customer(orgnr="310203335", name="Ny AS")
    heap = drop(administrator, *files_for(late, SHARES))
    work_to_the_end()
    before = verdicts(heap)
    world.new_customer("310203335", "Ny AS")

    ordering.sort_again(heap=heap, at=AT)
    work_to_the_end()

    assert (before, verdicts(heap)) == ({F.UNKNOWN_CUSTOMER: 4}, {F.SORTED: 4})
    assert heap.packages.get().verdict == V.NO_ACCESS


def test_an_access_that_is_given_afterwards_is_found_when_sorted_again(access: Access, administrator: User) -> None:
    Access.objects.update(status=Access.Status.REMOVED)
    heap = drop(administrator, *files_for(access.customer, SHARES))
    work_to_the_end()
    before = heap.packages.get().verdict
    Access.objects.update(status=Access.Status.IN_USE)

    ordering.sort_again(heap=heap, at=AT)
    work_to_the_end()

    assert (before, heap.packages.get().verdict, heap.packages.get().access) == (V.NO_ACCESS, V.READY, access)


def without_items(customer: Customer) -> NamedFile:
    """A message with no items fits every service whose messages are single."""
    about = {"oppgavegiver": {"organisasjonsnummer": customer.orgnr}, "inntektsaar": 2025}
    return NamedFile("ingen.json", json.dumps({"leveranse": about | {"leveransetype": "ingenoppgaver"}}).encode())


def test_a_file_that_fits_several_services_waits_for_a_person(
    access: Access, administrator: User, two_housing: tuple[str, str]
) -> None:
    heap = drop(administrator, without_items(access.customer))
    work_to_the_end()
    file = heap.files.get()
    assert (file.verdict, file.service) == (F.CHOOSE, "")
    assert set(file.choices.split(",")) >= set(two_housing)

    refused = ordering.choose(heap=heap, service=SHARES, files=heap.files.all(), by=administrator.actor, at=AT)
    chosen = ordering.choose(heap=heap, service=HOUSING, files=heap.files.all(), by=administrator.actor, at=AT)
    again = ordering.choose(heap=heap, service=HOUSING, files=heap.files.all(), by=administrator.actor, at=AT)
    work_to_the_end()

    assert (refused, chosen, again) == (0, 1, 0)
    assert (heap.packages.get().service, heap.files.get().verdict) == (HOUSING, F.SORTED)


WAGES, UPLOADED = "innrapportering-amelding", "innrapportering-amelding-filopplasting"


@pytest.mark.parametrize(("padding", "service"), [(0, WAGES), (10_000_000, UPLOADED)])
def test_the_size_of_an_a_melding_says_whether_it_is_posted_or_uploaded(
    access: Access, administrator: User, padding: int, service: str
) -> None:
    about = About(access.customer.orgnr, Period.month(2026, 3), WAGES, catalogue.service(WAGES).options)
    (file,) = adapter("amelding").examples(about, name=access.customer.name, wrong=False)

    heap = drop(administrator, NamedFile(file.name, file.content + b" " * padding))
    work_to_the_end()

    sorted_file = heap.files.get()
    assert (sorted_file.verdict, sorted_file.service) == (F.SORTED, service)


def test_a_small_file_goes_to_the_upload_where_the_ordinary_way_is_off(access: Access, administrator: User) -> None:
    local.switch(service=catalogue.service(WAGES), environment=Environment.SANDBOX, on=False, by="task:test", at=AT)
    about = About(access.customer.orgnr, Period.month(2026, 3), WAGES, catalogue.service(WAGES).options)
    (file,) = adapter("amelding").examples(about, name=access.customer.name, wrong=False)

    heap = drop(administrator, file)
    work_to_the_end()

    assert heap.files.get().service == UPLOADED


def test_two_files_for_a_service_that_takes_one_are_told(firm: Firm, administrator: User) -> None:
    (customer,) = firm.customers(1)
    (file,) = files_for(customer, HOUSING)

    heap = drop(administrator, file, NamedFile("to.json", file.content + b"\n"))
    work_to_the_end()

    assert heap.packages.get().verdict == V.TOO_MANY


def test_each_file_is_read_once(access: Access, administrator: User, opened: list[str]) -> None:
    heap = drop(administrator, *files_for(access.customer, SHARES))
    opened.clear()

    work_to_the_end()

    assert sorted(opened) == sorted(heap.files.values_list("sha256", flat=True))


def test_a_year_that_no_report_is_about_is_no_period(access: Access, administrator: User) -> None:
    heap = drop(administrator, *files_for(access.customer, HOUSING, year=9999))
    work_to_the_end()

    assert verdicts(heap) == {F.UNREADABLE: 1}
    assert not heap.packages.exists()


def test_a_file_that_is_nested_deeply_stops_no_heap(access: Access, administrator: User) -> None:
    """On newer versions of Python the decoder reads what our own walk through the fields cannot."""
    good = files_for(access.customer, HOUSING)[0]
    deep = good.content.replace(b'"leveranse": {', b'"leveranse": {"x": ' + b"[" * 300 + b"]" * 300 + b", ", 1)
    heap = drop(administrator, NamedFile("dyp.json", deep), good)
    work_to_the_end()

    heap.refresh_from_db()
    assert (verdicts(heap), heap.problem_code) == ({F.UNREADABLE: 1, F.SORTED: 1}, "")
    assert spoken(heap)["dyp.json"][1] == "Filen har for mange nivåer inni hverandre. Er dette riktig fil?"


def test_a_file_that_our_reader_fails_on_keeps_no_other_back(
    access: Access, administrator: User, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    way, good = adapter("gld_json"), files_for(access.customer, HOUSING)[0]
    real = way.recognise

    def failing(file: NamedFile, entries: Sequence[Entry]) -> Recognition:
        if b"bad" in file.content:
            raise IndexError("13097248022")
        return real(file, entries)

    monkeypatch.setattr(type(way), "recognise", lambda _self, file, entries: failing(file, entries))
    heap = drop(administrator, NamedFile("bad.json", b'{"bad": 1}'), good)
    work_to_the_end()

    assert verdicts(heap) == {F.UNREADABLE: 1, F.SORTED: 1}
    assert spoken(heap)["bad.json"][1].startswith("Portalen klarte ikke å lese filen.")
    assert "IndexError" in caplog.text
    assert "13097248022" not in caplog.text
