"""What gives power asks for a fresh proof that it is you. Found from the table of addresses, so that a new page cannot be forgotten."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from accounts.models import User, Vendor
from accounts.services.staff import save_user
from accounts.step_up import ACTS, PREFIX
from portal.core.selection import ALL
from tests.accounts.log_in import PASSWORD, give_password
from tests.accounts.test_step_up import ASKS, grow_old
from tests.fixtures import AT, make_operator
from tests.meta.test_addresses import OURS, address

pytestmark = pytest.mark.django_db
POWER = {
    "keeps_people", "keeps_vendor", "keeps_mails", "operates", "keeps_data", "may_configure", "is_administrator", "keeps_integrations",
}  # fmt: skip
WITHOUT = {
    "only shows, whatever is sent": {"rotation", "settings", "digdir-clients", "mail-preview"},
    "only reads what stands outside, or tries it": {
        "system-compare", "found-fetch", "doctor", "token", "scopes-check", "digdir-keys", "mail-domain", "offered-read", "webhook-test",
    },
    "takes away": {
        "person-invite-withdrawn", "person-log-ins-end", "person-substitute-end", "integration-proof-end", "integration-stop",
        "webhook-stop", "webhook-remove", "production-start-untick",
    },
    "stays here until it is written to Altinn, or customers are asked, which asks": {
        "system-new", "system-edit", "profile-new", "profile",
    },
    "follows what customers have approved in Altinn": {"system-import", "found"},
    "lets what people have ordered go on": {"hold-end", "hold-release", "operation-release", "webhook-again"},
    "a switch, a name or a date that gives nobody anything": {
        "service-turn", "tells-opened", "due-date", "due-date-remove", "portfolio-new", "portfolio", "kept-postpone",
    },
    "says that somebody has looked, with their name in the trail": {"access-review", "alarm-seen"},
    "a link to the owner's address, which anybody may ask for at the log-in": {"person-reset"},
}  # fmt: skip
"""Addresses that take a POST from those with power, and ask for no proof: by the reason."""


@pytest.fixture
def person(administrator: User, vendor: Vendor, settings: Any) -> Client:
    """Who may everything, and logged in longer ago."""
    settings.STEP_UP_MINUTES = 15
    make_operator(administrator)
    client = Client(SERVER_NAME="localhost")
    give_password(client, administrator)
    grow_old(client)
    return client


def test_whatever_those_with_power_send_asks_or_the_reason_is_given(person: Client) -> None:
    replies = {
        str(pattern.name): person.post(address(route), {ALL: "1"})
        for route, pattern in OURS
        if getattr(pattern.callback, "staff_page", "") in POWER
    }
    unasked = {name for name, reply in replies.items() if reply.status_code != 405 and ASKS not in reply.text}

    assert len(replies) > 80
    assert unasked == set().union(*WITHOUT.values())
    assert unasked & ACTS.keys() == set()


def test_a_colleague_is_not_closed_and_an_invitation_not_opened_without_it(
    person: Client, case_worker: User, reader: User
) -> None:
    reader.is_active = False
    save_user(user=reader, by="task:test", at=AT)
    User.objects.filter(pk=reader.pk).update(invited_at=AT)

    for name, who in (("person-leave", case_worker), ("person-invite-again", reader)):
        asked = person.post(reverse(name, kwargs={"environment": "sandbox", "pk": who.pk}), {"confirmed": "1"})
        assert ASKS in asked.text

    assert [User.objects.get(pk=who.pk).is_active for who in (case_worker, reader)] == [True, False]


def test_django_admin_asks_before_it_stores_and_then_stores_what_was_typed(person: Client, vendor: Vendor) -> None:
    url = reverse("admin:accounts_vendor_change", args=[vendor.pk])
    shown = person.get(url)
    typed = {**shown.context["adminform"].form.initial, "name": "Nytt navn AS", "_save": "Lagre"}
    typed = {name: value for name, value in typed.items() if isinstance(value, str)}

    asked = person.post(url, typed)
    before = Vendor.objects.get().name
    done = person.post(url, {**typed, f"{PREFIX}-password": PASSWORD})

    assert (shown.status_code, ASKS in asked.text, 'value="Nytt navn AS"' in asked.text) == (200, True, True)
    assert (done.status_code, before, Vendor.objects.get().name) == (302, vendor.name, "Nytt navn AS")


def test_every_page_of_django_admin_asks(person: Client) -> None:
    names = [
        reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist") for model in admin.site._registry
    ]

    assert names
    assert [name for name in names if ASKS not in person.post(name, {"action": "try_now"}).text] == []
    assert person.post(reverse("admin:logout")).status_code in (200, 302)
