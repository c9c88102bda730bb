"""Every number on the page of a heap is that of the rows it leads to, and a row that stays behind says why."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts.models import User
from submissions.adapters.amelding.samples import example
from submissions.adapters.base import NamedFile
from submissions.models import Heap, HeapPackage, Submission
from submissions.period import Period
from submissions.services import catalogue, local
from submissions.services.drafting.preflight import preflight
from submissions.services.heaps import ordering
from submissions.services.heaps.groups import with_asked
from submissions.services.heaps.problems import problems
from submissions.services.pages import heap as shown
from systemusers.models import Access
from tests.fixtures import AT
from tests.submissions.accountant import Firm
from tests.submissions.adapters.rig import Rig
from tests.submissions.heaps.rig import HOUSING, SHARES, drop, files_for, work_to_the_end
from tests.submissions.world import World, make_draft, queue_package

S = Submission.Status


def agrees(heap: Heap, user: User) -> dict[str, int]:
    """The rows of each group of packages. Fails when a number on the page is another than that of its rows."""
    assert_chips(heap, user, QueryDict())
    services = shown.read(heap, user).services
    for line in services:
        assert rows(heap, user, line.query) == line.packages
        assert_chips(heap, user, QueryDict(line.query))
        for group in ("ready", "drafts", "look", "sent"):
            assert rows(heap, user, f"{line.query}&state={group}") == getattr(line, group), group
    numbers = {group.code: rows(heap, user, f"state={group.code}") for group in shown.PACKAGES}
    assert sum(numbers.values()) == rows(heap, user, "") == sum(line.packages for line in services)
    assert numbers["drafts"] == len(ordering.to_send(heap=heap, user=user).ids)
    assert numbers["ready"] == shown.read(heap, user).draftable == ordering.draftable(heap=heap, user=user).count()
    assert all(row.problem for row in shown.page(shown.read(heap, user), QueryDict("state=look")))
    assert all(
        row.label == "Klar" and not row.problem for row in shown.page(shown.read(heap, user), QueryDict("state=drafts"))
    )
    return {code: number for code, number in numbers.items() if number}


def assert_chips(heap: Heap, user: User, query: QueryDict) -> None:
    for chip in shown.filters(shown.read(heap, user), query):
        assert rows(heap, user, chip["query"]) == chip["count"], chip["label"]


def rows(heap: Heap, user: User, query: str) -> int:
    return len(shown.page(shown.read(heap, user), QueryDict(query)))


def labels(heap: Heap, user: User, query: str) -> list[tuple[str, str]]:
    return [(row.label, row.problem) for row in shown.page(shown.read(heap, user), QueryDict(query))]


def send_all(heap: Heap, user: User) -> None:
    ordering.order_sending(heap=heap, user=user, shown=ordering.to_send(heap=heap, user=user).token, at=AT)


@pytest.fixture
def heap(firm: Firm, administrator: User) -> Heap:
    """Clean, with a warning, delivered before, with an open draft, of another year, and a file that is no report."""
    clean, warned, before, drafted = firm.customers(4)
    delivered = make_draft(firm.access, customer=before)
    queue_package(delivered, [(file.name, file.content) for file in files_for(before, SHARES)], at=AT)
    assert firm.world.send(delivered).status == S.DELIVERED
    make_draft(firm.access, customer=drafted)
    return drop(
        administrator,
        *(file for one in (clean, before, drafted) for file in files_for(one, SHARES)),
        *files_for(warned, SHARES, wrong=True),
        *files_for(clean, HOUSING),
        *files_for(clean, HOUSING, year=2024),
        NamedFile("notat.txt", b"hei"),
    )


def test_every_number_is_that_of_its_rows_from_the_files_to_the_sending(heap: Heap, administrator: User) -> None:
    files = shown.read(heap, administrator).progress.total
    assert_chips(heap, administrator, QueryDict())

    work_to_the_end()
    assert agrees(heap, administrator) == {"ready": 5, "look": 1}
    assert shown.read(heap, administrator).progress.outside == rows(heap, administrator, "state=unknown") == 1
    assert rows(heap, administrator, "state=files") == files
    assert {label for label, _problem in labels(heap, administrator, "state=ready")} == {"Kan bli kladd", "Levert før"}

    ordering.order_drafts(heap=heap, user=administrator, at=AT)
    assert agrees(heap, administrator) == {"moving": 5, "look": 1}
    work_to_the_end()
    assert agrees(heap, administrator) == {"drafts": 3, "look": 3}

    send_all(heap, administrator)
    assert agrees(heap, administrator) == {"moving": 3, "look": 3}
    work_to_the_end()
    assert agrees(heap, administrator) == {"sent": 3, "look": 3}
    told = dict(labels(heap, administrator, "state=look"))
    assert (
        told["Levert før"] == "2025 er levert 23. november 2026. Denne erstatter den. Kladden sendes fra sin egen side"
    )
    assert told["Må ses på"] == "2 advarsler"
    assert told["Kladd finnes"].startswith("Det finnes en åpen kladd")


def test_the_page_says_the_same_number_everywhere(heap: Heap, administrator: User, client: Client) -> None:
    work_to_the_end()
    ordering.order_drafts(heap=heap, user=administrator, at=AT)
    work_to_the_end()
    client.force_login(administrator)

    address = reverse("heap", kwargs={"environment": "sandbox", "pk": heap.pk})

    text = " ".join(client.get(address).text.split())

    assert "6 innsendinger. 1 fil er ikke i noen av dem." in text
    assert "3 innsendinger er klare" in text
    assert "3 må ses på" in text
    assert "Kladder som er klare 3" in text


def test_a_draft_that_a_second_person_is_asked_about_or_that_was_discarded_is_in_a_group(
    access: Access, administrator: User
) -> None:
    local.switch_approval(
        service=catalogue.service(SHARES), environment="SANDBOX", on=True, by=administrator.actor, at=AT
    )
    heap = drop(administrator, *files_for(access.customer, SHARES))
    work_to_the_end()
    ordering.order_drafts(heap=heap, user=administrator, at=AT)
    work_to_the_end()
    send_all(heap, administrator)
    work_to_the_end()

    assert agrees(heap, administrator) == {"look": 1}
    assert labels(heap, administrator, "") == [("Må ses på", "Venter på at en annen godkjenner")]
    Submission.objects.get().move_to(S.CANCELLED, by=administrator.actor, at=AT)
    assert agrees(heap, administrator) == {"cancelled": 1}


def test_a_heap_without_reports_shows_its_files(administrator: User, vendor: Any) -> None:
    heap = drop(administrator, NamedFile("notat.txt", b"hei"))
    work_to_the_end()

    assert [(chip["label"], chip["count"]) for chip in shown.filters(shown.read(heap, administrator), QueryDict())] == [
        ("Ukjente filer", 1),
        ("Alle filer", 1),
    ]
    assert rows(heap, administrator, "") == 1


@pytest.mark.parametrize("replaces", [False, True])
def test_a_heap_and_its_draft_say_the_same_of_what_becomes_of_the_first_message(
    world: World, administrator: User, replaces: bool
) -> None:
    """Whoever takes a message that comes beside another for one that replaces it reports wages twice."""
    rig = Rig(world, "amelding")
    first = queued(rig)
    heap = drop(administrator, example(rig.about, replaces=first.own_reference if replaces else ""), at=world.at)
    work_to_the_end(at=world.at)
    before = problem(heap)

    ordering.order_drafts(heap=heap, user=administrator, at=world.at)
    work_to_the_end(at=world.at)
    draft = heap.packages.get().draft
    assert draft is not None
    asked = dict(preflight(draft).questions)["replaces"].removesuffix(" Jeg vil sende likevel.")

    assert before.startswith(
        "Desember 2025 har en melding fra før (levert). En ny kommer i tillegg, om ikke filen selv"
    )
    assert "erstatter den" not in before.replace("sier at den erstatter den", "")
    assert asked in problem(heap)
    assert ("som denne ikke erstatter" in asked) is not replaces


def queued(rig: Rig) -> Submission:
    draft = make_draft(rig.world.access, at=rig.world.at, service=rig.service.id, period=rig.period)
    file = example(rig.about)
    return rig.world.send(queue_package(draft, [(file.name, file.content)], at=rig.world.at))


def problem(heap: Heap) -> str:
    rows = with_asked(HeapPackage.objects.all()).defer(None)
    package = rows.select_related("draft__access", "other", "customer").get(heap=heap)
    return problems([package])[package.pk]


def test_the_period_of_a_service_is_part_of_what_its_number_leads_to(access: Access, administrator: User) -> None:
    heap = drop(administrator, *files_for(access.customer, SHARES), *files_for(access.customer, SHARES, year=2024))
    work_to_the_end()

    queries = [QueryDict(line.query) for line in shown.read(heap, administrator).services]

    assert [query["period"] for query in queries] == [str(Period.year(2024)), str(Period.year(2025))]
    assert [rows(heap, administrator, query.urlencode()) for query in queries] == [1, 1]
