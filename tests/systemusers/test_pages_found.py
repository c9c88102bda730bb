"""Funnet i Altinn: what the page says, and what its buttons do."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import Vendor
from portal.core.audit import AuditEvent
from systemusers.models import Access, FoundSystemUser, RightsCheck, System, SystemRound
from systemusers.services import adoption
from tests.systemusers.staff import page, post
from tests.systemusers.test_adoption import look, made_elsewhere, wide
from tests.systemusers.world import BY, World, fresh

__all__ = ["wide"]


@pytest.fixture
def listed(world: World, wide: System, vendor: Vendor) -> System:
    made_elsewhere(world, wide, 3, references="number")
    look(world, wide)
    return fresh(wide)


def test_before_the_first_list_the_page_says_how_to_get_it(staff: Client, wide: System) -> None:
    text = page(staff, f"systems/{wide.pk}/found/")
    SystemRound.objects.all().delete()

    fetched = post(staff, f"systems/{wide.pk}/found/fetch/")

    assert "Listen er ikke hentet ennå" in text
    assert "Listen hentes fra Altinn nå" in fetched
    assert SystemRound.objects.get(kind="RECONCILE").next_attempt_at is not None


def test_those_that_are_ticked_are_taken_over(staff: Client, world: World, listed: System) -> None:
    shown = page(staff, f"systems/{listed.pk}/found/")
    first, second, _third = FoundSystemUser.objects.all()

    text = post(staff, f"systems/{listed.pk}/found/", {"found": [first.pk, second.pk], "act": "take", "adopts": "on"})
    adoption.take_over_due(at=world.at)

    assert "kunde-1" in shown
    assert "2 systembrukere overtas nå. Ingen kunder blir spurt." in text
    assert Access.objects.count() == 2
    assert fresh(listed).adopts
    assert listed.profiles.get().name == "Overtatt fra Altinn"


def test_all_that_the_search_shows_are_taken_over(staff: Client, world: World, listed: System) -> None:
    text = post(staff, f"systems/{listed.pk}/found/?q=kunde-2", {"all": "1"})

    assert "1 systembruker overtas nå" in text
    assert FoundSystemUser.objects.get(chosen_at__isnull=False).external_ref == "kunde-2"


def chips_of(text: str) -> str:
    """Without the choices of the order, which look alike."""
    return re.sub(r'<details class="sorting">.*?</details>', "", text, flags=re.DOTALL)


def test_the_group_that_is_shown_is_the_chosen_chip(staff: Client, listed: System) -> None:
    shown = [
        re.findall(
            r'<a class="ds-chip"[^>]*aria-current="true">([^<]*)',
            chips_of(page(staff, f"systems/{listed.pk}/found/{q}")),
        )
        for q in ("", "?state=chosen")
    ]

    assert [[chip.split()[0] for chip in chips] for chips in shown] == [["Venter"], ["Skal"]]


def test_without_a_tick_nothing_happens_and_the_page_says_so(staff: Client, listed: System) -> None:
    text = post(staff, f"systems/{listed.pk}/found/", {"act": "take"})

    assert "Velg minst én systembruker." in text
    assert FoundSystemUser.objects.waiting().count() == 3


def test_those_that_shall_not_be_followed_can_be_called_back(staff: Client, listed: System) -> None:
    row = FoundSystemUser.objects.first()
    assert row is not None
    post(staff, f"systems/{listed.pk}/found/", {"found": [row.pk], "act": "ignore"})
    waiting = FoundSystemUser.objects.waiting().count()
    text = post(staff, f"systems/{listed.pk}/found/?state=ignored", {"found": [row.pk], "act": "reconsider"})

    assert waiting == 2
    assert "1 systembruker venter igjen." in text
    assert FoundSystemUser.objects.waiting().count() == 3


def test_the_overview_counts_those_that_wait(staff: Client, listed: System) -> None:
    assert "Systembrukere i Altinn følges ikke her" in page(staff, "")


def test_an_access_of_unknown_rights_says_so_and_can_be_asked_about(
    staff: Client, world: World, listed: System
) -> None:
    profile = adoption.default_profile(system=listed, kind="STANDARD", by=BY, at=world.at)
    adoption.take_over(rows=FoundSystemUser.objects.all(), profile=profile, by=BY, at=world.at)
    adoption.take_over_due(at=world.at)
    RightsCheck.objects.all().delete()
    row = Access.objects.order_by("pk")[0]

    before = page(staff, f"access/{row.pk}/")
    post(staff, f"access/{row.pk}/rights/")
    adoption.check_rights_due(at=RightsCheck.objects.get().next_attempt_at)  # type: ignore[arg-type]
    after = page(staff, f"access/{row.pk}/")

    assert "Det er ukjent hva tilgangen gjelder." in before
    assert "Det er ukjent hva tilgangen gjelder." not in after
    assert AuditEvent.objects.filter(
        what="rights-asked", by__startswith="user:", customer_id_ref=row.customer_id
    ).exists()


def test_who_approved_in_altinn_is_not_asked_again_and_the_page_says_where(
    staff: Client, world: World, listed: System
) -> None:
    found = FoundSystemUser.objects.all()[0]
    customer = world.new_customer(found.orgnr, "Rask Blå Elg AS")
    profile = adoption.default_profile(system=listed, kind="STANDARD", by=BY, at=world.at)

    text = post(staff, f"access/new/?customer={customer.pk}", {"profile": profile.pk})

    assert "1 kunde har godkjent i Altinn før og er ikke spurt." in text
    assert not Access.objects.exists()


def test_each_button_is_in_the_trail_with_who_pressed_it(staff: Client, world: World, listed: System) -> None:
    one, other = FoundSystemUser.objects.all()[:2]
    post(staff, f"systems/{listed.pk}/found/fetch/")
    post(staff, f"systems/{listed.pk}/found/", {"found": [one.pk], "act": "ignore"})
    post(staff, f"systems/{listed.pk}/found/?state=ignored", {"found": [one.pk], "act": "reconsider"})
    post(staff, f"systems/{listed.pk}/found/", {"found": [other.pk], "act": "take"})
    adoption.take_over_due(at=world.at)
    post(staff, f"access/{Access.objects.get().pk}/rights/")

    recorded = AuditEvent.objects.filter(by__startswith="user:").order_by("pk").values_list("what", flat=True)
    expected = {"list-asked", "ignored", "reconsidered", "adopt", "taken-over", "rights-asked"}
    assert expected <= set(recorded)
