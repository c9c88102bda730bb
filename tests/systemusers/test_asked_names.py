"""Whoever is asked reads everything that is asked for, and whoever asks reads names before codes."""

from __future__ import annotations

import re

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User, Vendor
from systemusers.models import Access, AccessProfile, Offered
from systemusers.services.invitations import texts
from systemusers.services.invitations.compose import compose
from systemusers.services.invitations.papers import letter
from systemusers.services.offered import told
from tests.systemusers.world import World

NAMES = {"ske-krav-og-betalinger": "Krav og betalinger", "urn:altinn:accesspackage:skattegrunnlag": "Skattegrunnlag"}
"""What no line of the profile's own text speaks of."""


@pytest.fixture
def broad(sent: Access) -> Access:
    """An access that asks for a right and a package besides, and for a right whose name nobody knows."""
    for code, name in NAMES.items():
        kind = Offered.Kind.PACKAGE if code.startswith("urn") else Offered.Kind.RESOURCE
        Offered.objects.create(
            environment=sent.environment, kind=kind, code=code, names={"nb": name, "en": f"{name} (en)"},
            use=Offered.Use.BOTH, seen_at=timezone.now(),
        )  # fmt: skip
    rights = [*sent.rights, "ske-krav-og-betalinger", "ske-uten-navn"]
    packages = ["urn:altinn:accesspackage:skattegrunnlag"]
    Access.objects.filter(pk=sent.pk).update(rights=rights, packages=packages)
    AccessProfile.objects.filter(pk=sent.profile_id).update(rights=rights, packages=packages)
    return Access.objects.select_related("customer", "profile__system").get(pk=sent.pk)


@pytest.mark.parametrize(("language", "shown"), [("nb", "Krav og betalinger, "), ("en", "Krav og betalinger (en), ")])
def test_the_customer_reads_the_name_of_each_right_and_package(
    broad: Access, client: Client, language: str, shown: str
) -> None:
    page = client.get(f"/l/{broad.link_token}/?lang={language}").content.decode()

    points = page.split('class="ds-list"')[1].split("</ul>")[0]
    assert shown in points
    assert "ske-uten-navn" in points
    assert "Skattegrunnlag" in points


def test_the_letter_the_mail_and_the_page_of_staff_say_the_same(broad: Access, world: World, staff: Client) -> None:
    vendor = Vendor.objects.get()
    printed = letter(access=broad, vendor=vendor, on=world.at.date())
    text = texts.Text("Hei", "{purpose}\n\n{link}")
    mail = compose(access=broad, kind="ASK", text=text, vendor=vendor, language="nb", systems=[])
    page = staff.get(f"/sandbox/access/{broad.pk}/").content.decode()

    [*own, last] = printed.purpose
    assert own == ["levere oppgaver", "lese svar"]
    assert all(name in last for name in NAMES.values())
    assert f"- {last}" in mail["text"]
    assert all(name in page.split('id="asked-title"')[1].split("</ul>")[0] for name in NAMES.values())


def test_who_asks_reads_names_before_codes(broad: Access, staff: Client) -> None:
    page = staff.get(f"/sandbox/access/new/?customer={broad.customer_id}").content.decode()

    assert re.search(r"Krav og betalinger\s*<span", page)
    assert page.index("Krav og betalinger") < page.index("<code>ske-krav-og-betalinger</code>")
    assert "<code>ske-uten-navn</code>" in page


def test_an_access_whose_rights_are_unknown_promises_no_names(approved: Access, administrator: User) -> None:
    Access.objects.filter(pk=approved.pk).update(rights=[], packages=[])
    row = Access.objects.select_related("customer", "profile").get(pk=approved.pk)

    assert told(row, language="nb") == row.profile.purpose("nb")
