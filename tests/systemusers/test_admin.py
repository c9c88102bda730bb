"""Django admin shows every table, changes no history, and never a key."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from accounts.models import User
from systemusers.models import Access
from tests.fixtures import make_operator


@pytest.mark.parametrize(
    "model",
    ["accounts/user", "accounts/customer", "accounts/vendor", "accounts/portfolio", "portal/auditevent", "portal/auditseal",
     "systemusers/maskinportenclient", "systemusers/signingkey", "systemusers/scopegrant", "systemusers/system",
     "systemusers/accessprofile", "systemusers/access", "systemusers/systemuser"],
)  # fmt: skip
def test_the_operator_sees_every_table_and_no_private_key(
    staff: Client, approved: Access, administrator: User, model: str
) -> None:
    make_operator(administrator)

    listed = staff.get(f"/admin/{model}/?q=a")
    link = re.search(rf"/admin/{model}/(\d+)/change/", staff.get(f"/admin/{model}/").content.decode())
    shown = staff.get(link[0]).content.decode() if link else ""

    assert listed.status_code == 200
    assert "PRIVATE KEY" not in shown
    assert approved.link_token not in shown
